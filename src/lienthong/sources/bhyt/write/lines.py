"""The rows of XML2 to XML5 out of the items of the Claim and the resources of each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lienthong.sources.bhyt.note import NOTE_PARTS
from lienthong.sources.bhyt.rest import ROW
from lienthong.sources.bhyt.write.shelf import Shelf, code_of, coded, number_text, parts
from lienthong.terminology import systems

__all__ = ["items", "notes", "numbered", "results"]

Body = dict[str, Any]
Texts = dict[str, str]


def numbered(key: str, kept: Texts) -> tuple[int, str]:
    """Where a row stood in its table, and its STT, from the end of its key and what `rest` kept."""
    if key.startswith("row ") and key[4:].isdigit():
        return int(kept.get(ROW) or key[4:]), kept.get("STT", "")
    number = kept.get(ROW) or key
    return (int(number) if number.isdigit() and number.isascii() else 0), kept.get("STT") or key


def items(shelf: Shelf, key: str, claim: Body) -> dict[str, list[Texts]]:
    """The rows of XML2 and XML3, in the order of the claim's items."""
    drugs = sum(1 for _ in shelf.under("MedicationRequest", f"{key}/XML2/"))
    lines = list(claim.get("item", ()))
    is_ours = bool(drugs) or not any(_is_drug(line) for line in lines)
    tables: dict[str, list[Body]] = {"XML2": [], "XML3": []}
    for number, line in enumerate(lines):
        tables["XML2" if (number < drugs if is_ours else _is_drug(line)) else "XML3"].append(line)
    return {table: list(_rows(shelf, key, table, found)) for table, found in tables.items()}


def _is_drug(line: Body) -> bool:
    return bool(code_of(line.get("productOrService"), "MA_THUOC"))


def _rows(shelf: Shelf, key: str, table: str, lines: list[Body]) -> Iterator[Texts]:
    kept = [parts(line, table, shelf) for line in lines]
    own = [found.get("STT", "") if ROW in found else str(position) for position, found in enumerate(kept, 1)]
    times = Counter(" ".join(text.split()) for text in own)
    for line, found, number in zip(lines, kept, own, strict=True):
        code = " ".join(number.split())
        ending = code if code and times[code] == 1 else f"row {found.get(ROW, '')}"
        texts = {"STT": number, **_line(line, table)}
        row_key = f"{key}/{table}/{ending}"
        texts.update(_drug(shelf, line, row_key, found) if table == "XML2" else _service(shelf, line, row_key, found))
        texts.update({name: text for name, text in found.items() if name != ROW})
        yield texts


def _line(line: Body, table: str) -> Texts:
    amount = line.get("quantity", {})
    return {
        "MA_NHOM": code_of(line.get("category"), "MA_NHOM"),
        "SO_LUONG": number_text(amount.get("value")),
        "DON_VI_TINH": amount.get("unit", ""),
        "DON_GIA" if table == "XML2" else "DON_GIA_BV": number_text(line.get("unitPrice", {}).get("value")),
        "THANH_TIEN_BV": number_text(line.get("net", {}).get("value")),
    }


def _drug(shelf: Shelf, line: Body, key: str, kept: Texts) -> Texts:
    request = shelf.keyed("MedicationRequest", key)
    what = line.get("productOrService", {})
    dosage: Body = next(iter(request.get("dosageInstruction", ())), {})
    strength = kept.get("HAM_LUONG", "")
    name = what.get("text", "")
    name = "" if name == strength else name.removesuffix(f" {strength}") if strength else name
    return {
        "MA_THUOC": code_of(what, "MA_THUOC"),
        "SO_DANG_KY": code_of(what, "SO_DANG_KY"),
        "TEN_THUOC": name,
        "DUONG_DUNG": code_of(dosage.get("route"), "DUONG_DUNG"),
        "LIEU_DUNG": dosage.get("text", ""),
        "CACH_DUNG": dosage.get("patientInstruction", ""),
        "NGAY_YL": shelf.moment(request.get("authoredOn") or (line.get("servicedDate") if not request else "")),
        "NGAY_TH_YL": shelf.moment(next(iter(dosage.get("timing", {}).get("event", ())), "")),
        "MA_BAC_SI": shelf.licence(request.get("requester")),
    }


