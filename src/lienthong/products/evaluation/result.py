"""What came of an evaluation: one Run, its canonical JSON, and the digest that is equal wherever it is repeated.

The JSON of a run is one object. Figures are numbers with six significant digits; a measure is {"value", "low",
"high", "method"}, each of the first three a number or null; a text is {"vi", "en"}. Members:

    form        "lienthong-evaluation/1"
    product, version, kind, title (text), task ("binary", "survival", "forecast", "coding")
    artefact    digest of what was evaluated (`artefact.digest`)
    protocol    {"digest", "text"}: the protocol.toml as it was; `read_protocol(text)` gives thresholds, bounds,
                reasons
    data        {"files": [{"name", "sha256"}], "part", "licence"}
    n, events, abstained
                cases, cases with the event (null for forecasts), cases about which the product gave no
                figure
    measures    {name: measure}; names: auroc, auprc, brier, scaled_brier, calibration_intercept,
                calibration_slope, o_e, ici, e50, e90, emax, net_benefit, sensitivity, specificity, ppv, npv (at
                the primary threshold), coverage; c_index, uno_c, ibs, ibs_kaplan_meier, brier_at, o_e_at, slope_at,
                ici_at, auc_at, net_benefit_at, d_calibration (at the primary time); wis, wis_<baseline>, coverage_50,
                coverage_90, mae, mae_<baseline>, dispersion, underprediction, overprediction,
                relative_wis_<baseline> (at the first horizon), wis_h2 … (at others); top1,
                top5, f1_micro, f1_macro
    operating   binary: [{"threshold", "primary", "reason" (text), "counts": {"tp", "fp", "fn", "tn"},
                "measures"}]
    comparators [{"name", "measures", "differences": {name: measure}, "measure", "margin", "beaten": true | false
                | null}]; a difference is product minus comparator, turned so that more than 0 is better
    groups      [{"attribute", "word", "n", "events", "measures", "differences", "verdict", "reason" (text)}];
                verdict "insufficient-data", "no-difference-shown" or "worse"; differences are from all other
                cases
    multiplicity  {"compared": k, "level": the level of each interval, "text"}
    gaps        [{"attribute", "measure", "best" (word), "worst" (word), "difference": measure}]: equal opportunity
                is the gap in sensitivity, equalised odds that and the gap in specificity
    sites       [{"attribute" ("site", "year"), "measure", "pooled": measure, "i2", "tau2", "low", "high"
                (prediction interval), "places": [{"word", "n", "events", "value", "low", "high"}]}]
    curves      {name: [row, ...]}: roc {"x", "y"}; calibration {"x", "y", "low", "high"}; decision {"threshold",
                "model", "low", "high", "all", "none", "avoided" (of 100 cases)};
                distribution {"low", "high", "without", "with"} (counts of
                a bar); kaplan_meier {"time", "observed", "low",
                "high", "predicted"}; calibration_at {"x", "y", "low", "high"};
                decision_at; by_horizon {"horizon", "n", "wis", "coverage_50", "coverage_90", "mae",
                "wis_<baseline>"}; by_place {"place", ...} and by_month {"month", ...} alike
    missing     [{"input", "n", "share"}]
    sensitivity [{"name", "kind", "n", "events", "measures", "text"}]; kind "complete-cases", "without-duplicates",
                "without-overlap" or "disturbed" (robustness: `name` is the disturbance)
    leaks       {"checked", "overlap", "duplicates", "text"}: cases also used in development; repeated cases
    sample_size [{"for", "needed", "needed_events", "has", "has_events", "powered"}]
    bounds      [{"measure", "of", "at_least", "at_most", "found", "met": true | false | null, "reason" (text)}]
    notes       [text]
    digest      SHA-256 (hex) of the canonical JSON of all members above

What differs from run to run stands beside it and is no part of the digest:

    status      {"word": "confirmatory" | "exploratory", "reason" (text), "lock": digest of the signed lock or ""}
    environment {"lienthong", "python", "system", "packages": {name: version}}
    opened, ran instants (UTC); seconds
    signature   (in a file of evidence) {"signer", "public", "fingerprint", "time", "signature"}: `signing`
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import numpy as np

from lienthong.core import canonical
from lienthong.products.card import Text
from lienthong.products.evaluation.data import DataFile
from lienthong.products.evaluation.status import Status
from lienthong.products.measures.measure import Measure, figure

__all__ = [
    "FORM",
    "BoundFound",
    "Compared",
    "Findings",
    "Gap",
    "Group",
    "Leaks",
    "MissingInput",
    "Multiplicity",
    "Operating",
    "Place",
    "Pooled",
    "Row",
    "Run",
    "Sample",
    "Sensitivity",
    "Verdict",
    "plain",
]

FORM = "lienthong-evaluation/1"

Row = Mapping[str, Any]
"""A row of a curve: numbers and words by name."""


class Verdict(StrEnum):
    """What the cases of a group say about it, against all others."""

    INSUFFICIENT = "insufficient-data"
    NO_DIFFERENCE = "no-difference-shown"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Operating:
    """What happens at a locked threshold."""

    threshold: Decimal
    primary: bool
    reason: Text
    counts: Mapping[str, int]
    measures: Mapping[str, Measure]


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparator; `beaten` is None where the measure that the protocol names can't be had."""

    name: str
    measures: Mapping[str, Measure]
    differences: Mapping[str, Measure]
    measure: str = ""
    margin: Decimal | None = None
    beaten: bool | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One group of cases against all others."""

    attribute: str
    word: str
    n: int
    events: int | None
    measures: Mapping[str, Measure]
    differences: Mapping[str, Measure]
    verdict: Verdict
    reason: Text


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the best and the worst of the judged groups of an attribute are apart in a measure."""

    attribute: str
    measure: str
    best: str
    worst: str
    difference: Measure


