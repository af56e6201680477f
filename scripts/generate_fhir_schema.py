"""Makes the compact FHIR R4 schema `src/lienthong/fhir/r4_schema.json` from HL7's definitions.

    python scripts/generate_fhir_schema.py [DEFINITIONS] [--check]

DEFINITIONS is the folder with profiles-types, profiles-resources, valuesets, v2-tables and v3-codesystems (each
`.json.gz`); by default `fhir_r4_definitions` under $LIENTHONG_SUITES. `--check` writes nothing and ends with 1 when
the committed file is not what the definitions give.

The schema is one JSON object with a line for each type and value set, so that a change shows in a diff:

    types      name -> [kind, base type, rows]; kind is resource, complex, backbone or primitive; an element that
               stands inside a type gets a type of its own, named by its path (`Observation.component`);
               a row is [name, types, min, max, reference targets, binding strength, value set], the empty end cut
               off; max 0 means any number (`*`); a name ending in `[x]` is a choice; only own elements are listed
    primitives name -> regular expression of the value
    abstract   the types that no instance has
    value_sets name or address -> {code system: [codes]}, for required bindings that can be enumerated
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from committed import ROOT, SUITES, keep

TARGET = ROOT / "src" / "lienthong" / "fhir" / "r4_schema.json"
VALUE_SET = "http://hl7.org/fhir/ValueSet/"
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE = STRUCTURE + "structuredefinition-fhir-type"
REGEX = STRUCTURE + "regex"

Definition = dict[str, Any]

# The definitions at hand are not pure 4.0.1: their packager took a few elements from R4B, R5 and from its own server.
# Each departure below was found by comparing with a second reading of 4.0.1 and is undone, as the pages of
# http://hl7.org/fhir/R4/<resource>.html have it. Whatever matches no element stops the generator.
REMOVED_TYPES = ("SubscriptionStatus",)  # R4B
REMOVED = (
    "Meta.project",
    "Meta.author",
    "Meta.onBehalfOf",
    "Meta.account",
    "Meta.accounts",
    "Meta.compartment",
    "Binary.url",
    "DeviceDefinition.bodySite",
    "DeviceDefinition.classification",
    "ObservationDefinition.publisher",
    "ResearchStudy.associatedParty",
    "ResearchStudy.classifier",
    "ResearchStudy.comparisonGroup",
    "ResearchStudy.descriptionSummary",
    "ResearchStudy.label",
    "ResearchStudy.name",
    "ResearchStudy.outcomeMeasure",
    "ResearchStudy.progressStatus",
    "ResearchStudy.recruitment",
    "ResearchStudy.region",
    "ResearchStudy.result",
    "ResearchStudy.studyDesign",
    "ResearchStudy.whyStopped",
    "ResearchStudy.objective.description",
    "EvidenceVariable.characteristic.linkId",
    "EvidenceVariable.characteristic.note",
    "EvidenceVariable.characteristic.definitionReference",
    "EvidenceVariable.characteristic.definitionCanonical",
    "EvidenceVariable.characteristic.definitionCodeableConcept",
    "EvidenceVariable.characteristic.definitionExpression",
    "EvidenceVariable.characteristic.definitionId",
    "EvidenceVariable.characteristic.definitionByTypeAndValue",
    "EvidenceVariable.characteristic.definitionByCombination",
    "EvidenceVariable.characteristic.instances[x]",
    "EvidenceVariable.characteristic.duration[x]",
    "EvidenceVariable.characteristic.timeFromEvent",
)


def _types(*codes: str) -> list[Definition]:
    return [{"code": code} for code in codes]


def _reference(*targets: str) -> list[Definition]:
    return [{"code": "Reference", "targetProfile": [STRUCTURE + target for target in targets]}]


CHANGED: dict[str, Definition] = {
    "AuditEvent.source.observer": {
        "type": _reference("PractitionerRole", "Practitioner", "Organization", "Device", "Patient", "RelatedPerson")
    },
    "Bundle.entry.response.outcome": {"type": _types("Resource")},
    "DetectedIssue.status": {"binding": {"strength": "required", "valueSet": VALUE_SET + "observation-status|4.0.1"}},
    "EvidenceVariable.characteristic": {"min": 1},
    "EvidenceVariable.characteristic.description": {"type": _types("string")},
    "MeasureReport.subject": {
        "type": _reference(
            "Patient", "Practitioner", "PractitionerRole", "Location", "Device", "RelatedPerson", "Group"
        )
    },
    "ResearchStudy.site": {"type": _reference("Location")},
    # 4.0.1 gives these System.String with the type "string"; resource.html and extensibility.html say id and uri.
    "Resource.id": {"type": _types("id")},
    "Extension.url": {"type": _types("uri")},
}
ADDED: dict[str, list[Definition]] = {
    "EvidenceVariable.characteristic.description": [
        {
            "path": "EvidenceVariable.characteristic.definition[x]",
            "min": 1,
            "max": "1",
            "type": [
                *_reference("Group"),
                *_types("canonical", "CodeableConcept", "Expression", "DataRequirement", "TriggerDefinition"),
            ],
        },
        {
            "path": "EvidenceVariable.characteristic.usageContext",
            "min": 0,
            "max": "*",
            "type": _types("UsageContext"),
        },
    ],
    "EvidenceVariable.characteristic.exclude": [
        {
            "path": "EvidenceVariable.characteristic.participantEffective[x]",
            "min": 0,
            "max": "1",
            "type": _types("dateTime", "Period", "Duration", "Timing"),
        },
        {
            "path": "EvidenceVariable.characteristic.timeFromStart",
            "min": 0,
            "max": "1",
            "type": _types("Duration"),
        },
        {
            "path": "EvidenceVariable.characteristic.groupMeasure",
            "min": 0,
            "max": "1",
            "type": _types("code"),
            "binding": {"strength": "required", "valueSet": VALUE_SET + "group-measure|4.0.1"},
        },
    ],
}


class Corrections:
    """Applies the corrections and knows which were used, so that none goes stale unnoticed."""

    def __init__(self) -> None:
        self.unused = {*REMOVED_TYPES, *REMOVED, *CHANGED, *ADDED}

    def structures(self, definitions: Iterable[Definition]) -> list[Definition]:
        """The definitions of types (no profiles, no logical models) without the removed ones."""
        kept = []
        for item in definitions:
            if item["resourceType"] != "StructureDefinition" or item["kind"] == "logical":
                continue
            if item.get("derivation") == "constraint":
                continue
            if item["name"] in REMOVED_TYPES:
                self.unused.discard(item["name"])
                continue
            kept.append(item)
        return kept

    def elements(self, definition: Definition) -> list[Definition]:
        """The elements of a type's snapshot that are its own, corrected."""
        own: list[Definition] = []
        name = definition["name"]
        for element in definition["snapshot"]["element"]:
            path = element["path"]
            if path == name or (element["base"]["path"].split(".")[0] != name and path.count(".") == 1):
                continue  # the type itself; an element that its base type declares
            removed = next((start for start in REMOVED if path == start or path.startswith(start + ".")), None)
            if removed:
                self.unused.discard(removed)
                continue
            if path in CHANGED:
                self.unused.discard(path)
            own.append({**element, **CHANGED.get(path, {})})
            if path in ADDED:
                self.unused.discard(path)
                own.extend(ADDED[path])
        return own


