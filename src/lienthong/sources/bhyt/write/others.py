"""The rows of the other tables: papers, births, episodes, referral, appointment and check-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType
from typing import Any

from lienthong.sources.bhyt.assessment import MINUTES
from lienthong.sources.bhyt.birth import BIRTH_PLACE, CERTIFICATE
from lienthong.sources.bhyt.checkin import ORDERS
from lienthong.sources.bhyt.episode import EPISODES, VIRAL_LOAD
from lienthong.sources.bhyt.layout import fields
from lienthong.sources.bhyt.onward import NUMBERS, RECEIVER
from lienthong.sources.bhyt.paper import PAPERS, PARENTS, Paper
from lienthong.sources.bhyt.person import GENDERS
from lienthong.sources.bhyt.rest import COPIES, ROW
from lienthong.sources.bhyt.write.lines import numbered
from lienthong.sources.bhyt.write.shelf import (
    Shelf,
    code_of,
    coded,
    display,
    identifiers,
    number_text,
    parts,
)
from lienthong.sources.bhyt.write.summary import birth_text, name_text, nationality_text, place_texts
from lienthong.terminology import systems

__all__ = ["others"]

Body = dict[str, Any]
Texts = dict[str, str]
_SEXES = {value: code for code, value in GENDERS.items()}


@dataclass(frozen=True, slots=True)
class _Made:
    """What a row became: its main resource, with the row's table and key."""

    shelf: Shelf
    table: str
    key: str
    body: Body


def others(shelf: Shelf, key: str, summary: Texts) -> dict[str, list[Texts]]:
    """The rows of XML0 and XML6 to XML15, each table in the order of its rows."""
    found: dict[str, list[Texts]] = {}
    for table, (kinds, read) in _TABLES.items():
        rows: list[tuple[int, Texts]] = []
        for kind in kinds:
            for ending, body in shelf.under(kind, f"{key}/{table}/"):
                kept = parts(body, table, shelf)
                number, own = numbered(ending, kept)
                texts = {"STT": own} if "STT" in fields(table) else {}
                texts.update(read(_Made(shelf, table, f"{key}/{table}/{ending}", body)))
                texts.update(_copied(table, kept.get(COPIES, ""), summary))
                texts.update({name: text for name, text in kept.items() if name not in (ROW, COPIES)})
                rows.append((number, texts))
        if rows:
            found[table] = [texts for _, texts in sorted(rows, key=lambda pair: pair[0])]
    return found


def _copied(table: str, names: str, summary: Texts) -> Texts:
    """The fields that only repeat XML1."""
    layout = fields(table)
    found: Texts = {}
    for name in names.split():
        field = layout.get(name)
        found[name] = summary.get((field.copy_of if field else "") or name, "")
    return found


def _paper(made: _Made) -> Texts:
    shelf, table, key, body = made.shelf, made.table, made.key, made.body
    return _composition(shelf, {**PAPERS, "XML12": MINUTES, "XML9": CERTIFICATE}[table], key, body)


def _composition(shelf: Shelf, paper: Paper, key: str, body: Body) -> Texts:
    author: Body = next(iter(body.get("author", ())), {})
    period: Body = next((item.get("period", {}) for item in body.get("event", ())), {})
    texts = {
        paper.date: shelf.moment(body.get("date")),
        "MA_TTDV": next((_number(item.get("party")) for item in body.get("attester", ())), ""),
    }
    if paper.begin:
        texts[paper.begin] = shelf.moment(period.get("start"))
        texts[paper.end] = shelf.moment(period.get("end"))
    if paper.author:
        texts[paper.author] = shelf.licence(author)
    if paper.author_name and not (paper.author and not texts[paper.author]):
        texts[paper.author_name] = author.get("display", "")
    for section in body.get("section", ()):
        name = code_of(section.get("code"), "FIELD")
        if name in paper.sections:
            div = section.get("text", {}).get("div", "")
            texts[name] = unescape(div[div.find(">") + 1 : div.rfind("<")])
    for name in paper.parents:
        texts.update(_relative(shelf, key, name, PARENTS[name][1]))
    return texts


def _number(reference: Any) -> str:
    return str((reference or {}).get("identifier", {}).get("value", ""))


def _relative(shelf: Shelf, key: str, name: str, number: str) -> Texts:
    body = shelf.keyed("RelatedPerson", f"{key}/{name}")
    if not body:
        return {}
    own = [
        item["value"] for item in identifiers(body) if not str(item.get("system", "")).startswith("urn:x-lienthong:")
    ]
    return {name: name_text(body), **({number: own[0]} if number and own else {})}


