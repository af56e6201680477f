"""Hypothesis makes resources and views; DuckDB and the plain reference engine must agree on every row and error.

DuckDB gets the resources from memory, from NDJSON and from a warehouse's Parquet: three ways to the same rows.
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.core.canonical import encode, parse
from lienthong.core.errors import LienthongError
from lienthong.record import Stored
from lienthong.warehouse import run_view
from lienthong.warehouse.engines.duckdb import connect
from lienthong.warehouse.fhir_tables import write_fhir_table
from lienthong.warehouse.manifest import Manifest, TableFile, swap

TEXTS = st.sampled_from(["", "a", "b", "Nguyễn", "it's", '"q"', "a\nb", "%", "0"]).filter(bool)
CODES = st.sampled_from(["official", "usual", "old"])
DATES = st.sampled_from(["1970", "1970-02", "2024-02", "1970-02-28", "1999-12-31"])
MOMENTS = st.sampled_from(
    [
        "2015",
        "2015-02",
        "2015-02-07",
        "2015-02-07T13:28:17+02:00",
        "2015-02-07T11:28:17.000Z",
        "2015-02-08T00:00:00.5Z",
    ]
)
TIMES = st.sampled_from(["12:00:00", "12:00:00.0", "12:00:00.50", "23:59:59"])
NUMBERS = st.sampled_from(["0", "1", "-2", "1.10", "1.1", "0.05", "-0.00", "1e2", "12345678.125", "3"]).map(
    lambda text: parse(text)
)


MOSTLY = st.sampled_from([True, True, True, False])


@st.composite
def _maybe(draw: st.DrawFn, members: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    found = {name: draw(item) for name, item in members.items() if draw(MOSTLY)}
    first = next(iter(members))
    return found or {first: draw(members[first])}  # an object without members is no FHIR (ele-1)


def maybe(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with most of these members."""
    return _maybe(members)


