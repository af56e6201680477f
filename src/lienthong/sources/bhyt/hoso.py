"""Turns the HOSO elements of one file into visits: the rows of each, and what was wrong with reading them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BufferedReader

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.sources.bhyt.assessment import NUMBER
from lienthong.sources.bhyt.envelope import TOO_LONG, Envelope, Hoso, Part
from lienthong.sources.bhyt.layout import OLDER_ENDS, TABLES, is_older
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.tables import Table, read_table
from lienthong.sources.bhyt.visit import Visit
from lienthong.sources.converted import Converted, rejection

__all__ = ["Reader"]

BROKEN_HOSO = ErrorKind(
    "bhyt-hoso-broken",
    Category.UNREADABLE,
    what="The record can't be read: {why}.",
    allowed="A whole HOSO with table XML1, as base64 or as plain XML.",
    cure="Export it again from the hospital's system.",
)
NO_KEY = ErrorKind(
    "bhyt-key-missing",
    Category.UNREADABLE,
    what="The record has no {field}, without which it can't be told from others.",
    allowed="MA_LK and MA_BN in table XML1 (XML0 in a check-in), SO_BIEN_BAN in an assessment (XML12).",
    cure="Fill it in the hospital's system and export the record again.",
)

_LAYOUT = Rule("bhyt-layout", "The layout of the tables", "130/QĐ-BYT 2023, 4750/QĐ-BYT 2023")
_OLDER = Rule("bhyt-layout", "The layout of the tables", "4210/QĐ-BYT 2017", None, OLDER_ENDS.isoformat())


@dataclass(slots=True)
class _Tables:
    """The rows of one HOSO by table, the findings of reading them, and the tables that lost rows."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})
    findings: list[Finding] = field(default_factory=list)
    has_lost: bool = False
    is_summary_broken: bool = False

    def note(self, severity: Severity, code: str, message: str, cure: str = "", **place: str) -> None:
        self.findings.append(Finding(severity, code, message, Place(**place), _LAYOUT, cure))


class Reader:
    """Turns the HOSO elements of one file into visits, or a file of check-ins."""

    def __init__(self, envelope: Envelope, name: str, sha256: str, settings: Settings, source: str | None) -> None:
        self._envelope = envelope
        self._name = name
        self._sha256 = sha256
        self._settings = settings
        self._source = source
        self._seen: set[str] = set()

    def records(self, hoso: Hoso) -> Iterator[Visit | Converted]:
        """The visits of one HOSO, one as a rule; what can't be read is rejected by itself."""
        label = f"HOSO[{hoso.number}]"
        if hoso.parts is None:
            yield self._rejected(
                f"{label} to the end", BROKEN_HOSO, why="the file ends inside of it, or it is too long"
            )
            return
        tables = _read(hoso.parts)
        summaries = tables.rows["XML1"]
        if summaries:
            for number, summary in enumerate(summaries):
                yield self._visit(summary, tables, label, is_only=len(summaries) == 1, is_first=number == 0)
        elif tables.is_summary_broken or not (tables.rows["XML0"] or tables.rows["XML12"]):
            why = "its table XML1 can't be read" if tables.is_summary_broken else "it has no table XML1"
            key = next((row.code("MA_LK") for rows in tables.rows.values() for row in rows if row.code("MA_LK")), "")
            yield self._rejected(key or label, BROKEN_HOSO, why=why)
        else:
            yield from self._without_claim(tables, label)

    def check_ins(self, stream: BufferedReader) -> Iterator[Visit | Converted]:
        """The visits of a file of check-ins (XML0), which is sent by itself."""
        limit = self._settings.max_record_bytes
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise TOO_LONG.at(self._name, limit=limit)
        tables = _read([Part("XML0", data, None)])
        if not tables.rows["XML0"]:
            yield self._rejected("", BROKEN_HOSO, why="its table XML0 can't be read or is empty")
            return
        yield from self._without_claim(tables, "XML0")

    def _without_claim(self, tables: _Tables, label: str) -> Iterator[Visit | Converted]:
        """Check-ins, one for each MA_LK, and assessments; the findings of reading go with the first."""
        grouped: dict[str, list[Row]] = {}
        for row in tables.rows["XML0"]:
            grouped.setdefault(row.code("MA_LK"), []).append(row)
        waiting = tables.findings
        for key, rows in grouped.items():
            missing = next((name for name in ("MA_LK", "MA_BN") if not rows[0].code(name)), None)
            if missing:
                yield self._rejected(key or f"{label} row {rows[0].number}", NO_KEY, field=missing)
                continue
            yield self._alone(rows[0], {"XML0": rows}, waiting)
            waiting = []
        for row in tables.rows["XML12"]:
            if not row.code(NUMBER):
                yield self._rejected(f"{label} XML12[{row.number}]", NO_KEY, field=NUMBER)
                continue
            key = f"XML12/{row.code(NUMBER)}"
            named = Row(row.table, row.number, {**row.texts, "MA_LK": key, "MA_BN": key})
            yield self._alone(named, {"XML12": [row]}, waiting)
            waiting = []

    def _facility(self, summary: Row) -> str:
        """The code of the facility, which names the source; what has blanks in it is no code."""
        given = (summary.code("MA_CSKCB"), self._envelope.facility)
        return next((code for code in given if code and " " not in code), "")

    def _alone(self, summary: Row, lines: dict[str, list[Row]], findings: list[Finding]) -> Visit:
        facility = self._facility(summary)
        source = self._source or facility or self._settings.source
        visit = Visit(source, facility or source, summary, lines, self._settings, self._name)
        visit.findings += [finding.at(file=self._name, record=visit.key) for finding in findings]
        return visit

    def _visit(
        self, summary: Row, tables: _Tables, label: str, *, is_only: bool, is_first: bool
    ) -> Visit | Converted:
        key = summary.code("MA_LK")
        for field_name in ("MA_LK", "MA_BN"):
            if not summary.code(field_name):
                return self._rejected(key or label, NO_KEY, field=field_name)
        own, facility = summary.code("MA_CSKCB"), self._facility(summary)
        source = self._source or facility or self._settings.source
        visit = Visit(source, facility or source, summary, {}, self._settings, self._name)
        if is_first:
            visit.findings += [finding.at(file=self._name, record=key) for finding in tables.findings]
        self._share(visit, tables, is_only=is_only)
        if own and self._envelope.facility and own != self._envelope.facility:
            message = "The claim's facility is not the one that the envelope names."
            visit.note(Severity.WARNING, "bhyt-facility-differs", message, summary, "MA_CSKCB", _LAYOUT)
        if key in self._seen:
            message = "The file has this record twice; the later one counts as its newer version."
            visit.note(Severity.WARNING, "bhyt-record-twice", message, summary, "MA_LK", _LAYOUT)
        self._seen.add(key)
        on = visit.on
        if is_older("XML1", summary.texts) and on is not None and on > OLDER_ENDS:
            message = (
                "The record is in the tables of Quyết định 4210/2017, which ended before this visit; it is read."
            )
            cure = "Export it in the layout in force, or the portal will refuse it."
            visit.note(Severity.WARNING, "bhyt-layout-ended", message, summary, "", _OLDER, cure)
        return visit

    def _share(self, visit: Visit, tables: _Tables, *, is_only: bool) -> None:
        """Gives the visit its own lines: those with its MA_LK, and those without one where nobody else is there."""
        is_short = tables.has_lost
        for table in TABLES:
            if table == "XML1":
                continue
            mine = visit.lines.setdefault(table, [])
            for row in tables.rows[table]:
                theirs = row.code("MA_LK")
                if theirs == visit.key or (not theirs and is_only):
                    mine.append(row)
                elif is_only:
                    is_short = True
                    visit.note(
                        Severity.ERROR,
                        "bhyt-row-elsewhere",
                        "The row belongs to another record (its MA_LK differs), so it is not in this one.",
                        row,
                        "MA_LK",
                        _LAYOUT,
                        "Give all rows of a record the same MA_LK.",
                    )
        if is_short:
            visit.note(
                Severity.ERROR,
                "bhyt-totals-incomplete",
                "Rows of this record could not be read, so its totals hold more than its items.",
                visit.summary,
                "T_TONGCHI_BV",
                _LAYOUT,
                "Correct the rows that the other findings name.",
            )

    def _rejected(self, record: str, kind: ErrorKind, **values: object) -> Converted:
        finding = rejection(kind.at("", **values), file=self._name, record=record)
        source = self._source or self._envelope.facility or self._settings.source
        return Converted(Origin(source, self._name, self._sha256, record), rejected=finding)


