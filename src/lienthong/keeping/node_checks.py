"""The doctor's look at a home: rights, keys, schemas, integrity, what was done last, and the clock."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lienthong.core.clock import Clock, instant
from lienthong.core.errors import LienthongError
from lienthong.core.settings import read_settings
from lienthong.keeping.checkup import Item, State
from lienthong.keeping.names import LAST_BACKUP, LOG_FILE, SETTINGS

__all__ = ["clock_of", "node"]

OLD_BACKUP = timedelta(days=7)
SKEW = timedelta(minutes=5)
_FAULTS = {("error", "our-fault"), ("fault", None)}
MADE = datetime(2026, 1, 1, tzinfo=UTC)  # no clock of a machine that runs this is right before it


def node(home: Path, clock: Clock, schema: int) -> Iterator[Item]:
    """The items of a home; `schema` is the record's that this Lienthong knows."""
    if not (home / SETTINGS).is_file():
        yield Item("node", State.OK, f"none in {home} yet; `lienthong ingest` makes one")
        return
    yield _settings(home)
    yield _open_to_others(home)
    yield from _keys(home)
    yield _schema(home, schema)
    for name in ("record.db", "decisions.db"):
        yield _whole(home / name)
    ingested = _last_ingest(home)
    built = _said(home / "warehouse" / "manifest.json").get("built_at")
    yield Item("last ingest", State.OK, ingested or "none yet")
    yield _built(ingested, built)
    yield _backed_up(_said(home / LAST_BACKUP), ingested, clock())
    yield _log(home, clock())


def clock_of(home: Path, clock: Clock) -> Item:
    """Whether the machine's clock can be right: not before Lienthong was made, nor before what was written last."""
    now, newest = clock(), _newest(home)
    said = f"{instant(now)}; zone of the machine {time.strftime('%z')}, which never matters"
    cure = "set the clock (NTP); signatures and the log carry its time"
    if now < MADE:
        return Item("clock", State.ERROR, said, cure)
    if newest is not None and newest - now > SKEW:
        behind = f"{said}; it is {newest - now} behind what was written last"
        return Item("clock", State.ERROR, behind.replace("\n", " "), cure)
    return Item("clock", State.OK, said)


def _settings(home: Path) -> Item:
    try:
        settings = read_settings((home / SETTINGS).read_text("utf-8"))
    except LienthongError as error:
        return Item("settings", State.ERROR, error.what, error.cure)
    except (OSError, UnicodeDecodeError):
        return Item("settings", State.ERROR, "lienthong.toml can't be read", "look at its rights and its encoding")
    return Item("settings", State.OK, f"facility's zone {settings.offset}, language {settings.language}")


def _open_to_others(home: Path) -> Item:
    mode = home.stat().st_mode & 0o777
    if mode & 0o077:
        return Item("rights of HOME", State.WARNING, f"{mode:04o}: others may come in", f"chmod 700 {home}")
    return Item("rights of HOME", State.OK, f"{mode:04o}")


def _keys(home: Path) -> Iterator[Item]:
    keys, cure = home / "keys", "put HOME/keys back from where its copy lies (`lienthong backup --keys`)"
    needed = {"node.key": home / "audit" / "log.ndjson", "decisions.key": home / "decisions.db"}
    lost = [name for name, sealed in needed.items() if sealed.exists() and not (keys / name).exists()]
    if lost:
        said = f"missing: {', '.join(lost)}; use nothing of this node before they are back"
        yield Item("keys", State.ERROR, said, cure, missing=True)
    if not keys.is_dir():
        return
    wrong = [path for path in (keys, *keys.rglob("*")) if path.stat().st_mode & 0o077]
    if wrong:
        said = f"{len(wrong)} files or folders of HOME/keys are open to others"
        yield Item("rights of keys", State.ERROR, said, f"chmod -R go= {keys}")
    else:
        yield Item("rights of keys", State.OK, "their owner's alone")
    without = [
        path.name for path in (home / "raw").glob("??/*") if not (keys / "files" / f"{path.name}.key").exists()
    ]
    if without:
        yield Item(
            "keys of kept files", State.WARNING, f"{len(without)} kept files have no key: erased, or lost", cure
        )


