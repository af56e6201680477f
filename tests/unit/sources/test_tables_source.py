"""Tables by a mapping: what is kept, what is quarantined, and that every row is told."""

from __future__ import annotations

import codecs
import gzip
import io

import pytest
from tests.unit.sources.table_cases import HEADER, SMALL, codes, compiled, converted, records, rejections

from lienthong.core.errors import LienthongError
from lienthong.core.finding import Severity
from lienthong.core.ids import resource_id
from lienthong.sources import Converted, LeftOut
from lienthong.sources.tables.separated import MOST_LINES, MOST_TEXT, read_rows, split

ROW = "BN1;Nguyễn Văn An;05/03/1960;nam\n"


def test_a_row_becomes_a_resource_with_id_key_and_origin() -> None:
    (item,) = records(HEADER + ROW)
    number = resource_id("main", "Patient", "BN1")
    assert item.resources == (
        {
            "resourceType": "Patient",
            "id": number,
            "name": [{"text": "Nguyễn Văn An"}],
            "gender": "male",
            "birthDate": "1960-03-05",
            "identifier": [{"system": "urn:x-lienthong:main:Patient", "value": "BN1"}],
        },
    )
    assert item.origin.record == "row 2"
    assert item.origin.fields[f"Patient/{number}#birthDate"] == "people[2].NGAY_SINH"
    assert item.origin.fields[f"Patient/{number}#mapping"].startswith("small@1 sha256:")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_unicode_with_and_without_a_mark(encoding: str) -> None:
    mapping = (
        SMALL.replace('separator: ";"', 'separator: ";"\n    encoding: utf-16') if encoding == "utf-16-le" else SMALL
    )
    (item,) = records((HEADER + ROW).encode(encoding), mapping)
    assert item.resources[0]["name"] == [{"text": "Nguyễn Văn An"}]


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("tcvn3", "Nguy\xd4n V\xa8n An".encode("latin-1")),
        ("vni", "Nguye\xe3n Va\xean An".encode("latin-1")),
        ("viscii", "Nguy\xadn V\xe5n An".encode("latin-1")),
        ("windows-1258", "Nguyê\u0303n Văn An".encode("cp1258")),
    ],
)
def test_old_encodings(encoding: str, data: bytes) -> None:
    mapping = SMALL.replace('separator: ";"', f'separator: ";"\n    encoding: {encoding}')
    (item,) = records(HEADER.encode() + b"BN1;" + data + b";1960;\n", mapping)
    assert item.resources[0]["name"] == [{"text": "Nguyễn Văn An"}]
    assert item.resources[0]["birthDate"] == "1960"


def test_a_bad_cell_is_a_finding_and_the_rest_is_kept() -> None:
    (item,) = records(HEADER + "BN1;An;31/02/1960;Nam\n")
    assert "birthDate" not in item.resources[0]
    (finding,) = item.findings
    assert (finding.code, finding.severity) == ("tables-cell-wrong", Severity.ERROR)
    place = finding.place
    assert (place.table, place.row, place.field, place.record) == ("people", "2", "NGAY_SINH", "row 2")
    assert "1960" not in finding.message


def test_what_a_map_lacks_is_told() -> None:
    (item,) = records(HEADER + "BN1;An;1960;LGBT\n")
    assert codes([item]) == ["tables-code-unmapped"]
    assert "gender" not in item.resources[0]


def test_rows_without_a_key_are_quarantined_and_the_others_stay() -> None:
    items = records(HEADER + ";An;1960;Nam\n" + ROW)
    assert rejections(items) == ["tables-key-missing"]
    assert [len(item.resources) for item in items] == [0, 1]


def test_a_row_of_another_width_is_quarantined() -> None:
    items = records(HEADER + "BN1;An;1960\n" + "BN2;An;1960;Nam;more\n" + "BN3;An;1960;Nam;\n")
    assert rejections(items) == ["tables-row-width", "tables-row-width"]
    short = SMALL.replace('separator: ";"', 'separator: ";"\n    short_rows: true')
    assert rejections(records(HEADER + "BN1;An;1960\n", short)) == []


def test_a_quote_that_stays_open_costs_one_row() -> None:
    lines = "".join(f"BN{number};An;1960;Nam\n" for number in range(3, MOST_LINES + 50))
    items = records(HEADER + ROW + 'BN2;"An;1960;Nam\n' + lines)
    assert rejections(items) == ["tables-quote-open"]
    assert sum(len(item.resources) for item in items) == MOST_LINES + 48


def test_quotes_hold_separators_and_line_breaks() -> None:
    items = records(HEADER + 'BN1;"An ""Ba"";\nBình";1960;Nam\n' + ROW.replace("BN1", "BN2"))
    assert items[0].resources[0]["name"] == [{"text": 'An "Ba";\nBình'}]
    assert [item.origin.record for item in items] == ["row 2", "row 3"]


def test_a_line_without_end_costs_one_row() -> None:
    items = records(HEADER + "BN1;" + "a" * (MOST_TEXT + 5) + ";1960;Nam\n" + ROW)
    assert rejections(items) == ["tables-row-too-long"]
    assert len(items[1].resources) == 1


def test_nulls_and_unknown_bytes_are_no_text() -> None:
    items = records(HEADER.encode() + b"BN1;A\0n;1960;Nam\nBN2;\xff\xfe;1960;Nam\n")
    assert codes(items) == ["tables-cell-unreadable"] * 2
    assert [item.resources[0].get("name") for item in items] == [None, None]


