"""Turns the tree of a profile into constraints: only what it asks beyond the base specification is left.

The base validation has checked the rest, so a profile costs what it adds.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from lienthong.core.finding import Rule
from lienthong.fhir import schema
from lienthong.fhir.invariants.catalogue import published
from lienthong.fhir.profiles.constraint import Constraint, Look, Profile, Slice
from lienthong.fhir.profiles.definition import MANY, ORIGIN, Definition, Invariant, ValueBinding, bare
from lienthong.fhir.profiles.discriminator import TreeOf, Unclear, test_of
from lienthong.fhir.profiles.items import Item
from lienthong.fhir.profiles.tree import Node

__all__ = ["compile_profile"]


def compile_profile(definition: Definition, tree: Node, tree_of: TreeOf) -> Profile:
    """The profile ready to check; `tree_of` gives the trees of the profiles that it names."""
    constraint = _Compiler(definition, tree_of).constraint(tree)
    return Profile(definition.canonical, definition.title, definition.type, constraint)


class _Compiler:
    def __init__(self, definition: Definition, tree_of: TreeOf) -> None:
        self._definition = definition
        self._tree_of = tree_of

    def constraint(self, node: Node) -> Constraint:
        """The constraint of a node, whether it asks anything or not."""
        base = node.base
        is_slice = node.slice_name != ""
        base_min = 0 if base is None or is_slice else base.min
        base_max = MANY if base is None or base.max is None else base.max
        slices, unclear = self._slices(node)
        types = node.types
        return Constraint(
            rule=self._rule(node),
            name=node.name.removesuffix("[x]"),
            shown=node.name,
            min=node.min if node.min > base_min else 0,
            max=node.max if node.max < base_max or is_slice else MANY,
            types=_types(node),
            profiles=MappingProxyType({item.code: item.profiles for item in types if item.profiles}) or None,
            targets=_targets(node),
            aggregation=next((frozenset(item.aggregation) for item in types if item.aggregation), None),
            fixed=node.fixed,
            pattern=node.pattern,
            binding=_binding(node),
            max_length=node.max_length,
            min_value=None if node.min_value is None else node.min_value.value,
            max_value=None if node.max_value is None else node.max_value.value,
            invariants=tuple(item for item in node.invariants.values() if _is_own(item)),
            must_support=node.must_support,
            children=self._children(node),
            slices=slices,
            rules=node.slicing.rules if node.slicing is not None and slices else "open",
            ordered=node.slicing is not None and node.slicing.ordered and bool(slices),
            unclear=unclear,
        )

    def _rule(self, node: Node) -> Rule:
        definition = self._definition
        return Rule(
            f"{definition.canonical}#{node.id}", definition.title, f"{definition.canonical}, element {node.id}"
        )

    def _children(self, node: Node) -> tuple[Constraint, ...]:
        made = (self.constraint(child) for child in node.children.values())
        return tuple(item for item in made if not item.asks_nothing)

    def _slices(self, node: Node) -> tuple[tuple[Slice, ...], str]:
        made: list[Slice] = []
        unclear = ""
        for name, part in node.slices.items():
            try:
                test = test_of(node.slicing, part, self._tree_of)
            except Unclear as error:
                test, unclear = _untold, unclear or f"{error}"
            made.append(Slice(name, test, self.constraint(part)))
        return tuple(made), unclear


def _untold(_item: Item, _look: Look) -> None:
    """The test of a slice that nothing tells apart."""


def _is_own(invariant: Invariant) -> bool:
    """Whether the base specification does not check it already; snapshots repeat its invariants."""
    if not invariant.expression or schema.is_type(bare(invariant.source).removeprefix(ORIGIN)):
        return False
    return (invariant.key, invariant.expression) not in _published()


@cache
def _published() -> frozenset[tuple[str, str]]:
    return frozenset((item.key, item.expression) for item in published())


def _types(node: Node) -> frozenset[str] | None:
    codes = tuple(item.code for item in node.types)
    if node.base is None or not codes or set(codes) == set(node.base.types):
        return None
    return None if "Resource" in codes else frozenset(codes)


def _targets(node: Node) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    for item in node.types:
        if item.code == "Reference":
            if not item.targets or ORIGIN + "Resource" in item.targets:
                return None
            found.update(dict.fromkeys(item.targets))
    if not found or (node.base is not None and set(found) == {ORIGIN + name for name in node.base.targets}):
        return None
    return tuple(found)


_LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"  # the bound of every `language` in R4 itself


def _binding(node: Node) -> ValueBinding | None:
    binding, base = node.binding, None if node.base is None else node.base.binding
    if binding is None or not binding.value_set or (binding.strength in ("example", "") and not binding.at_most):
        return None
    if base is not None and binding.strength == base.strength and bare(binding.value_set) == base.value_set:
        return binding if binding.at_most not in ("", _LANGUAGES) else None
    return binding
