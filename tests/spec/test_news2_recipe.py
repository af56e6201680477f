"""news2 on real input and on each form in which FHIR tells a vital sign, through its recipe over the views."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tests.spec.news2_chart import AS_OF, SYSTOLIC, TIME, box

from lienthong import fhir
from lienthong.core import canonical
from lienthong.products import catalogue
from lienthong.products.assessment import Assessment, Row, Why
from lienthong.products.suggestion import suggest
from lienthong.warehouse import run_view

NEWS2 = catalogue.load("news2")
VIEWS = Path(fhir.__file__).parent.parent / "warehouse" / "views"
NEEDED = ("patient", "observation", "condition", "service_request", "flag")
UCUM = "http://unitsofmeasure.org"


def rows_of(read: Callable[[str], Iterable[dict[str, Any]]]) -> Iterator[Row]:
    """The recipe's rows over the resources of each type."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA views; CREATE SCHEMA record")
        for name in NEEDED:
            view = canonical.parse((VIEWS / f"{name}.json").read_bytes())
            connection.register("given", run_view(view, read(view["resource"])))
            connection.execute(f"CREATE TABLE views.{name} AS SELECT * FROM given")
        empty = pa.table({"patient": pa.array([], pa.string()), "person": pa.array([], pa.string())})
        codes = pa.Table.from_pylist([dict(code) for code in NEWS2.recipe.tables["product_code"]])
        for name, arrow in (("membership", empty), ("product_code", codes)):
            connection.register("given", arrow)
            connection.execute(f"CREATE TABLE record.{name} AS SELECT * FROM given")
        for row in connection.sql(NEWS2.recipe.sql).to_arrow_table().to_pylist():
            yield Row(**row)


# Real input


@pytest.fixture(scope="module")
def folder(suites: Callable[[str], Path]) -> Path:
    return suites("synthea_r4_smart_dev100")


def read(folder: Path, type_name: str) -> Iterator[dict[str, Any]]:
    path = folder / f"{type_name}.ndjson.gz"
    if path.exists():
        with gzip.open(path, "rb") as lines:
            for line in lines:
                yield canonical.parse(line)


@pytest.fixture(scope="module")
def assessments(folder: Path) -> dict[str, Assessment]:
    rows = rows_of(lambda type_name: read(folder, type_name))
    return {person: NEWS2.assess(list(of), AS_OF) for person, of in groupby(rows, key=lambda row: row.person)}


@pytest.mark.suite
def test_every_patient_of_a_real_export_is_accounted_for(assessments: dict[str, Assessment]) -> None:
    count = Counter(item.abstention.why if item.abstention else "points" for item in assessments.values())
    assert sum(count.values()) == 100
    assert count["points"] and count[Why.DECEASED] == 26


@pytest.mark.suite
def test_points_of_a_real_export_equal_a_second_way(folder: Path, assessments: dict[str, Assessment]) -> None:
    """These files hold of NEWS2's parameters the systolic pressure and, now and then, an oral temperature."""
    newest: dict[str, tuple[str, int]] = {}
    for item in read(folder, "Observation"):
        for part in [item, *item.get("component", [])]:
            if any(coding["code"] == "8480-6" for coding in part["code"]["coding"]):
                of, time = item["subject"]["reference"].partition("/")[2], item["effectiveDateTime"]
                newest[of] = max(newest.get(of, ("", 0)), (time, round(float(part["valueQuantity"]["value"]))))
    seen = 0
    for of, found in assessments.items():
        if found.score is not None:
            told = {item.parameter: item.low for item in found.score.points}
            if "systolic" in told:
                seen += 1
                assert told["systolic"] == box(SYSTOLIC, newest[of][1])
            assert found.score.low < found.score.high and len(found.missing) == 7 - len(told)
            assert fhir.validate(suggest(NEWS2, found), advice=False) == []
    assert seen >= 5


# Each form of FHIR


def quantity(value: float | int, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}}