def test_a_missing_column_stops_the_file_by_name() -> None:
    (item,) = records("MA_BN;HO_TEN;PHAI\nBN1;An;Nam\n")
    assert item.rejected is not None
    assert (item.rejected.code, item.origin.record) == ("tables-column-missing", "")
    assert "NGAY_SINH" in item.rejected.message


def test_a_column_that_stands_twice_is_refused() -> None:
    (item,) = records("MA_BN;HO_TEN;NGAY_SINH;PHAI;PHAI\nBN1;An;1960;Nam;Nam\n")
    assert item.rejected is not None
    assert item.rejected.code == "tables-column-missing"


def test_headers_match_whatever_their_case_and_spaces() -> None:
    (item,) = records("ma_bn; Ho_Ten ;NGAY_SINH;phai\nBN1;An;1960;Nam\n")
    assert item.resources[0]["gender"] == "male"


def test_the_same_key_with_other_cells_is_told() -> None:
    items = records(HEADER + ROW + ROW + ROW.replace("1960", "1961"))
    assert codes(items) == ["tables-key-twice"]


def test_a_column_that_nobody_maps_is_told_once() -> None:
    items = records(HEADER.strip() + ";GHI_CHU\n" + ROW.strip() + ";x\n" + ROW.strip() + ";x\n")
    assert codes(items) == ["tables-column-unmapped"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("people.csv", b"", "tables-empty"),
        ("people.csv", b"\n\n", "tables-empty"),
        ("people.xlsx", b"PK\x03\x04 no zip", "tables-workbook-broken"),
        ("people.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "tables-no-mapping"),
        ("other.csv", b"a,b\n1,2\n", "tables-no-mapping"),
    ],
)
def test_files_that_are_refused(name: str, data: bytes, code: str) -> None:
    (item,) = records(data, name=name)
    assert item.rejected is not None
    assert (item.rejected.code, item.rejected.cure != "") == (code, True)


def test_an_old_workbook_is_refused_by_name() -> None:
    mapping = SMALL.replace("people*.xlsx", "people*.xls")
    (item,) = records(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, mapping, name="people.xls")
    assert item.rejected is not None
    assert item.rejected.code == "tables-workbook-kind"


def test_in_a_folder_a_table_without_a_mapping_is_left_out_by_name() -> None:
    (item,) = converted(b"a,b\n1,2\n", name="x/other.csv", given=False)
    assert isinstance(item, LeftOut)
    assert "lienthong map propose" in item.why


def test_a_draft_is_not_used() -> None:
    (item,) = records(HEADER + ROW, SMALL.replace("name: small", "name: small\ndraft: true"))
    assert item.rejected is not None
    assert item.rejected.code == "tables-mapping-draft"


def test_a_packed_table_and_one_cut_off() -> None:
    packed = gzip.compress((HEADER + ROW * 3).encode())
    assert len(records(packed, name="people.csv.gz")) == 3
    rows = "".join(f"BN{number};{number * 7919 % 99991};1960;Nam\n" for number in range(60_000))
    cut = gzip.compress((HEADER + rows).encode())[:-30_000]
    items = records(cut, name="people.csv.gz")
    assert rejections(items) == ["archive-damaged"]
    assert len(items) > 100


def test_two_mappings_for_one_file_are_refused() -> None:
    from lienthong import sources
    from lienthong.core.settings import Settings

    settings = Settings(mappings={"a.yaml": SMALL, "b.yaml": SMALL.replace("name: small", "name: other")})
    (item,) = sources.convert(io.BytesIO(HEADER.encode()), name="people.csv", sha256="", settings=settings)
    assert isinstance(item, Converted)
    assert item.rejected is not None
    assert item.rejected.code == "tables-mapping-two"


def test_split_is_rfc_4180() -> None:
    assert split('a,"b ""c"", d",e\r\n', ",", '"') == ["a", 'b "c", d', "e"]
    assert split('5" tube,x\n', ",", '"') == ['5" tube', "x"]
    assert split('"open\n', ",", '"') is None
    assert split('"a"b,c\n', ",", '"') == ["ab", "c"]
    assert split('"",""\n', ",", '"') == ["", ""]


def test_the_mark_of_the_file_wins() -> None:
    data = codecs.BOM_UTF8 + "Đà".encode()
    rows = list(read_rows(io.BufferedReader(io.BytesIO(data)), data[:4], encoding="tcvn3", separator=",", quote='"'))
    assert rows[0].cells == ("Đà",)


def test_errors_of_a_mapping_name_line_and_what_is_allowed() -> None:
    cases = [
        ("birthDate: $NGAY_SINH", "birthdate: $NGAY_SINH", "birthDate"),
        ("gender: $PHAI", "gender: $PHAII", "PHAI"),
        ("map: sex", "map: sexx", "sex"),
        ("type: integer", "type: int", "integer"),
        ("name: [{text: $HO_TEN}]", "name: {text: $HO_TEN}", "name: [ {...} ]"),
        ("resource: Patient", "resource: Pateint", "Patient"),
        ("lienthong_mapping: 1", "lienthong_mapping: 2", "1"),
        ("dd/mm/yyyy, mm/yyyy", "dd/mm/yy, mm/yyyy", "dd/mm/yyyy"),
    ]
    for right, wrong, allowed in cases:
        with pytest.raises(LienthongError) as caught:
            compiled(SMALL.replace(right, wrong))
        line = SMALL.replace(right, wrong).split(wrong)[0].count("\n") + 1
        error = caught.value
        assert error.code == "tables-mapping-wrong", wrong
        assert f"small.yaml, line {line}:" in error.where, (wrong, error.where)
        assert allowed in error.allowed, (wrong, error.allowed)