def _read(parts: list[Part]) -> _Tables:
    """The tables of one HOSO."""
    found = _Tables()
    for part in parts:
        if part.name not in TABLES:
            message = "The kind of table (LOAIHOSO) is not known; it is not read and stands only in the kept file."
            found.note(Severity.WARNING, "bhyt-table-unknown", message)
        elif part.data is None:
            _broken(found, part.name, "The content of the table is neither base64 nor XML.")
        elif part.data.strip():
            _add(found, part.name, read_table(part.name, part.data, part.encoding))
    return found


def _add(found: _Tables, name: str, table: Table) -> None:
    if table.is_broken:
        _broken(found, name, "The table can't be read as XML.")
        return
    if table.was_cleaned:
        found.note(
            Severity.WARNING,
            "bhyt-characters-cleaned",
            "The table has characters that XML does not allow; they were left out or taken as text.",
            "Write & and < as &amp; and &lt;, or put the text into CDATA; leave control characters out.",
            table=name,
        )
    if table.is_misnamed:
        found.note(
            Severity.WARNING,
            "bhyt-tag-other",
            "Elements of the table are not named as the decision names them; they were known by what they hold.",
            "Name them as Quyết định 130 does, in capitals; the portal may refuse the file.",
            table=name,
        )
    for number, repeated in table.repeated[:_MOST]:
        found.note(
            Severity.ERROR,
            "bhyt-field-twice",
            "The row has the field twice with different values; the first is taken.",
            "Write each field once.",
            table=name,
            row=str(number),
            field=repeated,
        )
    for number in table.lost:
        found.has_lost = True
        found.is_summary_broken |= name == "XML1"
        found.note(
            Severity.ERROR,
            "bhyt-row-broken",
            "The row can't be read as XML, so it is not in the record.",
            "Correct the row in the hospital's system and export the record again.",
            table=name,
            row=str(number),
        )
    begin = len(found.rows[name])  # a table that is sent in two parts goes on counting
    if begin:
        found.rows[name] += [replace(row, number=begin + row.number) for row in table.rows]
    else:
        found.rows[name] = table.rows


_MOST = 1000


def _broken(found: _Tables, table: str, message: str) -> None:
    found.has_lost = True
    found.is_summary_broken |= table == "XML1"
    found.note(
        Severity.ERROR,
        "bhyt-table-broken",
        message,
        "Export the record again from the hospital's system.",
        table=table,
    )
