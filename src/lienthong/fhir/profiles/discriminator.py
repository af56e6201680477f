"""Compiles the discriminators of a slicing into tests that say whether an item belongs to a slice.

The paths are the restricted FHIRPath of FHIR R4 profiling.html#discriminator: names, `$this`, `resolve()`,
`extension(url)`, `ofType(type)`. What the slice asks at a path is read from the profile's tree, through the profiles
of types and of reference targets. A test is None for an item when what it rests on is not in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lienthong.core.errors import LienthongError
from lienthong.fhir import schema
from lienthong.fhir.fhirpath import nodes, parse
from lienthong.fhir.profiles.constraint import Look, Test
from lienthong.fhir.profiles.definition import ORIGIN, Discriminator, Slicing, bare
from lienthong.fhir.profiles.items import Item, children, resolve
from lienthong.fhir.profiles.matching import equals, fits
from lienthong.fhir.profiles.tree import Node

__all__ = ["Unclear", "test_of"]

TreeOf = Callable[[str], Node | None]
"""The tree of a profile by its canonical address; None where it is not here."""


class Unclear(Exception):
    """The slices can't be told apart; the text says why."""


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str  # name, resolve, extension, type
    value: str = ""


_URL = (Discriminator("value", "url"),)


def test_of(slicing: Slicing | None, node: Node, tree_of: TreeOf) -> Test:
    """The test of one slice (`node`).

    A choice is sliced by type and extensions by url where the slicing does not say how. Raises Unclear.
    """
    discriminators = () if slicing is None else slicing.discriminators
    if not discriminators:
        if node.base is not None and node.base.is_choice:
            return _type_test(node)
        if node.base is not None and node.base.types == ("Extension",):
            discriminators = _URL
        else:
            raise Unclear("the profile names no discriminator")
    if discriminators == _URL and (urls := frozenset(bare(url) for item in node.types for url in item.profiles)):
        # an extension's definition has the address that the extension's url is, so it need not be here
        return lambda item, _look: _url(item) in urls
    tests = tuple(_test(item, node, tree_of) for item in discriminators)
    return tests[0] if len(tests) == 1 else _all(tests)


def _all(tests: tuple[Test, ...]) -> Test:
    def test(item: Item, look: Look) -> bool | None:
        unsure = False
        for part in tests:
            answer = part(item, look)
            if answer is False:
                return False
            unsure |= answer is None
        return None if unsure else True

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(item: Item, look: Look) -> bool | None:
        answers = [part(item, look) for part in tests]
        return True if True in answers else None if None in answers else False

    return test


def _type_test(node: Node) -> Test:
    codes = frozenset(item.code for item in node.types)
    return lambda item, _look: item.code in codes


def _test(discriminator: Discriminator, node: Node, tree_of: TreeOf) -> Test:
    steps = _steps(discriminator.path)
    places = list(_places(node, steps, tree_of))
    match discriminator.type:
        case "value" | "pattern":
            tests = tuple(test for place in places if (test := _value_test(place, tree_of)) is not None)
            if not tests:
                return _from_above(node, steps) or _absent(node, steps, discriminator.path)
            return _at(steps, _any(tests) if len(tests) > 1 else tests[0])
        case "exists":
            return _exists(node, steps, discriminator.path)
        case "type":
            codes = frozenset(_codes(places))
            if not codes:
                raise Unclear(f"the slice {node.slice_name} says no type at {discriminator.path}")
            return _at(steps, lambda item, _look: _has_type(item.code, codes))
        case "profile":
            profiles = tuple(dict.fromkeys(_profiles(node, steps, tree_of)))
            if not profiles:
                raise Unclear(f"the slice {node.slice_name} says no profile at {discriminator.path}")
            return _at(steps, _any(tuple(_profile_test(item) for item in profiles)))
    raise Unclear(f"a discriminator of the kind {discriminator.type[:20]} is not of FHIR R4")


def _has_type(code: str, allowed: frozenset[str]) -> bool:
    return not allowed.isdisjoint(schema.ancestry(code)) if schema.is_type(code) else code in allowed


