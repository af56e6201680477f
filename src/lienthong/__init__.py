"""Lienthong: from raw hospital exports to an AI suggestion that a physician signs.

`Node` opens one hospital's node. It is imported when first asked for, so that `lienthong --help` stays quick
although the rooms behind a node need databases and column engines.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lienthong.node import Node

__all__ = ["Node", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Node":
        return import_module("lienthong.node").Node
    raise AttributeError(f"module 'lienthong' has no attribute {name!r}")