def _schema(home: Path, known: int) -> Item:
    try:
        with closing(_read(home / "record.db")) as database:
            row = database.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        found = int(row[0])
    except (sqlite3.Error, TypeError, ValueError):
        return Item("schema", State.ERROR, "record.db says none", "restore the last whole backup")
    if found < known:
        return Item("schema", State.ERROR, f"{found}; this Lienthong has {known}", "run `lienthong upgrade`")
    if found > known:
        said = f"{found}; this Lienthong knows {known}"
        return Item("schema", State.ERROR, said, "use the newer Lienthong that wrote it", missing=True)
    return Item("schema", State.OK, str(found))


def _whole(path: Path) -> Item:
    try:
        with closing(_read(path)) as database:
            found = [row[0] for row in database.execute("PRAGMA quick_check(1)")]
    except sqlite3.Error as error:
        found = [getattr(error, "sqlite_errorname", type(error).__name__)]
    if found == ["ok"]:
        return Item(path.name, State.OK, f"whole, {path.stat().st_size / (1 << 20):.1f} MiB")
    cure = "keep the file as it is, look at the disk, and restore the last whole backup"
    return Item(path.name, State.ERROR, "it is damaged or can't be read", cure)


def _built(ingested: str | None, built: str | None) -> Item:
    if ingested and (built is None or built < ingested):
        said = f"{built or 'never'}; the record is newer"
        return Item("last build", State.WARNING, said, "run `lienthong build`")
    return Item("last build", State.OK, built or "none yet")


def _backed_up(said: dict[str, Any], ingested: str | None, now: datetime) -> Item:
    taken = said.get("taken_at")
    cure = "run `lienthong backup DIR`, best every night"
    if taken is None:
        return (
            Item("last backup", State.WARNING, "none yet", cure)
            if ingested
            else Item("last backup", State.OK, "none")
        )
    if now - datetime.fromisoformat(taken) > OLD_BACKUP:
        return Item("last backup", State.WARNING, f"{taken}, more than {OLD_BACKUP.days} days ago", cure)
    return Item("last backup", State.OK, f"{taken} in {said.get('place', '')}")


def _log(home: Path, now: datetime) -> Item:
    """Whether the operational log can be written, and whether Lienthong failed in it lately."""
    path = home / LOG_FILE
    folder = path.parent
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        cure = "make HOME/logs a folder of the node's user, mode 0700"
        return Item("log", State.WARNING, "HOME/logs can't be written", cure)
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    since = instant(now - OLD_BACKUP)
    entries = [json.loads(line) for line in lines if '"error"' in line]
    faults = [item for item in entries if item["time"] > since and (item["event"], item.get("code")) in _FAULTS]
    if faults:
        said = f"{len(faults)} faults of Lienthong in the last {OLD_BACKUP.days} days"
        return Item("log", State.WARNING, said, f"report the lines of {path} that hold our-fault or fault")
    return Item("log", State.OK, f"{len(lines):,} lines, no fault of Lienthong in the last {OLD_BACKUP.days} days")


def _last_ingest(home: Path) -> str | None:
    try:
        with closing(_read(home / "record.db")) as database:
            sql = "SELECT max(published_at) FROM batch WHERE kind = 'ingest' AND published IS NOT NULL"
            row = database.execute(sql).fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row[0] else None


def _newest(home: Path) -> datetime | None:
    """The newest moment that the files of a home speak of."""
    paths = [home / name for name in (SETTINGS, "record.db", "decisions.db", "audit/log.ndjson")]
    moments = [datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths if path.exists()]
    ingested = _last_ingest(home)
    if ingested:
        moments.append(datetime.fromisoformat(ingested))
    return max(moments, default=None)


def _said(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def _read(path: Path) -> sqlite3.Connection:
    """For reading only: the doctor changes nothing."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
