"""What the tests of tables share: a small mapping, and a table read with it."""

from __future__ import annotations

import io
from collections.abc import Iterable

from lienthong import sources
from lienthong.core.settings import Settings
from lienthong.sources import Converted, LeftOut
from lienthong.sources.tables.language import Mapped, compile_mapping

SMALL = """\
lienthong_mapping: 1
name: small
version: "1"
maps:
  sex:
    entries: {Nam: male, Nữ: female}
    fold: true
tables:
  people:
    files: ["people*.csv", "people*.xlsx"]
    separator: ";"
    columns:
      MA_BN: {}
      HO_TEN: {}
      NGAY_SINH: {type: date, format: [dd/mm/yyyy, mm/yyyy, yyyy]}
      PHAI: {type: code, map: sex}
      SO_CON: {type: integer, optional: true}
    key: [$MA_BN]
    resources:
      - resource: Patient
        content:
          name: [{text: $HO_TEN}]
          gender: $PHAI
          birthDate: $NGAY_SINH
          multipleBirthInteger: $SO_CON
"""
HEADER = "MA_BN;HO_TEN;NGAY_SINH;PHAI\n"


def compiled(text: str = SMALL) -> Mapped:
    return compile_mapping(text, "small.yaml", "+07:00")


def converted(
    data: bytes, mapping: str = SMALL, *, name: str = "people.csv", given: bool = True
) -> list[Converted | LeftOut]:
    settings = Settings(mappings={"small.yaml": mapping})
    return list(sources.convert(io.BytesIO(data), name=name, sha256="", settings=settings, given=given))


def records(data: bytes | str, mapping: str = SMALL, *, name: str = "people.csv") -> list[Converted]:
    items = converted(data.encode() if isinstance(data, str) else data, mapping, name=name)
    return [item for item in items if isinstance(item, Converted)]


def codes(items: Iterable[Converted]) -> list[str]:
    return [finding.code for item in items for finding in item.findings]


def rejections(items: Iterable[Converted]) -> list[str]:
    return [item.rejected.code for item in items if item.rejected]
