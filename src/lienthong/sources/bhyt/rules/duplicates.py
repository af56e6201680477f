"""What is charged twice: the same line in one claim, and, across claims of one person, visits that can't both be.

Within a claim a row must equal an earlier one in all that tells services apart. Across claims a person is the same
patient number of the same facility; a national id or a card may be borrowed, so that they join nobody here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.rules.case import Case, minute
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Look, Spot, Text, plain

__all__ = ["ACROSS", "RULES", "Trace", "across", "trace"]

_SERVICE = ("MA_DICH_VU", "MA_VAT_TU", "NGAY_YL", "NGAY_TH_YL", "MA_GIUONG", "GOI_VTYT", "DON_GIA_BV", "TYLE_TT_DV")
_DRUG = (
    "MA_THUOC",
    "SO_DANG_KY",
    "HAM_LUONG",
    "NGAY_YL",
    "NGAY_TH_YL",
    "LIEU_DUNG",
    "DON_GIA",
    "SO_LUONG",
    "TT_THAU",
)
_RESULT = ("MA_DICH_VU", "MA_CHI_SO", "TEN_CHI_SO", "NGAY_KQ", "GIA_TRI", "MO_TA", "KET_LUAN")
_STAY = "03"  # MA_LOAI_KCB
_DIED = ("5", "8")  # KET_QUA_DTRI


def _again(table: str, fields: Sequence[str], at: str) -> Look:
    """A look at rows of one table that say the same as an earlier row."""

    def look(case: Case) -> Iterator[Spot]:
        rows = case.rows(table)
        if len(rows) < 2:
            return
        seen: set[tuple[str, ...]] = set()
        for row in rows:
            told = tuple(row.text(field) for field in fields)
            if told in seen and row.text(at):
                yield Spot(row, at)
            seen.add(told)

    return look


@dataclass(frozen=True, slots=True)
class Trace:
    """What of a claim is needed to compare it with others; times are `yyyymmddHHMM`, "" where not known."""

    file: str
    record: str
    facility: str
    patient: str
    begin: str
    end: str
    care: str
    has_died: bool
    services: tuple[str, ...] = ()


def trace(case: Case, file: str, facility: str) -> Trace:
    """The trace of a claim."""
    summary = case.summary
    begin, end = (minute(summary.text(field)) or "" for field in ("NGAY_VAO", "NGAY_RA"))
    services = (
        f"{row.code('MA_DICH_VU')}@{row.text('NGAY_YL')}@{row.text('NGAY_TH_YL')}"
        for row in case.rows("XML3")
        if row.code("MA_DICH_VU") and len(row.text("NGAY_TH_YL")) == 12
    )
    died = summary.code("KET_QUA_DTRI") in _DIED
    return Trace(file, case.key, facility, summary.code("MA_BN"), begin, end, case.care, died, tuple(services))


@dataclass(frozen=True, slots=True)
class _Across:
    """The rules that need several claims."""

    twice: ClaimRule
    overlap: ClaimRule
    inside: ClaimRule
    after_death: ClaimRule
    service: ClaimRule


def across(traces: Iterable[Trace]) -> Iterator[tuple[ClaimRule, Trace, str]]:
    """The rules that claims break together: the rule, the later claim, and the field it is seen at."""
    seen: dict[tuple[str, str], Trace] = {}
    people: dict[tuple[str, str], list[Trace]] = {}
    for item in traces:
        key = (item.facility, item.record)
        if key in seen:
            if seen[key].file != item.file:  # within one file the reader says so
                yield ACROSS.twice, item, "MA_LK"
            continue
        seen[key] = item
        if item.patient and item.begin and item.end:
            people.setdefault((item.facility, item.patient), []).append(item)
    for own in people.values():
        if len(own) > 1:
            yield from _of_person(sorted(own, key=lambda item: (item.begin, item.end, item.record)))


def _of_person(own: Sequence[Trace]) -> Iterator[tuple[ClaimRule, Trace, str]]:
    """The visits of one person in the order of their begin; each is compared with the stay that lasts longest."""
    death = next((item for item in own if item.has_died), None)
    services: set[str] = set()
    stay: Trace | None = None
    for item in own:
        if death is not None and item is not death and item.begin > death.end:
            yield ACROSS.after_death, item, "NGAY_VAO"
        rule = _during(stay, item)
        if rule is not None:
            yield rule, item, "NGAY_VAO"
        elif not services.isdisjoint(item.services):
            yield ACROSS.service, item, "MA_DICH_VU"
        services.update(item.services)
        if item.care == _STAY and (stay is None or item.end > stay.end):
            stay = item


def _during(stay: Trace | None, item: Trace) -> ClaimRule | None:
    """What is wrong with a visit that begins no earlier than a stay, and perhaps before its end."""
    if stay is None or stay.end <= item.begin:
        return None
    if item.care == _STAY:
        return ACROSS.overlap
    # an examination may end in an admission; one wholly within a stay was not made by somebody who lay there
    return ACROSS.inside if stay.begin < item.begin and item.end < stay.end else None


def _rule(id: str, title: Text, cure: Text, look: Look | None, *fields: str, error: bool = False) -> ClaimRule:
    severity = Severity.ERROR if error else Severity.WARNING
    return ClaimRule(id, Family.DUPLICATES, severity, title, cure, plain(*fields), look)


_ONCE = Text("Bỏ dòng trùng, hoặc gộp số lượng vào một dòng.", "Leave the second row out, or add the quantities up.")
_WHICH = Text(
    "Đối chiếu hai hồ sơ của người bệnh; sửa hoặc bỏ một hồ sơ.", "Compare the two claims; correct or drop one."
)

ACROSS = _Across(
    twice=_rule(
        "bhyt-record-in-two-files",
        Text("Mã liên kết (MA_LK) có trong hai tệp.", "The same MA_LK stands in two files."),
        Text("Chỉ gửi bản mới nhất; gửi lại phải là bản sửa.", "Send the newest one only."),
        None,
        "XML1.MA_LK",
    ),
    overlap=_rule(
        "bhyt-stays-overlap",
        Text("Hai đợt nội trú của một người bệnh chồng lên nhau.", "Two stays of one patient overlap."),
        _WHICH,
        None,
        "XML1.NGAY_VAO",
        "XML1.NGAY_RA",
        error=True,
    ),
    inside=_rule(
        "bhyt-visit-during-stay",
        Text("Lượt khám nằm trong một đợt nội trú của cùng người bệnh.", "An outpatient visit lies within a stay."),
        _WHICH,
        None,
        "XML1.NGAY_VAO",
        "XML1.NGAY_RA",
    ),
    after_death=_rule(
        "bhyt-visit-after-death",
        Text("Lượt KCB bắt đầu sau khi người bệnh đã tử vong.", "The visit begins after the patient died."),
        _WHICH,
        None,
        "XML1.NGAY_VAO",
        "XML1.KET_QUA_DTRI",
        error=True,
    ),
    service=_rule(
        "bhyt-service-in-two-claims",
        Text(
            "Cùng dịch vụ, cùng phút, ở hai hồ sơ của một người bệnh.",
            "The same service at the same minute in two claims.",
        ),
        _WHICH,
        None,
        "XML3.MA_DICH_VU",
        "XML3.NGAY_TH_YL",
    ),
)

RULES: tuple[ClaimRule, ...] = (
    _rule(
        "bhyt-service-twice",
        Text("Cùng dịch vụ hoặc vật tư, cùng phút, cùng giá, hai dòng.", "One service at one minute in two rows."),
        _ONCE,
        _again("XML3", _SERVICE, "NGAY_YL"),
        "XML3.MA_DICH_VU",
        "XML3.NGAY_YL",
    ),
    _rule(
        "bhyt-drug-twice",
        Text("Cùng thuốc, cùng liều, cùng số lượng, cùng phút, hai dòng.", "One drug at one minute in two rows."),
        _ONCE,
        _again("XML2", _DRUG, "NGAY_YL"),
        "XML2.MA_THUOC",
        "XML2.NGAY_YL",
    ),
    _rule(
        "bhyt-result-twice",
        Text("Cùng kết quả, cùng phút, hai dòng.", "The same result at the same minute in two rows."),
        _ONCE,
        _again("XML4", _RESULT, "NGAY_KQ"),
        "XML4.MA_CHI_SO",
        "XML4.NGAY_KQ",
    ),
    ACROSS.twice,
    ACROSS.overlap,
    ACROSS.inside,
    ACROSS.after_death,
    ACROSS.service,
)  # fmt: skip
