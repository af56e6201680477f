"""The plots of a run: which of its curves are drawn, for each task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from lienthong.products.evaluation.protocol import Protocol
from lienthong.reports import labels
from lienthong.reports.disclosure import shown
from lienthong.reports.drawing import ORANGE
from lienthong.reports.plot import Estimate, Plot
from lienthong.reports.plots.calibration import CurvePoint, calibration
from lienthong.reports.plots.comparisons import Row, Sign, forest
from lienthong.reports.plots.discrimination import Bin, OperatingPoint, roc, spread
from lienthong.reports.plots.lines import Line, LinePoint, lines
from lienthong.reports.plots.people import hundred, of_hundred
from lienthong.reports.plots.utility import Benefit, decision_curve
from lienthong.reports.run_file import MAIN, Run, estimate, number
from lienthong.reports.words import Words

__all__ = ["baselines_of", "of_groups", "of_people", "of_performance", "of_robustness"]

_DECISION = frozenset({"threshold", "model", "low", "high", "all", "none", "avoided"})
_OF_BASELINE = "wis_"
_AHEAD = re.compile(r"wis_h\d+")  # the product's own error, further ahead
_KNOWN = ("wis_persistence", "wis_seasonal")
_MOST_PLACES = 24
_NONE = Decimal(0)


def of_people(run: Run, words: Words) -> list[Plot]:
    """A hundred people at the primary threshold, for products that say yes or no."""
    primary = next((item for item in run.get("operating", ()) if item["primary"] and "tp" in item["counts"]), None)
    if primary is None:
        return []
    counts = primary["counts"]
    return [hundred(of_hundred(counts["tp"], counts["fn"], counts["fp"], counts["tn"]), words)]


def of_performance(run: Run, protocol: Protocol, words: Words) -> list[Plot]:
    """The curves of the run, in the order in which a statistician asks for them."""
    curves: Mapping[str, Sequence[Mapping[str, Any]]] = run.get("curves", {})
    measures = run["measures"]
    found: list[Plot] = []
    if curves.get("roc"):
        points = [(_number(row["x"]), _number(row["y"])) for row in curves["roc"]]
        found.append(roc(points, _operating(run), estimate(measures.get("auroc")), words))
    if curves.get("distribution"):
        bins = [
            Bin(_number(row["low"]), _number(row["high"]), int(row["with"]), int(row["without"]))
            for row in curves["distribution"]
        ]
        found.append(spread(bins, words, is_risk=protocol.calibrated))
    if curves.get("calibration"):
        found.append(calibration(_calibration(curves["calibration"]), estimate(measures.get("o_e")), words))
    if curves.get("decision"):
        found.append(decision_curve(_benefits(curves["decision"], words), words, locked=_locked(protocol)))
    if curves.get("kaplan_meier"):
        found.append(_kaplan_meier(curves["kaplan_meier"], protocol, words))
    when = at_primary_time(protocol, words)
    if curves.get("calibration_at"):
        o_e = estimate(measures.get("o_e_at"))
        points_at = _calibration(curves["calibration_at"])
        found.append(calibration(points_at, o_e, words, name="calibration-at", when=when))
    if curves.get("decision_at"):
        benefits = _benefits(curves["decision_at"], words)
        found.append(decision_curve(benefits, words, name="decision-at", locked=_locked(protocol), when=when))
    if curves.get("by_horizon"):
        found += [_errors(curves["by_horizon"], words), _coverage(curves["by_horizon"], words)]
    if curves.get("by_place"):
        found.append(_places(curves["by_place"], words))
    if curves.get("by_month"):
        found.append(_months(curves["by_month"], words))
    return found


def of_groups(run: Run, words: Words) -> list[Plot]:
    """The main measure of each group beside that of all cases."""
    groups = run.get("groups", ())
    main = MAIN.get(run["task"], "")
    if not groups or main not in run["measures"]:
        return []
    whole = estimate(run["measures"][main]).value
    signs = {
        "no-difference-shown": Sign(words("no-difference-shown")),
        "worse": Sign(words("worse"), "triangle", ORANGE),
        "insufficient-data": Sign(words("insufficient-data"), "square"),
    }
    rows = []
    for attribute in dict.fromkeys(item["attribute"] for item in groups):
        of_attribute = [item for item in groups if item["attribute"] == attribute]
        for item, counts in zip(of_attribute, shown([(i["n"], i["events"]) for i in of_attribute]), strict=True):
            found = estimate(item["measures"].get(main))
            too_few = item["verdict"] == "insufficient-data" or found.value is None
            n = words("hidden") if counts.n_hidden else counts.n
            events = words("hidden") if counts.events_hidden else counts.events
            rows.append(
                Row(
                    labels.group(attribute, item["word"], words),
                    Estimate(None) if too_few else found,
                    signs[item["verdict"]],
                    words("insufficient-data") if too_few else "",
                    (n, events, words(item["verdict"])),
                )
            )
    name = labels.measure(main, words)
    worse = sum(item["verdict"] == "worse" for item in groups)
    judged = any(not row.instead for row in rows)
    key = "forest-title-worse" if worse else "forest-title-none" if judged else "forest-title-few"
    return [
        forest(
            rows,
            name,
            words,
            name="groups-plot",
            title=words(key, measure=name, count=worse),
            explained=words("forest-explained"),
            columns=(
                words("group"),
                name,
                words("low"),
                words("high"),
                words("cases"),
                words("events"),
                words("verdict"),
            ),
            reference=(words("all-cases", value=words.number(whole)), float(whole)) if whole is not None else None,
            note=words("groups-note"),
        )
    ]


def of_robustness(run: Run, words: Words) -> list[Plot]:
    """The main measure with each disturbance of the inputs, beside that without."""
    main = MAIN.get(run["task"], "")
    disturbed = [
        item for item in run.get("sensitivity", ()) if item["kind"] == "disturbed" and main in item["measures"]
    ]
    base = estimate(run["measures"].get(main)).value
    found = [(item, estimate(item["measures"][main])) for item in disturbed]
    valued = [(item, each.value) for item, each in found if each.value is not None]
    if not valued or base is None:
        return []
    high_is_bad = main == "wis"
    worst, value = sorted(valued, key=lambda pair: pair[1])[-1 if high_is_bad else 0]
    label = labels.measure(main, words)
    sign = Sign(words("disturbed"))
    return [
        forest(
            [
                Row(labels.disturbance(item["name"], words), each, sign, "" if each.value is not None else "–")
                for item, each in found
            ],
            label,
            words,
            name="robustness-plot",
            title=words(
                "robustness-title-above" if high_is_bad else "robustness-title",
                measure=label,
                value=words.number(value),
                name=labels.disturbance(worst["name"], words),
                base=words.number(base),
            ),
            explained=words("robustness-explained"),
            columns=(words("disturbed"), label, words("low"), words("high")),
            reference=(words("undisturbed", value=words.number(base)), float(base)),
        )
    ]


def baselines_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names under which rows of a forecast hold the error of baselines (`wis_<baseline>`)."""
    found = dict.fromkeys(
        key for row in rows for key in row if key.startswith(_OF_BASELINE) and not _AHEAD.fullmatch(key)
    )
    # The last value and the season are what every reader knows; further baselines come after them
    return sorted(found, key=lambda key: (key not in _KNOWN, key))


