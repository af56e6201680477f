"""Synthea's CSV ends in the same record as its FHIR would: by rows, by references, by the fields of each resource.

"The same" is said precisely: `FIELDS` lists what is compared. For each type every element that Synthea's own FHIR
always writes, and that its CSV holds, is in every resource made of the CSV, in the same form; what the CSV does not
hold is listed in `NOT_IN_CSV`, and nothing else may be missing. What only the newer CSV has stands in `ONLY_IN_CSV`.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lienthong import fhir, sources
from lienthong.core.actors import Actor
from lienthong.core.finding import Severity
from lienthong.core.ids import key_system, resource_id
from lienthong.core.settings import Settings
from lienthong.deidentifying import deidentify
from lienthong.fhir.references import walk
from lienthong.privacy.release import release
from lienthong.sources.tables.source import shipped

pytestmark = pytest.mark.suite

NOT_IN_CSV = {
    "Patient": {
        "communication", "meta", "multipleBirthBoolean", "multipleBirthInteger", "telecom", "text",
        "name.suffix",  # the mapping has it; none of these 27 people does
        "extension[mothersMaidenName]", "extension[birthPlace]",
        "extension[disability-adjusted-life-years]", "extension[quality-adjusted-life-years]",
    },
    "Organization": {"meta"},
    "Practitioner": {"meta", "name.family", "name.given", "name.prefix"},  # one text in the CSV
    "Encounter": {"meta", "hospitalization"},
    "Condition": {"meta"},
    "Observation": {"meta", "issued", "valueCodeableConcept"},  # codes of values are text in the CSV
    "Procedure": {"meta"},
    "MedicationRequest": {"meta", "dosageInstruction"},
    "Immunization": {"meta"},
    "AllergyIntolerance": {"meta", "criticality"},
    "CarePlan": {"meta", "text", "activity", "goal"},
    "ImagingStudy": {"meta", "identifier", "numberOfSeries", "numberOfInstances", "series.number",
                     "series.numberOfInstances", "series.instance.number", "series.instance.title"},
}  # fmt: skip
ONLY_IN_CSV = {
    "AllergyIntolerance": {"encounter", "reaction"},
    "Practitioner": {"name.text"},
    "Procedure": {"reasonCode"},
    "MedicationRequest": {"reasonCode"},
}
TABLES = {
    "patients": "Patient", "organizations": "Organization", "providers": "Practitioner", "encounters": "Encounter",
    "conditions": "Condition", "observations": "Observation", "procedures": "Procedure",
    "medications": "MedicationRequest", "immunizations": "Immunization", "allergies": "AllergyIntolerance",
    "careplans": "CarePlan", "imaging_studies": "ImagingStudy", "devices": "Device",
}  # fmt: skip


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    """The rows of a table, read by Python's own csv module."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def converted(folder: Path) -> tuple[sources.Converted, ...]:
    settings = Settings(source="synthea", mappings={"synthea.yaml": shipped()["synthea"]})
    return tuple(sources.read(folder, settings=settings))


@pytest.fixture
def folder(suites: Callable[[str], Path]) -> Path:
    return suites("synthea_csv_dbt") / "seeds" / "synthea"


def test_every_row_is_a_record_and_every_record_a_resource(folder: Path) -> None:
    items = converted(folder)
    by_file = Counter(item.origin.file.rpartition("/")[2] for item in items)
    assert by_file == {f"{table}.csv": len(rows(folder, table)) for table in TABLES}
    assert [item.rejected for item in items if item.rejected] == []
    assert [item.origin.record for item in items if len(item.resources) != 1] == []
    assert {f.code for item in items for f in item.findings} == {"tables-column-unmapped"}
    counts = Counter(body["resourceType"] for item in items for body in item.resources)
    assert counts == {kind: len(rows(folder, table)) for table, kind in TABLES.items()}
    unique = {(body["resourceType"], body["id"]) for item in items for body in item.resources}
    pressures = sum(row["CODE"] == "8480-6" for row in rows(folder, "observations"))
    assert pressures == 27
    assert len(unique) == sum(counts.values()) - pressures  # two rows of one measurement are one resource


def test_a_copy_that_can_be_shown_gives_the_same_counts_and_names_nobody(folder: Path, tmp_path: Path) -> None:
    settings = Settings(source="synthea", mappings={"synthea.yaml": shipped()["synthea"]})
    clock = lambda: datetime(2026, 11, 24, tzinfo=UTC)  # noqa: E731
    grant = release(tmp_path / "home", Actor("An", operator=True), "data-operations", clock)
    done = deidentify([folder], tmp_path / "shown", grant, key=bytes(32), settings=settings, clock=clock)
    assert done.refused == ()
    copied = list(sources.read(tmp_path / "shown", settings=settings))

    def counts(items: Iterable[sources.Converted]) -> Counter[str]:
        found = Counter(body["resourceType"] for item in items for body in item.resources)
        unique = {(body["resourceType"], body["id"]) for item in items for body in item.resources}
        return found + Counter({"unique": len(unique), "rejected": sum(bool(item.rejected) for item in items)})

    assert counts(copied) == counts(converted(folder))
    here = {f"{body['resourceType']}/{body['id']}" for item in copied for body in item.resources}
    texts = [reference.text for item in copied for body in item.resources for reference in walk(body)]
    assert [text for text in texts if text and text not in here] == []
    written = "\n".join(path.read_text("utf-8") for path in (tmp_path / "shown").iterdir())
    for row in rows(folder, "patients"):
        for column in ("Id", "SSN", "DRIVERS", "PASSPORT", "LAST", "MAIDEN", "ADDRESS", "LAT"):
            assert not row[column] or row[column] not in written, column
    for row in (*rows(folder, "providers"), *rows(folder, "organizations")):
        assert row["NAME"] not in written and row["ADDRESS"] not in written and row["Id"] not in written


