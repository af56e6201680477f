"""Makes claims showable: every field of every table by its kind in `deidentify.csv`; unknown fields are not copied.

The file is written anew from its rows, so that nothing of the old bytes is in it: the envelope, each HOSO, each table
in base64 with its rows and fields in their order. The unit's signature is left out, for it signs the old bytes.
"""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.settings import Settings
from lienthong.privacy.circles import Circles
from lienthong.privacy.replacer import Replacer, Someone
from lienthong.sources.bhyt.envelope import CHECK_IN, OTHER_ENVELOPE, ROOTS, TOO_LONG, Envelope, Hoso, Part, root_name
from lienthong.sources.bhyt.hoso import BROKEN_HOSO, NO_KEY
from lienthong.sources.bhyt.layout import PATHS, TABLES, is_known
from lienthong.sources.bhyt.person import GENDERS
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.tables import read_table
from lienthong.sources.container import HEAD
from lienthong.sources.converted import LeftOut, rejection
from lienthong.sources.recognise import as_utf8

__all__ = ["KINDS", "BhytDeidentifier", "kinds"]

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_RULE = Rule("deidentify", "What can't be read is not copied", "docs/deidentify.md")
_CURE = "Mend the export and run the command again; or leave it out."
_SEXES = {code: sex for code, sex in GENDERS.items() if sex != "unknown"}
_FIVE = re.compile(r"(?<![0-9A-Z])[0-9]{5}(?![0-9A-Z])")
_UNKNOWN_PLACE = "đã ẩn"


@cache
def kinds() -> dict[str, str]:
    """The kind of each field, as `deidentify.csv` says it."""
    text = Path(__file__).with_name("deidentify.csv").read_text("utf-8")
    return {row["field"]: row["kind"] for row in csv.DictReader(text.splitlines())}


@dataclass(frozen=True, slots=True)
class _Tables:
    """The rows of a HOSO by part, and what of it is not copied."""

    parts: tuple[tuple[str, list[Row]], ...]
    refused: tuple[Finding, ...]

    def rows(self, table: str = "") -> Iterator[Row]:
        for name, rows in self.parts:
            if not table or name == table:
                yield from rows


def _read(parts: Iterable[Part], file: str, record: str) -> _Tables:
    found: list[tuple[str, list[Row]]] = []
    refused: list[Finding] = []

    def refuse(code: str, message: str, table: str, row: str = "") -> None:
        place = Place(file=file, record=record, table=table if table in TABLES else "", row=row)
        refused.append(Finding(Severity.ERROR, code, message, place, _RULE, _CURE))

    for part in parts:
        if part.name not in TABLES:
            refuse("bhyt-table-unknown", "The kind of table (LOAIHOSO) is not known; it is not copied.", "")
            continue
        if part.data is not None and not part.data.strip():
            continue
        table = read_table(part.name, part.data, part.encoding) if part.data is not None else None
        if table is None or table.is_broken:
            refuse("bhyt-table-broken", "The table can't be read; it is not copied.", part.name)
            continue
        for number in table.lost:
            refuse("bhyt-row-broken", "The row can't be read; it is not copied.", part.name, str(number))
        found.append((part.name, table.rows))
    return _Tables(tuple(found), tuple(refused))


def _fault(tables: _Tables, file: str, label: str) -> Finding | None:
    """Why a HOSO is no record, as ingest says it; None where it is one."""
    if not any(True for name in ("XML1", "XML0", "XML12") for _ in tables.rows(name)):
        return rejection(BROKEN_HOSO.at("", why="it has no table that can be read"), file=file, record=label)
    for row in tables.rows("XML1"):
        for field in ("MA_LK", "MA_BN"):
            if not row.code(field):
                return rejection(NO_KEY.at("", field=field), file=file, record=label)
    return None


def _nodes(rows: Iterable[Row], facility: str, circles: Circles) -> list[str]:
    """Who stands in the rows of one visit, the staff aside."""
    found: list[str] = []
    for row in rows:
        own = row.code("MA_CSKCB") or facility
        for field, text in row.texts.items():
            if not text:
                continue
            kind = kinds().get(field)
            if kind == "national-id":
                found += circles.national(text)
            elif kind == "card":
                found += [node for card in row.codes(field) for node in circles.card(card)]
            elif kind == "social" and field != "MA_TTDV":
                found += circles.card(text)
            elif field == "MA_BN":
                found.append(f"k:{own}|{row.code(field)}")
    if not found:
        found = [f"k:{facility}|{key}" for row in rows if (key := row.code("MA_LK") or row.code("SO_BIEN_BAN"))][:1]
    return list(dict.fromkeys(found))


