"""What the invented hospitals diagnose, measure and prescribe, with its codes and prices.

ICD-10 (WHO), LOINC, SNOMED CT, ATC and RxNorm codes are real; drug codes (MA_THUOC), registration numbers and index
codes (MA_CHI_SO) are invented; prices are round and near those of 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["ACUTE", "CHRONIC", "DRUGS", "LABS", "SMOKING", "Diagnosis", "Drug", "Lab"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis: its ICD-10 and SNOMED CT codes, its name, the complaint it comes with and drugs for it."""

    icd10: str
    snomed: str
    vi: str
    en: str
    complaint: str
    drugs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug: invented claim code and registration, ATC and RxNorm ingredient, strength, price in VND, dose a day."""

    code: str
    registration: str
    vi: str
    en: str
    atc: str
    rxnorm: str
    strength: str
    unit: str
    route: str
    price: Decimal
    daily: int


@dataclass(frozen=True, slots=True)
class Lab:
    """A laboratory test as the claim has it (service, index, mmol-style unit, price) and as LOINC has it.

    `factor` takes the claim's unit to the LOINC unit; `digits` are the places kept in each.
    """

    service: str
    index: str
    vi: str
    unit: str
    digits: str
    price: Decimal
    loinc: str
    en: str
    loinc_unit: str
    ucum: str
    factor: Decimal
    loinc_digits: str
    high: Decimal | None = None
    low: Decimal | None = None


CHRONIC: dict[str, Diagnosis] = {
    "heart": Diagnosis("I25.9", "414545008", "Bệnh tim thiếu máu cục bộ mạn, không đặc hiệu",
        "Ischemic heart disease", "Đau ngực khi gắng sức"),
    "hypertension": Diagnosis("I10", "59621000", "Tăng huyết áp vô căn (nguyên phát)", "Essential hypertension",
        "Đau đầu"),
    "diabetes": Diagnosis("E11.9", "44054006", "Đái tháo đường típ 2 không biến chứng",
        "Type 2 diabetes mellitus", "Tái khám"),
    "lipids": Diagnosis("E78.5", "55822004", "Tăng lipid máu, không đặc hiệu", "Hyperlipidemia", "Tái khám"),
}  # fmt: skip
ACUTE: tuple[tuple[Diagnosis, float], ...] = (
    (Diagnosis("J06.9", "54150009", "Nhiễm trùng đường hô hấp trên cấp", "Upper respiratory infection",
        "Ho, đau họng", ("paracetamol",)), 30),
    (Diagnosis("J20.9", "10509002", "Viêm phế quản cấp", "Acute bronchitis", "Ho có đờm", ("paracetamol",
        "amoxicillin")), 18),
    (Diagnosis("J18.9", "233604007", "Viêm phổi, không đặc hiệu", "Pneumonia", "Sốt, ho, khó thở", ("ceftriaxon",
        "paracetamol")), 12),
    (Diagnosis("K29.7", "4556007", "Viêm dạ dày, không đặc hiệu", "Gastritis", "Đau thượng vị", ("omeprazol",)),
        18),
    (Diagnosis("A09", "25374005", "Viêm dạ dày - ruột nhiễm trùng", "Gastroenteritis", "Đau bụng, tiêu chảy",
        ("oresol",)), 12),
    (Diagnosis("M54.5", "279039007", "Đau vùng thắt lưng", "Low back pain", "Đau lưng", ("paracetamol",)), 14),
)  # fmt: skip

DRUGS: dict[str, Drug] = {
    "amlodipin": Drug("40.9001", "VD-99001-25", "Amlodipin", "amlodipine", "C08CA01", "17767", "5mg", "Viên",
        "1.01", Decimal("412"), 1),
    "losartan": Drug("40.9002", "VD-99002-25", "Losartan", "losartan", "C09CA01", "52175", "50mg", "Viên", "1.01",
        Decimal("1249.5"), 1),
    "enalapril": Drug("40.9003", "VD-99003-25", "Enalapril", "enalapril", "C09AA02", "3827", "5mg", "Viên",
        "1.01", Decimal("333.333"), 2),
    "bisoprolol": Drug("40.9004", "VD-99004-25", "Bisoprolol", "bisoprolol", "C07AB07", "19484", "2.5mg", "Viên",
        "1.01", Decimal("685.125"), 1),
    "metformin": Drug("40.9005", "VD-99005-25", "Metformin", "metformin", "A10BA02", "6809", "850mg", "Viên",
        "1.01", Decimal("461"), 2),
    "gliclazid": Drug("40.9006", "VD-99006-25", "Gliclazid", "gliclazide", "A10BB09", "4816", "30mg", "Viên",
        "1.01", Decimal("1890.75"), 1),
    "atorvastatin": Drug("40.9007", "VD-99007-25", "Atorvastatin", "atorvastatin", "C10AA05", "83367", "20mg",
        "Viên", "1.01", Decimal("758.5"), 1),
    "paracetamol": Drug("40.9008", "VD-99008-25", "Paracetamol (acetaminophen)", "acetaminophen", "N02BE01",
        "161", "500mg", "Viên", "1.01", Decimal("179"), 3),
    "amoxicillin": Drug("40.9009", "VD-99009-25", "Amoxicilin", "amoxicillin", "J01CA04", "723", "500mg", "Viên",
        "1.01", Decimal("1020"), 3),
    "ceftriaxon": Drug("40.9010", "VD-99010-25", "Ceftriaxon", "ceftriaxone", "J01DD04", "2193", "1g", "Lọ",
        "2.10", Decimal("18500"), 1),
    "omeprazol": Drug("40.9011", "VD-99011-25", "Omeprazol", "omeprazole", "A02BC01", "7646", "20mg", "Viên",
        "1.01", Decimal("245.45"), 1),
    "oresol": Drug("40.9012", "VD-99012-25", "Natri clorid + kali clorid + natri citrat + glucose khan",
        "oral rehydration salts", "A07CA", "", "5.6g", "Gói", "1.01", Decimal("1575"), 3),
    "vitamin": Drug("40.9013", "VD-99013-25", "Vitamin B1 + B6 + B12", "vitamin B-complex", "A11DB", "", "125mg",
        "Viên", "1.01", Decimal("1100"), 2),
}  # fmt: skip

_ONE = Decimal(1)
LABS: dict[str, Lab] = {
    "glucose": Lab("23.0075.1494", "9900001", "Glucose", "mmol/L", "0.1", Decimal("22400"), "2345-7",
        "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", Decimal("18.016"), "1", Decimal("6.4"),
        Decimal("3.9")),
    "hba1c": Lab("23.0083.1523", "9900002", "HbA1c", "%", "0.1", Decimal("105300"), "4548-4",
        "Hemoglobin A1c/Hemoglobin.total in Blood", "%", "%", _ONE, "0.1", Decimal("6.5")),
    "cholesterol": Lab("23.0041.1506", "9900003", "Cholesterol toàn phần", "mmol/L", "0.01", Decimal("28000"),
        "2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", Decimal("38.67"), "0.1",
        Decimal("5.2")),
    "hdl": Lab("23.0084.1506", "9900004", "HDL-C (High density lipoprotein Cholesterol)", "mmol/L", "0.01",
        Decimal("28000"), "2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL",
        Decimal("38.67"), "0.1", None, Decimal("0.9")),
    "ldl": Lab("23.0112.1506", "9900005", "LDL-C (Low density lipoprotein Cholesterol)", "mmol/L", "0.01",
        Decimal("28000"), "13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation",
        "mg/dL", "mg/dL", Decimal("38.67"), "0.1", Decimal("3.4")),
    "triglycerides": Lab("23.0158.1506", "9900006", "Triglycerid", "mmol/L", "0.01", Decimal("28000"), "2571-8",
        "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", Decimal("88.57"), "0.1", Decimal("1.7")),
    "creatinine": Lab("23.0051.1494", "9900007", "Creatinin", "µmol/L", "1", Decimal("22400"), "2160-0",
        "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", Decimal("0.01131"), "0.01",
        Decimal("110")),
}  # fmt: skip

# Answers to LOINC 72166-2 (tobacco smoking status) in SNOMED CT.
SMOKING: dict[str, tuple[str, str]] = {
    "never": ("266919005", "Never smoked tobacco"),
    "former": ("8517006", "Ex-smoker"),
    "current": ("449868002", "Smokes tobacco daily"),
}
