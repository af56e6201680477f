"""Synthea's 100 patients again and again, with new ids and references that follow them, to any size."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["TYPES", "replicate"]

TYPES = ("Patient", "Condition", "Observation", "Encounter", "MedicationRequest")
_START_OF_UUID = re.compile(rb"\b([0-9a-f]{8})(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)")
_STEP = 2654435761  # odd, so that no id comes twice in 2^32 copies


def replicate(source: Path, folder: Path, megabytes: float) -> int:
    """Writes `<Type>.ndjson` of the five types, at least so large together; gives the number of resources.

    The first copy is the data as they are. In each further copy every UUID has another beginning, the same one in ids
    and in references. Values repeat, which flatters Parquet: compare ratios.
    """
    folder.mkdir(parents=True)
    texts = {name: gzip.decompress((source / f"{name}.ndjson.gz").read_bytes()) for name in TYPES}
    size = sum(map(len, texts.values()))
    copies = max(1, -int(-megabytes * 1e6 // size))
    for name, text in texts.items():
        with (folder / f"{name}.ndjson").open("wb") as out:
            out.writelines(_copies(text, copies))
    return copies * sum(text.count(b"\n") for text in texts.values())


def _copies(text: bytes, copies: int) -> Iterator[bytes]:
    pieces = _START_OF_UUID.split(text)
    for copy in range(copies):
        moved = list(pieces)
        moved[1::2] = [b"%08x" % ((int(start, 16) + copy * _STEP) & 0xFFFFFFFF) for start in pieces[1::2]]
        yield b"".join(moved)
