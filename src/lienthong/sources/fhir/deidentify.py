"""Makes FHIR files showable: a document or one resource a line, each rewritten or, where it can't be, named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, BinaryIO

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.fhir.references import walk
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer
from lienthong.sources.converted import LeftOut, rejection
from lienthong.sources.fhir.resource import TOO_DEEP, shape_fault
from lienthong.sources.fhir.showable import Showable, kind_of_identifier, last_part, name_of
from lienthong.sources.fhir.texts import BROKEN_JSON, texts

__all__ = ["FhirDeidentifier"]

MODIFIED = ErrorKind(
    "deidentify-modifier-extension",
    Category.UNREADABLE,
    what="The resource has a modifierExtension: without it the resource would mean something else. It is not copied.",
    cure="Leave the resource out, or export it without its modifier.",
)
_BUNDLES = frozenset({"transaction", "batch", "collection", "searchset", "document", "message"})
_SUBJECTS = ("subject", "patient", "beneficiary", "for", "individual")


def _values(stream: BufferedReader, name: str, settings: Settings) -> Iterator[tuple[str, Any] | LeftOut]:
    """The JSON values of a file with their place; a finding in the place of what is no JSON."""
    for text in texts(stream, name, settings):
        if isinstance(text, LeftOut):
            yield text
        elif text.fault is not None:
            yield text.record, text.fault
        elif not text.is_line:
            yield text.record, text.value
        else:
            try:
                yield text.record, canonical.parse(text.data)
            except ValueError as error:
                fault = BROKEN_JSON.at(why=str(error))
                yield text.record, rejection(fault, file=name, record=text.record)


def _entries(value: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The resources of a Bundle with their fullUrl; any other resource by itself."""
    if value.get("resourceType") != "Bundle":
        yield value, ""
        return
    entries = value.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and shape_fault(resource) is None:
            url = entry.get("fullUrl")
            yield resource, url if isinstance(url, str) else ""


def _keys(resource: Mapping[str, Any], url: str) -> list[str]:
    """The nodes by which others may name a resource."""
    kind, own = resource["resourceType"], resource.get("id")
    found = [f"k:{kind}/{own}"] if isinstance(own, str) and own else []
    return [*found, *([f"k:{last_part(url)}"] if url else [])]


def _people(resource: Mapping[str, Any], url: str, circles: Circles) -> list[str]:
    """Whose a resource is: the patient that it names, or that its encounter names; a patient with all its numbers."""
    found: list[str] = []
    if resource["resourceType"] in ("Patient", "RelatedPerson", "Person"):
        found += _keys(resource, url)
        items = resource.get("identifier")
        for item in items if isinstance(items, list) else ():
            text = item.get("value") if isinstance(item, dict) else None
            if isinstance(text, str):
                kind = kind_of_identifier(item)
                found += circles.national(text) if kind == "national-id" else circles.card(text) if kind else []
    card = resource.get("subscriberId")
    if isinstance(card, str):
        found += circles.card(card)
    targets: list[str] = []
    for name in _SUBJECTS:
        value = resource.get(name)
        text = value.get("reference") if isinstance(value, dict) else None
        if isinstance(text, str):
            targets.append(text)
    if not targets and not found:
        targets = [
            item.text
            for item in walk(dict(resource))
            if item.text and last_part(item.text).startswith(("Patient/", "Encounter/"))
        ][:1]
    found += [f"k:{last_part(text)}" for text in targets]
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class FhirDeidentifier:
    """FHIR R4 as JSON or NDJSON (a `Deidentifier`)."""

    ending: str = ".ndjson"

    def learn(
        self, stream: BufferedReader, *, name: str, settings: Settings, circles: Circles, this_year: int
    ) -> Iterator[None]:
        """Patients with their numbers, names and births; encounters with their patients."""
        for found in _values(stream, name, settings):
            value = None if isinstance(found, LeftOut) else found[1]
            if isinstance(value, dict) and shape_fault(value) is None:
                for resource, url in _entries(value):
                    try:
                        _learn(resource, url, circles, this_year)
                    except RecursionError:
                        continue  # the second reading refuses it
            yield None

    def rewrite(
        self, stream: BufferedReader, out: BinaryIO, *, name: str, settings: Settings, replacer: Replacer
    ) -> Iterator[Finding | LeftOut | None]:
        """Each resource on a line of its own; a Bundle stays one."""
        for found in _values(stream, name, settings):
            if isinstance(found, LeftOut):
                yield found
                continue
            place, value = found
            if isinstance(value, Finding):
                yield value
                continue
            fault = shape_fault(value)
            if fault is not None:
                kind, values = fault
                yield rejection(kind.at("", **values), file=name, record=place)
                continue
            try:
                if value["resourceType"] == "Bundle":
                    yield from _bundle(value, out, name, place, replacer)
                    continue
                if (modified := _modified(value)) is not None:
                    yield rejection(modified, file=name, record=place)
                    continue
                made = _shown(value, "", replacer)
            except RecursionError:
                yield rejection(TOO_DEEP.at(), file=name, record=place)
                continue
            out.write(canonical.encode(made) + b"\n")
            yield None


