"""A product that is a Cox model: the risk up to a horizon with its interval, the reasons, a treatment's benefit."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from importlib.resources.abc import Traversable

from lienthong.products import reading
from lienthong.products.assessment import Abstention, Assessment, Input, Missing, Row, Why
from lienthong.products.card import Text, horizon_of
from lienthong.products.equation import WRONG_MODEL, read_exclusions, read_measured, read_recorded
from lienthong.products.gathered import Gathered, contributions, demographic, gather
from lienthong.products.shipped import Shipped
from lienthong.products.survival.cox import Cox, Figure, read_cox
from lienthong.products.survival.wording import SURVIVAL_SENTENCES
from lienthong.products.wording import SENTENCES, date_text, number, of_hundred

__all__ = ["CoxProduct"]

_RISK = Decimal("0.0001")
_CANCER = "breast-cancer"
_SEX = "female"


class CoxProduct(Shipped):
    """A product from its folder; it meets the Protocol `Product`.

    A figure is for the time just after the operation, so how old a finding may be is counted back from today.
    """

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        text, where = self.model()
        self._cox = read_cox(text, where)
        data = tomllib.loads(text)
        try:
            self._measured = read_measured(data, where)
            self._recorded = read_recorded(data, where)
            self._exclusions = read_exclusions(data, where)
            self._dating = tuple(data["index"])
            self._ages = int(data["age_low"]), int(data["age_high"])
            self._age_label = Text.read(data["label"]["age"], where)
            self._treatment_label = Text.read(data["treatment"]["label"], where)
        except KeyError as error:
            raise WRONG_MODEL.at(where, why=f"{error} is missing", allowed="the fields of a Cox model") from None
        except (InvalidOperation, TypeError, ValueError, AttributeError):
            raise WRONG_MODEL.at(where, why="a value has the wrong form", allowed="numbers as strings") from None
        self._years = horizon_of(self.card, f"{folder.name}/card.toml")
        inputs = {"age", *(item.name for item in self._measured), *(item.name for item in self._recorded)}
        if inputs != set(self._cox.reference):
            raise WRONG_MODEL.at(
                f"{where}: reference", why="it names other inputs", allowed=", ".join(sorted(inputs))
            )
        if self._cox.horizon != self._years:
            raise WRONG_MODEL.at(f"{where}: horizon", why="it is not that of the card", allowed=f"{self._years}")

    @property
    def cox(self) -> Cox:
        return self._cox

    def within(self, age: Decimal, nodes: Decimal, size: Decimal) -> bool:
        """Whether the model was made from such women: the range in which it gives a figure at all."""
        limits = {item.name: (item.low, item.high) for item in self._measured}
        given = (("nodes", nodes), ("size", size))
        inside = all(
            low is None or high is None or low <= value <= high
            for name, value in given
            for low, high in (limits[name],)
        )
        return inside and self._ages[0] <= age <= self._ages[1]

    def assess(self, rows: Iterable[Row], as_of: date) -> Assessment:
        """The risk of one woman as of a local day, or why there is none."""
        person = gather(self._measured, self._dating, rows, as_of, counting_back_from=as_of)
        missing = [*person.missing]
        if not person.found.get(_CANCER):
            missing.insert(0, Missing(_CANCER, SURVIVAL_SENTENCES["cancer-missing"]))
        if not person.sexes:
            missing.append(Missing("sex", SURVIVAL_SENTENCES["sex-unknown"]))
        if not person.births:
            missing.append(Missing("birth-date", SENTENCES["birth-unknown"]))
        abstention = (
            person.refused(self._exclusions)
            or self._not_a_woman(person)
            or person.incomplete(missing)
            or person.outside(self._measured, *self._ages)
        )
        if abstention is not None:
            return Assessment(
                person.person, person.subject, person.index, None, abstention, person.inputs, missing=tuple(missing)
            )
        recorded = [reading.recorded(item, person.found.get(item.name, []), as_of, as_of) for item in self._recorded]
        return self._figure(person, [*person.inputs, *recorded])

    def _not_a_woman(self, person: Gathered) -> Abstention | None:
        if not person.sexes or _SEX in person.sexes:
            return None
        return Abstention(Why.EXCLUDED, SURVIVAL_SENTENCES["women-only"])

    def _figure(self, person: Gathered, inputs: Sequence[Input]) -> Assessment:
        index, (birth,) = person.index, person.births
        assert index is not None, "without an index date an input is missing"
        age = reading.age_on(birth, index)
        whole = (*demographic(age, self._age_label, birth, _SEX, person.subject), *inputs)
        values = {item.name: item.value for item in whole if item.value is not None}
        risk, benefit = self._cox.risk(values), self._cox.benefit(values)
        told = SURVIVAL_SENTENCES["figure"].say(
            count=of_hundred(risk.value),
            low=of_hundred(risk.low),
            high=of_hundred(risk.high),
            years=str(self._years),
            index=date_text(index.isoformat()),
        )
        labels = {item.name: item.label for item in self._recorded}
        none = [name for name in labels if not values[name]]
        return Assessment(
            person.person,
            person.subject,
            index,
            _rounded(risk.value),
            None,
            (*whole, _diagnosis(person)),
            contributions(
                self._cox.effects(values),
                {item.name: item for item in whole},
                self._cox.hazard_ratio,
                self._reference,
            ),
            tuple(Missing(name, SENTENCES["not-recorded"].say(label=labels[name])) for name in none),
            (*self._limits(values, birth, benefit), *self.card.limits),
            self._what_if(risk, benefit),
            told if benefit is None else self._with_benefit(told, benefit),
            interval=(_rounded(risk.low), _rounded(risk.high)),
        )

    def _with_benefit(self, told: Text, benefit: Figure) -> Text:
        more = SURVIVAL_SENTENCES["benefit"].say(
            treatment=self._treatment_label,
            count=of_hundred(benefit.value),
            low=of_hundred(benefit.low),
            high=of_hundred(benefit.high),
            years=str(self._years),
        )
        return Text(f"{told.vi} {more.vi}", f"{told.en} {more.en}")

    def _what_if(self, risk: Figure, benefit: Figure | None) -> tuple[tuple[str, Decimal], ...]:
        treatment = self._cox.treatment
        if benefit is None or treatment is None:
            return ()
        return ((treatment.factor, _rounded(risk.value - benefit.value)),)

    def _limits(self, values: dict[str, Decimal], birth: str, benefit: Figure | None) -> list[Text]:
        found = [SURVIVAL_SENTENCES["interval"]]
        treatment = self._cox.treatment
        for item in self._recorded:
            if not values[item.name]:
                found.append(SURVIVAL_SENTENCES["assumed-none"].say(label=item.label))
            elif treatment is not None and item.name == treatment.factor:
                found.append(SURVIVAL_SENTENCES["given"].say(label=item.label))
        if treatment is not None:
            if benefit is not None:
                sentence = SURVIVAL_SENTENCES["benefit-source"]
                found.append(sentence.say(treatment=self._treatment_label, source=treatment.source))
            elif not values[treatment.where] and not values[treatment.factor]:
                found.append(SURVIVAL_SENTENCES["no-benefit"].say(treatment=self._treatment_label))
        found.append(SURVIVAL_SENTENCES["no-effect"])
        if values["grade"] == 1:
            found.append(SURVIVAL_SENTENCES["grade-1"])
        if len(birth) < 10:
            found.append(SENTENCES["birth-year"])
        return found

    def _reference(self, used: Input) -> Text:
        value = self._cox.reference[used.name]
        measured = next((item for item in self._measured if item.name == used.name), None)
        if used.name == "age":
            return SENTENCES["years"].say(count=number(value))
        if measured is None:
            return SENTENCES["yes" if value else "no"]
        if measured.answers:
            return SENTENCES[next(code for code, answer in measured.answers.items() if answer == value)]
        unit = f" {measured.shown_unit}" if measured.shown_unit else ""
        return Text(f"{number(value).vi}{unit}", f"{number(value).en}{unit}")


def _diagnosis(person: Gathered) -> Input:
    """What made her one of the population, as an input: it is a basis of the figure."""
    rows = person.found[_CANCER]
    newest = max(rows, key=lambda row: (row.time, row.reference))
    references = tuple(sorted({row.reference for row in rows}))
    label = Text("Ung thư vú", "Breast cancer")
    return Input(_CANCER, label, None, "", SENTENCES["yes"], newest.value, "", newest.time, references)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_RISK, ROUND_HALF_EVEN)
