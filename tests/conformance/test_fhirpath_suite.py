"""HL7's FHIRPath tests for R4: every one passes, or stands in the ledger with a type, a reason and a clause."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.conformance import fhir_xml

from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.fhir import fhirpath
from lienthong.fhir.fhirpath import Item, Quantity
from lienthong.fhir.fhirpath.values import decimal_text

LEDGER = Path(__file__).parent / "ledger" / "fhirpath.toml"
TYPES = {"suite-fault", "later-version", "not-yet"}


@dataclass(frozen=True)
class Case:
    """One test of the suite; `place` tells tests of the same name apart."""

    name: str
    place: int
    expression: str
    file: str
    invalid: str
    strict: bool
    predicate: bool
    ordered: bool
    outputs: tuple[tuple[str, str], ...]


def cases(folder: Path) -> Iterator[Case]:
    for place, test in enumerate(etree.parse(folder / "r4" / "fhirpath" / "tests-fhir-r4.xml").iter("test")):
        expression = test.find("expression")
        assert expression is not None
        yield Case(
            name=test.get("name", ""),
            place=place,
            expression=expression.text or "",
            file=test.get("inputfile", ""),
            invalid=expression.get("invalid", ""),
            strict=test.get("mode") == "strict",
            predicate=test.get("predicate") == "true",
            ordered=test.get("ordered") != "false",
            outputs=tuple((item.get("type", ""), item.text or "") for item in test.findall("output")),
        )


@cache
def resource(path: Path) -> dict[str, Any]:
    if path.suffix == ".xml":
        return fhir_xml.read(path)
    found: dict[str, Any] = canonical.parse(path.read_bytes())
    return found


def input_of(case: Case, folder: Path) -> dict[str, Any]:
    """The resource of a test; one without a file runs on an empty one."""
    if not case.file:
        return {"resourceType": "Basic"}
    path = folder / "r4" / case.file
    return resource(path if path.exists() else folder / "r4" / "examples" / case.file)


def fault(case: Case, folder: Path) -> str:
    """Why a test fails; empty where it passes."""
    given = input_of(case, folder)
    try:
        made = fhirpath.compile(case.expression, strict=case.strict)
    except LienthongError as error:
        # two tests call an execution error what the grammar itself refuses (a time of day with an offset)
        return "" if case.invalid in ("syntax", "execution") else f"refused: {error.what}"
    if case.invalid == "syntax":
        return "read, and it is no FHIRPath"
    try:
        made.check(given["resourceType"])
    except LienthongError as error:
        return "" if case.invalid in ("semantic", "execution") else f"refused: {error.what} {error.where}"
    if case.invalid == "semantic":
        return "compiled, and its types can't be right"
    try:
        items = made.items(given)
    except LienthongError as error:
        return "" if case.invalid == "execution" else f"stopped: {error.what} {error.where}"
    if case.invalid == "execution":
        return f"no error, but {items}"
    if case.predicate:
        items = [Item(predicate(items), "System.Boolean")]
    return compared(case, items)


def predicate(items: list[Item]) -> bool:
    return bool(items) and items[0].value is not False


def compared(case: Case, items: list[Item]) -> str:
    expected = [text for _, text in case.outputs]
    found = [shown(item) for item in items]
    if not case.ordered:
        expected, found = sorted(expected), sorted(found)
    if len(found) != len(expected) or not all(same(*pair) for pair in zip(found, expected, strict=True)):
        return f"{found} instead of {expected}"
    for item, (type_name, _) in zip(items, case.outputs, strict=True):
        if type_name and case.ordered and item.type.partition(".")[2].lower() != type_name.lower():
            return f"the type {item.type} instead of {type_name}"
    return ""


def shown(item: Item) -> str:
    value = item.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return decimal_text(value)
    if item.type in ("System.Date", "System.DateTime", "FHIR.date", "FHIR.dateTime", "FHIR.instant"):
        return f"@{value}"
    if item.type in ("System.Time", "FHIR.time"):
        return f"@T{value}"
    return str(value) if isinstance(value, (str, Quantity)) else repr(value)


def same(found: str, expected: str) -> bool:
    """Numbers are equal by their value; a date may stand with or without its mark."""
    if found == expected or found == "@" + expected:
        return True
    try:
        return Decimal(found) == Decimal(expected) and len(found) >= len(expected)
    except ArithmeticError:
        return False


def failures(folder: Path) -> dict[str, str]:
    """The failing tests by name (and number, where two have the same name)."""
    found = {}
    for case in cases(folder):
        why = fault(case, folder)
        if why:
            found[case.name] = why
    return found


@pytest.mark.suite
def test_every_test_passes_or_stands_in_the_ledger(suites: Callable[[str], Path]) -> None:
    folder = suites("fhirpath_r4_tests")
    ledger = tomllib.loads(LEDGER.read_text(encoding="utf-8"))
    excluded = {entry["test"]: entry for entry in ledger["exception"]}
    assert len(excluded) <= 10
    assert all(entry["type"] in TYPES and entry["reason"] and entry["clause"] for entry in excluded.values())
    failed = failures(folder)
    assert {name: why for name, why in failed.items() if name not in excluded} == {}
    assert not set(excluded) - set(failed), "these pass: strike them from the ledger"
    total = sum(1 for _ in cases(folder))
    assert total - len(failed) >= ledger["floor"]["passed"]
