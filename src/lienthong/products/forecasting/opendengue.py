"""OpenDengue's CSV (version 1.3) as counts by province and month: strict on the layout, plain on what is missing.

Columns by name, whatever their order. Rows of a whole country, of a district, of a week or a year are left out and
counted. A wrong row is named by its line, never by its content.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from lienthong.core.errors import LienthongError
from lienthong.core.text import nfc, printable
from lienthong.products.card import Text
from lienthong.products.evaluation.evaluable import DATA_WRONG
from lienthong.products.forecasting.panel import Panel, month_number, month_text

__all__ = ["COLUMNS", "Counted", "read"]

COLUMNS = (
    "adm_0_name",
    "adm_1_name",
    "calendar_start_date",
    "calendar_end_date",
    "dengue_total",
    "S_res",
    "T_res",
)

# Far above anything real (the whole world since 1924 has some 10 million rows in 1.5 GB, a country under 2 MB);
# they bound what a hostile file can cost.
MAX_BYTES = 64 << 20
MAX_PLACES = 1_000
_MAX_FIELD = 1_000
_YEARS = (1900, 2200)
_COUNT = re.compile(r"[0-9]{1,9}")
_NONE = ("", "NA")  # how OpenDengue writes what it has not

_DUPLICATES = Text(
    "{n} dòng lặp lại nguyên một tỉnh-tháng đã có; chỉ tính một lần.",
    "{n} rows repeat a province-month that was there already; it counts once.",
)
_EMPTY = Text(
    "{n} dòng không có số ca; coi như không báo cáo.", "{n} rows hold no count; they stand as not reported."
)
_OTHER = Text(
    "{n} dòng không phải tỉnh-tháng (cả nước, huyện, tuần, năm) được bỏ qua.",
    "{n} rows are no province-month (country, district, week, year) and were left out.",
)
_GAPS = Text(
    "{n} tỉnh-tháng không được báo cáo trong khoảng {first} đến {last} ({places} tỉnh); để trống, không coi là 0.",
    "{n} province-months were not reported between {first} and {last} ({places} provinces); empty, never taken as 0.",
)
_END = Text("Dữ liệu theo tỉnh kết thúc vào {last}.", "The provincial data end in {last}.")


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of the files, and sentences on what was left out, doubled or missing."""

    panel: Panel
    notes: tuple[Text, ...]


@dataclass(slots=True)
class _Rows:
    found: dict[tuple[str, int], tuple[int, str]]
    countries: set[str]
    places: set[str]
    duplicates: int = 0
    empty: int = 0
    other: int = 0


def read(files: Sequence[Path]) -> Counted:
    """The province-months of one country, from one file or several that continue each other.

    Raises `data-wrong`, with file and line, for a missing column, a date, month or count that is none, one
    province-month with two counts, several countries, or a file beyond the bounds.
    """
    rows = _Rows({}, set(), set())
    for path in files:
        _add(path, rows)
    if not rows.found:
        raise DATA_WRONG.at(
            _names(files), why="there is no row of a province and a month", allowed="S_res Admin1 with T_res Month"
        )
    panel = _panel(rows.found)
    return Counted(panel, _notes(rows, panel))


def _add(path: Path, rows: _Rows) -> None:
    name = printable(path.name)
    for line, row in _lines(path, name):
        where = f"{name}: line {line}"
        if row["S_res"] != "Admin1" or row["T_res"] != "Month":
            rows.other += 1
            continue
        rows.countries.add(nfc(row["adm_0_name"].strip()))
        if len(rows.countries) > 1:
            raise DATA_WRONG.at(where, why="there is a second country", allowed="provinces of one country")
        place = nfc(row["adm_1_name"].strip())
        if place in _NONE or not place.isprintable():
            raise DATA_WRONG.at(f"{where}: adm_1_name", why="a province has no name", allowed="the province's name")
        rows.places.add(place)
        if len(rows.places) > MAX_PLACES:
            raise DATA_WRONG.at(where, why="there are too many provinces", allowed=f"up to {MAX_PLACES:,}")
        month = _month(row, where)
        count = row["dengue_total"].strip()
        if count in _NONE:
            rows.empty += 1
            continue
        if not _COUNT.fullmatch(count):
            raise DATA_WRONG.at(
                f"{where}: dengue_total", why="a count is no number of cases", allowed="a whole number from 0, or NA"
            )
        before = rows.found.get((place, month))
        if before is None:
            rows.found[place, month] = (int(count), where)
            continue
        if before[0] != int(count):
            raise DATA_WRONG.at(
                f"{where} and {before[1]}",
                why="one province-month has two counts, and nothing says which is right",
                allowed="one count for each province-month",
            )
        rows.duplicates += 1


