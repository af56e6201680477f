"""Every rule of claims: clean claims break none; each rule has a mutation that breaks it, alone and at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.spec.claims import (
    Tables,
    codes,
    day_visit,
    examined,
    inpatient,
    moved,
    outpatient,
    paper,
    plus,
    sum_up,
)

from lienthong.sources.bhyt import BY_ID, RULES, choose, read_icd10

Break = Callable[[Tables], None]
Base = Callable[[], Tables]


def put(table: str, row: int, **fields: str) -> Break:
    """Sets fields of a row (counted from 1)."""

    def change(tables: Tables) -> None:
        tables[table][row - 1] |= fields

    return change


def add(table: str, row: int, field: str, amount: str) -> Break:
    def change(tables: Tables) -> None:
        tables[table][row - 1][field] = plus(tables[table][row - 1][field], amount)

    return change


def shift(table: str, row: int, field: str, of: str, **by: float) -> Break:
    """Sets a moment of a row to another moment of the row, or of XML1, moved."""

    def change(tables: Tables) -> None:
        source = tables[table][row - 1] if of in tables[table][row - 1] else tables["XML1"][0]
        tables[table][row - 1][field] = moved(source[of], **by)

    return change


def both(*changes: Break) -> Break:
    def change(tables: Tables) -> None:
        for one in changes:
            one(tables)

    return change


def with_paper(table: str, **own: str) -> Break:
    def change(tables: Tables) -> None:
        paper(tables, table, **own)

    return change


def drop(table: str) -> Break:
    def change(tables: Tables) -> None:
        del tables[table]

    return change


def grouped(group: str, field: str, value: str = "") -> Break:
    """Sets a field of the first row of XML3 of a cost group."""

    def change(tables: Tables) -> None:
        next(row for row in tables["XML3"] if row["MA_NHOM"] == group)[field] = value

    return change


def again(table: str, row: int) -> Break:
    """The same row once more; numbers and sums follow."""

    def change(tables: Tables) -> None:
        tables[table].append(dict(tables[table][row - 1]))
        _number(tables[table])
        sum_up(tables)

    return change


def _zero_line(tables: Tables) -> None:
    money = {name: "0" for name in tables["XML2"][0] if name.startswith(("T_", "THANH_TIEN"))}
    tables["XML2"].append(tables["XML2"][0] | money | {"SO_LUONG": "0"})
    sum_up(tables)


def _twice_the_bed(tables: Tables) -> None:
    """More bed days than the stay has; the line and the sums follow."""
    bed = next(row for row in tables["XML3"] if row["MA_NHOM"] == "15")
    for name in ("SO_LUONG", "THANH_TIEN_BV", "THANH_TIEN_BH", "T_BHTT", "T_BNCCT"):
        bed[name] = str(Decimal(bed[name]) * 3)
    sum_up(tables)


def _sixteen_hours(tables: Tables) -> None:
    del tables["XML8"]
    tables["XML1"][0] |= {"MA_LOAI_KCB": "09", "SO_NGAY_DTRI": "0"}


def _other_sources(tables: Tables) -> None:
    tables["XML2"][0] |= {"T_NGUONKHAC": "500", "T_NGUONKHAC_CL": "500"}
    tables["XML1"][0]["T_NGUONKHAC"] = "500"


def _to_other_facility(tables: Tables) -> None:
    """A referral as it should be."""
    tables["XML1"][0] |= {"MA_LOAI_RV": "2", "MA_NOI_DEN": "92999"}
    paper(tables, "XML13", GIAY_CHUYEN_TUYEN="1", MA_LYDO_CT="1")


def _birth(tables: Tables) -> None:
    """A birth as it should be: the mother's stay, the weight, the birth proof."""
    tables["XML1"][0] |= {"MA_BENH_CHINH": "O80.0", "GIOI_TINH": "2", "SO_CCCD": "", "CAN_NANG_CON": "3100"}
    paper(tables, "XML9", CAN_NANG_CON="3100", MA_THE_TAM="TE1019900000001")


