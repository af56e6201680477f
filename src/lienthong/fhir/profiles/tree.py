"""Builds the whole tree of a profile: its base's elements with everything that its definition says laid over them.

This is what FHIR calls generating a snapshot. A tree grows only where a definition goes: the children of an element
come from the schema when they are first named. Choices renamed to one type (`valueQuantity`) are slices by type;
slices begin as a copy of the element that they slice; `a/b` slices the slice `a` again.
Source: FHIR R4 4.0.1, profiling.html (slicing, re-slicing) and elementdefinition.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lienthong.core.errors import Category, ErrorKind
from lienthong.fhir import schema
from lienthong.fhir.profiles.definition import (
    MANY,
    ORIGIN,
    Definition,
    ElementRule,
    Invariant,
    Slicing,
    TypeRule,
    Value,
    ValueBinding,
    bare,
)

__all__ = ["Node", "build"]

MAX_NODES = 200_000  # a slice copies what it slices; a hostile definition could copy without end
MAX_CHAIN = 32

BASE_MISSING = ErrorKind(
    "profile-base-missing",
    Category.MISSING,
    what="The profile builds on {base}, which is not here, and it carries no snapshot.",
    allowed="A base type of FHIR R4, or a profile that is loaded too.",
    cure="Load the package that holds the base, or a definition with its snapshot.",
)
BASE_CIRCLE = ErrorKind(
    "profile-base-circle",
    Category.INCORRECT,
    what="The bases of the profile lead round in a circle, or through more than {limit} profiles.",
    cure="Correct baseDefinition in one of them.",
)
ELEMENT_UNKNOWN = ErrorKind(
    "profile-element-unknown",
    Category.INCORRECT,
    what="The profile says something of {element}, and no such element is there.",
    allowed="Paths of the elements of {type}, as FHIR R4 has them.",
    cure="Correct the path in the definition; upper and lower case count.",
)
TOO_LARGE = ErrorKind(
    "profile-too-large",
    Category.UNSUPPORTED,
    what="The profile grows beyond {limit} elements.",
    cure="Look for slices within slices within slices in the definition.",
)


class Node:
    """One element or slice of a tree that is being built."""

    __slots__ = (
        "base",
        "binding",
        "children",
        "fixed",
        "invariants",
        "max",
        "max_length",
        "max_value",
        "min",
        "min_value",
        "must_support",
        "name",
        "parent",
        "pattern",
        "slice_name",
        "slices",
        "slicing",
        "types",
    )

    def __init__(
        self, name: str, base: schema.Element | None, types: Iterable[TypeRule], parent: Node | None
    ) -> None:
        self.name = name
        self.base = base
        self.types = tuple(types)
        self.parent = parent
        self.slice_name = ""
        self.min = 0 if base is None else base.min
        self.max = MANY if base is None or base.max is None else base.max
        self.fixed: Value | None = None
        self.pattern: Value | None = None
        self.binding: ValueBinding | None = None
        self.max_length: int | None = None
        self.min_value: Value | None = None
        self.max_value: Value | None = None
        self.invariants: dict[str, Invariant] = {}
        self.must_support = False
        self.slicing: Slicing | None = None
        self.children: dict[str, Node] = {}
        self.slices: dict[str, Node] = {}

    @property
    def id(self) -> str:
        """The element's id in a snapshot, e.g. `Patient.identifier:cccd.system`."""
        name = self.name + (":" + self.slice_name if self.slice_name else "")
        return name if self.parent is None else f"{self.parent.id}.{name}"

    def child(self, name: str) -> tuple[Node, str] | None:
        """The child of that name, and the slice that the name of a choice with its type means (`valueQuantity`)."""
        plain = name.removesuffix("[x]")
        for item in self.types:
            found = schema.element(item.code, plain) if schema.is_type(item.code) else None
            if found is None:
                continue
            if not found.choice:
                return self._grown(found.name, found), ""
            if found.is_choice:
                return self._grown(found.name + "[x]", found), ""
            whole = schema.element(item.code, found.choice)
            assert whole is not None
            return self._grown(found.choice + "[x]", whole), found.name
        return None

    def _grown(self, name: str, element: schema.Element) -> Node:
        node = self.children.get(name)
        if node is None:
            types = [TypeRule(code, targets=_targets(element, code)) for code in element.types]
            node = self.children[name] = Node(name, element, types, self)
        return node

    def peek(self, name: str) -> Node | None:
        """The child of that name if the profile says anything of it; the tree does not grow."""
        found = self.children.get(name) or self.children.get(name.removesuffix("[x]") + "[x]")
        if found is not None:
            return found
        for node in self.children.values():
            if node.base is not None and node.base.is_choice and name in node.base.json_names:
                return node.slices.get(name, node)
        return None

    def slice(self, name: str, budget: _Budget) -> Node:
        """The slice of that name; a new one allows what the element allows, and need not be there."""
        holder = self
        above = name.rpartition("/")[0]
        if above and above in self.slices:
            holder = self.slices[above]
        found = holder.slices.get(name)
        if found is None:
            found = holder.copy(self.parent, budget)
            found.slices = {}
            found.slicing = None
            found.slice_name = name
            found.min = 0
            code = self._type_of(name)
            if code is not None:
                found.types = tuple(item for item in found.types if item.code == code) or (TypeRule(code),)
            holder.slices[name] = found
        return found

    def _type_of(self, slice_name: str) -> str | None:
        """The type that a slice of a choice is named by."""
        if self.base is None or not self.base.is_choice:
            return None
        for code, json_name in zip(self.base.types, self.base.json_names, strict=True):
            if json_name == slice_name:
                return code
        return None

    def copy(self, parent: Node | None, budget: _Budget) -> Node:
        """The node and all below it anew, under another parent."""
        budget.take()
        made = Node.__new__(Node)
        for field in Node.__slots__:
            setattr(made, field, getattr(self, field))
        made.parent = parent
        made.invariants = dict(self.invariants)
        made.children = {name: node.copy(made, budget) for name, node in self.children.items()}
        made.slices = {name: node.copy(parent, budget) for name, node in self.slices.items()}
        return made

    def lay(self, rule: ElementRule, source: str) -> None:
        """What a rule says of this very node; it may tighten and never widen."""
        if rule.min is not None:
            self.min = max(self.min, rule.min)
        if rule.max is not None:
            self.max = min(self.max, rule.max)
        if rule.types is not None:
            self.types = self._narrowed(rule.types)
        if rule.slicing is not None:
            self.slicing = rule.slicing
        self.must_support |= rule.must_support
        self.lay_values(rule, source)

    def lay_values(self, rule: ElementRule, source: str) -> None:
        """The part of a rule that holds for each value, so for the values of slices too."""
        self.fixed = rule.fixed or self.fixed
        self.pattern = rule.pattern or self.pattern
        self.binding = rule.binding or self.binding
        self.max_length = rule.max_length if rule.max_length is not None else self.max_length
        self.min_value = rule.min_value or self.min_value
        self.max_value = rule.max_value or self.max_value
        for item in rule.invariants:
            said = item.source or source
            self.invariants.setdefault(
                item.key, Invariant(item.key, item.severity, item.human, item.expression, said)
            )

    def _narrowed(self, types: tuple[TypeRule, ...]) -> tuple[TypeRule, ...]:
        """The types of a rule, each with what it had before where the rule repeats no profile or target.

        A backbone element goes by its path in the schema, and by BackboneElement in definitions.
        """
        before = {item.code: item for item in self.types}
        inner = next((code for code in before if schema.is_type(code) and schema.kind(code) == "backbone"), None)
        made = []
        for item in types:
            code = inner if inner is not None and item.code in ("BackboneElement", "Element") else item.code
            old = before.get(code, item)
            made.append(
                TypeRule(
                    code,
                    item.profiles or old.profiles,
                    item.targets or old.targets,
                    item.aggregation or old.aggregation,
                )
            )
        return tuple(made)


