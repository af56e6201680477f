"""The invented staff of the demo's node: names, roles and licences; passwords are made when the demo runs."""

from __future__ import annotations

from dataclasses import dataclass

from lienthong.core.actors import Role

__all__ = ["PEOPLE", "Staff"]


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who signs in: `licence` is the number of a practice certificate, or "" for who needs none."""

    name: str
    display: str
    roles: frozenset[Role]
    licence: str = ""


PEOPLE: tuple[Staff, ...] = (
    Staff("bs.lan", "BS. Nguyễn Thị Lan (bịa)", frozenset({Role.PHYSICIAN}), "990001/BIA-CCHN"),
    Staff("bs.minh", "BS. Trần Quang Minh (bịa)", frozenset({Role.PHYSICIAN}), "990002/BIA-CCHN"),
    Staff("ks.hoa", "KS. Lê Thanh Hoa (bịa)", frozenset({Role.DATA_ENGINEER})),
)
