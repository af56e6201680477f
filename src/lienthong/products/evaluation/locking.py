"""A lock: the signed statement of which protocol and which artefact will be evaluated, before any outcome is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.products.evaluation import signing
from lienthong.products.evaluation.ledger import What

__all__ = ["LOCK_FORM", "lock"]

LOCK_FORM = "lienthong-lock/1"


def lock(what: What, private: Ed25519PrivateKey, name: str, time: str) -> Mapping[str, Any]:
    """The signed lock: {"form", "product", "version", "protocol", "artefact", "signature"}."""
    return signing.sign({"form": LOCK_FORM, **what.to_json()}, private, name, time)
