"""Makes valid resources of any type from the schema, and spoils copies of them."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from lienthong.fhir import bindings, schema

VALUES: dict[str, Any] = {
    "base64Binary": "TGnDqm4gdGjDtG5n",
    "boolean": False,
    "canonical": "http://hospital.example/fhir/ValueSet/one|2",
    "code": "one-code",
    "date": "1987-02-28",
    "dateTime": "2026-11-23T08:15:00+07:00",
    "decimal": Decimal("1.10"),
    "id": "an-id.1",
    "instant": "2026-11-23T08:15:00.123Z",
    "integer": -7,
    "markdown": "A **line**\nand another",
    "oid": "urn:oid:1.2.840.0",
    "positiveInt": 1,
    "string": "Nguyễn Thị Ánh",
    "time": "08:15:00",
    "unsignedInt": 0,
    "uri": "http://hospital.example/system",
    "url": "http://hospital.example",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">text</div>',
}
FORMED = {"mimetypes": "text/plain", "currencies": "VND", "languages": "vi"}
DEEPEST = 3


def build_object(type_name: str, turn: int, depth: int = 0) -> dict[str, Any]:
    """An object with every element (only the needed ones below DEEPEST); `turn` picks the type of each choice."""
    made: dict[str, Any] = {}
    for element in schema.elements(type_name):
        if element.name in ("contained", "extension", "modifierExtension"):
            continue
        if depth >= DEEPEST and not element.min:
            continue
        number = turn % len(element.types)
        made[element.json_names[number]] = build_value(element, element.types[number], turn, depth)
    if type_name == "Extension" and not any(name.startswith("value") for name in made):
        made["valueString"] = "an answer"
    if not made:
        made["id"] = "e1"
    return made


def build_value(element: schema.Element, code: str, turn: int, depth: int) -> Any:
    one: Any
    if schema.is_primitive(code):
        codes = element.codes if code == "code" else None
        one = VALUES[code] if codes is None else min(set().union(*codes.values()))
        if bindings.form_of(element) is not None and element.binding is not None:
            one = FORMED[element.binding.value_set.rpartition("/")[2]]
    elif code == "Resource":
        one = {"resourceType": "Basic", "id": "b1", "code": {"text": "basic"}}
    elif code == "Reference":
        one = {"reference": f"{element.targets[turn % len(element.targets)] if element.targets else 'Basic'}/1"}
    else:
        one = build_object(code, turn, depth + 1)
        if bindings.is_unit_bound(element):
            one["coding"] = [{"system": "http://unitsofmeasure.org", "code": "mmol/L"}]
        if code == "CodeableConcept" and element.codes is not None:
            system, codes_of = next(iter(element.codes.items()))
            one["coding"] = [{"system": system, "code": min(codes_of)}]
    return [one] if element.is_list else one


def build_resource(type_name: str, turn: int = 0) -> dict[str, Any]:
    made = {"resourceType": type_name, **build_object(type_name, turn)}
    if schema.element(type_name, "contained") is not None:
        made["contained"] = [{"resourceType": "Basic", "id": "c1", "code": {"text": "inside"}}]
        made["extension"] = [
            {"url": "http://hospital.example/a", "extension": [{"url": "inner", "valueCode": "yes"}]},
            {"url": "http://hospital.example/b", "valueReference": {"reference": "#c1"}},
        ]
    return made


@pytest.fixture(scope="session")
def build() -> Callable[..., dict[str, Any]]:
    """`build(type, turn)` is a valid resource with nearly all elements."""
    return build_resource


@pytest.fixture(scope="session")
def minimal() -> Callable[[str], dict[str, Any]]:
    """`minimal(type)` is a resource with only the elements that structure requires."""
    return lambda name: {"resourceType": name, **build_object(name, 0, DEEPEST)}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) below a value."""
    members: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    for key, item in members:
        yield value, key
        yield from places(item)


STRANGE: tuple[Any, ...] = (
    None, "", " ", "x", "2026-02-30", "Patient/1", "#a", "http://a b", 0, -1, 2**31, 2**40, True, False,
    Decimal("1.5"), Decimal("NaN"), 1.5, float("inf"), [], {}, [None], [[]], {"a": 1}, ["x"], {"id": "1"},
    {"reference": "Nobody/1"}, {"reference": "Patient/1", "type": "Group"}, {"resourceType": "Nobody"},
    {"resourceType": "Basic", "code": {"text": "t"}}, {"extension": [{"url": "http://u", "valueCode": "c"}]},
    {"extension": []}, [{"url": "http://u"}], "\x00", "\ud800",
)  # fmt: skip
NAMES = (
    "id", "extension", "value", "valueString", "valueQuantity", "_status", "_given", "_id", "status", "reference",
    "type", "contained", "resourceType", "given", "coding", "url", "không tên", "fhir_comments", "_url",
)  # fmt: skip


def spoil_resource(resource: dict[str, Any], seed: int) -> dict[str, Any]:
    """A copy with one to three arbitrary changes: it may still be valid, but most often is not."""
    rng = random.Random(seed)
    spoilt = copy.deepcopy(resource)
    for _ in range(rng.randint(1, 3)):
        where = list(places(spoilt))
        if not where:
            break
        holder, key = rng.choice(where)
        match rng.randrange(6):
            case 0:
                holder[key] = copy.deepcopy(rng.choice(STRANGE))
            case 1:
                del holder[key]
            case 2:
                holder[key] = [holder[key]]
            case 3 if isinstance(holder, dict):
                holder[rng.choice(NAMES)] = copy.deepcopy(rng.choice(STRANGE))
            case 4 if isinstance(holder, dict):
                holder[rng.choice(NAMES)] = holder.pop(key)
            case _:
                other, other_key = rng.choice(where)
                holder[key] = copy.deepcopy(other[other_key]) if not _gone(other, other_key) else None
    return spoilt


def _gone(holder: Any, key: Any) -> bool:
    return key not in holder if isinstance(holder, dict) else key >= len(holder)


@pytest.fixture(scope="session")
def spoil() -> Callable[[dict[str, Any], int], dict[str, Any]]:
    """`spoil(resource, seed)` is a changed copy."""
    return spoil_resource
