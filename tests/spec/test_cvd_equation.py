"""cvd-risk says what the paper says: worked examples, a second calculation, units, ranges, windows, what lacks."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.products import catalogue
from lienthong.products.assessment import Assessment, Row, Why
from lienthong.products.published import Published

AS_OF = date(2026, 11, 23)
DAY = "2026-05-01"
PATIENT = "Patient/p"
FOLDER = Path(str(resources.files("lienthong"))).parent.parent / "catalogue" / "cvd-risk"


@pytest.fixture(scope="module")
def product() -> Published:
    found = catalogue.load("cvd-risk")
    assert isinstance(found, Published)
    return found


def row(name: str, value: str = "", unit: str = "", time: str = DAY, **more: str) -> Row:
    return Row("person", name, PATIENT, more.pop("reference", f"Observation/{name}"), value, unit, time, **more)


def woman(*rows: Row, without: Iterable[str] = ()) -> list[Row]:
    """The woman of the paper's first example, aged 61 on the day; rows given replace those of the same input."""
    mine = [
        row("sex", "female", time="", reference=PATIENT),
        row("birth", "1965-03-01", time="", reference=PATIENT),
        row("systolic", "124", "mm[Hg]", status="final"),
        row("total-cholesterol", "180", "mg/dL", status="final"),
        row("hdl", "47", "mg/dL", status="final"),
        row("smoking", "current", status="final"),
    ]
    names = {item.input for item in rows} | set(without)
    return [*(item for item in mine if item.input not in names), *rows]


def risk(product: Published, rows: Iterable[Row]) -> Decimal | None:
    return product.assess(rows, AS_OF).risk


def why(product: Published, rows: Iterable[Row]) -> tuple[Why, str]:
    assessment = product.assess(rows, AS_OF)
    assert assessment.risk is None and assessment.abstention is not None
    return assessment.abstention.why, assessment.abstention.text.en


def by_hand(
    sex: str, age: float, tc: float, hdl: float, sbp: float, treated: bool, smoker: bool, diabetes: bool
) -> float:
    """The equation written out a second time, in floats and from the paper alone."""
    if sex == "female":
        score = 2.32888 * math.log(age) + 1.20904 * math.log(tc) - 0.70833 * math.log(hdl)
        score += (2.82263 if treated else 2.76157) * math.log(sbp) + 0.52873 * smoker + 0.69154 * diabetes
        return float(1 - 0.95012 ** math.exp(score - 26.1931))
    score = 3.06117 * math.log(age) + 1.12370 * math.log(tc) - 0.93263 * math.log(hdl)
    score += (1.99881 if treated else 1.93303) * math.log(sbp) + 0.65451 * smoker + 0.57367 * diabetes
    return float(1 - 0.88936 ** math.exp(score - 23.9802))


EXAMPLES: list[dict[str, Any]] = tomllib.loads((FOLDER / "evidence" / "worked_examples.toml").read_text("utf-8"))[
    "example"
]


@pytest.mark.parametrize("example", EXAMPLES, ids=["woman", "man"])
def test_the_papers_worked_examples(product: Published, example: dict[str, Any]) -> None:
    rows = woman(
        row("sex", example["sex"], time="", reference=PATIENT),
        row("birth", f"{2026 - example['age']}-03-01", time="", reference=PATIENT),
        row("systolic", example["systolic"], "mm[Hg]"),
        row("total-cholesterol", example["total_cholesterol"], "mg/dL"),
        row("hdl", example["hdl"], "mg/dL"),
        row("smoking", "current" if example["smoker"] else "never"),
        *([row("treatment", "x", status="active")] if example["treated"] else []),
        *([row("diabetes", "E11")] if example["diabetes"] else []),
    )
    assessment = product.assess(rows, AS_OF)
    assert assessment.risk is not None
    assert (assessment.risk * 100).quantize(Decimal("0.01")) == Decimal(example["risk_percent"])


values = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["female", "male"]),
        "age": st.integers(30, 74),
        "tc": st.integers(100, 405),
        "hdl": st.integers(10, 100),
        "sbp": st.integers(90, 200),
        "treated": st.booleans(),
        "smoker": st.booleans(),
        "diabetes": st.booleans(),
    }
)