def _learn(resource: Mapping[str, Any], url: str, circles: Circles, this_year: int) -> None:
    kind = resource["resourceType"]
    nodes = _people(resource, url, circles)
    if kind in ("Encounter", "EpisodeOfCare"):
        circles.join([*nodes, *_keys(resource, url)] if nodes else _keys(resource, url))
        period = resource.get("period")
        start = period.get("start") if isinstance(period, dict) else None
        if isinstance(start, str):
            circles.learn_event(start, this_year)
        return
    if kind not in ("Patient", "RelatedPerson", "Person", "Coverage", "Practitioner"):
        return
    circles.join(nodes)
    names = resource.get("name")
    for item in names if isinstance(names, list) else [names]:
        if isinstance(item, dict):
            for said in {name_of(item), str(item.get("text") or "")}:
                circles.learn_name(said, nodes, _sex(resource))
    for contact in _listed(resource.get("contact")):
        if isinstance(contact, dict) and isinstance(contact.get("name"), dict):
            circles.learn_name(name_of(contact["name"]), nodes)
    addresses = resource.get("address")
    for item in addresses if isinstance(addresses, list) else ():
        if isinstance(item, dict):
            parts = [item.get("text"), *_listed(item.get("line")), item.get("district"), item.get("city")]
            circles.learn_address(", ".join(part for part in parts if isinstance(part, str)), nodes)
    born = resource.get("birthDate")
    if isinstance(born, str) and kind != "Practitioner":
        circles.learn_birth(born, nodes)
        if kind == "Patient" and nodes:
            state = next((item.get("state") for item in _listed(addresses) if isinstance(item, dict)), "")
            circles.learn_person(nodes[0], (born[:4], _sex(resource), str(state or "")))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _sex(resource: Mapping[str, Any]) -> str:
    gender = resource.get("gender")
    return gender if gender in ("male", "female") else ""


def _modified(value: Any) -> LienthongError | None:
    """The error of a modifierExtension anywhere in a value."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if item.get("modifierExtension"):
                return MODIFIED.at()
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return None


def _shown(resource: dict[str, Any], url: str, replacer: Replacer) -> dict[str, Any]:
    someone = replacer.someone(_people(resource, url, replacer.circles))
    return Showable(someone, _sex(resource)).resource(resource)


def _bundle(
    value: dict[str, Any], out: BinaryIO, name: str, place: str, replacer: Replacer
) -> Iterator[Finding | LeftOut | None]:
    """A Bundle with those of its entries that can be rewritten; its own dates move by the shift of nobody."""
    entries = value.get("entry", [])
    prefix = f"{place} " if place not in ("", "line 1") else ""
    if value.get("type") not in _BUNDLES or not isinstance(entries, list):
        kind = BROKEN_JSON.at(why="the Bundle is of a type that is not read")
        yield rejection(kind, file=name, record=place)
        return
    whole = Showable(replacer.someone(()))
    made = whole.resource({key: item for key, item in value.items() if key not in ("entry", "total")})
    kept: list[dict[str, Any]] = []
    for number, entry in enumerate(entries):
        record = f"{prefix}entry[{number}]"
        resource = entry.get("resource") if isinstance(entry, dict) else None
        fault = shape_fault(resource)
        error = fault[0].at("", **fault[1]) if fault is not None else _modified(entry)
        if error is not None or not isinstance(resource, dict):
            yield rejection(error or BROKEN_JSON.at(why="an entry holds no resource"), file=name, record=record)
            continue
        url = entry.get("fullUrl")
        around = {key: item for key, item in entry.items() if key != "resource"}
        shell = whole.resource({"resourceType": "Bundle", "entry": [around]}).get("entry") or [{}]
        try:
            kept.append({**shell[0], "resource": _shown(resource, url if isinstance(url, str) else "", replacer)})
        except RecursionError:
            yield rejection(TOO_DEEP.at(), file=name, record=record)
            continue
        yield None
    if kept or not entries:
        out.write(canonical.encode({**made, **({"entry": kept} if kept else {})}) + b"\n")
        if not entries:
            yield None