def _visits(tables: _Tables) -> dict[str, list[Row]]:
    """The rows of each visit by its key; rows without one belong to the first."""
    found: dict[str, list[Row]] = {}
    first = next((key for row in tables.rows() if (key := row.code("MA_LK"))), "")
    for row in tables.rows():
        found.setdefault(row.code("MA_LK") or first, []).append(row)
    return found


def _birth(text: str) -> str:
    """NGAY_SINH as an ISO text of its precision."""
    parts = [text[:4], text[4:6], text[6:8]]
    return "-".join(part for part in parts if part.strip("0")) if text.isascii() and text.isdigit() else ""


@dataclass(frozen=True, slots=True)
class BhytDeidentifier:
    """Claims and check-ins (a `Deidentifier`)."""

    ending: str = ".xml"

    def learn(
        self, stream: BufferedReader, *, name: str, settings: Settings, circles: Circles, this_year: int
    ) -> Iterator[None]:
        """Who stands in each HOSO."""
        envelope, hosos = _opened(stream, name, settings)
        for hoso in hosos:
            if hoso.parts is not None:
                tables = _read(hoso.parts, name, "")
                for rows in _visits(tables).values():
                    _learn_visit(rows, envelope.facility if envelope else "", circles, this_year)
            yield None

    def rewrite(
        self, stream: BufferedReader, out: BinaryIO, *, name: str, settings: Settings, replacer: Replacer
    ) -> Iterator[Finding | LeftOut | None]:
        """Each HOSO that is a record, in a new envelope, whose signature is empty."""
        envelope, hosos = _opened(stream, name, settings)
        if envelope is None:
            for hoso in hosos:
                tables = _read(hoso.parts or (), name, "XML0")
                yield from tables.refused
                if (fault := _fault(tables, name, "XML0")) is not None:
                    yield fault
                    return
                out.write(_written(tables, "", replacer)[0][1].encode("utf-8"))
                yield None
            return
        dropped = count = room = 0
        for hoso in hosos:
            count += 1
            label = f"HOSO[{hoso.number}]"
            if count == 1:
                out.write(_begin(envelope, replacer))
                room = out.tell()  # the number of records is known at the end
                out.write(_count(0, blank=True))
            if hoso.parts is None:
                dropped += 1
                why = "the file ends inside of it, or it is too long"
                yield rejection(BROKEN_HOSO.at("", why=why), file=name, record=label)
                continue
            tables = _read(hoso.parts, name, label)
            yield from tables.refused
            if (fault := _fault(tables, name, label)) is not None:
                dropped += 1
                yield fault
                continue
            out.write(_hoso(_written(tables, envelope.facility, replacer)))
            yield None
        out.write(b"</DANHSACHHOSO></THONGTINHOSO>\n<CHUKYDONVI />\n</GIAMDINHHS>\n")
        if envelope.announced is not None:
            out.seek(room)
            out.write(_count(max(0, envelope.announced - dropped)))
            out.seek(0, io.SEEK_END)


def _opened(stream: BufferedReader, name: str, settings: Settings) -> tuple[Envelope | None, Iterator[Hoso]]:
    """The envelope and its HOSO elements; of a check-in, which has no envelope, one HOSO with its table."""
    root = root_name(as_utf8(stream.peek(HEAD)[:HEAD]))
    if root == CHECK_IN:
        data = stream.read(settings.max_record_bytes + 1)
        if len(data) > settings.max_record_bytes:
            raise TOO_LONG.at(name, limit=settings.max_record_bytes)
        return None, iter((Hoso(1, [Part("XML0", data, None)]),))
    if root != "GIAMDINHHS":
        raise OTHER_ENVELOPE.at(name, why=ROOTS.get(root, "its root is not GIAMDINHHS"))
    envelope = Envelope(stream, name, settings)
    return envelope, envelope.hosos()


