"""Makes `src/lienthong/fhir/profiles/r4_profiles.json`, the profiles of FHIR R4 itself, from HL7's definitions.

    python scripts/generate_fhir_profiles.py [DEFINITIONS] [--check]

DEFINITIONS is the folder with profiles-types, profiles-others, extension-definitions, valuesets, v2-tables and
v3-codesystems (each `.json.gz`); by default `fhir_r4_definitions` under $LIENTHONG_SUITES. `--check` writes nothing
and ends with 1 when the committed file is not what the definitions give.

Of each profile, extension and constrained data type stand the differential's rules without prose; of each value set
that one of them binds more than as an example, and that can be listed, its codes as a ValueSet. One line each.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from committed import ROOT, SUITES, keep
from lienthong.fhir.profiles.terms import Terminology
from lienthong.terminology.systems import UCUM

TARGET = ROOT / "src" / "lienthong" / "fhir" / "profiles" / "r4_profiles.json"
MOST_CODES = 1_500  # a longer list is a code system for a terminology server

Definition = dict[str, Any]

KEPT = ("url", "version", "name", "title", "kind", "type", "baseDefinition", "derivation", "context")
RULES = ("id", "path", "sliceName", "min", "max", "slicing", "maxLength", "mustSupport", "isModifier")
INVARIANT = ("key", "severity", "human", "expression", "source")
AT_MOST = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"


def _element(element: Definition) -> Definition:
    kept = {name: element[name] for name in RULES if name in element}
    if "type" in element:
        names = ("code", "profile", "targetProfile", "aggregation")
        kept["type"] = [{name: item[name] for name in names if name in item} for item in element["type"]]
    values = ("fixed", "pattern", "minValue", "maxValue")
    kept |= {name: value for name, value in element.items() if name.startswith(values)}
    if "binding" in element:
        binding = element["binding"]
        kept["binding"] = {name: binding[name] for name in ("strength", "valueSet") if name in binding}
        at_most = [item for item in binding.get("extension", ()) if item["url"] == AT_MOST]
        if at_most:
            kept["binding"]["extension"] = at_most
    if "constraint" in element:
        kept["constraint"] = [
            {name: item[name] for name in INVARIANT if name in item} for item in element["constraint"]
        ]
    return kept


def _profile(definition: Definition) -> Definition:
    kept: Definition = {"resourceType": "StructureDefinition"}
    kept |= {name: definition[name] for name in KEPT if name in definition}
    elements = [_element(element) for element in definition["differential"]["element"]]
    kept["differential"] = {"element": list(_with_choices(elements, definition["snapshot"]["element"]))}
    return kept


def _with_choices(elements: list[Definition], snapshot: list[Definition]) -> Iterator[Definition]:
    """The rules, before each `valueQuantity` the types that the published snapshot leaves to `value[x]`.

    The differentials of R4's own profiles were made when `valueQuantity` still meant that no other type is allowed.
    """
    choices = {item["path"]: item for item in snapshot if item["path"].endswith("[x]") and "sliceName" not in item}
    said = {item["path"] for item in elements}
    for element in elements:
        for path, choice in choices.items():
            start = path.removesuffix("[x]")
            rest = element["path"].removeprefix(start)
            if path not in said and rest != element["path"] and rest[:1].isupper() and "." not in rest:
                said.add(path)
                if len(choice["type"]) == 1:
                    codes = [{"code": item["code"]} for item in choice["type"]]
                    yield {"id": path, "path": path, "type": codes}
        yield element


def _bound(profiles: Iterable[Definition]) -> Iterator[str]:
    for profile in profiles:
        for element in profile["differential"]["element"]:
            binding = element.get("binding", {})
            if binding.get("strength") in ("required", "extensible", "preferred"):
                yield binding.get("valueSet", "").split("|")[0]
            for item in binding.get("extension", ()):
                yield item["valueCanonical"].split("|")[0]


def generate(folder: Path) -> str:
    """The text of the file."""

    def resources(name: str) -> list[Definition]:
        with gzip.open(folder / f"{name}.json.gz") as file:
            return [entry["resource"] for entry in json.load(file)["entry"]]

    definitions = [*resources("profiles-types"), *resources("profiles-others"), *resources("extension-definitions")]
    profiles = [_profile(item) for item in definitions if item.get("derivation") == "constraint"]
    terms = [*resources("valuesets"), *resources("v2-tables"), *resources("v3-codesystems")]
    terminology = Terminology(item for item in terms if item["resourceType"] in ("ValueSet", "CodeSystem"))
    rows = sorted(profiles, key=lambda item: str(item["url"]))
    for url in sorted(set(_bound(profiles))):
        codes = terminology.codes(url)
        if codes is None or codes.open or sum(map(len, codes.known.values())) > MOST_CODES:
            continue
        include = [
            {"system": system, "concept": [{"code": code} for code in sorted(members)]}
            for system, members in sorted(codes.known.items())
            if members
        ]
        if codes.units:
            include.append({"system": UCUM})
        rows.append({"resourceType": "ValueSet", "url": url, "compose": {"include": include}})
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    sys.exit(keep(TARGET, generate, SUITES / "fhir_r4_definitions", __doc__))
