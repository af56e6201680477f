"""Unusual and right: what hospitals send that looks odd and is no fault, so that no rule may speak."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.spec.claims import Tables, codes, day_visit, examined, inpatient, outpatient, paper, sum_up


def _two_cards(tables: Tables) -> None:
    tables["XML1"][0] |= {
        "MA_THE_BHYT": "DN4010199000000;GD4010199000000",
        "MA_DKBD": "01999;01998",
        "GT_THE_TU": "20250101;20260116",
        "GT_THE_DEN": "20260115;20261231",
    }


def _card_without_end(tables: Tables) -> None:
    """Of the army, the police and others the end can't be looked up."""
    tables["XML1"][0]["GT_THE_DEN"] = ""


def _second_card_without_end(tables: Tables) -> None:
    _two_cards(tables)
    tables["XML1"][0]["GT_THE_DEN"] = "20260115;"


def _health_book(tables: Tables) -> None:
    """A visit without insurance is sent with its summary."""
    _not_insured(tables)
    paper(tables, "XML8")


def _thirty_one_days(tables: Tables) -> None:
    """Both ends of a month of ARV are counted."""
    paper(
        tables,
        "XML6",
        LOAI_DTRI_LAO="0",
        MA_TINH_TRANG_DK="2",
        MA_XU_TRI="1",
        NGAY_BAT_DAU_XU_TRI="20260116",
        NGAY_KET_THUC_XU_TRI="20260215",
        SO_NGAY_CAP_THUOC_ARV="31",
    )


def _ten_digits(tables: Tables) -> None:
    tables["XML1"][0]["MA_THE_BHYT"] = "0199000000"


def _newborn(tables: Tables) -> None:
    tables["XML1"][0] |= {
        "NGAY_SINH": "202601160310",
        "SO_CCCD": "",
        "MA_THE_BHYT": "TE1010199000000",
        "MA_DOITUONG_KCB": "1.7",
        "CAN_NANG": "3.20",
    }


def _born_abroad(tables: Tables) -> None:
    tables["XML1"][0]["SO_CCCD"] = "408171003563"


def _passport(tables: Tables) -> None:
    tables["XML1"][0] |= {"SO_CCCD": "C1234567", "MA_QUOCTICH": "120"}


def _year_only(tables: Tables) -> None:
    tables["XML1"][0]["NGAY_SINH"] = "197100000000"


def _not_paid_yet(tables: Tables) -> None:
    tables["XML1"][0]["NGAY_TTOAN"] = ""


def _died(tables: Tables) -> None:
    tables["XML1"][0] |= {"KET_QUA_DTRI": "5", "MA_LOAI_RV": "1"}
    for row in tables["XML8"]:
        row["KET_QUA_DTRI"] = "5"


def _budget_pays_the_share(tables: Tables) -> None:
    """The state's budget pays the patient's share of a drug."""
    row = tables["XML2"][0]
    share = row["T_BNCCT"]
    row |= {"T_NGUONKHAC": share, "T_NGUONKHAC_NSNN": share, "T_BNCCT": "0"}
    sum_up(tables)


def _aid_pays_all(tables: Tables) -> None:
    row = tables["XML2"][0]
    all_of_it = row["THANH_TIEN_BV"]
    row |= {
        "NGUON_CTRA": "2",
        "T_NGUONKHAC": all_of_it,
        "T_NGUONKHAC_VTNN": all_of_it,
        "T_BNCCT": "0",
        "T_BHTT": "0",
    }
    sum_up(tables)


def _line(tables: Tables, number: int, hospital: str, insured: str, **fields: str) -> None:
    """Sets what a row of XML3 costs; who pays follows from the level."""
    row = tables["XML3"][number]
    fund = Decimal(insured) * Decimal(row["MUC_HUONG"]) / 100
    row |= {
        "THANH_TIEN_BV": hospital,
        "THANH_TIEN_BH": insured,
        "T_BHTT": str(fund),
        "T_BNCCT": str(Decimal(insured) - fund),
        "T_BNTT": str(Decimal(hospital) - Decimal(insured)),
    } | fields
    sum_up(tables)


