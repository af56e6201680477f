"""Serves a node's pages on this machine: a socket on the loopback address, one process, no log of addresses."""

from __future__ import annotations

import logging
import secrets
import socket
import sys

import uvicorn

from lienthong.core.errors import Category, ErrorKind
from lienthong.keeping.logbook import WithoutValues
from lienthong.web import app
from lienthong.web.node_desk import NodeLike

__all__ = ["HOST", "bound", "serve", "server_of"]

HOST = "127.0.0.1"

PORT_TAKEN = ErrorKind(
    "port-taken",
    Category.UNAVAILABLE,
    what="The port {port} of this machine can't be used: another program has it.",
    allowed="a free port from 1024 to 65535",
    cure="Stop the other program, or give another port with --port.",
)


def bound(port: int) -> socket.socket:
    """A socket on the loopback address; port 0 takes any free one."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError:
        found.close()
        raise PORT_TAKEN.at("--port", port=port) from None
    return found


def server_of(node: NodeLike) -> uvicorn.Server:
    """The server of a node's pages. Addresses name persons by id, so none of them is logged."""
    pages = app(node, clock=node.clock, random=secrets.token_bytes)
    config = uvicorn.Config(pages, log_level="warning", access_log=False, server_header=False, lifespan="off")
    logging.getLogger("uvicorn.error").addFilter(WithoutValues())
    return uvicorn.Server(config)


def serve(node: NodeLike, port: int) -> None:
    """Serves until it is stopped (Ctrl+C)."""
    with bound(port) as listening:
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        sys.stderr.write(f"Liên thông: {address}  (Ctrl+C: stop)\n")
        server_of(node).run(sockets=[listening])
