"""breast-survival on an invented warehouse: who gets a figure, from which forms of data, and what each reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from lienthong import fhir
from lienthong.core import canonical
from lienthong.products import catalogue
from lienthong.products.assessment import Assessment, Row, Why
from lienthong.products.suggestion import read, suggest
from lienthong.products.survival.product import CoxProduct
from lienthong.warehouse import run_view

AS_OF = date(2026, 11, 23)
VIEWS = Path(fhir.__file__).parent.parent / "warehouse" / "views"
NEEDED = (
    *("patient", "observation", "condition"),
    *("medication_request", "medication_dispense", "medication_statement", "medication"),
)
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
ICD10, ATC = "http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc"
PRODUCT = catalogue.load("breast-survival")


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: str, code: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": Decimal(value), "unit": code, "system": UCUM, "code": code}}


class Woman:
    """A woman whose pathology is told as mCODE tells it; what a test changes is an argument."""

    def __init__(self, name: str, **changed: Any) -> None:
        self.name = name
        self.facts: dict[str, Any] = {
            "gender": "female",
            "birth": "1970-06-15",
            "day": "2026-10-05",
            "diagnosis": (ICD10, "C50.9"),
            "nodes": (LOINC, "21893-3", quantity("4", "1")),
            "size": (LOINC, "21889-1", quantity("3.1", "cm")),
            "grade": (LOINC, "44648-4", {"valueCodeableConcept": coded(LOINC, "LA27825-1")}),
            "er": (LOINC, "85337-4", {"valueCodeableConcept": coded(LOINC, "LA6576-8")}),
            "pgr": (LOINC, "85339-0", {"valueCodeableConcept": coded(LOINC, "LA6577-6")}),
            **changed,
        }

    def resources(self) -> Iterator[dict[str, Any]]:
        facts, subject = self.facts, {"reference": f"Patient/{self.name}"}
        yield {"resourceType": "Patient", "id": self.name, "gender": facts["gender"], "birthDate": facts["birth"]}
        for at, (system, code) in enumerate([facts["diagnosis"], *facts.get("more", ())]):
            yield {
                "resourceType": "Condition",
                "id": f"{self.name}-c{at}",
                "subject": subject,
                "code": coded(system, code),
                "recordedDate": facts["day"],
            }
        for name in ("nodes", "size", "grade", "er", "pgr"):
            if facts[name] is not None:
                system, code, value = facts[name]
                yield {
                    "resourceType": "Observation",
                    "id": f"{self.name}-{name}",
                    "status": facts.get("status", "final"),
                    "subject": subject,
                    "code": coded(system, code),
                    "effectiveDateTime": facts["day"],
                    **value,
                }
        for at, drug in enumerate(facts.get("drugs", ())):
            yield {
                "resourceType": "MedicationStatement",
                "id": f"{self.name}-d{at}",
                "status": "active",
                "subject": subject,
                "medicationCodeableConcept": drug,
                "effectiveDateTime": "2026-11-01",
            }


def assessed(*women: Woman) -> dict[str, Assessment]:
    """What the product says about each, through its recipe over the warehouse's views."""
    given = [resource for woman in women for resource in woman.resources()]
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA views; CREATE SCHEMA record")
        for name in NEEDED:
            view = canonical.parse((VIEWS / f"{name}.json").read_bytes())
            connection.register("given", run_view(view, (r for r in given if r["resourceType"] == view["resource"])))
            connection.execute(f"CREATE TABLE views.{name} AS SELECT * FROM given")
        empty = pa.table({"patient": pa.array([], pa.string()), "person": pa.array([], pa.string())})
        codes = pa.Table.from_pylist([dict(row) for row in PRODUCT.recipe.tables["product_code"]])
        for name, table in (("membership", empty), ("product_code", codes)):
            connection.register("given", table)
            connection.execute(f"CREATE TABLE record.{name} AS SELECT * FROM given")
        rows = [Row(**row) for row in connection.sql(PRODUCT.recipe.sql).to_arrow_table().to_pylist()]
    return {person: PRODUCT.assess(list(of), AS_OF) for person, of in groupby(rows, key=lambda row: row.person)}


def loinc(code: str, answer: str) -> tuple[str, str, dict[str, Any]]:
    return LOINC, code, {"valueCodeableConcept": coded(LOINC, answer)}


def count(value: str) -> tuple[str, str, dict[str, Any]]:
    return LOINC, "21893-3", quantity(value, "1")


