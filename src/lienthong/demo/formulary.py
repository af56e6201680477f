"""What the invented hospitals diagnose, measure and prescribe, with its codes and prices.

ICD-10 (WHO), LOINC, SNOMED CT, ATC and RxNorm codes are real; drug codes (MA_THUOC), registration numbers and index
codes (MA_CHI_SO) are invented; prices are round and near those of 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["CHRONIC", "DRUGS", "LABS", "SMOKING", "Diagnosis", "Drug", "Lab"]


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
    "copd": Diagnosis("J44.9", "13645005", "Bệnh phổi tắc nghẽn mạn tính, không đặc hiệu",
        "Chronic obstructive pulmonary disease", "Khó thở khi gắng sức"),
    "kidney": Diagnosis("N18.9", "709044004", "Bệnh thận mạn, không đặc hiệu", "Chronic kidney disease",
        "Tái khám"),
    "lipids": Diagnosis("E78.5", "55822004", "Tăng lipid máu, không đặc hiệu", "Hyperlipidemia", "Tái khám"),
}  # fmt: skip

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
    "salbutamol": Drug("40.9014", "VD-99014-25", "Salbutamol", "albuterol", "R03AC02", "435", "100mcg/liều",
        "Bình xịt",
        "5.16", Decimal("49000"), 1),
    "prednisolon": Drug("40.9015", "VD-99015-25", "Prednisolon", "prednisolone", "H02AB06", "8638", "5mg", "Viên",
        "1.01", Decimal("210"), 6),
    "budesonid": Drug("40.9016", "VD-99016-25", "Budesonid", "budesonide", "R03BA02", "19831", "0.5mg/2ml", "Ống",
        "5.16", Decimal("12500"), 2),
    "ringer": Drug("40.9017", "VD-99017-25", "Ringer lactat", "lactated Ringer solution", "B05BB01", "", "500ml",
        "Chai",
        "2.15", Decimal("7350"), 2),
    "rifampicin-isoniazid": Drug("40.9018", "VD-99018-25", "Rifampicin + isoniazid", "rifampin / isoniazid",
        "J04AM02", "", "150mg + 75mg", "Viên",
        "1.01", Decimal("1580"), 3),
    "pyrazinamid": Drug("40.9019", "VD-99019-25", "Pyrazinamid", "pyrazinamide", "J04AK01", "8987", "500mg", "Viên",
        "1.01", Decimal("630"), 3),
    "ethambutol": Drug("40.9020", "VD-99020-25", "Ethambutol", "ethambutol", "J04AK02", "4110", "400mg", "Viên",
        "1.01", Decimal("820"), 2),
    "tenofovir": Drug("40.9021", "VD-99021-25", "Tenofovir", "tenofovir disoproxil", "J05AF07", "300195", "300mg",
        "Viên",
        "1.01", Decimal("2310"), 1),
    "aspirin": Drug("40.9022", "VD-99022-25", "Acetylsalicylic acid", "aspirin", "B01AC06", "1191", "81mg", "Viên",
        "1.01", Decimal("340"), 1),
    "furosemid": Drug("40.9023", "VD-99023-25", "Furosemid", "furosemide", "C03CA01", "4603", "40mg", "Viên",
        "1.01", Decimal("112"), 1),
    "spironolacton": Drug("40.9024", "VD-99024-25", "Spironolacton", "spironolactone", "C03DA01", "9997", "25mg",
        "Viên",
        "1.01", Decimal("1450"), 1),
    "esomeprazol": Drug("40.9025", "VD-99025-25", "Esomeprazol", "esomeprazole", "A02BC05", "283742", "40mg", "Lọ",
        "2.10", Decimal("21000"), 1),
    "meropenem": Drug("40.9026", "VD-99026-25", "Meropenem", "meropenem", "J01DH02", "29561", "1g", "Lọ",
        "2.10", Decimal("48600"), 3),
    "morphin": Drug("40.9027", "VD-99027-25", "Morphin", "morphine", "N02AA01", "7052", "30mg", "Viên",
        "1.01", Decimal("7150"), 2),
    "iron": Drug("40.9028", "VD-99028-25", "Sắt fumarat + acid folic", "ferrous fumarate / folic acid", "B03AD02",
        "", "200mg + 1mg", "Viên",
        "1.01", Decimal("950"), 1),
    "oxytocin": Drug("40.9029", "VD-99029-25", "Oxytocin", "oxytocin", "H01BB02", "7824", "5UI", "Ống",
        "2.10", Decimal("6489"), 1),
    "calci-d3": Drug("40.9030", "VD-99030-25", "Calci carbonat + vitamin D3", "calcium carbonate / cholecalciferol",
        "A12AX", "", "1250mg + 125UI", "Viên",
        "1.01", Decimal("840"), 1),
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
    "urea": Lab("23.0166.1494", "9900008", "Urê", "mmol/L", "0.1", Decimal("22400"), "3094-0",
        "Urea nitrogen [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", Decimal("2.801"), "1", Decimal("7.5"),
        Decimal("2.5")),
    "alt": Lab("23.0019.1493", "9900009", "ALT (GPT)", "U/L", "1", Decimal("22400"), "1742-6",
        "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", "U/L", _ONE, "1",
        Decimal("40"), None),
    "ast": Lab("23.0020.1493", "9900010", "AST (GOT)", "U/L", "1", Decimal("22400"), "1920-8",
        "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", "U/L", _ONE, "1",
        Decimal("40"), None),
    "crp": Lab("23.0228.1483", "9900011", "CRP", "mg/L", "0.1", Decimal("56100"), "1988-5",
        "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L", "mg/L", _ONE, "0.1", Decimal("5"), None),
    "leukocytes": Lab("22.0121.1369", "9900012", "Số lượng bạch cầu", "10^9/L", "0.1", Decimal("49700"), "6690-2",
        "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", "10*3/uL", _ONE, "0.1", Decimal("10"),
        Decimal("4")),
    "hemoglobin": Lab("22.0121.1369", "9900013", "Huyết sắc tố", "g/L", "1", Decimal("49700"), "718-7",
        "Hemoglobin [Mass/volume] in Blood", "g/dL", "g/dL", Decimal("0.1"), "0.1", Decimal("170"), Decimal("120")),
    "hematocrit": Lab("22.0121.1369", "9900014", "Thể tích khối hồng cầu", "%", "0.1", Decimal("49700"), "4544-3",
        "Hematocrit [Volume Fraction] of Blood by Automated count", "%", "%", _ONE, "0.1", Decimal("50"),
        Decimal("36")),
    "platelets": Lab("22.0121.1369", "9900015", "Số lượng tiểu cầu", "10^9/L", "1", Decimal("49700"), "777-3",
        "Platelets [#/volume] in Blood by Automated count", "10*3/uL", "10*3/uL", _ONE, "1", Decimal("450"),
        Decimal("150")),
}  # fmt: skip

# Answers to LOINC 72166-2 (tobacco smoking status) in SNOMED CT.
SMOKING: dict[str, tuple[str, str]] = {
    "never": ("266919005", "Never smoked tobacco"),
    "former": ("8517006", "Ex-smoker"),
    "current": ("449868002", "Smokes tobacco daily"),
}
