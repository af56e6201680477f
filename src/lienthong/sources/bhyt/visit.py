"""One visit (a claim, MA_LK) on its way to FHIR: its rows, its ids, and the resources and findings made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.ids import key_system, resource_id
from lienthong.core.settings import Settings
from lienthong.sources.bhyt import values
from lienthong.sources.bhyt.elements import identifier
from lienthong.sources.bhyt.layout import OLDER
from lienthong.sources.bhyt.layout import fields as layout_of
from lienthong.sources.bhyt.rest import COPIES, DECISION, ROW, STAND, Exact, is_text, rest
from lienthong.sources.bhyt.rows import Row
from lienthong.terminology import systems

__all__ = ["Visit"]

_MOST_ALIKE = 1000
"""Findings of one kind at one field; of more rows only the number is told, so that memory stays bounded."""

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Visit:
    """A visit's rows and what has been made of them so far; the mappings of this folder add to it.

    `held`: the fields of the summary that its resources hold for every row that repeats them; None for all.
    """

    source: str
    facility: str
    summary: Row
    lines: dict[str, list[Row]]
    settings: Settings
    file: str
    resources: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    numbers: dict[str, Counter[str]] = field(default_factory=dict)
    held: Collection[str] | None = None
    places_of: dict[str, dict[int, int]] = field(default_factory=dict)
    staff: dict[str, dict[str, Any]] = field(default_factory=dict)
    _alike: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @property
    def key(self) -> str:
        """MA_LK, which joins all tables of a visit."""
        return self.summary.code("MA_LK")

    @property
    def is_claim(self) -> bool:
        """Whether it is a whole visit (XML1), not only a check-in (XML0) or a medical assessment (XML12)."""
        return self.summary.table == "XML1"

    @property
    def on(self) -> date | None:
        """The day that picks the version of every rule: the end of the visit, or its begin."""
        return values.day(self.summary.text("NGAY_RA")) or values.day(self.summary.text("NGAY_VAO"))

    def moment(self, row: Row, field: str) -> str | None:
        return row.moment(field, self.settings.offset)

    def rows(self, table: str) -> list[Row]:
        return self.lines.get(table, [])

    def row_key(self, row: Row) -> str:
        """The key of a row in the source: MA_LK, table and STT, or its number where STT is missing or repeated."""
        own = row.code("STT")
        if not own or self._times(row.table, own) > 1:
            own = f"row {row.number}"
        return f"{self.key}/{row.table}/{own}"

    def _times(self, table: str, own: str) -> int:
        if table not in self.numbers:
            self.numbers[table] = Counter(other.code("STT") for other in self.rows(table))
        return self.numbers[table][own]

    def rest(
        self,
        row: Row,
        mapped: Mapping[str, Exact],
        *,
        only: Collection[str] | None = None,
        lost: Collection[str] = (),
        copies: bool = False,
    ) -> list[dict[str, Any]]:
        """The extension with what of a row has no element (`rest.rest`), or nothing; with it, where the row stood.

        `copies`: what only repeats XML1 is named and not said again.
        """
        same: list[str] = []
        if copies:
            held, summary = self.held, self.summary.texts
            layout = layout_of(row.table, self.on)
            for name, text in row.texts.items():
                if text and name not in mapped and name not in STAND and (held is None or name in held):
                    field = layout.get(name)
                    if text == summary.get((field.copy_of if field else "") or name):
                        same.append(name)
            mapped = {**mapped, **dict.fromkeys(same, is_text)}
        found = rest(row, mapped, self.settings.offset, only=only, lost=lost)
        parts: list[dict[str, Any]] = []
        if only is None:
            own = row.texts.get("STT", "")
            if self._is_apart(row, own):
                parts.append({"url": ROW, "valueInteger": row.number})
                if own:
                    parts.append({"url": "STT", "valueString": own})
            if row.older is not None:
                parts.append({"url": DECISION, "valueString": OLDER})
            if same:
                parts.append({"url": COPIES, "valueString": " ".join(same)})
        if not parts:
            return [found] if found else []
        return [{"url": systems.EXTENSION + row.table, "extension": [*parts, *(found["extension"] if found else ())]}]

    def _is_apart(self, row: Row, own: str) -> bool:
        """Whether the key of a row, or the place of its item in the claim, does not say its STT and its number."""
        if row.table == "XML1":
            return bool(own)
        if row.table not in ("XML2", "XML3"):
            return bool(own) and (own != str(row.number) or self._times(row.table, own) > 1)
        if row.table not in self.places_of:
            self.places_of[row.table] = {other.number: n for n, other in enumerate(self.rows(row.table), 1)}
        return own != str(self.places_of[row.table][row.number]) or self._times(row.table, own) > 1

    def resource(self, reference: dict[str, Any]) -> dict[str, Any]:
        """The resource of a reference that `add` gave."""
        kind, _, number = reference["reference"].partition("/")
        return self.resources[kind, number]

    def id(self, kind: str, key: str) -> str:
        return resource_id(self.source, kind, key)

    def reference(self, kind: str, key: str) -> dict[str, Any]:
        return {"reference": f"{kind}/{resource_id(self.source, kind, key)}"}

    def add(
        self,
        kind: str,
        key: str,
        row: Row,
        content: dict[str, Any],
        fields: Mapping[str, str] = _NO_FIELDS,
        *,
        own: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Adds a resource made of a row, with its id and its key as an identifier; gives a reference to it.

        `fields` says of which field of the row a main element was made; `own` stands in place of the plain key
        identifier.
        """
        number = resource_id(self.source, kind, key)
        name = f"{kind}/{number}"
        if (kind, number) not in self.resources:
            body = {"resourceType": kind, "id": number, **content}
            named = own or identifier(key_system(self.source, kind), key)
            # A Composition has one identifier, any other a list of them (R4).
            body["identifier"] = named if kind == "Composition" else [named, *content.get("identifier", ())]
            if profile := self.settings.profile_urls.get(kind):
                body["meta"] = {**body.get("meta", {}), "profile": [profile]}
            self.resources[(kind, number)] = body
            self.places[name] = row.place
            for element, field in fields.items():
                self.places[f"{name}#{element}"] = f"{row.place}.{row.named(field)}"
        return {"reference": name}

    def note(
        self, severity: Severity, code: str, message: str, row: Row, field: str, rule: Rule, cure: str = ""
    ) -> None:
        """Adds a finding at a field of a row; the message never holds the value."""
        self._alike[code, row.table, field] += 1
        if self._alike[code, row.table, field] > _MOST_ALIKE:
            return
        number = "" if row.table == "XML1" else str(row.number)
        place = Place(file=self.file, record=self.key, table=row.table, row=number, field=row.named(field))
        self.findings.append(Finding(severity, code, message, place, rule, cure))

    def note_order(self, row: Row, field: str) -> None:
        """Adds the finding that a period ends before it begins."""
        self.note(
            Severity.ERROR,
            "bhyt-period-order",
            "The end lies before the begin, so it is kept as text, out of the period.",
            row,
            field,
            Rule("bhyt-period", "A period ends after it begins"),
            "Correct one of the two dates.",
        )

    def note_the_rest(self) -> None:
        """Tells of each fault that stands in more rows than are named one by one in how many."""
        for (code, table, name), count in self._alike.items():
            if count > _MOST_ALIKE:
                like = next(item for item in self.findings if item.code == code and item.place.field == name)
                place = Place(file=self.file, record=self.key, table=table, field=name)
                message = f"The same stands in {count - _MOST_ALIKE} more rows of this record: {like.message}"
                self.findings.append(replace(like, message=message, place=place))