def several(item: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(item, min_size=1, max_size=3)


KEYS = st.sampled_from(["p1", "p2", "p3"])
NAMES = maybe(use=CODES, family=TEXTS, given=several(st.one_of(TEXTS, TEXTS, st.none())))
TELECOMS = maybe(system=CODES, value=TEXTS, rank=st.integers(1, 3))
EXTENSIONS = st.one_of(
    st.builds(lambda code: {"url": "u1", "valueCode": code}, CODES),
    st.builds(lambda text: {"url": "u2", "extension": [{"url": "u1", "valueString": text}]}, TEXTS),
)
QUANTITIES = maybe(value=NUMBERS, unit=TEXTS)
REFERENCES = st.sampled_from(
    ["Patient/p1", "Patient/p2/_history/3", "Group/g1", "#c", "urn:uuid:1", "http://x.org/Patient/p1"]
).map(lambda text: {"reference": text})


def resource(kind: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda key, item: {"resourceType": kind, "id": key, **item}, KEYS, _maybe(members))


def choice(name: str, **variants: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        *(st.builds(lambda item, code=code: {name + code: item}, item) for code, item in variants.items())
    )


PATIENTS = st.builds(
    lambda one, other: {**one, **other},
    resource(
        "Patient",
        active=st.booleans(),
        gender=CODES,
        birthDate=DATES,
        _birthDate=st.builds(lambda item: {"extension": [item]}, EXTENSIONS),
        name=several(NAMES),
        telecom=several(TELECOMS),
        contact=several(maybe(name=NAMES, telecom=several(TELECOMS))),
        extension=several(EXTENSIONS),
        link=several(maybe(other=REFERENCES)),
    ),
    choice("multipleBirth", Boolean=st.booleans(), Integer=st.integers(-3, 3)),
)
VALUES = choice(
    "value",
    Quantity=QUANTITIES,
    Integer=st.integers(-3, 200),
    String=TEXTS,
    Boolean=st.booleans(),
    DateTime=MOMENTS,
    Time=TIMES,
    Range=maybe(low=QUANTITIES, high=QUANTITIES),
    Period=maybe(start=MOMENTS, end=MOMENTS),
)
OBSERVATIONS = st.builds(
    lambda one, other: {**one, **other},
    resource(
        "Observation",
        subject=REFERENCES,
        effectiveDateTime=MOMENTS,
        component=several(
            st.builds(lambda one, code: {**one, "code": {"text": code}}, VALUES, TEXTS),
        ),
    ),
    VALUES,
)
ITEMS: st.SearchStrategy[dict[str, Any]] = st.deferred(
    lambda: maybe(
        linkId=TEXTS, text=TEXTS, item=several(ITEMS), answer=several(maybe(valueString=TEXTS, item=several(ITEMS)))
    )
)
RESPONSES = resource("QuestionnaireResponse", item=several(ITEMS))

# What may be written at a focus of a type: texts, conditions, numbers, collections to go on from (with their type).
PATHS: dict[str, dict[str, list[str]]] = {
    "Patient": {
        "text": [
            "id",
            "gender",
            "birthDate",
            "birthDate.lowBoundary()",
            "birthDate.highBoundary()",
            "birthDate.extension('u1').value.ofType(code)",
            "name.family",
            "name.given",
            "name.given.join(',')",
            "name.given.first()",
            "name.given.last()",
            "name[1].family",
            "name.family[1]",
            "name.first().use",
            "name.where(use = 'old').combine(name).family",
            "name.where(use = %use).combine(name.where(use = 'old')).combine(name).first().family",
            "name.first().combine(name.last()).use",
            "name.given.combine(name.given.first())",
            "contact.telecom.value",
            "contact.name.given[0]",
            "extension('u1').value.ofType(code)",
            "extension('u2').extension('u1').value.ofType(string)",
            "getResourceKey()",
            "link.other.getReferenceKey()",
            "link.other.getReferenceKey(Patient)",
            "name.where(use = 'official').family",
            "name.where(use = %use and family.exists()).given",
            "name.where(given.where($this = 'a').exists()).family",
            "gender & id",
            "where(active).name.family",
            "where(active = true).where(gender = 'old').name.given",
            "name.first().where(use = 'old').given",
            "%code",
            "%day.lowBoundary()",
            "name.where(family = %text).given",
            "name.family.first() & '-' & name.given.first()",
            "birthDate.extension('u2').extension('u1').value.ofType(string)",
            "%resource.name.family",
            "gender + id",
        ],
        "condition": [
            "active",
            "active = true",
            "active.not()",
            "name.exists()",
            "name.given.empty()",
            "name.exists(use = 'old')",
            "multipleBirth.exists()",
            "multipleBirth.ofType(boolean)",
            "birthDate < @1970-02-28",
            "birthDate = @1970-02",
            "birthDate >= @1999",
            "gender = %use",
            "name.family = 'a'",
            "name.given = contact.name.given",
            "name.family != 'b'",
            "getResourceKey() = link.other.getReferenceKey()",
            "telecom.rank.first() > 1",
            "name.count() > contact.count()",
            "name.combine(name).count() > 2",
            "$this.where(active).exists()",
            "name.last().where(use.exists() and family.exists()).exists()",
            "multipleBirth.ofType(integer) >= %small",
            "multipleBirth.ofType(integer) <= 2 or active",
            "active.not().not()",
            "%flag and active",
            "birthDate > %day",
            "name.exists(given.exists($this = 'a'))",
            "name.family.empty().not() implies active",
        ],
        "number": ["multipleBirth.ofType(integer)", "name.count()", "telecom.rank.first() + 1", "%rowIndex", "7"],
        "each": [
            "name",
            "telecom",
            "contact",
            "name.first()",
            "$this",
            "where(active)",
            "contact.telecom",
            "name.given",
            "telecom.where(system = 'old')",
        ],
    },
    "HumanName": {
        "text": ["family", "use", "given", "given.join('-')", "given.first()", "$this.family", "family & use"],
        "condition": ["given.exists()", "family = 'a'", "use.empty()", "given = 'a'"],
        "number": ["given.count()", "%rowIndex"],
        "each": ["given"],
    },
    "ContactPoint": {
        "text": ["value", "system"],
        "condition": ["rank > 1", "value = 'a'", "system = %use"],
        "number": ["rank", "rank * 2", "rank / 2", "%rowIndex", "rank - 5"],
        "each": [],
    },
    "Patient.contact": {
        "text": ["name.family", "telecom.value", "name.given"],
        "condition": ["telecom.exists()", "name.family = 'a'"],
        "number": ["telecom.count()", "telecom.rank.first()", "%rowIndex"],
        "each": ["telecom", "name.given", "telecom.where(rank > 1)"],
    },
    "string": {"text": ["$this"], "condition": ["$this = 'a'"], "number": ["%rowIndex"], "each": []},
    "Observation": {
        "text": [
            "effective.ofType(dateTime)",
            "effective.ofType(dateTime).lowBoundary()",
            "effective.ofType(dateTime).highBoundary()",
            "value.ofType(time).lowBoundary()",
            "value.ofType(time).highBoundary()",
            "value.ofType(string)",
            "value.ofType(Quantity).unit",
            "value.ofType(Period).lowBoundary()",
            "value.ofType(Period).highBoundary()",
            "value.ofType(Period).start",
            "subject.getReferenceKey(Patient)",
            "component.code.text",
        ],
        "condition": [
            "value.ofType(Quantity).value > 1",
            "value.ofType(Quantity).value = 1.1",
            "value.ofType(Range).low.value < value.ofType(Range).high.value",
            "value.ofType(dateTime) = effective.ofType(dateTime)",
            "effective.ofType(dateTime) < %moment",
            "effective.ofType(dateTime) >= @2015-02",
            "value.ofType(time) = @T12:00:00",
            "value.ofType(time) < @T12:00:00.5",
            "value is Quantity",
            "component.value.ofType(Quantity).value = value.ofType(Quantity).value",
            "value.ofType(boolean) implies effective.exists()",
            "value.ofType(boolean) xor component.exists()",
            "component.where(value.ofType(Quantity).value > 1).exists()",
            "value.ofType(Quantity).value.exists()",
            "value.ofType(Quantity).value >= %number",
            "value.ofType(time) >= %clock",
            "component.value.ofType(Quantity).value.exists() and value.exists()",
        ],
        "number": [
            "value.ofType(Quantity).value",
            "value.ofType(Quantity).value.lowBoundary()",
            "value.ofType(Quantity).value.highBoundary()",
            "value.ofType(Range).low.value + value.ofType(Range).high.value",
            "value.ofType(Range).low.value - 0.5",
            "value.ofType(Range).low.value * value.ofType(Range).high.value",
            "value.ofType(Range).low.value / value.ofType(Range).high.value",
            "-value.ofType(integer)",
            "value.ofType(integer) / 3",
            "component.value.ofType(Quantity).value",
            "component.count()",
            "component.value.ofType(Quantity).value.count()",
            "component.first().value.ofType(Quantity).value",
            "component[1].value.ofType(Quantity).value + %number",
            "value.ofType(Quantity).value * -1",
            "value.ofType(Quantity).value - value.ofType(Quantity).value",
        ],
        "each": [
            "component",
            "component.first()",
            "component.value.ofType(Quantity)",
            "component.where(code.text = 'a')",
        ],
    },
    "Observation.component": {
        "text": ["code.text", "value.ofType(string)", "value.ofType(Quantity).unit"],
        "condition": ["value.exists()", "value.ofType(Quantity).value <= 1.10", "value.ofType(boolean)"],
        "number": ["value.ofType(Quantity).value", "value.ofType(integer) * 3", "%rowIndex"],
        "each": [],
    },
    "Quantity": {
        "text": ["unit", "unit & '!'"],
        "condition": ["value > 1", "value.exists()", "unit = 'a'"],
        "number": ["value", "value / 3", "%rowIndex"],
        "each": [],
    },
    "QuestionnaireResponse": {
        "text": ["id", "item.linkId", "item.item.text", "item.answer.value.ofType(string)"],
        "condition": ["item.exists()", "item.item.linkId = 'a'"],
        "number": ["item.count()", "%rowIndex"],
        "each": ["item", "repeat item", "repeat item|answer.item"],
    },
    "QuestionnaireResponse.item": {
        "text": ["linkId", "text", "answer.value.ofType(string)", "item.text"],
        "condition": ["item.exists()", "text = linkId", "answer.exists()", "answer.value.exists()"],
        "number": ["%rowIndex", "item.count()", "answer.count()", "answer.item.count()"],
        "each": ["item", "repeat item", "repeat answer.item", "answer.item", "repeat answer.item|item"],
    },
}
REACHED = {
    "name": "HumanName",
    "telecom": "ContactPoint",
    "contact": "Patient.contact",
    "contact.telecom": "ContactPoint",
    "name.given": "string",
    "name.first()": "HumanName",
    "$this": "Patient",
    "where(active)": "Patient",
    "given": "string",
    "component": "Observation.component",
    "component.first()": "Observation.component",
    "component.value.ofType(Quantity)": "Quantity",
}


def reached(path: str) -> str:
    bare = path.removeprefix("repeat ").partition(".where")[0]
    return REACHED.get(path) or REACHED.get(bare, "QuestionnaireResponse.item")


TYPES = {"text": "string", "condition": "boolean", "number": "decimal"}


@st.composite
def columns(draw: st.DrawFn, focus: str, prefix: str) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["text", "condition", "number"]))
        column: dict[str, Any] = {
            "name": f"{prefix}{number}",
            "path": draw(st.sampled_from(PATHS[focus][kind])),
            "type": TYPES[kind],
        }
        if draw(MOSTLY):
            column["collection"] = True
        if kind == "number" and draw(st.booleans()):
            column["tag"] = [{"name": "ansi/type", "value": "DOUBLE"}]
        found.append(column)
    return found