def _profile_test(canonical: str) -> Test:
    return lambda item, look: look.fits_profile(item, canonical)


def _at(steps: tuple[_Step, ...], test: Test) -> Test:
    """The test on what stands at the path: one that passes is enough."""
    if not steps:
        return test

    def walk(item: Item, look: Look) -> bool | None:
        found, missing = _follow(item, steps)
        answers = [test(part, look) for part in found]
        return True if True in answers else None if missing or None in answers else False

    return walk


def _follow(item: Item, steps: tuple[_Step, ...]) -> tuple[list[Item], bool]:
    """The items at a path, and whether a reference on the way leads to what is not in hand."""
    found, missing = [item], False
    for step in steps:
        following: list[Item] = []
        for part in found:
            if step.kind == "name":
                following += children(part, step.value)
            elif step.kind == "type":
                following += [part] if _has_type(part.code, frozenset({step.value})) else []
            elif step.kind == "extension":
                following += [one for one in children(part, "extension") if _url(one) == step.value]
            else:
                target = resolve(part)
                if target is None:
                    missing = True
                else:
                    following.append(target)
        found = following
    return found, missing


def _url(item: Item) -> str:
    url = item.value.get("url") if isinstance(item.value, dict) else None
    return url if isinstance(url, str) else ""


def _steps(path: str) -> tuple[_Step, ...]:
    try:
        tree = parse(path)
    except LienthongError as error:
        raise Unclear(f"the path of a discriminator is no FHIRPath ({error.code})") from None
    steps: list[_Step] = []
    node: nodes.Node | None = tree
    while node is not None:
        match node:
            case nodes.Member(input=rest, name=name):
                steps.append(_Step("name", name))
            case nodes.Call(input=rest, name="resolve", arguments=()):
                steps.append(_Step("resolve"))
            case nodes.Call(input=rest, name="extension", arguments=(nodes.Literal(value=str(url)),)):
                steps.append(_Step("extension", url))
            case nodes.Call(input=rest, name="ofType", arguments=(nodes.Member(name=code),)):
                steps.append(_Step("type", code))
            case nodes.TypeOperation(operator="as", operand=rest, type=code):
                steps.append(_Step("type", code.rpartition(".")[2]))
            case nodes.Variable(name="$this"):
                break
            case _:
                raise Unclear("the path of a discriminator uses more than FHIR R4 allows there")
        node = rest
    return tuple(reversed(steps))


def _with_profiles(node: Node, tree_of: TreeOf) -> Iterator[Node]:
    """The node, and the trees of the profiles that its types name."""
    yield node
    for item in node.types:
        for canonical in item.profiles:
            tree = tree_of(canonical)
            if tree is not None:
                yield tree


def _places(node: Node, steps: tuple[_Step, ...], tree_of: TreeOf) -> Iterator[Node]:
    """The nodes at a path, as far as the profile says anything there."""
    if not steps:
        yield from _with_profiles(node, tree_of)
        return
    step, rest = steps[0], steps[1:]
    if step.kind == "resolve":
        for item in node.types:
            for canonical in item.targets:
                tree = tree_of(canonical) or _type_node(canonical)
                if tree is not None:
                    yield from _places(tree, rest, tree_of)
        return
    for place in _with_profiles(node, tree_of):
        if step.kind == "type":
            yield from _places(_typed(place, step.value), rest, tree_of)
        elif step.kind == "extension":
            holder = place.peek("extension")
            for part in [] if holder is None else holder.slices.values():
                if any(bare(url) == step.value for item in part.types for url in item.profiles):
                    yield from _places(part, rest, tree_of)
        else:
            child = place.peek(step.value)
            for part in () if child is None else (child, *child.slices.values()):
                yield from _places(part, rest, tree_of)


def _typed(node: Node, code: str) -> Node:
    """The slice by type of a choice, or the node itself."""
    return next((part for part in node.slices.values() if [item.code for item in part.types] == [code]), node)


def _type_node(canonical: str) -> Node | None:
    from_base = canonical.removeprefix(ORIGIN)
    if from_base == canonical or not schema.is_type(from_base):
        return None
    return Node(from_base, None, [], None)


