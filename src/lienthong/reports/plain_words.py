"""What a run found, in the plain words of a physician: counts of a hundred, never a bare score."""

from __future__ import annotations

from decimal import Decimal

from lienthong.products.evaluation.protocol import Protocol
from lienthong.reports import labels
from lienthong.reports.figures import baselines_of, unit
from lienthong.reports.plots.people import of_hundred
from lienthong.reports.run_file import Run, estimate, number
from lienthong.reports.words import Words

__all__ = ["fairness", "found"]


def found(run: Run, protocol: Protocol, words: Words) -> list[str]:
    """What the run found; the first sentence is the one to read if no other is."""
    told = {"binary": _binary, "survival": _survival, "forecast": _forecast}.get(run["task"])
    sentences = told(run, protocol, words) if told else []
    sentences.append(_data(run, protocol, words))
    if run.get("abstained"):
        sentences.append(words("plain-abstained", count=words.number(run["abstained"])))
    judged = [item for item in run.get("bounds", ()) if item["met"] is not None]
    if judged:
        met = sum(item["met"] for item in judged)
        sentences.append(words("plain-bounds", met=met, of=len(judged)))
    return sentences


def fairness(run: Run, words: Words) -> list[str]:
    """For whom the product does worse, and about whom nobody can tell."""
    groups = run.get("groups", ())
    if not groups:
        return [words("fairness-unknown")]
    named = {
        verdict: [
            labels.group(item["attribute"], item["word"], words) for item in groups if item["verdict"] == verdict
        ]
        for verdict in ("worse", "insufficient-data", "no-difference-shown")
    }
    told = []
    if named["worse"]:
        told.append(words("fairness-worse", groups="; ".join(named["worse"])))
    elif named["no-difference-shown"]:
        told.append(words("fairness-none-worse"))
    if named["insufficient-data"]:
        told.append(words("fairness-insufficient", groups="; ".join(named["insufficient-data"])))
    return told


def _data(run: Run, protocol: Protocol, words: Words) -> str:
    outcome = words.say(protocol.outcome)
    if run["events"] is None:
        return words("plain-n", n=words.number(run["n"]), outcome=outcome)
    share = words.percent(Decimal(run["events"]) / run["n"]) if run["n"] else "–"
    events = words.number(run["events"])
    return words("plain-events", n=words.number(run["n"]), events=events, share=share, outcome=outcome)


def _binary(run: Run, _: Protocol, words: Words) -> list[str]:
    told = []
    primary = next((item for item in run.get("operating", ()) if item["primary"] and "tp" in item["counts"]), None)
    if primary is not None:
        counts = primary["counts"]
        people = of_hundred(counts["tp"], counts["fn"], counts["fp"], counts["tn"])
        told.append(
            words(
                "plain-operating",
                with_event=people.found + people.missed,
                found=people.found,
                missed=people.missed,
                without=people.alarms + people.spared,
                alarms=people.alarms,
            )
        )
        ppv, npv = (estimate(primary["measures"].get(name)).value for name in ("ppv", "npv"))
        if ppv is not None and npv is not None:
            right, wrong = _hundredths(ppv), _hundredths(1 - Decimal(str(npv)))
            told.append(words("plain-ppv", right=words.number(right), wrong=words.number(wrong)))
        told.append(words("plain-prevalence"))
    auroc = estimate(run["measures"].get("auroc")).value
    if auroc is not None:
        told.append(words("plain-auc", right=words.number(_hundredths(auroc))))
    return [*told, *_calibration(run, "o_e", words)]


def _survival(run: Run, protocol: Protocol, words: Words) -> list[str]:
    return [*_within(run, protocol, words), *_order(run, words), *_calibration(run, "o_e_at", words)]


def _within(run: Run, protocol: Protocol, words: Words) -> list[str]:
    """How many of a hundred had the event by the primary time, and how many were foretold."""
    rows = run.get("curves", {}).get("kaplan_meier", ())
    if not rows or not protocol.times:
        return []
    time = protocol.times[0]
    at = min(rows, key=lambda row: abs(row["time"] - time))
    observed, predicted = (number(at.get(name)) for name in ("observed", "predicted"))
    if observed is None or predicted is None:
        return []
    return [
        words(
            "plain-km",
            observed=_hundredths(1 - observed),
            predicted=_hundredths(1 - predicted),
            time=f"{words.exact(time)} {unit(protocol, words)}",
        )
    ]


def _order(run: Run, words: Words) -> list[str]:
    c_index = estimate(run["measures"].get("c_index")).value
    return [words("plain-c", right=words.number(_hundredths(c_index)))] if c_index is not None else []


def _forecast(run: Run, _: Protocol, words: Words) -> list[str]:
    told = []
    measures = run["measures"]
    wis = estimate(measures.get("wis")).value
    for name in baselines_of([measures]):
        other = estimate(measures[name]).value
        if wis is not None and other:
            ratio = Decimal(str(wis)) / Decimal(str(other))
            share, less = words.percent(abs(1 - ratio), 0), words("less" if ratio < 1 else "more")
            baseline = labels.comparator(name.removeprefix("wis_"), words)
            told.append(words("plain-wis", baseline=baseline, share=share, less=less))
    coverage = estimate(measures.get("coverage_90")).value
    if coverage is not None:
        told.append(words("plain-coverage", share=words.percent(coverage)))
    return told


def _calibration(run: Run, name: str, words: Words) -> list[str]:
    o_e = estimate(run["measures"].get(name))
    if o_e.value is None:
        return []
    if o_e.low is None or o_e.high is None or o_e.low <= 1 <= o_e.high:
        key = "plain-oe-fits"
    else:
        key = "plain-oe-under" if o_e.value > 1 else "plain-oe-over"
    has_range = o_e.low is not None and o_e.high is not None
    between = f" {words('plain-range', low=_hundredths(o_e.low), high=_hundredths(o_e.high))}" if has_range else ""
    return [words(key, count=_hundredths(o_e.value), range=between)]


def _hundredths(share: object) -> int:
    return round(Decimal(str(share)) * 100)
