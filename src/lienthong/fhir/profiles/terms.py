"""Says whether a code is in a value set, from the ValueSets and CodeSystems at hand; or that it can't be known.

Small expansions only: codes listed, whole code systems at hand, filters by hierarchy (is-a, descendent-of, is-not-a)
and by a property's value. What needs a terminology server is answered None, never guessed.
Source: FHIR R4 4.0.1, valueset.html#compositions and codesystem.html#filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lienthong.fhir import schema
from lienthong.fhir.profiles.definition import bare
from lienthong.terminology.systems import UCUM
from lienthong.terminology.ucum import measure

__all__ = ["Codes", "Terminology"]

_MAX_DEPTH = 32
_MAX_CODES = 1_000_000

_Concept = dict[str, Any]


class Codes:
    """The codes of a value set by system; of the systems in `open` there may be others that are not known here.

    `units` says that every code of UCUM is in, which its grammar tells.
    """

    __slots__ = ("known", "open", "units")

    def __init__(
        self, known: Mapping[str, frozenset[str]], open_systems: frozenset[str], *, units: bool = False
    ) -> None:
        self.known = known
        self.open = open_systems  # "*" stands for any system
        self.units = units

    def has(self, system: str | None, code: str) -> bool | None:
        """Whether the code is in the set; None where it can't be known. Without a system any system will do."""
        if system is None:
            if any(code in codes for codes in self.known.values()) or (self.units and measure(code) is not None):
                return True
            return None if self.open else False
        if code in self.known.get(system, ()) or (self.units and system == UCUM and measure(code) is not None):
            return True
        return None if system in self.open or "*" in self.open else False

    def shown(self) -> str:
        """The codes as a message may list them; empty where they are many or not all known."""
        codes = sorted({code for found in self.known.values() for code in found})
        return ", ".join(codes) if 0 < len(codes) <= 20 and not self.open and not self.units else ""


_UNKNOWN = Codes({}, frozenset({"*"}))


class Terminology:
    """The value sets and code systems at hand by canonical address; `below` is asked for what is not here.

    Of several versions of one address the last one given counts.
    """

    def __init__(self, resources: Iterable[Mapping[str, Any]] = (), below: Terminology | None = None) -> None:
        self._value_sets: dict[str, Mapping[str, Any]] = {}
        self._code_systems: dict[str, Mapping[str, Any]] = {}
        self._below = below
        self._expanded: dict[str, Codes] = {}  # made once each; two threads at worst make the same
        for resource in resources:
            url = resource.get("url")
            if isinstance(url, str):
                kind = self._value_sets if resource.get("resourceType") == "ValueSet" else self._code_systems
                kind[url] = resource

    def codes(self, value_set: str) -> Codes | None:
        """The codes of a value set; None where the set itself is not here."""
        return self._codes(bare(value_set), ())

    def _codes(self, url: str, within: tuple[str, ...]) -> Codes | None:
        """The codes of a set, once each; `within` are the sets that are being listed and include it."""
        if url in within or len(within) > _MAX_DEPTH:
            return _UNKNOWN
        if url not in self._expanded:
            found = self._expand(url, (*within, url))
            if found is None:
                return None  # not remembered: anything may be asked for
            self._expanded[url] = found
        return self._expanded[url]

    def _value_set(self, url: str) -> Mapping[str, Any] | None:
        found = self._value_sets.get(url)
        return found if found is not None or self._below is None else self._below._value_set(url)

    def _code_system(self, url: str) -> Mapping[str, Any] | None:
        found = self._code_systems.get(url)
        return found if found is not None or self._below is None else self._below._code_system(url)

    def _expand(self, url: str, within: tuple[str, ...]) -> Codes | None:
        resource = self._value_set(url)
        if resource is None:
            known = schema.value_set(url)
            return None if known is None else Codes(known, frozenset())
        compose = resource.get("compose")
        if not isinstance(compose, dict):
            return _of_expansion(resource.get("expansion"))
        found: dict[str, set[str]] = {}
        open_systems: set[str] = set()
        units = False
        for part in _dicts(compose.get("include")):
            codes = self._included(part, within)
            units |= codes.units
            open_systems |= codes.open
            for system, members in codes.known.items():
                found.setdefault(system, set()).update(members)
        for part in _dicts(compose.get("exclude")):
            codes = self._included(part, within)
            if units and (codes.units or UCUM in codes.known or UCUM in codes.open or "*" in codes.open):
                units = False
                open_systems.add(UCUM)
            open_systems |= codes.open  # what it takes out is not known
            for system, members in codes.known.items():
                found.get(system, set()).difference_update(members)
            for system in codes.open:
                for name in list(found) if system == "*" else (system,):
                    found.pop(name, None)
        if not found and not open_systems and not units:
            stored = _of_expansion(resource.get("expansion"))
            return stored if not stored.open else Codes({}, frozenset())
        listed = {system: frozenset(codes) for system, codes in found.items()}
        return Codes(listed, frozenset(open_systems), units=units)

    def _included(self, part: Mapping[str, Any], within: tuple[str, ...]) -> Codes:
        """One include: the codes of a system, within all the value sets that it names."""
        made = self._of_system(part) if isinstance(part.get("system"), str) else None
        for url in part.get("valueSet") or ():
            inner = self._codes(bare(url), within) if isinstance(url, str) else None
            inner = _UNKNOWN if inner is None else inner
            made = inner if made is None else _both(made, inner)
        return _UNKNOWN if made is None else made

    def _of_system(self, part: Mapping[str, Any]) -> Codes:
        system: str = part["system"]
        if part.get("concept"):
            return Codes({system: frozenset(_codes(part["concept"]))}, frozenset())
        resource = self._code_system(system)
        unsure = frozenset({system})
        if resource is None:
            is_units = system == UCUM and not part.get("filter")
            return Codes({}, frozenset(), units=True) if is_units else Codes({}, unsure)
        concepts = list(_flat(_dicts(resource.get("concept"))))
        complete = resource.get("content") == "complete" and len(concepts) <= _MAX_CODES
        chosen = {code for code, _, _ in concepts}
        for item in _dicts(part.get("filter")):
            passed = _filtered(concepts, item)
            if passed is None:
                return Codes({}, unsure)
            chosen &= passed
        return Codes({system: frozenset(chosen)}, frozenset() if complete else unsure)


