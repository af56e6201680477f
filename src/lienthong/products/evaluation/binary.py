"""Evaluates probabilities of an event: discrimination, calibration, utility, locked thresholds, groups, places.

After Van Calster et al., Lancet Digital Health 2025: AUROC, calibration curve, net benefit with decision curve and
the distribution of risk come first; threshold measures only at thresholds that the protocol has locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from lienthong.products.card import Text
from lienthong.products.evaluation.cases import BinaryCases
from lienthong.products.evaluation.comparing import against
from lienthong.products.evaluation.groups import Judged, gaps, judge, over_places
from lienthong.products.evaluation.protocol import Protocol, Threshold
from lienthong.products.evaluation.result import Compared, Findings, MissingInput, Operating, Row, Sensitivity
from lienthong.products.evaluation.sample import samples
from lienthong.products.evaluation.subsets import complete, subset
from lienthong.products.measures import calibration, discrimination, distribution, influence, operating, utility
from lienthong.products.measures.measure import Flags, Measure, Numbers

__all__ = ["evaluate", "main"]

_BARS = 20
_POINTS = 51


def evaluate(cases: BinaryCases, protocol: Protocol) -> Findings:
    """All that the protocol asks of cases; those about which the product gave no figure are counted and left out."""
    n, happened = len(cases), int(cases.happened.sum())
    given = cases
    abstained = 0
    if cases.abstained is not None:
        abstained = int(cases.abstained.sum())
        given = subset(cases, ~cases.abstained)
    level = float(protocol.level)

    def measured(kept: Flags, at: float) -> Mapping[str, Measure]:
        return main(subset(given, kept), protocol, at)

    judged = [Judged("auroc", 1), *([Judged("o_e", 0)] if protocol.calibrated else [])]
    judged += [Judged("sensitivity", 1), Judged("specificity", 1)] if protocol.primary else []
    groups, multiplicity = judge(given.groups, given.happened, protocol, judged, measured)
    return Findings(
        n=n,
        events=happened,
        abstained=abstained,
        measures={**main(given, protocol, level), **_more(given, protocol, level)},
        operating=tuple(_operating(given, item, protocol, level) for item in protocol.thresholds),
        comparators=tuple(_compared(given, name, protocol, level) for name in sorted(given.comparators)),
        groups=groups,
        multiplicity=multiplicity,
        gaps=gaps(groups, ("sensitivity", "specificity", "auroc")),
        sites=over_places(
            given.groups, given.happened, protocol, ("auroc", "o_e") if protocol.calibrated else ("auroc",), measured
        ),
        curves=_curves(given, protocol, level),
        missing=tuple(
            MissingInput(name, int(flags.sum()), float(flags.mean()) if len(flags) else 0.0)
            for name, flags in sorted(cases.missing.items())
        ),
        sample_size=samples(len(given), int(given.happened.sum()), protocol),
        sensitivity=(*_disturbed(given, protocol, level), *_complete(given, protocol, level)),
    )


def main(cases: BinaryCases, protocol: Protocol, level: float) -> dict[str, Measure]:
    """The measures by which subsets and disturbed inputs are compared; quick enough for many of them."""
    y, p, clusters = cases.happened, cases.probability, cases.clusters
    found = {"auroc": discrimination.auroc(y, p, clusters=clusters, level=level)}
    if protocol.calibrated:
        found |= _calibrated(cases, level)
    if protocol.primary is not None:
        found |= _at(cases, protocol.primary.value, protocol, level)
    return found


def _calibrated(cases: BinaryCases, level: float) -> dict[str, Measure]:
    y, p, clusters = cases.happened, cases.probability, cases.clusters
    return {
        "o_e": calibration.o_e(y, p, clusters=clusters, level=level),
        "calibration_intercept": calibration.intercept(y, p, clusters=clusters, level=level),
        "calibration_slope": calibration.slope(y, p, clusters=clusters, level=level),
        "brier": calibration.brier(y, p, clusters=clusters, level=level),
    }


def _at(cases: BinaryCases, value: Decimal, protocol: Protocol, level: float) -> dict[str, Measure]:
    y, p, clusters, threshold = cases.happened, cases.probability, cases.clusters, float(value)
    found = {
        "sensitivity": operating.sensitivity(y, p, threshold, clusters=clusters, level=level),
        "specificity": operating.specificity(y, p, threshold, clusters=clusters, level=level),
        "ppv": operating.ppv(y, p, threshold, clusters=clusters, level=level),
        "npv": operating.npv(y, p, threshold, clusters=clusters, level=level),
    }
    if protocol.calibrated:  # else the threshold is no probability, and says nothing of harms against benefits
        seed, resamples = protocol.seed, protocol.resamples
        found["net_benefit"] = utility.net_benefit(
            y, p, threshold, seed=seed, resamples=resamples, clusters=clusters, level=level
        )
    return found


def _more(cases: BinaryCases, protocol: Protocol, level: float) -> dict[str, Measure]:
    """What is measured once, since it takes many resamples, and how often the product's sets hold the truth."""
    y, p, clusters = cases.happened, cases.probability, cases.clusters
    seed, resamples = protocol.seed, protocol.resamples
    distances = {
        "ici": calibration.ici,
        "e50": calibration.e50,
        "e90": calibration.e90,
        "emax": calibration.emax,
    }
    found = {"auprc": discrimination.auprc(y, p, seed=seed, resamples=resamples, clusters=clusters, level=level)}
    if protocol.calibrated:
        found["scaled_brier"] = calibration.scaled_brier(y, p, clusters=clusters, level=level)
        found |= {
            name: measure(y, p, seed=seed, resamples=resamples, clusters=clusters, level=level)
            for name, measure in distances.items()
        }
    if cases.sets is not None:
        everyone = np.ones(len(cases), dtype=np.bool_)
        held = np.where(y, cases.sets[:, 1], cases.sets[:, 0])
        single = cases.sets.sum(axis=1) == 1
        shares = {"coverage": (held, everyone), "coverage_event": (held, y), "coverage_no_event": (held, ~y)}
        shares["single"] = (single, everyone)
        found |= {
            name: operating.share(flags, among=among, clusters=clusters, level=level)
            for name, (flags, among) in shares.items()
        }
    return found


