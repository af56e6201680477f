"""A node's folder as its keeper sees it: there or not, who may keep it, and what its keys are known by."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path

from lienthong.core.actors import Actor
from lienthong.core.clock import Clock
from lienthong.core.errors import Category, ErrorKind
from lienthong.keeping.names import SETTINGS
from lienthong.privacy.access import Action, Grant, permit
from lienthong.privacy.access_log import node_log

__all__ = ["allowed", "did", "fingerprint", "require_home"]

NO_HOME = ErrorKind(
    "home-missing",
    Category.MISSING,
    what="There is no node in this folder.",
    allowed="a folder that holds lienthong.toml",
    cure="Name the folder of a node with --home.",
)


def require_home(home: Path) -> None:
    """Refuses a folder that is no node's, before anything is written into it."""
    if not (home / SETTINGS).is_file():
        raise NO_HOME.at(str(home))


def allowed(home: Path, actor: Actor, purpose: str, clock: Clock) -> Grant:
    """The grant to keep this node, whatever the schema of its stores is; the answer is in the access log."""
    require_home(home)
    log = node_log(home, clock)
    return permit(actor, purpose, Action.KEEP_NODE, log=log)


def did(home: Path, grant: Grant, clock: Clock, facts: Mapping[str, str | int]) -> None:
    """Writes into the node's log that what was permitted is done."""
    node_log(home, clock).append(
        actor=grant.actor.name,
        purpose=grant.purpose.value,
        action=grant.action.value,
        scope=grant.scope,
        outcome="done",
        facts=facts,
    )


def fingerprint(keys: Path) -> str:
    """By what the keys of a node are known without giving them away; empty where there are none."""
    path = keys / "node.key"
    return hmac.digest(path.read_bytes(), b"lienthong backup: node", "sha256").hex()[:32] if path.exists() else ""
