"""Reading in a process beside gives what reading here gives; whatever happens to that process is an error here."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong import Node, beside, pipeline, sources
from lienthong.core.actors import Actor
from lienthong.core.errors import Category, LienthongError
from lienthong.core.settings import Settings
from lienthong.demo import hospitals
from lienthong.privacy.vault import Vault
from lienthong.reading import read_files


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of two small hospitals, with all their faults."""
    folder = tmp_path_factory.mktemp("exports")
    hospitals.write(folder, 3, 40)
    return folder


def _vault(folder: Path) -> Vault:
    return Vault(folder / "raw", folder / "keys")


def test_the_same_events_in_the_same_order(exports: Path, tmp_path: Path) -> None:
    files = list(sources.find([exports]))
    here = list(read_files(files, _vault(tmp_path / "a"), Settings(), source=None, format="auto"))
    there = list(beside.read_beside(files, _vault(tmp_path / "b"), Settings(), source=None, format="auto"))
    assert len(here) > 100
    assert there == here


@pytest.mark.parametrize("cores", [2, 3])
def test_several_readers_keep_the_order_of_the_files(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    """However many read: the events and what is kept are the same, and what is no export is kept by nobody."""
    for name in ("README.md", "z/README.md", "y/notes.md"):  # the same text, dealt to different readers
        (tmp_path / "more" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "more" / name).write_text("# No export\n", encoding="utf-8")
    files = list(sources.find([exports, tmp_path / "more"]))
    monkeypatch.setattr(beside, "_cores", lambda: cores)
    here = list(read_files(files, _vault(tmp_path / "a"), Settings(), source=None, format="auto"))
    there = list(beside.read_beside(files, _vault(tmp_path / "b"), Settings(), source=None, format="auto"))
    assert there == here
    kept = [{path.name for path in (tmp_path / home / "raw").glob("??/*")} for home in "ab"]
    assert kept[0] == kept[1]
    assert hashlib.sha256(b"# No export\n").hexdigest() not in kept[0]


def test_an_error_of_the_reader_is_raised_here(exports: Path, tmp_path: Path) -> None:
    files = list(sources.find([exports]))
    events = beside.read_beside(files, _vault(tmp_path), Settings(), source=None, format="not-a-format")
    with pytest.raises(LienthongError) as caught:
        list(events)
    assert caught.value.code == "format-unknown"
    assert caught.value.category is Category.INCORRECT
    assert "auto, bhyt, fhir" in str(caught.value)


def test_a_killed_reader_leaves_nothing_in_the_record(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is abandoned, the error says what to do, and the next ingest is whole."""
    real = subprocess.Popen

    def killed_soon(*words: Any, **options: Any) -> Any:
        process = real(*words, **options)
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(pipeline, "worth_it", lambda _: True)
    with Node(tmp_path / "home", actor=Actor("tester", operator=True)) as node:
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "Popen", killed_soon)
            with pytest.raises(LienthongError, match="reader-died"):
                node.ingest([exports])
        assert node.record.counts() == {}
        whole = node.ingest([exports])
        assert whole.published.records == whole.published.kept + whole.published.quarantined.records
        assert node.record.counts()["Patient"] > 10


def test_a_reader_that_is_not_needed_any_more_ends(exports: Path, tmp_path: Path) -> None:
    files = list(sources.find([exports]))
    events: Iterator[Any] = beside.read_beside(files, _vault(tmp_path), Settings(), source=None, format="auto")
    next(events)
    events.close()  # type: ignore[attr-defined]


def test_two_processes_only_for_large_exports(tmp_path: Path) -> None:
    small, large = tmp_path / "small.ndjson", tmp_path / "large.ndjson"
    small.write_bytes(b"{}")
    with large.open("wb") as file:
        file.truncate(beside.LARGE + 1)
    assert not beside.worth_it(sources.find([small]))
    assert beside.worth_it(sources.find([large])) is ((os.cpu_count() or 1) > 1)