def _sixth_examination(tables: Tables) -> None:
    _line(tables, 0, "0", "0", TYLE_TT_DV="0")


def _price_above_the_list(tables: Tables) -> None:
    """Asked for by the patient, who pays what is above the insurance's price."""
    _line(tables, 0, "150000", "50600", DON_GIA_BV="150000", DON_GIA_BH="50600")


def _not_finished(tables: Tables) -> None:
    """A service that was broken off: `_TB`, nothing for the fund; its result stays away."""
    row = tables["XML3"][1]
    tables["XML4"] = [item for item in tables["XML4"] if item["MA_DICH_VU"] != row["MA_DICH_VU"]]
    for number, item in enumerate(tables["XML4"], 1):
        item["STT"] = str(number)
    _line(tables, 1, row["THANH_TIEN_BV"], "0", MA_DICH_VU="23.0001.0001_TB", DON_GIA_BH="0", MA_NHOM="19")


def _shared_bed_of_half_a_day(tables: Tables) -> None:
    bed = next(number for number, row in enumerate(tables["XML3"]) if row["MA_NHOM"] == "15")
    price = tables["XML3"][bed]["DON_GIA_BH"]
    amount = str(Decimal(price) * Decimal("0.5") * Decimal("0.5"))
    _line(tables, bed, amount, amount, SO_LUONG="0.500", TYLE_TT_DV="50", MA_GIUONG="H001;T002")


def _supply_with_a_ceiling(tables: Tables) -> None:
    supply = next(number for number, row in enumerate(tables["XML3"]) if row["MA_NHOM"] == "10")
    _line(tables, supply, "60000000", "45000000", DON_GIA_BV="10000000", DON_GIA_BH="10000000", T_TRANTT="45000000")


def _half_paid_drug(tables: Tables) -> None:
    row = tables["XML2"][0]
    insured = Decimal(row["THANH_TIEN_BV"]) / 2
    fund = insured * Decimal(row["MUC_HUONG"]) / 100
    row |= {
        "TYLE_TT_BH": "50",
        "THANH_TIEN_BH": str(insured),
        "T_BHTT": str(fund),
        "T_BNCCT": str(insured - fund),
        "T_BNTT": str(Decimal(row["THANH_TIEN_BV"]) - insured),
    }
    sum_up(tables)


def _rounded_to_the_dong(tables: Tables) -> None:
    """A system that rounds each line to the đồng and its totals from what was not rounded."""
    _half_paid_drug(tables)
    for table in ("XML2", "XML3"):
        for row in tables[table]:
            for name in ("THANH_TIEN_BV", "THANH_TIEN_BH", "T_BHTT", "T_BNCCT", "T_BNTT"):
                row[name] = str(round(Decimal(row[name])))
    for name in ("T_THUOC", "T_VTYT", "T_TONGCHI_BV", "T_TONGCHI_BH", "T_BHTT", "T_BNCCT", "T_BNTT"):
        tables["XML1"][0][name] = str(round(Decimal(tables["XML1"][0][name])))


def _blood(tables: Tables) -> None:
    tables["XML2"][0] |= {"MA_NHOM": "7", "TT_THAU": ""}


def _made_in_the_hospital(tables: Tables) -> None:
    tables["XML2"][0]["TT_THAU"] = "12/HD-DUOC;2026"


def _not_insured(tables: Tables) -> None:
    """Sent for the national health book: nothing is the fund's."""
    tables["XML1"][0] |= dict.fromkeys(("MA_THE_BHYT", "MA_DKBD", "GT_THE_TU", "GT_THE_DEN"), "")
    tables["XML1"][0]["MA_DOITUONG_KCB"] = "9"
    for table in ("XML2", "XML3"):
        for row in tables[table]:
            row |= {"PHAM_VI": "2", "TYLE_TT_BH": "0", "MUC_HUONG": "0", "THANH_TIEN_BH": "0", "T_BHTT": "0"}
            row |= {"T_BNCCT": "0", "T_BNTT": row["THANH_TIEN_BV"]}
            row |= {"NGUON_CTRA": "4", "TT_THAU": ""} if table == "XML2" else {}
    sum_up(tables)


