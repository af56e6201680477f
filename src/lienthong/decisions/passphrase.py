"""A physician's signing key, wrapped by a passphrase that only the physician knows (argon2id, AES-256-GCM)."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Callable
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.privacy.keys import write_secret

__all__ = ["LEAST", "Cost", "check", "fingerprint", "unwrap", "wrap"]

LEAST = 8
MOST = 256

TOO_WEAK = ErrorKind(
    "passphrase-too-short",
    Category.INCORRECT,
    what="The {what} is too short or too long.",
    allowed=f"{LEAST} to {MOST} characters of any kind; several words with spaces are good",
    cure="Choose a longer one.",
)
NO_KEY = ErrorKind(
    "signing-key-missing",
    Category.MISSING,
    what="The signing key of '{name}' is not here or can't be read.",
    cure="Put HOME/keys/people back, or make a new key with `lienthong user key {name}`; past signatures stay valid.",
)


class Cost:
    """What a guess costs: argon2id's passes, memory (KiB) and lanes (RFC 9106, second recommended option)."""

    __slots__ = ("lanes", "memory", "passes")

    def __init__(self, passes: int = 3, memory: int = 65536, lanes: int = 4) -> None:
        self.passes, self.memory, self.lanes = passes, memory, lanes


def check(text: str, what: str) -> None:
    """Refuses a password or passphrase that is too short or too long to be meant."""
    if not LEAST <= len(text) <= MOST:
        raise TOO_WEAK.at(what, what=what)


def fingerprint(public: bytes) -> str:
    """The name of a public key: the SHA-256 (hex) of its 32 bytes."""
    return hashlib.sha256(public).hexdigest()


def wrap(
    path: Path, name: str, private: Ed25519PrivateKey, passphrase: str, random: Callable[[int], bytes], cost: Cost
) -> None:
    """Writes the key file of a person (mode 0600), readable with the passphrase only."""
    salt, nonce = random(16), random(12)
    public = private.public_key().public_bytes_raw()
    wrapped = AESGCM(_key(passphrase, salt, cost)).encrypt(nonce, private.private_bytes_raw(), _about(name, public))
    value = {
        "name": name,
        "public": _text(public),
        "kdf": "argon2id",
        "passes": cost.passes,
        "memory": cost.memory,
        "lanes": cost.lanes,
        "salt": _text(salt),
        "nonce": _text(nonce),
        "wrapped": _text(wrapped),
    }
    write_secret(path, canonical.encode(value) + b"\n")


def unwrap(path: Path, name: str, passphrase: str) -> Ed25519PrivateKey | None:
    """The private key, or None when the passphrase is not the right one."""
    try:
        value = canonical.parse(path.read_bytes())
        cost = Cost(value["passes"], value["memory"], value["lanes"])
        public, salt, nonce, wrapped = (
            base64.b64decode(value[part]) for part in ("public", "salt", "nonce", "wrapped")
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise NO_KEY.at(f"keys/people/{path.name}", name=name) from None
    try:
        return Ed25519PrivateKey.from_private_bytes(
            AESGCM(_key(passphrase, salt, cost)).decrypt(nonce, wrapped, _about(name, public))
        )
    except InvalidTag:
        return None


def _key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # NFKC, so that a Vietnamese passphrase is the same from every keyboard.
    secret = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return hash_secret_raw(secret, salt, cost.passes, cost.memory, cost.lanes, 32, Type.ID)


def _about(name: str, public: bytes) -> bytes:
    return b"lienthong signing key\0" + name.encode() + b"\0" + public


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
