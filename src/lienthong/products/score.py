"""Evaluates a published additive score: a folder with card, model, codes and recipe, and no code of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources.abc import Traversable

from lienthong.products import reading
from lienthong.products.assessment import Abstention, Assessment, Input, Missing, Points, Row, Score, Why
from lienthong.products.card import Text
from lienthong.products.observed import Observed, Reading, instant, noted_at, observe
from lienthong.products.points import ScoreModel, read_score
from lienthong.products.shipped import Shipped
from lienthong.products.wording import SCORE_SENTENCES, SENTENCES, date_text, moment_text

__all__ = ["PublishedScore"]


class PublishedScore(Shipped):
    """A product from its folder; it meets the Protocol `Product`."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        self._model = read_score(*self.model())

    @property
    def score(self) -> ScoreModel:
        return self._model

    def assess(self, rows: Iterable[Row], as_of: date) -> Assessment:
        """The points of one person's newest set of observations as of a local day, or why there are none."""
        found = reading.by_input(rows)
        person = next((row.person for items in found.values() for row in items), "")
        seen = observe(self._model, found, as_of)
        index = reading.day_of(seen.newest.time) if seen.newest else None
        subject = seen.newest.patient if seen.newest else _first_patient(found)
        births = reading.births(found.get("birth", []))
        missing = seen.missing
        if not births:
            missing = (*missing, Missing("birth-date", SENTENCES["birth-unknown"]))
        abstention = self._abstention(found, births, seen, missing, index)
        if abstention is not None:
            inputs = tuple(_input(item) for item in seen.readings)
            return Assessment(person, subject, index, None, abstention, inputs, missing=missing)
        assert seen.newest is not None and index is not None, "without a set there are no points"
        return self._points(person, subject, index, min(births), seen)

    def _abstention(
        self,
        found: Mapping[str, list[Row]],
        births: set[str],
        seen: Observed,
        missing: Sequence[Missing],
        index: date | None,
    ) -> Abstention | None:
        """Why no points are told: the first reason of an order that starts with what can't be cured."""
        model = self._model
        if found.get("deceased"):
            return Abstention(Why.DECEASED, SCORE_SENTENCES["deceased"])
        labels = [item.text for item in missing]
        names = Text("; ".join(label.vi for label in labels), "; ".join(label.en for label in labels))
        if seen.newest is None or index is None or not seen.readings or not births:
            return Abstention(Why.MISSING, SENTENCES["missing"].say(labels=names))
        ages = sorted(reading.age_on(birth, index) for birth in births)
        if ages[-1] < model.age_low:
            text = SCORE_SENTENCES["age-out-of-range"].say(
                age=str(ages[-1]), index=date_text(index.isoformat()), low=str(model.age_low)
            )
            return Abstention(Why.AGE_OUT_OF_RANGE, text)
        if ages[0] < model.age_low:
            return Abstention(Why.CONTRADICTORY, SENTENCES["contradictory"].say(label=SENTENCES["birth-date"]))
        for name, noted in model.exclusions.items():
            if noted_at(noted, found.get(name, []), seen.newest) is not None:
                return Abstention(Why.EXCLUDED, SCORE_SENTENCES["excluded"].say(label=noted.label))
        if len(seen.readings) < model.least_known and not any(item.low for item in seen.readings):
            text = SCORE_SENTENCES["no-set"].say(count=str(len(seen.readings)), labels=names)
            return Abstention(Why.MISSING, text)
        return None

    def _points(self, person: str, subject: str, index: date, birth: str, seen: Observed) -> Assessment:
        assert seen.newest is not None
        score = self._score(seen)
        age = reading.age_on(birth, index)
        years = SENTENCES["years"].say(count=str(age))
        inputs = [
            Input("age", SCORE_SENTENCES["age"], Decimal(age), "a", years, birth, "", birth, (subject,)),
            *(_input(item) for item in seen.readings),
        ]
        for name, row in seen.ordered.items():
            if any(item.parameter.name == name for item in seen.readings):
                scale = seen.scales[name]
                order = self._model.orders[scale.ordered_by].label
                inputs.append(
                    Input(f"{name}-scale", order, None, "", scale.label, row.value, "", row.time, (row.reference,))
                )
        labels = {item.name: item.label for item in self._model.parameters}
        absent = [labels[item.name] for item in seen.missing]
        sentence = SCORE_SENTENCES["figure-at-least" if score.low < score.high else "figure"].say(
            low=str(score.low),
            high=str(score.high),
            of=str(score.out_of),
            index=moment_text(seen.newest.time),
            missing=Text(", ".join(label.vi for label in absent), ", ".join(label.en for label in absent)),
            label=score.label,
            advice=score.advice,
        )
        return Assessment(
            person,
            subject,
            index,
            None,
            None,
            tuple(inputs),
            missing=seen.missing,
            limits=tuple(self._limits(seen, score, birth)),
            sentence=sentence,
            score=score,
            moment=seen.newest.time,
        )

    def _score(self, seen: Observed) -> Score:
        """What the readings add up to: from below without what is missing, from above with the most it could be."""
        model = self._model
        most = {item.name: item.most for item in model.parameters}
        lows = [item.low for item in seen.readings]
        highs = [*(item.high for item in seen.readings), *(most[item.name] for item in seen.missing)]
        at_least, at_most = model.response(sum(lows), lows), model.response(sum(highs), highs)
        label, advice = at_least.label, at_least.advice
        if at_least is not at_most:  # a lower bound alone would read as "low risk"
            label = SCORE_SENTENCES["label-range"].say(label=label, possible=at_most.label)
            advice = SCORE_SENTENCES["advice-range"].say(advice=advice)
        return Score(
            sum(lows),
            sum(highs),
            model.out_of,
            at_least.urgency,
            at_least.code,
            at_most.code,
            label,
            advice,
            tuple(_told(item) for item in seen.readings),
        )

    def _limits(self, seen: Observed, score: Score, birth: str) -> list[Text]:
        assert seen.newest is not None
        model = self._model
        found = [SCORE_SENTENCES["moment"].say(index=moment_text(seen.newest.time))]
        if score.low < score.high:
            label = next(item.label for item in model.responses if item.code == score.possible)
            found.append(SCORE_SENTENCES["at-least"].say(high=str(score.high), label=label))
        for item in seen.readings:
            used = seen.scales.get(item.parameter.name)
            for other in item.parameter.scales:
                if other.ordered_by and used is not other:
                    assert used is not None, "a number is read by a scale"
                    order = model.orders[other.ordered_by].label
                    text = SCORE_SENTENCES["no-order"]
                    found.append(text.say(label=item.parameter.label, scale=used.label, order=order))
        times = sorted((moment, item.row.time) for item in seen.readings if (moment := instant(item.row)) is not None)
        if times and times[-1][0] - times[0][0] > timedelta(hours=model.apart_hours):
            text = SCORE_SENTENCES["apart"]
            found.append(text.say(first=moment_text(times[0][1]), last=moment_text(times[-1][1])))
        if len(birth) < 10:
            found.append(SCORE_SENTENCES["birth-year"])
        return [*found, *self.card.limits]


def _input(item: Reading) -> Input:
    row = item.row
    return Input(
        item.parameter.name,
        item.parameter.label,
        item.value,
        item.parameter.unit,
        item.shown,
        row.value,
        row.unit,
        row.time,
        (row.reference,),
    )


def _told(item: Reading) -> Points:
    label = item.parameter.label
    if item.low == item.high:
        text = SCORE_SENTENCES["points"].say(label=label, value=item.told, count=str(item.low))
    else:
        text = SCORE_SENTENCES["points-range"].say(
            label=label, value=item.told, low=str(item.low), high=str(item.high)
        )
    return Points(item.parameter.name, label, item.told, item.low, item.high, text)


def _first_patient(found: Mapping[str, list[Row]]) -> str:
    return min((row.patient for rows in found.values() for row in rows if row.patient), default="")
