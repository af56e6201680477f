"""Checks a resource against compiled profiles and names every fault with its place and the element that rules it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding, Rule, Severity
from lienthong.fhir import schema
from lienthong.fhir.limits import MAX_DEPTH
from lienthong.fhir.profiles import authoring, faults
from lienthong.fhir.profiles.base import base
from lienthong.fhir.profiles.constraint import Constraint, Profile, Slice
from lienthong.fhir.profiles.definition import ORIGIN, Invariant, ValueBinding, bare
from lienthong.fhir.profiles.faults import ProfileFault
from lienthong.fhir.profiles.invariant import holds
from lienthong.fhir.profiles.items import Item, children, resolve, root
from lienthong.fhir.profiles.quick import Quick
from lienthong.fhir.profiles.registry import Profiles, is_base
from lienthong.fhir.profiles.values import has_code, look_at_codes, look_at_value
from lienthong.fhir.references import parse_reference

__all__ = ["check"]


def check(resource: dict[str, Any], profiles: Sequence[str | Profiles], *, invariants: bool = True) -> list[Finding]:
    """The findings of a resource by the profiles that are named, and by those that it and the resources in it claim.

    `profiles` are canonical addresses and at most one registry (`load` takes all that belongs together); without one
    the profiles of R4 itself are known. A named profile that is not known raises `profile-not-loaded`; one that is
    only claimed is information. What FHIR R4 itself asks is not looked at here: `fhir.validate` does both.
    """
    registries = [item for item in profiles if isinstance(item, Profiles)] or [base()]
    if len(registries) > 1:
        raise TypeError("give one registry of profiles; load(...) puts several packages and files into one")
    known = registries[0]
    compiled = [known.profile(item) for item in profiles if isinstance(item, str)]
    own = resource.get("resourceType")
    if not isinstance(own, str) or own not in schema.resource_types():
        return []
    run = _Run(known, invariants=invariants)
    whole = root(resource, own)
    for profile in compiled:
        run.add(run.against(whole, profile))
    run.claims(whole, 0)
    if known.has_extensions:
        run.extensions(resource, own, 0, whole)
    return run.findings


class _Run:
    """One check of one resource."""

    def __init__(self, profiles: Profiles, *, invariants: bool) -> None:
        self.profiles = profiles
        self.invariants = invariants
        self.findings: list[Finding] = []
        self._seen: set[tuple[str, str, str]] = set()
        self._done: dict[tuple[str, str], list[Finding]] = {}
        self._depth = 0
        self._quick = None if profiles.lists_must_support else Quick.of(profiles, invariants=invariants)

    def add(self, findings: Iterable[Finding]) -> None:
        """Findings of one place by one rule stand once; what can't be checked stands once for each rule."""
        for finding in findings:
            place = "" if finding.code.endswith("-not-checked") else finding.place.path
            key = (finding.code, place, finding.rule.id if finding.rule is not None else "")
            if key not in self._seen:
                self._seen.add(key)
                self.findings.append(finding)

    # Profiles that a resource claims, and those of extensions

    def claims(self, item: Item, depth: int) -> None:
        """The profiles applied to the resource's type and those it claims in meta.profile; so of those inside it."""
        if not item.scope.is_contained:
            for profile in self.profiles.applied:
                if profile.type == item.code:
                    self.add(self.against(item, profile))
        if item.code == "StructureDefinition":
            self.add(authoring.look(item.value, item.path, self.profiles))
        meta = item.value.get("meta")
        claimed = meta.get("profile") if isinstance(meta, dict) else None
        for number, address in enumerate(claimed if isinstance(claimed, list) else ()):
            if isinstance(address, str) and not is_base(address):
                place = f"{item.path}.meta.profile[{number}]"
                self.add(self._by_address(item, address, place))
        if depth >= MAX_DEPTH:
            return
        for inner in _inner_resources(item):
            self.claims(inner, depth + 1)

    def extensions(self, value: dict[str, Any], path: str, depth: int, whole: Item) -> None:
        """Every extension whose definition was loaded, wherever it stands, against its definition.

        The extensions of R4 itself are for the base validation.
        """
        if depth >= MAX_DEPTH:
            return
        for name, member in value.items():
            place = f"{path}.{name}"
            for number, part in enumerate(member if type(member) is list else (member,)):
                if type(part) is not dict:
                    continue
                inner = f"{place}[{number}]" if type(member) is list else place
                if name in ("extension", "modifierExtension"):
                    self._extension(part, inner, whole)
                self.extensions(part, inner, depth + 1, whole)

    def _extension(self, value: dict[str, Any], path: str, whole: Item) -> None:
        url = value.get("url")
        if not isinstance(url, str):
            return
        if not self.profiles.was_loaded(url):
            return
        try:
            profile = self.profiles.get(url)
        except LienthongError as error:
            self.add([faults.PROFILE_UNUSABLE.at(path, _rule_of(url), profile=_shown(url), why=error.what)])
            return
        if profile is not None and profile.type == "Extension":
            self.add(self.against(Item(value, "Extension", None, path, whole.scope), profile))

    def _by_address(self, item: Item, address: str, place: str) -> list[Finding]:
        """The findings by a profile that is named somewhere; `place` is where."""
        try:
            profile = self.profiles.get(address)
        except LienthongError as error:
            return [faults.PROFILE_UNUSABLE.at(place, _rule_of(address), profile=_shown(address), why=error.what)]
        if profile is None:
            return [faults.PROFILE_UNKNOWN.at(place, _rule_of(address), profile=_shown(address))]
        return self.against(item, profile)

    def against(self, item: Item, profile: Profile) -> list[Finding]:
        """All findings of an item by a profile; each pair is looked at once (references may lead in circles)."""
        key = (item.path, profile.canonical)
        if key in self._done:
            return self._done[key]
        if self._depth == MAX_DEPTH:
            return [faults.TOO_DEEP.at(item.path, profile.constraint.rule, limit=MAX_DEPTH)]
        found: list[Finding] = []
        self._done[key] = found
        by_itself = item.scope.above is None and item.value is item.scope.resource
        if by_itself and self._quick is not None and self._quick.is_clean(item.value, item.code, profile):
            return found
        if not _is_of(item.code, profile.type):
            found.append(faults.OTHER_TYPE.at(item.path, profile.constraint.rule, allowed=profile.type))
        else:
            self._depth += 1
            self._one(profile.constraint, item, found)
            self._depth -= 1
        return found

    # What the tests of slices ask (constraint.Look)

    def fits_profile(self, item: Item, canonical: str) -> bool | None:
        if is_base(canonical):
            return _is_of(item.code, bare(canonical).removeprefix(ORIGIN))
        try:
            profile = self.profiles.get(canonical)
        except LienthongError:
            return None
        if profile is None:
            return None
        return not any(finding.severity is Severity.ERROR for finding in self.against(item, profile))

    def is_bound(self, item: Item, binding: ValueBinding) -> bool | None:
        codes = self.profiles.terminology.codes(binding.value_set)
        return None if codes is None else has_code(item.value, item.code, codes)

    # Elements

    def _many(self, constraint: Constraint, items: list[Item], path: str, found: list[Finding]) -> None:
        """All items of an element (or of a slice) under one holder, at the path of the element."""
        count = len(items)
        if count < constraint.min:
            kind = faults.MISSING if constraint.min == 1 else faults.TOO_FEW
            self._note(found, kind, path, constraint, limit=constraint.min, count=count)
        elif count > constraint.max:
            kind = faults.PROHIBITED if constraint.max == 0 else faults.TOO_MANY
            self._note(found, kind, path, constraint, limit=constraint.max, count=count)
        if not count and constraint.must_support and self.profiles.lists_must_support and not constraint.min:
            self._note(found, faults.MUST_SUPPORT, path, constraint)
        if constraint.max == 0:
            return
        if constraint.slices:
            self._sliced(constraint, items, path, found)
        else:
            for item in items:
                self._one(constraint, item, found)

    def _sliced(self, constraint: Constraint, items: list[Item], path: str, found: list[Finding]) -> None:
        names = ", ".join(part.name for part in constraint.slices)
        if constraint.unclear and items:
            self._note(found, faults.SLICE_UNKNOWN, path, constraint, why=constraint.unclear, slices=names)
        members: dict[str, list[Item]] = {part.name: [] for part in constraint.slices}
        unsure: set[str] = set()
        last, others = -1, False
        for item in items:
            number, part = self._slice_of(constraint, item, unsure)
            if part is None:
                self._one(constraint, item, found)
                others = True
                if constraint.rules == "closed" and not unsure:
                    self._note(found, faults.SLICE_CLOSED, item.path, constraint, slices=names)
                continue
            members[part.name].append(item)
            if others and constraint.rules == "openAtEnd" and not unsure:
                others = False  # said once
                self._note(found, faults.SLICE_AT_END, item.path, constraint, slices=names)
            if constraint.ordered and number < last:
                self._note(found, faults.SLICE_ORDER, item.path, constraint, slices=names)
            last = max(last, number)
        for part in constraint.slices:
            if part.name in unsure and len(members[part.name]) < part.constraint.min:
                why = "it is told by a reference, profile or value set that is not in hand"
                self._note(found, faults.SLICE_UNKNOWN, path, constraint, why=why, slices=part.name)
                for item in members[part.name]:
                    self._one(part.constraint, item, found)
            else:
                self._many(part.constraint, members[part.name], path, found)

    def _slice_of(self, constraint: Constraint, item: Item, unsure: set[str]) -> tuple[int, Slice | None]:
        """The first slice that the item belongs to; slices that it may belong to are added to `unsure`."""
        for number, part in enumerate(constraint.slices):
            answer = part.test(item, self)
            if answer:
                return number, part
            if answer is None:
                unsure.add(part.name)
        return -1, None

    def _one(self, constraint: Constraint, item: Item, found: list[Finding]) -> None:
        """One item against all that the constraint asks of each."""
        if not constraint.is_plain and not self._value(constraint, item, found):
            return
        for child in constraint.children:
            items = children(item, child.name)
            if items or not child.may_be_absent or self.profiles.lists_must_support:
                self._many(child, items, f"{item.path}.{child.shown}", found)

    def _value(self, constraint: Constraint, item: Item, found: list[Finding]) -> bool:
        """What is asked of the value itself; whether it makes sense to look at what is inside."""
        if constraint.types is not None and not any(_is_of(item.code, code) for code in constraint.types):
            allowed = ", ".join(sorted(constraint.types))
            self._note(found, faults.WRONG_TYPE, item.path, constraint, type=item.code, allowed=allowed)
            return False
        found.extend(look_at_value(constraint, item))
        if constraint.binding is not None:
            found.extend(look_at_codes(constraint, constraint.binding, item, self.profiles.terminology))
        if constraint.targets is not None and item.code == "Reference":
            self._target(constraint, constraint.targets, item, found)
        if constraint.aggregation is not None and item.code == "Reference":
            self._aggregated(constraint, constraint.aggregation, item, found)
        if constraint.profiles is not None and item.code in constraint.profiles:
            self._typed(constraint, constraint.profiles[item.code], item, item.path, found)
        if constraint.invariants and self.invariants:
            self._invariants(constraint, item, found)
        return True

    def _note(
        self, found: list[Finding], fault: ProfileFault, path: str, constraint: Constraint, **names: Any
    ) -> None:
        found.append(fault.at(path, constraint.rule, element=constraint.label, **names))

    def _typed(
        self, constraint: Constraint, addresses: tuple[str, ...], item: Item, place: str, found: list[Finding]
    ) -> None:
        """The item against the profiles of its type, of which one must fit."""
        if len(addresses) == 1:
            if not is_base(addresses[0]):
                found.extend(self._by_address(item, addresses[0], place))
            return
        answers = [self.fits_profile(item, address) for address in addresses]
        if True in answers:
            return
        if None in answers:
            for address, answer in zip(addresses, answers, strict=True):
                if answer is None:
                    found.append(faults.PROFILE_UNKNOWN.at(place, _rule_of(address), profile=_shown(address)))
            return
        self._note(found, faults.NONE_FITS, place, constraint, allowed=", ".join(addresses))

    # Invariants

    def _invariants(self, constraint: Constraint, item: Item, found: list[Finding]) -> None:
        for invariant in constraint.invariants:
            try:
                answer = holds(invariant, item, self.profiles.terminology, self.fits_profile)
            except LienthongError as error:
                why = f"its expression can't be run ({error.code})"
                self._rule_note(found, faults.INVARIANT_UNKNOWN, item.path, constraint, invariant, why=why)
                continue
            if answer is None:
                why = "it asks for what is not in hand: a resource, a value set or a profile"
                self._rule_note(found, faults.INVARIANT_UNKNOWN, item.path, constraint, invariant, why=why)
            elif not answer:
                self._rule_note(found, faults.INVARIANT, item.path, constraint, invariant)

    def _rule_note(
        self,
        found: list[Finding],
        fault: ProfileFault,
        path: str,
        constraint: Constraint,
        invariant: Invariant,
        **names: str,
    ) -> None:
        rule = constraint.rule
        named = Rule(f"{rule.id}:{invariant.key}", invariant.human or rule.title, rule.source)
        severity = Severity.WARNING if fault is faults.INVARIANT and invariant.severity == "warning" else None
        found.append(
            fault.at(
                path,
                named,
                severity=severity,
                element=constraint.label,
                key=invariant.key,
                human=invariant.human,
                expression=invariant.expression[:_LONGEST],
                **names,
            )
        )

    # References

    def _target(self, constraint: Constraint, targets: tuple[str, ...], item: Item, found: list[Finding]) -> None:
        target = resolve(item)
        named = target.code if target is not None else _named_type(item.value)
        if not named:
            return
        possible = [address for address in targets if self._may_be(named, address)]
        if not possible:
            allowed = ", ".join(address.removeprefix(ORIGIN) for address in targets)
            self._note(found, faults.TARGET_TYPE, item.path, constraint, allowed=allowed)
        elif target is not None and not any(is_base(address) for address in possible):
            self._typed(constraint, tuple(possible), target, item.path, found)

    def _may_be(self, type_name: str, address: str) -> bool:
        """Whether a resource of the type may fit the profile (or be of the type) at the address."""
        if is_base(address):
            return _is_of(type_name, bare(address).removeprefix(ORIGIN))
        try:
            definition = self.profiles.definition(address)
        except LienthongError:
            return True
        return definition is None or _is_of(type_name, definition.type)

    def _aggregated(self, constraint: Constraint, allowed: frozenset[str], item: Item, found: list[Finding]) -> None:
        text = item.value.get("reference") if isinstance(item.value, dict) else None
        if not isinstance(text, str):
            return
        if text.startswith("#"):
            places = {"contained"}
        elif resolve(item) is not None:
            places = {"bundled", "referenced"}
        else:
            places = {"referenced"}
        if allowed.isdisjoint(places):
            self._note(found, faults.AGGREGATION, item.path, constraint, allowed=" or ".join(sorted(allowed)))


