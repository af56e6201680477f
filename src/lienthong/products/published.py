"""A product that is a published equation: a folder with card, model, codes and recipe, and no code of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources.abc import Traversable
from typing import Any

from lienthong.products import reading
from lienthong.products.assessment import (
    Abstention,
    Assessment,
    Contribution,
    Input,
    Missing,
    Row,
    Why,
)
from lienthong.products.card import Text, horizon_of
from lienthong.products.equation import Equation, read_equation
from lienthong.products.shipped import Shipped
from lienthong.products.wording import SENTENCES, date_text, number, of_hundred, plain

__all__ = ["Published"]

_RISK = Decimal("0.0001")
_EFFECT = Decimal("0.0001")
_LEAST = Decimal("0.005")  # below half of one in a hundred a whole number would say "0 of 100"


class Published(Shipped):
    """A product from its folder; it meets the Protocol `Product`."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        self._years = horizon_of(self.card, f"{folder.name}/card.toml")
        self._equation = read_equation(*self.model())

    @property
    def equation(self) -> Equation:
        return self._equation

    def assess(self, rows: Iterable[Row], as_of: date) -> Assessment:
        """The risk of one person as of a local day, or why there is none."""
        found = reading.by_input(rows)
        person = next((row.person for items in found.values() for row in items), "")
        readings = {
            item.name: value
            for item in self._equation.measured
            if (value := reading.latest(item, found.get(item.name, []), as_of)) is not None
        }
        index = reading.newest_date(self._equation, readings)
        inputs: list[Input] = []
        missing: list[Missing] = []
        for item in self._equation.measured:
            used = reading.of_window(item, readings.get(item.name), found.get(item.name, []), index)
            inputs.append(used) if isinstance(used, Input) else missing.append(used)
        subject = _subject(found, readings, index)
        sexes = {row.value for row in found.get("sex", []) if row.value not in ("", "unknown")}
        births = reading.births(found.get("birth", []))
        if not sexes & set(self._equation.terms) and len(sexes) < 2:
            missing.append(Missing("sex", SENTENCES["sex-unknown"]))
        if not births:
            missing.append(Missing("birth-date", SENTENCES["birth-unknown"]))
        abstention = self._abstention(found, sexes, births, missing, inputs, index)
        if abstention is not None:
            return Assessment(person, subject, index, None, abstention, tuple(inputs), missing=tuple(missing))
        assert index is not None, "without an index date an input is missing"
        (sex,), (birth,) = sexes, births
        inputs += [reading.recorded(item, found.get(item.name, []), index, as_of) for item in self._equation.recorded]
        return self._figure(person, subject, index, sex, birth, inputs)

    def _abstention(
        self,
        found: Mapping[str, list[Row]],
        sexes: set[str],
        births: set[str],
        missing: list[Missing],
        inputs: list[Input],
        index: date | None,
    ) -> Abstention | None:
        """Why no figure is given: the first reason of an order that starts with what can't be cured."""
        if found.get("deceased"):
            return Abstention(Why.DECEASED, SENTENCES["deceased"])
        for name, label in self._equation.exclusions.items():
            if found.get(name):
                return Abstention(Why.EXCLUDED, SENTENCES["excluded"].say(label=label))
        for fact, values in (("sex", sexes), ("birth-date", births)):
            if len(values) > 1:
                return Abstention(Why.CONTRADICTORY, SENTENCES["contradictory"].say(label=SENTENCES[fact]))
        if missing or index is None:
            labels = [item.text for item in missing]
            names = Text("; ".join(label.vi for label in labels), "; ".join(label.en for label in labels))
            return Abstention(Why.MISSING, SENTENCES["missing"].say(labels=names))
        (birth,) = births
        age = reading.age_on(birth, index)
        low, high = self._equation.age_low, self._equation.age_high
        if not low <= age <= high:
            text = SENTENCES["age-out-of-range"].say(
                age=str(age), index=date_text(index.isoformat()), low=str(low), high=str(high)
            )
            return Abstention(Why.AGE_OUT_OF_RANGE, text)
        limits = {item.name: item for item in self._equation.measured}
        for used in inputs:
            item = limits[used.name]
            if item.low is None or item.high is None or used.value is None or item.low <= used.value <= item.high:
                continue
            text = SENTENCES["value-out-of-range"].say(
                label=item.label, value=used.shown, low=plain(item.low), high=plain(item.high), unit=item.shown_unit
            )
            return Abstention(Why.VALUE_OUT_OF_RANGE, text)
        return None

    def _figure(
        self, person: str, subject: str, index: date, sex: str, birth: str, inputs: list[Input]
    ) -> Assessment:
        age = reading.age_on(birth, index)
        values = {item.name: item.value for item in inputs if item.value is not None}
        values["age"] = Decimal(age)
        risk = self._equation.risk(sex, values)
        what_if = tuple(
            (item.name, _rounded(self._equation.risk(sex, {**values, item.name: Decimal(1)})))
            for item in self._equation.recorded
            if not values[item.name]
        )
        labels = {item.name: item.label for item in self._equation.recorded}
        limits = [
            *self._card.limits,
            *(SENTENCES["may-be"].say(label=labels[name], count=of_hundred(other)) for name, other in what_if),
        ]
        if len(birth) < 10:
            limits.append(SENTENCES["birth-year"])
        missing = tuple(Missing(name, SENTENCES["not-recorded"].say(label=labels[name])) for name, _ in what_if)
        years = SENTENCES["years"].say(count=str(age))
        demographic = (
            Input("age", self._equation.age_label, Decimal(age), "a", years, birth, "", birth, (subject,)),
            Input("sex", SENTENCES["sex"], None, "", SENTENCES[sex], sex, "", "", (subject,)),
        )
        sentence = SENTENCES["figure" if risk >= _LEAST else "figure-small"].say(
            count=of_hundred(risk), years=str(self._years), index=date_text(index.isoformat())
        )
        return Assessment(
            person,
            subject,
            index,
            _rounded(risk),
            None,
            (*demographic, *inputs),
            self._contributions(sex, values, {item.name: item for item in (*demographic, *inputs)}),
            missing,
            tuple(limits),
            what_if,
            sentence,
        )

    def _contributions(
        self, sex: str, values: Mapping[str, Decimal], inputs: Mapping[str, Input]
    ) -> tuple[Contribution, ...]:
        """The factors by the size of their effect, the largest first."""
        effects = self._equation.effects(sex, values)
        whole = sum((abs(effect) for effect in effects.values()), Decimal(0))
        told = []
        for factor, effect in sorted(effects.items(), key=lambda item: (-abs(item[1]), item[0])):
            used = inputs[factor]
            ratio = self._equation.hazard_ratio(effect)
            value = Text(f"{used.label.vi}: {used.shown.vi}", f"{used.label.en}: {used.shown.en}")
            sentence = SENTENCES["moves" if effect else "same"]
            told.append(
                Contribution(
                    factor,
                    used.label,
                    used.shown,
                    effect.quantize(_EFFECT, ROUND_HALF_EVEN),
                    ratio.quantize(_EFFECT, ROUND_HALF_EVEN),
                    (abs(effect) / whole if whole else Decimal(0)).quantize(_EFFECT, ROUND_HALF_EVEN),
                    sentence.say(value=value, ratio=number(ratio), reference=self._reference(factor, used)),
                )
            )
        return tuple(told)

    def _reference(self, factor: str, used: Input) -> Text:
        value = self._equation.reference[factor]
        if factor == "age":
            return SENTENCES["years"].say(count=number(value))
        if not used.unit:
            return SENTENCES["yes" if value else "no"]
        return Text(f"{number(value).vi} {used.unit}", f"{number(value).en} {used.unit}")


def _rounded(risk: Decimal) -> Decimal:
    return risk.quantize(_RISK, ROUND_HALF_EVEN)


def _subject(found: Mapping[str, list[Row]], readings: Mapping[str, Any], index: date | None) -> str:
    """Of a person's several Patients, the one whom the newest dating value is about; else the first by id."""
    newest = sorted(
        (reading.row for reading in readings.values() if _dates(reading.row, index)),
        key=lambda row: (row.input, row.reference),
    )
    if newest:
        return str(newest[0].patient)
    return min((row.patient for rows in found.values() for row in rows if row.patient), default="")


def _dates(row: Row, index: date | None) -> bool:
    return index is not None and reading.day_of(row.time) == index