OUT_OF_POPULATION: dict[str, tuple[Why, dict[str, Any]]] = {
    "no-node": (Why.VALUE_OUT_OF_RANGE, {"nodes": count("0")}),
    "too-many-nodes": (Why.VALUE_OUT_OF_RANGE, {"nodes": count("35")}),
    "too-large": (Why.VALUE_OUT_OF_RANGE, {"size": (LOINC, "21889-1", quantity("200", "mm"))}),
    "too-young": (Why.AGE_OUT_OF_RANGE, {"birth": "2005-01-01"}),
    "too-old": (Why.AGE_OUT_OF_RANGE, {"birth": "1930-01-01"}),
    "bone": (Why.EXCLUDED, {"more": [(ICD10, "C79.5")]}),
    "liver": (Why.EXCLUDED, {"more": [(SNOMED, "94381002")]}),
    "man": (Why.EXCLUDED, {"gender": "male"}),
    "sex-unknown": (Why.MISSING, {"gender": "unknown"}),
}
PERCENTS = {"0": False, "0.9": False, "1": True, "100": True}
FINDINGS = ("nodes", "size", "grade", "er", "pgr")
WOMEN: dict[str, dict[str, Any]] = {
    "plain": {},
    "er-negative": {"er": loinc("85337-4", "LA6577-6")},
    "atc": {"drugs": [coded(ATC, "L02BA01")]},
    "drug-by-code": {"drugs": [coded(ATC, "L02BG04")]},
    "drug-by-name": {"drugs": [{"text": "LETROZOL 2,5mg"}]},
    "other-drug": {"drugs": [{"text": "Paracetamol"}]},
    "chemo": {"drugs": [{"text": "Docetaxel"}]},
    "other-forms": {
        "nodes": (SNOMED, "443527007", {"valueInteger": 4}),
        "size": (LOINC, "21889-1", {"component": [{"code": coded(LOINC, "33728-7"), **quantity("31", "mm")}]}),
        "grade": (LOINC, "33732-9", {"valueInteger": 3}),
        "er": (LOINC, "85337-4", quantity("90", "%")),
        "pgr": (LOINC, "16113-3", quantity("3", "fmol/mg")),
    },
    "not-understood": {
        "size": (LOINC, "21889-1", quantity("3", "[in_i]")),
        "er": loinc("85337-4", "LA11884-6"),
        "grade": (LOINC, "44648-4", {"valueInteger": 9}),
    },
    "just-in-time": {"day": "2026-05-25"},
    "long-ago": {"day": "2026-05-23"},
    "axilla": {"more": [(ICD10, "C77.3")]},
    "colon": {"diagnosis": (ICD10, "C18.9")},
    "in-situ": {"diagnosis": (ICD10, "D05.1")},
    "grade-1": {"grade": loinc("44648-4", "LA27823-6")},
    "grade-2": {"grade": loinc("44648-4", "LA27824-4")},
    **{f"er-{percent}": {"er": (LOINC, "85337-4", quantity(percent, "%"))} for percent in PERCENTS},
    **{f"no-{name}": {name: None} for name in FINDINGS},
    **{name: changed for name, (_, changed) in OUT_OF_POPULATION.items()},
}


@pytest.fixture(scope="module")
def told() -> dict[str, Assessment]:
    return assessed(*(Woman(name.replace(".", "-"), **changed) for name, changed in WOMEN.items()))


def test_a_figure_is_the_models_own_and_comes_with_its_interval(told: dict[str, Assessment]) -> None:
    """Worked by hand: log hazard ratio 1.272 = ln 4 x 0.4418 + 0.2090 + 0.2943 + 0.1563; 1 - exp(-0.3511 e^1.272)."""
    assert isinstance(PRODUCT, CoxProduct)
    found = told["plain"]
    facts = {"age": 56, "nodes": 4, "size": 31, "grade": 3, "er": 1, "pgr": 0, "hormone": 0, "chemo": 0}
    values = {name: Decimal(value) for name, value in facts.items()}
    risk = PRODUCT.cox.risk(values)
    assert float(risk.value) == pytest.approx(0.7143, abs=5e-5)
    assert found.risk == round(risk.value, 4)
    assert found.interval == (round(risk.low, 4), round(risk.high, 4))
    assert found.index == date(2026, 10, 5)
    assert found.sentence is not None
    assert "about 71 (from 66 to 77)" in found.sentence.en
    assert float(sum(item.effect for item in found.contributions)) == pytest.approx(
        float(PRODUCT.cox.score(values)), abs=1e-3
    )
    assert found.contributions[0].factor == "nodes"
    assert found.contributions[0].text.en == "Positive lymph nodes: 4 – 1.84 times the hazard of the reference (1)"


def test_the_benefit_is_the_trials_with_an_interval_and_no_recommendation(told: dict[str, Assessment]) -> None:
    found = told["plain"]
    assert found.sentence is not None
    assert (
        "more without recurrence at 5 years (from" in found.sentence.en and "no recommendation" in found.sentence.en
    )
    assert "không phải lời khuyên" in found.sentence.vi
    ((factor, risk),) = found.what_if
    assert factor == "hormone" and found.risk is not None
    # exp(-0.53 H) where 1 - exp(-H) is the risk without it
    assert float(risk) == pytest.approx(1 - (1 - float(found.risk)) ** 0.53, abs=2e-4)
    assert any("Lancet 2011;378:771-784" in limit.en for limit in found.limits)


