"""Time as an argument: the clock type, the facility's zone, and instants as text with their offset."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from lienthong.core.errors import Category, ErrorKind

__all__ = ["Clock", "instant", "system_clock", "zone"]

Clock = Callable[[], datetime]
"""Gives the present as an aware datetime; only doors read the machine's clock."""

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")

WRONG_OFFSET = ErrorKind(
    "offset-wrong",
    Category.INCORRECT,
    what="The time offset of a facility can't be read.",
    allowed="an offset such as +07:00",
    cure="Correct it in lienthong.toml.",
)


def system_clock() -> datetime:
    """The machine's clock in UTC: the machine's own zone never matters."""
    return datetime.now(UTC)


def instant(moment: datetime) -> str:
    """A FHIR instant with milliseconds and offset, in UTC as `2026-11-23T08:15:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zone(offset: str) -> timezone:
    """The fixed zone of an offset such as `+07:00`, which times without a zone take (DESIGN 3.8)."""
    match = _OFFSET.fullmatch(offset)
    if not match or int(match[2]) > 14 or int(match[3]) > 59:
        raise WRONG_OFFSET.at("offset")
    amount = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-amount if match[1] == "-" else amount)
