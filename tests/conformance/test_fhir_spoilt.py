"""A thousand valid resources, spoilt by a machine in one place each: nearly all are noticed, at the right place.

Invariants are left out: what is told here is told to every ingest.
"""

from __future__ import annotations

import copy
import gzip
import random
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.core import canonical
from lienthong.core.finding import Severity
from lienthong.fhir import UNHOLDABLE, schema, validate

LEDGER = tomllib.loads(Path(__file__).with_name("ledger").joinpath("fhir_validation.toml").read_text("utf-8"))
pytestmark = pytest.mark.suite

EACH = 44  # copies of each kind: more than a thousand in all


@pytest.fixture(scope="module")
def sound(suites: Callable[[str], Path]) -> list[dict[str, Any]]:
    """HL7's examples and resources of Synthea in which nothing is wrong."""
    with zipfile.ZipFile(suites("fhir_r4_examples") / "r4_examples_json.zip") as archive:
        found = [canonical.parse(archive.read(name)) for name in sorted(archive.namelist())]
    for path in sorted(suites("synthea_r4_smart_dev100").glob("*.ndjson.gz")):
        with gzip.open(path) as file:
            found += [canonical.parse(line) for line, _ in zip(file, range(25), strict=False)]
    return [item for item in found if "resourceType" in item and not _errors(item)]


def _errors(resource: dict[str, Any]) -> list[str]:
    return [item.place.path for item in validate(resource, invariants=False) if item.severity is Severity.ERROR]


# Each change is surely a fault; it is given an object, its type, its path and a source of chance, and gives the path
# where the fault is, or None where it can't be made there.

Spoil = Callable[[dict[str, Any], str, str, random.Random], str | None]


