"""Answers an invariant by a look at the members of its element, where that is enough; else it does not know.

Nearly all invariants ask whether members are there, or compare a code with a literal. `sketch` makes a function of
such an expression that says True, False, EMPTY or UNKNOWN for an object, in the time of a few look-ups; where the
answer is UNKNOWN the expression itself is run. `needed` finds the members without which an invariant holds anyway,
so that most need not even be looked at. `tests/unit/fhir/invariants/test_shortcuts_agree.py` runs both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lienthong.fhir import primitives, schema
from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.invariants.verdicts import (
    EMPTY,
    LOGIC,
    ORDER,
    SOME,
    TEXT_ORDER,
    UNKNOWN,
    Sketch,
    chosen,
    compared,
    equal,
    exists,
    has_value,
    negated,
    ordered,
    total,
    truth,
    within,
)
from lienthong.fhir.primitives import JsonKind

__all__ = ["EMPTY", "SPECIAL", "UNKNOWN", "Sketch", "needed", "sketch"]

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
                return self._path(tree) or _passing(self.of(inner))
            case ast.Call(inner, name, arguments) if inner is not None:
                return self._call(inner, name, arguments)
            case ast.Call(None, "iif", (test, ast.Literal(_, bool() as one), ast.Literal(_, bool() as two))):
                run = _truth(self.of(test))
                return lambda this: chosen(run(this), one, two)
            case ast.Binary(operator, left, right):
                return self._binary(operator, left, right)
            case ast.TypeOperation(_, operand):
                return _passing(self.of(operand))
            case _:
                return _unknown

    def _call(self, inner: ast.Node, name: str, arguments: tuple[ast.Node, ...]) -> Sketch:
        source = self.of(inner)
        if name == "where":
            return self._path(ast.Call(inner, name, arguments, 0)) or _passing(source)
        if name in _PASSING:
            return _passing(source)
        match name, arguments:
            case "exists", ():
                return lambda this: exists(source(this))
            case "empty", ():
                return lambda this: negated(exists(source(this)))
            case "exists", _:
                return lambda this: False if source(this) is EMPTY else UNKNOWN
            case (("all" | "isDistinct"), _):
                return lambda this: True if source(this) is EMPTY else UNKNOWN
            case "hasValue", ():
                return lambda this: has_value(source(this))
            case "not", ():
                return lambda this: negated(source(this))
            case "count", ():
                return lambda this: _counted(this, source, inner)
            case (("startsWith" | "contains"), (ast.Literal(ast.LiteralKind.STRING, str() as text),)):
                return _text_test(source, text, at_start=name == "startsWith") if self._is_text(inner) else _unknown
        return _unknown

    def _path(self, tree: ast.Node) -> Sketch | None:
        """Whether there is anything at the end of a path through objects; None where it is no such path."""
        first = tree
        while isinstance(first, (ast.Member, ast.Call)) and first.input is not None:
            first = first.input
        beginning, beside = self.of(first), ""
        made = self._objects(tree)
        if made is None and isinstance(tree, ast.Member) and tree.input is not None:
            made = self._objects(tree.input)  # a primitive may stand at the end
            element = None if made is None else schema.element(made[1], tree.name)
            if element is None or len(element.types) > 1 or not schema.is_primitive(element.types[0]):
                return None
            beside = "_" + tree.name
        if made is None:
            return None
        objects, name = made[0], beside[1:]

        def follow(this: Mapping[str, Any]) -> Any:
            begun = beginning(this)
            if begun is EMPTY or begun is UNKNOWN:
                return begun
            found = objects(this)
            if found is None or (beside and any(beside in item for item in found)):
                return UNKNOWN
            return SOME if (any(name in item for item in found) if beside else found) else EMPTY

        return follow

    def _objects(self, tree: ast.Node) -> tuple[_Objects, str] | None:
        """The objects at the end of a path and their type; the function gives None where it does not know."""
        match tree:
            case ast.Member(None, name):
                element, begun = schema.element(self.type_name, name), None
            case ast.Member(ast.Member() | ast.Call() as inner, name):
                begun = self._objects(inner)
                element = None if begun is None else schema.element(begun[1], name)
                if begun is None:
                    return None
            case ast.Call(ast.Member() as inner, "where", (test,)):
                begun = self._objects(inner)
                if begun is None:
                    return None
                return _filtered(begun[0], _truth(_Sketcher(begun[1], _member).of(test))), begun[1]
            case _:
                return None
        if element is None or len(element.types) > 1 or schema.is_primitive(element.types[0]):
            return None
        code = element.types[0]
        return _entered(begun[0] if begun else None, name), "DomainResource" if code == "Resource" else code

    def _binary(self, operator: str, left: ast.Node, right: ast.Node) -> Sketch:
        one, two = self.of(left), self.of(right)
        if operator in _BOOLEANS:
            combine = LOGIC[operator]
            return lambda this: combine(truth(one(this)), two, this)
        if operator in ("=", "!="):
            if not (self._is_plain(left) and self._is_plain(right)):
                return lambda this: EMPTY if one(this) is EMPTY or two(this) is EMPTY else UNKNOWN
            wanted = operator == "="
            return lambda this: equal(one(this), two(this), wanted=wanted)
        if operator == "in" and self._is_text(left):
            texts = _texts(right)
            return _unknown if texts is None else lambda this: within(one(this), texts)
        if operator in ("<=", ">=", "<", ">"):
            if self._is_date(left) and self._is_date(right):
                in_order = TEXT_ORDER[operator]
                return lambda this: ordered(one(this), two(this), in_order)
            compare = ORDER[operator]
            return lambda this: compared(one(this), two(this), compare)
        if operator == "+":
            return lambda this: total(one(this), two(this))
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


_Objects = Callable[[Mapping[str, Any]], "list[Mapping[str, Any]] | None"]


def _entered(begin: _Objects | None, name: str) -> _Objects:
    """The objects at a member of others, or of the object itself."""

    def enter(this: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
        found: list[Mapping[str, Any]] = []
        holders = [this] if begin is None else begin(this)
        if holders is None:
            return None
        for holder in holders:
            value = holder.get(name)
            for part in value if type(value) is list else (value,):
                if type(part) is dict:
                    found.append(part)
                elif part is not None:
                    return None
        return found

    return enter


def _filtered(begin: _Objects, test: Sketch) -> _Objects:
    """The objects of which a criterion is true."""

    def keep(this: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
        found = begin(this)
        if found is None:
            return None
        answers = [test(item) for item in found]
        if UNKNOWN in answers:
            return None
        return [item for item, answer in zip(found, answers, strict=True) if answer is True]

    return keep


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
            return lambda this: SOME if only in this else EMPTY
        return lambda this: EMPTY if this.keys().isdisjoint(names) else SOME
    if len(names) == 1 and not element.is_list:
        return _primitive(names[0], element.types[0])
    beside = frozenset("_" + name for name in primitive)

    def some(this: Mapping[str, Any]) -> Any:
        if not this.keys().isdisjoint(beside):
            return UNKNOWN
        return EMPTY if this.keys().isdisjoint(names) else SOME

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
        return found if shown and type(found) in (str, bool) else SOME

    return value


def _passing(source: Sketch) -> Sketch:
    return lambda this: EMPTY if source(this) is EMPTY else UNKNOWN


def _truth(run: Sketch) -> Sketch:
    return lambda this: truth(run(this))


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
