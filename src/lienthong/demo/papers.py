"""The summary of a stay's chart (XML8), which the decisions ask of every inpatient visit."""

from __future__ import annotations

from lienthong.demo.visits import Visit

__all__ = ["SUMMARY_ROOT", "chart_summary"]

SUMMARY_ROOT = "CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN"
_FIELDS = """
MA_LK MA_LOAI_KCB HO_TEN_CHA HO_TEN_ME NGUOI_GIAM_HO DON_VI NGAY_VAO NGAY_RA CHAN_DOAN_VAO CHAN_DOAN_RV QT_BENHLY
TOMTAT_KQ PP_DIEUTRI NGAY_SINHCON NGAY_CONCHET SO_CONCHET KET_QUA_DTRI GHI_CHU MA_TTDV NGAY_CT MA_THE_TAM DU_PHONG
"""
_REPEATED = (
    "MA_LK",
    "MA_LOAI_KCB",
    "NGAY_VAO",
    "NGAY_RA",
    "CHAN_DOAN_VAO",
    "CHAN_DOAN_RV",
    "KET_QUA_DTRI",
    "MA_TTDV",
)


def chart_summary(visit: Visit, summary: dict[str, str]) -> dict[str, str]:
    """The one row of XML8 of an inpatient visit, of which `summary` is XML1."""
    return (
        dict.fromkeys(_FIELDS.split(), "")
        | {name: summary[name] for name in _REPEATED}
        | {
            "DON_VI": "Không khai",
            "QT_BENHLY": f"{visit.main.complaint}. Nhập viện, điều trị tại {visit.department.vi}",
            "TOMTAT_KQ": f"{len(visit.labs)} chỉ số xét nghiệm, xem XML4" if visit.labs else "Không làm xét nghiệm",
            "PP_DIEUTRI": summary["PP_DIEU_TRI"],
            "NGAY_CT": summary["NGAY_RA"][:8],
        }
    )
