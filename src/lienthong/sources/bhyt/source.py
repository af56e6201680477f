"""Reads health-insurance XML: each visit (MA_LK) of each HOSO becomes one record of FHIR resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BufferedReader
from types import MappingProxyType

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.sources.bhyt.check import check_row
from lienthong.sources.bhyt.claim import add_claim
from lienthong.sources.bhyt.encounter import add_encounter, add_weight, check_period
from lienthong.sources.bhyt.envelope import OTHER_ENVELOPE, ROOTS, Envelope, Hoso, root_name
from lienthong.sources.bhyt.layout import OLDER_TABLES as TABLES
from lienthong.sources.bhyt.layout import is_older
from lienthong.sources.bhyt.medication import add_medications
from lienthong.sources.bhyt.note import add_notes
from lienthong.sources.bhyt.person import add_coverages, add_facility, add_patient
from lienthong.sources.bhyt.result import add_results
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.service import add_services
from lienthong.sources.bhyt.tables import read_table
from lienthong.sources.bhyt.visit import Visit
from lienthong.sources.container import HEAD
from lienthong.sources.converted import Converted, LeftOut, rejection
from lienthong.sources.recognise import as_utf8

__all__ = ["SOURCE", "BhytSource"]

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
    allowed="MA_LK and MA_BN in table XML1.",
    cure="Fill it in the hospital's system and export the record again.",
)
OLDER_LAYOUT = ErrorKind(
    "bhyt-layout-older",
    Category.UNREADABLE,
    what="The record is in an older layout (Quyết định 4210/2017), which is not read yet.",
    allowed="The layout of Quyết định 130/2023 with 4750/2023 and 3176/2024.",
    cure="Export it in the layout in force; the file is kept and can be tried again with a later Lienthong.",
)

_LAYOUT = Rule("bhyt-layout", "The layout of the tables", "130/QĐ-BYT 2023, 4750/QĐ-BYT 2023")
_OTHER_TABLES = frozenset(f"XML{number}" for number in (0, *range(6, 16)))


@dataclass(slots=True)
class _Tables:
    """The rows of one HOSO by table, the findings of reading them, and the tables that lost rows."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})
    findings: list[Finding] = field(default_factory=list)
    has_lost: bool = False
    is_summary_broken: bool = False

    def note(self, severity: Severity, code: str, message: str, cure: str = "", **place: str) -> None:
        self.findings.append(Finding(severity, code, message, Place(**place), _LAYOUT, cure))


@dataclass(frozen=True, slots=True)
class BhytSource:
    """The claim XML of Vietnamese health insurance (a `Source`)."""

    name: str = "bhyt"

    def recognise(self, head: bytes, name: str) -> bool:  # noqa: ARG002 - a Source may use the name
        """By the root element: the claim envelope, or one of its family that is refused by name."""
        root = root_name(head)
        return root == "GIAMDINHHS" or root in ROOTS

    def convert(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Converted | LeftOut]:
        """One record a visit, of the source that is its facility's code (MA_CSKCB) unless another is given."""
        for visit in self.visits(stream, name=name, sha256=sha256, settings=settings, source=source):
            yield visit if isinstance(visit, Converted) else _converted(visit, sha256)

    def visits(
        self, stream: BufferedReader, *, name: str, sha256: str, settings: Settings, source: str | None
    ) -> Iterator[Visit | Converted]:
        """The visits of a file as their rows, with the findings of reading alone; a Converted was rejected."""
        root = root_name(as_utf8(stream.peek(HEAD)[:HEAD]))
        if root != "GIAMDINHHS":
            raise OTHER_ENVELOPE.at(name, why=ROOTS.get(root, "its root is not GIAMDINHHS"))
        envelope = Envelope(stream, name, settings)
        reader = _Reader(envelope, name, sha256, settings, source)
        held: Visit | Converted | None = None  # the last record carries what is only known at the end of the file
        count = 0
        for hoso in envelope.hosos():
            count = hoso.number
            for visit in reader.records(hoso):
                if held is not None:
                    yield held
                held = visit
        if isinstance(held, Visit):
            held.findings += _at_the_end(envelope, count, name)
            yield held
        elif held is not None:
            yield replace(held, findings=(*held.findings, *_at_the_end(envelope, count, name)))


def _converted(visit: Visit, sha256: str) -> Converted:
    _convert(visit)
    origin = Origin(visit.source, visit.file, sha256, visit.key, MappingProxyType(visit.places))
    return Converted(origin, tuple(visit.resources.values()), tuple(visit.findings))


