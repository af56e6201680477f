"""A Bundle as a whole: who its entries are, what they ask for, and whether references inside lead to one of them.

FHIR R4 4.0.1: bundle.html, http.html#trules, documents.html, messaging.html. What the invariants bdl-1 to bdl-12 say
is left to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lienthong.core.finding import Finding
from lienthong.fhir import schema
from lienthong.fhir.integrity import faults
from lienthong.fhir.references import ParsedReference, ReferenceKind, is_absolute, parse_reference, walk

__all__ = ["bundle_findings"]

_WITHOUT_FULL_URL = frozenset({"batch", "transaction", "batch-response", "transaction-response", "history"})
# What a document's Composition may point to only inside the document (documents.html#content).
_IN_DOCUMENT = re.compile(
    r"Composition\.(?:subject|encounter|author|custodian|attester\[\d+\]\.party|event\[\d+\]\.detail"
    r"|(?:section\[\d+\]\.)+(?:author|focus|entry))(?:\[\d+\])?"
)
_IN_MESSAGE = re.compile(r"MessageHeader\.focus\[\d+\]")
# In these a reference to a urn that no entry has can't be meant for later: the receiver has the Bundle alone.
_CLOSED = frozenset({"transaction", "batch", "document", "message"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry: its place, what it says, its resource and the parts of its fullUrl."""

    path: str
    value: dict[str, Any]
    resource: dict[str, Any]
    type: str
    full_url: str
    parsed: ParsedReference
    request: dict[str, Any]

    @property
    def id(self) -> str:
        return _text(self.resource, "id")

    @property
    def creates(self) -> bool:
        return _text(self.request, "method") == "POST"


def bundle_findings(bundle: dict[str, Any], path: str) -> Iterator[Finding]:
    """The findings about one Bundle that stands at this path."""
    kind, items = _text(bundle, "type"), bundle.get("entry")
    entries = [
        _entry(item, f"{path}.entry[{number}]")
        for number, item in enumerate(items if isinstance(items, list) else ())
        if isinstance(item, dict)
    ]
    for entry in entries:
        yield from _full_url(entry, kind)
        if kind in ("batch", "transaction") and entry.request:
            yield from _request(entry)
    if kind == "transaction":
        yield from _twice(entries)
    yield from _References(kind, entries).findings()


def _entry(value: dict[str, Any], path: str) -> _Entry:
    resource, request = value.get("resource"), value.get("request")
    full_url = _text(value, "fullUrl")
    held = resource if isinstance(resource, dict) else {}
    return _Entry(
        path=path,
        value=value,
        resource=held,
        type=_text(held, "resourceType"),
        full_url=full_url,
        parsed=parse_reference(full_url) if full_url else ParsedReference(ReferenceKind.MALFORMED),
        request=request if isinstance(request, dict) else {},
    )


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _full_url(entry: _Entry, kind: str) -> Iterator[Finding]:
    place, parsed = f"{entry.path}.fullUrl", entry.parsed
    if not entry.full_url:
        if entry.resource and "_fullUrl" not in entry.value and kind not in _WITHOUT_FULL_URL:
            yield faults.FULL_URL_MISSING.at(place)
    elif not is_absolute(entry.full_url):
        yield faults.FULL_URL_RELATIVE.at(place)
    elif parsed.type and entry.type and not entry.creates and not _names(parsed, entry):
        yield faults.FULL_URL_ID.at(place)


def _names(parsed: ParsedReference, entry: _Entry) -> bool:
    return parsed.type == entry.type and entry.id in ("", parsed.id)


_TARGET = re.compile(
    r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?(?:/_history/[A-Za-z0-9\-.]{1,64})?(\?.*)?", re.DOTALL
)