def test_no_benefit_is_told_of_a_negative_receptor_or_a_treatment_that_runs(told: dict[str, Assessment]) -> None:
    negative, treated = told["er-negative"], told["atc"]
    for found in (negative, treated):
        assert found.what_if == () and found.sentence is not None and "trials" not in found.sentence.en
    assert any("receptor is negative" in limit.en for limit in negative.limits)
    assert any("recorded; the figure is with it" in limit.en for limit in treated.limits)
    without = told["plain"].risk
    assert treated.risk is not None and without is not None and treated.risk < without


def test_a_drug_is_known_by_code_or_by_name(told: dict[str, Assessment]) -> None:
    assert told["drug-by-code"].risk == told["drug-by-name"].risk == told["atc"].risk
    assert told["other-drug"].risk == told["plain"].risk != told["atc"].risk
    assert [item.name for item in told["chemo"].missing] == ["hormone"]


def test_findings_are_understood_in_other_forms(told: dict[str, Assessment]) -> None:
    same = told["other-forms"]
    assert same.risk == told["plain"].risk
    assert {item.shown.en for item in same.inputs} >= {"positive (90 %)", "negative (3 fmol/mg)", "31 mm", "grade 3"}


@pytest.mark.parametrize(("percent", "positive"), PERCENTS.items())
def test_a_receptor_is_positive_from_one_percent_on(
    told: dict[str, Assessment], percent: str, positive: bool
) -> None:
    assert bool(told[f"er-{percent}".replace(".", "-")].what_if) is positive


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_that_is_not_there_is_named(told: dict[str, Assessment], name: str) -> None:
    found = told[f"no-{name}"]
    assert found.abstention is not None and found.abstention.why is Why.MISSING
    assert [item.name for item in found.missing] == [name]
    assert "not in the record" in found.abstention.text.en


def test_what_is_not_understood_is_missing_never_normal(told: dict[str, Assessment]) -> None:
    found = told["not-understood"]
    assert found.risk is None and [item.name for item in found.missing] == ["size", "grade", "er"]


def test_findings_of_half_a_year_ago_are_too_old(told: dict[str, Assessment]) -> None:
    assert told["just-in-time"].risk is not None
    found = told["long-ago"]
    assert {item.name for item in found.missing} == set(FINDINGS)
    assert found.abstention is not None and "too old" in found.abstention.text.en


@pytest.mark.parametrize("name", OUT_OF_POPULATION)
def test_out_of_the_population_no_figure_is_told(told: dict[str, Assessment], name: str) -> None:
    found = told[name]
    assert found.risk is None and found.abstention is not None
    assert found.abstention.why is OUT_OF_POPULATION[name][0]
    assert found.sentence is None and found.interval is None and found.what_if == ()


def test_nodes_in_the_axilla_are_no_distant_metastasis(told: dict[str, Assessment]) -> None:
    assert told["axilla"].risk == told["plain"].risk


def test_only_women_with_breast_cancer_are_looked_at(told: dict[str, Assessment]) -> None:
    assert {name.replace(".", "-") for name in WOMEN} - set(told) == {"colon", "in-situ"}


def test_grade_1_counts_as_2_and_is_said(told: dict[str, Assessment]) -> None:
    assert told["grade-1"].risk == told["grade-2"].risk
    assert any("Grade 1 counts as grade 2" in limit.en for limit in told["grade-1"].limits)


def test_a_suggestion_is_valid_and_keeps_interval_and_reasons(told: dict[str, Assessment]) -> None:
    found = told["plain"]
    resource = suggest(PRODUCT, found)
    assert fhir.validate(resource, advice=False) == []
    assert resource["status"] == "preliminary"
    assert {f"Observation/plain-{name}" for name in FINDINGS} | {"Condition/plain-c0"} <= {
        item["reference"] for item in resource["basis"]
    }
    again = read(resource)
    assert again.interval == found.interval and again.what_if == found.what_if
    assert again.contributions == found.contributions and again.sentence == found.sentence


def test_every_word_is_told_in_both_languages(told: dict[str, Assessment]) -> None:
    for found in told.values():
        texts = [*found.limits, *(item.text for item in found.contributions), *(item.text for item in found.missing)]
        if found.sentence is not None:
            texts.append(found.sentence)
        if found.abstention is not None:
            texts.append(found.abstention.text)
        assert all(text.vi and text.en and "{" not in text.vi + text.en for text in texts)
