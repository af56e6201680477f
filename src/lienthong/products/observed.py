"""A person's rows as one set of observations: its moment, each parameter's reading in it, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from lienthong.products.assessment import Missing, Row
from lienthong.products.card import Text
from lienthong.products.points import Noted, Parameter, Scale, ScoreModel
from lienthong.products.reading import day_of, known_by
from lienthong.products.wording import SCORE_SENTENCES, moment_text, number

__all__ = ["Observed", "Reading", "instant", "noted_at", "observe"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One parameter as it was read: a `value` in the chart's unit or an `answer`; `low` and `high` are its points.

    `shown` is the value as the chart has it, `told` also how it was recorded, where that says more.
    """

    parameter: Parameter
    row: Row
    value: Decimal | None
    answer: str
    shown: Text
    told: Text
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Observed:
    """A set of observations: `newest` is the row that dates it, None where no parameter has a date.

    `scales` are the scales used, by parameter; `ordered` the rows of the orders that chose one.
    """

    newest: Row | None
    readings: tuple[Reading, ...]
    missing: tuple[Missing, ...]
    scales: Mapping[str, Scale]
    ordered: Mapping[str, Row]


def observe(model: ScoreModel, found: Mapping[str, list[Row]], as_of: date) -> Observed:
    """The newest set of a person's observations, of what was known on a local day.

    The newest value that has a time dates the set. A newest value that can't be understood leaves its parameter
    missing: an older one is not taken for it. Of several at one time the one with the most points counts.
    """
    known = {item.name: _timed(known_by(found.get(item.name, ()), as_of)) for item in model.parameters}
    newest = _newest([row for rows in known.values() for row in rows])
    scales: dict[str, Scale] = {}
    ordered: dict[str, Row] = {}
    for item in model.parameters:
        for scale in item.scales:
            order = _order(model, scale, found, newest)
            if not scale.ordered_by and item.name not in scales:
                scales[item.name] = scale
            elif order is not None:
                scales[item.name], ordered[item.name] = scale, order
    window = timedelta(hours=model.window_hours)
    readings: dict[str, Reading] = {}
    missing: dict[str, Missing] = {}
    # Those that others depend on come first.
    for item in sorted(model.parameters, key=lambda item: any(scale.chart.by for scale in item.scales)):
        rows = [row for row in known[item.name] if newest is not None and _together(newest, row, window)]
        read = _read(item, scales.get(item.name), _newest_rows(rows), readings)
        if isinstance(read, Reading):
            readings[item.name] = read
        else:
            why = read or _why(item, found.get(item.name, ()), known[item.name], newest)
            missing[item.name] = Missing(item.name, _possible(item, why.text), why.last)
    order_of = [item.name for item in model.parameters]
    return Observed(
        newest,
        tuple(readings[name] for name in order_of if name in readings),
        tuple(missing[name] for name in order_of if name in missing),
        scales,
        ordered,
    )


def noted_at(noted: Noted, rows: Sequence[Row], newest: Row) -> Row | None:
    """The first row that holds on the day of a set: begun by then, not ended, not run out; an undated one holds."""
    day = day_of(newest.time)
    assert day is not None, "what dates a set has a day"
    for row in rows:
        start, end = day_of(row.time), day_of(row.until)
        if start is None and end is None:
            return row
        if start is not None and start > day:
            continue
        if end is not None:
            if day <= end:
                return row
        elif start is not None and (noted.holds_days is None or day - start <= timedelta(days=noted.holds_days)):
            return row
    return None


def _order(model: ScoreModel, scale: Scale, found: Mapping[str, list[Row]], newest: Row | None) -> Row | None:
    if not scale.ordered_by or newest is None:
        return None
    return noted_at(model.orders[scale.ordered_by], found.get(scale.ordered_by, ()), newest)


def _timed(rows: Sequence[Row]) -> list[Row]:
    """The rows whose time is a day at least."""
    return [row for row in rows if len(row.time) >= 10]


def instant(row: Row) -> datetime | None:
    """The moment of a row, None where only its day is known."""
    if len(row.time) <= 10:
        return None
    try:
        moment = datetime.fromisoformat(row.time)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _newest(rows: Sequence[Row]) -> Row | None:
    """The newest row; one of which only the day is known is newer than a timed one only if its day is."""
    timed = [(moment, row) for row in rows if (moment := instant(row)) is not None]
    dated = [row for row in rows if instant(row) is None]
    last = max(timed, key=lambda item: (item[0], item[1].reference), default=None)
    day = max(dated, key=lambda row: (row.time[:10], row.reference), default=None)
    if last is None or day is None:
        return day if last is None else last[1]
    return day if day.time[:10] > last[1].time[:10] else last[1]


