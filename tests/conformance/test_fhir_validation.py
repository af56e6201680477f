"""The validator against official and real resources: HL7's examples and test cases, Synthea, and spoilt copies."""

from __future__ import annotations

import copy
import csv
import gzip
import importlib.util
import random
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.fhir import UNHOLDABLE, schema, validate
from lienthong.fhir.references import walk

LEDGER = tomllib.loads(Path(__file__).with_name("ledger").joinpath("fhir_validation.toml").read_text("utf-8"))
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
Suites = Callable[[str], Path]
pytestmark = pytest.mark.suite


@pytest.fixture(scope="module")
def examples(suites: Suites) -> dict[str, dict[str, Any]]:
    """HL7's R4 examples by file name; the one file without resourceType is a package's list, no resource."""
    with zipfile.ZipFile(suites("fhir_r4_examples") / "r4_examples_json.zip") as archive:
        parsed = {name: canonical.parse(archive.read(name)) for name in sorted(archive.namelist())}
    return {name: value for name, value in parsed.items() if "resourceType" in value}


@pytest.fixture(scope="module")
def clean_examples(examples: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [resource for resource in examples.values() if not validate(resource, invariants=False)]


@pytest.mark.parametrize(
    ("script_name", "target", "old", "new"),
    [
        ("generate_fhir_schema", "r4_schema.json", '"male"', '"man"'),
        ("generate_fhir_invariants", "r4_invariants.json", '"per-1"', '"per-2"'),
    ],
)
def test_the_committed_files_are_what_the_definitions_give(
    suites: Suites,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    script_name: str,
    target: str,
    old: str,
    new: str,
) -> None:
    specification = importlib.util.spec_from_file_location(script_name, SCRIPTS / f"{script_name}.py")
    assert specification is not None and specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    arguments = [str(suites("fhir_r4_definitions")), "--check"]

    assert script.main(arguments) == 0
    assert capsys.readouterr().out == f"{target} is what the definitions give\n"

    changed = tmp_path / target
    changed.write_text(script.TARGET.read_text("utf-8").replace(old, new), "utf-8")
    monkeypatch.setattr(script, "TARGET", changed)
    assert script.main(arguments) == 1
    assert capsys.readouterr().out == f"{target} differs: run {script_name}.py\n"


def test_official_examples_are_clean_but_for_the_ledger(examples: dict[str, dict[str, Any]]) -> None:
    ledger = LEDGER["examples"]
    used: set[int] = set()
    clean = 0
    for name, resource in examples.items():
        findings = [finding for finding in validate(resource) if finding.severity is Severity.ERROR]
        clean += not findings
        for finding in findings:
            matching = {
                number
                for number, entry in enumerate(ledger["exception"])
                if fnmatchcase(name, entry["file"])
                and finding.code == entry["code"]
                and fnmatchcase(finding.rule.id, entry.get("rule", "*"))
                and fnmatchcase(finding.place.path, entry["path"])
            }
            assert matching, (name, finding)
            used |= matching
    assert used == set(range(len(ledger["exception"])))
    assert len(examples) == ledger["total"]
    assert clean >= ledger["clean"]


def test_no_reference_of_an_example_is_missed(examples: dict[str, dict[str, Any]]) -> None:
    """Against a plain search: in these examples every object with a text `reference` is a Reference."""

    def plain(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("reference"), str):
                yield value["reference"]
            for item in value.values():
                yield from plain(item)
        elif isinstance(value, list):
            for item in value:
                yield from plain(item)

    count = 0
    for name, resource in examples.items():
        texts = [found.text for found in walk(resource) if found.text is not None]
        assert sorted(texts) == sorted(plain(resource)), name
        count += len(texts)
    assert count > 1000


@pytest.mark.parametrize("data_set", ["synthea_r4_smart_dev100", "synthea_r4_smart_bundles15"])
def test_synthea_has_no_finding(suites: Suites, data_set: str) -> None:
    count = 0
    for path in sorted(suites(data_set).glob("*.gz")):
        with gzip.open(path) as file:
            for line in file if ".ndjson" in path.name else [file.read()]:
                count += 1
                findings = validate(canonical.parse(line))
                assert {finding.code for finding in findings} <= {"best-practice"}, (path.name, count)
    assert count == {"synthea_r4_smart_dev100": 33_872, "synthea_r4_smart_bundles15": 15}[data_set]


def test_agreement_with_hl7s_validator_on_core_cases(suites: Suites) -> None:
    folder, ledger = suites("fhir_validator_cases"), LEDGER["validator_cases"]
    with (folder / "index_r4.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["core_only"] == "True"
            and row["file"].endswith(".json")
            and row["has_file"] == "1"
            and row["valid_java"]
        ]
    differs = set()
    for row in rows:
        findings = validate((folder / "validator" / row["file"]).read_bytes())
        verdict = "invalid" if any(finding.severity is Severity.ERROR for finding in findings) else "valid"
        if verdict != row["valid_java"]:
            differs.add(row["name"])
    valid = [row["name"] for row in rows if row["valid_java"] == "valid"]
    assert differs == set(ledger["differs"])
    assert (len(rows), len(valid)) == (ledger["total"], ledger["valid_total"])
    assert len(rows) - len(differs) >= ledger["agree"]
    assert len(valid) - len(differs & set(valid)) >= ledger["valid_agree"]


# Spoiling: each change is surely a fault; it is given an object, its type and a source of chance, and says whether
# it could be made there.

Spoil = Callable[[dict[str, Any], str, random.Random], bool]


def objects(value: dict[str, Any], type_name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every object of a resource with its type."""
    yield value, type_name
    for name, item in value.items():
        element = schema.element(type_name, name)
        if element is None or schema.is_primitive(element.types[0]):
            continue
        for part in item if isinstance(item, list) else [item]:
            code = part["resourceType"] if element.types[0] == "Resource" else element.types[0]
            yield from objects(part, code)


def pick(value: dict[str, Any], rng: random.Random, fits: Callable[[Any], bool]) -> str | None:
    names = [name for name, item in value.items() if name != "resourceType" and name[0] != "_" and fits(item)]
    return rng.choice(names) if names else None


def unknown_member(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
    value["unheardOf"] = "x"
    return True


def no_required_element(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
    for element in schema.elements(type_name):
        if element.min:
            for name in (*element.json_names, *("_" + name for name in element.json_names)):
                value.pop(name, None)
            return True
    return False


def second_choice(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
    for element in schema.elements(type_name):
        present = [name for name in element.json_names if name in value]
        if element.is_choice and present:
            other = rng.choice([name for name in element.json_names if name not in present])
            value[other] = copy.deepcopy(value[present[0]])
            return True
    return False


def choice_of_no_allowed_type(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
    for element in schema.elements(type_name):
        present = [name for name in element.json_names if name in value]
        if element.is_choice and present and element.name + "Narrative" not in element.json_names:
            value[element.name + "Narrative"] = value.pop(present[0])
            return True
    return False


def _replace(fits: Callable[[Any], bool], new: Callable[[Any], Any]) -> Spoil:
    def spoil(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
        name = pick(value, rng, fits)
        if name is not None:
            value[name] = new(value[name])
        return name is not None

    return spoil


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda item: type(item) in types


def _by_type(codes: set[str], new: Any) -> Spoil:
    """A new value for a member of one of these types."""

    def spoil(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
        for name in value:
            element = schema.element(type_name, name)
            if element is not None and element.types[0] in codes and not element.is_list:
                value[name] = new
                return True
        return False

    return spoil


def unknown_code(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
    for name in value:
        element = schema.element(type_name, name)
        if element is not None and element.codes is not None and element.types[0] == "code" and not element.is_list:
            value[name] = "no-such-code"
            return True
    return False


def wrong_target(value: dict[str, Any], type_name: str, rng: random.Random) -> bool:
    for name, item in value.items():
        element = schema.element(type_name, name)
        if element is not None and element.types[0] == "Reference" and element.targets:
            holder = item[0] if isinstance(item, list) else item
            holder["reference"] = min(schema.resource_types() - set(element.targets)) + "/1"
            return True
    return False


SPOILS: dict[str, Spoil] = {
    "unknown member": unknown_member,
    "required element taken out": no_required_element,
    "two values of a choice": second_choice,
    "choice of no allowed type": choice_of_no_allowed_type,
    "unknown code": unknown_code,
    "reference to another type": wrong_target,
    "string to number": _replace(_is(str), lambda item: 7),
    "string to nothing": _replace(_is(str), lambda item: ""),
    "string to object": _replace(_is(str), lambda item: {"text": item}),
    "boolean to string": _replace(_is(bool), lambda item: str(item).lower()),
    "object to string": _replace(_is(dict), lambda item: "x"),
    "object to list": _replace(_is(dict), lambda item: [item]),
    "object emptied": _replace(_is(dict), lambda item: {}),
    "list to its first item": _replace(_is(list), lambda item: item[0]),
    "list emptied": _replace(_is(list), lambda item: []),
    "anything to null": _replace(lambda item: True, lambda item: None),
    "no day of the calendar": _by_type({"date", "dateTime"}, "2023-02-29"),
    "no date": _by_type({"date", "dateTime", "instant"}, "23/11/2026"),
    "uri with a space": _by_type({"uri", "url", "canonical"}, "http://hospital.example/a b"),
    "id with a space": _by_type({"id"}, "a b"),
    "number too large": _by_type({"integer", "positiveInt", "unsignedInt"}, 2**31),
    "number as text": _by_type({"integer", "positiveInt", "unsignedInt", "decimal"}, "12"),
    "code with spaces": _by_type({"code"}, " a "),
}
SHAPES = {"string to number", "string to object", "boolean to string", "object to string", "object to list",
          "list to its first item", "number too large", "number as text"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SPOILS))
def test_spoilt_copies_are_noticed(clean_examples: list[dict[str, Any]], name: str) -> None:
    """Forty seeded copies of each kind, one change in each, of examples that are clean."""
    rng = random.Random(f"lienthong {name}")
    made = 0
    while made < 40:
        resource = copy.deepcopy(rng.choice(clean_examples))
        where = list(objects(resource, resource["resourceType"]))
        value, type_name = rng.choice(where)
        if not SPOILS[name](value, type_name, rng):
            continue
        made += 1
        findings = validate(resource)
        assert any(finding.severity is Severity.ERROR for finding in findings), (name, type_name)
        if name in SHAPES:
            assert UNHOLDABLE & {finding.code for finding in findings}, (name, type_name)
