"""Ids that are the same for the same input: a UUIDv5 of source, type and the source's own key (DESIGN 3.3)."""

from __future__ import annotations

import hashlib
import uuid
from functools import lru_cache

__all__ = ["key_system", "person_id", "resource_id", "suggestion_id"]

# Fixed for ever: changing it would give every resource of every node a new id.
_NAMESPACE = uuid.UUID("6f1c1f0e-6a2e-5c52-9a49-6c69656e7468")
_BYTES = _NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def _uuid5(*parts: str) -> str:
    # Each part stands with its length, so that ("a", "bc") and ("ab", "c") differ; surrogates can't stop it.
    name = "".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")
    text = hashlib.sha1(_BYTES + name, usedforsecurity=False).hexdigest()
    # The version and the variant of RFC 9562 (5.5), written as text: uuid.UUID takes four times as long.
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


@lru_cache(maxsize=1 << 14)  # a patient or an encounter is named by many resources in a row
def resource_id(source: str, resource_type: str, key: str) -> str:
    """The id of a resource: never made from a national id, a card or a name, only from the source's own key."""
    return _uuid5("resource", source, resource_type, key)


def person_id(first_patient_id: str) -> str:
    """The id of a person, assigned once when their first Patient arrives and kept whatever is linked later."""
    return _uuid5("person", first_patient_id)


def suggestion_id(product: str, version: str, person: str, inputs_digest: str) -> str:
    """The id of a product's output: the same product on the same inputs gives the same suggestion."""
    return _uuid5("suggestion", product, version, person, inputs_digest)


def key_system(source: str, resource_type: str) -> str:
    """The identifier system under which the source's own key stays on the resource."""
    return f"urn:x-lienthong:{source}:{resource_type}"
