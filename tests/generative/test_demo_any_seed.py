"""For any seed and size: the same bytes twice, a truth that agrees with itself, and files that are all readable."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.demo.claims import claim, totals
from lienthong.demo.exports import ClaimFile
from lienthong.demo.hospitals import generate
from lienthong.demo.people import exact_rules

SEEDS = st.integers(min_value=0, max_value=10**12)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, people=st.integers(min_value=1, max_value=70))
def test_any_hospitals_are_the_same_twice_and_true_to_themselves(seed: int, people: int) -> None:
    hospitals, again = generate(seed, people), generate(seed, people)
    files = list(hospitals.files())
    assert files == list(again.files())
    assert len({file.path for file in files}) == len(files)
    truth = hospitals.truth()
    assert truth == again.truth()
    paths = {file.path for file in files}
    for fault in truth["faults"]:
        assert f"{truth['hospitals'][fault['hospital']]['folder']}/{fault['file']}" in paths
        assert fault["effect"] in ("quarantined", "finding", "left-out", "unchanged", "updated")
        assert (fault["scope"] == "file") == (fault["record"] == "")
    keys = [(item["hospital"], item["key"]) for person in truth["persons"] for item in person["patients"]]
    assert len(set(keys)) == len(keys)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_no_exact_rule_joins_two_people_and_every_visit_adds_up(seed: int) -> None:
    hospitals = generate(seed, 60)
    registrations = [(person.number, item) for person in hospitals.persons for item in person.registrations]
    assert not [
        (one, other)
        for (one, first), (other, second) in combinations(registrations, 2)
        if one != other and exact_rules(first, second)
    ]
    for file in hospitals.claim_files:
        if isinstance(file, ClaimFile):
            for visit in file.visits:
                made = claim(visit)
                assert totals(made.tables).items() <= made.tables["XML1"][0].items()
                summary = {name: Decimal(value) for name, value in totals(made.tables).items()}
                assert summary["T_BHTT"] + summary["T_BNCCT"] == summary["T_TONGCHI_BH"]
                assert summary["T_TONGCHI_BH"] + summary["T_BNTT"] == summary["T_TONGCHI_BV"]
                assert Decimal(0) < summary["T_THUOC"] + summary["T_VTYT"] or not made.tables["XML2"]


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_what_a_hospital_wrote_down_is_true(seed: int) -> None:
    for item in generate(seed, 40).truth()["cvd"]:
        for values in item["recorded"].values():
            assert values["diabetes"] <= item["true"]["diabetes"]
            assert values["treated"] <= item["true"]["treated"]