def rows_of(person: dict[str, Any]) -> list[Row]:
    return woman(
        row("sex", person["sex"], time="", reference=PATIENT),
        row("birth", f"{2026 - person['age']}-05-01", time="", reference=PATIENT),
        row("systolic", str(person["sbp"]), "mm[Hg]"),
        row("total-cholesterol", str(person["tc"]), "mg/dL"),
        row("hdl", str(person["hdl"]), "mg/dL"),
        row("smoking", "current" if person["smoker"] else "former"),
        *([row("treatment", "x", status="active")] if person["treated"] else []),
        *([row("diabetes", "E11")] if person["diabetes"] else []),
    )


@given(values)
def test_every_figure_equals_a_second_calculation(person: dict[str, Any]) -> None:
    found = risk(catalogue.load("cvd-risk"), rows_of(person))  # type: ignore[arg-type]
    assert found is not None
    assert abs(float(found) - by_hand(**person)) < 0.00005001


@given(values)
def test_the_contributions_add_up_to_the_figure(person: dict[str, Any]) -> None:
    product = catalogue.load("cvd-risk")
    assert isinstance(product, Published)
    assessment = product.assess(rows_of(person), AS_OF)
    reference = {"age": 50, "tc": 180, "hdl": 50, "sbp": 120, "treated": False, "smoker": False, "diabetes": False}
    of_reference = by_hand(person["sex"], **reference)  # type: ignore[arg-type]
    effect = sum((item.effect for item in assessment.contributions), Decimal(0))
    hazard = math.log(1 - of_reference) * math.exp(float(effect))
    assert abs(1 - math.exp(hazard) - float(assessment.risk or 0)) < 0.001
    assert abs(sum((item.share for item in assessment.contributions), Decimal(-1))) < Decimal("0.001")
    effects = [abs(item.effect) for item in assessment.contributions]
    assert effects == sorted(effects, reverse=True)


def test_the_order_of_rows_changes_nothing(product: Published) -> None:
    rows = woman(row("diabetes", "E11"), row("treatment", "x", status="active"))
    assert product.assess(rows, AS_OF) == product.assess(reversed(rows), AS_OF)


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("total-cholesterol", "4.6554", "mmol/L"),  # 180 / 38.665
        ("total-cholesterol", "1.80", "g/L"),
        ("total-cholesterol", "180", "mg/dl"),
        ("total-cholesterol", "180", "MG / DL"),
        ("hdl", "1.2156", "mmol/L"),
        ("systolic", "16.532", "kPa"),
        ("systolic", "124", "mmHg"),
    ],
)
def test_units_are_converted(product: Published, name: str, value: str, unit: str) -> None:
    assert risk(product, woman(row(name, value, unit))) == Decimal("0.1048")


@pytest.mark.parametrize(
    ("value", "unit"), [("180", ""), ("180", "mmol"), ("high", "mg/dL"), ("0", "mg/dL"), ("-1", "mg/dL")]
)
def test_a_value_that_is_not_understood_is_missing_and_named(product: Published, value: str, unit: str) -> None:
    assert why(product, woman(row("total-cholesterol", value, unit))) == (
        Why.MISSING,
        "Data are missing: Total cholesterol: recorded, but its unit or answer is not understood.",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("systolic", "Systolic blood pressure: not in the record"),
        ("total-cholesterol", "Total cholesterol: not in the record"),
        ("hdl", "HDL cholesterol: not in the record"),
        ("smoking", "Smoking: not in the record"),
        ("sex", "Sex: the equation exists for male and female only; the record says otherwise or nothing"),
        ("birth", "Birth date: not in the record"),
    ],
)
def test_whatever_is_missing_is_named_and_gives_no_figure(product: Published, name: str, text: str) -> None:
    assert why(product, woman(without=[name])) == (Why.MISSING, f"Data are missing: {text}.")


def test_nothing_at_all_names_everything(product: Published) -> None:
    assessment = product.assess([], AS_OF)
    assert [item.name for item in assessment.missing] == [
        "systolic",
        "total-cholesterol",
        "hdl",
        "smoking",
        "sex",
        "birth-date",
    ]


