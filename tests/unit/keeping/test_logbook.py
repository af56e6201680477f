"""The operational log holds numbers and codes only, is put aside when it is full, and stops no command."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lienthong.keeping.logbook import LOG, Logbook, WithoutValues, counts, open_log
from lienthong.keeping.names import LOG_FILE, SETTINGS


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / SETTINGS).write_text("")
    open_log(tmp_path, "ingest")
    yield tmp_path
    LOG.handlers.clear()
    LOG.propagate = True


def lines(home: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (home / LOG_FILE).read_text().splitlines()]


def test_a_line_is_numbers_and_codes(node: Path) -> None:
    LOG.info("ended", extra={"facts": {"exit": 3, "seconds": 1.25, "code": "record-busy"}})
    LOG.info("ended", extra={"facts": {"name": "Nguyễn Văn A", "note": "đau ngực", "file": "nguyen van a.xml"}})
    LOG.warning("a sentence with Nguyễn Văn A")
    first, second, third = lines(node)
    assert {name: first[name] for name in ("level", "event", "command", "exit", "seconds", "code")} == {
        "level": "info", "event": "ended", "command": "ingest", "exit": 3, "seconds": 1.25, "code": "record-busy",
    }  # fmt: skip
    assert str(first["time"]).endswith("Z")
    assert [second[name] for name in ("name", "note", "file")] == ["?", "?", "?"]
    assert (third["level"], third["event"]) == ("warning", "?")
    assert (node / LOG_FILE).stat().st_mode & 0o077 == 0
    assert (node / LOG_FILE).parent.stat().st_mode & 0o077 == 0


def test_only_known_counts_are_taken_from_a_result() -> None:
    body = {
        "files": 2,
        "resources": {"new": 3, "Nguyễn": 9},
        "seconds": 0.5,
        "left_out": [{"file": "a.txt"}],
        "backup": "/mnt/b",
        "findings": [{"message": "x"}],
        "checks": {"run": 4, "failed": True},
    }
    assert counts(body) == {"files": 2, "resources.new": 3, "seconds": 0.5, "checks.run": 4}


def test_a_full_file_is_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text("")
    book = Logbook(tmp_path, "serve", largest=1000, kept=2)
    for number in range(60):
        record = logging.LogRecord("lienthong", logging.INFO, "", 0, "page", (), None)
        record.facts = {"number": number}
        book.handle(record)
    files = sorted(path.name for path in (tmp_path / "logs").iterdir() if path.name != ".lock")
    assert files == ["lienthong.ndjson", "lienthong.ndjson.1", "lienthong.ndjson.2"]
    assert all((tmp_path / "logs" / name).stat().st_size <= 1000 for name in files)
    order = [
        json.loads(line)["number"]
        for name in reversed(files)
        for line in (tmp_path / "logs" / name).read_text().splitlines()
    ]
    assert order == list(range(order[0], 60)), "nothing is lost between the files"


def test_several_processes_write_whole_lines_and_lose_none_at_the_turn(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text("")
    code = """
import logging, sys
from pathlib import Path
from lienthong.keeping.logbook import Logbook
book = Logbook(Path(sys.argv[1]), "serve", largest=20_000, kept=9)
for number in range(200):
    record = logging.LogRecord("lienthong", logging.INFO, "", 0, "page", (), None)
    record.facts = {"who": sys.argv[2], "number": number}
    book.handle(record)
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, tmp_path, str(who)]) for who in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    files = (tmp_path / "logs").glob("*.ndjson*")
    seen = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert sorted((item["who"], item["number"]) for item in seen) == [
        (str(who), number) for who in range(2) for number in range(200)
    ]


def test_it_makes_no_home_and_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Logbook(tmp_path / "none", "build")
    record = logging.LogRecord("lienthong", logging.INFO, "", 0, "ended", (), None)
    book.handle(record)
    assert not (tmp_path / "none").exists()
    (tmp_path / SETTINGS).write_text("")
    (tmp_path / "logs").write_text("a file where the folder should be")
    Logbook(tmp_path, "build").handle(record)
    assert capsys.readouterr() == ("", "")


def test_a_servers_exception_is_told_by_kind_and_place(node: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = logging.getLogger("a server of the tests")
    server.addFilter(WithoutValues())
    try:
        Logbook._line(None, None)  # type: ignore[arg-type]
    except AttributeError:
        server.exception("Nguyễn Văn A: %s", "079200001234")
    assert "Nguyễn" not in caplog.text
    assert "0792" not in caplog.text
    assert "Traceback" not in caplog.text
    assert "AttributeError at lienthong.keeping.logbook:" in caplog.text
    (line,) = lines(node)
    assert (line["event"], line["kind"]) == ("fault", "AttributeError")
    assert str(line["place"]).startswith("lienthong.keeping.logbook:")