def at_primary_time(protocol: Protocol, words: Words) -> str:
    """ "at 5 years", or nothing where the protocol names no time."""
    if not protocol.times:
        return ""
    return words("at-time", time=words.number(int(protocol.times[0])), unit=unit(protocol, words))


def unit(protocol: Protocol, words: Words) -> str:
    """The unit of time of the protocol in words."""
    key = f"unit-{protocol.time_unit}"
    return words(key) if words.has(key) else protocol.time_unit


def _operating(run: Run) -> list[OperatingPoint]:
    found = []
    for item in run.get("operating", ()):
        sensitivity, specificity = (
            estimate(item["measures"].get(name)).value for name in ("sensitivity", "specificity")
        )
        if sensitivity is not None and specificity is not None:
            found.append(OperatingPoint(_number(item["threshold"]), sensitivity, specificity))
    return found


def _locked(protocol: Protocol) -> list[Decimal]:
    return [item.value for item in protocol.thresholds]


def _calibration(rows: Sequence[Mapping[str, Any]]) -> list[CurvePoint]:
    return [
        CurvePoint(_number(row["x"]), _number(row["y"]), number(row.get("low")), number(row.get("high")))
        for row in rows
    ]


def _benefits(rows: Sequence[Mapping[str, Any]], words: Words) -> list[Benefit]:
    return [
        Benefit(
            _number(row["threshold"]),
            Estimate(number(row["model"]), number(row.get("low")), number(row.get("high"))),
            _number(row["all"]),
            {labels.comparator(key, words): number(value) for key, value in row.items() if key not in _DECISION},
        )
        for row in rows
    ]


def _kaplan_meier(rows: Sequence[Mapping[str, Any]], protocol: Protocol, words: Words) -> Plot:
    observed, predicted = (
        tuple(
            LinePoint(
                _number(row["time"]),
                _number(row[name]),
                number(row.get("low")) if name == "observed" else None,
                number(row.get("high")) if name == "observed" else None,
            )
            for row in rows
            if number(row.get(name)) is not None
        )
        for name in ("observed", "predicted")
    )
    widest = max(
        (abs(_number(row["observed"]) - _number(row["predicted"])) for row in rows if _both(row)), default=_NONE
    )
    return lines(
        [Line(words("km-observed"), observed), Line(words("km-predicted"), predicted)],
        words,
        name="kaplan-meier",
        title=words("km-title", gap=words.number(widest * 100, 1)),
        explained=words("km-explained"),
        x_title=words("km-x", unit=unit(protocol, words)),
        y_title=words("km-y"),
        y_domain=(0, 1),
        share=True,
    )