def _request(entry: _Entry) -> Iterator[Finding]:
    """What a request of a batch or transaction asks for, against the resource that it brings."""
    method, url = _text(entry.request, "method"), _text(entry.request, "url")
    place = f"{entry.path}.request"
    if not url or not method:
        return  # the structure says so
    if is_absolute(url):
        return  # some write the whole address; where it leads to is for the server to say
    bare = url.removeprefix("/").partition("?")[0]
    is_operation = "$" in bare or bare.endswith("_search")
    if method in ("GET", "HEAD", "DELETE"):
        if "resource" in entry.value:
            yield faults.REQUEST.at(place, what=f"bring no resource, as {method} takes none")
    elif not is_operation and "resource" not in entry.value:
        yield faults.REQUEST.at(place, what=f"bring a resource, as its method is {method}")
    if "ifNoneExist" in entry.request and method != "POST":
        yield faults.REQUEST.at(place + ".ifNoneExist", what="have ifNoneExist only with POST")
    if is_operation or method in ("GET", "HEAD"):
        return
    target = _TARGET.fullmatch(url.removeprefix("/"))
    if target is None or target[1] not in schema.resource_types():
        if not (method == "POST" and not bare):  # a batch inside a batch is sent to the base
            yield faults.REQUEST.at(place + ".url", what="name a type of resource in its url")
    elif method == "POST" and (target[2] or target[3]):
        yield faults.REQUEST.at(place + ".url", what="have a type alone as its url, as it is a POST")
    elif method != "POST" and not target[2] and not target[3]:
        yield faults.REQUEST.at(place + ".url", what="name one resource in its url (Type/id or Type?search)")
    elif method in ("POST", "PUT") and entry.type and entry.type != target[1]:
        yield faults.REQUEST.at(place + ".url", what="name the type of the resource that it brings")
    elif method == "PUT" and target[2] and entry.id != target[2] and entry.resource:
        yield faults.REQUEST.at(place + ".url", what="name the id of the resource that it brings")


def _twice(entries: list[_Entry]) -> Iterator[Finding]:
    """A transaction changes a resource once (http.html#trules)."""
    changed: set[str] = set()
    for entry in entries:
        url = _text(entry.request, "url")
        if url and _text(entry.request, "method") in ("PUT", "PATCH", "DELETE"):
            if url in changed:
                what = "be the only one of the transaction that changes this resource"
                yield faults.REQUEST.at(f"{entry.path}.request", what=what)
            changed.add(url)


class _References:
    """The references from entry to entry, resolved as bundle.html#references says."""

    def __init__(self, kind: str, entries: list[_Entry]) -> None:
        self.kind = kind
        self.entries = entries
        self.by_url: dict[str, list[int]] = {}
        self.by_id: dict[str, list[int]] = {}
        for number, entry in enumerate(entries):
            if entry.full_url:
                self.by_url.setdefault(entry.full_url, []).append(number)
            if entry.type and entry.id:
                self.by_id.setdefault(f"{entry.type}/{entry.id}", []).append(number)

    def findings(self) -> Iterator[Finding]:
        """For each reference to an entry that isn't there."""
        for entry in self.entries:
            if entry.type == "Bundle" or not entry.type:
                continue  # a Bundle inside has references of its own
            for reference in walk(entry.resource):
                text = reference.text
                if text and not text.startswith("#") and not self.find(text, entry):
                    yield from self.judge(reference.path, text, entry)

    def find(self, text: str, entry: _Entry) -> list[int]:
        """The entries that a reference names; more than one where they are versions of one resource."""
        parsed = parse_reference(text)
        if parsed.kind is ReferenceKind.RELATIVE:
            name = f"{parsed.type}/{parsed.id}"
            found = self.by_url.get(entry.parsed.base + name, []) if entry.parsed.base else []
            found = found or self.by_id.get(name, [])
        else:
            found = self.by_url.get(text, []) or self.by_url.get(text.partition("/_history/")[0], [])
        if parsed.version and len(found) > 1:
            return [
                number
                for number in found
                if _text(self.entries[number].resource.get("meta"), "versionId") == parsed.version
            ]
        return found

    def judge(self, place: str, text: str, entry: _Entry) -> Iterator[Finding]:
        inside = f"{entry.path}.resource.{place.partition('.')[2]}.reference"
        is_head = entry is self.entries[0] and (
            (self.kind == "document" and _IN_DOCUMENT.fullmatch(place))
            or (self.kind == "message" and _IN_MESSAGE.fullmatch(place))
        )
        if is_head and not text.startswith("http"):
            yield faults.HEAD_REFERENCE.at(inside)
        elif text.startswith(("urn:uuid:", "urn:oid:")):
            fault = faults.BUNDLE_REFERENCE if self.kind in _CLOSED else faults.BUNDLE_REFERENCE_OUTSIDE
            yield fault.at(inside)
