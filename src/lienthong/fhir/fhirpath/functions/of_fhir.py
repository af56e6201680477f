"""What FHIR adds: extension, hasValue, getValue, resolve, conformsTo, htmlChecks, checkModifiers.

Source: FHIR R4 4.0.1, fhirpath.html#functions.
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir import schema
from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.faults import MISSING
from lienthong.fhir.fhirpath.members import stepper
from lienthong.fhir.fhirpath.operands import converter, scalar, text
from lienthong.fhir.fhirpath.plan import EMPTY, Env, Plan, many, one, single, system_type, widen
from lienthong.fhir.fhirpath.resolution import resolve
from lienthong.fhir.fhirpath.values import Element
from lienthong.fhir.xhtml import is_safe

__all__ = ["OF_FHIR"]

_BOOLEAN = "System.Boolean"
_DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/"


def _extension(call: Call) -> Plan:
    run, address = call.input.many, text(call.given(0), call.at(0), call.name)
    step = stepper("extension", bare=True)

    def run_extension(this: Any, env: Env) -> list[Any]:
        url = address(this, env)
        if url is None:
            return EMPTY
        found: list[Any] = []
        for item in run(this, env):
            if type(item) is not dict:
                step(item, found)
            elif type(parts := item.get("extension")) is list:  # the most frequent case, in short
                found += [part for part in parts if type(part) is dict and part.get("url") == url]
        return [part for part in found if part.get("url") == url] if found else EMPTY

    return many(run_extension, "Extension")


def _has_value(call: Call) -> Plan:
    run, static = call.input.many, call.input.type

    def run_has_value(this: Any, env: Env) -> bool:
        items = run(this, env)
        return len(items) == 1 and _value(items[0], static) is not None

    return one(run_has_value, _BOOLEAN)


def _value(item: Any, static: str) -> Any:
    """The value of a primitive; None for any other element."""
    if type(item) is Element:
        return item.value if schema.is_primitive(item.type) else None
    return None if type(item) is dict or (static and not _primitive(static)) else item


def _primitive(static: str) -> bool:
    return static.startswith("System.") or schema.is_primitive(static)


def _get_value(call: Call) -> Plan:
    run, static, convert = call.input.many, call.input.type, converter(call.input)

    def run_get_value(this: Any, env: Env) -> Any:
        items = run(this, env)
        return convert(items[0]) if len(items) == 1 and _value(items[0], static) is not None else None

    return one(run_get_value)


def _resolve(call: Call) -> Plan:
    run = widen(call.input)

    def run_resolve(this: Any, env: Env) -> list[Any]:
        items = run(this, env)
        env.spend(len(items), call.source)
        return [found for item in items if (found := resolve(item, env)) is not None]

    return many(run_resolve, "Resource")


def _conforms_to(call: Call) -> Plan:
    run, address = single(call.input, call.source), text(call.given(0), call.at(0), call.name)
    source = call.at(0)

    def run_conforms(this: Any, env: Env) -> bool | None:
        item, url = run(this, env), address(this, env)
        if item is None or url is None:
            return None
        value, type_name = (item.value, item.type) if type(item) is Element else (item, system_type(item))
        if env.conforms is not None and isinstance(value, dict):
            found = env.conforms(value, url)
            if found is not None:
                return found
        wanted = url.removeprefix(_DEFINITIONS)
        if not url.startswith(_DEFINITIONS) or not schema.is_type(wanted):
            raise source.run("the structure definition it names is not known", _DEFINITIONS + "<type of FHIR R4>")
        return bool(type_name) and wanted in schema.ancestry(type_name)

    return one(run_conforms, _BOOLEAN)


def _html_checks(call: Call) -> Plan:
    run = scalar(call.input, call.source)

    def run_html(this: Any, env: Env) -> bool | None:
        value = run(this, env)
        return None if value is None else isinstance(value, str) and is_safe(value)

    return one(run_html, _BOOLEAN)


def _check_modifiers(call: Call) -> Plan:
    run = call.input.many
    allowed = [text(call.given(place), call.at(place), call.name) for place in range(len(call.node.arguments))]

    def run_check(this: Any, env: Env) -> list[Any]:
        items = run(this, env)
        known = {address(this, env) for address in allowed}
        for item in items:
            value = item.value if type(item) is Element else item
            modifiers = value.get("modifierExtension", ()) if type(value) is dict else ()
            if any(type(part) is not dict or part.get("url") not in known for part in modifiers):
                raise call.source.run("an element has a modifier extension that checkModifiers() does not name")
        return items

    return Plan(run_check, call.input.types)


def _not_yet(call: Call) -> Plan:
    what = f"{call.name}, which asks for the element's definition in a profile"
    raise call.source.error(MISSING, what=what, allowed="every other function of FHIR R4")


OF_FHIR = {
    "extension": Function(_extension, 1, 1),
    "hasValue": Function(_has_value),
    "getValue": Function(_get_value),
    "resolve": Function(_resolve),
    "conformsTo": Function(_conforms_to, 1, 1),
    "htmlChecks": Function(_html_checks),
    "checkModifiers": Function(_check_modifiers, 0, 100),
    "elementDefinition": Function(_not_yet, 0, 0),
    "slice": Function(_not_yet, 2, 2),
}
