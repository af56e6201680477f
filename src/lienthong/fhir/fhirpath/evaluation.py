"""`compile` and `evaluate`: expressions made once into closures for each type they meet, and run over resources.

The clock, a resolver of references, terminology and profiles are arguments: this room has no files and no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from lienthong.core.clock import system_clock
from lienthong.core.errors import LienthongError
from lienthong.fhir import schema
from lienthong.fhir.fhirpath.compiler import Compiler
from lienthong.fhir.fhirpath.faults import LIMIT, Source
from lienthong.fhir.fhirpath.nodes import Node
from lienthong.fhir.fhirpath.operands import of_fhir
from lienthong.fhir.fhirpath.parser import parse
from lienthong.fhir.fhirpath.plan import Env, Many, Scope, Terminology, system_type, type_of
from lienthong.fhir.fhirpath.types import full_name
from lienthong.fhir.fhirpath.values import Element, Item

__all__ = ["Expression", "compile", "evaluate"]

_LONGEST = 100_000
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Call it with a resource, or `on` with any element whose type is known.

    It is compiled to closures for each type it meets, once. It may be used by several threads.
    """

    text: str
    tree: Node
    strict: bool = False
    as_filters: bool = False
    _made: dict[tuple[str, str], tuple[Many, str]] = field(default_factory=dict, repr=False, compare=False)

    def __call__(
        self,
        resource: dict[str, Any],
        *,
        environment: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] = system_clock,
        resolver: Callable[[str], dict[str, Any] | None] | None = None,
        terminology: Terminology | None = None,
        conforms: Callable[[dict[str, Any], str], bool | None] | None = None,
        trace: Callable[[str, Sequence[Any]], None] | None = None,
    ) -> list[Any]:
        """The items for a resource: str, bool, int, Decimal, dict, and Date, DateTime, Time, Quantity values.

        `environment` gives values for %names; `resolver` gives the resource of a reference, or None; `conforms` says
        whether a resource conforms to a profile, or None; `trace` gets what `trace()` is handed.
        Raises `fhirpath-meaning`, `fhirpath-unknown`, `fhirpath-run` and `fhirpath-limit`, each with the place.
        """
        env = Env(resource, resource, resource, _constants(environment), clock)
        env.resolver, env.terminology, env.conforms, env.trace = resolver, terminology, conforms, trace
        run, static = self._closure(system_type(resource), system_type(resource))
        return [_shown(item, static) for item in self._run(run, resource, env)]

    def items(self, resource: dict[str, Any], *, environment: Mapping[str, Any] | None = None) -> list[Item]:
        """The items with their types, e.g. `FHIR.code` or `System.Integer`."""
        env = Env(resource, resource, resource, _constants(environment), system_clock)
        run, static = self._closure(system_type(resource), system_type(resource))
        found = self._run(run, resource, env)
        return [Item(_shown(item, static), full_name(type_of(item, static))) for item in found]

    def on(
        self,
        value: Any,
        type_name: str,
        *,
        resource: dict[str, Any],
        root: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        environment: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] = system_clock,
        resolver: Callable[[str], dict[str, Any] | None] | None = None,
        terminology: Terminology | None = None,
        conforms: Callable[[dict[str, Any], str], bool | None] | None = None,
    ) -> list[Any]:
        """The items for one element of a resource, as an invariant needs them.

        `value` is the element (a dict, or the value of a primitive, or None), `type_name` its type or a backbone's
        path such as `Observation.component`, `extra` the object at `_name` beside a primitive. `resource` is
        %resource, the nearest resource around it; `root` is %rootResource, the container of a contained one.
        """
        item = value if extra is None and value is not None else Element(value, type_name, extra)
        if type(value) is not dict and schema.is_type(type_name) and not schema.is_primitive(type_name):
            item = Element(value, type_name)  # no object where one must be: it has no members
        env = Env(resource, resource if root is None else root, item, _constants(environment), clock)
        env.resolver, env.terminology, env.conforms = resolver, terminology, conforms
        bare = item is value or schema.is_primitive(type_name)
        run, static = self._closure(type_name if bare else "", system_type(resource))
        return [_shown(found, static) for found in self._run(run, item, env)]

    def holds(self, value: Any, type_name: str, **given: Any) -> bool | None:
        """The truth of an invariant on one element, arguments as of `on`: True, False, or None for empty."""
        items = self.on(value, type_name, **given)
        if not items:
            return None
        if len(items) > 1:
            raise Source(self.text).run("one truth value is wanted, and there are several")
        return items[0] is not False

    def check(self, type_name: str) -> None:
        """Compiles the expression for a type of FHIR, and so raises what is wrong with it there."""
        self._closure(type_name, type_name if schema.kind(type_name) == "resource" else "")

    def _run(self, run: Many, item: Any, env: Env) -> list[Any]:
        try:
            return run(item, env)
        except RecursionError:
            source = Source(self.text)
            raise source.error(LIMIT, why="the resource is nested too deep", allowed="") from None

    def _closure(self, type_name: str, resource_type: str) -> tuple[Many, str]:
        made = self._made.get((type_name, resource_type))
        if made is None:
            compiler = Compiler(self.text, self.strict, self.as_filters)
            scope = Scope((type_name,) if type_name else (), (resource_type,) if resource_type else (), {})
            plan = compiler.plan(self.tree, scope)
            made = self._made[type_name, resource_type] = plan.many, plan.type
        return made


def _constants(environment: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not environment:
        return _NONE
    return {name.removeprefix("%"): value for name, value in environment.items()}


def _shown(item: Any, static: str) -> Any:
    """An item as the caller gets it: dates as typed values, elements without a wrapper."""
    if type(item) is Element:
        item, static = item.value, item.type
        if item is None:
            return None
    if static and not static.startswith("System.") and type(item) is not dict:
        return of_fhir(item, static)
    return Decimal(repr(item)) if type(item) is float else item


@lru_cache(maxsize=2_000)
def compile(expression: str, *, strict: bool = False, as_filters: bool = False) -> Expression:  # noqa: A001
    """An expression to call with resources; the last 2,000 are kept.

    With `strict`, a path that the types can't have is an error, not empty. With `as_filters`, `as(Type)` of many
    items keeps those of the type, as the invariants of FHIR R4 (dom-3) and old search parameters mean it; else it is
    an error. Raises `fhirpath-syntax` with the column.
    """
    if len(expression) > _LONGEST:
        raise _too_long(expression)
    return Expression(expression, parse(expression), strict, as_filters)


def _too_long(expression: str) -> LienthongError:
    return Source(expression[:100]).error(LIMIT, why="it is too long", allowed=f"{_LONGEST:,} characters")


def evaluate(
    resource: dict[str, Any],
    expression: str,
    *,
    environment: dict[str, Any] | None = None,
    strict: bool = False,
    clock: Callable[[], datetime] = system_clock,
) -> list[Any]:
    """The items of an expression for a resource: str, bool, int, Decimal, dict, and typed dates and quantities.

    `environment` gives values for %names; with `strict`, a path that the types can't have is an error. See
    `Expression.__call__` for more arguments and for the errors, `Expression.on` for elements of a resource.
    """
    return compile(expression, strict=strict)(resource, environment=environment, clock=clock)