@pytest.mark.parametrize(
    ("time", "holds"),
    [("2024-05-01", True), ("2024-04-30", False), ("2026-05-01", True), ("", False), ("2027-01-01", False)],
)
def test_a_blood_pressure_counts_for_two_years_before_the_index(product: Published, time: str, holds: bool) -> None:
    found = product.assess(woman(row("systolic", "124", "mm[Hg]", time=time)), AS_OF)
    assert (found.risk is not None) is holds
    if time == "2024-04-30":
        assert found.missing[0].last == "2024-04-30"
        assert "last recorded on 2024-04-30, too old for 2026-05-01" in found.missing[0].text.en
        assert "30/04/2024" in found.missing[0].text.vi


@pytest.mark.parametrize(("time", "holds"), [("2021-05-01", True), ("2021-04-30", False)])
@pytest.mark.parametrize("name", ["total-cholesterol", "hdl", "smoking"])
def test_lipids_and_smoking_count_for_five_years(product: Published, name: str, time: str, holds: bool) -> None:
    value = {"total-cholesterol": "180", "hdl": "47", "smoking": "current"}[name]
    unit = "" if name == "smoking" else "mg/dL"
    assert (risk(product, woman(row(name, value, unit, time=time))) is not None) is holds


def test_the_newest_value_counts(product: Published) -> None:
    old = row("systolic", "190", "mm[Hg]", time="2026-04-30", reference="Observation/old")
    new = row("systolic", "124", "mm[Hg]", time="2026-05-01T08:00:00+07:00", reference="Observation/new")
    assert risk(product, woman(old, new)) == Decimal("0.1048")
    mistake = replace(old, time=DAY, status="entered-in-error")
    assert risk(product, woman(new, mistake)) == Decimal("0.1048")


@pytest.mark.parametrize(
    ("birth", "age", "figure"),
    [
        ("1996-05-01", 30, True),
        ("1996-05-02", 29, False),
        ("1951-05-02", 74, True),
        ("1951-05-01", 75, False),
    ],
)
def test_the_equation_holds_from_30_to_74(product: Published, birth: str, age: int, figure: bool) -> None:
    rows = woman(row("birth", birth, time="", reference=PATIENT))
    if figure:
        assert risk(product, rows) is not None
    else:
        assert why(product, rows) == (
            Why.AGE_OUT_OF_RANGE,
            f"Aged {age} on 2026-05-01: the equation holds from 30 to 74 only.",
        )


@pytest.mark.parametrize(
    ("name", "unit", "inside", "outside"),
    [
        ("systolic", "mm[Hg]", ("90", "200"), ("89.9", "200.1")),
        ("total-cholesterol", "mg/dL", ("100", "405"), ("99", "406")),
        ("hdl", "mg/dL", ("10", "100"), ("9.9", "100.5")),
    ],
)
def test_no_figure_outside_of_the_ranges(
    product: Published, name: str, unit: str, inside: tuple[str, str], outside: tuple[str, str]
) -> None:
    for value in inside:
        assert risk(product, woman(row(name, value, unit))) is not None
    for value in outside:
        reason, text = why(product, woman(row(name, value, unit)))
        assert reason is Why.VALUE_OUT_OF_RANGE
        assert value in text


def test_who_has_the_disease_or_has_died_gets_no_figure(product: Published) -> None:
    assert why(product, woman(row("prior-cvd", "I21.9"))) == (
        Why.EXCLUDED,
        "Cardiovascular disease already recorded: the equation is for people without it only.",
    )
    assert why(product, woman(row("deceased", "2026-06-01", time="")))[0] is Why.DECEASED
    assert risk(product, woman(row("prior-cvd", "I21.9", status="refuted"))) == Decimal("0.1048")


def test_two_records_of_one_person_that_contradict_each_other(product: Published) -> None:
    both = woman(row("sex", "female", time="", reference=PATIENT), row("sex", "male", time="", reference="Patient/q"))
    assert why(product, both)[0] is Why.CONTRADICTORY
    births = [row("birth", day, time="", reference=f"Patient/{day}") for day in ("1965-03-01", "1965-04-01")]
    assert why(product, woman(*births)) == (
        Why.CONTRADICTORY,
        "Birth date differs between this person's records: clear it up first.",
    )
    fitting = [row("birth", day, time="", reference=f"Patient/{day}") for day in ("1965-03-01", "1965")]
    assert risk(product, woman(*fitting)) == Decimal("0.1048")