def _learn_visit(rows: list[Row], facility: str, circles: Circles, this_year: int) -> None:
    nodes = _nodes(rows, facility, circles)
    circles.join(nodes)
    sex = next((sex for row in rows if (sex := _SEXES.get(row.code("GIOI_TINH"), ""))), "")
    for row in rows:
        own = _nodes([row], facility, circles) or nodes
        for field, text in row.texts.items():
            kind = kinds().get(field, "")
            if kind in _NAMES and text:
                circles.learn_name(text, nodes, _sex(kind, row, sex))
            elif kind == "address" and text:
                circles.learn_address(text, nodes)
            elif field == "NGAY_SINH" and (born := _birth(text)):
                circles.learn_birth(born, own)
            elif field in ("NGAY_VAO", "NGAY_RA"):
                circles.learn_event(text, this_year)
        if row.table == "XML1" and nodes:
            born = row.text("NGAY_SINH")[:4]
            group = (born, _SEXES.get(row.code("GIOI_TINH"), ""), row.code("MATINH_CU_TRU")[-2:])
            circles.learn_person(f"k:{row.code('MA_CSKCB') or facility}|{row.code('MA_BN')}", group)


_NAMES = ("name", "name-female", "name-male", "name-child", "name-other", "staff-name")


def _written(tables: _Tables, facility: str, replacer: Replacer) -> list[tuple[str, str]]:
    """The tables of a HOSO as XML, with every value replaced."""
    people: dict[str, tuple[Someone, str]] = {}
    visits = _visits(tables)
    for key, rows in visits.items():
        someone = replacer.someone(_nodes(rows, facility, replacer.circles))
        sex = next((sex for row in rows if (sex := _SEXES.get(row.code("GIOI_TINH"), ""))), "")
        for row in rows:
            _tell(row, someone, sex)
        people[key] = (someone, sex)
    first = next(iter(visits))
    found: list[tuple[str, str]] = []
    for table, rows in tables.parts:
        made = []
        for row in rows:
            someone, sex = people.get(row.code("MA_LK")) or people[first]
            made.append(_row(row, someone, sex))
        found += _tables(table, made)
    return found


def _tell(row: Row, someone: Someone, sex: str) -> None:
    """Tells the scrubber what stands in the fields of the record."""
    pseudonyms, scrubber = someone.replacer.pseudonyms, someone.scrubber
    for field, text in row.texts.items():
        if not text:
            continue
        kind = kinds().get(field)
        if kind in _NAMES:
            scrubber.know_name(text, pseudonyms.name(text, _sex(kind, row, sex)))
        elif kind == "address":
            scrubber.know_address(text)
        elif kind in ("visit", "record"):
            scrubber.know_code(text, pseudonyms.token(text))


def _sex(kind: str, row: Row, sex: str) -> str:
    """The sex of whom a name in this row is, where it is known; `sex` is the patient's."""
    if kind == "name-child":
        return _SEXES.get(row.code("GIOI_TINH_CON"), "")
    return {"name": sex, "name-female": "female", "name-male": "male"}.get(kind, "")


def _row(row: Row, someone: Someone, sex: str) -> list[str]:
    """The fields of a row as elements."""
    known = kinds()
    own = _SEXES.get(row.code("GIOI_TINH"), sex)
    moved = _settlement(row, someone)
    found: list[str] = []
    for field, text in row.texts.items():
        kind = known.get(field) if is_known(row.table, field) else None
        if kind is None:
            someone.note("unknown-field")
            continue
        if not text and kind == "commune" and _needs_district(row, field, someone):
            text = "000"
        new = _value(kind, field, row, someone, own, moved, text) if text else ""
        if new != text:
            someone.note(kind)
        found.append(f"<{field}>{escape(new)}</{field}>" if new else f"<{field} />")
    return found


def _settlement(row: Row, someone: Someone) -> dict[str, str]:
    """NAM_QT and THANG_QT: the month of payment or end where they said it before, else moved by their middle."""
    year, month = row.text("NAM_QT"), row.text("THANG_QT")
    for field in ("NGAY_TTOAN", "NGAY_RA"):
        text = row.text(field)
        if month.isdigit() and text[:6] == f"{year}{month:0>2}" and (new := someone.compact(text)):
            return {"NAM_QT": new[:4], "THANG_QT": f"{int(new[4:6]):0{len(month)}d}"}
    moved = someone.settlement(year, month)
    return {"NAM_QT": moved[0], "THANG_QT": moved[1]} if moved else {"NAM_QT": "", "THANG_QT": ""}