def _operating(cases: BinaryCases, item: Threshold, protocol: Protocol, level: float) -> Operating:
    table = operating.counts(cases.happened, cases.probability, float(item.value))
    counts = {
        "tp": table.true_positive,
        "fp": table.false_positive,
        "fn": table.false_negative,
        "tn": table.true_negative,
    }
    return Operating(item.value, item.primary, item.reason, counts, _at(cases, item.value, protocol, level))


def _compared(cases: BinaryCases, name: str, protocol: Protocol, level: float) -> Compared:
    """A comparator on the same cases; every difference is turned so that more than 0 is better for the product."""
    other = cases.comparators[name]
    y, p, clusters = cases.happened, cases.probability, cases.clusters
    measures = main(_as_seen_by(cases, other), protocol, level)
    differences = {"auroc": discrimination.auroc_difference(y, p, other, clusters=clusters, level=level)}
    if protocol.calibrated:
        differences["brier"] = _brier_difference(cases, other, level)
    if protocol.calibrated and protocol.primary is not None:
        differences["net_benefit"] = utility.net_benefit_difference(
            y,
            p,
            other,
            float(protocol.primary.value),
            seed=protocol.seed,
            resamples=protocol.resamples,
            clusters=clusters,
            level=level,
        )
    return against(name, measures, differences, protocol)


def _as_seen_by(cases: BinaryCases, probability: Numbers) -> BinaryCases:
    """The same cases as another model sees them."""
    return BinaryCases(cases.happened, probability, clusters=cases.clusters)


def _brier_difference(cases: BinaryCases, other: Numbers, level: float) -> Measure:
    y = cases.happened.astype(np.float64)
    gained = (other - y) ** 2 - (cases.probability - y) ** 2
    return influence.mean(gained, clusters=cases.clusters, level=level)


def _curves(cases: BinaryCases, protocol: Protocol, level: float) -> dict[str, list[Row]]:
    y, p, clusters = cases.happened, cases.probability, cases.clusters
    found: dict[str, list[Row]] = {}
    if roc := discrimination.roc_curve(y, p):
        found["roc"] = [
            {"x": x, "y": rate} for x, rate in zip(roc.false_positive_rate, roc.true_positive_rate, strict=True)
        ]
    smooth = calibration.curve(y, p, points=_POINTS, clusters=clusters, level=level) if protocol.calibrated else None
    if smooth:
        columns = (smooth.probability, smooth.observed, smooth.low, smooth.high)
        found["calibration"] = [
            {"x": x, "y": observed, "low": low, "high": high} for x, observed, low, high in zip(*columns, strict=True)
        ]
    if protocol.curve is not None and protocol.calibrated:
        rows = utility.decision_curve(
            y,
            p,
            [float(item) for item in protocol.curve.thresholds()],
            seed=protocol.seed,
            resamples=protocol.resamples,
            clusters=clusters,
            level=level,
        )
        found["decision"] = [
            {
                "threshold": row.threshold,
                "model": row.model.value,
                "low": row.model.low,
                "high": row.model.high,
                "all": row.treat_all.value,
                "none": 0,
                "avoided": row.avoided.value,
            }
            for row in rows
        ]
    bars = distribution.histogram(y, p, bins=_BARS)
    found["distribution"] = [
        {"low": low, "high": high, "without": int(without), "with": int(with_event)}
        for low, high, without, with_event in zip(
            bars.edges[:-1], bars.edges[1:], bars.without_event, bars.with_event, strict=True
        )
    ]
    return found


def _disturbed(cases: BinaryCases, protocol: Protocol, level: float) -> list[Sensitivity]:
    text = Text("Đầu vào bị nhiễu như tên gọi.", "The inputs are disturbed as the name says.")
    return [
        Sensitivity(
            name,
            "disturbed",
            len(cases),
            int(cases.happened.sum()),
            main(_as_seen_by(cases, probability), protocol, level),
            text,
        )
        for name, probability in sorted(cases.perturbed.items())
    ]


def _complete(cases: BinaryCases, protocol: Protocol, level: float) -> list[Sensitivity]:
    kept = complete(cases.missing, len(cases))
    if kept.all():
        return []
    only = subset(cases, kept)
    text = Text("Chỉ các ca không thiếu đầu vào nào.", "Only cases in which no input is missing.")
    found = main(only, protocol, level)
    return [Sensitivity("complete", "complete-cases", len(only), int(only.happened.sum()), found, text)]