def _row(path: str, element: Definition, inner: set[str]) -> list[Any]:
    if "contentReference" in element:
        types = [element["contentReference"].removeprefix("#")]
    elif path in inner:
        types = [path]
    else:
        types = [_type_code(item) for item in element["type"]]
    targets = [
        target.removeprefix(STRUCTURE)
        for item in element.get("type", ())
        if item["code"] == "Reference"
        for target in item.get("targetProfile", ())
    ]
    binding = element.get("binding", {})
    row: list[Any] = [
        path.rsplit(".", 1)[1],
        " ".join(types),
        element["min"],
        0 if element["max"] == "*" else int(element["max"]),
        "" if targets == ["Resource"] else " ".join(targets),
        binding.get("strength", ""),
        _short(binding.get("valueSet", "")),
    ]
    while row[-1] == "":
        row.pop()
    return row


def _type_code(item: Definition) -> str:
    code: str = item["code"]
    if not code.startswith("http://hl7.org/fhirpath/"):
        return code
    return next(str(extension["valueUrl"]) for extension in item["extension"] if extension["url"] == FHIR_TYPE)


def _short(value_set: str) -> str:
    return value_set.split("|")[0].removeprefix(VALUE_SET)


def _type_entries(definition: Definition, elements: list[Definition]) -> dict[str, list[Any]]:
    name = definition["name"]
    kind = {"resource": "resource", "primitive-type": "primitive"}.get(definition["kind"], "complex")
    base = definition.get("baseDefinition", "").removeprefix(STRUCTURE)
    inner = {path.rsplit(".", 1)[0] for path in (item["path"] for item in elements) if path.count(".") > 1}
    entries: dict[str, list[Any]] = {name: [kind, base, []]}
    for element in elements:
        path = element["path"]
        parent, last = path.rsplit(".", 1)
        if kind == "primitive" and last == "value":
            continue
        if path in inner:
            # contentReference and inner elements alike are named by their path
            entries[path] = ["backbone", element["type"][0]["code"], []]
        if parent != name and last in _INHERITED[entries[parent][1]]:
            continue  # id, extension, modifierExtension come with Element and BackboneElement
        entries[parent][2].append(_row(path, element, inner))
    return entries