def _needs_district(row: Row, field: str, someone: Someone) -> bool:
    """Whether the day of the visit has moved to before districts ended (2025-07-01), when the field was required."""
    on = someone.compact(row.text("NGAY_RA") or row.text("NGAY_VAO"))[:8]  # the day that picks the layout
    return field == "MAHUYEN_CU_TRU" and on < _DISTRICTS_ENDED


_DISTRICTS_ENDED = "20250701"


def _each(text: str, replace: Callable[[str], str]) -> str:
    """A list of values, each replaced in its place."""
    return ";".join(replace(part.strip()) if part.strip() else "" for part in text.split(";"))


def _value(kind: str, field: str, row: Row, someone: Someone, sex: str, moved: dict[str, str], text: str) -> str:
    """The new value of a field that holds something."""
    pseudonyms = someone.replacer.pseudonyms
    match kind:
        case "kept":
            if " " not in text:
                return text if len(text) < _SHORT else someone.scrubber.only_known(text)
            return someone.scrubber.only_known(text) if field in _SPOKEN else someone.scrubber.clean(text)
        case "visit" | "record":
            return pseudonyms.token(" ".join(text.split()))
        case _ if kind in _NAMES:
            return pseudonyms.name(text, _sex(kind, row, sex))
        case "national-id":
            return _each(text, pseudonyms.national_id)
        case "card":
            return _each(text, pseudonyms.card)
        case "social":
            return _each(text, pseudonyms.social)
        case "phone":
            return pseudonyms.phone(text)
        case "address":
            return pseudonyms.address(text)
        case "commune":
            return "0" * len(text) if len(text) <= _CODE else ""
        case "birth":
            return someone.compact_birth(text)
        case "date":
            return _each(text, someone.compact)
        case "settlement":
            return moved[field]
        case "staff":
            return _each(text, pseudonyms.licence)
        case "facility":
            return _each(text, pseudonyms.facility)
        case "facility-inside":
            return _FIVE.sub(lambda match: pseudonyms.facility(match[0]), someone.scrubber.only_known(text))
        case "place":
            return text if someone.replacer.keep_facility and field != "DON_VI" else _UNKNOWN_PLACE
        case "text":
            return someone.text(text)
        case "catalogue":
            return someone.scrubber.only_known(text)
    return ""  # removed


_SHORT = 9
_SPOKEN = frozenset({"TT_THAU", "SO_DANG_KY", "MA_HIEU_SP"})  # public numbers that may have blanks; no other code has
_CODE = 6
KINDS = frozenset(
    (
        *("kept", "visit", "record", *_NAMES, "national-id", "card", "social", "phone"),
        *("address", "commune", "birth", "date", "settlement", "staff", "facility", "facility-inside", "place"),
        *("text", "catalogue", "removed"),
    )
)
"""The kinds that `deidentify.csv` may name."""


def _tables(table: str, rows: list[list[str]]) -> Iterator[tuple[str, str]]:
    """A table as XML; where its root is its row, one for each row."""
    path = PATHS[table]
    *around, tag = path
    made = [f"<{tag}>{''.join(row)}</{tag}>" for row in rows]
    if not around:
        yield from ((table, _HEAD + row) for row in made)
        return
    begin, end = "".join(f"<{name}>" for name in around), "".join(f"</{name}>" for name in reversed(around))
    yield table, _HEAD + begin + "\n".join(made) + end


def _begin(envelope: Envelope, replacer: Replacer) -> bytes:
    facility = replacer.pseudonyms.facility(envelope.facility)
    return (
        f"{_HEAD}<GIAMDINHHS>\n<THONGTINDONVI><MACSKCB>{escape(facility)}</MACSKCB></THONGTINDONVI>\n<THONGTINHOSO>"
    ).encode()


def _count(records: int, *, blank: bool = False) -> bytes:
    """SOLUONGHOSO and the begin of the list, always of one length."""
    count = "" if blank else f"<SOLUONGHOSO>{records}</SOLUONGHOSO>"
    return f"{count:<45}<DANHSACHHOSO>\n".encode()


def _hoso(tables: list[tuple[str, str]]) -> bytes:
    parts = ["<HOSO>\n"]
    for table, text in tables:
        content = base64.b64encode(text.encode("utf-8")).decode("ascii")
        parts.append(f"<FILEHOSO><LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>\n")
    return "".join([*parts, "</HOSO>\n"]).encode("ascii")
