"""Items as the values that operators and functions want: System values, truth values, texts, whole numbers.

Source: FHIRPath N1, 4.5 (singleton evaluation) and 6.5 (boolean logic); FHIR R4 fhirpath.html#types (conversions).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lienthong.fhir.fhirpath import quantities
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.plan import Env, One, Plan, single
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Time, parse_date, parse_datetime, parse_time
from lienthong.fhir.fhirpath.types import full_name, kind_of
from lienthong.fhir.fhirpath.values import Element, Quantity

__all__ = ["converter", "expect", "integer", "kind", "number", "of_fhir", "scalar", "text", "truth", "value_of"]

_TEXT_KINDS = frozenset({"string"})
_PARSERS: dict[str, Callable[[str], Date | DateTime | Time | None]] = {
    "date": parse_date,
    "dateTime": parse_datetime,
    "time": parse_time,
}


def of_fhir(value: Any, type_name: str) -> Any:
    """The System value of a FHIR element's value; what has none stays as it is."""
    found = kind_of(type_name)
    parse = _PARSERS.get(found)
    if parse is not None:
        return (parse(value) or value) if type(value) is str else value
    if found == "quantity" and isinstance(value, dict):
        return quantities.of_fhir(value) or value
    if found == "decimal" and type(value) is int:
        return Decimal(value)
    return Decimal(repr(value)) if type(value) is float else value


def value_of(item: Any) -> Any:
    """The System value of an item that says its own type; None for an element without a value."""
    if type(item) is Element:
        return of_fhir(item.value, item.type)
    return Decimal(repr(item)) if type(item) is float else item


def converter(plan: Plan) -> Callable[[Any], Any]:
    """What makes a System value of each item of a plan; for strings and booleans it only unwraps."""
    type_name = plan.type
    if not type_name:
        return value_of
    kind_ = kind_of(type_name)
    if type_name.startswith("System.") or kind_ in ("string", "boolean", "integer", "object"):
        return _bare
    parse = _PARSERS.get(kind_)
    if parse is None:
        return lambda item: of_fhir(item.value if type(item) is Element else item, type_name)

    def convert(item: Any) -> Any:
        value = item.value if type(item) is Element else item
        return (parse(value) or value) if type(value) is str else value

    return convert


def _bare(item: Any) -> Any:
    return item.value if type(item) is Element else item


def scalar(plan: Plan, source: Source, what: str = "one item is wanted") -> One:
    """The System value of the one item, or None."""
    if plan.raw is not None:
        return _scalar_of_raw(plan.raw, kind_of(plan.type))
    run = single(plan, source, what)
    if plan.type.startswith("System."):
        return run
    convert = converter(plan)

    def run_scalar(this: Any, env: Env) -> Any:
        item = run(this, env)
        return None if item is None else convert(item)

    return run_scalar


def _scalar_of_raw(run: One, kind_: str) -> One:
    parse = _PARSERS.get(kind_)
    if parse is not None:

        def run_date(this: Any, env: Env) -> Any:
            value = run(this, env)
            if type(value) is not str:
                return value
            return parse(value) or value

        return run_date
    if kind_ != "decimal":
        return run

    def run_decimal(this: Any, env: Env) -> Any:
        value = run(this, env)
        if type(value) is int:
            return Decimal(value)
        return Decimal(repr(value)) if type(value) is float else value

    return run_decimal


def kind(plan: Plan) -> frozenset[str]:
    """The kinds of System values that a plan's items can become; empty where that is not known."""
    return frozenset(kind_of(name) for name in plan.types)


def expect(plan: Plan, kinds: frozenset[str], source: Source, what: str) -> None:
    """An error when the expression is compiled, where no item of the plan can be of a wanted kind."""
    if plan.types and not kind(plan) & kinds and not _open(plan):
        names = " or ".join(full_name(name) for name in plan.types[:3])
        raise source.meaning(f"{what} takes {' or '.join(sorted(kinds))}, and here stands {names}")


def _open(plan: Plan) -> bool:
    return any(name in ("Element", "Resource", "System.Any") for name in plan.types)


def truth(plan: Plan, source: Source) -> One:
    """True, False or None (empty); a single item that is no boolean counts as true (N1, 4.5)."""
    if plan.raw is not None and plan.type == "boolean":
        return plan.raw
    run = single(plan, source, "one truth value is wanted")
    if plan.type == "System.Boolean":
        return run

    def run_truth(this: Any, env: Env) -> bool | None:
        item = run(this, env)
        if item is True or item is False or item is None:
            return item
        if type(item) is Element and item.type == "boolean":
            return item.value if type(item.value) is bool else None
        return True

    return run_truth


def text(plan: Plan, source: Source, what: str) -> One:
    """The one string, or None; another kind of value is an error."""
    expect(plan, _TEXT_KINDS, source, what)
    if plan.type == "System.String" and plan.one is not None:
        return plan.one
    run, why = scalar(plan, source), f"{what} takes a string"

    def run_text(this: Any, env: Env) -> Any:
        found = run(this, env)
        if found is None or type(found) is str:
            return found
        raise source.run(why)

    return run_text


def integer(plan: Plan, source: Source, what: str) -> One:
    """The one whole number, or None; another kind of value is an error."""
    expect(plan, frozenset({"integer"}), source, what)
    return _typed(scalar(plan, source), int, source, f"{what} takes a whole number")


def number(plan: Plan, source: Source, what: str) -> One:
    """The one number, or None; another kind of value is an error."""
    expect(plan, frozenset({"integer", "decimal"}), source, what)
    return _typed(scalar(plan, source), (int, Decimal), source, f"{what} takes a number")


def _typed(run: One, wanted: type | tuple[type, ...], source: Source, why: str) -> One:
    def run_typed(this: Any, env: Env) -> Any:
        found = run(this, env)
        if found is None or (isinstance(found, wanted) and (found is not True and found is not False)):
            return found
        raise source.run(why)

    return run_typed


def quantity(value: Any) -> Quantity | None:
    """A number as a quantity of unit 1; a quantity as it is; None for anything else."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Quantity(Decimal(value))
    return None
