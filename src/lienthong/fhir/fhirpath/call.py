"""What a function knows when its call is compiled: its input, its arguments, and the place for errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.operands import truth
from lienthong.fhir.fhirpath.plan import Env, One, Plan, Scope

__all__ = ["Call", "Compiling", "Function", "mentions", "start", "walk_items"]


class Compiling(Protocol):
    """The compiler, as functions see it."""

    strict: bool
    as_filters: bool

    def plan(self, node: ast.Node, scope: Scope) -> Plan: ...

    def source(self, at: int) -> Source: ...

    def new_slot(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function."""

    compiler: Compiling
    node: ast.Call
    input: Plan
    scope: Scope

    @property
    def source(self) -> Source:
        return self.compiler.source(self.node.at)

    @property
    def name(self) -> str:
        return f"{self.node.name}()"

    def argument(self, place: int) -> Plan | None:
        """An argument that is evaluated once, where the call stands; None where it is not given."""
        if place >= len(self.node.arguments):
            return None
        return self.compiler.plan(self.node.arguments[place], self.scope)

    def given(self, place: int) -> Plan:
        """An argument that must be there."""
        found = self.argument(place)
        assert found is not None
        return found

    def at(self, place: int) -> Source:
        """The place of an argument."""
        return self.compiler.source(start(self.node.arguments[place]))

    def inner(self, **changes: Any) -> Scope:
        """The scope of an argument that is evaluated for each item of the input."""
        return replace(self.scope, this=self.input.types, iterating=True, **changes)

    def each(self, place: int, scope: Scope | None = None) -> Plan:
        """An argument that is evaluated for each item of the input."""
        return self.compiler.plan(self.node.arguments[place], scope or self.inner())

    def test(self, place: int) -> One:
        """A criterion that is evaluated for each item of the input."""
        return truth(self.each(place), self.at(place))

    def indexed(self, place: int) -> bool:
        """Whether an argument asks for `$index`."""
        return mentions(self.node.arguments[place], "$index")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of FHIRPath: how a call is compiled, and how many arguments it takes."""

    compile: Callable[[Call], Plan]
    least: int = 0
    most: int = 0


def walk_items(run: One, source: Source, *, indexed: bool) -> Callable[[list[Any], Env], list[Any]]:
    """Runs an argument for every item; `$index` is set only where it is asked for."""
    if not indexed:

        def walk(items: list[Any], env: Env) -> list[Any]:
            env.left -= len(items)
            if env.left < 0:
                env.spend(0, source)
            return [run(item, env) for item in items]

        return walk

    def walk_indexed(items: list[Any], env: Env) -> list[Any]:
        env.spend(len(items), source)
        before, found = env.index, []
        for number, item in enumerate(items):
            env.index = number
            found.append(run(item, env))
        env.index = before
        return found

    return walk_indexed


def mentions(node: ast.Node, variable: str) -> bool:
    """Whether a variable such as `$index` stands anywhere in a tree."""
    match node:
        case ast.Variable(name):
            return name == variable
        case ast.Binary(_, left, right) | ast.Index(left, right):
            return mentions(left, variable) or mentions(right, variable)
        case ast.Unary(_, operand) | ast.TypeOperation(_, operand):
            return mentions(operand, variable)
        case ast.Call(tree, _, arguments):
            return any(mentions(part, variable) for part in (*arguments, *((tree,) if tree else ())))
        case ast.Member(tree):
            return tree is not None and mentions(tree, variable)
        case _:
            return False


def start(node: ast.Node) -> int:
    """The offset where the text of a tree begins."""
    match node:
        case ast.Binary(_, left) | ast.Index(left):
            return start(left)
        case ast.TypeOperation(_, operand):
            return start(operand)
        case ast.Call(tree) | ast.Member(tree) if tree is not None:
            return start(tree)
        case _:
            return node.at
