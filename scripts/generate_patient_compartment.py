"""Makes `src/lienthong/record/patient_compartment.json` from HL7's definitions.

    python scripts/generate_patient_compartment.py [DEFINITIONS] [--check]

DEFINITIONS is the folder with compartmentdefinition-patient and search-parameters (each `.json.gz`); by default
`fhir_r4_definitions` under $LIENTHONG_SUITES. `--check` writes nothing and ends with 1 when the committed file is not
what the definitions give. The result: type -> the element paths by which a resource is in a patient's compartment.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

from committed import ROOT, SUITES, keep

TARGET = ROOT / "src" / "lienthong" / "record" / "patient_compartment.json"
_FILTER = re.compile(r"\.where\(resolve\(\) is \w+\)?")
_PATH = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)+")


def _read(path: Path) -> Any:
    with gzip.open(path) as stream:
        return json.load(stream)


def compartment(definitions: Path) -> dict[str, list[str]]:
    """Type -> element paths, both in order."""
    bundle = _read(definitions / "search-parameters.json.gz")
    expressions = {
        (base, parameter["code"]): parameter["expression"]
        for parameter in (entry["resource"] for entry in bundle["entry"])
        for base in parameter["base"]
        if "expression" in parameter
    }
    found: dict[str, set[str]] = {}
    for resource in _read(definitions / "compartmentdefinition-patient.json.gz")["resource"]:
        name = resource["code"]
        for code in resource.get("param", ()):
            for part in expressions[name, code].split("|"):
                path = _FILTER.sub("", part.strip().strip("()"))
                if path.startswith(name + "."):
                    if not _PATH.fullmatch(path):
                        raise ValueError(f"{name}: the expression of {code} is no plain path: {part}")
                    found.setdefault(name, set()).add(path)
    return {name: sorted(paths) for name, paths in sorted(found.items())}


def generate(definitions: Path) -> str:
    """The file's text: one line for each type."""
    found = compartment(definitions)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(paths)}" for name, paths in found.items())
    return "{\n" + lines + "\n}\n"


if __name__ == "__main__":
    sys.exit(keep(TARGET, generate, SUITES / "fhir_r4_definitions", __doc__))
