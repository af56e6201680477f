"""Makes `src/lienthong/fhir/invariants/r4_invariants.json`, the invariants of FHIR R4, from HL7's definitions.

    python scripts/generate_fhir_invariants.py [DEFINITIONS] [--check]

DEFINITIONS is the folder with profiles-types and profiles-resources (each `.json.gz`); by default
`fhir_r4_definitions` under $LIENTHONG_SUITES. `--check` writes nothing and ends with 1 when the committed file is
not what the definitions give.

One line for each invariant: [key, severity, sentence, expression, places, best practice]. A place is a type
(`Period`, `Patient.contact`) or an element in it (`Organization.telecom`); `:Quantity` after a place means only
values of that type, as with sqty-1, which R4 states in SimpleQuantity, the profile of many elements' types.
Elements that are not in 4.0.1 are left out as `generate_fhir_schema.py` has them.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from committed import ROOT, SUITES, keep
from generate_fhir_schema import Corrections

TARGET = ROOT / "src" / "lienthong" / "fhir" / "invariants" / "r4_invariants.json"
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
SIMPLE_QUANTITY = STRUCTURE + "SimpleQuantity"
BEST_PRACTICE = STRUCTURE + "elementdefinition-bestpractice"

# Of FHIR R5, as the elements that it speaks of (see the corrections in generate_fhir_schema.py).
LATER = ("evv-1",)

Definition = dict[str, Any]
Key = tuple[str, str]


class _Rows:
    """The invariants by key and expression, each with its places in the order of the definitions."""

    def __init__(self) -> None:
        self.rows: dict[Key, list[Any]] = {}

    def add(self, constraint: Definition, place: str) -> None:
        key = (constraint["key"], constraint.get("expression", ""))
        best = any(item["url"] == BEST_PRACTICE for item in constraint.get("extension", ()))
        row = self.rows.setdefault(key, [key[0], constraint["severity"], constraint["human"], key[1], [], int(best)])
        if place not in row[4]:
            row[4].append(place)


def generate(folder: Path) -> str:
    """The text of the file."""

    def resources(name: str) -> list[Definition]:
        with gzip.open(folder / f"{name}.json.gz") as file:
            return [entry["resource"] for entry in json.load(file)["entry"]]

    read = [*resources("profiles-types"), *resources("profiles-resources")]
    (simple,) = (item for item in read if item.get("url") == SIMPLE_QUANTITY)
    (of_simple,) = simple["differential"]["element"][0]["constraint"]
    corrections = Corrections()
    rows = _Rows()
    for definition in corrections.structures(read):
        # the type itself is no element of its own
        for element in (definition["snapshot"]["element"][0], *corrections.elements(definition)):
            for constraint in element.get("constraint", ()):
                # a constraint of another type (ele-1 on every element) is checked as that type's own
                own = STRUCTURE + definition["name"]
                if constraint.get("source", own) == own and constraint["key"] not in LATER:
                    rows.add(constraint, element["path"])
            for item in element.get("type", ()):
                if SIMPLE_QUANTITY in item.get("profile", ()):
                    rows.add(of_simple, f"{element['path']}:Quantity")
    lines = (
        json.dumps([*row[:4], " ".join(row[4]), row[5]], ensure_ascii=False, separators=(",", ":"))
        for _, row in sorted(rows.rows.items())
    )
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    sys.exit(keep(TARGET, generate, SUITES / "fhir_r4_definitions", __doc__))
