"""Signatures under locks and runs: Ed25519 over canonical JSON by the key of the person who locked or ran.

A signed body is the body with one more member, `signature`: {"signer", "public", "fingerprint", "time", "signature"}.
The bytes that are signed are those of the body and of all of `signature` but its last member, after a prefix that no
other signature of Lienthong has. To verify takes the public key alone; who vouches is the fingerprint that a reader
trusts (a card names it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind

__all__ = ["Signer", "sign", "verify"]

UNSIGNED = ErrorKind(
    "evidence-unsigned",
    Category.CONFLICT,
    what="This lock or run bears no signature that can be read.",
    allowed="the form of a signature in docs/decisions/016-evaluation.md",
    cure="Sign it: `lienthong product lock NAME`, `lienthong product evaluate NAME --sign`.",
)
EDITED = ErrorKind(
    "evidence-edited",
    Category.CONFLICT,
    what="This lock or run is not what {signer} signed: it was edited, or signed with another key.",
    cure="Put the file back as it was signed, or run the evaluation again and sign it.",
)

_PREFIX = b"lienthong evidence\0"
_MEMBERS = frozenset({"signer", "public", "fingerprint", "time", "signature"})


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, with which key (the SHA-256 of its 32 bytes), and when (an instant)."""

    name: str
    fingerprint: str
    time: str


def sign(body: Mapping[str, Any], private: Ed25519PrivateKey, name: str, time: str) -> dict[str, Any]:
    """The body with the signature of a person, as of an instant."""
    public = private.public_key().public_bytes_raw()
    by = {
        "signer": name,
        "public": public.hex(),
        "fingerprint": hashlib.sha256(public).hexdigest(),
        "time": time,
    }
    signature = private.sign(_bytes(body, by))
    return {**body, "signature": {**by, "signature": signature.hex()}}


def verify(signed: Mapping[str, Any], where: str) -> Signer:
    """Who signed this body, or an error that says that nobody did, or that it was edited since."""
    by = signed.get("signature")
    if not isinstance(by, Mapping) or set(by) != _MEMBERS or not all(isinstance(item, str) for item in by.values()):
        raise UNSIGNED.at(where)
    body = {name: item for name, item in signed.items() if name != "signature"}
    about = {name: item for name, item in by.items() if name != "signature"}
    try:
        public, signature = bytes.fromhex(by["public"]), bytes.fromhex(by["signature"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _bytes(body, about))
    except (ValueError, InvalidSignature):
        raise EDITED.at(where, signer=by["signer"]) from None
    if hashlib.sha256(public).hexdigest() != by["fingerprint"]:
        raise EDITED.at(where, signer=by["signer"])
    return Signer(by["signer"], by["fingerprint"], by["time"])


def _bytes(body: Mapping[str, Any], by: Mapping[str, str]) -> bytes:
    return _PREFIX + canonical.encode({**body, "signature": dict(by)})
