"""Writes B's HL7 v2.5.1: the desk's and the wards' ADT, the laboratory's and the monitors' ORU.

Patients stand under the hospital's own number, typed MR, with its authority, and under the state's numbers. Codes are
LOINC, beside the device's own in the alternate components.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lienthong.demo.bedside import AVPU, Signs, measured
from lienthong.demo.formulary import LABS
from lienthong.demo.people import Registration
from lienthong.demo.resources import LICENCE, MRN, PRACTITIONERS, loinc_value
from lienthong.demo.visits import Visit

__all__ = ["Message", "of_visits", "patient_key"]

_ZONE = "+0700"
_VISITS = "https://cuulong.example/sid/ma-lk"
_SEXES = {"male": "M", "female": "F"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its control id (MSH-10), when it was sent, whose it is, and its segments."""

    control: str
    sent: datetime
    visit: Visit
    segments: tuple[str, ...]

    def text(self) -> str:
        return "".join(f"{segment}\r" for segment in self.segments)

    def data(self) -> bytes:
        return self.text().encode("utf-8")


def patient_key(registration: Registration) -> str:
    """The key under which the messages' patient is known: the authority and the number of PID-3 with the type MR."""
    return f"{MRN}|{registration.key}"


def of_visits(visits: tuple[Visit, ...]) -> list[Message]:
    """All messages of one patient, in the order in which they were sent."""
    found = [_registered(visit) for visit in visits[:1]]
    for visit in visits:
        if visit.kind == "inpatient":
            found += _stay(visit)
            found += [_monitor(visit, number, signs) for number, signs in enumerate(visit.signs, 1)]
        if visit.labs:
            found.append(_laboratory(visit))
    found.sort(key=lambda item: (item.sent, item.control))
    return found


