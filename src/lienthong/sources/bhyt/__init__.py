"""The health-insurance XML (GIAMDINHHS) of Quyết định 130/4750/3176 becomes FHIR; `SOURCE` reads it.

Read: the envelope and tables XML1 to XML5. Tables XML6 to XML15 are named in a finding and stand only in the kept
file, as do these fields: MA_BENH_YHCT, MA_LY_DO_VNT, NHOM_MAU, MA_TAI_NAN, NGAY_MIEN_CCT, NAM_NAM_LIEN_TUC,
NGAY_TAI_KHAM, CAN_NANG_CON, NAM_QT, THANG_QT, MA_TTDV, TT_THAU, the split of each line's cost beside its amount,
MA_GIUONG, MA_MAY, MA_HIEU_SP and DU_PHONG.
"""

from lienthong.sources.bhyt.examine import Choice, Examined, choose, examine, together, worded
from lienthong.sources.bhyt.icd10 import read_icd10
from lienthong.sources.bhyt.rules import BY_ID, RULES, ClaimRule, Family, Trace
from lienthong.sources.bhyt.source import SOURCE

__all__ = [
    "BY_ID",
    "RULES",
    "SOURCE",
    "Choice",
    "ClaimRule",
    "Examined",
    "Family",
    "Trace",
    "choose",
    "examine",
    "read_icd10",
    "together",
    "worded",
]
