"""The acute illnesses of the invented hospitals: whom they take and when, what they show, how long and how they end.

Shares, seasons, stays and outcomes are believable for a general hospital in Vietnam, not measured anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lienthong.demo.formulary import Diagnosis

__all__ = ["BY_CODE", "ILLNESSES", "PREGNANCY", "Department", "Illness", "season"]

_RAINS = MappingProxyType({6: 1.6, 7: 2.6, 8: 2.8, 9: 2.8, 10: 2.4, 11: 1.8, 12: 0.6, 1: 0.3, 2: 0.2, 3: 0.2, 4: 0.4})
_COLD = MappingProxyType({11: 1.4, 12: 1.8, 1: 2.0, 2: 1.7, 3: 1.3, 6: 0.6, 7: 0.6, 8: 0.7})
_ALWAYS: Mapping[int, float] = MappingProxyType({})
_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Department:
    """A department by its code in a claim (MA_KHOA) and its names."""

    code: str
    vi: str
    en: str


_CLINIC = Department("K01", "Khoa Khám bệnh", "Outpatient clinic")
_MEDICINE = Department("K03", "Khoa Nội tổng hợp", "General medicine")
_HEART = Department("K04", "Khoa Nội tim mạch", "Cardiology")
_GUT = Department("K05", "Khoa Nội tiêu hóa", "Gastroenterology")
_INFECTIONS = Department("K11", "Khoa Truyền nhiễm", "Infectious diseases")
_LUNGS = Department("K12", "Khoa Lao và bệnh phổi", "Lung diseases")
_NERVES = Department("K14", "Khoa Thần kinh", "Neurology")
_KIDNEYS = Department("K07", "Khoa Thận - tiết niệu", "Nephrology")
_SURGERY = Department("K19", "Khoa Ngoại tổng hợp", "General surgery")
_WOMEN = Department("K27", "Khoa Phụ sản", "Obstetrics and gynaecology")
_TUMOURS = Department("K33", "Khoa Ung bướu", "Oncology")


@dataclass(frozen=True, slots=True)
class Illness:
    """An acute illness or event.

    `weight` is how often it is the reason of a visit, `months` how much more of it a month sees. `stay` is the least
    and most days in hospital (none: it is seen in a clinic). `labs` are added to the usual values of the
    laboratory, in the claim's unit; `breath` and `fever` are how far breath and heat are off on admission,
    `oxygen` how often oxygen is given, `worse` how often it gets worse, `death` how often it ends so.
    """

    diagnosis: Diagnosis
    weight: float
    department: Department = _CLINIC
    stay: tuple[int, int] | None = None
    ages: tuple[int, int] = (0, 120)
    sex: str = ""
    months: Mapping[int, float] = field(default_factory=lambda: _ALWAYS)
    labs: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    breath: float = 0.0
    fever: float = 0.0
    oxygen: float = 0.0
    worse: float = 0.0
    death: float = 0.0
    operation: bool = False


def _of(*parts: str, drugs: tuple[str, ...] = ()) -> Diagnosis:
    icd10, snomed, vi, en, complaint = parts
    return Diagnosis(icd10, snomed, vi, en, complaint, drugs)


def _labs(**shift: float) -> Mapping[str, float]:
    return MappingProxyType(shift)


PREGNANCY = Illness(
    _of("Z34.9", "72892002", "Khám thai bình thường, không đặc hiệu", "Normal pregnancy", "Khám thai định kỳ",
        drugs=("iron",)), 26, _WOMEN, ages=(19, 42), sex="female", labs=_labs(hemoglobin=-12),
)  # fmt: skip
ILLNESSES: tuple[Illness, ...] = (
    Illness(_of("J06.9", "54150009", "Nhiễm trùng đường hô hấp trên cấp", "Upper respiratory infection",
        "Ho, đau họng", drugs=("paracetamol",)), 22, months=_COLD),
    Illness(_of("J20.9", "10509002", "Viêm phế quản cấp", "Acute bronchitis", "Ho có đờm",
        drugs=("paracetamol", "amoxicillin")), 12, months=_COLD),
    Illness(_of("J18.9", "233604007", "Viêm phổi, không đặc hiệu", "Pneumonia", "Sốt, ho, khó thở",
        drugs=("ceftriaxon", "paracetamol")), 9, _MEDICINE, (4, 12), months=_COLD,
        labs=_labs(leukocytes=6.5, crp=85, urea=1.5), breath=6, fever=1.7, oxygen=0.45, worse=0.1, death=0.04),
    Illness(_of("J44.1", "195951007", "Bệnh phổi tắc nghẽn mạn tính có đợt cấp, không đặc hiệu",
        "Acute exacerbation of chronic obstructive airways disease", "Khó thở tăng, khạc đờm",
        drugs=("salbutamol", "prednisolon", "amoxicillin")), 5, _LUNGS, (5, 12), ages=(50, 120), months=_COLD,
        labs=_labs(leukocytes=3.5, crp=30), breath=8, fever=0.5, oxygen=0.8, worse=0.12, death=0.05),
    Illness(_of("J45.9", "195967001", "Hen, không đặc hiệu", "Asthma", "Khò khè, khó thở về đêm",
        drugs=("salbutamol", "budesonid")), 6, months=_COLD),
    Illness(_of("A90", "38362002", "Sốt xuất huyết Dengue [dengue cổ điển]", "Dengue", "Sốt cao ngày thứ 3, đau mỏi",
        drugs=("paracetamol", "oresol")), 5, _INFECTIONS, (3, 7), months=_RAINS,
        labs=_labs(platelets=-160, leukocytes=-3.6, hematocrit=5, alt=55, ast=90), breath=1, fever=1.9),
    Illness(_of("A97.1", "20927009", "Sốt xuất huyết Dengue có dấu hiệu cảnh báo",
        "Dengue with warning signs", "Sốt, đau bụng, nôn nhiều", drugs=("paracetamol", "oresol", "ringer")), 3,
        _INFECTIONS, (4, 9), months=_RAINS, labs=_labs(platelets=-205, leukocytes=-4, hematocrit=9, alt=140, ast=220),
        breath=3, fever=1.6, worse=0.12, death=0.02),
    Illness(_of("A15.0", "154283005", "Lao phổi, xác nhận bằng soi đờm", "Pulmonary tuberculosis",
        "Ho kéo dài trên 2 tuần, sụt cân", drugs=("rifampicin-isoniazid", "pyrazinamid", "ethambutol")), 3, _LUNGS,
        (10, 21), ages=(18, 120), labs=_labs(crp=45, hemoglobin=-18), breath=3, fever=0.7, oxygen=0.1, death=0.02),
    Illness(_of("B18.1", "61977001", "Viêm gan virus B mạn tính, không có virus viêm gan D", "Chronic hepatitis B",
        "Mệt, đầy bụng", drugs=("tenofovir",)), 6, ages=(25, 80), labs=_labs(alt=48, ast=36)),
    Illness(_of("I63.9", "432504007", "Nhồi máu não, không đặc hiệu", "Cerebral infarction", "Yếu nửa người đột ngột",
        drugs=("aspirin", "atorvastatin")), 5, _NERVES, (7, 16), ages=(45, 120), labs=_labs(leukocytes=2),
        breath=2, oxygen=0.25, worse=0.14, death=0.07),
    Illness(_of("I50.9", "84114007", "Suy tim, không đặc hiệu", "Heart failure", "Khó thở khi nằm, phù chân",
        drugs=("furosemid", "spironolacton")), 4, _HEART, (5, 11), ages=(55, 120), labs=_labs(creatinine=35, urea=3),
        breath=7, oxygen=0.6, worse=0.1, death=0.06),
    Illness(_of("K29.7", "4556007", "Viêm dạ dày, không đặc hiệu", "Gastritis", "Đau thượng vị",
        drugs=("omeprazol",)), 14),
    Illness(_of("K92.2", "74474003", "Chảy máu đường tiêu hóa, không đặc hiệu", "Gastrointestinal hemorrhage",
        "Nôn ra máu, đi ngoài phân đen", drugs=("esomeprazol", "ringer")), 2.5, _GUT, (4, 9), ages=(25, 120),
        labs=_labs(hemoglobin=-46, hematocrit=-13, urea=5), breath=3, worse=0.15, death=0.04),
    Illness(_of("A09", "25374005", "Viêm dạ dày - ruột nhiễm trùng", "Gastroenteritis", "Đau bụng, tiêu chảy",
        drugs=("oresol",)), 9),
    Illness(_of("K35.8", "85189001", "Viêm ruột thừa cấp, không xác định", "Acute appendicitis", "Đau hố chậu phải",
        drugs=("ceftriaxon", "paracetamol")), 3, _SURGERY, (3, 7), labs=_labs(leukocytes=7.5, crp=60), breath=2,
        fever=1.0, worse=0.03, operation=True),
    Illness(_of("N39.0", "68566005", "Nhiễm khuẩn đường tiết niệu, vị trí không xác định", "Urinary tract infection",
        "Tiểu buốt, sốt", drugs=("ceftriaxon",)), 6, _KIDNEYS, (4, 8), labs=_labs(leukocytes=5, crp=70, urea=2),
        breath=2, fever=1.5, worse=0.06, death=0.015),
    Illness(_of("O80.0", "48782003", "Đẻ thường ngôi chỏm", "Spontaneous vertex delivery",
        "Thai đủ tháng, đau bụng từng cơn", drugs=("iron", "oxytocin")), 14, _WOMEN, (2, 4), ages=(19, 42),
        sex="female", labs=_labs(leukocytes=5, hemoglobin=-14)),
    PREGNANCY,
    Illness(_of("S06.0", "110030002", "Chấn động não", "Concussion injury of brain",
        "Tai nạn giao thông, đau đầu, nôn",
        drugs=("paracetamol",)), 2.5, _SURGERY, (2, 6), labs=_labs(leukocytes=3), worse=0.08, death=0.01),
    Illness(_of("S52.5", "263102004", "Gãy đầu dưới xương quay", "Fracture of distal end of radius",
        "Ngã chống tay, đau cổ tay", drugs=("paracetamol", "calci-d3")), 3.5),
    Illness(_of("T63.0", "241786007", "Nhiễm độc nọc rắn", "Snake bite", "Rắn cắn, sưng nề chi",
        drugs=("paracetamol", "ringer")), 0.8, _MEDICINE, (3, 6), months=_RAINS,
        labs=_labs(platelets=-90, leukocytes=4),
        breath=3, worse=0.12, death=0.02),
    Illness(_of("C22.0", "109841003", "Ung thư biểu mô tế bào gan", "Liver cell carcinoma",
        "Đau hạ sườn phải, sụt cân", drugs=("esomeprazol", "morphin")), 2, _TUMOURS, (5, 14), ages=(40, 90),
        labs=_labs(alt=70, ast=120, hemoglobin=-22, platelets=-80), breath=2, oxygen=0.15, worse=0.12, death=0.12),
    Illness(_of("C34.9", "254637007", "U ác của phế quản hoặc phổi, không đặc hiệu", "Non-small cell lung cancer",
        "Ho ra máu, đau ngực", drugs=("morphin", "paracetamol")), 1.8, _TUMOURS, (5, 14), ages=(45, 90),
        labs=_labs(crp=40, hemoglobin=-18), breath=5, oxygen=0.4, worse=0.14, death=0.12),
    Illness(_of("A41.9", "91302008", "Nhiễm khuẩn huyết, không đặc hiệu", "Sepsis", "Sốt rét run, lơ mơ",
        drugs=("meropenem", "ringer")), 1.5, _INFECTIONS, (7, 15), ages=(18, 120),
        labs=_labs(leukocytes=11, crp=180, creatinine=80, urea=7, platelets=-90), breath=9, fever=2.1, oxygen=0.6,
        worse=0.25, death=0.18),
    Illness(_of("M54.5", "279039007", "Đau vùng thắt lưng", "Low back pain", "Đau lưng", drugs=("paracetamol",)), 11),
)  # fmt: skip
BY_CODE: Mapping[str, Illness] = MappingProxyType({item.diagnosis.icd10: item for item in ILLNESSES})


def season(illness: Illness, month: int) -> float:
    """How often an illness is seen in a month, as a weight."""
    return illness.weight * illness.months.get(month, 1.0)
