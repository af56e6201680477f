"""What is left of a profile to check once the base validation is done: a small tree of frozen constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lienthong.core.finding import Rule
from lienthong.fhir.profiles.definition import MANY, Invariant, Value, ValueBinding
from lienthong.fhir.profiles.items import Item

__all__ = ["Constraint", "Look", "Profile", "Slice", "Test"]


class Look(Protocol):
    """What the test of a slice may ask of the check that is under way."""

    def fits_profile(self, item: Item, canonical: str, /) -> bool | None:
        """Whether it has no error by the profile; None where the profile is not here."""

    def is_bound(self, item: Item, binding: ValueBinding) -> bool | None:
        """Whether it has a code of the binding's value set; None where that can't be known."""


Test = Callable[[Item, Look], bool | None]
"""Whether an item belongs to a slice; None where it can't be told."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of a list: its name, how its items are known, and what they must fulfil."""

    name: str
    test: Test
    constraint: Constraint


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a profile asks of one element (or slice) beyond the base specification.

    `name` is the element's name in FHIRPath (`value`), `shown` the one that places have (`value[x]`). None and empty
    mean that nothing more is asked. `types` are type names; `profiles` and `targets` canonical addresses, the former
    by the type that they belong to.
    """

    rule: Rule
    name: str
    shown: str
    min: int = 0
    max: int = MANY
    types: frozenset[str] | None = None
    profiles: Mapping[str, tuple[str, ...]] | None = None
    targets: tuple[str, ...] | None = None
    aggregation: frozenset[str] | None = None
    fixed: Value | None = None
    pattern: Value | None = None
    binding: ValueBinding | None = None
    max_length: int | None = None
    min_value: Any = None
    max_value: Any = None
    invariants: tuple[Invariant, ...] = ()
    must_support: bool = False
    children: tuple[Constraint, ...] = ()
    slices: tuple[Slice, ...] = ()
    rules: str = "open"
    ordered: bool = False
    unclear: str = ""  # why its slices can't be told apart
    # found when it is made, so that a check can go past: nothing is asked of a single value; it may be absent
    is_plain: bool = field(init=False)
    may_be_absent: bool = field(init=False)

    def __post_init__(self) -> None:
        asked = (self.types, self.profiles, self.targets, self.aggregation, self.fixed, self.pattern, self.binding)
        bounds = (self.max_length, self.min_value, self.max_value)
        is_plain = not self.invariants and all(item is None for item in (*asked, *bounds))
        object.__setattr__(self, "is_plain", is_plain)
        absent = self.min == 0 and all(part.constraint.may_be_absent for part in self.slices)
        object.__setattr__(self, "may_be_absent", absent)

    @property
    def label(self) -> str:
        """The element's id, as messages name it."""
        return self.rule.id.rpartition("#")[2]

    @property
    def asks_nothing(self) -> bool:
        """Whether it has nothing to check at all."""
        return self == Constraint(self.rule, self.name, self.shown)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile made ready to check: for which type, and what it asks of the whole."""

    canonical: str
    title: str
    type: str
    constraint: Constraint