def objects(value: dict[str, Any], type_name: str, path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every object of a resource with its type and path."""
    yield value, type_name, path
    for name, item in value.items():
        element = schema.element(type_name, name)
        if element is None or schema.is_primitive(element.types[0]):
            continue
        for number, part in enumerate(item if isinstance(item, list) else [item]):
            code = part["resourceType"] if element.types[0] == "Resource" else element.types[0]
            yield from objects(part, code, f"{path}.{name}[{number}]" if isinstance(item, list) else f"{path}.{name}")


def pick(value: dict[str, Any], rng: random.Random, fits: Callable[[Any], bool]) -> str | None:
    names = [name for name, item in value.items() if name != "resourceType" and name[0] != "_" and fits(item)]
    return rng.choice(names) if names else None


def unknown_member(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    value["unheardOf"] = "x"
    return f"{path}.unheardOf"


def no_required_element(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    for element in schema.elements(type_name):
        if element.min:
            for name in (*element.json_names, *("_" + name for name in element.json_names)):
                value.pop(name, None)
            return f"{path}.{element.name}" + ("[x]" if element.is_choice else "")
    return None


def second_choice(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    for element in schema.elements(type_name):
        present = [name for name in element.json_names if name in value]
        if element.is_choice and present:
            other = rng.choice([name for name in element.json_names if name not in present])
            value[other] = copy.deepcopy(value[present[0]])
            return f"{path}.{element.name}[x]"
    return None


def choice_of_no_allowed_type(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    for element in schema.elements(type_name):
        present = [name for name in element.json_names if name in value]
        if element.is_choice and present and element.name + "Narrative" not in element.json_names:
            value[element.name + "Narrative"] = value.pop(present[0])
            return f"{path}.{element.name}Narrative"
    return None


def _replace(fits: Callable[[Any], bool], new: Callable[[Any], Any]) -> Spoil:
    def spoil(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
        name = pick(value, rng, fits)
        if name is None:
            return None
        value[name] = new(value[name])
        return f"{path}.{name}"

    return spoil


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda item: type(item) in types


def _by_type(codes: set[str], new: Any) -> Spoil:
    """A new value for a member of one of these types."""

    def spoil(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
        for name in value:
            element = schema.element(type_name, name)
            if element is not None and element.types[0] in codes and not element.is_list:
                value[name] = new
                return f"{path}.{name}"
        return None

    return spoil


def unknown_code(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    for name in value:
        element = schema.element(type_name, name)
        if element is not None and element.codes is not None and element.types[0] == "code" and not element.is_list:
            value[name] = "no-such-code"
            return f"{path}.{name}"
    return None


def wrong_target(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    for name, item in value.items():
        element = schema.element(type_name, name)
        if element is not None and element.types[0] == "Reference" and element.targets:
            holder = item[0] if isinstance(item, list) else item
            holder["reference"] = min(schema.resource_types() - set(element.targets)) + "/1"
            return f"{path}.{name}"
    return None


def dangling(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    if type_name == "Reference" and isinstance(value.get("reference"), str):
        value["reference"] = "#nobody"
        return f"{path}.reference"
    return None


def dangling_in_a_bundle(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    if type_name != "Bundle" or value["type"] not in ("document", "transaction", "message", "batch"):
        return None
    found = [
        (inner, place)
        for inner, code, place in objects(value, type_name, path)
        if code == "Reference" and "reference" in inner and ".contained[" not in place
    ]
    if not found:
        return None
    holder, place = rng.choice(found)
    holder["reference"] = "urn:uuid:00000000-0000-4000-8000-000000000000"
    return f"{place}.reference"


def unsafe_narrative(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    if type_name != "Narrative":
        return None
    value["div"] = value["div"].replace("</div>", '<a href="javascript:alert(1)">x</a></div>', 1)
    return f"{path}.div"


def full_url_of_another(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    if type_name != "Bundle.entry" or not str(value.get("fullUrl")).startswith("http") or "resource" not in value:
        return None
    if "id" not in value["resource"]:
        return None
    value["fullUrl"] = f"http://hospital.example/fhir/{value['resource']['resourceType']}/somebody-else"
    return f"{path}.fullUrl"


def extension_of_another_place(value: dict[str, Any], type_name: str, path: str, rng: random.Random) -> str | None:
    if type_name in ("Extension", "HumanName") or schema.kind(type_name) == "resource":
        return None
    mark = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
    value.setdefault("extension", []).append({"url": mark, "valueAddress": {"text": "x"}})
    return f"{path}.extension"


SPOILS: dict[str, Spoil] = {
    "unknown member": unknown_member,
    "required element taken out": no_required_element,
    "two values of a choice": second_choice,
    "choice of no allowed type": choice_of_no_allowed_type,
    "unknown code": unknown_code,
    "reference to another type": wrong_target,
    "string to number": _replace(_is(str), lambda item: 7),
    "string to nothing": _replace(_is(str), lambda item: ""),
    "string to object": _replace(_is(str), lambda item: {"text": item}),
    "boolean to string": _replace(_is(bool), lambda item: str(item).lower()),
    "object to string": _replace(_is(dict), lambda item: "x"),
    "object to list": _replace(_is(dict), lambda item: [item]),
    "object emptied": _replace(_is(dict), lambda item: {}),
    "list to its first item": _replace(_is(list), lambda item: item[0]),
    "list emptied": _replace(_is(list), lambda item: []),
    "anything to null": _replace(lambda item: True, lambda item: None),
    "no day of the calendar": _by_type({"date", "dateTime"}, "2023-02-29"),
    "no date": _by_type({"date", "dateTime", "instant"}, "23/11/2026"),
    "uri with a space": _by_type({"uri", "url", "canonical"}, "http://hospital.example/a b"),
    "id with a space": _by_type({"id"}, "a b"),
    "number too large": _by_type({"integer", "positiveInt", "unsignedInt"}, 2**31),
    "number as text": _by_type({"integer", "positiveInt", "unsignedInt", "decimal"}, "12"),
    "code with spaces": _by_type({"code"}, " a "),
    "reference to nothing contained": dangling,
    "reference to no entry": dangling_in_a_bundle,
    "script in a narrative": unsafe_narrative,
    "fullUrl of another": full_url_of_another,
    "extension in a wrong place": extension_of_another_place,
}
SHAPES = {"string to number", "string to object", "boolean to string", "object to string", "object to list",
          "list to its first item", "number too large", "number as text"}  # fmt: skip

ONLY_IN = {
    "reference to nothing contained": "Reference",
    "reference to no entry": "Bundle",
    "script in a narrative": "Narrative",
    "fullUrl of another": "Bundle.entry",
}


@pytest.fixture(scope="module")
def places(sound: list[dict[str, Any]]) -> dict[str, list[tuple[int, int]]]:
    """By type, where its objects are: the number of the resource, and of the object in it."""
    found: dict[str, list[tuple[int, int]]] = {}
    for number, resource in enumerate(sound):
        for inner, (_, type_name, _) in enumerate(_all(resource)):
            found.setdefault(type_name, []).append((number, inner))
    return found


def _all(resource: dict[str, Any]) -> list[tuple[dict[str, Any], str, str]]:
    return list(objects(resource, resource["resourceType"], resource["resourceType"]))


def _spoilt(
    sound: list[dict[str, Any]], places: dict[str, list[tuple[int, int]]], name: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """Seeded copies, one change in each, and where it is; types are drawn first, so that rare ones come too."""
    rng = random.Random(f"lienthong {name}")
    types = sorted(places) if name not in ONLY_IN else [ONLY_IN[name]]
    made = 0
    while made < EACH:
        number, inner = rng.choice(places[rng.choice(types)])
        resource = copy.deepcopy(sound[number])
        value, type_name, path = _all(resource)[inner]
        place = SPOILS[name](value, type_name, path, rng)
        if place is not None:
            made += 1
            yield resource, place


def test_a_thousand_spoilt_resources_are_noticed_at_the_right_place(
    sound: list[dict[str, Any]], places: dict[str, list[tuple[int, int]]]
) -> None:
    missed, misplaced = Counter[str](), Counter[str]()
    total = 0
    for name in sorted(SPOILS):
        for resource, place in _spoilt(sound, places, name):
            total += 1
            found = _errors(resource)
            missed[name] += not found
            misplaced[name] += bool(found) and not any(_near(path, place) for path in found)
            if name in SHAPES:
                assert UNHOLDABLE & {finding.code for finding in validate(resource)}, (name, place)
    floor = LEDGER["spoilt"]
    assert total >= 1000
    assert 1 - missed.total() / total >= floor["noticed"], missed
    assert 1 - (missed + misplaced).total() / total >= floor["placed"], misplaced


def _near(found: str, place: str) -> bool:
    """The place itself, a member of it, or an item of a list there."""
    return found == place or found.startswith((f"{place}.", f"{place}["))
