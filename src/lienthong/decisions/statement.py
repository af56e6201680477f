"""What a physician signs: a verdict on exactly one version of a suggestion, and the digest of what becomes of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind

__all__ = ["FORM", "Signed", "Statement", "Verdict", "content_digest"]

FORM = "lienthong-decision/1"

WRONG_FORM = ErrorKind(
    "decision-unreadable",
    Category.INCORRECT,
    what="A decision can't be read: it has not the form of a signed statement.",
    allowed=f"an object of the form {FORM}",
    cure="Decide again; if it came from the store, run `lienthong audit verify`.",
)


class Verdict(StrEnum):
    """What the physician says to a suggestion."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"


def content_digest(resource: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over the canonical bytes of a resource, without the version and time that a store gives it."""
    meta = {name: item for name, item in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    bare = {name: item for name, item in resource.items() if name != "meta"}
    return canonical.digest({**bare, "meta": meta} if meta else bare)


@dataclass(frozen=True, slots=True)
class Statement:
    """A decision before it is signed.

    `subject` is the suggestion (`RiskAssessment/<id>`), `version` and `digest` the version the physician saw and the
    `content_digest` of it, `outcome` the `content_digest` of the resource as decided, `signer` the name and `licence`
    the licence number under which it is signed, `time` an instant.
    """

    subject: str
    version: str
    digest: str
    verdict: Verdict
    reason: str
    outcome: str
    signer: str
    licence: str
    time: str

    def to_json(self) -> dict[str, str]:
        return {"form": FORM, **asdict(self), "verdict": self.verdict.value}

    def to_bytes(self) -> bytes:
        """The bytes that the signature covers: the canonical JSON of the statement."""
        return canonical.encode(self.to_json())

    @staticmethod
    def from_json(value: object) -> Statement:
        if not isinstance(value, dict) or set(value) != {"form", *Statement.__slots__} or value["form"] != FORM:
            raise WRONG_FORM.at("statement")
        if not all(isinstance(item, str) for item in value.values()) or value["verdict"] not in list(Verdict):
            raise WRONG_FORM.at("statement")
        parts = {name: value[name] for name in Statement.__slots__}
        return Statement(**{**parts, "verdict": Verdict(parts["verdict"])})


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed decision as the ledger keeps it and the record stores it beside the version.

    `key` is the fingerprint of the signing key; `sequence` and `hash` are its place in the ledger.
    """

    statement: Statement
    key: str
    signature: bytes
    sequence: int
    hash: str

    def to_json(self) -> dict[str, Any]:
        return {
            "statement": self.statement.to_json(),
            "key": self.key,
            "signature": base64.b64encode(self.signature).decode("ascii"),
            "sequence": self.sequence,
            "hash": self.hash,
        }

    def to_bytes(self) -> bytes:
        return canonical.encode(self.to_json())

    @staticmethod
    def from_json(value: object) -> Signed:
        """The decision in a JSON value, or an error: never half of one."""
        if not isinstance(value, dict) or set(value) != {"statement", "key", "signature", "sequence", "hash"}:
            raise WRONG_FORM.at("decision")
        if not all(isinstance(value[name], str) for name in ("key", "signature", "hash")):
            raise WRONG_FORM.at("decision")
        if not isinstance(value["sequence"], int) or isinstance(value["sequence"], bool):
            raise WRONG_FORM.at("decision")
        try:
            signature = base64.b64decode(value["signature"], validate=True)
        except (binascii.Error, ValueError):
            raise WRONG_FORM.at("decision: signature") from None
        return Signed(
            Statement.from_json(value["statement"]), value["key"], signature, value["sequence"], value["hash"]
        )

    @staticmethod
    def from_bytes(data: bytes) -> Signed:
        try:
            value = canonical.parse(data)
        except ValueError:
            raise WRONG_FORM.at("decision") from None
        return Signed.from_json(value)
