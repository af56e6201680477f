"""Answers an invariant by a look at the members of its element, where that is enough; else it does not know.

Nearly all invariants ask whether members are there, or compare a code with a literal. `sketch` makes a function of
such an expression that says True, False, EMPTY or UNKNOWN for an object, in the time of a few look-ups; where the
answer is UNKNOWN the expression itself is run. `needed` finds the members without which an invariant holds anyway,
so that most need not even be looked at. `tests/unit/fhir/invariants/test_shortcuts_agree.py` runs both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final

from lienthong.fhir import primitives, schema
from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.primitives import JsonKind

__all__ = ["EMPTY", "SPECIAL", "UNKNOWN", "Sketch", "needed", "sketch"]


class _Sign:
    """An answer that is no value."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


EMPTY: Final = _Sign("EMPTY")
UNKNOWN: Final = _Sign("UNKNOWN")
_SOME: Final = _Sign("SOME")  # there is something, and no matter what

Sketch = Callable[[Mapping[str, Any]], Any]
_Leaf = Callable[[schema.Element], Sketch]

_DATES = frozenset({"date", "dateTime", "instant"})
_BOOLEANS = frozenset({"and", "or", "xor", "implies"})
# Of nothing they give nothing, whatever their arguments.
_PASSING = frozenset({"where", "select", "first", "last", "tail", "trace", "as", "ofType", "resolve", "toInteger"})


def sketch(tree: ast.Node, type_name: str) -> Sketch:
    """The function that answers an expression for an object of the type: True, False, EMPTY or UNKNOWN."""
    if not schema.is_type(type_name) or schema.is_primitive(type_name):
        return _unknown
    return _truth(_Sketcher(type_name, _member).of(tree))


def needed(tree: ast.Node, type_name: str) -> frozenset[str] | None:
    """The JSON names of which one must be there for the invariant to fail; None where it may fail without any.

    Where each of several elements is needed, the first one that the expression names is given.
    """
    if not schema.is_type(type_name) or schema.is_primitive(type_name):
        return None
    for element in _named(tree, type_name):

        def leaf(item: schema.Element, absent: schema.Element = element) -> Sketch:
            return _always(EMPTY if item == absent else UNKNOWN)

        if _truth(_Sketcher(type_name, leaf).of(tree))({}) is True:
            beside = [
                "_" + name
                for code, name in zip(element.types, element.json_names, strict=True)
                if schema.is_primitive(code)
            ]
            return frozenset((*element.json_names, *beside))
    return None


def _named(tree: ast.Node, type_name: str) -> Iterator[schema.Element]:
    """The elements of the type that an expression names first, in its order."""
    match tree:
        case ast.Member(None, name):
            element = schema.element(type_name, name)
            if element is not None:
                yield element
        case ast.Member(inner):
            if inner is not None:
                yield from _named(inner, type_name)
        case ast.Call(inner, _, arguments):
            if inner is not None:
                yield from _named(inner, type_name)
            elif arguments:
                yield from (item for part in arguments for item in _named(part, type_name))
        case ast.Binary(_, left, right) | ast.Index(left, right):
            yield from _named(left, type_name)
            yield from _named(right, type_name)
        case ast.TypeOperation(_, inner):
            yield from _named(inner, type_name)


