"""The functions of strings: parts, search, case, replacing, splitting and joining.

Source: FHIRPath N1, 5.6; the later ones as in FHIRPath 2.1 and 3.0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.operands import converter, expect, integer, text
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Plan, fits, many, one

__all__ = ["STRINGS", "string_function"]

_STRING, _INTEGER, _BOOLEAN = "System.String", "System.Integer", "System.Boolean"


def string_function(apply: Callable[..., Any], type_name: str, number: int = 0) -> Function:
    """A function of a string and `number` strings as arguments; empty where one of them is."""

    def compile_string(call: Call) -> Plan:
        runs = [text(call.input, call.source, call.name)]
        runs += [text(call.given(place), call.at(place), call.name) for place in range(number)]

        def run_string(this: Any, env: Env) -> Any:
            values = []
            for run in runs:
                value = run(this, env)
                if value is None:
                    return None
                values.append(value)
            return fits(apply(*values), call.source)

        return one(run_string, type_name)

    return Function(compile_string, number, number)


def _substring(call: Call) -> Plan:
    run, begin = text(call.input, call.source, call.name), integer(call.given(0), call.at(0), call.name)
    given = call.argument(1)
    length = None if given is None else integer(given, call.at(1), call.name)

    def run_substring(this: Any, env: Env) -> str | None:
        value, first = run(this, env), begin(this, env)
        if value is None or first is None or not 0 <= first < len(value):
            return None
        count = None if length is None else length(this, env)
        if count is None:
            return str(value[first:])
        return str(value[first : first + max(count, 0)])

    return one(run_substring, _STRING)


def _replace(call: Call) -> Plan:
    run = text(call.input, call.source, call.name)
    pattern, new = (text(call.given(place), call.at(place), call.name) for place in (0, 1))

    def run_replace(this: Any, env: Env) -> str | None:
        value, old, fresh = run(this, env), pattern(this, env), new(this, env)
        if value is None or old is None or fresh is None:
            return None
        env.spend(value.count(old) * len(fresh), call.source)  # before it takes the memory
        return str(fits(value.replace(old, fresh), call.source))

    return one(run_replace, _STRING)


def _split(call: Call) -> Plan:
    run, given = text(call.input, call.source, call.name), text(call.given(0), call.at(0), call.name)

    def run_split(this: Any, env: Env) -> list[Any]:
        value, separator = run(this, env), given(this, env)
        if value is None or separator is None:
            return EMPTY
        parts = list(value) if separator == "" else value.split(separator)
        env.spend(len(parts), call.source)
        return parts

    return many(run_split, _STRING)


def _to_chars(call: Call) -> Plan:
    run = text(call.input, call.source, call.name)

    def run_to_chars(this: Any, env: Env) -> list[Any]:
        value = run(this, env)
        env.spend(len(value or ""), call.source)
        return list(value or "")

    return many(run_to_chars, _STRING)


def _join(call: Call) -> Plan:
    expect(call.input, frozenset({"string"}), call.source, call.name)
    run, convert, source = call.input.many, converter(call.input), call.source
    given = call.argument(0)
    separator = None if given is None else text(given, call.at(0), call.name)

    def run_join(this: Any, env: Env) -> str | None:
        items = run(this, env)
        between = "" if separator is None else separator(this, env)
        if not items or between is None:
            return None
        values = [value for item in items if (value := convert(item)) is not None]
        if not all(isinstance(value, str) for value in values):
            raise source.run("join() takes strings")
        return str(fits(between.join(values), source))

    return one(run_join, _STRING)


STRINGS = {
    "indexOf": string_function(str.find, _INTEGER, 1),
    "lastIndexOf": string_function(str.rfind, _INTEGER, 1),
    "substring": Function(_substring, 1, 2),
    "startsWith": string_function(str.startswith, _BOOLEAN, 1),
    "endsWith": string_function(str.endswith, _BOOLEAN, 1),
    "contains": string_function(str.__contains__, _BOOLEAN, 1),
    "upper": string_function(str.upper, _STRING),
    "lower": string_function(str.lower, _STRING),
    "replace": Function(_replace, 2, 2),
    "length": string_function(len, _INTEGER),
    "trim": string_function(str.strip, _STRING),
    "toChars": Function(_to_chars),
    "split": Function(_split, 1, 1),
    "join": Function(_join, 0, 1),
}
