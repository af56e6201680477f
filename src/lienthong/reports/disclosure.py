"""Small counts are not told: nobody may be recognised in a report that leaves the hospital.

A count of 1 to 4 people is hidden, and so is a count of events that leaves 1 to 4 people without the event. Where
just one cell of an attribute would be hidden, it could be had by subtraction from the whole: the next smallest is
hidden too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lienthong.reports.words import Words

__all__ = ["Counts", "blurred", "counted", "is_small", "shown"]

_LEAST = 5
_BLURRED = 2


@dataclass(frozen=True, slots=True)
class Counts:
    """The people of a group and those with the event, None where they are hidden or not known."""

    n: int | None
    events: int | None
    n_hidden: bool = False
    events_hidden: bool = False


def is_small(count: int) -> bool:
    return 0 < count < _LEAST


def counted(count: int, words: Words) -> int | str:
    """The count as a table tells it: itself, or "fewer than 5"."""
    return words("few") if is_small(count) else count


def blurred(count: int) -> int:
    """The count as a bar draws it: a small one is always drawn alike."""
    return _BLURRED if is_small(count) else count


def shown(groups: Sequence[tuple[int, int | None]]) -> list[Counts]:
    """What may be told of the groups of one attribute, given as (n, events)."""
    hide_n = [is_small(n) for n, _ in groups]
    hide_events = [
        events is not None and (hidden or is_small(events) or is_small(n - events))
        for (n, events), hidden in zip(groups, hide_n, strict=True)
    ]
    _hide_another(hide_n, [n for n, _ in groups])
    hide_events = [
        hidden or (of_n and events is not None)
        for hidden, of_n, (_, events) in zip(hide_events, hide_n, groups, strict=True)
    ]
    _hide_another(hide_events, [events for _, events in groups])
    return [
        Counts(None if no_n else n, None if no_events else events, no_n, no_events)
        for (n, events), no_n, no_events in zip(groups, hide_n, hide_events, strict=True)
    ]


def _hide_another(hidden: list[bool], counts: Sequence[int | None]) -> None:
    """Hides the smallest other count where just one is hidden."""
    others = [index for index, is_hidden in enumerate(hidden) if not is_hidden and counts[index] is not None]
    if sum(hidden) == 1 and others:
        hidden[min(others, key=lambda index: (counts[index] or 0, index))] = True
