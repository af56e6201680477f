"""Groups of cases against all others: which are large enough to be judged, and what their figures say.

Each interval has a level that Bonferroni divides by the number of comparisons. A group is *worse* where an interval
lies wholly on the bad side; else no difference was shown, which is no proof that there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from lienthong.products.card import Text
from lienthong.products.evaluation.cases import Labels
from lienthong.products.evaluation.pooling import LOG, LOGIT, PLAIN, Scale, difference, pool, ratio
from lienthong.products.evaluation.protocol import Protocol
from lienthong.products.evaluation.result import Gap, Group, Multiplicity, Place, Pooled, Verdict
from lienthong.products.measures.measure import Flags, Measure

__all__ = ["Judged", "Measured", "gaps", "judge", "over_places"]

SITES = ("site", "year")
SCALES: Mapping[str, Scale] = {"auroc": LOGIT, "top1": LOGIT, "c_index": LOGIT, "o_e": LOG, "o_e_at": LOG}

Measured = Callable[[Flags, float], Mapping[str, Measure]]
"""The measures of the cases where a flag is true, with intervals of a level."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A measure by which groups are judged: more is better (1), less is better (-1), nearer to 1 is better (0)."""

    name: str
    better: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """The cases of one word of an attribute."""

    attribute: str
    word: str
    kept: Flags
    n: int
    events: int | None
    enough: bool


def judge(
    groups: Mapping[str, Labels],
    events: Flags | None,
    protocol: Protocol,
    judged: Sequence[Judged],
    measured: Measured,
) -> tuple[tuple[Group, ...], Multiplicity | None]:
    """Every group of the protocol's attributes that the cases have, and how many comparisons were made."""
    asked = [name for name in protocol.subgroups.attributes if name in groups]
    cuts = [cut for name in asked for cut in _cuts(name, groups[name], events, protocol)]
    if not cuts:
        return (), None
    compared = sum(cut.enough for cut in cuts) * len(judged)
    level = 1 - (1 - float(protocol.level)) / max(1, compared)
    found = tuple(_judged(cut, protocol, judged, measured, level) for cut in cuts)
    text = Text(
        f"{compared} so sánh (mỗi nhóm với mọi ca còn lại, {len(judged)} thước đo), hiệu chỉnh Bonferroni; "
        f"mỗi khoảng có mức tin cậy {level:.6f}.",
        f"{compared} comparisons (each group with all other cases, {len(judged)} measures), Bonferroni; "
        f"each interval has the level {level:.6f}.",
    )
    return found, Multiplicity(compared, Decimal(f"{level:.6f}"), text)


def gaps(groups: Sequence[Group], names: Sequence[str]) -> tuple[Gap, ...]:
    """For each attribute and measure, how far the best and the worst group are apart (of those that are judged)."""
    found = []
    for attribute in sorted({group.attribute for group in groups}):
        large = [item for item in groups if item.attribute == attribute and item.verdict is not Verdict.INSUFFICIENT]
        for name in names:
            valued = [item for item in large if name in item.measures and item.measures[name].value is not None]
            if len(valued) > 1:
                ranked = sorted(valued, key=lambda item: (item.measures[name].value or 0.0, item.word))
                worst, best = ranked[0], ranked[-1]
                gap = difference(best.measures[name], worst.measures[name])
                found.append(Gap(attribute, name, best.word, worst.word, gap))
    return tuple(found)


def over_places(
    groups: Mapping[str, Labels],
    events: Flags | None,
    protocol: Protocol,
    names: Sequence[str],
    measured: Measured,
) -> tuple[Pooled, ...]:
    """The measures by site and by year, where the cases have these groups, pooled by random effects."""
    level = float(protocol.level)
    found = []
    for attribute in SITES:
        if attribute not in groups:
            continue
        cuts = [cut for cut in _cuts(attribute, groups[attribute], events, protocol) if cut.enough]
        figures = [measured(cut.kept, level) for cut in cuts]
        for name in names:
            each = [item.get(name, Measure(None)) for item in figures]
            mean = pool(each, SCALES.get(name, PLAIN), level)
            places = tuple(
                Place(cut.word, cut.n, cut.events, item.value, item.low, item.high)
                for cut, item in zip(cuts, each, strict=True)
            )
            found.append(Pooled(attribute, name, mean.pooled, mean.i2, mean.tau2, mean.low, mean.high, places))
    return tuple(found)


def _cuts(attribute: str, labels: Labels, events: Flags | None, protocol: Protocol) -> Iterator[_Cut]:
    for word in sorted(set(labels.tolist())):
        kept = np.asarray(labels == word)
        n, happened = int(kept.sum()), None if events is None else int(events[kept].sum())
        enough = n >= protocol.subgroups.min_n and (happened is None or happened >= protocol.subgroups.min_events)
        yield _Cut(attribute, str(word), kept, n, happened, enough)


def _judged(cut: _Cut, protocol: Protocol, judged: Sequence[Judged], measured: Measured, level: float) -> Group:
    least = protocol.subgroups
    if not cut.enough or cut.kept.all():
        reason = Text(
            f"Dưới {least.min_n} ca hoặc {least.min_events} biến cố (hoặc không có ca khác): không kết luận được.",
            f"Fewer than {least.min_n} cases or {least.min_events} events (or no other cases): nothing can be said.",
        )
        return Group(cut.attribute, cut.word, cut.n, cut.events, {}, {}, Verdict.INSUFFICIENT, reason)
    plain = measured(cut.kept, float(protocol.level))
    own, others = measured(cut.kept, level), measured(~cut.kept, level)
    differences = {
        item.name: (ratio if item.better == 0 else difference)(own[item.name], others[item.name])
        for item in judged
        if item.name in own and item.name in others
    }
    worse = [item.name for item in judged if _is_worse(item, differences.get(item.name), own, others)]
    if worse:
        reason = Text(f"Kém hơn các ca còn lại: {', '.join(worse)}.", f"Worse than all others: {', '.join(worse)}.")
    else:
        reason = Text(
            "Chưa thấy khác biệt; điều đó không chứng minh là không có.",
            "No difference was shown; that is no proof that there is none.",
        )
    verdict = Verdict.WORSE if worse else Verdict.NO_DIFFERENCE
    return Group(cut.attribute, cut.word, cut.n, cut.events, plain, differences, verdict, reason)


def _is_worse(item: Judged, found: Measure | None, own: Mapping[str, Measure], others: Mapping[str, Measure]) -> bool:
    if found is None or found.low is None or found.high is None:
        return False
    if item.better:
        return found.high < 0 if item.better > 0 else found.low > 0
    apart = found.high < 1 or found.low > 1
    return apart and _from_one(own[item.name]) > _from_one(others[item.name])


def _from_one(measure: Measure) -> float:
    return abs(math.log(measure.value)) if measure.value is not None and measure.value > 0 else math.inf