def _without_first_result(tables: Tables) -> None:
    service = tables["XML3"][1]["MA_DICH_VU"]
    tables["XML4"] = [row for row in tables["XML4"] if row["MA_DICH_VU"] != service]
    _number(tables["XML4"])


def _other_result(tables: Tables) -> None:
    tables["XML4"].append(tables["XML4"][0] | {"MA_DICH_VU": "23.0001.0001"})
    _number(tables["XML4"])


def _number(rows: list[dict[str, str]]) -> None:
    for number, row in enumerate(rows, 1):
        row["STT"] = str(number)


def _operation(tables: Tables) -> None:
    """A test becomes an operation with its anaesthesia, and its results go."""
    _without_first_result(tables)
    tables["XML3"][1] |= {"MA_NHOM": "8", "PP_VO_CAM": "2"}


def base(start: Base, *changes: Break) -> Base:
    """A clean claim made of another one."""

    def made() -> Tables:
        tables = start()
        both(*changes)(tables)
        return tables

    return made


REFERRAL = base(inpatient, _to_other_facility)
BIRTH = base(inpatient, _birth)
OPERATED = base(outpatient, _operation)
WITH_7 = base(inpatient, lambda tables: (paper(tables, "XML7", MA_YTE=tables["XML1"][0]["MA_BN"]), None)[1])
WITH_10 = base(outpatient, with_paper("XML10", TU_NGAY="20260116", DEN_NGAY="20260120", SO_NGAY="5"))
WITH_11 = base(
    outpatient, with_paper("XML11", TU_NGAY="20260116", DEN_NGAY="20260120", SO_NGAY_NGHI="5", MA_BHXH="9900000002")
)
WITH_14 = base(
    outpatient,
    put("XML1", 1, NGAY_TAI_KHAM="20260201"),
    with_paper("XML14", NGAY_HEN_KL="202602010800", NGAY_CT="20260116"),
)
HIV = {
    "LOAI_DTRI_LAO": "0",
    "MA_TINH_TRANG_DK": "2",
    "MA_XU_TRI": "1",
    "NGAY_BAT_DAU_XU_TRI": "20260116",
    "NGAY_KET_THUC_XU_TRI": "20260216",
    "SO_NGAY_CAP_THUOC_ARV": "30",
}
WITH_6 = base(outpatient, with_paper("XML6", **HIV))

