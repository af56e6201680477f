"""A person's rows as an equation needs them: the newest value of each input, its unit converted, its age judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from lienthong.products.assessment import Input, Missing, Row
from lienthong.products.card import Text
from lienthong.products.equation import Measured, Recorded
from lienthong.products.wording import SENTENCES, date_text, number

__all__ = [
    "Reading",
    "age_on",
    "births",
    "by_input",
    "day_of",
    "known_by",
    "latest",
    "newest_date",
    "of_window",
    "recorded",
]

_INACTIVE_COUNT = ("completed", "stopped", "on-hold", "unknown", "")
_NEVER_COUNT = ("entered-in-error", "cancelled", "draft", "refuted", "not-done")


@dataclass(frozen=True, slots=True)
class Reading:
    """A row that was understood: its value in the model's unit, and how it is told."""

    row: Row
    value: Decimal
    shown: Text


def by_input(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows by input name, each in a stable order, without those that were never true."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.input, row.time, row.reference, row.value)):
        if row.status not in _NEVER_COUNT:
            found.setdefault(row.input, []).append(row)
    return found


def births(rows: Iterable[Row]) -> set[str]:
    """The birth dates that contradict each other; a less precise one that fits a precise one adds nothing."""
    given = {row.value[:10] for row in rows if day_of(row.value) is not None}
    return {birth for birth in given if not any(other != birth and other.startswith(birth) for other in given)}


def day_of(time: str) -> date | None:
    """The day of a FHIR date or dateTime as it was written, in its own offset; the first of a month or year."""
    text = time[:10]
    text += {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def known_by(rows: Sequence[Row], as_of: date) -> list[Row]:
    """The rows whose day is known and not after `as_of`."""
    return [row for row in rows if (day := day_of(row.time)) is not None and day <= as_of]


def latest(measured: Measured, rows: Sequence[Row], as_of: date) -> Reading | None:
    """The newest reading that can be understood, or None."""
    readings = (_read(measured, row) for row in sorted(known_by(rows, as_of), key=_moment, reverse=True))
    return next((reading for reading in readings if reading is not None), None)


def newest_date(dating: Sequence[str], readings: Mapping[str, Reading]) -> date | None:
    """The index date: the day of the newest of the readings that date the figure."""
    days = [day_of(readings[name].row.time) for name in dating if name in readings]
    return max((day for day in days if day is not None), default=None)


def of_window(
    measured: Measured, reading: Reading | None, rows: Sequence[Row], index: date | None
) -> Input | Missing:
    """The input as it is used, or why it is missing."""
    if reading is None:
        return Missing(measured.name, SENTENCES[_why(rows)].say(label=measured.label))
    day = day_of(reading.row.time)
    if index is not None and day is not None and index - day > timedelta(days=measured.lookback_days):
        text = SENTENCES["too-old"].say(
            label=measured.label, last=date_text(day.isoformat()), index=date_text(index.isoformat())
        )
        return Missing(measured.name, text, day.isoformat())
    row = reading.row
    return Input(
        measured.name,
        measured.label,
        reading.value,
        measured.shown_unit,
        reading.shown,
        row.value,
        row.unit,
        row.time,
        (row.reference,),
    )


def recorded(item: Recorded, rows: Sequence[Row], index: date, as_of: date) -> Input:
    """Whether something is recorded: a diagnosis at any time up to now, an order around the index date."""
    if item.ended_days is None:
        held = [row for row in rows if (day_of(row.time) or as_of) <= as_of]
    else:
        window = timedelta(days=item.ended_days)
        held = [row for row in known_by(rows, index) if _runs(row, index, window)]
    newest = max((row.time for row in held), default="")
    return Input(
        item.name,
        item.label,
        Decimal(1 if held else 0),
        "",
        SENTENCES["yes" if held else "none-recorded"],
        "recorded" if held else "none recorded",
        "",
        newest,
        tuple(sorted({row.reference for row in held})),
    )


def age_on(birth: str, day: date) -> int:
    """Full years on a day; where only the year or month is known, from the middle of it."""
    if len(birth) == 4:
        birth += "-07-01"
    elif len(birth) == 7:
        birth += "-15"
    born = date.fromisoformat(birth)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _runs(row: Row, index: date, window: timedelta) -> bool:
    day = day_of(row.time)
    assert day is not None, "known_by left only rows with a day"
    return row.status == "active" or (row.status in _INACTIVE_COUNT and index - day <= window)


def _why(rows: Sequence[Row]) -> str:
    if not rows:
        return "not-recorded"
    return "no-date" if all(day_of(row.time) is None for row in rows) else "not-understood"


def _read(measured: Measured, row: Row) -> Reading | None:
    if row.value in measured.answers:
        return Reading(row, measured.answers[row.value], SENTENCES[row.value])
    units = measured.positive_from if measured.answers else measured.units
    factor = units.get(row.unit) or _loosely(units, row.unit)
    try:
        given = Decimal(row.value) if factor is not None else None
    except InvalidOperation:
        return None
    if given is None or factor is None or not given.is_finite() or given < 0:
        return None
    if measured.answers:
        code = "positive" if given >= factor else "negative"
        told = Text(
            f"{SENTENCES[code].vi} ({row.value} {row.unit})", f"{SENTENCES[code].en} ({row.value} {row.unit})"
        )
        return Reading(row, measured.answers[code], told)
    if not given and not measured.zero_counts:
        return None
    value = given * factor
    shown = number(value)
    unit = f" {measured.shown_unit}" if measured.shown_unit else ""
    return Reading(row, value, Text(f"{shown.vi}{unit}", f"{shown.en}{unit}"))


def _loosely(units: Mapping[str, Decimal], given: str) -> Decimal | None:
    """The factor of a unit written with other letters' case or spaces: mg/dl, mmol/l, MMHG."""
    bare = given.replace(" ", "").lower()
    return next((factor for unit, factor in units.items() if unit.lower() == bare), None)


def _moment(row: Row) -> tuple[datetime, str]:
    day = day_of(row.time)
    assert day is not None, "known_by left only rows with a day"
    try:
        moment = datetime.fromisoformat(row.time)
    except ValueError:
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a zone is given below
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), row.reference
