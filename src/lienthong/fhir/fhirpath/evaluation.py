"""`compile` and `evaluate`: expressions made once into closures for each type they meet, and run over resources.

The clock, a resolver of references, terminology and profiles are arguments: this room has no files and no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypedDict, Unpack

from lienthong.core.clock import system_clock
from lienthong.core.errors import LienthongError
from lienthong.fhir import schema
from lienthong.fhir.fhirpath.compiler import Compiler
from lienthong.fhir.fhirpath.faults import LIMIT, Source
from lienthong.fhir.fhirpath.nodes import Node
from lienthong.fhir.fhirpath.operands import converter, of_fhir
from lienthong.fhir.fhirpath.parser import parse
from lienthong.fhir.fhirpath.plan import Env, Many, One, Plan, Scope, Terminology, system_type, type_of
from lienthong.fhir.fhirpath.types import full_name, kind_of
from lienthong.fhir.fhirpath.values import Element, Item

__all__ = ["Expression", "compile", "evaluate"]

_LONGEST = 100_000
_BARE = frozenset(
    {"string", "boolean", "integer", "object", "quantity"}
)  # kinds whose items a caller gets as they stand


class Given(TypedDict, total=False):
    """What a caller may give beside the resource.

    `environment` gives values for %names; `resolver` gives the resource of a reference, or None; `terminology`
    answers `memberOf` and `subsumes`; `conforms` says whether a resource conforms to a profile, or None; `trace` gets
    what `trace()` is handed; `clock` says what `now()` is.
    """

    environment: Mapping[str, Any] | None
    clock: Callable[[], datetime]
    resolver: Callable[[str], dict[str, Any] | None] | None
    terminology: Terminology | None
    conforms: Callable[[dict[str, Any], str], bool | None] | None
    trace: Callable[[str, Sequence[Any]], None] | None


class _Made(NamedTuple):
    """The closures of an expression for one type: its items as a caller gets them, and as they are."""

    shown: Many
    many: Many
    one: One | None
    static: str
    idle: bool


_IDLE = Env()  # of expressions that ask nothing of it: plain paths


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Call it with a resource, or `on` with any element whose type is known.

    It is compiled to closures for each type it meets, once. It may be used by several threads.
    """

    text: str
    tree: Node
    strict: bool = False
    as_filters: bool = False
    _made: dict[tuple[str, str], _Made] = field(default_factory=dict, repr=False, compare=False)
    _of_resource: dict[str, tuple[Many, bool]] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, resource: dict[str, Any], **given: Unpack[Given]) -> list[Any]:
        """The items for a resource: str, bool, int, Decimal, dict, and Date, DateTime, Time, Quantity values.

        A primitive that has only extensions is given as the dict of them. For the arguments see `Given`.
        Raises `fhirpath-meaning`, `fhirpath-unknown`, `fhirpath-run` and `fhirpath-limit`, each with the place.
        """
        try:
            run, idle = self._of_resource[resource["resourceType"]]
        except (KeyError, TypeError):
            run, idle = self._for_resource(resource)
        if idle:
            env = _IDLE
        else:
            env = Env()
            env.resource = resource
            if given:
                _put(env, given)
        try:
            return run(resource, env)
        except RecursionError:
            raise self._too_deep() from None

    def items(self, resource: dict[str, Any], **given: Unpack[Given]) -> list[Item]:
        """The items with their types, e.g. `FHIR.code` or `System.Integer`."""
        env = Env()
        env.resource = resource
        _put(env, given)
        made = self._closures(system_type(resource), system_type(resource))
        static = made.static
        try:
            found = made.many(resource, env)
        except RecursionError:
            raise self._too_deep() from None
        return [Item(_shown(item, static), full_name(type_of(item, static))) for item in found]

    def on(
        self,
        value: Any,
        type_name: str,
        *,
        resource: dict[str, Any],
        root: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        **given: Unpack[Given],
    ) -> list[Any]:
        """The items for one element of a resource, as an invariant needs them.

        `value` is the element (a dict, or the value of a primitive, or None), `type_name` its type or a backbone's
        path such as `Observation.component`, `extra` the object at `_name` beside a primitive. `resource` is
        %resource, the nearest resource around it; `root` is %rootResource, the container of a contained one.
        """
        made, item, env = self._focus(value, type_name, resource, root, extra, given)
        try:
            return made.shown(item, env)
        except RecursionError:
            raise self._too_deep() from None

    def _focus(
        self,
        value: Any,
        type_name: str,
        resource: dict[str, Any],
        root: dict[str, Any] | None,
        extra: dict[str, Any] | None,
        given: Given,
    ) -> tuple[_Made, Any, Env]:
        env = Env()
        env.resource = resource
        env.root = root
        if given:
            _put(env, given)
        item = value
        if extra is not None or value is None:
            item = Element(value, type_name, extra)
        elif type(value) is not dict and not schema.is_primitive(type_name):
            # no object where one must be: it has no members
            item, type_name = Element(value, type_name), ""
        env.context = item
        try:
            made = self._made[type_name, resource["resourceType"]]
        except (KeyError, TypeError):
            made = self._closures(type_name if schema.is_type(type_name) else "", system_type(resource))
        return made, item, env

    def holds(
        self,
        value: Any,
        type_name: str,
        *,
        resource: dict[str, Any],
        root: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        **given: Unpack[Given],
    ) -> bool | None:
        """The truth of an invariant on one element, with the arguments of `on`: True, False, or None for empty."""
        made, item, env = self._focus(value, type_name, resource, root, extra, given)
        try:
            if made.one is not None:
                found = made.one(item, env)
            else:
                items = made.many(item, env)
                if len(items) > 1:
                    raise Source(self.text).run("one truth value is wanted, and there are several")
                found = items[0] if items else None
        except RecursionError:
            raise self._too_deep() from None
        if type(found) is Element:
            found = found.value
        return None if found is None else found is not False

    def check(self, type_name: str) -> None:
        """Compiles the expression for a type of FHIR, and so raises what is wrong with it there."""
        self._closures(type_name, type_name if schema.kind(type_name) == "resource" else "")

    def _for_resource(self, resource: dict[str, Any]) -> tuple[Many, bool]:
        type_name = system_type(resource)
        made = self._closures(type_name, type_name)
        if type_name:
            self._of_resource[type_name] = made.shown, made.idle
        return made.shown, made.idle

    def _closures(self, type_name: str, resource_type: str) -> _Made:
        made = self._made.get((type_name, resource_type))
        if made is None:
            compiler = Compiler(self.text, self.strict, self.as_filters)
            scope = Scope((type_name,) if type_name else (), (resource_type,) if resource_type else (), {})
            try:
                plan = compiler.plan(self.tree, scope)
            except RecursionError:
                raise self._too_deep() from None
            made = _Made(_showing(plan), plan.many, plan.one, plan.type, compiler.idle)
            self._made[type_name, resource_type] = made
        return made

    def _too_deep(self) -> LienthongError:
        return Source(self.text).error(LIMIT, why="it, or the resource, is nested too deep")