def coded(code: str, system: str = "http://loinc.org") -> dict[str, Any]:
    return {"valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}


def told(code: str, value: Mapping[str, Any], system: str = "http://loinc.org", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": TIME,
        "code": {"coding": [{"system": system, "code": code}]},
        **value,
        **more,
    }


SNOMED = "http://snomed.info/sct"


def component(code: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, **value}


def values(observation: dict[str, Any]) -> list[tuple[str, str, str]]:
    given = {"Patient": [{"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"}]}
    given["Observation"] = [canonical.parse(canonical.encode(observation))] if observation else []
    rows = rows_of(lambda type_name: given.get(type_name, []))
    return [(row.input, row.value, row.unit) for row in rows if row.input != "birth"]


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (told("9279-1", quantity(16, "/min")), [("respiration", "16", "/min")]),
        (told("2708-6", quantity(97, "%")), [("spo2", "97", "%")]),
        (told("8331-1", quantity(37, "Cel")), [("temperature", "37", "Cel")]),
        (told("8867-4", {"valueInteger": 80}), [("pulse", "80", "")]),
        (told("8867-4", {"valueQuantity": {"value": 80, "unit": "bpm"}}), [("pulse", "80", "bpm")]),
        # more than a number says: not understood, never left out
        (told("59408-5", quantity(90, "%", comparator="<")), [("spo2", "", "%")]),
        (told("59408-5", {"dataAbsentReason": {"text": "refused"}}), []),
        (told("59408-5", quantity(90, "%"), status="preliminary"), []),
        (told("59408-5", quantity(90, "%"), status="entered-in-error"), []),
        (told("59408-5", quantity(90, "%"), system="http://hospital.example"), []),
        # oxygen: components of the saturation (US Core), a question, a state
        (
            told(
                "59408-5",
                quantity(90, "%"),
                component=[component("3151-8", quantity(6, "L/min")), component("3150-6", quantity(40, "%"))],
            ),
            [("oxygen", "40", "%"), ("oxygen", "6", "L/min"), ("spo2", "90", "%")],
        ),
        (told("371825009", {"valueBoolean": True}, SNOMED), [("oxygen", "oxygen", "")]),
        (told("371825009", {"valueBoolean": False}, SNOMED), [("oxygen", "air", "")]),
        (told("371825009", coded("373066001", SNOMED), SNOMED), [("oxygen", "oxygen", "")]),
        (told("371825009", coded("373067005", SNOMED), SNOMED), [("oxygen", "air", "")]),
        (told("371825009", coded("261665006", SNOMED), SNOMED), [("oxygen", "", "")]),
        (told("any", coded("722742002", SNOMED), "http://hospital.example"), [("oxygen", "air", "")]),
        (told("any", coded("371825009", SNOMED), "http://hospital.example"), [("oxygen", "oxygen", "")]),
        # consciousness: codes, letters, words, Glasgow
        (told("67775-7", coded("LA9340-6")), [("consciousness", "alert", "")]),
        (told("67775-7", coded("LA17108-4")), [("consciousness", "voice", "")]),
        (told("67775-7", coded("LA0-0")), [("consciousness", "", "")]),
        (told("67775-7", {"valueString": "Tỉnh"}), [("consciousness", "alert", "")]),
        (told("67775-7", {"valueString": " U "}), [("consciousness", "unresponsive", "")]),
        (told("67775-7", {"valueCodeableConcept": {"text": "Lú lẫn"}}), [("consciousness", "confusion", "")]),
        (told("67775-7", {"valueString": "ngủ"}), [("consciousness", "", "")]),
        (told("1104441000000107", coded("130987000", SNOMED), SNOMED), [("consciousness", "confusion", "")]),
        (told("9269-2", quantity(15, "{score}")), [("consciousness", "gcs-15", "")]),
        (told("9269-2", {"valueInteger": 14}), [("consciousness", "gcs-below-15", "")]),
        (told("9269-2", {"valueInteger": 16}), [("consciousness", "", "")]),
        (told("82810-3", coded("LA15173-0")), [("pregnancy", "pregnant", "")]),
        (told("82810-3", coded("LA26683-5")), []),
        (told("1104321000000108", {"valueInteger": 1}, SNOMED), [("scale-2", "1104321000000108", "")]),
    ],
)
def test_each_form_of_a_vital_sign(observation: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert values(observation) == expected


ASKED = {"coding": [{"system": "urn:x-lienthong:orders", "code": "spo2-target-88-92"}]}


def request(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "authoredOn": "2026-11-19",
        "code": ASKED,
        **more,
    }


def flag(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "id": "f",
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "period": {"start": "2026-11-19"},
        "code": ASKED,
        **more,
    }


@pytest.mark.parametrize(
    ("resource", "is_order"),
    [
        (request(), True),
        (request(status="draft"), False),
        (request(status="revoked"), False),
        (request(status="completed"), False),
        (request(status="completed", occurrencePeriod={"start": "2026-11-19", "end": "2026-11-21"}), True),
        (request(intent="proposal"), False),
        (request(doNotPerform=True), False),
        (request(code={"text": "Target SpO2 88-92 %"}), True),
        (request(code={"text": "Mục tiêu bão hòa oxy 88 – 92%"}), True),
        (request(code={"text": "Oxygen saturation target 88% to 92%"}), True),
        (request(code={"text": "Oxygen as for COPD"}), False),  # it names no target: scale 1, and this is said
        (request(code={"text": "Target SpO2 94-98 %"}), False),
        (request(code={"text": "Weight 88-92 kg"}), False),
        (flag(), True),
        (flag(status="inactive"), False),
        (flag(status="inactive", period={"start": "2026-11-19", "end": "2026-11-21"}), True),
        (flag(status="entered-in-error"), False),
    ],
)
def test_which_order_lets_scale_2_be_used(resource: dict[str, Any], is_order: bool) -> None:
    given = {
        "Patient": [{"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"}],
        resource["resourceType"]: [resource],
    }
    assert fhir.validate(resource, advice=False) == []
    found = [row for row in rows_of(lambda type_name: given.get(type_name, [])) if row.input == "scale-2"]
    assert bool(found) is is_order