def _filtered(concepts: list[tuple[str, tuple[str, ...], _Concept]], item: Mapping[str, Any]) -> set[str] | None:
    """The codes that a filter lets pass; None for a filter that is not known here."""
    name, operator, value = (item.get(key) for key in ("property", "op", "value"))
    if not isinstance(value, str):
        return None
    by_property = _parents(concepts)
    if name == "concept":
        below = {code for code, above, _ in concepts if value in above or value in by_property(code)}
        match operator:
            case "is-a":
                return below | {value}
            case "descendent-of":
                return below
            case "is-not-a":
                return {code for code, _, _ in concepts} - below - {value}
            case "=":
                return {value}
        return None
    if operator == "=" and name not in ("parent", "child", "code", "display"):
        return {code for code, _, concept in concepts if value in _properties(concept, name)}
    return None


def _parents(concepts: list[tuple[str, tuple[str, ...], _Concept]]) -> Any:
    """A function that gives all that stands above a code by the property `parent`, where a system writes it so."""
    direct = {code: found for code, _, concept in concepts if (found := _properties(concept, "parent"))}

    def above(code: str) -> set[str]:
        seen: set[str] = set()
        todo = list(direct.get(code, ()))
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo.extend(direct.get(name, ()))
        return seen

    return above


def _properties(concept: _Concept, name: object) -> list[str]:
    found = []
    for item in _dicts(concept.get("property")):
        if item.get("code") == name:
            for key, value in item.items():
                if key == "valueCoding" and isinstance(value, dict):
                    found.append(str(value.get("code")))
                elif key == "valueBoolean":
                    found.append("true" if value is True else "false")
                elif key.startswith("value"):
                    found.append(str(value))
    return found


def _flat(concepts: Iterable[_Concept]) -> Iterator[tuple[str, tuple[str, ...], _Concept]]:
    """Every concept with the codes above it, outermost first."""
    todo: list[tuple[_Concept, tuple[str, ...]]] = [(concept, ()) for concept in concepts]
    while todo:
        concept, above = todo.pop()
        code = concept.get("code")
        if isinstance(code, str):
            yield code, above, concept
            todo.extend((inner, (*above, code)) for inner in _dicts(concept.get("concept")))


def _both(one: Codes, two: Codes) -> Codes:
    """What is in both; a system that is open in one is open in the result where the other may have it too."""
    if one.units or two.units:
        codes = one.known.get(UCUM, frozenset()) | two.known.get(UCUM, frozenset())
        within = {code for code in codes if one.has(UCUM, code) is True and two.has(UCUM, code) is True}
        rest = _both(_without_units(one), _without_units(two))
        return Codes({**rest.known, UCUM: frozenset(within)}, rest.open, units=one.units and two.units)
    known = {
        system: frozenset(code for code in codes if two.has(system, code) is True)
        for system, codes in one.known.items()
    }
    unsure = {system for system in one.known if system in two.open or "*" in two.open}
    unsure |= {system for system in one.open if system in two.known or system in two.open or "*" in two.open}
    unsure |= {system for system in two.open if "*" in one.open}
    return Codes(known, frozenset(unsure))


def _without_units(codes: Codes) -> Codes:
    return Codes({system: found for system, found in codes.known.items() if system != UCUM}, codes.open)


def _of_expansion(expansion: object) -> Codes:
    if not isinstance(expansion, dict):
        return _UNKNOWN
    found: dict[str, set[str]] = {}
    todo, count = list(_dicts(expansion.get("contains"))), 0
    while todo and count <= _MAX_CODES:
        item = todo.pop()
        count += 1
        system, code = item.get("system"), item.get("code")
        if isinstance(system, str) and isinstance(code, str) and item.get("abstract") is not True:
            found.setdefault(system, set()).add(code)
        todo.extend(_dicts(item.get("contains")))
    total = expansion.get("total")
    whole = found and not todo and (not isinstance(total, int) or total <= count)
    return Codes({key: frozenset(codes) for key, codes in found.items()}, frozenset() if whole else frozenset({"*"}))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _codes(concepts: object) -> Iterator[str]:
    for item in _dicts(concepts):
        if isinstance(item.get("code"), str):
            yield item["code"]