@st.composite
def selects(draw: st.DrawFn, focus: str, prefix: str, depth: int) -> dict[str, Any]:
    select: dict[str, Any] = {}
    each = PATHS[focus]["each"]
    if each and depth and draw(st.booleans()):
        path = draw(st.sampled_from(each))
        if path.startswith("repeat "):
            select["repeat"] = path.removeprefix("repeat ").split("|")
        else:
            select[draw(st.sampled_from(["forEachOrNull", "forEach"]))] = path
        focus = reached(path)
    select["column"] = draw(columns(focus, prefix + "c"))
    if depth and draw(st.booleans()):
        select["select"] = [draw(selects(focus, f"{prefix}s", depth - 1))]
    if depth and draw(st.booleans()):
        each = [path for path in PATHS[focus]["each"] if not path.startswith("repeat ")]
        same = {"name": f"{prefix}u", "type": "string", "collection": True}
        branches: list[dict[str, Any]] = [{"column": [{**same, "path": draw(st.sampled_from(PATHS[focus]["text"]))}]}]
        if each:
            path = draw(st.sampled_from(each))
            inner = draw(st.sampled_from(PATHS[reached(path)]["text"]))
            branches.append({"forEach": path, "column": [{**same, "path": inner}]})
        select["unionAll"] = branches
    return select


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    kind, resources = draw(
        st.sampled_from([("Patient", PATIENTS), ("Observation", OBSERVATIONS), ("QuestionnaireResponse", RESPONSES)])
    )
    view = {
        "resource": kind,
        "constant": [
            {"name": "use", "valueCode": "official"},
            {"name": "moment", "valueDateTime": "2015-02-07T12:28:17+01:00"},
            {"name": "code", "valueCode": "it's"},
            {"name": "text", "valueString": "a"},
            {"name": "day", "valueDate": "1970-02"},
            {"name": "clock", "valueTime": "12:00:00"},
            {"name": "flag", "valueBoolean": True},
            {"name": "small", "valuePositiveInt": 1},
            {"name": "number", "valueDecimal": Decimal("1.10")},
        ],
        "select": [draw(selects(kind, f"x{number}", 2)) for number in range(draw(st.integers(1, 2)))],
    }
    if draw(st.sampled_from([False, False, False, True])):
        view["where"] = [{"path": draw(st.sampled_from(PATHS[kind]["condition"]))}]
    return view, draw(st.lists(resources, min_size=1, max_size=4))