def _birth(made: _Made) -> Texts:
    shelf, key, body = made.shelf, made.key, made.body
    child = shelf.keyed("Patient", key)
    carer = shelf.keyed("RelatedPerson", f"{key}/HO_TEN_NND")
    weight = shelf.keyed("Observation", f"{key}/CAN_NANG_CON").get("valueQuantity", {}).get("value")
    address: Body = next(iter(carer.get("address", ())), {})
    national: Body = next(
        (item for item in identifiers(carer) if "NI" in coded(item.get("type"), systems.IDENTIFIER_TYPE)), {}
    )
    group = display(carer, systems.EXTENSION + "MA_DANTOC").get("valueCoding", {})
    return {
        **_composition(shelf, CERTIFICATE, key, body),
        **_relative(shelf, key, "HO_TEN_CHA", ""),
        "HO_TEN_NND": name_text(carer) if carer else "",
        "NGAYSINH_NND": str(carer.get("birthDate", "")).replace("-", ""),
        "MA_DANTOC_NND": str(group.get("code", "")),
        "MA_BHXH_NND": _texted(carer, "MA_BHXH_NND"),
        "MA_THE_NND": _texted(carer, "MA_THE_NND"),
        "SO_CCCD_NND": str(national.get("value", "")),
        "NGAYCAP_CCCD_NND": shelf.moment(national.get("period", {}).get("start")),
        "NOICAP_CCCD_NND": str(national.get("assigner", {}).get("display", "")),
        "NOI_CU_TRU_NND": str(address.get("text", "")),
        **place_texts(address),
        "MA_QUOCTICH": nationality_text(child),
        "MA_THE_TAM": _texted(child, "MA_THE_TAM"),
        "HO_TEN_CON": name_text(child),
        "GIOI_TINH_CON": _SEXES.get(child.get("gender", ""), ""),
        "CAN_NANG_CON": number_text(weight),
        "NGAY_SINH_CON": birth_text(shelf, child),
        "NOI_SINH_CON": str(display(child, BIRTH_PLACE).get("valueAddress", {}).get("text", "")),
    }


def _texted(body: Body, name: str) -> str:
    """The identifier whose type says in words which field it is of."""
    found = (str(item.get("value", "")) for item in identifiers(body) if item.get("type", {}).get("text") == name)
    return next(found, "")


def _episode(made: _Made) -> Texts:
    shelf, table, key, body = made.shelf, made.table, made.key, made.body
    _, _, begin, end = EPISODES[table]
    period = body.get("period", {})
    texts = {begin: shelf.moment(period.get("start"))}
    if end:
        texts[end] = shelf.moment(period.get("end"))
    if table == "XML6":
        load = shelf.keyed("Observation", f"{key}/{VIRAL_LOAD}")
        stage = shelf.keyed("Observation", f"{key}/GIAI_DOAN_LAM_SANG")
        texts[VIRAL_LOAD] = code_of(load.get("valueCodeableConcept"), VIRAL_LOAD)
        texts["NGAY_XN_TLVR"] = shelf.moment(load.get("effectiveDateTime"))
        texts["GIAI_DOAN_LAM_SANG"] = code_of(stage.get("valueCodeableConcept"), "GIAI_DOAN_LAM_SANG")
    return texts


def _referral(made: _Made) -> Texts:
    shelf, body = made.shelf, made.body
    to: Body = next(iter(body.get("performer", ())), {})
    name = next((name for name in RECEIVER if name == to.get("display")), RECEIVER[0])
    return {
        **{number: _texted(body, number) for number in NUMBERS},
        name: _number(to),
        "MA_LYDO_CT": next(filter(None, (code_of(item, "MA_LYDO_CT") for item in body.get("reasonCode", ()))), ""),
        "MA_BAC_SI": shelf.licence(body.get("requester")),
        "HUONG_DIEU_TRI": next((item.get("text", "") for item in body.get("note", ())), ""),
    }


def _appointment(made: _Made) -> Texts:
    shelf, body = made.shelf, made.body
    asked: Body = next(iter(body.get("requestedPeriod", ())), {})
    return {
        "SO_GIAYHEN_KL": _texted(body, "SO_GIAYHEN_KL"),
        "NGAY_HEN_KL": shelf.moment(asked.get("start")),
        "NGAY_CT": shelf.moment(body.get("created")),
        "MA_BAC_SI": shelf.staff(item.get("actor") for item in body.get("participant", ())),
    }


def _order(made: _Made) -> Texts:
    shelf, body = made.shelf, made.body
    code, name = ORDERS[body["resourceType"]]
    what = body.get("code") or body.get("medicationCodeableConcept") or body.get("codeCodeableConcept") or {}
    return {
        code: code_of(what, code),
        name: what.get("text", ""),
        "NGAY_YL": shelf.moment(body.get("authoredOn")),
    }


_Read = Callable[[_Made], Texts]
_TABLES: Mapping[str, tuple[tuple[str, ...], _Read]] = MappingProxyType(
    {
        "XML0": (tuple(ORDERS), _order),
        **dict.fromkeys(EPISODES, (("EpisodeOfCare",), _episode)),
        **dict.fromkeys((*PAPERS, "XML12"), (("Composition",), _paper)),
        "XML9": (("Composition",), _birth),
        "XML13": (("ServiceRequest",), _referral),
        "XML14": (("Appointment",), _appointment),
    }
)
"""By table: the types that its rows became, and what reads one of them."""
