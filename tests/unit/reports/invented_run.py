"""Invented runs of each task as `products.evaluation.result` writes them, and the card that goes with them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from lienthong.core import canonical
from lienthong.products.card import Card, Text

__all__ = ["CARD", "TASKS", "measure", "run"]

TASKS = ("binary", "survival", "forecast")
_OUTSIDE = {"digest", "status", "environment", "opened", "ran", "seconds", "signature"}

CARD = Card(
    name="invented",
    version="1.2.0",
    kind="image-classifier",
    owner="Nhóm <Liên thông>",
    risk_class="high",
    decision_role="informs",
    horizon_years=None,
    title=Text("Sản phẩm bịa & thử", "An invented <product>"),
    intended_use=Text("Chỉ để thử báo cáo.", "Only to try the report."),
    population=Text("Không dành cho ai.", "For nobody."),
    users=Text("Người viết phép thử.", "Writers of tests."),
    output=Text("Một xác suất.", "A probability."),
    data=Text("Số liệu bịa.", "Invented data."),
    citation="Invented A. On inventing. J Invent 2026;1:1-2.",
    doi="10.1000/invented",
    limits=(Text("Đừng bao giờ tin.", "Never trust it."), Text("Thật đấy.", "Really.")),
)


def measure(
    value: str | None, low: str | None = None, high: str | None = None, method: str = "Wilson"
) -> dict[str, Any]:
    """A measure as a run holds it."""
    given = {"value": value, "low": low, "high": high}
    return {**{name: None if item is None else Decimal(item) for name, item in given.items()}, "method": method}


def run(task: str, **changed: Any) -> dict[str, Any]:
    """A run of this task with some members changed; its digest is right."""
    body: dict[str, Any] = {
        "form": "lienthong-evaluation/1",
        "product": "invented",
        "version": "1.2.0",
        "kind": "image-classifier",
        "title": CARD.title.to_json(),
        "task": task,
        "artefact": "a" * 64,
        "protocol": {"digest": "b" * 64, "text": _protocol(task)},
        "data": {"files": [{"name": "val.npz", "sha256": "c" * 64}], "part": "val", "licence": "CC BY 4.0"},
        "n": 524,
        "events": None if task == "forecast" else 135,
        "abstained": 7,
        "measures": {},
        "operating": [],
        "comparators": [],
        "groups": _groups(task),
        "multiplicity": {
            "compared": 8,
            "level": Decimal("0.99375"),
            "text": {"vi": "8 so sánh; mỗi khoảng ở mức 99,4%.", "en": "8 comparisons; each interval at 99.4%."},
        },
        "gaps": [],
        "sites": [],
        "curves": {},
        "missing": [{"input": "bmi", "n": 40, "share": Decimal("0.0763359")}],
        "sensitivity": [],
        "sample_size": [],
        "leaks": {
            "checked": True,
            "overlap": 0,
            "duplicates": 2,
            "text": {"vi": "Không ca nào trùng với dữ liệu xây dựng.", "en": "No case is one of development."},
        },
        "bounds": [],
        "notes": [{"vi": "Bỏ 3 dòng không có kết cục.", "en": "3 rows without an outcome were left out."}],
    }
    body |= {"binary": _binary, "survival": _survival, "forecast": _forecast}[task]()
    body |= {name: item for name, item in changed.items() if name not in _OUTSIDE}
    beside: dict[str, Any] = {
        "status": {
            "word": "exploratory",
            "reason": {"vi": "Chưa có khóa nào được ký.", "en": "No lock was signed."},
            "lock": "",
        },
        "environment": {"lienthong": "0.1.0", "python": "3.11.2", "system": "Linux", "packages": {"numpy": "2.4.6"}},
        "opened": "2026-11-24T23:00:00Z",
        "ran": "2026-11-24T23:00:09Z",
        "seconds": Decimal("9.1"),
    }
    beside |= {name: item for name, item in changed.items() if name in _OUTSIDE}
    return {**body, "digest": canonical.digest(body), **beside}


def _protocol(task: str) -> str:
    times = '[times]\nunit = "years"\nat = ["5", "3"]\n' if task == "survival" else ""
    return f"""name = "invented"