def _together(newest: Row, row: Row, window: timedelta) -> bool:
    """Whether a row belongs to the set: in the window, or on the same day where only a day is known."""
    last, moment = instant(newest), instant(row)
    if last is None or moment is None:
        return newest.time[:10] == row.time[:10]
    return last - moment <= window


def _newest_rows(rows: Sequence[Row]) -> list[Row]:
    """The newest row and those of the same time."""
    newest = _newest(rows)
    if newest is None:
        return []
    moment = instant(newest)
    return [row for row in rows if instant(row) == moment and (moment is not None or row.time == newest.time)]


def _read(
    item: Parameter, scale: Scale | None, rows: Sequence[Row], known: Mapping[str, Reading]
) -> Reading | Missing | None:
    """The reading with the most points; Missing where rows are there and tell no points; None without rows."""
    if not rows:
        return None
    read = [_one(item, scale, row, known) for row in sorted(rows, key=lambda row: (row.reference, row.value))]
    understood = [one for one in read if isinstance(one, Reading)]
    if understood:
        return max(understood, key=lambda one: (one.high, one.low))
    return next(one for one in read if isinstance(one, Missing))


def _one(item: Parameter, scale: Scale | None, row: Row, known: Mapping[str, Reading]) -> Reading | Missing:
    unclear = Missing(item.name, SCORE_SENTENCES["not-understood"].say(label=item.label), row.time)
    try:
        value = Decimal(row.value)
    except InvalidOperation:
        value = None
    if value is not None and not value.is_finite():
        return unclear
    if item.answers:
        return _answered(item, row, value) or unclear
    unit = item.units.get(_unit_of(item.units, row.unit))
    rounded = None if value is None or unit is None else item.converted(value, unit)
    if rounded is None or scale is None:
        return unclear
    depended = known.get(scale.chart.by)
    low, high = scale.chart.points(rounded, depended.answer if depended else None)
    shown = number(rounded, str(item.step))
    shown = told = Text(f"{shown.vi} {item.shown_unit.vi}", f"{shown.en} {item.shown_unit.en}")
    if row.unit == item.unit and value is not None and value != rounded:
        told = SCORE_SENTENCES["rounded"].say(value=shown, given=number(value, "0.0001"))
    return Reading(item, row, rounded, "", shown, told, low, high)


def _answered(item: Parameter, row: Row, value: Decimal | None) -> Reading | Missing | None:
    """The answer that a row gives, or that its number tells."""
    code, given = row.value, ""
    if value is not None:
        threshold = item.numbers.get(_unit_of(item.numbers, row.unit))
        if threshold is None or not threshold.low <= value <= threshold.high:
            return None
        code, given = (threshold.over if value > threshold.limit else threshold.other), f"{row.value} {row.unit}"
    answer = item.answers.get(code)
    if answer is None:
        return None
    if answer.points is None:
        text = SCORE_SENTENCES["unclear"].say(label=item.label, answer=answer.label)
        return Missing(item.name, text, row.time)
    told = Text(f"{answer.label.vi} ({given})", f"{answer.label.en} ({given})") if given else answer.label
    return Reading(item, row, None, code, answer.label, told, answer.points, answer.points)


def _unit_of(units: Mapping[str, object], given: str) -> str:
    """The unit of the model that a given one is, also with other letters' case or spaces."""
    if given in units:
        return given
    bare = given.replace(" ", "").lower()
    return next((unit for unit in units if unit.replace(" ", "").lower() == bare), "unknown")


def _why(item: Parameter, rows: Sequence[Row], known: Sequence[Row], newest: Row | None) -> Missing:
    """Why no row of a parameter is in the set."""
    last = _newest(known)
    if last is not None and newest is not None:
        text = SCORE_SENTENCES["too-old"].say(
            label=item.label, last=moment_text(last.time), index=moment_text(newest.time)
        )
        return Missing(item.name, text, last.time)
    undated = any(len(row.time) < 10 for row in rows)
    return Missing(item.name, SCORE_SENTENCES["no-date" if undated else "not-recorded"].say(label=item.label))


def _possible(item: Parameter, why: Text) -> Text:
    return SCORE_SENTENCES["possible"].say(why=why, most=str(item.most))