def _put(env: Env, given: Given) -> None:
    environment = given.get("environment")
    if environment:
        env.constants = {name.removeprefix("%"): value for name, value in environment.items()}
    env.clock = given.get("clock", system_clock)
    env.resolver, env.terminology = given.get("resolver"), given.get("terminology")
    env.conforms, env.trace = given.get("conforms"), given.get("trace")


def _showing(plan: Plan) -> Many:
    """The items as a caller gets them; where they are bare anyway, without a look at each of their types."""
    static, run, run_one = plan.type, plan.many, plan.one
    if run_one is not None and static == "System.Boolean":
        return run
    if plan.raw is not None:
        return _showing_raw(plan, plan.raw)
    if static and run_one is None and kind_of(static) in ("object", "quantity"):
        return lambda this, env: list(run(this, env))
    if static and kind_of(static) in _BARE:

        def show_bare(this: Any, env: Env) -> list[Any]:
            return [_shown(item, static) if type(item) is Element else item for item in run(this, env)]

        def show_one_bare(this: Any, env: Env) -> list[Any]:
            assert run_one is not None
            item = run_one(this, env)
            if type(item) is Element:
                item = _shown(item, static)
            return [] if item is None else [item]

        return show_bare if run_one is None else show_one_bare
    if run_one is not None:

        def show_one(this: Any, env: Env) -> list[Any]:
            item = run_one(this, env)
            return [] if item is None else [_shown(item, static)]

        return show_one
    return lambda this, env: [_shown(item, static) for item in run(this, env)]


def _showing_raw(plan: Plan, raw: One) -> Many:
    """At most one primitive: where it has a value, its extensions are not looked at."""
    run_one, static, convert, bare = plan.one, plan.type, converter(plan), kind_of(plan.type) in _BARE
    assert run_one is not None

    def show_raw(this: Any, env: Env) -> list[Any]:
        value = raw(this, env)
        if value is None:
            item = run_one(this, env)
            return [] if item is None else [_shown(item, static)]
        return [value if bare else convert(value)]

    return show_raw


def _shown(item: Any, static: str) -> Any:
    """An item as the caller gets it: dates as typed values, elements without a wrapper."""
    if type(item) is Element:
        value = item.value
        if value is None:
            return item.extra or {}
        if type(value) is dict:
            return value
        item, static = value, item.type
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
