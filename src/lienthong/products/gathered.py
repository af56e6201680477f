"""A person's rows gathered for a model: its inputs as they are used, what is missing, and why there is no figure.

What every model that asks for measured values has in common; what is done with them is the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from lienthong.products import reading
from lienthong.products.assessment import Abstention, Contribution, Input, Missing, Row, Why
from lienthong.products.card import Text
from lienthong.products.equation import Measured
from lienthong.products.wording import SENTENCES, date_text, number, plain

__all__ = ["EFFECT", "Gathered", "contributions", "demographic", "gather"]

EFFECT = Decimal("0.0001")
"""The digits to which an effect and its share are told."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a record says about a person on a day.

    `index` is the day that the figure is for, None where none dates it; `subject` is the Patient whom it is about;
    `births` that contradict each other are several.
    """

    person: str
    subject: str
    index: date | None
    found: Mapping[str, list[Row]]
    inputs: tuple[Input, ...]
    missing: tuple[Missing, ...]
    sexes: frozenset[str]
    births: frozenset[str]

    def refused(self, exclusions: Mapping[str, Text]) -> Abstention | None:
        """Why no figure can be given whatever else were known: a death, a disease that excludes, a contradiction."""
        if self.found.get("deceased"):
            return Abstention(Why.DECEASED, SENTENCES["deceased"])
        for name, label in exclusions.items():
            if self.found.get(name):
                return Abstention(Why.EXCLUDED, SENTENCES["excluded"].say(label=label))
        for fact, values in (("sex", self.sexes), ("birth-date", self.births)):
            if len(values) > 1:
                return Abstention(Why.CONTRADICTORY, SENTENCES["contradictory"].say(label=SENTENCES[fact]))
        return None

    def incomplete(self, missing: Sequence[Missing]) -> Abstention | None:
        """Why no figure can be given yet: what is missing, by name."""
        if not missing and self.index is not None:
            return None
        labels = [item.text for item in missing]
        names = Text("; ".join(label.vi for label in labels), "; ".join(label.en for label in labels))
        return Abstention(Why.MISSING, SENTENCES["missing"].say(labels=names))

    def outside(self, measured: Iterable[Measured], age_low: int, age_high: int) -> Abstention | None:
        """Why no figure holds for this person: an age or a value outside of where the model was made."""
        assert self.index is not None, "without an index date an input is missing"
        (birth,) = self.births
        age = reading.age_on(birth, self.index)
        if not age_low <= age <= age_high:
            text = SENTENCES["age-out-of-range"].say(
                age=str(age), index=date_text(self.index.isoformat()), low=str(age_low), high=str(age_high)
            )
            return Abstention(Why.AGE_OUT_OF_RANGE, text)
        limits = {item.name: item for item in measured}
        for used in self.inputs:
            item = limits[used.name]
            if item.low is None or item.high is None or used.value is None or item.low <= used.value <= item.high:
                continue
            text = SENTENCES["value-out-of-range" if item.shown_unit else "count-out-of-range"].say(
                label=item.label, value=used.shown, low=plain(item.low), high=plain(item.high), unit=item.shown_unit
            )
            return Abstention(Why.VALUE_OUT_OF_RANGE, text)
        return None


def gather(
    measured: Sequence[Measured],
    dating: Sequence[str],
    rows: Iterable[Row],
    as_of: date,
    *,
    counting_back_from: date | None = None,
) -> Gathered:
    """The newest understood value of each input; how old one may be is counted back from the index date, or a day."""
    found = reading.by_input(rows)
    person = next((row.person for items in found.values() for row in items), "")
    readings = {
        item.name: value
        for item in measured
        if (value := reading.latest(item, found.get(item.name, []), as_of)) is not None
    }
    index = reading.newest_date(dating, readings)
    inputs: list[Input] = []
    missing: list[Missing] = []
    for item in measured:
        used = reading.of_window(item, readings.get(item.name), found.get(item.name, []), counting_back_from or index)
        inputs.append(used) if isinstance(used, Input) else missing.append(used)
    return Gathered(
        person,
        _subject(found, readings, index),
        index,
        found,
        tuple(inputs),
        tuple(missing),
        frozenset(row.value for row in found.get("sex", []) if row.value not in ("", "unknown")),
        frozenset(reading.births(found.get("birth", []))),
    )


def demographic(age: int, age_label: Text, birth: str, sex: str, subject: str) -> tuple[Input, Input]:
    """Age in full years and sex, as inputs."""
    years = SENTENCES["years"].say(count=str(age))
    return (
        Input("age", age_label, Decimal(age), "a", years, birth, "", birth, (subject,)),
        Input("sex", SENTENCES["sex"], None, "", SENTENCES[sex], sex, "", "", (subject,)),
    )


def contributions(
    effects: Mapping[str, Decimal],
    inputs: Mapping[str, Input],
    ratio_of: Callable[[Decimal], Decimal],
    reference_of: Callable[[Input], Text],
) -> tuple[Contribution, ...]:
    """The factors by the size of their effect on the log hazard, the largest first."""
    whole = sum((abs(effect) for effect in effects.values()), Decimal(0))
    told = []
    for factor, effect in sorted(effects.items(), key=lambda item: (-abs(item[1]), item[0])):
        used = inputs[factor]
        ratio = ratio_of(effect)
        value = Text(f"{used.label.vi}: {used.shown.vi}", f"{used.label.en}: {used.shown.en}")
        sentence = SENTENCES["moves" if effect else "same"]
        told.append(
            Contribution(
                factor,
                used.label,
                used.shown,
                effect.quantize(EFFECT, ROUND_HALF_EVEN),
                ratio.quantize(EFFECT, ROUND_HALF_EVEN),
                (abs(effect) / whole if whole else Decimal(0)).quantize(EFFECT, ROUND_HALF_EVEN),
                sentence.say(value=value, ratio=number(ratio), reference=reference_of(used)),
            )
        )
    return tuple(told)


def _subject(found: Mapping[str, list[Row]], readings: Mapping[str, reading.Reading], index: date | None) -> str:
    """Of a person's several Patients, the one whom the newest dating value is about; else the first by id."""
    newest = sorted(
        (reading.row for reading in readings.values() if _dates(reading.row, index)),
        key=lambda row: (row.input, row.reference),
    )
    if newest:
        return newest[0].patient
    return min((row.patient for rows in found.values() for row in rows if row.patient), default="")


def _dates(row: Row, index: date | None) -> bool:
    return index is not None and reading.day_of(row.time) == index