def _both(row: Mapping[str, Any]) -> bool:
    return number(row.get("observed")) is not None and number(row.get("predicted")) is not None


def _errors(rows: Sequence[Mapping[str, Any]], words: Words) -> Plot:
    baselines = [name for name in baselines_of(rows) if estimate(rows[0].get(name)).value is not None]
    drawn = [
        Line(words("key-product") if name == "wis" else _baseline(name, words), _by(rows, "horizon", name))
        for name in ("wis", *baselines[:3])
    ]
    better = sum(
        all(_value(row, "wis") < _value(row, name) for name in baselines[:3]) for row in rows if _value(row, "wis")
    )
    told = ", ".join(_baseline(name, words) for name in baselines[:3])
    key = "wis-title-alone" if not baselines else "wis-title-better" if better == len(rows) else "wis-title-some"
    return lines(
        drawn,
        words,
        name="wis-by-horizon",
        title=words(key, baselines=told, count=better, of=len(rows)),
        explained=words("wis-explained"),
        x_title=words("horizon-x"),
        y_title=words("wis-y"),
        whole_steps=True,
    )


def _coverage(rows: Sequence[Mapping[str, Any]], words: Words) -> Plot:
    drawn = [Line(words(f"coverage-{share}"), _by(rows, "horizon", f"coverage_{share}")) for share in ("90", "50")]
    found = [float(point.y) for point in drawn[0].points] or [0.0]
    return lines(
        [line for line in drawn if line.points],
        words,
        name="coverage-by-horizon",
        title=words("coverage-title", low=words.percent(min(found)), high=words.percent(max(found))),
        explained=words("coverage-explained"),
        x_title=words("horizon-x"),
        y_title=words("coverage-y"),
        y_domain=(0, 1),
        levels=[(words("promised", value=words.percent(share, 0)), share) for share in (0.9, 0.5)],
        whole_steps=True,
        share=True,
    )


def _places(rows: Sequence[Mapping[str, Any]], words: Words) -> Plot:
    """Each place's error over that of the first baseline; of many places the best and the worst."""
    name = baselines_of(rows)[0]
    ratios = sorted(
        ((_value(row, "wis") / _value(row, name), row["place"]) for row in rows if _value(row, name)),
    )
    half = _MOST_PLACES // 2
    kept = ratios if len(ratios) <= _MOST_PLACES else [*ratios[:half], *ratios[-half:]]
    baseline = _baseline(name, words)
    better, worse = Sign(words("place-better")), Sign(words("place-worse"), "triangle", ORANGE)
    note = words("place-some", shown=len(kept), of=len(ratios)) if len(kept) < len(ratios) else ""
    return forest(
        [Row(place, Estimate(ratio), better if ratio < 1 else worse) for ratio, place in kept],
        words("place-x", baseline=baseline),
        words,
        name="by-place",
        title=words("place-title", count=sum(ratio < 1 for ratio, _ in ratios), of=len(ratios), baseline=baseline),
        explained=words("place-explained", baseline=baseline),
        columns=(words("place"), words("place-x", baseline=baseline), words("low"), words("high")),
        reference=(words("same-as", baseline=baseline), 1.0),
        note=note,
    )


def _months(rows: Sequence[Mapping[str, Any]], words: Words) -> Plot:
    """The error of each month, with that of the first baseline."""
    names = ["wis", *baselines_of(rows)[:1]]
    drawn = [
        Line(
            words("key-product") if name == "wis" else _baseline(name, words),
            tuple(
                LinePoint(_year(row["month"]), _value(row, name), told=words.month(row["month"]))
                for row in rows
                if estimate(row.get(name)).value is not None
            ),
        )
        for name in names
    ]
    worst = max(rows, key=lambda row: _value(row, "wis"))
    return lines(
        drawn,
        words,
        name="by-month",
        title=words("month-title", value=words.number(_value(worst, "wis")), month=words.month(worst["month"])),
        explained=words("month-explained"),
        x_title=words("month-x"),
        y_title=words("wis-y"),
        most=len(rows),
        x_values=sorted({int(row["month"][:4]) for row in rows}),
    )


def _year(month: str) -> Decimal:
    """A month (YYYY-MM) as a place on an axis of years."""
    year, _, of_year = month.partition("-")
    return Decimal(year) + Decimal(int(of_year or 1) - 1) / 12


def _baseline(column: str, words: Words) -> str:
    return labels.comparator(column.removeprefix(_OF_BASELINE), words)


def _by(rows: Sequence[Mapping[str, Any]], across: str, name: str) -> tuple[LinePoint, ...]:
    points = []
    for row in rows:
        found = estimate(row.get(name))
        if found.value is not None:
            points.append(LinePoint(int(row[across]), found.value, found.low, found.high))
    return tuple(points)


def _value(row: Mapping[str, Any], name: str) -> Decimal:
    found = estimate(row.get(name)).value
    return _NONE if found is None else Decimal(str(found))


def _number(value: object) -> Decimal:
    found = number(value)
    assert found is not None, "a curve of a run has a number in each of its cells"
    return found