_LONGEST = 300


def _inner_resources(item: Item) -> list[Item]:
    """The contained resources, and those in the entries of a Bundle or the parameters of Parameters."""
    inner = children(item, "contained") if "contained" in item.value else []
    for name in ("entry", "parameter") if item.code in ("Bundle", "Parameters") else ():
        for part in children(item, name):
            inner += children(part, "resource")
    return inner


def _rule_of(address: str) -> Rule:
    shown = _shown(address)
    return Rule(shown, "A claimed profile holds", f"FHIR R4 4.0.1, resource.html#profile-tags, {shown}")


def _shown(address: str) -> str:
    """A canonical address as a message may show it: what is none could be a patient's value."""
    is_address = address.startswith(("http://", "https://", "urn:")) and len(address) <= 255 and "?" not in address
    return address if is_address and not any(sign.isspace() for sign in address) else "named here"


def _is_of(code: str, wanted: str) -> bool:
    """Whether a type is the wanted one or built on it."""
    return code == wanted or (schema.is_type(code) and wanted in schema.ancestry(code))


def _named_type(value: Any) -> str:
    """The type of resource that a Reference names by its text or its type."""
    if not isinstance(value, dict):
        return ""
    text, said = value.get("reference"), value.get("type")
    named = parse_reference(text).type if isinstance(text, str) else ""
    return named or (said if isinstance(said, str) and said in schema.resource_types() else "")
