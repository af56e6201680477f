"""Holds the profiles that are known: definitions and terminology, each profile compiled when first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.fhir import schema
from lienthong.fhir.profiles.compiler import compile_profile
from lienthong.fhir.profiles.constraint import Profile
from lienthong.fhir.profiles.definition import ORIGIN, Definition, bare, read_definition
from lienthong.fhir.profiles.terms import Terminology
from lienthong.fhir.profiles.tree import Node, build

__all__ = ["KINDS", "Profiles", "is_base"]

KINDS: Final = ("StructureDefinition", "ValueSet", "CodeSystem")

NOT_LOADED = ErrorKind(
    "profile-not-loaded",
    Category.NOT_FOUND,
    what="The profile {profile} is not here.",
    allowed="{allowed}",
    cure="Load the file or the package that defines it, and check the address; upper and lower case count.",
)


class Profiles:
    """Profiles that resources can be checked against, with the value sets that they bind.

    It does not change once made and may be shared by threads: what is compiled is only remembered. `below` is asked
    for what is not here, at last the profiles of R4 itself, below which there are none. `missing` names packages that
    were asked for as dependencies and are not here; `has_extensions` says that definitions of extensions were loaded.
    """

    def __init__(
        self,
        resources: Iterable[Mapping[str, Any]] = (),
        *,
        below: Profiles | None = None,
        missing: tuple[str, ...] = (),
    ) -> None:
        self.missing = missing
        self.has_extensions: bool = below is not None and below.has_extensions
        self.lists_must_support: bool = below is not None and below.lists_must_support
        self.applied: tuple[Profile, ...] = () if below is None else below.applied
        self._below = below
        self._raw: dict[str, dict[str, Mapping[str, Any]]] = {}  # address -> version -> definition
        terms: list[Mapping[str, Any]] = []
        for resource in resources:
            if resource.get("resourceType") != "StructureDefinition":
                terms.append(resource)
            elif isinstance(url := resource.get("url"), str) and resource.get("derivation") == "constraint":
                version = resource.get("version")
                self.has_extensions |= below is not None and resource.get("type") == "Extension"
                self._raw.setdefault(url, {})[version if isinstance(version, str) else ""] = resource
        self.terminology: Terminology = Terminology(terms, None if below is None else below.terminology)
        self._definitions: dict[tuple[str, str], Definition] = {}
        self._trees: dict[str, Node | None] = {}
        self._compiled: dict[str, Profile] = {}
        self.quick_halves: dict[bool, Any] = {}  # what `quick` has made; it lives as long as the registry

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the profiles that were loaded, without those of R4 itself."""
        return () if self._below is None else (*self._raw, *self._below.addresses)

    def was_loaded(self, address: str) -> bool:
        """Whether the profile at an address (without version) was loaded, and is not only R4's own."""
        return self._below is not None and (address in self._raw or self._below.was_loaded(address))

    def with_must_support(self) -> Profiles:
        """The same profiles, so that must-support elements which are not given are listed as information."""
        made = Profiles(below=self, missing=self.missing)
        made.lists_must_support = True
        return made

    def applying(self, *canonicals: str) -> Profiles:
        """The same profiles, of which these apply to every resource of their type, also inside a Bundle.

        Raises what `profile` raises.
        """
        made = Profiles(below=self, missing=self.missing)
        made.applied = (*self.applied, *(self.profile(item) for item in canonicals))
        return made

    def profile(self, canonical: str) -> Profile:
        """The profile by its address, `|version` where a certain one is meant; without it the newest.

        Raises `profile-not-loaded`, and what is wrong with its definition.
        """
        found = self.get(canonical)
        if found is None:
            known = ", ".join(sorted(self.addresses)[:10]) or "profiles of FHIR R4 itself, until others are loaded"
            raise NOT_LOADED.at("profiles", profile=canonical[:200], allowed=known)
        return found

    def get(self, canonical: str) -> Profile | None:
        """The profile, or None where it is not here. Raises what is wrong with its definition."""
        found = self._compiled.get(canonical)
        if found is None:
            definition = self.definition(canonical)
            if definition is None:
                return None  # not remembered: a resource may name anything
            tree = build(definition, self.definition)
            found = self._compiled[canonical] = compile_profile(definition, tree, self._tree)
        return found

    def definition(self, canonical: str) -> Definition | None:
        """What defines a profile, read. Raises `profile-not-readable`, `profile-other-release`."""
        url, _, version = canonical.partition("|")
        versions = self._raw.get(url)
        if versions is None or (version and version not in versions):
            return None if self._below is None else self._below.definition(canonical)
        version = version or max(versions, key=_age)
        found = self._definitions.get((url, version))
        if found is None:
            found = self._definitions[url, version] = read_definition(versions[version])
        return found

    def _tree(self, canonical: str) -> Node | None:
        """The tree of a profile, to look up what its slices are told apart by; None where it can't be had."""
        if canonical not in self._trees:
            try:
                definition = self.definition(canonical)
                self._trees[canonical] = None if definition is None else build(definition, self.definition)
            except LienthongError:  # whoever needs the profile itself is told
                self._trees[canonical] = None
        return self._trees[canonical]


def _age(version: str) -> tuple[tuple[int, int | str], ...]:
    """Versions in their order: numbers by their worth, and 1.0.0 after 1.0.0-ballot."""
    release, _, label = version.partition("-")
    parts: list[tuple[int, int | str]] = [
        (1, int(part[:12])) if part.isascii() and part.isdecimal() else (0, part) for part in release.split(".")
    ]
    return (*parts, (2, "") if not label else (0, label))


def is_base(canonical: str) -> bool:
    """Whether it is the definition of a type of FHIR R4 itself, which every resource is checked against anyway."""
    name = bare(canonical).removeprefix(ORIGIN)
    return name != bare(canonical) and schema.is_type(name)