# Each rule that looks: a clean claim, what breaks the rule and no other, and the place at which it is found.
MUTATIONS: dict[str, tuple[Base, Break, str]] = {
    # money
    "bhyt-line-hospital-amount": (outpatient, add("XML2", 1, "DON_GIA", "100"), "XML2 1 THANH_TIEN_BV"),
    "bhyt-line-insured-amount": (outpatient, add("XML3", 1, "DON_GIA_BH", "1000"), "XML3 1 THANH_TIEN_BH"),
    "bhyt-line-other-sources": (outpatient, put("XML2", 1, T_NGUONKHAC_CL="1000"), "XML2 1 T_NGUONKHAC"),
    "bhyt-line-fund": (outpatient, put("XML2", 1, MUC_HUONG="40"), "XML2 1 T_BHTT"),
    "bhyt-line-copayment": (outpatient, add("XML2", 1, "T_BNCCT", "2000"), "XML2 1 T_BNCCT"),
    "bhyt-line-own-payment": (outpatient, add("XML3", 1, "T_BNTT", "2000"), "XML3 1 T_BNTT"),
    "bhyt-line-payers": (outpatient, _other_sources, "XML2 1 T_NGUONKHAC"),
    "bhyt-total-drugs": (outpatient, add("XML1", 1, "T_THUOC", "1"), "XML1 T_THUOC"),
    "bhyt-total-supplies": (inpatient, add("XML1", 1, "T_VTYT", "1000"), "XML1 T_VTYT"),
    "bhyt-total-hospital": (outpatient, add("XML1", 1, "T_TONGCHI_BV", "-1"), "XML1 T_TONGCHI_BV"),
    "bhyt-total-insured": (outpatient, add("XML1", 1, "T_TONGCHI_BH", "1000"), "XML1 T_TONGCHI_BH"),
    "bhyt-total-own-payment": (outpatient, add("XML1", 1, "T_BNTT", "1000"), "XML1 T_BNTT"),
    "bhyt-total-copayment": (outpatient, add("XML1", 1, "T_BNCCT", "1000"), "XML1 T_BNCCT"),
    "bhyt-total-fund": (outpatient, add("XML1", 1, "T_BHTT", "1000"), "XML1 T_BHTT"),
    "bhyt-total-other-sources": (outpatient, put("XML1", 1, T_NGUONKHAC="1000"), "XML1 T_NGUONKHAC"),
    "bhyt-total-outside-price": (outpatient, put("XML1", 1, T_BHTT_GDV="99999999"), "XML1 T_BHTT_GDV"),
    "bhyt-number-negative": (outpatient, put("XML1", 1, T_BHTT_GDV="-1"), "XML1 T_BHTT_GDV"),
    "bhyt-rate-outside": (outpatient, put("XML3", 1, TYLE_TT_DV="110"), "XML3 1 TYLE_TT_DV"),
    "bhyt-amount-decimals": (outpatient, add("XML2", 1, "DON_GIA", "0.0001"), "XML2 1 DON_GIA"),
    "bhyt-quantity-zero": (outpatient, _zero_line, "XML2 3 SO_LUONG"),
    "bhyt-scope-paid": (outpatient, put("XML2", 1, PHAM_VI="2"), "XML2 1 PHAM_VI"),
    "bhyt-payer-not-fund": (outpatient, put("XML2", 1, NGUON_CTRA="2"), "XML2 1 NGUON_CTRA"),
    "bhyt-fund-without-card": (
        outpatient,
        put("XML1", 1, MA_THE_BHYT="", MA_DKBD="", GT_THE_TU="", GT_THE_DEN=""),
        "XML1 MA_THE_BHYT",
    ),
    "bhyt-fund-without-insurance": (outpatient, put("XML1", 1, MA_DOITUONG_KCB="9"), "XML1 MA_DOITUONG_KCB"),
    # times
    "bhyt-period-order": (outpatient, shift("XML1", 1, "NGAY_RA", "NGAY_VAO", hours=-1), "XML1 NGAY_RA"),
    "bhyt-admission-outside-stay": (
        inpatient,
        shift("XML1", 1, "NGAY_VAO_NOI_TRU", "NGAY_VAO", hours=-1),
        "XML1 NGAY_VAO_NOI_TRU",
    ),
    "bhyt-payment-before-out": (
        outpatient,
        shift("XML1", 1, "NGAY_TTOAN", "NGAY_RA", minutes=-1),
        "XML1 NGAY_TTOAN",
    ),
    "bhyt-order-outside-stay": (outpatient, shift("XML3", 1, "NGAY_YL", "NGAY_VAO", hours=-1), "XML3 1 NGAY_YL"),
    "bhyt-done-before-order": (
        outpatient,
        shift("XML2", 1, "NGAY_TH_YL", "NGAY_YL", minutes=-10),
        "XML2 1 NGAY_TH_YL",
    ),
    "bhyt-done-after-out": (outpatient, shift("XML2", 1, "NGAY_TH_YL", "NGAY_RA", hours=1), "XML2 1 NGAY_TH_YL"),
    "bhyt-result-before-order": (outpatient, shift("XML3", 2, "NGAY_KQ", "NGAY_YL", minutes=-5), "XML3 2 NGAY_KQ"),
    "bhyt-result-before-done": (outpatient, shift("XML3", 2, "NGAY_KQ", "NGAY_YL", minutes=5), "XML3 2 NGAY_KQ"),
    "bhyt-result-after-out": (outpatient, shift("XML4", 1, "NGAY_KQ", "NGAY_RA", hours=1), "XML4 1 NGAY_KQ"),
    "bhyt-result-before-visit": (outpatient, shift("XML4", 1, "NGAY_KQ", "NGAY_VAO", days=-1), "XML4 1 NGAY_KQ"),
    "bhyt-note-outside-stay": (
        outpatient,
        shift("XML5", 1, "THOI_DIEM_DBLS", "NGAY_RA", days=1),
        "XML5 1 THOI_DIEM_DBLS",
    ),
    "bhyt-days-of-treatment": (inpatient, put("XML1", 1, SO_NGAY_DTRI="99"), "XML1 SO_NGAY_DTRI"),
    "bhyt-short-stay-long": (inpatient, _sixteen_hours, "XML1 MA_LOAI_KCB"),
    "bhyt-birth-after-visit": (
        outpatient,
        put("XML1", 1, NGAY_SINH="203001010000", SO_CCCD=""),
        "XML1 NGAY_SINH",
    ),
    "bhyt-age-impossible": (outpatient, put("XML1", 1, NGAY_SINH="185001010000", SO_CCCD=""), "XML1 NGAY_SINH"),
    "bhyt-newborn-without-time": (
        outpatient,
        put("XML1", 1, NGAY_SINH="202601100000", SO_CCCD=""),
        "XML1 NGAY_SINH",
    ),
    "bhyt-follow-up-early": (day_visit, put("XML1", 1, NGAY_TAI_KHAM="20260101"), "XML1 NGAY_TAI_KHAM"),
    "bhyt-paper-before-visit": (WITH_14, put("XML14", 1, NGAY_CT="20260101"), "XML14 1 NGAY_CT"),
    "bhyt-settlement-month": (outpatient, put("XML1", 1, THANG_QT="13"), "XML1 THANG_QT"),
    "bhyt-settlement-before-out": (outpatient, put("XML1", 1, NAM_QT="2020"), "XML1 THANG_QT"),
    "bhyt-death-and-transfer": (
        outpatient,
        put("XML1", 1, KET_QUA_DTRI="5", MA_LOAI_RV="4"),
        "XML1 MA_LOAI_RV",
    ),
    "bhyt-death-and-follow-up": (day_visit, put("XML1", 1, KET_QUA_DTRI="5"), "XML1 NGAY_TAI_KHAM"),
    "bhyt-moment-without-minute": (outpatient, put("XML3", 2, NGAY_KQ="20260116"), "XML3 2 NGAY_KQ"),
    "bhyt-birth-outside-stay": (BIRTH, put("XML9", 1, NGAY_SINH_CON="202603010800"), "XML9 1 NGAY_SINH_CON"),
    "bhyt-programme-reversed": (
        WITH_6,
        put("XML6", 1, NGAY_XN_TLVR="20260116", NGAY_KQ_XN_TLVR="20260110"),
        "XML6 1 NGAY_KQ_XN_TLVR",
    ),
    "bhyt-leave-long": (
        WITH_11,
        put("XML11", 1, SO_NGAY_NGHI="196", TU_NGAY="20260116", DEN_NGAY="20260731"),
        "XML11 1 SO_NGAY_NGHI",
    ),
    "bhyt-leave-reversed": (WITH_10, put("XML10", 1, DEN_NGAY="20260110"), "XML10 1 DEN_NGAY"),
    "bhyt-leave-days": (WITH_11, put("XML11", 1, SO_NGAY_NGHI="30"), "XML11 1 SO_NGAY_NGHI"),
    # patient and card
    "bhyt-card-shape": (outpatient, put("XML1", 1, MA_THE_BHYT="DN9012345678901"), "XML1 MA_THE_BHYT"),
    "bhyt-list-length": (outpatient, put("XML1", 1, MA_DKBD="01999;01998"), "XML1 MA_DKBD"),
    "bhyt-card-incomplete": (outpatient, put("XML1", 1, MA_DKBD=""), "XML1 MA_DKBD"),
    "bhyt-card-days-reversed": (
        outpatient,
        put("XML1", 1, GT_THE_TU="20270101", GT_THE_DEN="20260101"),
        "XML1 GT_THE_DEN",
    ),
    "bhyt-card-not-valid": (
        outpatient,
        put("XML1", 1, GT_THE_TU="20200101", GT_THE_DEN="20251231"),
        "XML1 GT_THE_DEN",
    ),
    "bhyt-national-id-shape": (outpatient, put("XML1", 1, SO_CCCD="0331710035"), "XML1 SO_CCCD"),
    "bhyt-national-id-sex": (outpatient, put("XML1", 1, SO_CCCD="033071003563"), "XML1 SO_CCCD"),
    "bhyt-national-id-birth": (outpatient, put("XML1", 1, SO_CCCD="033172003563"), "XML1 SO_CCCD"),
    "bhyt-national-id-province": (outpatient, put("XML1", 1, SO_CCCD="003171003563"), "XML1 SO_CCCD"),
    "bhyt-facility-form": (outpatient, put("XML1", 1, MA_NOI_DI="0199"), "XML1 MA_NOI_DI"),
    "bhyt-head-form": (outpatient, put("XML1", 1, MA_TTDV="99000001"), "XML1 MA_TTDV"),
    "bhyt-social-number": (WITH_11, put("XML11", 1, MA_BHXH="0000000000"), "XML11 1 MA_BHXH"),
    "bhyt-temporary-card-form": (WITH_7, put("XML7", 1, MA_THE_TAM="TE1"), "XML7 1 MA_THE_TAM"),
    "bhyt-province-unknown": (outpatient, put("XML1", 1, MATINH_CU_TRU="97"), "XML1 MATINH_CU_TRU"),
    "bhyt-district-ended": (outpatient, put("XML1", 1, MAHUYEN_CU_TRU="001"), "XML1 MAHUYEN_CU_TRU"),
    # copies
    "bhyt-copy-differs": (REFERRAL, put("XML13", 1, NGAY_SINH="199001010000"), "XML13 1 NGAY_SINH"),
    "bhyt-paper-differs": (inpatient, put("XML8", 1, NGAY_RA="202601110900"), "XML8 1 NGAY_RA"),
    "bhyt-patient-number-differs": (WITH_7, put("XML7", 1, MA_YTE="SH000000"), "XML7 1 MA_YTE"),
    "bhyt-row-number-repeated": (outpatient, put("XML3", 2, STT="1"), "XML3 2 STT"),
    "bhyt-row-number-gap": (outpatient, put("XML4", 2, STT="9"), "XML4 1 STT"),
    "bhyt-follow-up-differs": (WITH_14, put("XML14", 1, NGAY_HEN_KL="202602020800"), "XML14 1 NGAY_HEN_KL"),
    # forms
    "bhyt-bed-form": (inpatient, grouped("15", "MA_GIUONG", "P001"), "XML3 6 MA_GIUONG"),
    "bhyt-machine-form": (outpatient, put("XML3", 2, MA_MAY="BIA01"), "XML3 2 MA_MAY"),
    "bhyt-tender-form": (outpatient, put("XML2", 1, TT_THAU="099/QĐ-BIA;N4"), "XML2 1 TT_THAU"),
    "bhyt-route-form": (outpatient, put("XML2", 1, DUONG_DUNG="Uốn"), "XML2 1 DUONG_DUNG"),
    "bhyt-department-form": (outpatient, put("XML3", 1, MA_KHOA="Nội"), "XML3 1 MA_KHOA"),
    "bhyt-package-form": (inpatient, grouped("10", "GOI_VTYT", "1"), "XML3 7 GOI_VTYT"),
    "bhyt-code-short": (outpatient, put("XML1", 1, MA_DANTOC="1"), "XML1 MA_DANTOC"),
    "bhyt-gestation-outside": (WITH_7, put("XML7", 1, TUOI_THAI="60"), "XML7 1 TUOI_THAI"),
    "bhyt-weight-implausible": (outpatient, put("XML1", 1, CAN_NANG="65000"), "XML1 CAN_NANG"),
    "bhyt-child-weight-implausible": (BIRTH, put("XML1", 1, CAN_NANG_CON="3.1"), "XML1 CAN_NANG_CON"),
    "bhyt-child-weight-of-man": (day_visit, put("XML1", 1, CAN_NANG_CON="3100"), "XML1 CAN_NANG_CON"),
    "bhyt-child-count-differs": (BIRTH, put("XML1", 1, CAN_NANG_CON="3100;2900"), "XML1 CAN_NANG_CON"),
    "bhyt-secondary-many": (
        outpatient,
        put("XML1", 1, MA_BENH_KT=";".join(f"I1{number}" for number in range(10)) + ";J00;J01;J02"),
        "XML1 MA_BENH_KT",
    ),
    "bhyt-main-several": (outpatient, put("XML1", 1, MA_BENH_CHINH="J20;I10"), "XML1 MA_BENH_CHINH"),
    # tables
    "bhyt-summary-missing": (inpatient, drop("XML8"), "XML1 MA_LOAI_KCB"),
    "bhyt-summary-needless": (outpatient, with_paper("XML8"), "XML8 1 MA_LOAI_KCB"),
    "bhyt-notes-missing": (inpatient, drop("XML5"), "XML1 MA_LOAI_KCB"),
    "bhyt-referral-missing": (REFERRAL, drop("XML13"), "XML1 MA_LOAI_RV"),
    "bhyt-referral-needless": (
        REFERRAL,
        both(put("XML1", 1, MA_LOAI_RV="1"), put("XML13", 1, MA_LOAI_RV="")),
        "XML13 1 MA_LOAI_RV",
    ),
    "bhyt-referral-target-missing": (REFERRAL, put("XML1", 1, MA_NOI_DEN=""), "XML1 MA_NOI_DEN"),
    "bhyt-referral-origin-missing": (outpatient, put("XML1", 1, MA_DOITUONG_KCB="1.3"), "XML1 MA_NOI_DI"),
    "bhyt-admission-missing": (inpatient, put("XML1", 1, NGAY_VAO_NOI_TRU=""), "XML1 NGAY_VAO_NOI_TRU"),
    "bhyt-result-missing": (outpatient, _without_first_result, "XML3 2 MA_DICH_VU"),
    "bhyt-result-without-service": (outpatient, _other_result, "XML4 5 MA_DICH_VU"),
    "bhyt-birth-weight-missing": (
        BIRTH,
        put("XML1", 1, CAN_NANG_CON=""),
        "XML1 CAN_NANG_CON",
    ),
    # drugs, services, supplies
    "bhyt-line-without-code": (
        inpatient,
        grouped("10", "MA_VAT_TU"),
        "XML3 7 MA_DICH_VU",
    ),
    "bhyt-name-missing": (outpatient, put("XML3", 1, TEN_DICH_VU=""), "XML3 1 TEN_DICH_VU"),
    "bhyt-performer-missing": (outpatient, put("XML3", 2, NGUOI_THUC_HIEN=""), "XML3 2 NGUOI_THUC_HIEN"),
    "bhyt-done-time-missing": (outpatient, put("XML3", 2, NGAY_TH_YL=""), "XML3 2 NGAY_TH_YL"),
    "bhyt-tender-missing": (outpatient, put("XML2", 1, TT_THAU=""), "XML2 1 TT_THAU"),
    "bhyt-anaesthesia-missing": (OPERATED, put("XML3", 2, PP_VO_CAM=""), "XML3 2 PP_VO_CAM"),
    "bhyt-bed-missing": (inpatient, grouped("15", "MA_GIUONG"), "XML3 6 MA_GIUONG"),
    "bhyt-bed-days-many": (inpatient, _twice_the_bed, "XML3 6 SO_LUONG"),
    "bhyt-bed-of-outpatient": (
        outpatient,
        put("XML3", 1, MA_NHOM="15", MA_GIUONG="H001"),
        "XML3 1 MA_NHOM",
    ),
    "bhyt-group-of-other-table": (outpatient, put("XML3", 1, MA_NHOM="4"), "XML3 1 MA_NHOM"),
    "bhyt-field-needed": (
        WITH_7,
        put("XML7", 1, MA_DINH_CHI_THAI="1", NGUYENNHAN_DINHCHI="a", TUOI_THAI="9"),
        "XML7 1 THOIGIAN_DINHCHI",
    ),
    "bhyt-leave-incomplete": (WITH_7, put("XML7", 1, SO_NGAY_NGHI="3"), "XML7 1 NGOAITRU_TUNGAY"),
    "bhyt-arv-days-many": (WITH_6, put("XML6", 1, SO_NGAY_CAP_THUOC_ARV="90"), "XML6 1 SO_NGAY_CAP_THUOC_ARV"),
    # diagnoses
    "bhyt-icd10-shape": (outpatient, put("XML1", 1, MA_BENH_KT="J2O"), "XML1 MA_BENH_KT"),
    "bhyt-diagnosis-repeated": (outpatient, put("XML1", 1, MA_BENH_KT="I10;I10"), "XML1 MA_BENH_KT"),
    "bhyt-icd10-unlisted": (outpatient, put("XML1", 1, MA_BENH_KT="I15"), "XML1 MA_BENH_KT"),
    "bhyt-icd10-never": (outpatient, put("XML1", 1, MA_BENH_KT="U99"), "XML1 MA_BENH_KT"),
    "bhyt-icd10-not-main": (outpatient, put("XML1", 1, MA_BENH_CHINH="B95"), "XML1 MA_BENH_CHINH"),
    "bhyt-icd10-avoid-main": (outpatient, put("XML1", 1, MA_BENH_CHINH="R51"), "XML1 MA_BENH_CHINH"),
    "bhyt-icd10-death-only": (outpatient, put("XML1", 1, MA_BENH_KT="I46.9"), "XML1 MA_BENH_KT"),
    "bhyt-icd10-sex": (outpatient, put("XML1", 1, MA_BENH_KT="N40"), "XML1 MA_BENH_KT"),
    # duplicates
    "bhyt-service-twice": (outpatient, again("XML3", 2), "XML3 6 NGAY_YL"),
    "bhyt-drug-twice": (outpatient, again("XML2", 1), "XML2 3 NGAY_YL"),
    "bhyt-result-twice": (outpatient, again("XML4", 1), "XML4 5 NGAY_KQ"),
}  # fmt: skip

