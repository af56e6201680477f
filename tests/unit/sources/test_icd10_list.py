"""The hospital's list of ICD-10: read with its days and flags, refused with the line that is wrong."""

from __future__ import annotations

from datetime import date

import pytest

from lienthong.core.errors import LienthongError
from lienthong.sources.bhyt.icd10 import read_icd10


def test_a_code_holds_on_its_days() -> None:
    found = read_icd10(
        b"\xef\xbb\xbfcode,valid_from,valid_to,not_main,sex\r\nB95,,2026-06-30,,\r\nB95,2026-07-01,,1,\r\nN40,,,,M\r\n",
        "icd10.csv",
    )
    before, after = found.on("B95", date(2026, 6, 30)), found.on("B95", date(2026, 7, 1))
    assert before is not None and after is not None
    assert (before.not_main, after.not_main) == (False, True)
    male = found.on("N40", date(2020, 1, 1))
    assert male is not None and male.sex == "M"
    assert found.on("Z99", date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "names no column `code`"),
        (["a,b", "1,2"], "names no column `code`"),
        (["code,colour", "A00,red"], "a column that is not known: colour"),
        (["code", ""], ""),
        (["code,not_main", ",1"], "a line has no code"),
        (["code,not_main", "A00,x"], "the flag not_main is neither 1 nor empty"),
        (["code,sex", "A00,nam"], "sex is neither M nor F nor empty"),
        (["code,valid_from", "A00,01/07/2026"], "a day is not yyyy-mm-dd"),
        ("code\nĐ".encode("cp1258"), "it is not in UTF-8"),
        (b"code\n" + b'"' + b"x" * 200_000, "it is no CSV"),
    ],
)
def test_a_wrong_list_says_where_and_why(lines: list[str] | bytes, said: str) -> None:
    data = lines if isinstance(lines, bytes) else "\n".join(lines).encode()
    if not said:
        assert read_icd10(data, "icd10.csv").codes == {}
        return
    with pytest.raises(LienthongError) as raised:
        read_icd10(data, "icd10.csv")
    assert said in str(raised.value)
    assert raised.value.code == "icd10-list-wrong"
