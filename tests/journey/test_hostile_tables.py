"""Hostile tables through the command line: bounded memory, a named reason, an exit code, the good rows kept."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journey.hostile import SECRET, Node, balanced, gzip_of
from tests.unit.sources.table_cases import HEADER, SMALL

pytestmark = pytest.mark.slow

ROW = f"BN1;{SECRET};05/03/1960;Nam\n"
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
HEAD = "".join(
    f'<c r="{letter}1" t="inlineStr"><is><t>{name}</t></is></c>'
    for letter, name in zip("ABCD", HEADER.strip().split(";"), strict=True)
)
SECOND = '<row r="2"><c r="A2" t="inlineStr"><is><t>BN1</t></is></c><c r="C2"><v>1960</v></c></row>'
GOOD = f'<row r="1">{HEAD}</row>{SECOND}'


@pytest.fixture
def node(home: Path) -> Node:
    return Node(home)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def book(path: Path, sheet: bytes | Iterator[bytes], **parts: bytes) -> None:
    """A workbook of one sheet; `parts` are other members, e.g. sharedStrings."""
    relations = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Type="x" Target="worksheets/sheet1.xml"/></Relationships>'
    )
    workbook = (
        b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        b' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        b'<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", workbook)
        archive.writestr("xl/_rels/workbook.xml.rels", relations)
        for name, data in parts.items():
            archive.writestr(f"xl/{name}.xml", data)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as out:
            for piece in [sheet] if isinstance(sheet, bytes) else sheet:
                out.write(piece)


def test_a_line_of_a_gigabyte_costs_one_row(node: Node, mapping: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.csv.gz"

    def pieces() -> Iterator[bytes]:
        yield (HEADER + ROW + "BN2;").encode()
        for _ in range(2 << 4):
            yield b"".join(b"%x" % number for number in range(1 << 20))[: 32 << 20].ljust(32 << 20, b"x")
        yield ("\n" + ROW.replace("BN1", "BN3")).encode()

    gzip_of(path, pieces())
    said = node.attack("ingest", path, "--mapping", mapping, seconds=240)
    counts = balanced(said)
    assert (counts["kept"], counts["quarantined"]["records"], said.code) == (2, 1, 3)
    assert said.peak < 400_000, said.peak


def test_workbooks_that_mean_harm(node: Node, mapping: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()

    def sheet(rows: str, before: str = "") -> bytes:
        return (before + SHEET.format(rows=rows)).encode()

    entity = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{mapping}">]>'
    laughs = "<!DOCTYPE a [<!ENTITY a 'lol'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 20}'>" for n in range(9)
    ) + "]>"  # fmt: skip
    said = '<row r="2"><c r="A2" t="inlineStr"><is><t>BN{}&{};</t></is></c></row>'
    book(exports / "people_far.xlsx", sheet(GOOD + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    book(exports / "people_beyond.xlsx", sheet(GOOD + '<row r="99999999"><c r="A99999999"><v>1</v></c></row>'))
    book(
        exports / "people_entity.xlsx",
        sheet(GOOD.split("<row", 2)[1].join(["<row", ""]) + said.format(1, "e"), entity),
    )
    book(exports / "people_laughs.xlsx", sheet(f'<row r="1">{HEAD}</row>' + said.format(1, "j"), laughs))
    shared = b"<sst>" + (b"<si><t>" + b"a" * 1000 + b"</t></si>") * 200_000 + b"</sst>"
    book(exports / "people_bomb.xlsx", sheet(GOOD), sharedStrings=shared)
    (exports / "people_cut.xlsx").write_bytes((exports / "people_far.xlsx").read_bytes()[:-40])

    done = node.attack("ingest", exports, "--mapping", mapping, seconds=120)
    counts = balanced(done)
    assert done.code == 3
    rules: dict[str, set[str]] = {}
    for row in node.faults():
        rules.setdefault(row["file"].rpartition("_")[2].removesuffix(".xlsx"), set()).add(row["rule"])
    assert rules["far"] == {"tables-row-width"}
    assert rules["beyond"] == {"tables-workbook-broken"}
    assert rules["bomb"] <= {"archive-bomb", "tables-workbook-broken"}  # its texts are too long first
    assert rules["cut"] == {"tables-workbook-broken"}
    assert counts["kept"] >= 2
    assert done.peak < 600_000, done.peak
    told = node.run("export", tmp_path / "out")
    assert told.code == 0
    patients = (tmp_path / "out" / "Patient.ndjson").read_text("utf-8")
    assert "lienthong_mapping" not in patients  # no entity was ever opened
    assert "lollol" not in patients


def test_a_mapping_that_means_harm(node: Node, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text(HEADER + ROW, encoding="utf-8")
    laughs = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{f'*{chr(97 + n)},' * 9}]\n" for n in range(9)
    )
    for text in (laughs, "!!python/object/apply:os.system [ls]", "[" * 5000, "a: \0", "", SMALL * 2):
        path = tmp_path / "bad.yaml"
        path.write_bytes(text.encode())
        said = node.attack("ingest", table, "--mapping", path)
        assert (said.code, said.json["error"]["code"]) == (2, "tables-mapping-wrong"), text[:30]
