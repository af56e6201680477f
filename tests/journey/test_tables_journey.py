"""A data engineer's way with a table, by the command line: propose, look over, test, ingest, query, trace, retry."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sources.table_cases import HEADER, SMALL
from tests.unit.sources.test_tables_lookups import MAPPING as JOINED
from tests.unit.sources.test_tables_lookups import RESULTS, VISITS

Lienthong = Callable[..., Any]
ROWS = "BN1;Nguyễn Văn An;05/03/1960;Nam\nBN2;Trần Thị Bình;1971;Nữ\n;Không mã;1980;Nam\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "exports" / "people.csv"
    path.parent.mkdir()
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "people.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_from_a_draft_to_the_record(lienthong: Lienthong, table: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    assert lienthong("map", "propose", table, "--to", draft).code == 0
    again = lienthong("map", "propose", table, "--to", draft)
    assert (again.code, again.json["error"]["code"]) == (2, "tables-draft-there")

    refused = lienthong("ingest", table, "--mapping", draft)
    assert (refused.code, refused.json["quarantined"]) == (3, {"files": 1, "records": 0})

    text = draft.read_text("utf-8").replace("draft: true\n", "")
    assert "patient.birthdate, 1.00" in text
    draft.write_text(
        text
        + "examples:\n  - table: people\n    rows: [{MA_BN: X, HO_TEN: Lê An, NGAY_SINH: 01/02/1990, PHAI: Nam}]\n"
        "    expect: [{resourceType: Patient, name: [{text: Lê An}], gender: male, birthDate: 1990-02-01}]\n",
        encoding="utf-8",
    )
    # the draft takes one year for a text that is no date: a person gives the column its formats
    tested = lienthong("map", "test", draft)
    assert tested.code == 1, tested.out
    text = draft.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.strip().startswith("NGAY_SINH"))
    draft.write_text(text.replace(line, "      NGAY_SINH: {type: date, format: [dd/mm/yyyy, yyyy]}"), "utf-8")
    tested = lienthong("map", "test", draft)
    assert (tested.code, tested.json["failed"]) == (0, 0), tested.out

    done = lienthong("ingest", table, "--mapping", draft, "--source", "his")
    assert done.code == 3, done.out
    assert (done.json["records"], done.json["kept"], done.json["quarantined"]["records"]) == (3, 2, 1)
    rows = lienthong("query", 'SELECT "birthDate" AS b FROM fhir."Patient" ORDER BY 1').json
    assert "error" in rows  # nothing is built yet
    assert lienthong("build").code == 0
    counted = lienthong("query", "SELECT year_of_birth AS y, person_id AS n FROM omop.person ORDER BY 1").json
    assert [row["y"] for row in counted["rows"]] == [1960, 1971]

    traced = lienthong("trace", f"omop.person/{counted['rows'][0]['n']}").json
    assert traced["origin"]["record"] == "row 2"
    assert traced["origin"]["field"] == "people[2]"
    assert traced["origin"]["fields"]["birthDate"] == "people[2].NGAY_SINH"
    assert traced["origin"]["fields"]["mapping"].startswith("people@1 sha256:")
    same = lienthong("ingest", table, "--source", "his").json["resources"]  # the mapping is known now
    assert (same["new"], same["updated"], same["unchanged"]) == (0, 0, 2)


def test_a_quarantined_table_is_retried_with_a_mapping(lienthong: Lienthong, table: Path, mapping: Path) -> None:
    alone = lienthong("ingest", table)
    assert (alone.code, alone.json["quarantined"]["files"]) == (3, 1)
    (reason,) = lienthong("query", "SELECT rule FROM record.quarantine").json["rows"]
    assert reason["rule"] == "tables-no-mapping"
    other = table.with_name("other")
    other.mkdir()
    assert lienthong("ingest", other, "--mapping", mapping).code == 0  # nothing in it: the mapping is kept
    retried = lienthong("retry")
    assert retried.json["kept"] == 2, retried.out


def test_in_a_folder_it_is_left_out_by_name(lienthong: Lienthong, table: Path) -> None:
    done = lienthong("ingest", table.parent)
    assert done.code == 0
    assert [item["file"].rpartition("/")[2] for item in done.json["left_out"]] == ["people.csv"]


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_quarantined_row_that_needs_another_table_is_retried_with_the_kept_ones(
    lienthong: Lienthong, tmp_path: Path, is_packed: bool
) -> None:
    folder, rule = tmp_path / "export", tmp_path / "joined.yaml"
    folder.mkdir()
    files = {"visits.csv": VISITS, "results.csv": RESULTS.replace("R2,", ",")}
    if is_packed:
        with zipfile.ZipFile(folder / "day.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    else:
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
    rule.write_text(JOINED, "utf-8")
    assert lienthong("ingest", folder, "--mapping", rule).json["quarantined"] == {"files": 0, "records": 1}
    assert lienthong("retry").code == 3  # nothing has changed
    shutil.rmtree(folder)
    fixed = JOINED.replace(
        "    key: [$ID]\n    resources:\n      - resource: Observation",
        "    key: [$ID.optional, $VISIT]\n    resources:\n      - resource: Observation",
    )
    rule.write_text(fixed, "utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert lienthong("ingest", empty, "--mapping", rule).code == 0
    done = lienthong("retry")
    assert (done.code, done.json["resources"]["new"]) == (0, 1)
    lienthong("build")
    rows = lienthong("query", 'SELECT subject FROM fhir."Observation" WHERE subject IS NOT NULL').json["rows"]
    assert len(rows) == 2


def test_where_the_other_table_was_never_kept_a_retry_says_what_to_do(
    lienthong: Lienthong, tmp_path: Path, home: Path
) -> None:
    rule, table = tmp_path / "joined.yaml", tmp_path / "results.csv"
    table.write_text(RESULTS, "utf-8")
    assert lienthong("ingest", table).code == 3  # no mapping yet
    rule.write_text(JOINED, "utf-8")
    (tmp_path / "empty").mkdir()
    lienthong("ingest", tmp_path / "empty", "--mapping", rule)
    assert lienthong("retry").code == 3
    (row,) = lienthong("query", "SELECT rule, reason FROM record.quarantine ORDER BY since DESC LIMIT 1").json["rows"]
    assert "tables-lookup-apart" in str(row)
    (tmp_path / "visits.csv").write_text(VISITS, "utf-8")
    assert lienthong("ingest", table).code == 0  # as the error says


@pytest.mark.parametrize("command", ["check", "validate"])
def test_a_table_is_looked_at_by_a_mapping_that_is_given_and_not_kept(
    lienthong: Lienthong, tmp_path: Path, home: Path, command: str
) -> None:
    rule = tmp_path / "joined.yaml"
    rule.write_text(JOINED, "utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "visits.csv").write_text(VISITS, "utf-8")
    (tmp_path / "in" / "results.csv").write_text(RESULTS, "utf-8")
    without = lienthong(command, tmp_path / "in")
    assert (without.json["records"], len(without.json["left_out"])) == (0, 2)
    done = lienthong(command, tmp_path / "in", "--mapping", rule)
    assert done.json["records"] == 6
    codes = {finding["code"] for finding in done.json["findings"]}
    assert "tables-lookup-twice" in codes and "tables-lookup-apart" not in codes
    assert not (home / "mappings").exists()
    assert lienthong(command, tmp_path / "in", "--mapping", "nowhere.yaml").code == 2


def test_a_wrong_mapping_is_told_by_its_line(lienthong: Lienthong, table: Path, mapping: Path) -> None:
    mapping.write_text(SMALL.replace("gender: $PHAI", "gendre: $PHAI"), "utf-8")
    said = lienthong("ingest", table, "--mapping", mapping, plain=True)
    assert said.code == 2
    assert "people.yaml, line 23" in said.err
    assert "gender" in said.err
    missing = lienthong("ingest", table, "--mapping", "nowhere.yaml")
    assert (missing.code, missing.json["error"]["code"]) == (2, "tables-mapping-missing")


def test_a_mapping_is_part_of_a_backup(lienthong: Lienthong, table: Path, mapping: Path, tmp_path: Path) -> None:
    lienthong("ingest", table, "--mapping", mapping)
    assert lienthong("backup", tmp_path / "backups", "--keys", tmp_path / "keys").code == 0
    restored = tmp_path / "restored"
    done = lienthong("--home", restored, "restore", tmp_path / "backups", "--keys", tmp_path / "keys")
    assert done.code == 0, done.out
    assert (restored / "mappings" / "small.yaml").read_text("utf-8") == SMALL
