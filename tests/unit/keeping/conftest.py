"""A small home with a signed decision, at the present schema; its keeper's grant; what is in it, to compare."""

from __future__ import annotations

import importlib.util
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lienthong.core.actors import Actor
from lienthong.core.clock import Clock
from lienthong.keeping.home import allowed
from lienthong.keeping.upgrade import upgrade
from lienthong.pipeline import quiet
from lienthong.privacy.access import Grant

ROOT = Path(__file__).resolve().parents[3]


def _script(name: str) -> ModuleType:
    """The script that made the kept homes: it knows their exports and the physician's secrets."""
    about = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert about is not None
    assert about.loader is not None
    module = importlib.util.module_from_spec(about)
    about.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def maker() -> ModuleType:
    return _script("keep_home_of_this_schema")


@pytest.fixture
def old_home(tmp_path: Path) -> Path:
    """A home of schema 1, as it was given out."""
    home = tmp_path / "home"
    with zipfile.ZipFile(ROOT / "tests" / "fixtures" / "homes" / "schema-1.zip") as kept:
        kept.extractall(home)
    for path in (home, *home.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return home


@pytest.fixture
def grant_of(operator: Actor, clock: Clock) -> Callable[[Path], Grant]:
    return lambda home: allowed(home, operator, "data-operations", clock)


@pytest.fixture
def home(old_home: Path, tmp_path: Path, clock: Clock, grant_of: Callable[[Path], Grant]) -> Path:
    """The same home at the present schema."""
    upgrade(old_home, grant_of(old_home), clock=clock, progress=quiet)
    return old_home


def dump(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of both databases."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for name in ("record.db", "decisions.db"):
        with closing(sqlite3.connect(home / name)) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                rows[f"{name}.{table}"] = sorted(database.execute(f"SELECT * FROM {table}"), key=repr)
    return rows


@pytest.fixture
def content() -> Callable[[Path], dict[str, list[tuple[Any, ...]]]]:
    return dump