version = "1.2.0"
task = "{task}"
part = "val"
seed = 7
resamples = 500
level = "0.95"
[outcome]
vi = "Có biến cố bịa."
en = "The invented event."
[[threshold]]
value = "0.3"
primary = true
[threshold.reason]
vi = "Bỏ sót tệ hơn báo nhầm."
en = "A miss is worse than a false alarm."
[subgroups]
attributes = ["sex", "age"]
min_n = 50
min_events = 10
{times}"""


def _groups(task: str) -> list[dict[str, Any]]:
    main = {"binary": "auroc", "survival": "c_index"}.get(task)
    if main is None:
        return []
    reasons = {
        "worse": ("Cận trên của hiệu số nhỏ hơn 0.", "The high end of the difference is below 0."),
        "no-difference-shown": ("Khoảng của hiệu số chứa 0.", "The interval of the difference holds 0."),
        "insufficient-data": ("Ít hơn 10 biến cố.", "Fewer than 10 events."),
    }
    given = [
        ("sex", "female", 262, 70, "0.961", "0.94", "0.977", "no-difference-shown"),
        ("sex", "male", 262, 65, "0.88", "0.83", "0.92", "worse"),
        ("age", "<1", 3, 1, "0.5123", "0.1", "0.9", "insufficient-data"),
        ("age", "1–5", 121, 34, "0.93", "0.9", "0.95", "no-difference-shown"),
        ("age", "", 400, 100, "0.94", "0.92", "0.96", "no-difference-shown"),
    ]
    return [
        {
            "attribute": attribute,
            "word": word,
            "n": n,
            "events": events,
            "measures": {main: measure(value, low, high, "logit DeLong")},
            "differences": {main: measure("-0.02", "-0.05", "0.01")},
            "verdict": verdict,
            "reason": {"vi": reasons[verdict][0], "en": reasons[verdict][1]},
        }
        for attribute, word, n, events, value, low, high, verdict in given
    ]


def _binary() -> dict[str, Any]:
    at = {
        "sensitivity": measure("0.962963", "0.9162", "0.9841"),
        "specificity": measure("0.912596", "0.8806", "0.9366"),
        "ppv": measure("0.792683", "0.7244", "0.8477"),
        "npv": measure("0.986111", "0.9679", "0.9941"),
        "net_benefit": measure("0.2203", "0.1847", "0.2561", "BCa bootstrap, 500 resamples"),
    }
    curve = [(t / 100, 0.25 - t / 500, 0.26 - 0.74 * t / (100 - t)) for t in range(5, 61, 5)]
    return {
        "measures": {
            "auroc": measure("0.981234", "0.974001", "0.986789", "logit DeLong"),
            "auprc": measure("0.95", "0.92", "0.97", "BCa bootstrap, 500 resamples"),
            "o_e": measure("0.91", "0.85", "0.98", "log scale"),
            "calibration_intercept": measure("-0.21", "-0.4", "-0.02", "Wald"),
            "calibration_slope": measure("1.12", "0.95", "1.29", "Wald, sandwich over 40 clusters"),
            "brier": measure("0.0512", "0.04", "0.06", "Student's t, 523 degrees of freedom"),
            "ici": measure(None, None, None, "none: all cases have the same probability"),
            **at,
        },
        "operating": [
            {
                "threshold": Decimal("0.3"),
                "primary": True,
                "reason": {"vi": "Bỏ sót tệ hơn.", "en": "A miss is worse."},
                "counts": {"tp": 130, "fp": 34, "fn": 5, "tn": 355},
                "measures": at,
            }
        ],
        "comparators": [
            {
                "name": "linear_features",
                "measures": {"auroc": measure("0.91", "0.89", "0.93")},
                "differences": {"auroc": measure("0.0712", "0.05", "0.09", "paired DeLong")},
                "measure": "auroc",
                "margin": Decimal("0.01"),
                "beaten": True,
            }
        ],
        "gaps": [
            {
                "attribute": "sex",
                "measure": "auroc",
                "best": "female",
                "worst": "male",
                "difference": measure("0.081"),
            }
        ],
        "sites": [
            {
                "attribute": "year",
                "measure": "auroc",
                "pooled": measure("0.95", "0.93", "0.97"),
                "i2": Decimal("0.41"),
                "tau2": Decimal("0.02"),
                "low": Decimal("0.9"),
                "high": Decimal("0.98"),
                "places": [
                    {
                        "word": year,
                        "n": 262,
                        "events": 66,
                        "value": Decimal("0.95"),
                        "low": Decimal("0.93"),
                        "high": None,
                    }
                    for year in ("2019", "2020")
                ],
            }
        ],
        "curves": {
            "roc": [{"x": _d(i / 100), "y": _d((i / 100) ** 0.15)} for i in range(101)],
            "calibration": [
                {"x": _d(i / 50), "y": _d(i / 55), "low": _d(max(i / 55 - 0.06, 0)), "high": _d(i / 55 + 0.06)}
                for i in range(51)
            ],
            "decision": [
                {
                    "threshold": _d(t),
                    "model": _d(model),
                    "low": _d(model - 0.02),
                    "high": _d(model + 0.02),
                    "all": _d(everyone),
                    "none": 0,
                    "avoided": _d(0.3),
                    "linear_features": _d(model - 0.03),
                }
                for t, model, everyone in curve
            ],
            "distribution": [
                {"low": _d(i / 10), "high": _d((i + 1) / 10), "without": 300 // (i * i + 1), "with": 3 * i}
                for i in range(10)
            ],
        },
        "sensitivity": [
            {
                "name": name,
                "kind": kind,
                "n": 524,
                "events": 135,
                "measures": {"auroc": measure(value, "0.85", "0.97")},
                "text": {"vi": "Như tên gọi.", "en": "As the name says."},
            }
            for name, kind, value in (
                ("noise", "disturbed", "0.97"),
                ("blur", "disturbed", "0.92"),
                ("complete", "complete-cases", "0.98"),
            )
        ],
        "sample_size": [
            {"for": "o_e", "needed": 700, "needed_events": 180, "has": 524, "has_events": 135, "powered": False},
            {"for": "c", "needed": 300, "needed_events": 80, "has": 524, "has_events": 135, "powered": True},
        ],
        "bounds": [
            {
                "measure": "auroc",
                "of": "low",
                "at_least": Decimal("0.95"),
                "at_most": None,
                "found": Decimal("0.974001"),
                "met": True,
                "reason": {"vi": "Như bác sĩ X quang.", "en": "As a radiologist does."},
            },
            {
                "measure": "o_e",
                "of": "value",
                "at_least": Decimal("0.95"),
                "at_most": Decimal("1.05"),
                "found": Decimal("0.91"),
                "met": False,
                "reason": {"vi": "Nguy cơ phải đúng.", "en": "Risks must be right."},
            },
        ],
    }


def _survival() -> dict[str, Any]:
    return {
        "measures": {
            "c_index": measure("0.6864", "0.66", "0.71", "logit, linearised jackknife"),
            "ibs": measure("0.171", "0.16", "0.18"),
            "o_e_at": measure("1.21", "1.08", "1.35", "log scale, Greenwood"),
            "d_calibration": measure("0.04"),
            "auc_at_3": measure("0.74", "0.71", "0.77"),
        },
        "operating": [
            {
                "threshold": Decimal("0.40"),
                "primary": True,
                "reason": {"vi": "Một ca bỏ sót bằng 1,5 ca thừa.", "en": "A miss weighs like 1.5 needless ones."},
                "counts": {"positive": 300},
                "measures": {"net_benefit_at": measure("0.31", "0.28", "0.35")},
            }
        ],
        "curves": {
            "kaplan_meier": [
                {"time": _d(t / 10), "observed": _d(math.exp(-t / 60)), "predicted": _d(math.exp(-t / 54))}
                for t in range(70)
            ],
            "calibration_at": [
                {"x": _d(i / 20), "y": _d(i / 22), "low": _d(i / 22 - 0.02), "high": _d(i / 22 + 0.02)}
                for i in range(1, 19)
            ],
            "decision_at": [
                {
                    "threshold": _d(t / 20),
                    "model": _d(0.2 - t / 90),
                    "low": None,
                    "high": None,
                    "all": _d(0.3 - t / 20),
                }
                for t in range(1, 12)
            ],
        },
    }


def _forecast() -> dict[str, Any]:
    wis = [(h, 48 + 9 * h, 70 + 14 * h) for h in (1, 2, 3)]
    return {
        "measures": {
            "wis": measure("48.2", "44.1", "52.9", "BCa bootstrap of 60 clusters, 500 resamples"),
            "wis_persistence": measure("70.5", "66", "75"),
            "wis_seasonal": measure("102.3", "95", "110"),
            "relative_wis_persistence": measure(
                "0.68", "0.62", "0.75", "log scale, Student's t, 59 degrees of freedom"
            ),
            "coverage_50": measure("0.51", "0.49", "0.53"),
            "coverage_90": measure("0.88", "0.86", "0.90"),
            "mae": measure("61.2", "58", "65"),
            "wis_h2": measure("55.1", "50", "60", "bootstrap-t of 70 clusters, 1000 resamples"),
            "mae_persistence": measure("80.1", "75", "85"),
        },
        "curves": {
            "by_horizon": [
                {
                    "horizon": h,
                    "n": 2000,
                    "wis": _d(ours),
                    "coverage_50": _d(0.51 - h / 100),
                    "coverage_90": _d(0.9 - h / 50),
                    "mae": _d(60 + h),
                    "wis_persistence": _d(last),
                    "wis_seasonal": _d(102.3),
                }
                for h, ours, last in wis
            ],
            "by_place": [
                {
                    "place": f"Tỉnh {i}",
                    "n": 48,
                    "wis": _d(20 + i),
                    "coverage_90": _d(0.9),
                    "wis_persistence": _d(40 + i / 3),
                }
                for i in range(40)
            ],
            "by_month": [
                {
                    "month": f"{2007 + i // 12}-{i % 12 + 1:02d}",
                    "n": 60,
                    "wis": _d(50 + 30 * math.sin(i / 2)),
                    "coverage_90": _d(0.9),
                    "wis_persistence": _d(70 + 40 * math.sin(i / 2)),
                }
                for i in range(48)
            ],
        },
    }


def _d(value: float) -> Decimal:
    return Decimal(f"{value:.6g}")
