"""The doctor's look at the machine: Python, packages, SQLite, disk, text, port; needs Python alone."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module, metadata
from pathlib import Path

from lienthong.keeping.checkup import Item, State

__all__ = ["disk", "machine", "within"]

GIB = 1 << 30
LITTLE, TOO_LITTLE = 10 * GIB, 1 * GIB
NEEDS_SQLITE = (3, 37, 0)  # STRICT tables
_COMPILED = ("duckdb", "pyarrow", "lxml.etree", "cryptography.hazmat.bindings._rust", "msgspec", "sqlalchemy")
_HARMFUL = {"OMIT_WAL", "OMIT_AUTHORIZATION", "OMIT_TRIGGER", "THREADSAFE=0", "OMIT_FOREIGN_KEY"}
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?")
_CONDITION = re.compile(r"(>=|<=|==|!=|~=|<|>)\s*([0-9][0-9.]*)")
_INSTALL = "run `make install`, or `pip install --require-hashes -r requirements.lock` in this environment"


def machine(home: Path, port: int) -> Iterator[Item]:
    """The items of the machine; `home` need not be there."""
    yield _python()
    yield from _packages()
    yield from _compiled()
    yield _sqlite()
    yield disk("disk at HOME", _existing(home))
    yield disk("disk for temporary files", Path(tempfile.gettempdir()))
    yield _encoding()
    yield _port(port)
    yield _browser()


def disk(name: str, folder: Path) -> Item:
    """How much room there is; below 1 GiB an error, below 10 GiB a warning."""
    free = shutil.disk_usage(folder).free
    said = f"{free / GIB:.1f} GiB free"
    if free >= LITTLE:
        return Item(name, State.OK, said)
    state = State.WARNING if free >= TOO_LITTLE else State.ERROR
    return Item(name, state, said, "make room: an ingest needs about four times the size of its exports")


def within(version: str, conditions: str) -> bool:
    """Whether a version meets conditions such as `>=1.17,<2`; only the numbers of a release are compared."""
    found = _release(version)
    for sign, bound in _CONDITION.findall(conditions):
        limit = _release(bound)
        size = max(len(found), len(limit))
        left, right = found + (0,) * (size - len(found)), limit + (0,) * (size - len(limit))
        holds = {
            ">=": left >= right,
            "<=": left <= right,
            "==": left == right,
            "!=": left != right,
            "<": left < right,
            ">": left > right,
            "~=": left >= right and found[: len(limit) - 1] == limit[:-1],
        }
        if not holds[sign]:
            return False
    return True


def _python() -> Item:
    return Item("Python", State.OK, ".".join(map(str, sys.version_info[:3])))  # an older one installs no Lienthong


def _packages() -> Iterator[Item]:
    """The packages that Lienthong declares: all in one item when they fit, each that does not in one of its own."""
    try:
        declared, own = metadata.requires("lienthong") or [], metadata.version("lienthong")
    except metadata.PackageNotFoundError:
        said = "runs from a folder, not installed, so no version can be compared"
        yield Item("Lienthong", State.WARNING, said, _INSTALL)
        return
    yield Item("Lienthong", State.OK, own)
    fitting = []
    for line in declared:
        match = _REQUIREMENT.match(line)
        if match is None or "extra" in (match[3] or ""):
            continue
        name, conditions = match[1], match[2].strip()
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Item(f"package {name}", State.ERROR, f"not installed; needed: {conditions}", _INSTALL, missing=True)
            continue
        if within(version, conditions):
            fitting.append(f"{name} {version}")
        else:
            yield Item(f"package {name}", State.ERROR, f"{version}; needed: {conditions}", _INSTALL, missing=True)
    yield Item("packages", State.OK, ", ".join(sorted(fitting, key=str.casefold)))


def _compiled() -> Iterator[Item]:
    for name in _COMPILED:
        try:
            import_module(name)
        except ImportError as error:
            said = f"can't be loaded ({type(error).__name__})"
            yield Item(f"library {name.split('.')[0]}", State.ERROR, said, _INSTALL, missing=True)


def _sqlite() -> Item:
    with closing(sqlite3.connect(":memory:")) as database:
        options = {row[0] for row in database.execute("PRAGMA compile_options")}
    bad = sorted(options & _HARMFUL)
    threads = next((option for option in options if option.startswith("THREADSAFE")), "THREADSAFE unknown")
    said = f"{sqlite3.sqlite_version}, {threads}"
    if sqlite3.sqlite_version_info < NEEDS_SQLITE or bad:
        why = f"{said}; needed: 3.37 or newer, without {', '.join(sorted(_HARMFUL))}"
        return Item("SQLite", State.ERROR, why, "use a Python that is built with a newer SQLite", missing=True)
    return Item("SQLite", State.OK, said)


def _encoding() -> Item:
    files, out = sys.getfilesystemencoding(), getattr(sys.stdout, "encoding", None) or "none"
    said = f"file names {files}, output {out}"
    if {files.lower().replace("-", ""), out.lower().replace("-", "")} == {"utf8"}:
        return Item("text", State.OK, said)
    return Item("text", State.WARNING, said, "set LANG to a UTF-8 locale such as C.UTF-8, or PYTHONUTF8=1")


def _port(port: int) -> Item:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            said = f"{port} is in use: this node is being served, or another program has it"
            return Item("port", State.WARNING, said, "give `lienthong serve` another one with --port if need be")
    return Item("port", State.OK, f"{port} is free")


def _browser() -> Item:
    found = next((name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None)
    return Item("optional: Chromium", State.OK, "here" if found else "not here; only the tests in a browser need it")


def _existing(path: Path) -> Path:
    path = path.resolve()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[^0-9.]", version, maxsplit=1)[0]))