class _Sketcher:
    """Makes the functions for one type; `leaf` says what is known of an element of the object."""

    def __init__(self, type_name: str, leaf: _Leaf) -> None:
        self.type_name = type_name
        self.leaf = leaf

    def of(self, tree: ast.Node) -> Sketch:
        match tree:
            case ast.Literal(kind, value) if kind in (ast.LiteralKind.STRING, ast.LiteralKind.BOOLEAN):
                return _always(value)
            case ast.Literal(ast.LiteralKind.INTEGER, value):
                return _always(value)
            case ast.Member(None, name):
                element = schema.element(self.type_name, name)
                if element is None or name[:1].isupper() or (element.choice and not element.is_choice):
                    return _unknown
                return self.leaf(element)
            case ast.Member(inner) if inner is not None:
                return _passing(self.of(inner))
            case ast.Call(inner, name, arguments) if inner is not None:
                return self._call(inner, name, arguments)
            case ast.Call(None, "iif", (test, ast.Literal(_, bool() as one), ast.Literal(_, bool() as two))):
                run = _truth(self.of(test))
                return lambda this: _chosen(run(this), one, two)
            case ast.Binary(operator, left, right):
                return self._binary(operator, left, right)
            case ast.TypeOperation(_, operand):
                return _passing(self.of(operand))
            case _:
                return _unknown

    def _call(self, inner: ast.Node, name: str, arguments: tuple[ast.Node, ...]) -> Sketch:
        source = self.of(inner)
        if name in _PASSING:
            return _passing(source)
        match name, arguments:
            case "exists", ():
                return lambda this: _exists(source(this))
            case "empty", ():
                return lambda this: _not(_exists(source(this)))
            case "exists", _:
                return lambda this: False if source(this) is EMPTY else UNKNOWN
            case (("all" | "isDistinct"), _):
                return lambda this: True if source(this) is EMPTY else UNKNOWN
            case "hasValue", ():
                return lambda this: _has_value(source(this))
            case "not", ():
                return lambda this: _not(source(this))
            case "count", ():
                return lambda this: _counted(this, source, inner)
            case (("startsWith" | "contains"), (ast.Literal(ast.LiteralKind.STRING, str() as text),)):
                return _text_test(source, text, at_start=name == "startsWith") if self._is_text(inner) else _unknown
        return _unknown

    def _binary(self, operator: str, left: ast.Node, right: ast.Node) -> Sketch:
        one, two = self.of(left), self.of(right)
        if operator in _BOOLEANS:
            combine = _LOGIC[operator]
            return lambda this: combine(_truth_value(one(this)), two, this)
        if operator in ("=", "!="):
            if not (self._is_plain(left) and self._is_plain(right)):
                return lambda this: EMPTY if one(this) is EMPTY or two(this) is EMPTY else UNKNOWN
            wanted = operator == "="
            return lambda this: _equal(one(this), two(this), wanted=wanted)
        if operator == "in" and self._is_text(left):
            texts = _texts(right)
            return _unknown if texts is None else lambda this: _within(one(this), texts)
        if operator in ("<=", ">=", "<", ">"):
            if self._is_date(left) and self._is_date(right):
                in_order = _TEXT_ORDER[operator]
                return lambda this: _ordered(one(this), two(this), in_order)
            compare = _ORDER[operator]
            return lambda this: _compared(one(this), two(this), compare)
        if operator == "+":
            return lambda this: _sum(one(this), two(this))
        return _unknown

    # What is known about a part of the expression without an object

    def _element(self, tree: ast.Node) -> schema.Element | None:
        match tree:
            case ast.Member(None, name):
                return schema.element(self.type_name, name)
            case _:
                return None

    def _is_text(self, tree: ast.Node) -> bool:
        """Whether its value is a text that is compared sign by sign, as dates are not."""
        if isinstance(tree, ast.Literal):
            return tree.kind is ast.LiteralKind.STRING
        element = self._element(tree)
        return (
            element is not None
            and len(element.types) == 1
            and schema.is_primitive(element.types[0])
            and primitives.json_kind(element.types[0]) is JsonKind.STRING
            and element.types[0] not in (*_DATES, "time")
        )

    def _is_plain(self, tree: ast.Node) -> bool:
        """Whether equality of its values is that of Python's: texts, booleans, answers of functions."""
        if self._is_text(tree):
            return True
        match tree:
            case ast.Literal(kind):
                return kind in (ast.LiteralKind.BOOLEAN, ast.LiteralKind.INTEGER)
            case ast.Call(inner, name) if inner is not None:
                return name in ("exists", "empty", "count", "not", "hasValue")
            case ast.Binary(operator, left, right):
                return operator in _BOOLEANS or (
                    operator in ("=", "!=", "+") and self._is_plain(left) and self._is_plain(right)
                )
        element = self._element(tree)
        return element is not None and element.types == ("boolean",)

    def _is_date(self, tree: ast.Node) -> bool:
        element = self._element(tree)
        return element is not None and len(element.types) == 1 and element.types[0] in _DATES


def _always(value: Any) -> Sketch:
    return lambda _this: value


def _unknown(_this: Mapping[str, Any]) -> Any:
    return UNKNOWN


def _member(element: schema.Element) -> Sketch:
    """What an object says of its element: EMPTY, a text or boolean itself, that there is something, or UNKNOWN."""
    names = element.json_names
    primitive = [name for code, name in zip(element.types, names, strict=True) if schema.is_primitive(code)]
    if not primitive:
        if len(names) == 1:
            (only,) = names
            return lambda this: _SOME if only in this else EMPTY
        return lambda this: EMPTY if this.keys().isdisjoint(names) else _SOME
    if len(names) == 1 and not element.is_list:
        return _primitive(names[0], element.types[0])
    beside = frozenset("_" + name for name in primitive)

    def some(this: Mapping[str, Any]) -> Any:
        if not this.keys().isdisjoint(beside):
            return UNKNOWN
        return EMPTY if this.keys().isdisjoint(names) else _SOME

    return some


def _primitive(name: str, code: str) -> Sketch:
    beside = "_" + name
    shown = primitives.json_kind(code) in (JsonKind.STRING, JsonKind.BOOLEAN)

    def value(this: Mapping[str, Any]) -> Any:
        if beside in this:
            return UNKNOWN  # it may have no value, or an id
        found = this.get(name)
        if found is None:
            return EMPTY
        return found if shown and type(found) in (str, bool) else _SOME

    return value


def _passing(source: Sketch) -> Sketch:
    return lambda this: EMPTY if source(this) is EMPTY else UNKNOWN


def _truth(run: Sketch) -> Sketch:
    return lambda this: _truth_value(run(this))


