"""The texts of the resources of a file as they stand: one document or one resource a line, in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.sources.container import HEAD
from lienthong.sources.converted import LeftOut, rejection
from lienthong.sources.recognise import NOT_UTF8, as_utf8

__all__ = ["BROKEN_JSON", "TOO_LONG", "Text", "texts"]

BROKEN_JSON = ErrorKind(
    "json-broken",
    Category.UNREADABLE,
    what="This is no whole JSON: {why}.",
    allowed="JSON (RFC 8259) in UTF-8; NDJSON has one resource a line.",
    cure="It may be cut off or changed on its way: export or copy it again.",
)
TOO_LONG = ErrorKind(
    "record-too-large",
    Category.UNREADABLE,
    what="The record is longer than {limit} bytes.",
    allowed="max_record_bytes of the settings.",
    cure="Export it as NDJSON, or raise max_record_bytes in lienthong.toml.",
)
EMPTY = ErrorKind(
    "file-empty",
    Category.UNREADABLE,
    what="The file is empty.",
    allowed="At least one resource.",
    cure="Export it again; a type without resources needs no file.",
)


@dataclass(frozen=True, slots=True)
class Text:
    """One resource's text and its place in the file; `fault` says why there is none.

    `value` is its parsed value where that was needed to know what the file is.
    """

    record: str
    data: bytes
    is_line: bool
    fault: Finding | None = None
    value: Any = None


def texts(stream: BufferedReader, name: str, settings: Settings) -> Iterator[Text | LeftOut]:
    """The texts of a file of JSON; what is JSON without any `resourceType` is left out.

    Raises for a file that is no text, empty, or one document that is no JSON or too long.
    """
    limit = settings.max_record_bytes
    head = stream.peek(HEAD)
    if as_utf8(head) != head.removeprefix(codecs.BOM_UTF8):
        raise NOT_UTF8.at(name)
    if head.startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
        head = head[len(codecs.BOM_UTF8) :]
    if not head.strip():
        raise EMPTY.at(name)
    is_whole = len(head) < HEAD
    value = _parses(head) if is_whole else None
    first, data = b"", head
    if value is None and not is_whole and b"\n" not in head:
        first = _readline(stream, limit)  # a line longer than the head: what follows it tells NDJSON
    if value is None and (_follows(stream, first) or _is_lines(_whole_lines(head), is_whole=is_whole)):
        if first or any(_says_resource(line) for line in _whole_lines(head)) or not _all_objects(head):
            yield from _lines(stream, name, limit, first)
        else:
            yield LeftOut(name, "JSON lines without a resourceType, no FHIR")
        return
    if value is None:
        data = _document(stream, limit, first)
        value = _parse(data)
    if isinstance(value, dict) and "resourceType" in value:
        yield Text("line 1", data, is_line=False, value=value)
    elif isinstance(value, list) and any(isinstance(item, dict) and "resourceType" in item for item in value):
        raise BROKEN_JSON.at(name, why="resources stand in a bare array; a Bundle or NDJSON is needed")
    else:
        yield LeftOut(name, "JSON without a resourceType, no FHIR")


def _parse(data: bytes) -> Any:
    try:
        return canonical.parse(data)
    except ValueError as error:
        raise BROKEN_JSON.at(why=str(error)) from None


def _parses(data: bytes) -> Any:
    """The value, or None where it is no JSON."""
    try:
        return canonical.parse(data)
    except ValueError:
        return None


def _says_resource(line: bytes) -> bool:
    value = _parses(line) if b'"resourceType"' in line else None
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def _whole_lines(head: bytes) -> list[bytes]:
    lines = head.split(b"\n")
    return [line for line in (lines if len(head) < HEAD else lines[:-1]) if line.strip()]


def _all_objects(head: bytes) -> bool:
    return all(isinstance(_parses(line), dict) for line in _whole_lines(head))


def _is_lines(lines: list[bytes], *, is_whole: bool) -> bool:
    """Whether a file that is no JSON as a whole is NDJSON, by its first lines.

    It is where the first line is JSON by itself and another follows, or where one of its lines is a resource. Of a
    file that goes on after its head only the second line is asked: inside a document a line may look like a resource.
    """
    if not lines or (len(lines) < 2 and is_whole):
        return False
    if _parses(lines[0]) is not None:
        return True  # the line after it may be longer than the head
    return any(_says_resource(line) for line in (lines if is_whole else lines[1:2]))


def _readline(stream: BufferedReader, limit: int) -> bytes:
    line = stream.readline(limit + 1)
    if len(line) > limit:
        raise TOO_LONG.at(limit=limit)
    return line


def _follows(stream: BufferedReader, first: bytes) -> bool:
    return bool(first) and bool(stream.peek(1).strip())


def _document(stream: BufferedReader, limit: int, first: bytes) -> bytes:
    data = first + stream.read(limit + 1 - len(first))
    if len(data) > limit:
        raise TOO_LONG.at(limit=limit)
    return data


def _lines(stream: BufferedReader, name: str, limit: int, first: bytes) -> Iterator[Text]:
    """Each line is a record of its own; damage to the packed file ends the lines but keeps those before it."""
    number = 0
    while True:
        number += 1
        try:
            line, first = first or stream.readline(limit + 1), b""
            too_long = len(line) > limit
            if too_long:
                _skip_line(stream, line)
        except LienthongError as error:
            record = f"line {number} to the end"
            yield Text(record, b"", is_line=True, fault=rejection(error, file=name, record=record))
            return
        if not line:
            return
        record = f"line {number}"
        if too_long:
            yield Text(record, b"", is_line=True, fault=rejection(TOO_LONG.at(limit=limit), file=name, record=record))
        elif not line.isspace():
            yield Text(record, line, is_line=True)


def _skip_line(stream: BufferedReader, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(HEAD)
