"""HL7 v2 messages that none of us wrote: read or refused by name, what is made is valid, and it says the same."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lienthong import sources
from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.core.settings import Settings
from lienthong.fhir import validate
from lienthong.sources import Converted

pytestmark = pytest.mark.suite
Suites = Callable[[str], Path]
LEDGER = tomllib.loads(Path(__file__).with_name("ledger").joinpath("hl7v2.toml").read_text("utf-8"))
FOLDERS = {
    "hl7v2_msfhirconverter": "input/Hl7v2/*.hl7",
    "hl7v2_cdc_reportstream": "datatests/**/*.hl7",
    "hl7v2_linuxforhealth": "src/test/resources/*.hl7",
    "hl7v2_to_fhir_ig": "samples/messages/*.txt",
}
Fact = tuple[str, str, str]


def converted(path: Path) -> list[Converted]:
    with path.open("rb") as stream:
        items = list(sources.convert(stream, name=path.name, sha256="", settings=Settings()))
    return [item for item in items if isinstance(item, Converted)]


def bodies(items: list[Converted]) -> list[dict[str, Any]]:
    return [body for item in items for body in item.resources]


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_message_is_read_or_refused_by_name_and_what_is_made_is_valid(suites: Suites, name: str) -> None:
    counts: Counter[str] = Counter()
    for path in sorted(suites(name).glob(FOLDERS[name])):
        for item in converted(path):
            counts["messages"] += 1
            if item.rejected:
                counts[item.rejected.code] += 1
                continue
            assert item.resources, path.name
            counts["resources"] += len(item.resources)
            for body in item.resources:
                faults = [finding for finding in validate(body) if finding.severity is Severity.ERROR]
                assert faults == [], (path.name, faults)
                canonical.encode(body)
            assert set(item.origin.fields) >= {f"{body['resourceType']}/{body['id']}" for body in item.resources}
    assert dict(counts) == LEDGER["counts"][name]


def pairs(suites: Suites, name: str) -> Iterator[tuple[Path, Path]]:
    """The messages of a set that are ADT or ORU, each with the Bundle that is expected of it."""
    folder = suites(name)
    if name == "hl7v2_msfhirconverter":
        with (folder / "pairs.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["message_type"].startswith(("ADT", "ORU")) and (folder / row["input"]).is_file():
                    yield folder / row["input"], folder / row["expected"]
        return
    with (folder / "pairs_mappinginventory.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["message_type"].startswith("ORU"):
                base = folder / "datatests"
                yield base / row["hl7"], base / row["fhir"]


@pytest.mark.parametrize("name", ["hl7v2_cdc_reportstream", "hl7v2_msfhirconverter"])
def test_the_clinical_content_is_what_others_made_of_the_same_messages(suites: Suites, name: str) -> None:
    """A first comparison: the share of expected facts that our resources state too. The dialects differ elsewhere."""
    expected: Counter[str] = Counter()
    found: Counter[str] = Counter()
    messages = 0
    for message, bundle in pairs(suites, name):
        items = converted(message)
        if not bundle.is_file() or any(item.rejected for item in items):
            continue
        messages += 1
        theirs = canonical.parse(bundle.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        ours = set(facts(bodies(items)))
        for fact in set(facts([entry["resource"] for entry in theirs.get("entry", ()) if "resource" in entry])):
            expected[fact[0]] += 1
            found[fact[0]] += fact in ours
    score = sum(found.values()) / sum(expected.values())
    print(f"\n{name}: {messages} messages, {sum(found.values())} of {sum(expected.values())} facts, {score:.1%}")
    for kind in expected:
        print(f"  {kind:20} {found[kind]:5} of {expected[kind]:5}")
    ledger = LEDGER["content"][name]
    assert messages == ledger["messages"]
    assert score >= ledger["floor"]


PATHS = {
    "Patient": "identifier.value name.family name.given birthDate gender address.city address.line "
    "address.postalCode telecom.value maritalStatus.coding.code deceasedDateTime deceasedBoolean",
    "Encounter": "identifier.value class.code period.start period.end serviceType.coding.code",
    "Observation": "code.coding.code valueQuantity.value valueQuantity.unit valueString valueDateTime note.text "
    "valueCodeableConcept.coding.code effectiveDateTime status interpretation.coding.code referenceRange.text "
    "method.coding.code bodySite.coding.code",
    "DiagnosticReport": "code.coding.code status effectiveDateTime issued identifier.value",
    "ServiceRequest": "code.coding.code identifier.value note.text reasonCode.coding.code",
    "Specimen": "type.coding.code collection.collectedDateTime receivedTime",
    "Condition": "code.coding.code onsetDateTime recordedDate",
    "AllergyIntolerance": "code.coding.code criticality category onsetDateTime",
    "Coverage": "period.start period.end type.coding.code",
    "Practitioner": "identifier.value name.family name.given",
}


def facts(resources: list[dict[str, Any]]) -> Iterator[Fact]:
    for body in resources:
        kind = body.get("resourceType", "")
        for path in PATHS.get(kind, "").split():
            for value in values(body, path.split(".")):
                yield kind, path, plain(path, value)


def values(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from values(value[path[0]], path[1:])


def plain(path: str, value: Any) -> str:
    """The value in one form: instants in UTC, text in single blanks."""
    text = " ".join(str(value).split())
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\S+", text):
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(UTC).isoformat(timespec="seconds") if moment.tzinfo else text
    return text.casefold() if path.endswith(("text", "String", "line", "family", "given")) else text


def test_line_ends_do_not_matter(suites: Suites) -> None:
    folder = suites("hl7v2_linuxforhealth") / "src" / "test" / "resources"
    data = (folder / "ORU-multiline-short.hl7").read_bytes().replace(b"\r\n", b"\n")
    read: list[list[dict[str, Any]]] = []
    for line_end in (b"\n", b"\r\n", b"\r"):
        stream = io.BytesIO(data.replace(b"\n", line_end))
        items = list(sources.convert(stream, name="a.hl7", sha256="", settings=Settings()))
        read.append(bodies([item for item in items if isinstance(item, Converted)]))
    assert read[0] == read[1] == read[2] != []
