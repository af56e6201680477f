"""The gate by which data leave (DESIGN 3.7), in its first form: de-identified copies, permitted and logged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lienthong.core.actors import Actor
from lienthong.core.clock import Clock
from lienthong.privacy.access import Action, Grant, permit
from lienthong.privacy.access_log import node_log

__all__ = ["release"]

_SETTINGS = "lienthong.toml"


@dataclass(slots=True)
class _Nobody:
    """Stands for the log where there is no node, e.g. on the machine of who exports the files."""

    clock: Clock

    def append(self, *, actor: str, purpose: str, action: str, scope: str, outcome: str) -> None:
        """Writes nothing: a log without a node's key would prove nothing."""


def release(home: Path, actor: Actor, purpose: str, clock: Clock) -> Grant:
    """The grant to write showable copies of files, or a `forbidden` error.

    Where there is a node in `home`, the answer stands in its access log first; elsewhere the same policy is asked.
    """
    if not (home / _SETTINGS).is_file():
        return permit(actor, purpose, Action.RELEASE, log=_Nobody(clock))
    log = node_log(home, clock)
    return permit(actor, purpose, Action.RELEASE, log=log)