class _Reader:
    """Turns the HOSO elements of one file into visits."""

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
        tables = self._tables(hoso)
        summaries = tables.rows["XML1"]
        if not summaries:
            why = "its table XML1 can't be read" if tables.is_summary_broken else "it has no table XML1"
            key = next((row.code("MA_LK") for rows in tables.rows.values() for row in rows if row.code("MA_LK")), "")
            yield self._rejected(key or label, BROKEN_HOSO, why=why)
            return
        for number, summary in enumerate(summaries):
            yield self._visit(summary, tables, label, is_only=len(summaries) == 1, is_first=number == 0)

    def _tables(self, hoso: Hoso) -> _Tables:
        found = _Tables()
        for part in hoso.parts or ():
            if part.name not in TABLES:
                known = part.name in _OTHER_TABLES
                message = "The table is not read yet; it stands only in the kept file."
                found.note(
                    Severity.INFORMATION if known else Severity.WARNING,
                    "bhyt-table-not-read" if known else "bhyt-table-unknown",
                    message if known else "The kind of table (LOAIHOSO) is not known; it is not read.",
                    table=part.name if known else "",
                )
                continue
            if part.data is None:
                self._broken(found, part.name, "The content of the table is neither base64 nor XML.")
                continue
            if not part.data.strip():
                continue
            table = read_table(part.name, part.data, part.encoding)
            if table.is_broken:
                self._broken(found, part.name, "The table can't be read as XML.")
                continue
            if table.was_cleaned:
                found.note(
                    Severity.WARNING,
                    "bhyt-characters-cleaned",
                    "The table has characters that XML does not allow; they were left out or taken as text.",
                    "Write & and < as &amp; and &lt;, or put the text into CDATA; leave control characters out.",
                    table=part.name,
                )
            for number in table.lost:
                found.has_lost = True
                found.is_summary_broken |= part.name == "XML1"
                found.note(
                    Severity.ERROR,
                    "bhyt-row-broken",
                    "The row can't be read as XML, so it is not in the record.",
                    "Correct the row in the hospital's system and export the record again.",
                    table=part.name,
                    row=str(number),
                )
            begin = len(found.rows[part.name])  # a table that is sent in two parts goes on counting
            found.rows[part.name] += [replace(row, number=begin + row.number) for row in table.rows]
        return found

    def _broken(self, found: _Tables, table: str, message: str) -> None:
        found.has_lost = True
        found.is_summary_broken |= table == "XML1"
        found.note(
            Severity.ERROR,
            "bhyt-table-broken",
            message,
            "Export the record again from the hospital's system.",
            table=table,
        )

    def _visit(
        self, summary: Row, tables: _Tables, label: str, *, is_only: bool, is_first: bool
    ) -> Visit | Converted:
        key = summary.code("MA_LK")
        if is_older("XML1", summary.texts):
            return self._rejected(key or label, OLDER_LAYOUT)
        for field_name in ("MA_LK", "MA_BN"):
            if not summary.code(field_name):
                return self._rejected(key or label, NO_KEY, field=field_name)
        own = summary.code("MA_CSKCB")
        facility = own or self._envelope.facility
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
        return visit

    def _share(self, visit: Visit, tables: _Tables, *, is_only: bool) -> None:
        """Gives the visit its own lines: those with its MA_LK, and those without one where nobody else is there."""
        is_short = tables.has_lost
        for table in TABLES[1:]:
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


def _convert(visit: Visit) -> None:
    """The whole mapping of a visit, in the order in which resources refer to each other."""
    check_row(visit, visit.summary)
    for table in TABLES[1:]:
        for row in visit.rows(table):
            check_row(visit, row)
    check_period(visit)
    facility = add_facility(visit)
    patient = add_patient(visit, facility)
    coverages = add_coverages(visit, patient)
    encounter, conditions = add_encounter(visit, patient, facility)
    add_weight(visit, patient, encounter)
    add_medications(visit, patient, encounter)
    add_services(visit, patient, encounter)
    add_results(visit, patient, encounter)
    add_notes(visit, patient, encounter)
    add_claim(visit, patient, encounter, facility, coverages, conditions)
    visit.note_the_rest()


def _at_the_end(envelope: Envelope, count: int, name: str) -> Iterator[Finding]:
    """What is only known when the whole file has been read."""
    rule = Rule("bhyt-envelope", "The envelope GIAMDINHHS")
    if not envelope.is_closed:
        message = "The envelope does not end; the file may be cut off."
        yield Finding(Severity.WARNING, "bhyt-envelope-open", message, Place(file=name), rule, "Export it again.")
    if envelope.announced is not None and envelope.announced != count:
        message = f"The envelope announces {envelope.announced} records and holds {count}; the file may be cut off."
        place = Place(file=name, field="SOLUONGHOSO")
        yield Finding(Severity.WARNING, "bhyt-count-differs", message, place, rule, "Export it again.")


SOURCE = BhytSource()