def test_every_reference_leads_to_a_resource_of_the_export_and_all_are_valid(folder: Path) -> None:
    items = converted(folder)
    bodies = [body for item in items for body in item.resources]
    here = {f"{body['resourceType']}/{body['id']}" for body in bodies}
    texts = [reference.text for body in bodies for reference in walk(body) if reference.text]
    assert len(texts) > 7_000
    assert [text for text in texts if text not in here] == []
    grave = [finding for body in bodies for finding in fhir.validate(body) if finding.severity is Severity.ERROR]
    assert grave == []


def test_values_are_those_of_the_rows(folder: Path) -> None:
    """An independent look, row by row, at what matters most: who, when, what, how much."""
    by_row = {
        (item.origin.file.rpartition("/")[2], int(item.origin.record.removeprefix("row "))): item.resources[0]
        for item in converted(folder)
    }
    for number, row in enumerate(rows(folder, "observations"), 2):
        body = by_row["observations.csv", number]
        assert body["subject"]["reference"] == f"Patient/{resource_id('synthea', 'Patient', row['PATIENT'])}"
        assert body["effectiveDateTime"] == row["DATE"]
        if row["CODE"] in ("8480-6", "8462-4"):
            parts = {part["code"]["coding"][0]["code"]: part["valueQuantity"] for part in body["component"]}
            assert str(parts[row["CODE"]]["value"]) == row["VALUE"]
        elif row["TYPE"] == "numeric":
            assert str(body["valueQuantity"]["value"]) == row["VALUE"]
        else:
            assert body["valueString"] == row["VALUE"]
    for number, row in enumerate(rows(folder, "encounters"), 2):
        body = by_row["encounters.csv", number]
        assert body["period"] == {"start": row["START"], "end": row["STOP"]}
        assert body["type"][0]["coding"][0]["code"] == row["CODE"]
    for number, row in enumerate(rows(folder, "patients"), 2):
        body = by_row["patients.csv", number]
        assert (body["birthDate"], body["gender"][0].upper()) == (row["BIRTHDATE"], row["GENDER"])
        assert body["identifier"][-1] == {"system": key_system("synthea", "Patient"), "value": row["Id"]}
    visits = {row["Id"]: row["PROVIDER"] for row in rows(folder, "encounters")}
    for number, row in enumerate(rows(folder, "medications"), 2):
        body = by_row["medications.csv", number]
        provider = resource_id("synthea", "Practitioner", visits[row["ENCOUNTER"]])
        assert body["requester"] == {"reference": f"Practitioner/{provider}"}
        assert body["status"] == ("stopped" if row["STOP"] else "active")


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The element paths of a resource to their leaves; extensions by the end of their URL, codings by system."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = f"{path}.{name}" if path else name
            if name == "extension":
                for each in item:
                    end = each["url"].rpartition("/")[2].removeprefix("us-core-").removeprefix("patient-")
                    yield f"{inner}[{end}]"
            elif name not in ("id", "resourceType"):
                yield from paths(item, inner)
    else:
        yield path


@pytest.mark.parametrize("kind", sorted(NOT_IN_CSV))
def test_resources_have_the_form_of_the_fhir_export(kind: str, folder: Path, suites: Callable[[str], Path]) -> None:
    """Every path that Synthea's FHIR has is made of the CSV too, but for what is listed; and nothing else is made."""
    with gzip.open(suites("synthea_r4_smart_dev100") / f"{kind}.ndjson.gz") as file:
        theirs = {path for line in file for path in paths(json.loads(line))}
    ours = {
        path
        for item in converted(folder)
        for body in item.resources
        if body["resourceType"] == kind
        for path in paths(body)
    }

    def listed(path: str, known: set[str]) -> bool:
        return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in known)

    missing = {path for path in theirs - ours if not listed(path, NOT_IN_CSV[kind])}
    added = {path for path in ours - theirs if not listed(path, ONLY_IN_CSV.get(kind, set()) | {"identifier"})}
    assert (missing, added) == (set(), set())


def test_codes_and_systems_are_those_of_the_fhir_export(folder: Path, suites: Callable[[str], Path]) -> None:
    """The system of every coding, and every word of a required value set, stand in Synthea's own FHIR too."""

    def said(bodies: Iterator[dict[str, Any]]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for body in bodies:
            for name in ("status", "intent", "gender"):
                if isinstance(body.get(name), str):
                    found.setdefault(f"{body['resourceType']}.{name}", set()).add(body[name])
            for name in ("code", "vaccineCode", "medicationCodeableConcept", "clinicalStatus", "verificationStatus"):
                for coding in body.get(name, {}).get("coding", ()):
                    found.setdefault(f"{body['resourceType']}.{name}", set()).add(coding["system"])
        return found

    def lines() -> Iterator[dict[str, Any]]:
        for kind in NOT_IN_CSV:
            with gzip.open(suites("synthea_r4_smart_dev100") / f"{kind}.ndjson.gz") as file:
                yield from map(json.loads, file)

    theirs = said(lines())
    ours = said(body for item in converted(folder) for body in item.resources if body["resourceType"] in NOT_IN_CSV)
    extra = {name: words - theirs.get(name, set()) for name, words in ours.items() if words - theirs.get(name, set())}
    # quality of life, an extension of Patient there; substances by RxNorm, in the newer CSV only
    assert extra == {
        "Observation.code": {"https://github.com/synthetichealth/synthea"},
        "AllergyIntolerance.code": {"http://www.nlm.nih.gov/research/umls/rxnorm"},
    }
