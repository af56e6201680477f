"""What a fuzzer found interesting in health-insurance XML (one input for each kind of outcome) goes both ways still.

The inputs grew from claims made of the layouts alone (Atheris, eleven minutes, 200,000 runs); none is a hospital's.
"""

from __future__ import annotations

import base64
import io
import json
import time
import zlib
from pathlib import Path

from lienthong import sources
from lienthong.core import canonical
from lienthong.core.settings import Settings
from lienthong.sources import Converted
from lienthong.sources.bhyt.write import Shelf, claim

CORPUS = Path(__file__).parents[1] / "fixtures" / "bhyt_corpus.json"
KINDS = ("Claim/", "Encounter/", "Composition/")


def test_the_corpus_is_read_and_written_without_a_crash() -> None:
    inputs = [zlib.decompress(base64.b64decode(text)) for text in json.loads(CORPUS.read_text("ascii"))]
    assert len(inputs) > 30
    outcomes: set[str] = set()
    began = time.monotonic()
    for data in inputs:
        for item in sources.convert(io.BytesIO(data), name="a.xml", sha256="", settings=Settings(), format="bhyt"):
            assert isinstance(item, Converted)
            outcomes.add(item.rejected.code if item.rejected else "kept")
            if item.rejected is None:
                shelf = Shelf([canonical.parse(canonical.encode(body)) for body in item.resources], "+07:00")
                name = next(name for kind in KINDS for name in shelf.all if name.startswith(kind))
                assert claim(shelf, name).tables
    assert {"kept", "bhyt-hoso-broken", "bhyt-key-missing", "bhyt-envelope-broken"} <= outcomes
    assert time.monotonic() - began < 60  # seconds; a second is usual