_LIST = """code,not_main,avoid_main,never,cause_of_death_only,sex,valid_from,valid_to
I10,,,,,,,
I11,,,,,,,
I12,,,,,,,
I13,,,,,,,
I14,,,,,,,
I15,,,,,,,2025-12-31
I16,,,,,,,
I17,,,,,,,
I18,,,,,,,
I19,,,,,,,
J00,,,,,,,
J01,,,,,,,
J02,,,,,,,
J20,,,,,,,
J20.9,,,,,,,
N39.0,,,,,,,
E11.9,,,,,,,
O80.0,,,,,F,,
U99,,,1,,,,
B95,1,,,,,,
R51,,1,,,,,
I46.9,,,,1,,,
N40,,,,,M,,
"""
WITH_LIST = choose((), (), language="en", icd10=read_icd10(_LIST.encode(), "icd10.csv"))
# Where one fault breaks two rules whatever is done: the other one, and why.
_ALSO = {
    "bhyt-secondary-many": {"bhyt-icd10-unlisted"},  # I15 is one of the thirteen
}
LOOKING = [rule for rule in RULES if rule.look is not None]


def test_every_rule_that_looks_has_a_mutation() -> None:
    assert [rule.id for rule in LOOKING if rule.id not in MUTATIONS] == []
    assert [name for name in MUTATIONS if name not in BY_ID] == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_breaks_its_rule_and_no_other_at_its_place(name: str) -> None:
    start, change, place = MUTATIONS[name]
    assert codes(examined(start(), WITH_LIST).findings) == {}, "the claim is clean before it is broken"
    tables = start()
    change(tables)
    found = examined(tables, WITH_LIST).findings
    assert set(codes(found)) - _ALSO.get(name, set()) == {name}
    one = next(item for item in found if item.code == name)
    assert str(replace(one.place, file="", record="")) == place
    assert one.severity is BY_ID[name].severity
    assert one.rule.source and one.cure and one.message == BY_ID[name].title.en
