"""Says fast of a resource that it surely conforms to a profile; of any other it only says that it does not know.

Each constraint becomes a closure over plain JSON, without places. `checking` asks here first and looks closely at
what is refused. So this module may refuse what is right (references in hand, slices of slices, rare shapes), but must
never pass what the close look finds anything at, not even what is only to know;
`tests/generative/test_profiles_quick_agrees.py` checks that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lienthong.core.errors import LienthongError
from lienthong.fhir import fhirpath, schema
from lienthong.fhir.profiles.constraint import Constraint, Profile
from lienthong.fhir.profiles.definition import ORIGIN, ValueBinding, bare
from lienthong.fhir.profiles.items import Item, Member, Scope, members
from lienthong.fhir.profiles.matching import compare, equals, fits
from lienthong.fhir.profiles.registry import Profiles, is_base
from lienthong.fhir.profiles.values import CODED, codings, has_code
from lienthong.fhir.references import ReferenceKind, parse_reference

__all__ = ["Quick"]

_Value = Callable[[Any, Any, Scope], bool]  # a value, the object beside a primitive, the resource around it
_Element = Callable[[dict[str, Any], Scope], bool]  # the object that holds the element


class Quick:
    """The quick half for the profiles of one registry; what is compiled is remembered, and shared by threads."""

    def __init__(self, profiles: Profiles, *, invariants: bool) -> None:
        self._profiles = profiles
        self._invariants = invariants
        self._made: dict[tuple[str, str], _Value] = {}

    @staticmethod
    def of(profiles: Profiles, *, invariants: bool) -> Quick:
        """The quick half of a registry, made once."""
        made: Quick | None = profiles.quick_halves.get(invariants)
        if made is None:
            made = profiles.quick_halves[invariants] = Quick(profiles, invariants=invariants)
        return made

    def is_clean(self, resource: dict[str, Any], type_name: str, profile: Profile) -> bool:
        """Whether a resource that stands by itself surely has no finding by the profile."""
        return self._of(profile, type_name)(resource, None, Scope(resource, ""))

    def _of(self, profile: Profile, code: str) -> _Value:
        key = (profile.canonical, code)
        made = self._made.get(key)
        if made is None:
            fitting = profile.type == code
            made = self._made[key] = self._value(profile.constraint, code) if fitting else _refuse
        return made

    # What the tests of slices ask (constraint.Look)

    def fits_profile(self, _item: Item, _canonical: str, /) -> bool | None:
        return None

    def is_bound(self, item: Item, binding: ValueBinding) -> bool | None:
        codes = self._profiles.terminology.codes(binding.value_set)
        return None if codes is None else has_code(item.value, item.code, codes)

    # Values

    def _value(self, constraint: Constraint, code: str) -> _Value:
        """The closure of what is asked of one value of a type."""
        if constraint.types is not None and not any(_is_of(code, item) for item in constraint.types):
            return _refuse
        checks = [] if constraint.is_plain else self._asked(constraint, code)
        children = tuple(self._element(child, code) for child in constraint.children)
        if _refuse in checks:
            return _refuse
        own = tuple(checks)

        def check(value: Any, beside: Any, scope: Scope) -> bool:
            for one in own:
                if not one(value, beside, scope):
                    return False
            if children:
                holder = value if type(value) is dict else beside if type(beside) is dict else _EMPTY
                for child in children:
                    if not child(holder, scope):
                        return False
            return True

        return check

    def _asked(self, constraint: Constraint, code: str) -> list[_Value]:
        checks: list[_Value] = []
        if constraint.fixed is not None:
            fixed = constraint.fixed.value
            checks.append(lambda value, _beside, _scope: equals(value, fixed))
        if constraint.pattern is not None:
            pattern = constraint.pattern.value
            checks.append(lambda value, _beside, _scope: fits(value, pattern))
        if constraint.max_length is not None:
            longest = constraint.max_length
            checks.append(lambda value, _beside, _scope: type(value) is str and len(value) <= longest)
        if constraint.min_value is not None:
            low = constraint.min_value
            checks.append(lambda value, _beside, _scope: compare(value, low) in (0, 1))
        if constraint.max_value is not None:
            high = constraint.max_value
            checks.append(lambda value, _beside, _scope: compare(value, high) in (0, -1))
        if constraint.binding is not None:
            checks += self._bound(constraint.binding, code)
        if constraint.targets is not None and code == "Reference":
            checks.append(self._target(constraint.targets))
        if constraint.aggregation is not None and code == "Reference":
            checks.append(_refuse)
        if constraint.profiles is not None and code in constraint.profiles:
            checks.append(self._typed(constraint.profiles[code], code))
        if self._invariants:
            checks += [_invariant(item.expression, code) for item in constraint.invariants]
        return checks

    def _bound(self, binding: ValueBinding, code: str) -> list[_Value]:
        if code not in CODED:
            return []
        pairs = [(binding.value_set, binding.strength)]
        if binding.at_most:
            pairs.append((binding.at_most, "required"))
        return [self._in_set(value_set, strength, code) for value_set, strength in pairs if strength != "example"]

    def _in_set(self, value_set: str, strength: str, code: str) -> _Value:
        codes = self._profiles.terminology.codes(value_set)
        if codes is None:
            return _refuse
        is_required = strength == "required"

        def check(value: Any, _beside: Any, _scope: Scope) -> bool:
            return has_code(value, code, codes) is True or (not is_required and not codings(value, code))

        return check

    def _target(self, targets: tuple[str, ...]) -> _Value:
        allowed: set[str] = set()
        for address in targets:
            if is_base(address):
                wanted = bare(address).removeprefix(ORIGIN)
            else:
                try:
                    definition = self._profiles.definition(address)
                except LienthongError:
                    definition = None
                if definition is None:
                    return _refuse
                wanted = definition.type
            allowed.update(name for name in schema.resource_types() if _is_of(name, wanted))

        def check(value: Any, _beside: Any, _scope: Scope) -> bool:
            text = value.get("reference") if type(value) is dict else None
            if type(text) is not str:
                return False
            parsed = parse_reference(text)
            return parsed.kind is not ReferenceKind.FRAGMENT and parsed.type in allowed

        return check

    def _typed(self, addresses: tuple[str, ...], code: str) -> _Value:
        """By the one profile of the type; compiled when first met, as profiles may name each other in a circle."""
        if len(addresses) != 1 or is_base(addresses[0]):
            return _refuse
        address = addresses[0]

        def check(value: Any, beside: Any, scope: Scope) -> bool:
            try:
                profile = self._profiles.get(address)
            except LienthongError:
                return False
            return profile is not None and self._of(profile, code)(value, beside, scope)

        return check

    # Elements

    def _element(self, constraint: Constraint, holder_code: str) -> _Element:
        rows = tuple(
            (member.json_name, member.beside, member.is_list, self._item(constraint, member))
            for member in members(holder_code, constraint.name)
        )
        low, high, is_sliced = constraint.min, constraint.max, bool(constraint.slices)
        lows = tuple(part.constraint.min for part in constraint.slices)
        highs = tuple(part.constraint.max for part in constraint.slices)
        refused = constraint.unclear != ""

        def check(holder: dict[str, Any], scope: Scope) -> bool:
            count = 0
            numbers: list[int] = []
            for name, beside_name, is_list, item in rows:
                value = holder.get(name)
                beside = holder.get(beside_name) if beside_name else None
                if value is None and beside is None:
                    continue
                if refused:
                    return False
                if not is_list:
                    count += 1
                    if not item(value, beside, scope, numbers):
                        return False
                elif beside is not None or type(value) is not list:
                    return False
                else:
                    count += len(value)
                    for part in value:
                        if part is None or not item(part, None, scope, numbers):
                            return False
            if not low <= count <= high:
                return False
            if is_sliced:
                for number, (least, most) in enumerate(zip(lows, highs, strict=True)):
                    if not least <= numbers.count(number) <= most:
                        return False
            return True

        return check

    def _item(self, constraint: Constraint, member: Member) -> Callable[[Any, Any, Scope, list[int]], bool]:
        """One item of an element; of a sliced one the number of its slice is added to the list."""
        code = member.code
        if code == "Resource":
            return lambda _value, _beside, _scope, _numbers: False
        one = self._value(constraint, code)
        if not constraint.slices:
            return lambda value, beside, scope, _numbers: one(value, beside, scope)
        parts = tuple(
            (part.test, _refuse if part.constraint.slices else self._value(part.constraint, code))
            for part in constraint.slices
        )
        is_closed, at_end = constraint.rules == "closed", constraint.rules == "openAtEnd"
        is_ordered = constraint.ordered

        def check(value: Any, beside: Any, scope: Scope, numbers: list[int]) -> bool:
            item = Item(value, code, beside, "", scope)
            for number, (test, inner) in enumerate(parts):
                answer = test(item, self)
                if answer:
                    if numbers and ((is_ordered and number < max(numbers)) or (at_end and _OTHER in numbers)):
                        return False
                    numbers.append(number)
                    return inner(value, beside, scope)
                if answer is None:
                    return False
            numbers.append(_OTHER)
            return not is_closed and one(value, beside, scope)

        return check


_EMPTY: dict[str, Any] = {}
_OTHER = -1  # the number of an item in no slice


def _refuse(_value: Any, _beside: Any, _scope: Scope) -> bool:
    return False


def _invariant(expression: str, code: str) -> _Value:
    try:
        compiled = fhirpath.compile(expression, as_filters=True)
    except LienthongError:
        return _refuse

    def check(value: Any, beside: Any, scope: Scope) -> bool:
        resource = scope.resource
        try:
            return compiled.holds(value, code, resource=resource, root=resource, extra=beside) is True
        except LienthongError:
            return False

    return check


def _is_of(code: str, wanted: str) -> bool:
    return code == wanted or (schema.is_type(code) and wanted in schema.ancestry(code))