_INHERITED = {"Element": {"id", "extension"}, "BackboneElement": {"id", "extension", "modifierExtension"}}


def _regex(definition: Definition) -> str:
    for element in definition["snapshot"]["element"]:
        if element["path"] == definition["name"] + ".value":
            for extension in element["type"][0].get("extension", ()):
                if extension["url"] == REGEX:
                    return str(extension["valueString"])
    return ""


def _concepts(concepts: Iterable[Definition]) -> Iterable[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _concepts(concept.get("concept", ()))


def _codes(value_set: Definition | None, code_systems: dict[str, Definition]) -> dict[str, list[str]] | None:
    """All codes of a value set by code system, or None where its definition does not name them."""
    if value_set is None or "exclude" in value_set["compose"]:
        return None
    found: dict[str, set[str]] = {}
    for include in value_set["compose"]["include"]:
        if "filter" in include or "valueSet" in include:
            return None
        if "concept" in include:
            codes = {concept["code"] for concept in include["concept"]}
        else:
            system = code_systems.get(include["system"])
            if system is None or system["content"] != "complete":
                return None
            codes = set(_concepts(system["concept"]))
        found.setdefault(include["system"], set()).update(codes)
    return {system: sorted(codes) for system, codes in sorted(found.items())}


def generate(folder: Path) -> str:
    """The text of the schema file."""

    def resources(name: str) -> list[Definition]:
        with gzip.open(folder / f"{name}.json.gz") as file:
            return [entry["resource"] for entry in json.load(file)["entry"]]

    corrections = Corrections()
    definitions = corrections.structures([*resources("profiles-types"), *resources("profiles-resources")])
    types: dict[str, list[Any]] = {}
    for definition in sorted(definitions, key=lambda item: str(item["name"])):
        types.update(_type_entries(definition, corrections.elements(definition)))
    if corrections.unused:
        raise SystemExit(f"corrections that match nothing: {sorted(corrections.unused)}")

    terms = [*resources("valuesets"), *resources("v2-tables"), *resources("v3-codesystems")]
    value_sets = {item["url"]: item for item in terms if item["resourceType"] == "ValueSet"}
    code_systems = {item["url"]: item for item in terms if item["resourceType"] == "CodeSystem"}
    required = {row[6] for _, _, rows in types.values() for row in rows if len(row) > 6 and row[5] == "required"}
    enumerated = {}
    for name in sorted(required):
        codes = _codes(value_sets.get(name if ":" in name else VALUE_SET + name), code_systems)
        if codes is not None:
            enumerated[name] = codes
    sections: dict[str, dict[str, Any]] = {
        "types": types,
        "primitives": {
            item["name"]: _regex(item)
            for item in sorted(definitions, key=lambda item: str(item["name"]))
            if item["kind"] == "primitive-type"
        },
        "value_sets": enumerated,
    }
    lines = ['{"release":"4.0.1"']
    lines.append(',"abstract":' + _json(sorted(item["name"] for item in definitions if item["abstract"])))
    for section, members in sections.items():
        body = ",\n".join(f"{_json(name)}:{_json(value)}" for name, value in members.items())
        lines.append(f',"{section}":{{\n{body}\n}}')
    return "\n".join(lines) + "}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(keep(TARGET, generate, SUITES / "fhir_r4_definitions", __doc__))
