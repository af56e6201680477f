"""A product that is a published equation: a folder with card, model, codes and recipe, and no code of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources.abc import Traversable

from lienthong.products import reading
from lienthong.products.assessment import Assessment, Input, Missing, Row
from lienthong.products.card import Text, horizon_of
from lienthong.products.equation import Equation, read_equation
from lienthong.products.gathered import contributions, demographic, gather
from lienthong.products.shipped import Shipped
from lienthong.products.wording import SENTENCES, date_text, number, of_hundred

__all__ = ["Published"]

_RISK = Decimal("0.0001")
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
        model = self._equation
        person = gather(model.measured, model.index, rows, as_of)
        missing = [*person.missing]
        if not person.sexes & set(model.terms) and len(person.sexes) < 2:
            missing.append(Missing("sex", SENTENCES["sex-unknown"]))
        if not person.births:
            missing.append(Missing("birth-date", SENTENCES["birth-unknown"]))
        abstention = (
            person.refused(model.exclusions)
            or person.incomplete(missing)
            or person.outside(model.measured, model.age_low, model.age_high)
        )
        index = person.index
        if abstention is not None:
            return Assessment(
                person.person, person.subject, index, None, abstention, person.inputs, missing=tuple(missing)
            )
        assert index is not None, "without an index date an input is missing"
        (sex,), (birth,) = person.sexes, person.births
        recorded = [reading.recorded(item, person.found.get(item.name, []), index, as_of) for item in model.recorded]
        return self._figure(person.person, person.subject, index, sex, birth, [*person.inputs, *recorded])

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
        whole = (*demographic(age, self._equation.age_label, birth, sex, subject), *inputs)
        sentence = SENTENCES["figure" if risk >= _LEAST else "figure-small"].say(
            count=of_hundred(risk), years=str(self._years), index=date_text(index.isoformat())
        )
        return Assessment(
            person,
            subject,
            index,
            _rounded(risk),
            None,
            whole,
            contributions(
                self._equation.effects(sex, values),
                {item.name: item for item in whole},
                self._equation.hazard_ratio,
                self._reference,
            ),
            missing,
            tuple(limits),
            what_if,
            sentence,
        )

    def _reference(self, used: Input) -> Text:
        value = self._equation.reference[used.name]
        if used.name == "age":
            return SENTENCES["years"].say(count=number(value))
        if not used.unit:
            return SENTENCES["yes" if value else "no"]
        return Text(f"{number(value).vi} {used.unit}", f"{number(value).en} {used.unit}")


def _rounded(risk: Decimal) -> Decimal:
    return risk.quantize(_RISK, ROUND_HALF_EVEN)
