"""Evaluates proposed codes: is a right one first, or among the first five; do the codes fit that would be entered."""

from __future__ import annotations

from collections.abc import Mapping

from lienthong.products.evaluation.cases import CodingCases
from lienthong.products.evaluation.groups import Judged, gaps, judge, over_places
from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.result import Findings
from lienthong.products.evaluation.subsets import subset
from lienthong.products.measures import coding
from lienthong.products.measures.measure import Flags, Measure

__all__ = ["evaluate", "main"]


def evaluate(cases: CodingCases, protocol: Protocol) -> Findings:
    """All that the protocol asks of cases; rare codes count in `f1_macro` as much as frequent ones."""
    level = float(protocol.level)

    def measured(kept: Flags, at: float) -> Mapping[str, Measure]:
        return main(subset(cases, kept), protocol, at)

    groups, multiplicity = judge(cases.groups, None, protocol, (Judged("top1", 1), Judged("top5", 1)), measured)
    codes, given = cases.codes.tolist(), cases.given.tolist()
    f1 = {
        "f1_micro": coding.f1_micro(codes, given, clusters=cases.clusters, level=level),
        "f1_macro": coding.f1_macro(
            codes, given, seed=protocol.seed, resamples=protocol.resamples, clusters=cases.clusters, level=level
        ),
    }
    return Findings(
        n=len(cases),
        events=None,
        abstained=sum(not item for item in cases.ranked.tolist()),
        measures={**main(cases, protocol, level), **f1},
        groups=groups,
        multiplicity=multiplicity,
        gaps=gaps(groups, ("top1",)),
        sites=over_places(cases.groups, None, protocol, ("top1",), measured),
    )


def main(cases: CodingCases, protocol: Protocol, level: float) -> dict[str, Measure]:  # noqa: ARG001 - as every task
    """How often a right code is first, and among the first five; a case without a proposal is missed."""
    codes, ranked = cases.codes.tolist(), cases.ranked.tolist()
    return {f"top{k}": coding.top_k(codes, ranked, k, clusters=cases.clusters, level=level) for k in (1, 5)}