def _service(shelf: Shelf, line: Body, key: str, kept: Texts) -> Texts:
    what = line.get("productOrService", {})
    supply, text = code_of(what, "MA_VAT_TU"), what.get("text", "")
    named, other = ("TEN_VAT_TU", "TEN_DICH_VU") if supply else ("TEN_DICH_VU", "TEN_VAT_TU")
    texts = {
        "MA_VAT_TU": supply,
        "MA_DICH_VU": code_of(what, "MA_DICH_VU"),
        named: "" if kept.get(other) == text else text,
    }
    if done := shelf.keyed("Procedure", key):
        when = shelf.moment(done.get("performedDateTime"))
        if "NGAY_YL" in kept:
            texts["NGAY_TH_YL"] = when
        elif "NGAY_TH_YL" not in kept:
            texts["NGAY_YL"] = when
        return texts | {
            "MA_BAC_SI": shelf.licence(done.get("recorder")),
            "NGUOI_THUC_HIEN": shelf.staff(item.get("actor") for item in done.get("performer", ())),
            **_reasons(done),
        }
    if asked := shelf.keyed("ServiceRequest", key):
        return texts | {
            "NGAY_YL": shelf.moment(asked.get("authoredOn")),
            "NGAY_TH_YL": shelf.moment(asked.get("occurrenceDateTime")),
            "MA_BAC_SI": shelf.licence(asked.get("requester")),
            "NGUOI_THUC_HIEN": shelf.staff(asked.get("performer", ())),
            **_reasons(asked),
        }
    return texts


def _reasons(body: Body) -> Texts:
    reasons = [code for item in body.get("reasonCode", ()) for code in coded(item, systems.ICD10)]
    return {
        "MA_BENH": ";".join(reasons),
        "MA_PTTT_QT": ";".join(coded(body.get("code"), systems.ICD9_PROCEDURE)),
    }


def results(shelf: Shelf, key: str) -> list[Texts]:
    """The rows of XML4."""
    found: list[tuple[int, Texts]] = []
    for ending, body in shelf.under("Observation", f"{key}/XML4/"):
        kept = parts(body, "XML4", shelf)
        number, own = numbered(ending, kept)
        value = body.get("valueQuantity", {})
        texts = {
            "STT": own,
            "MA_DICH_VU": code_of(body.get("code"), "MA_DICH_VU"),
            "MA_CHI_SO": code_of(body.get("code"), "MA_CHI_SO"),
            "TEN_CHI_SO": body.get("code", {}).get("text", ""),
            "GIA_TRI": value.get("comparator", "") + number_text(value.get("value"))
            if value
            else body.get("valueString", ""),
            "DON_VI_DO": value.get("unit", ""),
            "MO_TA": next((item.get("text", "") for item in body.get("note", ())), ""),
            "KET_LUAN": next((item.get("text", "") for item in body.get("interpretation", ())), ""),
            "NGAY_KQ": shelf.moment(body.get("effectiveDateTime")),
            "MA_BS_DOC_KQ": shelf.staff(body.get("performer", ())),
        }
        found.append((number, texts | {name: text for name, text in kept.items() if name != ROW}))
    return [texts for _, texts in sorted(found, key=lambda pair: pair[0])]


def notes(shelf: Shelf, key: str) -> list[Texts]:
    """The rows of XML5; what was read out of their texts is not written, for the texts are."""
    found: list[tuple[int, Texts]] = []
    for ending, body in shelf.under("Observation", f"{key}/XML5/"):
        if "11506-3" not in coded(body.get("code"), systems.LOINC):
            continue
        kept = parts(body, "XML5", shelf)
        number, own = numbered(ending, kept)
        texts = {
            "STT": own,
            "DIEN_BIEN_LS": body.get("valueString", ""),
            "THOI_DIEM_DBLS": shelf.moment(body.get("effectiveDateTime")),
            "NGUOI_THUC_HIEN": shelf.staff(body.get("performer", ())),
        }
        for part in body.get("component", ()):
            name = code_of(part.get("code"), "FIELD")
            if name in NOTE_PARTS:
                texts[name] = part.get("valueString", "")
        found.append((number, texts | {name: text for name, text in kept.items() if name != ROW}))
    return [texts for _, texts in sorted(found, key=lambda pair: pair[0])]