@pytest.mark.parametrize("sex", ["other", "unknown", ""])
def test_a_sex_for_which_there_is_no_equation(product: Published, sex: str) -> None:
    assert why(product, woman(row("sex", sex, time="", reference=PATIENT)))[0] is Why.MISSING


def test_a_year_of_birth_alone_is_said_to_be_uncertain(product: Published) -> None:
    found = product.assess(woman(row("birth", "1965", time="", reference=PATIENT)), AS_OF)
    assert found.risk is not None
    assert "Only the year or month of birth is known: the age may be off by a year." in [x.en for x in found.limits]


def test_no_diagnosis_is_not_knowledge(product: Published) -> None:
    found = product.assess(woman(), AS_OF)
    assert found.what_if == (("diabetes", Decimal("0.1984")), ("treatment", Decimal("0.1381")))
    assert [item.name for item in found.missing] == ["diabetes", "treatment"]
    assert any(
        "none recorded, which is no proof" in limit.en and "about 20 of 100" in limit.en for limit in found.limits
    )
    assert {item.name: item.shown.vi for item in found.inputs}["diabetes"] == "không thấy ghi nhận"


@pytest.mark.parametrize(
    ("status", "time", "treated"),
    [
        ("active", "1990-01-01", True),
        ("active", DAY, True),
        ("active", "2026-05-02", False),  # begun after the measurement: it was measured untreated
        ("completed", "2025-11-02", True),
        ("completed", "2025-11-01", False),
        ("stopped", "2026-04-01", True),
        ("cancelled", "2026-04-01", False),
        ("entered-in-error", "2026-04-01", False),
        ("active", "", False),
    ],
)
def test_treatment_is_an_order_around_the_index_date(
    product: Published, status: str, time: str, treated: bool
) -> None:
    found = risk(product, woman(row("treatment", "C09AA02", time=time, status=status)))
    assert found == Decimal("0.1381" if treated else "0.1048")


@pytest.mark.parametrize("answer", ["former", "never", "non-smoker"])
def test_only_who_smokes_now_is_a_smoker(product: Published, answer: str) -> None:
    assert risk(product, woman(row("smoking", answer))) == Decimal("0.0632")


def test_the_figure_is_said_as_people_of_a_hundred(product: Published) -> None:
    found = product.assess(woman(), AS_OF)
    assert found.sentence is not None
    assert found.sentence.en == (
        "Of 100 people with such risk factors, about 10 will have an event within 10 years from 2026-05-01."
    )
    assert "khoảng 10 người" in found.sentence.vi and "01/05/2026" in found.sentence.vi
    small = product.assess(
        woman(
            row("birth", "1996-05-01", time=""),
            row("smoking", "never"),
            row("hdl", "99", "mg/dL"),
            row("systolic", "95", "mmHg"),
        ),
        AS_OF,
    )
    assert small.sentence is not None and "fewer than 1" in small.sentence.en


def test_reasons_are_said_in_both_languages(product: Published) -> None:
    first = product.assess(woman(), AS_OF).contributions[0]
    assert first.text.en == "Smoking: smokes – 1.7 times the hazard of the reference (no)"
    assert first.text.vi == "Hút thuốc: đang hút – nguy cơ bằng 1,7 lần mức tham chiếu (không)"


def test_what_was_not_known_then_is_not_used(product: Published) -> None:
    later = row("systolic", "180", "mm[Hg]", time="2026-06-01")
    rows = [*woman(), later]
    before, after = product.assess(rows, date(2026, 5, 15)), product.assess(rows, AS_OF)
    assert (before.risk, before.index) == (Decimal("0.1048"), date(2026, 5, 1))
    assert after.index == date(2026, 6, 1) and after.risk is not None and after.risk > Decimal("0.1048")


def test_it_speaks_of_the_patient_of_the_newest_measurement(product: Published) -> None:
    newest = replace(row("systolic", "124", "mm[Hg]", time="2026-05-02"), patient="Patient/q")
    found: Assessment = product.assess(woman(newest), AS_OF)
    assert found.subject == "Patient/q"


def test_the_card_says_where_it_must_not_be_trusted(product: Published) -> None:
    assert "NOT validated for Vietnam" in product.card.population.en
    assert "CHƯA được kiểm định cho người Việt Nam" in product.card.population.vi
    assert any("no interval" in limit.en or "none is given" in limit.en for limit in product.card.limits)
