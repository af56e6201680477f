"""The syntax tree made into closures: names and types are resolved here once, and not for every resource.

Source: FHIRPath N1, sections 3 to 7; FHIR R4 fhirpath.html.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from lienthong.fhir import schema
from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.fhirpath.arithmetic import ARITHMETIC, signed
from lienthong.fhir.fhirpath.call import Call
from lienthong.fhir.fhirpath.comparison import COMPARISONS
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.folding import folded, is_fixed, is_literal, remembered
from lienthong.fhir.fhirpath.functions import FUNCTIONS, as_type, is_type, union
from lienthong.fhir.fhirpath.logic import LOGIC
from lienthong.fhir.fhirpath.members import access, choice_plan, open_type, stepper, variant_plan
from lienthong.fhir.fhirpath.operands import integer
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Plan, Scope, focus, many, one, system_type
from lienthong.fhir.fhirpath.temporal import parse_date, parse_datetime, parse_time
from lienthong.fhir.fhirpath.types import is_a, wanted
from lienthong.fhir.fhirpath.values import CALENDAR, Element, Quantity

__all__ = ["Compiler"]

_OPERATORS: Mapping[str, Callable[[Plan, Plan, Source], Plan]] = MappingProxyType(
    {**COMPARISONS, **LOGIC, **ARITHMETIC, "|": union}
)
# FHIR R4 fhirpath.html#vars
_CONSTANTS = MappingProxyType(
    {"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": "http://unitsofmeasure.org"}
)
_IDLE = frozenset({"first", "last", "empty", "exists", "not", "count", "hasValue", "as", "is", "ofType"})
_ORDERED = frozenset({"first", "last", "tail", "skip", "take"})
_PREFIXES = MappingProxyType(
    {"vs-": "http://hl7.org/fhir/ValueSet/", "ext-": "http://hl7.org/fhir/StructureDefinition/"}
)


@dataclass(slots=True)
class Compiler:
    """Compiles one expression; `strict` makes a name that no type can have an error, `as_filters` lets `as()` take
    many items, as FHIR R4's own invariants do."""

    text: str
    strict: bool = False
    as_filters: bool = False
    slots: Any = field(default_factory=itertools.count)
    idle: bool = True  # whether no part asks anything of the environment

    def source(self, at: int) -> Source:
        return Source(self.text, at)

    def new_slot(self) -> int:
        return int(next(self.slots))

    def plan(self, node: ast.Node, scope: Scope) -> Plan:
        """The closure of a tree; faults that the types show are `fhirpath-meaning` and `fhirpath-unknown` errors."""
        plan = self._walk(node, scope)[0]
        if isinstance(node, ast.Binary) and is_literal(node):
            return folded(plan)
        if scope.iterating and plan.one is None and is_fixed(node):
            return remembered(plan, self.new_slot())
        return plan

    def _walk(self, node: ast.Node, scope: Scope) -> tuple[Plan, Scope]:
        match node:
            case ast.Member(tree, name):
                if tree is None:
                    return self._first_name(node, scope), scope
                source, scope = self._walk(tree, scope)
                return self._member(source, name, node), scope
            case ast.Call():
                return self._call(node, scope)
            case ast.Index(tree, index):
                source, inside = self._walk(tree, scope)
                return self._index(source, self.plan(index, scope), node), inside
            case _:
                return self._simple(node, scope), scope

    def _simple(self, node: ast.Node, scope: Scope) -> Plan:
        match node:
            case ast.Literal():
                return self._literal(node)
            case ast.Constant(name):
                return self._constant(node, name, scope)
            case ast.Variable(name):
                return self._variable(node, name, scope)
            case ast.Unary(operator, operand):
                inner = self.plan(operand, scope)
                return signed(inner, operator, self.source(node.at))
            case ast.Binary(operator, left, right):
                source = self.source(node.at)
                self.idle = self.idle and operator != "|"
                return _OPERATORS[operator](self.plan(left, scope), self.plan(right, scope), source)
            case ast.TypeOperation(operator, operand, type_name):
                source = self.source(node.at)
                types = wanted(type_name, source)
                make = is_type if operator == "is" else as_type
                return make(self.plan(operand, scope), types, source, as_filters=self.as_filters)
        raise AssertionError(node)

    def _literal(self, node: ast.Literal) -> Plan:
        kind, value = node.kind, node.value
        if kind is ast.LiteralKind.EMPTY:
            return _nothing()
        if kind is ast.LiteralKind.QUANTITY:
            assert isinstance(value, Decimal) and node.unit is not None
            is_word = node.unit in CALENDAR and not self._is_quoted(node)
            return _fixed(Quantity(value, node.unit, calendar=is_word), "System.Quantity")
        parse = _DATES.get(kind)
        if parse is None:
            return _fixed(value, f"System.{kind.value}")
        found = parse(str(value).removeprefix("T") if kind is ast.LiteralKind.TIME else str(value))
        if found is None:
            raise self.source(node.at).meaning("there is no such date or time")
        return _fixed(found, f"System.{kind.value}")

    def _is_quoted(self, node: ast.Literal) -> bool:
        return "'" in self.text[node.at :].split(str(node.unit), 1)[0]

    def _constant(self, node: ast.Constant, name: str, scope: Scope) -> Plan:
        self.idle = False
        if name in scope.variables:
            slot, types = scope.variables[name]
            return many(lambda this, env: (env.variables or {}).get(slot, EMPTY), *types)
        if name == "resource":
            return one(lambda this, env: env.resource, *scope.resource)
        if name == "rootResource":
            return one(lambda this, env: env.resource if env.root is None else env.root)
        if name == "context":
            return one(lambda this, env: env.resource if env.context is None else env.context)
        for prefix, address in _PREFIXES.items():
            if name.startswith(prefix):
                return _fixed(address + name.removeprefix(prefix), "System.String")
        source, fixed = self.source(node.at), _CONSTANTS.get(name)
        if fixed is not None:
            return _fixed(fixed, "System.String")

        def run(this: Any, env: Env) -> list[Any]:
            if name not in env.constants:
                given = ", ".join(sorted(env.constants)) or "none was given"
                raise source.unknown(f"the constant %{name}", f"constants of the environment: {given}")
            value = env.constants[name]
            return EMPTY if value is None else value if isinstance(value, list) else [value]

        return many(run)

    def _variable(self, node: ast.Variable, name: str, scope: Scope) -> Plan:
        source = self.source(node.at)
        if name == "$this":
            return focus(*scope.this)
        self.idle = False
        if name == "$index":
            if not scope.iterating:
                raise source.meaning("$index stands only in a function's criterion or projection")
            return one(lambda this, env: env.index, "System.Integer")
        if not scope.aggregating:
            raise source.meaning("$total stands only inside aggregate()")
        return many(lambda this, env: list(env.total))

    def _first_name(self, node: ast.Member, scope: Scope) -> Plan:
        this, name = focus(*scope.this), node.name
        if not name[:1].isupper():
            return self._member(this, name, node)
        if scope.this and not any(open_type(type_name) for type_name in scope.this):
            known = frozenset({name})
            if any(is_a(type_name, known) for type_name in scope.this):
                return this
            return self._member(this, name, node)

        step = stepper(name)

        def run(this: Any, env: Env) -> list[Any]:
            if this is None:
                return EMPTY
            found = this.type if type(this) is Element else system_type(this)
            if found and schema.is_type(found) and name in schema.ancestry(found):
                return [this]
            out: list[Any] = []
            step(this, out)
            return out

        return many(run)

    def _member(self, source: Plan, name: str, node: ast.Member) -> Plan:
        types = source.types
        if not types or any(open_type(type_name) for type_name in types):
            return self._open_member(source, name, ())
        if any(type_name.startswith("System.") for type_name in types):
            return self._open_member(source, name, ())
        found = [item for type_name in types if (item := access(type_name, name)) is not None]
        if not found:
            if self.strict:
                raise self._no_member(types, name, node)
            return _nothing()
        if len(types) == 1 and not schema.is_primitive(types[0]):
            if len(found[0].variants) > 1:
                return choice_plan(source, found[0])
            return variant_plan(source, found[0].variants[0], repeats=found[0].many)
        all_types = dict.fromkeys(variant.type for item in found for variant in item.variants)
        return self._open_member(source, name, tuple(all_types))

    def _open_member(self, source: Plan, name: str, types: tuple[str, ...]) -> Plan:
        run, bare = source.many, len(types) == 1
        step = stepper(name, bare=bare)

        def step_open(this: Any, env: Env) -> list[Any]:
            out: list[Any] = []
            for item in run(this, env):
                step(item, out)
            return out

        return many(step_open, *types)

    def _no_member(self, types: tuple[str, ...], name: str, node: ast.Member) -> Exception:
        what = " or ".join(types[:4])
        allowed = ", ".join(item.name for item in schema.elements(types[0])) if len(types) == 1 else ""
        return self.source(node.at).unknown(f"the element {name} in {what}", allowed)

    def _check_order(self, node: ast.Node | None, at: int, what: str) -> None:
        """In strict mode, what has no order has no first item (N1, 5.3 and 5.8)."""
        while self.strict and isinstance(node, (ast.Member, ast.Call, ast.Index)):
            if isinstance(node, ast.Call) and node.name == "sort":
                return
            if isinstance(node, ast.Call) and node.name in ("children", "descendants"):
                why = f"{what} takes items in order, and those of {node.name}() have none"
                raise self.source(at).meaning(why, "sort() before it")
            node = node.input

    def _index(self, source: Plan, index: Plan, node: ast.Index) -> Plan:
        self._check_order(node.input, node.at, "an index")
        run, place = source.many, integer(index, self.source(node.at), "an index")

        def run_index(this: Any, env: Env) -> Any:
            number = place(this, env)
            if number is None or number < 0:
                return None
            items = run(this, env)
            return items[number] if number < len(items) else None

        return one(run_index, *source.types)

    def _call(self, node: ast.Call, scope: Scope) -> tuple[Plan, Scope]:
        source = self.source(node.at)
        self.idle = self.idle and node.name in _IDLE and (not node.arguments or node.name in ("as", "is", "ofType"))
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise source.unknown(f"the function {node.name}()", ", ".join(sorted(FUNCTIONS)))
        number = len(node.arguments)
        if not function.least <= number <= function.most:
            wanted_number = (
                str(function.least) if function.least == function.most else f"{function.least} to {function.most}"
            )
            raise source.meaning(f"{node.name}() is given {number} arguments", f"{wanted_number} arguments")
        if node.name in _ORDERED:
            self._check_order(node.input, node.at, f"{node.name}()")
        if node.input is None:
            input_plan = focus(*scope.this)
        else:
            input_plan, scope = self._walk(node.input, scope)
        if node.name == "defineVariable":
            return self._define(Call(self, node, input_plan, scope))
        return function.compile(Call(self, node, input_plan, scope)), scope

    def _define(self, call: Call) -> tuple[Plan, Scope]:
        name_node = call.node.arguments[0]
        if not isinstance(name_node, ast.Literal) or not isinstance(name_node.value, str):
            raise call.at(0).meaning("the name of a variable must be a string literal")
        name = name_node.value
        if name in call.scope.variables or name in _CONSTANTS or name in ("resource", "rootResource", "context"):
            raise call.at(0).meaning(f"%{name} is defined already")
        value = call.each(1) if len(call.node.arguments) > 1 else None
        slot, run = self.new_slot(), call.input.many

        def run_define(this: Any, env: Env) -> list[Any]:
            items = run(this, env)
            if env.variables is None:
                env.variables = {}
            if value is None:
                env.variables[slot] = items
            else:
                env.variables[slot] = [part for item in items or [None] for part in value.many(item, env)]
            return items

        types = call.input.types if value is None else value.types
        inside = replace(call.scope, variables={**call.scope.variables, name: (slot, types)})
        return many(run_define, *call.input.types), inside


_DATES: Mapping[ast.LiteralKind, Callable[[str], Any]] = MappingProxyType(
    {
        ast.LiteralKind.DATE: parse_date,
        ast.LiteralKind.DATETIME: parse_datetime,
        ast.LiteralKind.TIME: parse_time,
    }
)


def _fixed(value: Any, *types: str) -> Plan:
    items = [value]
    return Plan(lambda this, env: items, types, lambda this, env: value, constant=value)


def _nothing() -> Plan:
    return Plan(lambda this, env: EMPTY, (), lambda this, env: None)
