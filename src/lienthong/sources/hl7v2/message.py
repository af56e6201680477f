"""Takes one HL7 v2 message apart: delimiters from the message itself, segments with their place, fields, escapes.

Nothing is split before it is asked for: a segment is its line until a field of it is read. Clauses are those of
HL7 version 2.9, chapter 2 (2.5 message delimiters, 2.7 escapes); the forms are the same since 2.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.text import nfc

__all__ = ["NOTHING", "Delimiters", "Item", "Message", "Segment", "parse"]

WRONG_HEADER = ErrorKind(
    "hl7v2-header-broken",
    Category.UNREADABLE,
    what="The message can't be taken apart: {why}.",
    allowed="A segment MSH whose fields 1 and 2 name four different delimiters, usually |^~\\&.",
    cure="Correct the header in the sending system, then send the message again.",
)

TOO_MANY = ErrorKind(
    "hl7v2-message-too-many-parts",
    Category.UNREADABLE,
    what="The message has more parts than any message needs.",
    allowed="100,000 segments and repetitions, 2,000,000 fields and components.",
    cure="Send it as several messages.",
)

_MAX_LINES = 100_000  # a bound against files that are made to exhaust memory; long reports have some thousand
_MAX_PARTS = 2_000_000
_LINE = re.compile(r"[^\r\n]+")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"\s+")
_NULL = '""'
_USUAL = "^~\\&"
_HEADERS = ("MSH", "FHS", "BHS")


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The characters that part a message: field, component, repetition, escape, subcomponent."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str

    @staticmethod
    def of(line: str) -> Delimiters:
        """The delimiters that a header segment names in its fields 1 and 2; those that are missing are the usual."""
        mark = line[3:4]
        if not _is_delimiter(mark):
            raise WRONG_HEADER.at(why="its first field names no delimiter")
        named = line[4:].split(mark, 1)[0].strip()
        if named[2:4] == "\\\\" and len(named) > 4:  # a backslash doubled by a program on the way
            named = named[:3] + named[4:]
        named = named[:4] + _USUAL[len(named[:4]) :]
        if len({mark, *named}) != 5 or not all(map(_is_delimiter, named)):
            raise WRONG_HEADER.at(why="its second field does not name four delimiters")
        return Delimiters(mark, named[0], named[1], named[2], named[3])


def _is_delimiter(mark: str) -> bool:
    return len(mark) == 1 and mark.isprintable() and not mark.isalnum() and mark not in ' "'


@lru_cache(maxsize=64)
def _escapes(delimiters: Delimiters) -> tuple[re.Pattern[str], dict[str, str]]:
    mark = re.escape(delimiters.escape)
    known = {
        "F": delimiters.field,
        "S": delimiters.component,
        "R": delimiters.repetition,
        "T": delimiters.subcomponent,
        "E": delimiters.escape,
        ".br": "\n",
        ".sp": "\n",
        ".fi": "",
        ".nf": "",
        ".ce": "\n",
        "H": "",
        "N": "",
    }
    return re.compile(f"{mark}([^{mark}\r\n]{{0,200}}){mark}"), known


def plain(text: str, delimiters: Delimiters) -> str:
    """The text of a value with its escapes undone (2.7), in NFC and without control characters; `""` is nothing."""
    if delimiters.escape in text:
        pattern, known = _escapes(delimiters)

        def meant(match: re.Match[str]) -> str:
            inside = match[1]
            found = known.get(inside)
            if found is not None:
                return found
            if inside[:1] == "X":  # bytes in hexadecimal (2.7.5)
                try:
                    return bytes.fromhex(inside[1:]).decode("utf-8")
                except ValueError:
                    return ""
            if inside[:3] in (".sp", ".sk", ".in", ".ti"):
                return "\n" * min(int(inside[3:]), 9) if inside[1:3] == "sp" and inside[3:].isdecimal() else " "
            return "" if inside[:1] in ("C", "M", "Z") and inside[1:].isalnum() else match[0]

        text = pattern.sub(meant, text)
    text = text.strip()
    if text.isascii() and text.isprintable():
        return "" if text == _NULL else text
    return _CONTROL.sub("", nfc(text)).strip()


class Item:
    """One repetition of a field; its components count from 1, as in the standard."""

    __slots__ = ("_components", "_delimiters", "raw")

    def __init__(self, raw: str, delimiters: Delimiters) -> None:
        self.raw = raw
        self._delimiters = delimiters
        self._components = raw.split(delimiters.component)

    def part(self, number: int, sub: int = 1) -> str:
        """The text of a component, or of its `sub`-th subcomponent; empty where there is none."""
        components = self._components
        if number > len(components):
            return ""
        raw = components[number - 1]
        if not raw:
            return ""
        mark = self._delimiters.subcomponent
        if mark in raw:
            subs = raw.split(mark)
            raw = subs[sub - 1] if sub <= len(subs) else ""
        elif sub > 1:
            return ""
        return plain(raw, self._delimiters)

    def code(self, number: int, sub: int = 1) -> str:
        """A component as a code or an id: white space inside is one blank."""
        text = self.part(number, sub)
        return text if text.isalnum() else _SPACE.sub(" ", text)

    def inner(self, number: int) -> Item:
        """A component whose subcomponents are read as components, e.g. the HD inside of a CX."""
        raw = self._components[number - 1] if number <= len(self._components) else ""
        marks = self._delimiters
        return Item(raw.replace(marks.subcomponent, marks.component), marks) if raw else NOTHING

    @property
    def delimiters(self) -> Delimiters:
        return self._delimiters

    @property
    def is_simple(self) -> bool:
        """Whether it has one component only."""
        return len(self._components) == 1

    @property
    def text(self) -> str:
        """All of it as text: components and subcomponents parted by blanks."""
        marks = self._delimiters
        parts = self.raw.replace(marks.subcomponent, marks.component).split(marks.component)
        return " ".join(found for found in (plain(part, marks) for part in parts) if found)

    def __bool__(self) -> bool:
        return bool(self.raw)


NOTHING = Item("", Delimiters("|", "^", "~", "\\", "&"))


class Segment:
    """One segment: its name, its number among those of its name, and its fields, counted from 1 as in the standard.

    `start` is the position of its first character in the text of the message.
    """

    __slots__ = ("_delimiters", "_fields", "name", "number", "raw", "start")

    def __init__(self, name: str, number: int, raw: str, start: int, delimiters: Delimiters) -> None:
        self.name = name
        self.number = number
        self.raw = raw
        self.start = start
        self._delimiters = delimiters
        self._fields: list[str] | None = None

    @property
    def place(self) -> str:
        """How people call it: `PID`, or `OBX[3]` for the third one."""
        return self.name if self.number == 1 and self.name not in _REPEATING else f"{self.name}[{self.number}]"

    def field(self, number: int) -> str:
        """The field as it stands; empty where there is none or it is the explicit null `""`."""
        fields = self._fields
        if fields is None:
            fields = self.raw.split(self._delimiters.field)
            if self.name in _HEADERS:
                fields.insert(1, self._delimiters.field)
            self._fields = fields
        raw = fields[number] if number < len(fields) else ""
        return "" if raw == _NULL else raw

    def items(self, number: int) -> list[Item]:
        """The repetitions of a field that hold something."""
        raw = self.field(number)
        if not raw:
            return []
        marks = self._delimiters
        if marks.repetition not in raw:
            return [Item(raw, marks)]
        return [Item(part, marks) for part in raw.split(marks.repetition) if part and part != _NULL]

    def item(self, number: int) -> Item:
        """The first repetition of a field, or an empty one."""
        raw = self.field(number)
        if not raw:
            return NOTHING
        return Item(raw.split(self._delimiters.repetition, 1)[0], self._delimiters)

    def text(self, number: int) -> str:
        """The first component of a field as text."""
        raw = self.field(number)
        return self.item(number).part(1) if raw else ""

    def code(self, number: int) -> str:
        """The first component of a field as a code."""
        raw = self.field(number)
        return self.item(number).code(1) if raw else ""

    def whole(self, number: int) -> str:
        """A field that has no components, as text: a delimiter that stands in it is text."""
        return plain(self.field(number), self._delimiters)

    def span(self, number: int) -> tuple[int, int]:
        """Where a field stands in the text of the message: its first character and the one after its last."""
        bounds = [match.start() for match in re.finditer(re.escape(self._delimiters.field), self.raw)]
        first = 1 if self.name in _HEADERS else 0
        if self.name in _HEADERS and number == 1:
            return self.start + 3, self.start + 4
        edges = [*bounds, len(self.raw)]
        index = number - 1 - first
        for count, (begin, end) in enumerate(pairwise(edges)):
            if count == index:
                return self.start + begin + 1, self.start + end
        return self.start + len(self.raw), self.start + len(self.raw)


_REPEATING = frozenset({"OBX", "OBR", "ORC", "NTE", "DG1", "AL1", "NK1", "IN1", "SPM"})


@dataclass(frozen=True, slots=True)
class Message:
    """The segments of a message in their order; `loose` numbers the lines that were taken on to the one before."""

    segments: tuple[Segment, ...]
    delimiters: Delimiters
    loose: int = 0

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def first(self, name: str) -> Segment | None:
        return next((segment for segment in self.segments if segment.name == name), None)

    def all(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment.name == name]

    @property
    def key(self) -> str:
        """MSH-10, the message control id."""
        return self.header.code(10)

    @property
    def kind(self) -> str:
        """The type of the message, MSH-9.1: ADT, ORU; before 2.3 it stands there alone."""
        return self.header.code(9).upper()

    @property
    def event(self) -> str:
        """The trigger event, MSH-9.2, or EVN-1 in messages of the oldest versions."""
        named = self.header.item(9).code(2).upper()
        if named:
            return named
        trigger = self.first("EVN")
        return trigger.code(1).upper() if trigger else ""


def parse(text: str) -> Message:
    """A message from its text, which begins with MSH.

    A line that begins with no segment's name goes on with the line before: a line end stood in a value. Raises
    `hl7v2-header-broken` or `hl7v2-message-too-many-parts`.
    """
    if not text.startswith("MSH"):
        raise WRONG_HEADER.at(why="it does not begin with MSH")
    delimiters = Delimiters.of(_first_line(text))
    mark = delimiters.field
    _refuse_many(text, delimiters)
    segments: list[Segment] = []
    going_on: list[str] = []
    numbers: dict[str, int] = {}
    loose = 0
    for match in _LINE.finditer(text):
        line = match[0]
        name = line[:3]
        if not (line[3:4] == mark or line[3:].isspace() or len(line) == 3) or not _NAME.fullmatch(name):
            stripped = line.lstrip(" \t\x0b\x1c")
            if not stripped:
                continue
            name = stripped[:3]
            if stripped[3:4] != mark or not _NAME.fullmatch(name):
                going_on.append(line)
                loose += 1
                continue
            line = stripped
        if going_on:
            segments[-1].raw = "\n".join((segments[-1].raw, *going_on))
            going_on = []
        numbers[name] = number = numbers.get(name, 0) + 1
        segments.append(Segment(name, number, line, match.end() - len(line), delimiters))
    if going_on:
        segments[-1].raw = "\n".join((segments[-1].raw, *going_on))
    return Message(tuple(segments), delimiters, loose)


def _refuse_many(text: str, delimiters: Delimiters) -> None:
    if len(text) <= _MAX_LINES:
        return
    lines = text.count("\r") + text.count("\n")
    parts = text.count(delimiters.field) + text.count(delimiters.component) + text.count(delimiters.subcomponent)
    if max(lines, text.count(delimiters.repetition)) > _MAX_LINES or parts > _MAX_PARTS:
        raise TOO_MANY.at()


def _first_line(text: str) -> str:
    match = _LINE.match(text)
    return match[0] if match else ""
