"""One call of the command line: its shared options, and the node or the home that it means."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lienthong.core.actors import Actor, purpose
from lienthong.core.clock import system_clock

if TYPE_CHECKING:
    from lienthong.node import Node
    from lienthong.privacy.access import Grant

__all__ = ["Call", "kept", "opened"]


class Call:
    """What the shared options of one call say."""

    home: Path = Path("lienthong-home")
    actor: str = ""
    purpose: str = "data-operations"
    json: bool = False


def opened(context: typer.Context, *, create: bool = False) -> Node:
    """The node of a call."""
    from lienthong.node import Node

    call: Call = context.obj
    actor = Actor(call.actor or getpass.getuser(), operator=True)
    return Node(call.home, actor=actor, purpose=purpose(call.purpose).value, create=create)


def kept(context: typer.Context) -> tuple[Path, Grant]:
    """The home and the grant to keep it: also of a home that is too old to be opened as a node."""
    from lienthong.keeping.home import allowed

    call: Call = context.obj
    actor = Actor(call.actor or getpass.getuser(), operator=True)
    return call.home, allowed(call.home, actor, purpose(call.purpose).value, system_clock)
