"""Writes a visit as a health-insurance claim: rows of XML1 to XML5 and XML8, with sums that hold to the đồng.

Fields and their order are those of Quyết định 130/QĐ-BYT 2023 as changed by 4750 (2023) and 3176 (2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from lienthong.demo.formulary import LABS
from lienthong.demo.papers import chart_summary
from lienthong.demo.visits import Visit

__all__ = ["FACILITY_A", "Claim", "Row", "amounts", "claim", "claim_key", "totals"]

FACILITY_A = "01999"
Row = dict[str, str]
_CENT = Decimal("0.01")
_OUTCOMES = {"cured": "1", "better": "2", "same": "3", "worse": "4", "died": "5"}  # KET_QUA_DTRI
_STAFF = "{number:06d}/BIA-CCHN"
_SERVICES = {"22.0121.1369": "Tổng phân tích tế bào máu ngoại vi (bằng máy đếm laser)"}
_OTHER_SOURCES = ("T_NGUONKHAC_NSNN", "T_NGUONKHAC_VTNN", "T_NGUONKHAC_VTTN", "T_NGUONKHAC_CL", "T_NGUONKHAC")


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim: its visit, its key, and its tables by name (`XML1` one row, the others as many as there are)."""

    visit: Visit
    key: str
    tables: dict[str, list[Row]]


def _empty(fields: str) -> Row:
    return dict.fromkeys(fields.split(), "")


