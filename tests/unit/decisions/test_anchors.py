"""A store of decisions that was put back, keys and all, is found by what the audit log was told of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from lienthong.core.actors import Actor, Role
from lienthong.core.clock import Clock
from lienthong.node import Node

OPERATOR = Actor("op", operator=True)
PASSWORD = "a long password of the day"


def add(node: Node, name: str) -> None:
    node.add_person(
        name, display=name, roles=[Role.STEWARD], licence="", password=PASSWORD, passphrase=None
    )  # fmt: skip


def copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def test_people_put_back_are_found(tmp_path: Path, clock: Clock) -> None:
    home = tmp_path / "home"
    with Node(home, actor=OPERATOR, clock=clock) as node:
        add(node, "an")
        copied(home / "decisions.db", tmp_path / "before.db")
        add(node, "binh")
        assert node.verify_audit() == ()
    copied(tmp_path / "before.db", home / "decisions.db")
    with Node(home, actor=OPERATOR, clock=clock) as node:
        assert [item.code for item in node.verify_audit()] == ["decisions-not-anchored"]
        add(node, "chi")  # the chain is as long again, and another one
        (found,) = node.verify_audit()
        assert (found.code, found.place.table, found.place.row) == ("decisions-not-anchored", "people_event", "4")
