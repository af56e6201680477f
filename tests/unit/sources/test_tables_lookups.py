"""Lookups find the other tables of an export: in its folder, packed, in its archive; and say so where they can't."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from lienthong import sources
from lienthong.core.ids import resource_id
from lienthong.core.settings import Settings
from lienthong.sources import Converted
from lienthong.sources.tables import lookups

MAPPING = """\
lienthong_mapping: 1
name: joined
version: "1"
lookups:
  visit: {table: visits, key: [ID]}
tables:
  visits:
    files: ["visits*.csv"]
    columns: {ID: {}, BN: {}, NGAY: {type: date, format: dd/mm/yyyy}}
    key: [$ID]
    resources:
      - resource: Encounter
        content: {status: finished, class: {code: AMB}, subject: {$reference: Patient, $key: [$BN]}}
  results:
    files: ["results*.csv"]
    columns:
      ID: {}
      VISIT: {}
      VALUE: {}
      BN: {lookup: visit, key: [$VISIT], column: BN}
      NGAY: {lookup: visit, key: [$VISIT], column: NGAY}
    key: [$ID]
    resources:
      - resource: Observation
        content:
          status: final
          code: {text: x}
          subject: {$reference: Patient, $key: [$BN]}
          effectiveDateTime: $NGAY
          valueString: $VALUE
"""
VISITS = "ID,BN,NGAY\nV1,B1,05/03/2025\nV2,B2,06/03/2025\nV2,B3,06/03/2025\n"
RESULTS = "ID,VISIT,VALUE\nR1,V1,a\nR2,V2,b\nR3,V9,c\n"
SETTINGS = Settings(mappings={"joined.yaml": MAPPING})


def results(path: Path) -> list[Converted]:
    items = list(sources.read(path, settings=SETTINGS))
    assert [item.rejected for item in items if item.rejected] == []
    return [item for item in items if "results" in item.origin.file]


def look(items: list[Converted]) -> None:
    first, second, third = (item.resources[0] for item in items)
    assert first["subject"]["reference"] == f"Patient/{resource_id('main', 'Patient', 'B1')}"
    assert first["effectiveDateTime"] == "2025-03-05"  # read as the other table's column says
    assert second["subject"]["reference"] == f"Patient/{resource_id('main', 'Patient', 'B2')}"
    assert "subject" not in third
    assert [f.code for item in items for f in item.findings] == ["tables-lookup-twice"]


@pytest.mark.parametrize("is_packed", [False, True])
def test_in_a_folder(tmp_path: Path, is_packed: bool) -> None:
    (tmp_path / "results.csv").write_text(RESULTS)
    if is_packed:
        (tmp_path / "visits.csv.gz").write_bytes(gzip.compress(VISITS.encode()))
    else:
        (tmp_path / "visits.csv").write_text(VISITS)
    look(results(tmp_path))
    look(results(tmp_path / "results.csv"))


def test_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("day/results.csv", RESULTS)
        archive.writestr("day/visits.csv", VISITS)
        archive.writestr("other/visits.csv", "ID,BN,NGAY\nV1,WRONG,05/03/2025\n")
    look(results(tmp_path / "export.zip"))


def test_a_table_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text(RESULTS)
    items = results(tmp_path)
    assert [f.code for item in items for f in item.findings] == ["tables-lookup-missing"]
    assert all("subject" not in item.resources[0] for item in items)


def test_from_the_kept_copy_alone_it_is_refused() -> None:
    (item,) = sources.convert(io.BytesIO(RESULTS.encode()), name="results.csv", sha256="", settings=SETTINGS)
    assert isinstance(item, Converted)
    assert item.rejected is not None
    assert item.rejected.code == "tables-lookup-apart"


def test_a_lookup_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST_ROWS", 1)
    (tmp_path / "results.csv").write_text(RESULTS)
    (tmp_path / "visits.csv").write_text(VISITS)
    items = list(sources.read(tmp_path / "results.csv", settings=SETTINGS))
    assert [item.rejected.code for item in items if item.rejected] == ["tables-lookup-too-large"]