def _when(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M")


def _money(amount: Decimal) -> str:
    """An amount as hospital software prints it: no more decimals than needed, one at least."""
    text = f"{amount.quantize(_CENT, ROUND_HALF_UP):f}"
    return text.removesuffix("0")


def _birth(text: str) -> str:
    return (text.replace("-", "") + "00000000")[:12]


def claim_key(visit: Visit) -> str:
    """The MA_LK of a visit."""
    return f"LK{visit.start:%y%m}{visit.number:06d}"


def claim(visit: Visit) -> Claim:
    """The claim of a visit to hospital A."""
    key = claim_key(visit)
    services, supplies = _services(visit, key), _supplies(visit, key)
    tables = {
        "XML1": [],
        "XML2": _drugs(visit, key),
        "XML3": services + supplies,
        "XML4": _results(visit, key),
        "XML5": _notes(visit, key),
    }
    for number, row in enumerate(tables["XML3"], 1):
        row["STT"] = str(number)
    tables["XML1"] = [_summary(visit, key) | totals(tables)]
    tables["XML1"] = [{name: tables["XML1"][0][name] for name in _XML1.split()}]
    if visit.kind == "inpatient":
        tables["XML8"] = [chart_summary(visit, tables["XML1"][0])]
    return Claim(visit, key, tables)


def totals(tables: dict[str, list[Row]]) -> Row:
    """The sums that XML1 carries over the rows of XML2 and XML3."""

    def over(field: str, *rows: Row) -> str:
        return _money(sum((Decimal(row[field]) for row in rows), Decimal(0)))

    drugs, lines = tables["XML2"], [*tables["XML2"], *tables["XML3"]]
    supplies = [row for row in tables["XML3"] if row["MA_NHOM"] in ("10", "11")]
    return {
        "T_THUOC": over("THANH_TIEN_BV", *drugs),
        "T_VTYT": over("THANH_TIEN_BV", *supplies),
        "T_TONGCHI_BV": over("THANH_TIEN_BV", *lines),
        "T_TONGCHI_BH": over("THANH_TIEN_BH", *lines),
        "T_BNTT": over("T_BNTT", *lines),
        "T_BNCCT": over("T_BNCCT", *lines),
        "T_BHTT": over("T_BHTT", *lines),
        "T_NGUONKHAC": over("T_NGUONKHAC", *lines),
    }


def amounts(quantity: Decimal, price: Decimal, level: int, *, covered: bool) -> Row:
    """What a line costs and who pays: BHTT = BH x level, BNCCT = BH - BHTT, BNTT = BV - BH (QĐ 130)."""
    total = (quantity * price).quantize(_CENT, ROUND_HALF_UP)
    within = total if covered else Decimal(0)
    paid = (within * level / 100).quantize(_CENT, ROUND_HALF_UP)
    return {
        "THANH_TIEN_BV": _money(total),
        "THANH_TIEN_BH": _money(within),
        **dict.fromkeys(_OTHER_SOURCES, "0"),
        "MUC_HUONG": str(level if covered else 0),
        "T_BNTT": _money(total - within),
        "T_BNCCT": _money(within - paid),
        "T_BHTT": _money(paid),
    }


def _department(visit: Visit) -> str:
    return visit.department.code


def _physician(visit: Visit) -> str:
    return _STAFF.format(number=990_010 + visit.physician)


def _ordered(visit: Visit) -> datetime:
    return visit.start + timedelta(minutes=20)


def _summary(visit: Visit, key: str) -> Row:
    person, registration = visit.person, visit.registration
    inpatient, chronic = visit.kind == "inpatient", visit.kind == "chronic"
    days = (visit.end.date() - visit.start.date()).days + 1 if inpatient else 0
    if chronic and visit.prescriptions:
        days = max(item.days for item in visit.prescriptions)
    diagnoses = (visit.main, *visit.others)
    return _empty(_XML1) | {
        "MA_LK": key,
        "STT": "1",
        "MA_BN": registration.key,
        "HO_TEN": registration.name,
        "SO_CCCD": registration.national_id,
        "NGAY_SINH": _birth(registration.birth),
        "GIOI_TINH": "1" if registration.sex == "male" else "2",
        "MA_QUOCTICH": "000",
        "MA_DANTOC": person.ethnic,
        "MA_NGHE_NGHIEP": person.occupation,
        "DIA_CHI": registration.address.text,
        "MATINH_CU_TRU": registration.address.province_code,
        "MAXA_CU_TRU": registration.address.ward_code,
        "DIEN_THOAI": registration.phone,
        "MA_THE_BHYT": registration.card,
        "MA_DKBD": FACILITY_A,
        "GT_THE_TU": "20220101",
        "GT_THE_DEN": "20271231",
        "LY_DO_VV": visit.main.complaint,
        "LY_DO_VNT": f"{visit.main.vi}, cần điều trị nội trú"[:250] if inpatient else "",
        "CHAN_DOAN_VAO": visit.main.vi,
        "CHAN_DOAN_RV": "; ".join(item.vi for item in diagnoses),
        "MA_BENH_CHINH": visit.main.icd10,
        "MA_BENH_KT": ";".join(item.icd10 for item in visit.others),
        "MA_DOITUONG_KCB": "1.1",
        "NGAY_VAO": _when(visit.start),
        "NGAY_VAO_NOI_TRU": _when(visit.start + timedelta(minutes=15)) if inpatient else "",
        "NGAY_RA": _when(visit.end),
        "SO_NGAY_DTRI": str(days),
        "PP_DIEU_TRI": ("Phẫu thuật" if visit.is_operated else "Nội khoa") if inpatient else "",
        "KET_QUA_DTRI": _OUTCOMES[visit.outcome],
        "MA_LOAI_RV": "1",
        "NGAY_TTOAN": _when(visit.end + timedelta(minutes=10)),
        "T_BHTT_GDV": "0",
        "NAM_QT": f"{visit.end:%Y}",
        "THANG_QT": f"{visit.end:%m}",
        "MA_LOAI_KCB": "03" if inpatient else ("05" if days else "01"),
        "MA_KHOA": _department(visit),
        "MA_CSKCB": FACILITY_A,
        "CAN_NANG": f"{visit.vitals.weight if visit.vitals else Decimal(round(person.health.weight)):.2f}",
        "CAN_NANG_CON": str(2500 + visit.number * 37 % 1400) if visit.main.icd10.startswith("O8") else "",
        "NGAY_TAI_KHAM": f"{visit.end + timedelta(days=days):%Y%m%d}" if chronic and days else "",
        "MA_HSBA": f"HS{key[2:]}",
        "MA_TTDV": "9900000001",
    }


def _drugs(visit: Visit, key: str) -> list[Row]:
    rows = []
    for number, item in enumerate(visit.prescriptions, 1):
        drug = item.drug
        level = visit.person.benefit
        rows.append(
            {
                "MA_LK": key,
                "STT": str(number),
                "MA_THUOC": drug.code,
                "MA_PP_CHEBIEN": "",
                "MA_CSKCB_THUOC": "",
                "MA_NHOM": "4",
                "TEN_THUOC": f"{drug.vi} {drug.strength}",
                "DON_VI_TINH": drug.unit,
                "HAM_LUONG": drug.strength,
                "DUONG_DUNG": drug.route,
                "DANG_BAO_CHE": "",
                "LIEU_DUNG": f"{item.dose} * {item.days} ngày",
                "CACH_DUNG": "",
                "SO_DANG_KY": drug.registration,
                "TT_THAU": f"099/QĐ-BIA;G1;N4;{visit.start:%Y}",
                "PHAM_VI": "1" if item.covered else "2",
                "TYLE_TT_BH": "100" if item.covered else "0",
                "SO_LUONG": str(item.quantity),
                "DON_GIA": str(drug.price),
                **amounts(Decimal(item.quantity), drug.price, level, covered=item.covered),
                "MA_KHOA": _department(visit),
                "MA_BAC_SI": _physician(visit),
                "MA_DICH_VU": "",
                "NGAY_YL": _when(_prescribed(visit)),
                "NGAY_TH_YL": _when(_prescribed(visit)),
                "MA_PTTT": "1",
                "NGUON_CTRA": "1" if item.covered else "4",
                "VET_THUONG_TP": "",
                "DU_PHONG": "",
            }
        )
    return rows


def _prescribed(visit: Visit) -> datetime:
    return min(visit.end, visit.start + timedelta(minutes=70))


def _services(visit: Visit, key: str) -> list[Row]:
    ordered = _ordered(visit)
    rows = [
        _line(visit, key, "02.03", "13", "Khám Nội tổng hợp", Decimal("50600"), Decimal(1), visit.start, visit.start)
        | {"NGAY_KQ": _when(ordered)}
    ]
    for lab in {LABS[name].service: LABS[name] for name, _ in visit.labs}.values():
        title = _SERVICES.get(lab.service, f"Định lượng {lab.vi} [Máu]")
        done = ordered + timedelta(minutes=10)
        rows.append(
            _line(
                visit,
                key,
                lab.service,
                "1",
                title,
                lab.price,
                Decimal(1),
                ordered,
                done,
            )
            | {
                "NGUOI_THUC_HIEN": _STAFF.format(number=990_031),
                "NGAY_KQ": _when(_resulted(visit)),
                "MA_MAY": f"SH.1.{FACILITY_A}.BIA01",
            }
        )
    if visit.kind == "inpatient":
        nights = (visit.end.date() - visit.start.date()).days
        bed = _line(
            visit,
            key,
            f"{visit.department.code}.1917",
            "15",
            f"Giường nội trú {visit.department.vi} (bịa)",
            Decimal("245700"),
            Decimal(nights),
            ordered,
            ordered,
        )
        rows.append(bed | {"MA_GIUONG": f"H{1 + visit.number % 40:03d}", "NGAY_KQ": _when(visit.end)})
    return rows


def _supplies(visit: Visit, key: str) -> list[Row]:
    if visit.kind != "inpatient":
        return []
    ordered = _ordered(visit)
    row = _line(visit, key, "", "10", "", Decimal("1050.5"), Decimal(6), ordered, ordered)
    return [
        row
        | {
            "MA_VAT_TU": "N03.99.010.0001",
            "TEN_VAT_TU": "Bơm tiêm nhựa 10 ml (bịa)",
            "DON_VI_TINH": "Cái",
            "TT_THAU": f"098/QĐ-BIA;G1;N3;{visit.start:%Y}",
        }
    ]


def _line(
    visit: Visit,
    key: str,
    service: str,
    group: str,
    name: str,
    price: Decimal,
    quantity: Decimal,
    ordered: datetime,
    done: datetime,
) -> Row:
    """One row of XML3, covered in full."""
    paid = amounts(quantity, price, visit.person.benefit, covered=True)
    return _empty(_XML3) | {
        "MA_LK": key,
        "MA_DICH_VU": service,
        "MA_NHOM": group,
        "TEN_DICH_VU": name,
        "DON_VI_TINH": "Ngày" if group == "15" else "Lần",
        "PHAM_VI": "1",
        "SO_LUONG": str(quantity),
        "DON_GIA_BV": str(price),
        "DON_GIA_BH": str(price),
        "TYLE_TT_DV": "100",
        "TYLE_TT_BH": "100",
        **paid,
        "MA_KHOA": _department(visit),
        "MA_BAC_SI": _physician(visit),
        "MA_BENH": visit.main.icd10,
        "NGAY_YL": _when(ordered),
        "NGAY_TH_YL": _when(done),
        "MA_PTTT": "1",
    }


def _resulted(visit: Visit) -> datetime:
    return _ordered(visit) + timedelta(minutes=40)


def _results(visit: Visit, key: str) -> list[Row]:
    rows = []
    for number, (name, value) in enumerate(visit.labs, 1):
        lab = LABS[name]
        high = lab.high is not None and value > lab.high
        low = lab.low is not None and value < lab.low
        rows.append(
            {
                "MA_LK": key,
                "STT": str(number),
                "MA_DICH_VU": lab.service,
                "MA_CHI_SO": lab.index,
                "TEN_CHI_SO": lab.vi,
                "GIA_TRI": str(value),
                "DON_VI_DO": lab.unit,
                "MO_TA": "",
                "KET_LUAN": "Tăng" if high else ("Giảm" if low else "Bình thường"),
                "NGAY_KQ": _when(_resulted(visit)),
                "MA_BS_DOC_KQ": _STAFF.format(number=990_031),
                "DU_PHONG": "",
            }
        )
    return rows


def _notes(visit: Visit, key: str) -> list[Row]:
    moments: list[tuple[datetime, str]] = []
    if visit.vitals is not None:
        signs = visit.vitals
        moments.append(
            (
                visit.start + timedelta(minutes=10),
                f"{visit.note}. M: {signs.pulse} l/p; HA: {signs.systolic}/{signs.diastolic} mmHg; "
                f"NĐ: {signs.temperature}",
            )
        )
    for turn, sign in enumerate(visit.signs, 1):
        more = [f"NT: {sign.respiration} l/p"] if sign.respiration is not None else []
        more += [f"thở oxy {sign.oxygen} l/p"] if sign.oxygen else []
        text = f"Lần {turn}: {'; '.join([*more, f'SpO2: {sign.spo2}%'])}. M: {sign.pulse} l/p; "
        moments.append((sign.moment, f"{text}HA: {sign.systolic}/{sign.diastolic} mmHg; NĐ: {sign.temperature}"))
    return [
        {
            "MA_LK": key,
            "STT": str(number),
            "DIEN_BIEN_LS": text,
            "GIAI_DOAN_BENH": "",
            "HOI_CHAN": "",
            "PHAU_THUAT": "",
            "THOI_DIEM_DBLS": _when(moment),
            "NGUOI_THUC_HIEN": _physician(visit),
            "DU_PHONG": "",
        }
        for number, (moment, text) in enumerate(moments, 1)
    ]


_XML1 = """
MA_LK STT MA_BN HO_TEN SO_CCCD NGAY_SINH GIOI_TINH NHOM_MAU MA_QUOCTICH MA_DANTOC MA_NGHE_NGHIEP DIA_CHI
MATINH_CU_TRU MAHUYEN_CU_TRU MAXA_CU_TRU DIEN_THOAI MA_THE_BHYT MA_DKBD GT_THE_TU GT_THE_DEN NGAY_MIEN_CCT LY_DO_VV
LY_DO_VNT MA_LY_DO_VNT CHAN_DOAN_VAO CHAN_DOAN_RV MA_BENH_CHINH MA_BENH_KT MA_BENH_YHCT MA_PTTT_QT MA_DOITUONG_KCB
MA_NOI_DI MA_NOI_DEN MA_TAI_NAN NGAY_VAO NGAY_VAO_NOI_TRU NGAY_RA GIAY_CHUYEN_TUYEN SO_NGAY_DTRI PP_DIEU_TRI
KET_QUA_DTRI MA_LOAI_RV GHI_CHU NGAY_TTOAN T_THUOC T_VTYT T_TONGCHI_BV T_TONGCHI_BH T_BNTT T_BNCCT T_BHTT
T_NGUONKHAC T_BHTT_GDV NAM_QT THANG_QT MA_LOAI_KCB MA_KHOA MA_CSKCB MA_KHUVUC CAN_NANG CAN_NANG_CON NAM_NAM_LIEN_TUC
NGAY_TAI_KHAM MA_HSBA MA_TTDV DU_PHONG
"""
_XML3 = """
MA_LK STT MA_DICH_VU MA_PTTT_QT MA_VAT_TU MA_NHOM GOI_VTYT TEN_VAT_TU TEN_DICH_VU MA_XANG_DAU DON_VI_TINH PHAM_VI
SO_LUONG DON_GIA_BV DON_GIA_BH TT_THAU TYLE_TT_DV TYLE_TT_BH THANH_TIEN_BV THANH_TIEN_BH T_TRANTT MUC_HUONG
T_NGUONKHAC_NSNN T_NGUONKHAC_VTNN T_NGUONKHAC_VTTN T_NGUONKHAC_CL T_NGUONKHAC T_BNTT T_BNCCT T_BHTT MA_KHOA
MA_GIUONG MA_BAC_SI NGUOI_THUC_HIEN MA_BENH MA_BENH_YHCT NGAY_YL NGAY_TH_YL NGAY_KQ MA_PTTT VET_THUONG_TP PP_VO_CAM
VI_TRI_TH_DVKT MA_MAY MA_HIEU_SP TAI_SU_DUNG DU_PHONG
"""