def _value_test(node: Node, tree_of: TreeOf) -> Test | None:
    """What the profile fixes at a node: its value, its pattern, its required codes; or the same of what is below."""
    if node.fixed is not None:
        wanted = node.fixed.value
        return lambda item, _look: equals(item.value, wanted)
    if node.pattern is not None:
        pattern = node.pattern.value
        return lambda item, _look: fits(item.value, pattern)
    if node.binding is not None and node.binding.strength == "required" and node.binding.value_set:
        binding = node.binding
        return lambda item, look: look.is_bound(item, binding)
    tests: list[Test] = []
    for name, child in node.children.items():
        step = (_Step("name", name.removesuffix("[x]")),)
        options = [part for part in child.slices.values() if part.min > 0] or [child]
        for option in options:
            for place in _with_profiles(option, tree_of):
                test = _value_test(place, tree_of)
                if test is not None:
                    tests.append(_at(step, test))
                    break
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else _all(tuple(tests))


def _from_above(node: Node, steps: tuple[_Step, ...]) -> Test | None:
    """The value at the path inside a fixed value or pattern that stands above it (`code` for `code.coding.code`)."""
    place: Node | None = node
    for number, step in enumerate(steps):
        assert place is not None
        above = place.fixed or place.pattern
        if above is not None:
            wanted = _inside(above.value, steps[number:])
            return _at(steps, _one_of(wanted)) if wanted else None
        place = place.peek(step.value) if step.kind == "name" else None
        if place is None:
            return None
    return None


def _one_of(wanted: list[Any]) -> Test:
    return lambda item, _look: any(fits(item.value, part) for part in wanted)


def _inside(value: Any, steps: tuple[_Step, ...]) -> list[Any]:
    found = [value]
    for step in steps:
        following: list[Any] = []
        for part in found:
            inner = part.get(step.value) if isinstance(part, dict) and step.kind == "name" else None
            following += inner if isinstance(inner, list) else [] if inner is None else [inner]
        found = following
    return found


def _limits(node: Node, steps: tuple[_Step, ...]) -> Node | None:
    """The node at a path of plain names and types, or None."""
    place: Node | None = node
    for step in steps:
        if place is None or step.kind not in ("name", "type"):
            return None
        place = place.peek(step.value) if step.kind == "name" else _typed(place, step.value)
    return place


def _exists(node: Node, steps: tuple[_Step, ...], path: str) -> Test:
    test = _presence(node, steps)
    if test is None:
        raise Unclear(f"the slice {node.slice_name} neither requires nor prohibits {path}")
    return test


def _presence(node: Node, steps: tuple[_Step, ...]) -> Test | None:
    place = _limits(node, steps)
    if place is None or not steps:
        return None
    if place.max == 0:
        return lambda item, _look: not _follow(item, steps)[0]
    if place.min > 0:
        return lambda item, _look: bool(_follow(item, steps)[0])
    return None


def _absent(node: Node, steps: tuple[_Step, ...], path: str) -> Test:
    """A value discriminator where the slice fixes no value: it may still prohibit the element."""
    place = _limits(node, steps)
    if place is not None and place.max == 0 and steps:
        return lambda item, _look: not _follow(item, steps)[0]
    raise Unclear(f"the slice {node.slice_name} fixes no value at {path}, or what it names is not loaded")


def _codes(places: list[Node]) -> Iterator[str]:
    whole = [place for place in places if not place.slice_name] or places
    for place in whole:
        if place.parent is None and place.base is None:
            yield place.name  # the tree of a profile, or a type
        else:
            for item in place.types:
                yield item.code


def _profiles(node: Node, steps: tuple[_Step, ...], tree_of: TreeOf) -> Iterator[str]:
    """The canonical addresses that a slice names at a path: of a type, or of a reference's target."""
    if steps and steps[-1].kind == "resolve":
        for place in _places(node, steps[:-1], tree_of):
            for item in place.types:
                yield from item.targets
        return
    for place in _places(node, steps, tree_of):
        for item in place.types:
            yield from item.profiles