def _lines(path: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row by the names of its columns, with the number of its line."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError:
        raise DATA_WRONG.at(name, why="the file can't be read", allowed="a CSV file of OpenDengue") from None
    if len(data) > MAX_BYTES:
        raise DATA_WRONG.at(name, why="the file is too large", allowed=f"up to {MAX_BYTES >> 20} MiB: one country")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DATA_WRONG.at(name, why="the text is not UTF-8", allowed="CSV in UTF-8") from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        place = _columns([title.strip() for title in header], name)
        for fields in lines:
            where = f"{name}: line {lines.line_num}"
            if not fields:
                continue
            if len(fields) != len(header):
                raise DATA_WRONG.at(where, why="a row has more or fewer fields than the header", allowed="as many")
            row = {column: fields[index] for column, index in place.items()}
            if any(len(field) > _MAX_FIELD for field in row.values()):
                raise DATA_WRONG.at(where, why="a field is too long", allowed=f"up to {_MAX_FIELD} characters")
            yield lines.line_num, row
    except csv.Error:
        raise DATA_WRONG.at(f"{name}: line {lines.line_num}", why="it is no CSV", allowed="CSV with commas") from None


def _columns(header: list[str], name: str) -> dict[str, int]:
    for column in COLUMNS:
        if header.count(column) != 1:
            why = f"the column {column} is {'missing' if column not in header else 'there twice'}"
            raise DATA_WRONG.at(f"{name}: line 1", why=why, allowed=f"the columns {', '.join(COLUMNS)}")
    return {column: header.index(column) for column in COLUMNS}


def _month(row: dict[str, str], where: str) -> int:
    """The month that the two dates enclose: from its first day to its last."""
    try:
        start, end = (date.fromisoformat(row[name].strip()) for name in ("calendar_start_date", "calendar_end_date"))
    except ValueError:
        raise _no_month(where) from None
    month = month_number(f"{start:%Y-%m}") if _YEARS[0] <= start.year <= _YEARS[1] else -1
    after = date.fromordinal(end.toordinal() + 1) if end != date.max else end
    if month < 0 or start.day != 1 or after.day != 1 or after.year * 12 + after.month - 1 != month + 1:
        raise _no_month(where)
    return month


def _no_month(where: str) -> LienthongError:
    return DATA_WRONG.at(
        f"{where}: calendar_start_date, calendar_end_date",
        why="the dates of a row are not those of one month",
        allowed=f"the first and the last day of a month, YYYY-MM-DD, years {_YEARS[0]} to {_YEARS[1]}",
    )


def _panel(found: dict[tuple[str, int], tuple[int, str]]) -> Panel:
    places = tuple(sorted({place for place, _ in found}))
    row = {place: index for index, place in enumerate(places)}
    months = [month for _, month in found]
    counts = np.full((len(places), max(months) - min(months) + 1), np.nan)
    for (place, month), (count, _) in found.items():
        counts[row[place], month - min(months)] = count
    return Panel(places, min(months), counts)


def _notes(rows: _Rows, panel: Panel) -> tuple[Text, ...]:
    last = month_text(panel.last)
    notes = [_END.say(last=last)]
    for text, n in ((_DUPLICATES, rows.duplicates), (_EMPTY, rows.empty), (_OTHER, rows.other)):
        if n:
            notes.append(text.say(n=str(n)))
    gaps = np.isnan(panel.counts)
    if gaps.any():
        places = str(int(gaps.any(axis=1).sum()))
        notes.append(_GAPS.say(n=str(int(gaps.sum())), first=month_text(panel.first), last=last, places=places))
    return tuple(notes)


def _names(files: Sequence[Path]) -> str:
    return ", ".join(printable(path.name) for path in files)