def _sent_out(tables: Tables) -> None:
    """A test that another facility made: its code carries the facility, the result does not."""
    service = tables["XML3"][1]["MA_DICH_VU"]
    tables["XML3"][1]["MA_DICH_VU"] = f"{service}.K.79001"


def _several_departments(tables: Tables) -> None:
    tables["XML1"][0]["MA_KHOA"] = "K01;K02.1"
    tables["XML1"][0]["MA_BENH_KT"] = "I10;I11.9;"


def _through_the_emergency_room(tables: Tables) -> None:
    """Came late in the evening, admitted after midnight; the days count from either."""
    tables["XML1"][0] |= {"NGAY_VAO": "202601042330", "NGAY_VAO_NOI_TRU": "202601050030", "MA_DOITUONG_KCB": "2"}
    for row in tables["XML8"]:
        row["NGAY_VAO"] = "202601042330"


def _level_with_a_decimal(tables: Tables) -> None:
    """From 2026-07-01 a level may have four characters."""
    moved = {name: value.replace("202601", "202607") for name, value in tables["XML1"][0].items()}
    tables["XML1"][0] |= moved | {"THANG_QT": "07"}
    for table in ("XML2", "XML3", "XML4", "XML5"):
        for row in tables[table]:
            row |= {name: value.replace("202601", "202607") for name, value in row.items() if name.startswith("NGAY")}
            row |= {"THOI_DIEM_DBLS": "202607161400"} if table == "XML5" else {}
    row = tables["XML3"][0]
    row["MUC_HUONG"] = "47.5"
    _line(tables, 0, row["THANH_TIEN_BV"], row["THANH_TIEN_BH"])


def _birth_certificate_of_twins(tables: Tables) -> None:
    tables["XML1"][0] |= {"GIOI_TINH": "2", "SO_CCCD": "", "CAN_NANG_CON": "2400;2350", "MA_BENH_CHINH": "O84.0"}
    for row in tables["XML3"]:
        row["MA_BENH"] = "O84.0"
    paper(tables, "XML9", CAN_NANG_CON="2400", MA_THE_TAM="TE1019900000001")
    paper(tables, "XML9", CAN_NANG_CON="2350", MA_THE_TAM="TE1019900000002")


UNUSUAL: tuple[tuple[Callable[[], Tables], Callable[[Tables], None]], ...] = (
    (outpatient, _two_cards),
    (outpatient, _card_without_end),
    (outpatient, _ten_digits),
    (outpatient, _second_card_without_end),
    (outpatient, _health_book),
    (outpatient, _thirty_one_days),
    (outpatient, _newborn),
    (outpatient, _born_abroad),
    (outpatient, _passport),
    (outpatient, _year_only),
    (day_visit, _not_paid_yet),
    (inpatient, _died),
    (outpatient, _budget_pays_the_share),
    (outpatient, _aid_pays_all),
    (outpatient, _sixth_examination),
    (outpatient, _price_above_the_list),
    (outpatient, _not_finished),
    (inpatient, _shared_bed_of_half_a_day),
    (inpatient, _supply_with_a_ceiling),
    (outpatient, _half_paid_drug),
    (outpatient, _rounded_to_the_dong),
    (outpatient, _blood),
    (outpatient, _made_in_the_hospital),
    (outpatient, _not_insured),
    (outpatient, _sent_out),
    (day_visit, _several_departments),
    (inpatient, _through_the_emergency_room),
    (outpatient, _level_with_a_decimal),
    (inpatient, _birth_certificate_of_twins),
)


@pytest.mark.parametrize(("start", "change"), UNUSUAL, ids=[change.__name__.strip("_") for _, change in UNUSUAL])
def test_no_rule_speaks(start: Callable[[], Tables], change: Callable[[Tables], None]) -> None:
    tables = start()
    change(tables)
    found = examined(tables).findings
    assert codes(found) == {}, [str(item.place) for item in found]