@dataclass(frozen=True, slots=True)
class Multiplicity:
    """How many comparisons of groups were made, and the level of each interval that judges one."""

    compared: int
    level: Decimal
    text: Text


@dataclass(frozen=True, slots=True)
class Place:
    """One site or year."""

    word: str
    n: int
    events: int | None
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Pooled:
    """A measure over sites or years by random effects; `low` and `high` bound what a new one may show."""

    attribute: str
    measure: str
    pooled: Measure
    i2: float | None
    tau2: float | None
    low: float | None
    high: float | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class MissingInput:
    """How often an input was not there."""

    input: str
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The main measures on other cases or on disturbed inputs."""

    name: str
    kind: str
    n: int
    events: int | None
    measures: Mapping[str, Measure]
    text: Text


@dataclass(frozen=True, slots=True)
class Leaks:
    """Cases that were also used in development (`overlap`), and cases that are there more than once."""

    checked: bool
    overlap: int
    duplicates: int
    text: Text


@dataclass(frozen=True, slots=True)
class Sample:
    """How many cases an external validation needs for a measure's interval to be as narrow as wanted."""

    name: str
    needed: int
    needed_events: int | None
    has: int
    has_events: int | None
    powered: bool


@dataclass(frozen=True, slots=True)
class BoundFound:
    """A bound of the protocol and what was found."""

    measure: str
    of: str
    at_least: Decimal | None
    at_most: Decimal | None
    found: float | None
    met: bool | None
    reason: Text


@dataclass(frozen=True, slots=True)
class Findings:
    """What an evaluator of a task finds in the cases."""

    n: int
    events: int | None
    abstained: int
    measures: Mapping[str, Measure]
    operating: tuple[Operating, ...] = ()
    comparators: tuple[Compared, ...] = ()
    groups: tuple[Group, ...] = ()
    multiplicity: Multiplicity | None = None
    gaps: tuple[Gap, ...] = ()
    sites: tuple[Pooled, ...] = ()
    curves: Mapping[str, Sequence[Row]] = dataclasses.field(default_factory=dict)
    missing: tuple[MissingInput, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    sample_size: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run: what was evaluated on what, what was found, and beside it what differs from run to run."""

    product: str
    version: str
    kind: str
    title: Text
    task: str
    artefact: str
    protocol_digest: str
    protocol_text: str
    files: tuple[DataFile, ...]
    part: str
    licence: str
    findings: Findings
    leaks: Leaks
    bounds: tuple[BoundFound, ...]
    notes: tuple[Text, ...]
    status: Status
    environment: Mapping[str, Any]
    opened: str
    ran: str
    seconds: Decimal

    def result(self) -> dict[str, Any]:
        """The members that are equal wherever the run is repeated, without their digest."""
        found = plain(self.findings)
        for sample in found["sample_size"]:
            sample["for"] = sample.pop("name")
        return {
            "form": FORM,
            "product": self.product,
            "version": self.version,
            "kind": self.kind,
            "title": self.title.to_json(),
            "task": self.task,
            "artefact": self.artefact,
            "protocol": {"digest": self.protocol_digest, "text": self.protocol_text},
            "data": {"files": plain(self.files), "part": self.part, "licence": self.licence},
            **found,
            "leaks": plain(self.leaks),
            "bounds": plain(self.bounds),
            "notes": plain(self.notes),
        }

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of `result`."""
        return canonical.digest(self.result())

    def to_json(self) -> dict[str, Any]:
        """The whole run, without a signature."""
        result = self.result()
        return {
            **result,
            "digest": canonical.digest(result),
            "status": plain(self.status),
            "environment": plain(self.environment),
            "opened": self.opened,
            "ran": self.ran,
            "seconds": self.seconds,
        }


def plain(value: Any) -> Any:
    """A value of a run as JSON values: measures and numbers with six significant digits, never a double."""
    if value is None or (isinstance(value, (str, bool, int, Decimal)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    if isinstance(value, (float, np.floating)):
        return figure(float(value))
    if isinstance(value, (Measure, Text)):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    return [plain(item) for item in value]
