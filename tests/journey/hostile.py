"""Hostile and broken files, and the command line watched while it meets them: its time, its memory, its words."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECRET = "BIMATNGUYEN"
"""Stands in every hostile file as a patient's value; it may appear in no error and no finding."""

MEMORY = 1_500_000
"""KiB that a command may take at most."""

GOOD = (
    json.dumps({"resourceType": "Patient", "id": "good-1", "name": [{"text": SECRET}], "gender": "female"})
    + "\n"
    + json.dumps({"resourceType": "Patient", "id": "good-2", "name": [{"text": SECRET}], "birthDate": "1960-02-03"})
    + "\n"
)
"""A good file of two resources, to lie beside every hostile one."""


@dataclass(frozen=True)
class Said:
    """What a command said, and what it took: `peak` in KiB."""

    code: int
    out: str
    err: str
    peak: int
    timed_out: bool = False

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


def _watch(pid: int, peak: list[int], over: threading.Event) -> None:
    """The most memory of a process and its children, looked at all the time.

    `ru_maxrss` would also count what the process was that it was forked from: this one, after an hour of tests.
    """
    while not over.wait(0.02):
        for one in (pid, *_children(pid)):
            with suppress(OSError, IndexError):
                status = Path(f"/proc/{one}/status").read_text()
                peak[0] = max(peak[0], int(status.partition("VmHWM:")[2].split()[0]))


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@dataclass
class Node:
    """A node that is attacked through the command line, every command watched."""

    home: Path
    beside: Path | None = None  # where its words are kept while it runs; by default the folder of the home
    before: Callable[[], None] | None = None  # in the child, before the command begins
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *words: object, before: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
        """The command, still running."""
        out, err = self._words()
        command = [sys.executable, "-m", "lienthong", "--home", str(self.home), *map(str, words), "--json"]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, **self.env},
                preexec_fn=before or self.before,
            )

    def run(self, *words: object, seconds: float = 60, before: Callable[[], None] | None = None) -> Said:
        """What the command says at its end, or when its time is up."""
        late = threading.Event()
        process = self.start(*words, before=before)

        def stop() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(seconds, stop)
        clock.start()
        peak, over = [0], threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, peak, over))
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        clock.cancel()
        over.set()
        watch.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        out, err = self._words()
        return Said(
            process.returncode,
            out.read_text("utf-8", "surrogateescape"),
            err.read_text("utf-8", "surrogateescape"),
            peak[0] or used.ru_maxrss,
            late.is_set(),
        )

    def _words(self) -> tuple[Path, Path]:
        folder = self.beside or self.home.parent
        return folder / "out.txt", folder / "err.txt"

    def attack(self, *words: object, seconds: float = 60, before: Callable[[], None] | None = None) -> Said:
        """As `run`, and what holds for every command whatever it meets."""
        said = self.run(*words, seconds=seconds, before=before)
        told = f"{words[:2]}: exit {said.code}\n{said.out[-3000:]}\n{said.err[-3000:]}"
        assert not said.timed_out, f"it takes more than {seconds} s; {told}"
        assert "Traceback" not in said.err, told
        assert said.code in (0, 1, 2, 3, 4, 5), told
        assert SECRET not in said.err, told
        assert 10_000 < said.peak < MEMORY, f"{said.peak} KiB; {told}"
        assert json.loads(said.out), told
        return said

    def faults(self) -> list[dict[str, str]]:
        """What lies in quarantine, by the file it came from."""
        self.attack("build")
        rows = self.attack("query", "SELECT file, record, rule, reason FROM record.quarantine ORDER BY ALL").json[
            "rows"
        ]
        found: list[dict[str, str]] = rows
        return found

    def still_works(self) -> None:
        """The log and the kept files are whole, a good file is taken, counts balance, and the warehouse is built."""
        good = (self.beside or self.home.parent) / "afterwards.ndjson"
        good.write_text(GOOD.replace("good-", "after-"))
        said = self.attack("ingest", good)
        assert said.code == 0, said.out
        assert said.json["resources"]["new"] == 2
        balanced(said)
        verified = self.attack("audit", "verify")
        assert (verified.code, verified.json) == (0, {"findings": []})
        built = self.attack("build")
        assert built.code == 0, built.out
        count = self.attack("query", 'SELECT count(*) AS n FROM fhir."Patient" WHERE id IS NOT NULL').json
        assert count["rows"][0]["n"] >= 2


def balanced(said: Said) -> dict[str, Any]:
    """The counts of an ingest, which add up."""
    counts = said.json
    assert counts["records"] == counts["kept"] + counts["quarantined"]["records"], counts
    resources = counts["resources"]
    assert resources["read"] == resources["new"] + resources["updated"] + resources["unchanged"], counts
    quarantined = counts["quarantined"]["files"] or counts["quarantined"]["records"]
    assert said.code == (3 if quarantined else 1 if counts["findings"]["error"] else 0), counts
    return counts


def patient(key: str = "p1", **more: object) -> dict[str, Any]:
    """A Patient whose name is the secret."""
    return {"resourceType": "Patient", "id": key, "name": [{"text": SECRET}], **more}


def text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def bundle(*resources: object, kind: str = "collection", **more: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": item} for item in resources], **more}


def claim(key: str = "LK1", *, patient: str = "BN1", tables: Sequence[tuple[str, str]] = (), **more: str) -> str:
    """One HOSO: XML1 with the least a claim needs, `more` fields of it, and other tables as XML."""
    fields = {
        "MA_LK": key,
        "MA_BN": patient,
        "HO_TEN": SECRET,
        "NGAY_SINH": "196001020000",
        "GIOI_TINH": "1",
        "NGAY_VAO": "202506010800",
        "NGAY_RA": "202506011000",
        "MA_BENH_CHINH": "I10",
        "MA_CSKCB": "01001",
        **more,
    }
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    files = [("XML1", f"<TONG_HOP>{inside}</TONG_HOP>"), *tables]
    return "<HOSO>" + "".join(_table(name, body) for name, body in files) + "</HOSO>"


def _table(name: str, body: str) -> str:
    packed = base64.b64encode(body.encode("utf-8", "surrogateescape")).decode()
    return f"<FILEHOSO><LOAIHOSO>{name}</LOAIHOSO><NOIDUNGFILE>{packed}</NOIDUNGFILE></FILEHOSO>"


def envelope(*hosos: str, head: str = '<?xml version="1.0" encoding="utf-8"?>', count: int | None = None) -> str:
    """The envelope of claims."""
    number = len(hosos) if count is None else count
    return (
        f"{head}<GIAMDINHHS><THONGTINDONVI><MACSKCB>01001</MACSKCB></THONGTINDONVI><THONGTINHOSO>"
        f"<NGAYLAP>20250601</NGAYLAP><SOLUONGHOSO>{number}</SOLUONGHOSO><DANHSACHHOSO>{''.join(hosos)}"
        "</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>"
    )


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def gzip_of(path: Path, pieces: Iterator[bytes]) -> None:
    """Writes a gzip file piece by piece, quickly."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for piece in pieces:
            file.write(piece)
