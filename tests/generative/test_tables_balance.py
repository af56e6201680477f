"""Any table of a mapping's columns is read, balances, and gives the text back, in every encoding and both formats."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.generative.test_sources_survive_anything import changed, check
from tests.unit.sources.table_cases import HEADER, SMALL, records

from lienthong import sources
from lienthong.core.settings import Settings
from lienthong.core.text import nfc
from lienthong.sources import Converted
from lienthong.sources.tables.letters import _TCVN3, _VISCII, _VNI

many = settings(max_examples=100, deadline=2000)
LETTERS = "aàáảãạăằắẳẵặâầấẩẫậđeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵ bcdghklmnpqrstvx"
word = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12).map(str.strip).filter(bool)
cell = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters='\n;",'), min_size=1, max_size=12
).map(lambda text: nfc(text).strip()).filter(lambda text: bool(text) and "\ufffd" not in text)  # fmt: skip


@many
@given(st.lists(cell, min_size=1, max_size=8), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_text_comes_back(names: list[str], encoding: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER.strip().split(";"))
    writer.writerows([f"BN{number}", name, "1960", "Nam"] for number, name in enumerate(names))
    items = records(file.getvalue().encode(encoding))
    assert len(items) == len(names)
    assert [item.resources[0]["name"] for item in items] == [[{"text": name}] for name in names]


@many
@given(st.lists(word, min_size=1, max_size=6), st.sampled_from(["tcvn3", "vni", "viscii"]))
def test_old_encodings_come_back(names: list[str], encoding: str) -> None:
    pairs: dict[str, str] = {}
    for written, letter in (
        [(chr(key), value) for key, value in _TCVN3.items()] if encoding == "tcvn3"
        else [(chr(key), value) for key, value in _VISCII.items()] if encoding == "viscii"
        else list(_VNI.items())
    ):  # fmt: skip
        if encoding != "vni" or written.islower():
            pairs.setdefault(letter, written)
    mapping = SMALL.replace('separator: ";"', f'separator: ";"\n    encoding: {encoding}')
    lines = "".join(
        f"BN{number};{''.join(pairs.get(letter, letter) for letter in name)};1960;Nam\n"
        for number, name in enumerate(names)
    )
    items = records(HEADER.encode() + lines.encode("latin-1"), mapping)
    if encoding == "vni":  # `o` before a letter of its own may be read together: only what is unambiguous is compared
        assert len(items) == len(names)
        return
    assert [item.resources[0]["name"] for item in items] == [[{"text": name}] for name in names]


@settings(max_examples=30, deadline=5000)
@given(st.lists(st.tuples(cell, st.integers(1, 200), st.sampled_from(["Nam", "Nữ", "x"])), min_size=1, max_size=6))
def test_excel_and_csv_give_the_same_record(people: list[tuple[str, int, str]]) -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER.strip().split(";"))
    sheet.write_row(0, 0, HEADER.strip().split(";"))
    for number, (name, days, sex) in enumerate(people, 1):
        sheet.write_string(number, 0, f"BN{number}")
        sheet.write_string(number, 1, name)
        sheet.write_number(number, 2, 20_000 + days, day)
        sheet.write_string(number, 3, sex)
        writer.writerow([f"BN{number}", name, "", sex])
    book.close()
    excel = records(file.getvalue(), name="people.xlsx")
    plain = records(text.getvalue())
    assert len(excel) == len(plain) == len(people)
    for one, other in zip(excel, plain, strict=True):
        body = dict(one.resources[0])
        assert body.pop("birthDate").startswith("195")
        assert body == other.resources[0]
        assert [finding.code for finding in one.findings] == [finding.code for finding in other.findings]


@many
@given(changed((HEADER + 'BN1;SECRET-NAME;05/03/1960;Nam\nBN2;"a""b";1960;Nữ\n').encode()), st.data())
def test_a_changed_table_is_told_row_by_row(data: bytes, draw: Any) -> None:
    encoding = draw.draw(st.sampled_from(["utf-8", "utf-16", "tcvn3", "windows-1258"]))
    mapping = SMALL.replace('separator: ";"', f'separator: ";"\n    encoding: {encoding}')
    settings_ = Settings(mappings={"small.yaml": mapping})
    items = list(sources.convert(io.BytesIO(data), name="people.csv", sha256="", settings=settings_))
    assert items
    for item in items:
        assert isinstance(item, Converted)
        assert bool(item.resources) != bool(item.rejected)
        for finding in (*item.findings, *([item.rejected] if item.rejected else [])):
            assert "SECRET-NAME" not in finding.message + finding.cure + finding.place.field


@pytest.mark.parametrize("name", ["people.csv", "people.xlsx", "a.tsv", "a.txt", "a.xls", "a.ods"])
def test_what_no_mapping_knows_survives(name: str) -> None:
    for data in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"a;b\n1;2\n", b"\0" * 50, b"\xff\xfe\0"):
        check(data, name)
