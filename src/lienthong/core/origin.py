"""Where a resource came from: source, file, record and the fields it was made of. The record knows no source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Origin"]

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of one converted record.

    `source` is the source's name, `file` the file as it was given (a member of a zip as `claims.zip/a.xml`),
    `sha256` the digest of the whole input file as it is kept, `record` what people call it (MA_LK, line, MSH-10).
    `fields` maps `Type/id` (or `Type/id#element.path`) to the place in the record, e.g. `XML2[3].MA_THUOC`.
    """

    source: str
    file: str
    sha256: str
    record: str
    fields: Mapping[str, str] = field(default_factory=lambda: _NO_FIELDS)
