"""Signed notes as C2SP describes them: a text, and lines of Ed25519 signatures and of witnesses' co-signatures.

A line is `— NAME base64(key id, signature)`; the key id is the first 4 bytes of SHA-256 over name, newline, type and
public key. Type 0x01 signs the text (signed-note); type 0x04 is a witness, which signs the text with the time at
which it looked (tlog-cosignature v1). Keys are written as those pages say: `NAME+ID+base64(type, key)`, a private one
with `PRIVATE+KEY+` before it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lienthong.core.errors import Category, ErrorKind

__all__ = ["LOG", "WITNESS", "Note", "Signature", "SigningKey", "VerifyingKey"]

LOG = 0x01
WITNESS = 0x04

_MARK = "— "
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]{1,200}")
_KEY = re.compile(r"([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{10,100})")

NO_KEY = ErrorKind(
    "audit-key-unreadable",
    Category.INCORRECT,
    what="This is no key for signed notes: {why}.",
    allowed="NAME+ID+KEY in one line, as `lienthong audit witness` and audit/log.pub have it",
    cure="Give the key as its owner published it, or the file that holds it.",
)
NO_NOTE = ErrorKind(
    "audit-checkpoint-unreadable",
    Category.INCORRECT,
    what="This is no signed checkpoint: {why}.",
    allowed="one note of a log as `lienthong audit checkpoint --to FILE` writes it",
    cure="Ask for the file again; an edited one can't be mended.",
)


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key with the name of its owner; `type` is LOG or WITNESS."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_text(bytes([self.type]) + self.public)}"

    @staticmethod
    def parse(text: str) -> VerifyingKey:
        """The key in a line of text; `audit-key-unreadable` where its id does not fit or it is a private one."""
        if text.startswith(_PRIVATE):
            raise NO_KEY.at("key", why="it is a private key, which stays with its owner")
        name, key_id, secret = _parts(text)
        key = VerifyingKey(name, secret[0], secret[1:])
        if key.id.hex() != key_id:
            raise NO_KEY.at("key", why="its id does not fit")
        return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the name of its owner; `seed` is the 32 bytes of Ed25519."""

    name: str
    type: int
    seed: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise NO_KEY.at("name", why="a name is 1 to 200 characters without space and without +")

    @property
    def verifying(self) -> VerifyingKey:
        return VerifyingKey(self.name, self.type, self._private.public_key().public_bytes_raw())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def secret(self) -> str:
        """The line that its owner keeps."""
        return f"{_PRIVATE}{self.name}+{self.verifying.id.hex()}+{_text(bytes([self.type]) + self.seed)}"

    @staticmethod
    def parse(text: str) -> SigningKey:
        if not text.startswith(_PRIVATE):
            raise NO_KEY.at("key", why="it is no private key")
        name, key_id, secret = _parts(text.removeprefix(_PRIVATE))
        key = SigningKey(name, secret[0], secret[1:])
        if key.verifying.id.hex() != key_id:
            raise NO_KEY.at("key", why="its id does not fit")
        return key

    def sign(self, text: str, seconds: int) -> Signature:
        """The signature of a text; only a witness's holds the time (seconds since 1970, UTC)."""
        if self.type == LOG:
            return Signature(self.name, self.verifying.id, self._private.sign(text.encode()))
        stamp = seconds.to_bytes(8, "big")
        return Signature(self.name, self.verifying.id, stamp + self._private.sign(_witnessed(text, seconds)))


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note."""

    name: str
    key: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_MARK}{self.name} {_text(self.key + self.value)}\n"

    @property
    def seconds(self) -> int | None:
        """When a witness looked, in seconds since 1970; None for a plain signature."""
        return int.from_bytes(self.value[:8], "big") if len(self.value) == 72 else None


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(str(item) for item in self.signatures)

    def signed_by(self, key: VerifyingKey) -> Signature | None:
        """The signature of this key, where it is there and right."""
        for item in self.signatures:
            if item.name == key.name and item.key == key.id and _holds(key, item, self.text):
                return item
        return None

    @staticmethod
    def parse(text: str) -> Note:
        """One note, byte for byte as `str` would write it again, or `audit-checkpoint-unreadable`."""
        body, gap, lines = text.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise NO_NOTE.at("note", why="it has no signature, or its end is missing")
        signatures = tuple(_signature(line) for line in lines.removesuffix("\n").split("\n"))
        note = Note(body + "\n", signatures)
        if str(note) != text:
            raise NO_NOTE.at("note", why="it is not written as such notes are")
        return note


def _signature(line: str) -> Signature:
    name, space, value = line.removeprefix(_MARK).partition(" ")
    raw = _bytes(value)
    if not line.startswith(_MARK) or not space or not _NAME.fullmatch(name) or raw is None or len(raw) < 5:
        raise NO_NOTE.at("note", why="a line of signatures can't be read")
    return Signature(name, raw[:4], raw[4:])


def _holds(key: VerifyingKey, signature: Signature, text: str) -> bool:
    value, message = signature.value, text.encode()
    if key.type == WITNESS:
        if len(value) != 72:
            return False
        message, value = _witnessed(text, int.from_bytes(value[:8], "big")), value[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, message)
    except InvalidSignature:
        return False
    return True


def _witnessed(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _parts(text: str) -> tuple[str, str, bytes]:
    match = _KEY.fullmatch(text)
    raw = _bytes(match[3]) if match else None
    if match is None or raw is None or len(raw) != 33 or raw[0] not in (LOG, WITNESS):
        raise NO_KEY.at("key", why="it has not the form of an Ed25519 key of a log or a witness")
    return match[1], match[2], raw


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _bytes(text: str) -> bytes | None:
    """The bytes of base64 in its one canonical form, or None: a changed last bit may not pass."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _text(raw) == text else None