class _Budget:
    """How many nodes may still be made."""

    def __init__(self, where: str) -> None:
        self.left = MAX_NODES
        self.where = where

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TOO_LARGE.at(self.where, limit=MAX_NODES)


def _targets(element: schema.Element, code: str) -> tuple[str, ...]:
    return tuple(ORIGIN + target for target in element.targets) if code == "Reference" else ()


Find = Callable[[str], Definition | None]


def build(definition: Definition, find: Find) -> Node:
    """The tree of a profile; `find` gives the definition of another profile by its canonical address.

    Raises `profile-base-missing`, `profile-base-circle`, `profile-element-unknown`, `profile-too-large`.
    """
    chain = [definition]
    while not chain[-1].whole and chain[-1].base and bare(chain[-1].base) != ORIGIN + chain[-1].type:
        below = find(chain[-1].base)
        if below is None:
            if schema.is_type(bare(chain[-1].base).removeprefix(ORIGIN)):
                break  # on an abstract type, e.g. DomainResource; the schema has what it inherits
            raise BASE_MISSING.at(chain[-1].canonical, base=chain[-1].base)
        if len(chain) == MAX_CHAIN or below in chain:
            raise BASE_CIRCLE.at(definition.canonical, limit=MAX_CHAIN)
        chain.append(below)
    root = Node(definition.type, None, [TypeRule(definition.type)], None)
    budget = _Budget(definition.canonical)
    for layer in reversed(chain):
        for rule in layer.elements:
            _lay(root, rule, layer, budget)
    return root


def _lay(root: Node, rule: ElementRule, layer: Definition, budget: _Budget) -> None:
    """One rule on the element it names, also where slices hold a copy of it; and on its slices, for its values."""
    nodes = [root]
    for name, slice_name in rule.steps:
        holders = [node for holder in nodes for node in (holder, *_all_slices(holder))]
        nodes = []
        for number, holder in enumerate(holders):
            found = holder.child(name)
            if found is None:
                if number:  # a slice of another type
                    continue
                raise ELEMENT_UNKNOWN.at(layer.canonical, element=rule.id[:200], type=layer.type)
            budget.take()
            node, by_type = found
            for asked in (by_type, slice_name):
                if asked and node.slice_name != asked:
                    node = node.slice(asked, budget)
            nodes.append(node)
    for node in nodes:
        node.lay(rule, layer.url)
        for part in _all_slices(node):
            part.lay_values(rule, layer.url)


def _all_slices(node: Node) -> Iterator[Node]:
    for item in node.slices.values():
        yield item
        yield from _all_slices(item)
