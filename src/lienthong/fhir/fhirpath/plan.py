"""A compiled part of an expression: a closure, and what is known about its items before any resource is seen.

Items are Python's strings, booleans, integers and Decimals, the values of `values` and `temporal`, and FHIR elements:
- where a plan has exactly one type, an item of it stands bare: a dict for a complex type, a string or number for a
  primitive one (an `Element` only where the primitive has extensions, an id or no value);
- where the type is only known at run time, a FHIR element is an `Element` with its type, or the dict of a resource.
Lists that closures give may belong to the resource: nobody changes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol

from lienthong.core.canonical import LexicalDecimal
from lienthong.core.clock import system_clock
from lienthong.fhir import schema
from lienthong.fhir.fhirpath.faults import LIMIT, Source
from lienthong.fhir.fhirpath.temporal import Date, DateTime, Time
from lienthong.fhir.fhirpath.values import Element, Quantity, TypeInfo

__all__ = [
    "EMPTY",
    "MOST_ITEMS",
    "Env",
    "Many",
    "One",
    "Plan",
    "Scope",
    "Terminology",
    "fits",
    "focus",
    "many",
    "narrow",
    "one",
    "single",
    "system_type",
    "type_of",
    "wide_type",
    "widen",
]

MOST_ITEMS = 2_000_000  # what one evaluation may walk over, all together
_MOST_TEXT = 10_000_000  # characters of one string that an expression makes


class Terminology(Protocol):
    """What `memberOf` and `subsumes` ask. None says that it is not known."""

    def member_of(self, system: str, code: str, value_set: str) -> bool | None: ...

    def subsumes(self, system: str, code: str, other: str) -> bool | None: ...


class Env:
    """What one evaluation knows beside the item in focus. Made for every call, so its defaults stand on the class."""

    resource: Any = None
    root: Any = None
    context: Any = None
    constants: Mapping[str, Any] = MappingProxyType({})
    clock: Callable[[], datetime] = staticmethod(system_clock)
    resolver: Callable[[str], dict[str, Any] | None] | None = None
    terminology: Terminology | None = None
    conforms: Callable[[dict[str, Any], str], bool | None] | None = None
    trace: Callable[[str, Sequence[Any]], None] | None = None
    left: int = MOST_ITEMS  # where a loop is short it counts here itself, and calls `spend` only at the end
    index: int = 0
    total: Sequence[Any] = ()
    variables: dict[int, list[Any]] | None = None
    addresses: dict[str, dict[str, Any]] | None = None  # of the entries of a Bundle, made at the first question
    moment: datetime | None = None

    def now(self) -> datetime:
        """The moment of this evaluation; the same however often it is asked for (N1, 5.7)."""
        if self.moment is None:
            self.moment = self.clock()
        return self.moment

    def spend(self, number: int, source: Source) -> None:
        """Counts items that are walked over; too many are an error."""
        self.left -= number
        if self.left < 0:
            allowed = f"{MOST_ITEMS:,} items in one evaluation"
            raise source.error(LIMIT, why="it walks over too many items", allowed=allowed)


Many = Callable[[Any, Env], list[Any]]
One = Callable[[Any, Env], Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """`many` gives the items for an item in focus (None: there is none); `types` are the only ones they can have,
    without any it is not known. `one` is there where at most one item comes: it, or None."""

    many: Many
    types: tuple[str, ...] = ()
    one: One | None = None
    choose: Callable[[str], Plan] | None = None  # of a choice element: the plan of one of its types
    raw: One | None = None  # of at most one primitive: its JSON value alone, without a look at its extensions
    field: str = ""  # where the plan is a primitive member of the item in focus: its name
    constant: Any = None  # where the plan is a literal: its value
    focus: bool = False  # whether it is the item in focus itself
    equals: tuple[str, Any] | None = None  # where it asks whether a member of the item in focus has a value: which

    @property
    def type(self) -> str:
        """The one type of all items, or an empty text."""
        return self.types[0] if len(self.types) == 1 else ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at a place of the expression: the types of `$this`, and the variables with their slots."""

    this: tuple[str, ...]
    resource: tuple[str, ...]
    variables: Mapping[str, tuple[int, tuple[str, ...]]]
    iterating: bool = False
    aggregating: bool = False


EMPTY: list[Any] = []


def focus(*types: str) -> Plan:
    """The plan of the item in focus."""
    return Plan(_focus_many, types, _focus_one, focus=True)


def _focus_one(this: Any, env: Env) -> Any:
    return this


def _focus_many(this: Any, env: Env) -> list[Any]:
    return EMPTY if this is None else [this]


def one(run: One, *types: str) -> Plan:
    """A plan that gives one item or none."""

    def run_many(this: Any, env: Env) -> list[Any]:
        found = run(this, env)
        return EMPTY if found is None else [found]

    return Plan(run_many, types, run)


def many(run: Many, *types: str) -> Plan:
    """A plan that gives any number of items."""
    return Plan(run, types)


def single(plan: Plan, source: Source, what: str = "one item is wanted") -> One:
    """The one item or None; more of them are an error at run time (N1, 4.5)."""
    if plan.one is not None:
        return plan.one
    run = plan.many

    def run_one(this: Any, env: Env) -> Any:
        items = run(this, env)
        if not items:
            return None
        if len(items) > 1:
            source.many(len(items), what)
        return items[0]

    return run_one


def fits(value: Any, source: Source) -> Any:
    """The value; a string that is too long is an error, so that doubling one again and again ends."""
    if type(value) is str and len(value) > _MOST_TEXT:
        raise source.error(LIMIT, why="it makes a very long text", allowed=f"{_MOST_TEXT:,} characters")
    return value


_SYSTEM: Mapping[type, str] = {
    str: "System.String",
    bool: "System.Boolean",
    int: "System.Integer",
    Date: "System.Date",
    DateTime: "System.DateTime",
    Time: "System.Time",
    Quantity: "System.Quantity",
    TypeInfo: "System.TypeInfo",
    Decimal: "System.Decimal",
    LexicalDecimal: "System.Decimal",
    float: "System.Decimal",
}


def system_type(value: Any) -> str:
    """The type of a bare value of the System model, or of a resource; empty for an object that has none."""
    if isinstance(value, dict):
        found = value.get("resourceType")
        return found if isinstance(found, str) and schema.is_type(found) else ""
    return _SYSTEM.get(type(value), "")


def type_of(item: Any, static: str) -> str:
    """The type of an item in a plan whose only type is `static` (empty where there is no such)."""
    if type(item) is Element:
        return item.type
    if not static or (static in ("Resource", "DomainResource")):
        return system_type(item)
    return static


def wide_type(plan: Plan) -> str:
    """The type that a bare item must be given beside items of other types; empty where it says its own."""
    static = plan.type
    return "" if not static or static.startswith("System.") or schema.kind(static) == "resource" else static


def widen(plan: Plan) -> Many:
    """The items, each FHIR element with its type."""
    static, run = wide_type(plan), plan.many
    if not static:
        return run

    def run_wide(this: Any, env: Env) -> list[Any]:
        return [item if type(item) is Element else Element(item, static) for item in run(this, env)]

    return run_wide


def narrow(item: Element) -> Any:
    """The item as it stands in a plan of its own type only."""
    if item.extra is None and item.value is not None:
        return item.value
    return item
