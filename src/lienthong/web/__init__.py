"""The door for people: pages over a node, in Vietnamese and English, that work without script and network."""

from __future__ import annotations

from starlette.applications import Starlette

from lienthong.core.clock import Clock
from lienthong.web.node_desk import NodeDesk, NodeLike
from lienthong.web.sessions import Random
from lienthong.web.site import site

__all__ = ["app"]


def app(node: NodeLike, *, clock: Clock, random: Random) -> Starlette:
    """The web server of a node; `random` gives the bytes of session tokens (`secrets.token_bytes` at the door).

    It is one process by design: sessions are in its memory. Over plain HTTP it belongs on the machine itself or
    behind a proxy that speaks HTTPS (docs/web.md).
    """
    return site(NodeDesk(node), clock=clock, random=random)
