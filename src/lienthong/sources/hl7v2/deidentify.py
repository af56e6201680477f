"""Makes HL7 v2 messages showable: field by field by `deidentify.csv`, all others and unknown segments are not copied.

A message is written anew in UTF-8 with the usual delimiters; batches and frames around messages go.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer, Someone
from lienthong.sources.converted import LeftOut, rejection
from lienthong.sources.hl7v2.framing import Batch, decode, pieces
from lienthong.sources.hl7v2.message import Item, Message, Segment, parse

__all__ = ["KINDS", "Hl7v2Deidentifier", "kinds"]

Parts = list[list[str]]  # a repetition: components, each a list of subcomponents, as plain text

_NATIONAL = frozenset({"NI", "NNVNM", "PPN", "SS"})
_CARDS = frozenset({"HC", "MC", "PN"})
_STATES = frozenset({"CCCD", "CMND", "BHYT", "BHXH"})  # authorities of the state name no hospital
_SEXES = {"M": "male", "F": "female"}
_MAX_COMPONENTS = 30
_TEXTS = frozenset({"ST", "TX", "FT"})
_VALUES = frozenset({"NM", "SN", "CE", "CWE", "CNE", "CF", "IS", "ID", "SI"})
_DATES = frozenset({"TS", "DT", "DTM"})
_ESCAPES = (
    ("\\", "\\E\\"),
    ("|", "\\F\\"),
    ("^", "\\S\\"),
    ("&", "\\T\\"),
    ("~", "\\R\\"),
    ("\r", ""),
    ("\n", "\\.br\\"),
)


@cache
def kinds() -> dict[tuple[str, int], str]:
    """The kind of each field that is copied, as `deidentify.csv` says it."""
    text = Path(__file__).with_name("deidentify.csv").read_text("utf-8")
    return {(row["segment"], int(row["field"])): row["kind"] for row in csv.DictReader(text.splitlines())}


def _parts(item: Item) -> Parts:
    """All components of a repetition with their subcomponents."""
    marks = item.delimiters
    count = min(item.raw.count(marks.component) + 1, _MAX_COMPONENTS)
    found: Parts = []
    for number in range(1, count + 1):
        inner = item.inner(number)
        subs = min(inner.raw.count(marks.component) + 1, _MAX_COMPONENTS)
        found.append([inner.part(sub) for sub in range(1, subs + 1)])
    return found


def _at(parts: Parts, number: int) -> str:
    return parts[number - 1][0] if len(parts) >= number else ""


def _escaped(text: str) -> str:
    for letter, escape in _ESCAPES:
        text = text.replace(letter, escape)
    return text


def _joined(parts: Parts) -> str:
    components = ["&".join(map(_escaped, subs)).rstrip("&") for subs in parts]
    return "^".join(components).rstrip("^")


def _nodes(message: Message, circles: Circles) -> list[str]:
    """The patient of a message with all numbers."""
    found: list[str] = []
    for name, fields in (("PID", (2, 3, 4, 19)), ("MRG", (1,))):
        for segment in message.all(name):
            for item in (item for field in fields for item in segment.items(field)):
                parts = _parts(item)
                number, kind = _at(parts, 1), _at(parts, 5)
                if kind in _NATIONAL:
                    found += circles.national(number)
                elif kind in _CARDS:
                    found += circles.card(number)
                elif number:
                    found.append(f"k:{'&'.join(parts[3]) if len(parts) > 3 else ''}|{number}")
    return list(dict.fromkeys(found))


def _said(parts: Parts) -> str:
    """A name as it is said: family, given, further names."""
    return " ".join(part for part in (_at(parts, 1), _at(parts, 2), _at(parts, 3)) if part)


@dataclass(frozen=True, slots=True)
class Hl7v2Deidentifier:
    """HL7 v2 messages in files (a `Deidentifier`)."""

    ending: str = ".hl7"

    def learn(
        self, stream: BufferedReader, *, name: str, settings: Settings, circles: Circles, this_year: int
    ) -> Iterator[None]:
        """The patient of each message."""
        del name
        for piece in pieces(stream, settings.max_record_bytes, Batch()):
            try:
                message = parse(decode(piece)) if piece.data is not None else None
            except LienthongError:
                message = None
            if message is not None:
                _learn(message, circles, this_year)
            yield None

    def rewrite(
        self, stream: BufferedReader, out: BinaryIO, *, name: str, settings: Settings, replacer: Replacer
    ) -> Iterator[Finding | LeftOut | None]:
        """Each message that can be taken apart."""
        for piece in pieces(stream, settings.max_record_bytes, Batch()):
            label = f"message {piece.number}"
            try:
                message = parse(decode(piece))
            except LienthongError as error:
                yield rejection(error, file=name, record=label)
                continue
            out.write(_rewritten(message, replacer).encode("utf-8"))
            yield None


def _learn(message: Message, circles: Circles, this_year: int) -> None:
    nodes = _nodes(message, circles)
    circles.join(nodes)
    for segment in message.segments:
        for (name, field), kind in kinds().items():
            if name != segment.name or kind not in ("xpn", "xpn-female", "xad"):
                continue
            for item in segment.items(field):
                parts = _parts(item)
                if kind == "xad":
                    circles.learn_address(", ".join(_at(parts, number) for number in (1, 2, 3, 9)), nodes)
                else:
                    circles.learn_name(_said(parts), nodes, _sex(segment, kind))
    patient, visit = message.first("PID"), message.first("PV1")
    if patient is not None and nodes:
        born = patient.text(7)
        dated = [part for part in (born[:4], born[4:6], born[6:8]) if part.isdigit() and part.strip("0")]
        circles.learn_birth("-".join(dated), nodes)
        circles.learn_person(nodes[0], (born[:4], _SEXES.get(patient.code(8).upper(), ""), patient.item(11).part(4)))
    if visit is not None:
        circles.learn_event(visit.text(44), this_year)


def _sex(segment: Segment, kind: str) -> str:
    if kind == "xpn-female":
        return "female"
    return _SEXES.get(segment.code(8).upper(), "") if segment.name == "PID" else ""


def _rewritten(message: Message, replacer: Replacer) -> str:
    someone = replacer.someone(_nodes(message, replacer.circles))
    lines: list[str] = []
    known = {name for name, _ in kinds()}
    for segment in message.segments:
        if segment.name not in known:
            someone.note("unknown-segment")
            continue
        fields: dict[int, str] = {}
        count = segment.raw.count(message.delimiters.field) + 1
        for number in range(1, count + 1):
            kind = kinds().get((segment.name, number))
            if kind is None:
                if segment.field(number) and (segment.name != "MSH" or number not in (1, 2, 18)):
                    someone.note("removed")
                continue
            items = [_joined(_replaced(kind, _parts(item), segment, someone)) for item in segment.items(number)]
            fields[number] = "~".join(items).rstrip("~")
        if segment.name == "MSH":
            fields[18] = "UNICODE UTF-8"
            texts = [fields.get(number, "") for number in range(3, 19)]
            lines.append("|".join(["MSH", "^~\\&", *texts]))
        else:
            texts = [fields.get(number, "") for number in range(1, max(fields, default=0) + 1)]
            lines.append("|".join([segment.name, *texts]).rstrip("|"))
    return "".join(f"{line}\r" for line in lines)


def _replaced(kind: str, parts: Parts, segment: Segment, someone: Someone) -> Parts:
    """The new parts of one repetition."""
    if kind == "value":
        kind = _kind_of_value(segment.code(2).upper())
    if kind != "kept":
        someone.note(kind)
    if kind in ("xpn", "xpn-female"):
        return _name(parts, 1, _sex(segment, kind), someone)
    return _BY_KIND[kind](parts, someone)


def _kind_of_value(named: str) -> str:
    if named in _VALUES:
        return "kept"
    if named in _DATES:
        return "date"
    return "text" if named in _TEXTS else "removed"


def _kept(parts: Parts, someone: Someone) -> Parts:
    return [[text if text.isalnum() else someone.scrubber.only_known(text) for text in subs] for subs in parts]


def _only(*made: str) -> Parts:
    return [[text] for text in made]


def _name(parts: Parts, first: int, sex: str, someone: Someone) -> Parts:
    """A new name in the components that held the old one: family, given, further; its type stays."""
    said = " ".join(part for number in range(first, first + 3) if (part := _at(parts, number)))
    words = someone.replacer.pseudonyms.name(said, sex).split()
    made = [words[0], words[1], " ".join(words[2:])] if len(words) > 2 else [*words, "", "", ""][:3]
    if not _at(parts, first + 1):  # it stood in one component
        made = [" ".join(words), "", ""]
    return _only(*made, "", "", "", _at(parts, 7) if first == 1 else "")


def _authority(subs: list[str], someone: Someone) -> list[str]:
    """An HD: namespace, id, type of the id. Those of the state stay."""
    if not any(subs) or subs[0] in _STATES or someone.replacer.keep_facility:
        return subs
    pseudonyms = someone.replacer.pseudonyms
    new = [pseudonyms.token(subs[0], 10)]
    if len(subs) > 1:
        is_address = subs[1].startswith(("http://", "https://"))
        new.append(pseudonyms.address_of(subs[1]) if is_address else pseudonyms.token(subs[1], 12))
    return [*new, *subs[2:3]]


def _hd(parts: Parts, someone: Someone) -> Parts:
    """An HD that is a field: its parts are components."""
    return [[text] for text in _authority([subs[0] for subs in parts], someone)]


def _cx(parts: Parts, someone: Someone) -> Parts:
    pseudonyms = someone.replacer.pseudonyms
    number, kind = " ".join(_at(parts, 1).split()), _at(parts, 5)
    if kind in _NATIONAL:
        number = pseudonyms.national_id(number) if number else ""
    elif kind in _CARDS:
        number = pseudonyms.card(number) if number else ""
    else:
        number = pseudonyms.token(number)
    made: Parts = [[number], [""], [""], _authority(parts[3], someone) if len(parts) > 3 else [""], [kind]]
    return [*made, [""], [someone.compact(_at(parts, 7))], [someone.compact(_at(parts, 8))]]


def _xcn(parts: Parts, someone: Someone) -> Parts:
    """Staff: licence, name, title, authority, type."""
    licence = _at(parts, 1)
    name = [subs[0] for subs in _name(parts, 2, "", someone)][:3]
    made = _only(someone.replacer.pseudonyms.licence(licence) if licence else "", *name, "", _at(parts, 6), "")
    rest = [_authority(parts[number], someone) if len(parts) > number else [""] for number in (7, 8)]
    return [*made, *rest, [_at(parts, 10)], [""], [""], [_at(parts, 13)]]


def _xad(parts: Parts, someone: Someone) -> Parts:
    said = " ".join(text for subs in parts for text in subs if text)
    new = someone.replacer.pseudonyms.address(said)
    return _only(new, "", "", _at(parts, 4), "", _at(parts, 6), _at(parts, 7))


def _xtn(parts: Parts, someone: Someone) -> Parts:
    pseudonyms = someone.replacer.pseudonyms
    mail = f"{pseudonyms.token(_at(parts, 4)).lower()}@example.invalid" if _at(parts, 4) else ""
    number = _at(parts, 12) or _at(parts, 7)
    made = _only(pseudonyms.phone(_at(parts, 1)), _at(parts, 2), _at(parts, 3), mail)
    return [*made, *_only("", "", "", "", "", "", "", pseudonyms.phone(number))]


def _pl(parts: Parts, someone: Someone) -> Parts:
    made = _kept(parts[:3], someone)
    made += [[""] for _ in range(3 - len(made))]
    return [*made, _authority(parts[3], someone) if len(parts) > 3 else [""]]


def _ei(parts: Parts, someone: Someone) -> Parts:
    token = someone.replacer.pseudonyms.token
    return _only(token(_at(parts, 1)), token(_at(parts, 2), 8))


def _eip(parts: Parts, someone: Someone) -> Parts:
    token = someone.replacer.pseudonyms.token
    return [[token(subs[0])] for subs in parts[:2]]


def _birth(parts: Parts, someone: Someone) -> Parts:
    return _only(someone.compact_birth(_at(parts, 1)))


def _moment(text: str, someone: Someone) -> str:
    """A TS: a year or a month alone stays."""
    return text if len(text) in (4, 6) and text.isdigit() else someone.compact(text)


def _date(parts: Parts, someone: Someone) -> Parts:
    return _only(_moment(_at(parts, 1), someone))


def _range(parts: Parts, someone: Someone) -> Parts:
    return [[_moment(subs[0], someone)] for subs in parts[:2]]


_BY_KIND: dict[str, Callable[[Parts, Someone], Parts]] = {
    "kept": _kept,
    "hd": _hd,
    "cx": _cx,
    "xcn": _xcn,
    "xad": _xad,
    "xtn": _xtn,
    "pl": _pl,
    "ei": _ei,
    "eip": _eip,
    "birth": _birth,
    "date": _date,
    "range": _range,
    "token": lambda parts, someone: _only(someone.replacer.pseudonyms.token(_at(parts, 1))),
    "card": lambda parts, someone: _only(someone.replacer.pseudonyms.card(_at(parts, 1))),
    "national-id": lambda parts, someone: _only(someone.replacer.pseudonyms.national_id(_at(parts, 1))),
    "text": lambda parts, someone: _only(someone.text(" ".join(text for subs in parts for text in subs if text))),
    "removed": lambda _parts, _someone: _only(""),
}
KINDS = frozenset({*_BY_KIND, "xpn", "xpn-female", "value"})
"""The kinds that `deidentify.csv` may name."""
