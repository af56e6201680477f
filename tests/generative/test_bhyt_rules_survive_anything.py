"""No value in a claim, however wrong, makes a rule fail; and what is found never holds the value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.spec.claims import Tables, examined, inpatient, outpatient, paper

from lienthong.sources.bhyt import Choice, choose, layout, read_icd10, together
from lienthong.sources.bhyt.rules.duplicates import Trace

_WORDS = """
; ;;; 0 -0 ²²²²²²²²²²²² १२३४ 1e9 NaN Infinity 0.000000000001 202602300000 000000000000 99999999 202601161548 20260116
2026 =1+1 @x ١٢ K1 1;2;3 TE1 O80 I10* ² ٣ DN4010199000000; 1.1 03 5 9 G1;N1;2026
"""
NASTY = [*_WORDS.split(), "", " ", "\x00", "9" * 24, "-" + "9" * 24 + ".5", "A" * 300]
TABLES = [table for table in layout.TABLES if table not in ("XML0", "XML12")]
ICD10 = read_icd10(b"code,never,sex\nI10,1,M\nO80,,F\n", "icd10.csv")


def _whole() -> Tables:
    """A claim with a row in every table."""
    tables = inpatient()
    for table in TABLES:
        if table not in tables:
            paper(tables, table)
    return tables


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_no_value_makes_a_rule_fail(data: st.DataObject) -> None:
    tables = data.draw(st.sampled_from([outpatient, _whole]))()
    value = st.sampled_from(NASTY) | st.text(max_size=15) | st.from_regex(r"[0-9]{8,12}", fullmatch=True)
    for _ in range(data.draw(st.integers(1, 8))):
        table = data.draw(st.sampled_from(sorted(tables)))
        row = data.draw(st.sampled_from(tables[table]))
        field = data.draw(st.sampled_from(sorted(row)))
        if field not in ("MA_LK", "MA_BN"):
            row[field] = data.draw(value)
    seen = examined(tables, choose((), (), icd10=ICD10))
    assert all(finding.message and finding.rule.id for finding in seen.findings)
    list(together([item for item in (seen.trace,) if item is not None], Choice()))


def _trace() -> st.SearchStrategy[Trace]:
    moment = st.integers(202601010000, 202601010009).map(str)
    return st.builds(
        Trace,
        file=st.just("a.xml"),
        record=st.uuids().map(str),
        facility=st.just("01999"),
        patient=st.sampled_from(["a", "b"]),
        begin=moment,
        end=moment,
        care=st.sampled_from(["01", "03"]),
        has_died=st.booleans(),
        services=st.lists(st.sampled_from(["s", "t", "u"]), max_size=2).map(tuple),
    ).filter(lambda item: item.begin <= item.end)


@given(st.lists(_trace(), max_size=8))
@settings(max_examples=300, deadline=None)
def test_overlaps_are_those_that_a_plain_search_finds(traces: list[Trace]) -> None:
    """The oracle compares every pair; who is told does not hang on the order of the files."""
    found = {(item.code, item.place.record) for item in together(traces, Choice()) if "stay" in item.code}
    plain = set()
    ordered = sorted(traces, key=lambda item: (item.begin, item.end, item.record))
    for number, item in enumerate(ordered):
        stays = [
            other
            for other in ordered[:number]
            if other.patient == item.patient and other.care == "03" and other.end > item.begin
        ]
        if item.care == "03" and stays:
            plain.add(("bhyt-stays-overlap", item.record))
        elif item.care != "03" and any(other.begin < item.begin and item.end < other.end for other in stays):
            plain.add(("bhyt-visit-during-stay", item.record))
    assert found == plain


@pytest.mark.parametrize("count", [50_000])
def test_one_number_for_everybody_does_not_take_for_ever(count: int) -> None:
    """A hospital that gives all its patients one MA_BN is told quickly."""
    traces = [
        Trace("a.xml", str(number), "01999", "0", "202601010000", "202601020000", "01", False)
        for number in range(count)
    ]
    assert list(together(traces, Choice())) == []
