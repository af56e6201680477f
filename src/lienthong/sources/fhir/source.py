"""Reads FHIR JSON as it comes: each resource of a document or of a line becomes a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

from lienthong.core import canonical
from lienthong.core.settings import Settings
from lienthong.fhir.references import may_extend
from lienthong.sources.converted import Converted, LeftOut
from lienthong.sources.fhir import bundle
from lienthong.sources.fhir.resource import TOO_DEEP, File, Neighbours, key_of, place, shape_fault
from lienthong.sources.fhir.texts import BROKEN_JSON, texts

__all__ = ["SOURCE", "FhirSource"]

_ENDINGS = (".json", ".ndjson", ".jsonl")
_ALONE = Neighbours()


@dataclass(frozen=True, slots=True)
class FhirSource:
    """FHIR R4 as JSON or NDJSON (a `Source`)."""

    name: str = "fhir"

    def recognise(self, head: bytes, name: str) -> bool:
        """JSON that says `resourceType`, or a file of JSON by its name; whether it is FHIR is seen in reading."""
        start = head.lstrip()[:1]
        if name.lower().removesuffix(".gz").endswith(_ENDINGS):
            return bool(start)
        return start in (b"{", b"[") and b'"resourceType"' in head

    def convert(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        """The resources of a document or of each line; JSON without any `resourceType` is left out."""
        file = File(source or settings.source, name, sha256)
        for text in texts(stream, name, settings):
            if isinstance(text, LeftOut):
                yield text
            elif text.fault is not None:
                yield file.rejected_by(text.record, text.fault)
            elif not text.is_line:
                yield from _records(text.value, file, text.record, "")
            else:
                try:
                    value = canonical.parse(text.data)
                except ValueError as error:
                    yield file.rejected(text.record, BROKEN_JSON, why=str(error))
                    continue
                yield from _records(value, file, text.record, text.record + " ", extended=may_extend(text.data))


def _records(value: Any, file: File, record: str, prefix: str, *, extended: bool = True) -> Iterator[Converted]:
    fault = shape_fault(value)
    if fault is not None and not (isinstance(value, dict) and value.get("resourceType") == "Bundle"):
        kind, values = fault
        yield file.rejected(record, kind, **values)
    elif value["resourceType"] == "Bundle":
        yield from bundle.records(value, file, prefix)
    else:
        try:
            place(value, key_of(value), file.source, _ALONE, extended=extended)
        except RecursionError:
            yield file.rejected(record, TOO_DEEP)
            return
        yield file.converted(record, value)


SOURCE = FhirSource()