def _text(value: str) -> str:
    """Text with the delimiters of HL7 escaped (2.7.1)."""
    for letter, escape in (("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("&", "\\T\\"), ("~", "\\R\\")):
        value = value.replace(letter, escape)
    return value


def _when(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}{_ZONE}"


def _message(visit: Visit, system: str, kind: str, own: str, sent: datetime, segments: list[str]) -> Message:
    control = f"CL{visit.number:06d}{own}"
    event = kind.split("^")[1]
    header = (
        f"MSH|^~\\&|{system}|CUULONG|LIENTHONG|CUULONG|{_when(sent)}||{kind}|{control}|P|2.5.1||||||UNICODE UTF-8"
    )
    trigger = [f"EVN|{event}|{_when(sent)}"] if kind.startswith("ADT") else []
    return Message(control, sent, visit, (header, *trigger, *segments))


def _pid(item: Registration, died: datetime | None = None) -> str:
    numbers = [f"{item.key}^^^CUULONG&{MRN}&URI^MR"]
    numbers += [f"{number}^^^CCCD^NI" for number in (item.national_id, item.old_id) if number]
    numbers += [f"{item.card}^^^BHYT^HC"] if item.card else []
    family, *given = item.name.split(" ")
    home = item.address
    where = f"{_text(home.line)}^{_text(home.ward)}^{_text(home.province)}^^^VNM^H"
    fields = {
        1: "1",
        3: "~".join(numbers),
        5: f"{_text(family)}^{_text(given[0]) if given else ''}^{_text(' '.join(given[1:]))}^^^^L",
        7: item.birth.replace("-", ""),
        8: _SEXES[item.sex],
        11: where,
        13: f"{item.phone}^PRN^CP",
    }
    if died is not None:
        fields |= {29: _when(died), 30: "Y"}
    return "|".join(["PID", *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def _pv1(visit: Visit, end: datetime | None) -> str:
    licence, name = PRACTITIONERS[visit.physician]
    family, *given = name.removesuffix(" (bịa)").split(" ")
    fields = {
        1: "1",
        2: "I",
        3: f"{visit.department.code}^{1 + visit.number % 12}^{1 + visit.number % 40}^CUULONG",
        7: f"{licence}^{family}^{' '.join(given)}^^^BS.^^CCHN&{LICENCE}&URI",
        10: "MED",
        19: f"CL-LK{visit.number:06d}^^^CUULONG&{_VISITS}&URI^VN",
        44: _when(visit.start),
    }
    if end is not None:
        fields |= {36: "20" if visit.outcome == "died" else "01", 45: _when(end)}
    return "|".join(["PV1", *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def _dg1(visit: Visit, *, final: bool) -> list[str]:
    kind = "F" if final else "A"
    chosen = (visit.main, *visit.others) if final else (visit.main,)
    return [
        f"DG1|{number}||{item.icd10}^{_text(item.vi)}^I10||{_when(visit.start)}|{kind}" + "|" * 9 + str(number)
        for number, item in enumerate(chosen, 1)
    ]


def _registered(visit: Visit) -> Message:
    """The desk's word of somebody new (A28), so that each patient of the engine is known by one message at least."""
    sent = visit.start - timedelta(minutes=10)
    return _message(visit, "HIS", "ADT^A28^ADT_A05", "A28", sent, [_pid(visit.registration)])


def _stay(visit: Visit) -> list[Message]:
    """Admission (A01), an update with all diagnoses on the next morning (A08), discharge (A03)."""
    died = visit.end if visit.outcome == "died" else None
    admitted, updated = visit.start + timedelta(minutes=5), visit.start + timedelta(hours=20)
    pid, item = _pid(visit.registration), visit.registration
    here = _pv1(visit, None)
    return [
        _message(visit, "HIS", "ADT^A01^ADT_A01", "A01", admitted, [pid, here, *_dg1(visit, final=False)]),
        _message(visit, "HIS", "ADT^A08^ADT_A01", "A08", updated, [pid, here, *_dg1(visit, final=True)]),
        _message(
            visit,
            "HIS",
            "ADT^A03^ADT_A03",
            "A03",
            visit.end + timedelta(minutes=15),
            [_pid(item, died), _pv1(visit, visit.end), *_dg1(visit, final=True)],
        ),
    ]


def _visit_of(visit: Visit) -> list[str]:
    """The visit of a result: that of the stay; what comes from the clinic names none."""
    return [_pv1(visit, None)] if visit.kind == "inpatient" else []


def _obr(visit: Visit, own: str, code: str, section: str, moment: datetime, done: datetime) -> str:
    licence, name = PRACTITIONERS[visit.physician]
    fields = {
        1: "1",
        3: f"CL{visit.number:06d}{own}^{section or 'MONITOR'}",
        4: code,
        7: _when(moment),
        16: f"{licence}^{name.removesuffix(' (bịa)')}^^^^^^CCHN&{LICENCE}&URI",
        22: _when(done),
        24: section,
        25: "F",
    }
    return "|".join(["OBR", *(fields.get(number, "") for number in range(1, 26))])


def _obx(number: int, kind: str, code: str, value: str, unit: str, moment: datetime, *, flag: str = "") -> str:
    fields = {1: str(number), 2: kind, 3: code, 5: value, 6: unit, 8: flag, 11: "F", 14: _when(moment)}
    return "|".join(["OBX", *(fields.get(field, "") for field in range(1, 15))])


def _laboratory(visit: Visit) -> Message:
    drawn, done = visit.start + timedelta(minutes=25), visit.start + timedelta(minutes=65)
    rows = []
    for number, (name, value) in enumerate(visit.labs, 1):
        lab = LABS[name]
        code = f"{lab.loinc}^{_text(lab.en)}^LN^{lab.index}^{_text(lab.vi)}^99CL"
        high, low = lab.high is not None and value > lab.high, lab.low is not None and value < lab.low
        unit = f"{_text(lab.ucum)}^{_text(lab.loinc_unit)}^UCUM"
        flag = "H" if high else ("L" if low else "N")
        rows.append(_obx(number, "NM", code, str(loinc_value(lab, value)), unit, drawn, flag=flag))
    obr = _obr(visit, "XN", "XN-MAU^Xét nghiệm máu^99CL", "LAB", drawn, done)
    return _message(
        visit, "LIS", "ORU^R01^ORU_R01", "XN", done, [_pid(visit.registration), *_visit_of(visit), obr, *rows]
    )


def _monitor(visit: Visit, turn: int, signs: Signs) -> Message:
    rows = []
    for number, (own, code, text, value, unit, ucum) in enumerate(measured(signs), 1):
        named = f"{code}^{_text(text)}^LN^{own}^{own}^99MON"
        rows.append(_obx(number, "NM", named, str(value), f"{ucum}^{unit}^UCUM", signs.moment))
    if signs.consciousness:
        answer, text = AVPU[signs.consciousness]
        named = "67775-7^Level of responsiveness (AVPU)^LN^TG^Tri giác^99MON"
        rows.append(_obx(len(rows) + 1, "CWE", named, f"{answer}^{text}^LN", "", signs.moment))
    sent = signs.moment + timedelta(minutes=2)
    obr = _obr(visit, f"S{turn:02d}", "DHST^Dấu hiệu sinh tồn^99MON", "", signs.moment, sent)
    segments = [_pid(visit.registration), *_visit_of(visit), obr, *rows]
    return _message(visit, "MONITOR", "ORU^R01^ORU_R01", f"S{turn:02d}", sent, segments)