def outcome(view: dict[str, Any], resources: list[dict[str, Any]] | Path, engine: str) -> object:
    try:
        table = run_view(view, resources, engine=engine)
    except LienthongError as error:
        return error.code
    return table.schema, table.to_pylist()


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_both_engines_give_the_same_rows_in_the_same_order(case: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    view, resources = case
    expected = outcome(view, resources, "reference")
    assert outcome(view, resources, "duckdb") == expected
    with tempfile.TemporaryDirectory() as folder:
        assert outcome(view, as_lines(resources, Path(folder)), "duckdb") == expected
        # the record gives each version its own id and time; a warehouse here keeps the resources as they are
        warehouse = as_warehouse(view["resource"], resources, Path(folder) / "warehouse")
        assert outcome(view, warehouse, "duckdb") == expected


def as_lines(resources: list[dict[str, Any]], folder: Path) -> Path:
    """An NDJSON file, a resource of another type among them."""
    lines = [b'{"resourceType":"Basic","id":"b"}', *(encode(resource) for resource in resources)]
    (folder / "all.ndjson").write_bytes(b"\n".join(lines))
    return folder / "all.ndjson"


def as_warehouse(kind: str, resources: list[dict[str, Any]], folder: Path) -> Path:
    """The Parquet that a build writes of these resources."""
    folder.mkdir()
    moment = "2026-11-23T08:15:00Z"
    stored = (
        Stored(kind, resource["id"], number, 1, 1, moment, "", encode(resource))
        for number, resource in enumerate(resources, 1)
    )
    with connect() as connection:
        path = folder / "fhir" / kind / "t.parquet"
        made = write_fhir_table(connection, kind, stored, folder / "lines", path, lambda _: None)
    file = TableFile(path.relative_to(folder).as_posix(), made.rows)
    swap(folder, Manifest("t", 1, moment, {f"fhir.{kind}": file}, {}, ()))
    return folder


NUMBER_TEXTS = st.decimals(min_value=Decimal(-(10**6)), max_value=Decimal(10**6), places=6).map(str)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(NUMBER_TEXTS, NUMBER_TEXTS)
def test_arithmetic_and_order_are_exact_on_both(left: str, right: str) -> None:
    observation = parse(
        '{"resourceType":"Observation","id":"a","valueRange":{"low":{"value":'
        + left
        + '},"high":{"value":'
        + right
        + "}}}"
    )
    low, high = "value.ofType(Range).low.value", "value.ofType(Range).high.value"
    paths = [f"{low} {operator} {high}" for operator in ("+", "-", "*", "/")] + [f"{low}.highBoundary()"]
    orders = [f"{low} {operator} {high}" for operator in ("=", "<", "<=", ">", ">=")]
    view = {
        "resource": "Observation",
        "select": [
            {
                "column": [
                    *({"name": f"n{i}", "path": path, "type": "decimal"} for i, path in enumerate(paths)),
                    *({"name": f"o{i}", "path": path, "type": "boolean"} for i, path in enumerate(orders)),
                    {"name": "text", "path": low, "type": "decimal"},
                ]
            }
        ],
    }
    fast = run_view(view, [observation], engine="duckdb").to_pylist()
    assert fast == run_view(view, [observation], engine="reference").to_pylist()
    assert fast[0]["text"] == left
    assert Decimal(fast[0]["n0"]) == Decimal(left) + Decimal(right)
    assert fast[0]["o1"] is (Decimal(left) < Decimal(right))
