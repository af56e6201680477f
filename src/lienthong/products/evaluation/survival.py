"""Evaluates foretold survival: order, calibration at the protocol's times, utility, groups, places.

The primary time is the first of the protocol; figures at other times bear it in their name (`o_e_at_3`). What is
foretold for a time between two of the grid is had by a straight line.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from lienthong.core.errors import Category, ErrorKind
from lienthong.products.card import Text
from lienthong.products.evaluation.cases import SurvivalCases
from lienthong.products.evaluation.comparing import against
from lienthong.products.evaluation.groups import Judged, gaps, judge, over_places
from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.result import Compared, Findings, MissingInput, Operating, Row, Sample, Sensitivity
from lienthong.products.evaluation.sample import samples
from lienthong.products.evaluation.subsets import complete, subset
from lienthong.products.measures import concordance, survival, survival_calibration
from lienthong.products.measures.censoring import kaplan_meier
from lienthong.products.measures.measure import Flags, Measure, Numbers

__all__ = ["evaluate", "main"]

NO_TIME = ErrorKind(
    "evaluation-time-missing",
    Category.INCORRECT,
    what="A protocol of survival names the times at which it is judged; {why}.",
    allowed="[times] with unit and at, within the times that the product foretells ({low} to {high})",
    cure="Correct [times] in protocol.toml, then lock anew.",
)

_POINTS = 51
_STEPS = 60


def evaluate(cases: SurvivalCases, protocol: Protocol) -> Findings:
    """All that the protocol asks of cases."""
    level = float(protocol.level)
    times = _times(cases, protocol)

    def measured(kept: Flags, at: float) -> Mapping[str, Measure]:
        return main(subset(cases, kept), protocol, at)

    judged = (Judged("c_index", 1), Judged("o_e_at", 0))
    groups, multiplicity = judge(cases.groups, cases.event, protocol, judged, measured)
    measures = {**main(cases, protocol, level), **_order(cases, times[0], level)}
    for index, time in enumerate(times):
        ending = f"_{time.normalize():f}" if index else ""
        measures |= {f"{name}{ending}": found for name, found in _at(cases, time, protocol, level).items()}
    return Findings(
        n=len(cases),
        events=int(cases.event.sum()),
        abstained=0,
        measures=measures,
        operating=_operating(cases, times[0], protocol, level),
        comparators=tuple(_compared(cases, name, protocol, level) for name in sorted(cases.comparators)),
        groups=groups,
        multiplicity=multiplicity,
        gaps=gaps(groups, ("c_index",)),
        sites=over_places(cases.groups, cases.event, protocol, ("c_index", "o_e_at"), measured),
        curves=_curves(cases, times[0], protocol, level),
        missing=tuple(
            MissingInput(name, int(flags.sum()), float(flags.mean())) for name, flags in sorted(cases.missing.items())
        ),
        sensitivity=(*_disturbed(cases, level), *_complete(cases, protocol, level)),
        sample_size=_samples(cases, float(times[0]), protocol),
    )


def _samples(cases: SurvivalCases, at: float, protocol: Protocol) -> tuple[Sample, ...]:
    """The needs of a binary outcome at the primary time, against the cases whose state is known then.

    With censoring more are needed (Riley 2022 simulates it), so that this is a lower bound: who falls short of it is
    not powered.
    """
    ended = cases.event & (cases.time <= at)
    return samples(int((ended | (cases.time > at)).sum()), int(ended.sum()), protocol)


def main(cases: SurvivalCases, protocol: Protocol, level: float) -> dict[str, Measure]:
    """The measures by which subsets are compared: order, and calibration on the whole at the primary time."""
    at = _times(cases, protocol)[0]
    return {
        "c_index": concordance.c_index(cases.time, cases.event, cases.risk, clusters=cases.clusters, level=level),
        "o_e_at": survival.o_e_at(
            cases.time, cases.event, _probability(cases, at), float(at), clusters=cases.clusters, level=level
        ),
    }


def _order(cases: SurvivalCases, at: Decimal, level: float) -> dict[str, Measure]:
    found = survival.d_calibration(
        *_own(survival.survival_at_own_time(cases.time, cases.event, cases.survival, cases.grid))
    )
    return {
        "uno_c": concordance.uno_c(
            cases.time, cases.event, cases.risk, tau=float(at), clusters=cases.clusters, level=level
        ),
        **_brier(cases, level),
        "d_calibration": Measure(None, method="no cases")
        if found is None
        else Measure(found.p, method="p of chi-squared over ten parts of foretold survival"),
    }


def _brier(cases: SurvivalCases, level: float) -> dict[str, Measure]:
    """The integrated Brier score, and that of Kaplan-Meier's curve of these very cases foretold for each of them.

    The curve has seen the outcomes, which is in its favour.
    """
    names = ("ibs", "ibs_kaplan_meier")
    known = cases.grid < cases.time.max()  # nothing is known of a time beyond which nobody was followed
    if known.sum() < 2:
        return dict.fromkeys(names, Measure(None, method="nobody was followed beyond two times of the grid"))
    grid = cases.grid[known]
    curve = kaplan_meier(cases.time, cases.event, level=level)
    steps = np.append(1.0, curve.survival)[np.searchsorted(curve.time, grid, side="right")]
    foretold = (cases.survival[:, known], np.tile(steps, (len(cases), 1)))
    return {
        name: survival.ibs(cases.time, cases.event, one, grid, clusters=cases.clusters, level=level)
        for name, one in zip(names, foretold, strict=True)
    }


def _own(found: tuple[Numbers, Flags]) -> tuple[Flags, Numbers]:
    return found[1], found[0]


def _at(cases: SurvivalCases, time: Decimal, protocol: Protocol, level: float) -> dict[str, Measure]:
    p, at = _probability(cases, time), float(time)
    y, event, clusters = cases.time, cases.event, cases.clusters
    calibrated = survival_calibration.calibration_at(
        y, event, p, at, seed=protocol.seed, resamples=protocol.resamples, clusters=clusters, level=level
    )
    found = {
        "auc_at": concordance.time_dependent_auc(y, event, p, at, clusters=clusters, level=level),
        "brier_at": survival.brier_at(y, event, 1 - p, at, clusters=clusters, level=level),
        "o_e_at": calibrated.o_e,
        "slope_at": calibrated.slope,
        "ici_at": calibrated.ici,
    }
    if protocol.primary is not None:
        found["net_benefit_at"] = _net_benefit(cases, p, at, protocol.primary.value, level)
    return found


def _net_benefit(cases: SurvivalCases, p: Numbers, at: float, threshold: Decimal, level: float) -> Measure:
    return survival.net_benefit_at(
        cases.time, cases.event, p, at, float(threshold), clusters=cases.clusters, level=level
    )


def _operating(cases: SurvivalCases, time: Decimal, protocol: Protocol, level: float) -> tuple[Operating, ...]:
    """Net benefit at each locked threshold; a two-by-two table does not exist where cases are censored."""
    p = _probability(cases, time)
    return tuple(
        Operating(
            item.value,
            item.primary,
            item.reason,
            {"positive": int((p >= float(item.value)).sum())},
            {"net_benefit_at": _net_benefit(cases, p, float(time), item.value, level)},
        )
        for item in protocol.thresholds
    )


def _compared(cases: SurvivalCases, name: str, protocol: Protocol, level: float) -> Compared:
    """A comparator orders the same cases; its probabilities are not known, so that order alone is compared."""
    other, clusters = cases.comparators[name], cases.clusters
    measures = {"c_index": concordance.c_index(cases.time, cases.event, other, clusters=clusters, level=level)}
    differences = {
        "c_index": concordance.c_index_difference(
            cases.time, cases.event, cases.risk, other, clusters=clusters, level=level
        )
    }
    return against(name, measures, differences, protocol)


def _curves(cases: SurvivalCases, time: Decimal, protocol: Protocol, level: float) -> dict[str, list[Row]]:
    p, at = _probability(cases, time), float(time)
    found: dict[str, list[Row]] = {"kaplan_meier": _seen_and_foretold(cases, level)}
    smooth = survival_calibration.curve_at(
        cases.time,
        cases.event,
        p,
        at,
        seed=protocol.seed,
        resamples=protocol.resamples,
        points=_POINTS,
        clusters=cases.clusters,
        level=level,
    )
    if smooth is not None:
        columns = (smooth.probability, smooth.observed, smooth.low, smooth.high)
        found["calibration_at"] = [
            {"x": x, "y": observed, "low": low, "high": high} for x, observed, low, high in zip(*columns, strict=True)
        ]
    if protocol.curve is not None:
        rows: list[Row] = []
        for threshold in protocol.curve.thresholds():
            model = _net_benefit(cases, p, at, threshold, level)
            everybody = _net_benefit(cases, np.ones(len(cases)), at, threshold, level)
            rows.append(
                {
                    "threshold": threshold,
                    "model": model.value,
                    "low": model.low,
                    "high": model.high,
                    "all": everybody.value,
                    "none": 0,
                }
            )
        found["decision_at"] = rows
    return found


def _seen_and_foretold(cases: SurvivalCases, level: float) -> list[Row]:
    """Kaplan-Meier's curve and the mean of what was foretold, at steps of the grid's span."""
    curve = kaplan_meier(cases.time, cases.event, level=level)
    mean = cases.survival.mean(axis=0)
    rows: list[Row] = []
    for time in np.linspace(0, float(cases.grid[-1]), _STEPS + 1):
        place = int(np.searchsorted(curve.time, time, side="right")) - 1
        observed = (1.0, 1.0, 1.0) if place < 0 else (curve.survival[place], curve.low[place], curve.high[place])
        foretold = float(np.interp(time, np.append(0.0, cases.grid), np.append(1.0, mean)))
        rows.append(
            {"time": time, "observed": observed[0], "low": observed[1], "high": observed[2], "predicted": foretold}
        )
    return rows


def _disturbed(cases: SurvivalCases, level: float) -> list[Sensitivity]:
    text = Text("Đầu vào bị nhiễu như tên gọi.", "The inputs are disturbed as the name says.")
    return [
        Sensitivity(
            name,
            "disturbed",
            len(cases),
            int(cases.event.sum()),
            {"c_index": concordance.c_index(cases.time, cases.event, risk, clusters=cases.clusters, level=level)},
            text,
        )
        for name, risk in sorted(cases.perturbed.items())
    ]


def _complete(cases: SurvivalCases, protocol: Protocol, level: float) -> list[Sensitivity]:
    kept = complete(cases.missing, len(cases))
    if kept.all() or not kept.any():
        return []
    only = subset(cases, kept)
    text = Text("Chỉ các ca không thiếu đầu vào nào.", "Only cases in which no input is missing.")
    found = main(only, protocol, level)
    return [Sensitivity("complete", "complete-cases", len(only), int(only.event.sum()), found, text)]


def _times(cases: SurvivalCases, protocol: Protocol) -> tuple[Decimal, ...]:
    low, high = float(cases.grid[0]), float(cases.grid[-1])
    if not protocol.times:
        raise NO_TIME.at("protocol.toml: times", why="there is none", low=f"{low:g}", high=f"{high:g}")
    for time in protocol.times:
        if not 0 < float(time) <= high:
            raise NO_TIME.at("protocol.toml: times", why="one is not foretold", low=f"{low:g}", high=f"{high:g}")
    return protocol.times


def _probability(cases: SurvivalCases, time: Decimal) -> Numbers:
    """The foretold probability of the event up to a time."""
    at, grid = float(time), cases.grid
    exact = np.flatnonzero(grid == at)
    if len(exact):
        return np.asarray(1 - cases.survival[:, exact[0]], dtype=np.float64)
    whole = np.column_stack([np.ones(len(cases)), cases.survival])
    times = np.append(0.0, grid)
    place = int(np.searchsorted(times, at))
    share = (at - times[place - 1]) / (times[place] - times[place - 1])
    return np.asarray(1 - (whole[:, place - 1] * (1 - share) + whole[:, place] * share), dtype=np.float64)