def _truth_value(value: Any) -> Any:
    return value if type(value) is bool or value is EMPTY else UNKNOWN


def _exists(value: Any) -> Any:
    return UNKNOWN if value is UNKNOWN else value is not EMPTY


def _has_value(value: Any) -> Any:
    if value is EMPTY:
        return False
    return UNKNOWN if value is UNKNOWN or value is _SOME else True


def _not(value: Any) -> Any:
    return not value if type(value) is bool else EMPTY if value is EMPTY else UNKNOWN


def _counted(this: Mapping[str, Any], source: Sketch, tree: ast.Node) -> Any:
    value = source(this)
    if value is EMPTY:
        return 0
    if value is UNKNOWN or not isinstance(tree, ast.Member) or tree.input is not None:
        return UNKNOWN
    found = this.get(tree.name)
    if type(found) is list:
        return len(found)
    return UNKNOWN if found is None else 1


def _text_test(source: Sketch, text: str, *, at_start: bool) -> Sketch:
    def test(this: Mapping[str, Any]) -> Any:
        value = source(this)
        if type(value) is str:
            return value.startswith(text) if at_start else text in value
        return EMPTY if value is EMPTY else UNKNOWN

    return test


def _equal(one: Any, two: Any, *, wanted: bool) -> Any:
    if one is EMPTY or two is EMPTY:
        return EMPTY
    kind = type(one)
    if kind is not type(two) or kind is _Sign:
        return UNKNOWN
    return (one == two) is wanted


def _within(value: Any, texts: frozenset[str]) -> Any:
    if type(value) is str:
        return value in texts
    return EMPTY if value is EMPTY else UNKNOWN


def _contained_are_named(this: Mapping[str, Any]) -> Any:
    """dom-3, which walks the resource four times: True where a `reference` names each contained resource."""
    missing = {part.get("id") for part in this.get("contained", ()) if type(part) is dict}
    todo: list[Any] = [this]
    while todo and missing:
        value = todo.pop()
        if type(value) is dict:
            text = value.get("reference")
            if type(text) is str and text[:1] == "#":
                missing.discard(text[1:])
            todo.extend(item for item in value.values() if type(item) is dict or type(item) is list)
        elif type(value) is list:
            todo.extend(value)
    return UNKNOWN if missing else True


SPECIAL: Mapping[str, Sketch] = {"dom-3": _contained_are_named}
"""Shortcuts written for one invariant, by its key."""


def _texts(tree: ast.Node) -> frozenset[str] | None:
    match tree:
        case ast.Literal(ast.LiteralKind.STRING, str() as text):
            return frozenset((text,))
        case ast.Binary("|", left, right):
            one, two = _texts(left), _texts(right)
            return None if one is None or two is None else one | two
        case _:
            return None


def _compared(one: Any, two: Any, compare: Callable[[int, int], bool]) -> Any:
    if one is EMPTY or two is EMPTY:
        return EMPTY
    return compare(one, two) if type(one) is int and type(two) is int else UNKNOWN


def _sum(one: Any, two: Any) -> Any:
    return one + two if type(one) is int and type(two) is int else UNKNOWN


_SECONDS = 19  # "2026-11-24T08:15:00": what follows is a fraction and the offset


def _ordered(one: Any, two: Any, compare: Callable[[str, str], bool]) -> Any:
    """The order of two dates that are written alike: to the same precision, and with the same offset."""
    if one is EMPTY or two is EMPTY:
        return EMPTY
    if type(one) is not str or type(two) is not str or len(one) != len(two) or one[_SECONDS:] != two[_SECONDS:]:
        return UNKNOWN
    return compare(one, two)


def _chosen(value: Any, one: Any, two: Any) -> Any:
    """iif() with two literals."""
    return one if value is True else two if value is False or value is EMPTY else UNKNOWN


def _or(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    if one is True:
        return True
    two = _truth_value(right(this))
    if two is True or one is two:
        return two
    return UNKNOWN if one is UNKNOWN or two is UNKNOWN else EMPTY


def _and(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    if one is False:
        return False
    two = _truth_value(right(this))
    if two is False or one is two:
        return two
    return UNKNOWN if one is UNKNOWN or two is UNKNOWN else EMPTY


def _xor(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    two = _truth_value(right(this))
    if one is UNKNOWN or two is UNKNOWN:
        return UNKNOWN
    return EMPTY if one is EMPTY or two is EMPTY else one is not two


def _implies(one: Any, right: Sketch, this: Mapping[str, Any]) -> Any:
    if one is False:
        return True
    two = _truth_value(right(this))
    if one is True or two is True:
        return two
    return UNKNOWN if one is UNKNOWN or two is UNKNOWN else EMPTY


_LOGIC: Mapping[str, Callable[[Any, Sketch, Mapping[str, Any]], Any]] = {
    "or": _or,
    "and": _and,
    "xor": _xor,
    "implies": _implies,
}
_ORDER: Mapping[str, Callable[[int, int], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_TEXT_ORDER: Mapping[str, Callable[[str, str], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
