"""Makes health-insurance claims out of the layouts alone: any table, any field, right and wrong values."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from lienthong.sources.bhyt.layout import OLDER_TABLES, TABLES, Field, allowed, fields

Row = dict[str, str]
DAYS = (date(2024, 3, 1), date(2025, 3, 1), date(2026, 8, 3))
_LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u200b")
_TEXT = st.one_of(
    st.sampled_from(
        ["Nguyễn Thị Bưởi", "a & b < c", "]]>", "<b>", "Sốt\ncao", "A;B; C", "×", "1.0", "x" * 300, "𠀀"]
    ),
    st.text(_LETTERS, min_size=1, max_size=12),
)
_NUMBER = st.sampled_from(["0", "1", "12.50", "0.10", "007", ".5", "1,5", "1.000.000", "abc", "-3", "99999999.99"])
_DAY = st.sampled_from(["20260803", "20260804", "20240229", "20261301", "0", "abc", "202608031015"])
_MOMENT = st.sampled_from(["202608031015", "202608030000", "20260803", "202608032561", "x", "202601010001"])
_BIRTH = st.sampled_from(
    ["196505170000", "196500000000", "196505000000", "19650517", "202608030715", "0" * 12, "1965"]
)
_CODE = st.one_of(
    st.sampled_from(
        ["01", "1.11", "I10", "E11.9", "A15", "B20", "K01", "99999", "VD-1", "001/CCHN", "I10*", "x y", "8"]
    ),
    st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="./-"), min_size=1, max_size=8),
)


def value(field: Field, on: date) -> st.SearchStrategy[str]:
    """A value for a field: mostly of its form, now and then any text."""
    known = allowed(field, on)
    by_type = {"number": _NUMBER, "money": _NUMBER, "date": _DAY, "moment": _MOMENT, "birth": _BIRTH, "code": _CODE}
    own = by_type.get(field.type, _TEXT)
    if known:
        own = st.one_of(st.sampled_from(sorted(known)), own)
    if field.separator:
        own = st.one_of(own, st.lists(own, min_size=2, max_size=3).map(";".join))
    return st.one_of(own, own, own, _TEXT)


@st.composite
def row(draw: st.DrawFn, table: str, on: date, *, older: bool) -> Row:
    layout = fields(table, on, older=older)
    names = draw(st.sets(st.sampled_from(sorted(layout)), max_size=len(layout)))
    return {name: draw(value(layout[name], on)) for name in layout if name in names}


@st.composite
def claims(draw: st.DrawFn) -> dict[str, list[Row]]:
    """The rows of one claim by table, MA_LK and MA_BN given."""
    on, older = draw(st.sampled_from(DAYS)), draw(st.integers(0, 5)) == 0
    if older:
        on = DAYS[0]
    tables = draw(st.sets(st.sampled_from(OLDER_TABLES[1:] if older else TABLES[2:] + TABLES[:1]), max_size=4))
    found: dict[str, list[Row]] = {}
    for table in ("XML1", *sorted(tables)):
        most = 1 if table == "XML1" else 3
        found[table] = draw(st.lists(row(table, on, older=older), min_size=1, max_size=most))
        for number, line in enumerate(found[table], 1):
            if "MA_LK" in fields(table, on, older=older):
                line["MA_LK"] = "LK/1"
            if "STT" in fields(table, on) and draw(st.booleans()):
                line["STT"] = str(number)
    found["XML1"][0].update({"MA_BN": "BN1", "NGAY_RA": f"{on:%Y%m%d}1015"})
    if older:
        found["XML1"][0].update({"MA_THE": "HT2010000000009", "TEN_BENH": "Cảm"})
    return found


def clean(tables: Any) -> dict[str, list[Row]]:
    """The rows without what is empty: an empty field and none are the same."""
    return {
        table: [{name: text for name, text in line.items() if text} for line in rows]
        for table, rows in tables.items()
        if rows
    }
