"""A resource as it is stored (canonical, without the store's own metadata) and as it is read again (with it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lienthong.core import canonical

__all__ = ["Stored", "body_of"]

_SERVER = ("versionId", "lastUpdated")


def body_of(resource: dict[str, Any]) -> bytes:
    """The canonical bytes of a resource without version and time; their SHA-256 is what a decision covers
    (`decisions.statement.content_digest`)."""
    meta = resource.get("meta")
    if isinstance(meta, dict) and (not meta or any(name in meta for name in _SERVER)):
        bare = {name: item for name, item in resource.items() if name != "meta"}
        kept = {name: item for name, item in meta.items() if name not in _SERVER}
        return canonical.encode({**bare, "meta": kept} if kept else bare)
    return canonical.encode(resource)


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a resource: `seq` is its number in this record, `body` its canonical bytes, `digest` the
    SHA-256 (hex) of them, `recorded_at` an instant, `decision` the signed decision stored with it."""

    type: str
    id: str
    seq: int
    version: int
    batch: int
    recorded_at: str
    digest: str
    body: bytes
    ai: bool = False
    decision: bytes | None = None
    deleted: bool = False

    @property
    def reference(self) -> str:
        """How other resources name it: `Type/id`."""
        return f"{self.type}/{self.id}"

    def resource(self) -> dict[str, Any]:
        """The resource with `meta.versionId` and `meta.lastUpdated`."""
        resource: dict[str, Any] = canonical.parse(self.body)
        resource["meta"] = {
            **resource.get("meta", {}),
            "versionId": str(self.version),
            "lastUpdated": self.recorded_at,
        }
        return resource
