"""Makes `src/lienthong/fhir/integrity/r4_extensions.json`, what FHIR R4's extensions allow, from its definitions.

    python scripts/generate_fhir_extensions.py [DEFINITIONS] [--check]

DEFINITIONS is the folder with `extension-definitions.json.gz`; by default `fhir_r4_definitions` under
$LIENTHONG_SUITES. `--check` writes nothing and ends with 1 when the committed file is not what the definitions give.

The file is one JSON object, a line for each extension: address -> [contexts, modifier, value]. A context is an
element or a type (`Patient`, `Address.line`, `Element`). `value` is [types, parts]: the types that its value may have
(none: it has no value) and its own extensions, url -> [min, max, types, parts], max 0 for any number.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from committed import ROOT, SUITES, keep

TARGET = ROOT / "src" / "lienthong" / "fhir" / "integrity" / "r4_extensions.json"
Element = dict[str, Any]


def _number(maximum: str) -> int:
    return 0 if maximum == "*" else int(maximum)


def _value(elements: dict[str, Element], start: str) -> list[Any]:
    """[types, parts] of the extension whose element has this id."""
    parts: dict[str, Any] = {}
    prefix = f"{start}.extension:"
    for name, element in elements.items():
        if name.startswith(prefix) and "." not in name[len(prefix) :]:
            url = elements[f"{name}.url"]["fixedUri"]
            parts[url] = [element["min"], _number(element["max"]), *_value(elements, name)]
    value = elements.get(f"{start}.value[x]")
    types = sorted(item["code"] for item in value["type"]) if value is not None and value["max"] != "0" else []
    return [types, parts]


def made(folder: Path) -> str:
    """The text of the file."""
    with gzip.open(folder / "extension-definitions.json.gz") as file:
        bundle = json.load(file)
    rows: dict[str, Any] = {}
    for entry in bundle["entry"]:
        definition = entry["resource"]
        elements = {element["id"]: element for element in definition["snapshot"]["element"]}
        contexts = sorted({context["expression"] for context in definition.get("context", [])})
        rows[definition["url"]] = [
            contexts,
            bool(elements["Extension"].get("isModifier")),
            _value(elements, "Extension"),
        ]
    lines = (f"{json.dumps(url)}:{json.dumps(rows[url], separators=(',', ':'))}" for url in sorted(rows))
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.exit(keep(TARGET, made, SUITES / "fhir_r4_definitions", __doc__))
