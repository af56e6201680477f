"""Which resources may be stored: an AI output stays preliminary until a physician's decision is with it (DESIGN 3.4).

The label of an AI output is the security label AIAST ("Artificial Intelligence asserted") of HL7's
v3-ObservationValue in `meta.security`; a coding with this code counts under any system, and on a resource inside
another one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lienthong.core import canonical

__all__ = ["AI_LABEL", "Guard", "Verify", "ai_guard", "is_labelled", "why_not"]

Guard = Callable[[bytes, bytes | None], str | None]
"""(body, decision) -> why the resource may not be stored, or None."""

Verify = Callable[[bytes, bytes], str | None]
"""(decision, body) -> why this decision does not stand for this body, or None when it does."""

AI_LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}

_NOT_FINAL = frozenset(
    {"registered", "preliminary", "draft", "entered-in-error", "cancelled", "unknown", "revoked", "proposed"}
)
_NOT_VERIFIED = frozenset({"unconfirmed", "provisional", "differential", "entered-in-error"})
_MARK = AI_LABEL["code"].encode()


def is_labelled(body: bytes) -> bool:
    """Whether a resource, or one inside it, carries the label of an AI output."""
    # A body from elsewhere may spell the code with an escape; canonical bytes never do.
    if _MARK not in body and b"\\u" not in body:
        return False
    try:
        value = canonical.parse(body)
    except ValueError:
        return False
    return any(True for _ in _labelled(value))


def why_not(body: bytes) -> str | None:
    """Why an AI output with this content needs a decision; None where nothing in it is final."""
    for resource in _labelled(canonical.parse(body)):
        reason = _final(resource)
        if reason:
            return reason
    return None


def ai_guard(verify: Verify) -> Guard:
    """The guard of DESIGN 3.4: a final AI output needs a decision that `verify` accepts."""

    def guard(body: bytes, decision: bytes | None) -> str | None:
        if decision is not None:
            return verify(decision, body)
        return why_not(body)

    return guard


def _labelled(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        meta = value.get("meta")
        labels = meta.get("security") if isinstance(meta, dict) else None
        if isinstance(labels, list) and any(
            isinstance(label, dict) and label.get("code") == AI_LABEL["code"] for label in labels
        ):
            yield value
        for item in value.values():
            yield from _labelled(item)
    elif isinstance(value, list):
        for item in value:
            yield from _labelled(item)


def _final(resource: dict[str, Any]) -> str | None:
    """Why this one resource counts as final."""
    name = resource.get("resourceType", "resource")
    intent = resource.get("intent")
    if intent is not None and intent != "proposal":
        return f"an AI output may be a {name} with intent proposal only; another intent needs a physician's decision"
    if "verificationStatus" in resource:
        concept = resource["verificationStatus"]
        codings = concept.get("coding") if isinstance(concept, dict) else None
        codes = [coding.get("code") for coding in codings or [] if isinstance(coding, dict)]
        if codes and all(code in _NOT_VERIFIED for code in codes):
            return None
        return f"an AI output's {name}.verificationStatus is final only with a physician's decision"
    if resource.get("status") in _NOT_FINAL:
        return None
    return f"an AI output's {name}.status is final only with a physician's decision"
