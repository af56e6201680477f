"""Whether a run confirms or explores, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lienthong.products.card import Text

__all__ = ["Status", "Word"]


class Word(StrEnum):
    """Whether what was measured was fixed before any outcome was read."""

    CONFIRMATORY = "confirmatory"
    EXPLORATORY = "exploratory"


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a run confirms or explores, and why; `lock` is the digest of the signed lock that it rests on."""

    word: Word
    reason: Text
    lock: str = ""
