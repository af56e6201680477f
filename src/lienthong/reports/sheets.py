"""The tables of a run for a statistician: measures, thresholds, bounds, comparators, groups, places, robustness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lienthong.products.card import Text
from lienthong.products.evaluation.protocol import Protocol
from lienthong.reports import labels
from lienthong.reports.disclosure import Counts, shown
from lienthong.reports.methods import method
from lienthong.reports.plot import Estimate
from lienthong.reports.run_file import MAIN, Run, estimate, number
from lienthong.reports.sheet import Sheet
from lienthong.reports.words import Words

__all__ = [
    "bounds",
    "comparators",
    "gaps",
    "groups",
    "measures",
    "measures_of_groups",
    "missing",
    "operating",
    "places",
    "sample_size",
    "sensitivity",
    "thresholds",
]

_COUNTS = ("tp", "fp", "fn", "tn", "positive")
_VERDICTS = {True: "met", False: "not-met", None: "cannot-say"}
_BEATEN = {True: "beaten", False: "not-beaten", None: "cannot-say"}


def measures(run: Run, protocol: Protocol, words: Words) -> Sheet:
    """Every measure of the run with its interval, how that was made, and what the measure means."""
    rows = []
    main = MAIN.get(run["task"])
    for name in sorted(run["measures"], key=lambda name: name != main):  # the main one first, else as they come
        found = estimate(run["measures"][name])
        rows.append(
            (labels.measure(name, words), found.told(words), labels.meaning(name, words), method(found.method, words))
        )
    level = words.percent(protocol.level, 0)
    columns = (words("measure"), words("value-interval"), words("meaning"), words("method"))
    return Sheet(words("measures-caption", level=level), columns, tuple(rows), whole=frozenset({1}))


def thresholds(protocol: Protocol, words: Words) -> Sheet:
    rows = tuple(
        (_threshold(item.value, item.primary, words), words.say(item.reason)) for item in protocol.thresholds
    )
    return Sheet(words("thresholds"), (words("threshold"), words("reason")), rows)


def operating(run: Run, words: Words) -> Sheet:
    """What happens at each locked threshold: one column for each."""
    found = run.get("operating", ())
    if not found:
        return Sheet(words("operating"))
    columns = (words("measure"), *(_threshold(item["threshold"], item["primary"], words) for item in found))
    names = list(dict.fromkeys(name for item in found for name in item["measures"]))
    counted = [name for name in _COUNTS if any(name in item["counts"] for item in found)]
    rows = [(words(name), *(_count(item["counts"].get(name), False, words) for item in found)) for name in counted]
    rows += [
        (labels.measure(name, words), *(estimate(item["measures"].get(name)).told(words) for item in found))
        for name in names
    ]
    return Sheet(words("operating"), columns, tuple(rows), _all_but(1, len(columns)))


def bounds(run: Run, words: Words) -> Sheet:
    rows = tuple(
        (
            labels.measure(item["measure"], words),
            f"{words('bound-' + item['of'])}: {_limits(item, words)}",
            _figure(item["found"], words),
            words(_VERDICTS[item["met"]]),
            words.say(Text(**item["reason"])),
        )
        for item in run.get("bounds", ())
    )
    columns = (words("measure"), words("bound"), words("found"), words("verdict"), words("reason"))
    return Sheet(words("bounds"), columns, rows, whole=frozenset({3}))


def sample_size(run: Run, words: Words) -> Sheet:
    rows = tuple(
        (
            labels.measure(item["for"], words),
            _sized(item["needed"], item["needed_events"], words),
            _sized(item["has"], item["has_events"], words),
            words("powered" if item["powered"] else "not-powered"),
        )
        for item in run.get("sample_size", ())
    )
    columns = (words("sample-for"), words("needed"), words("has"), words("verdict"))
    return Sheet(words("sample-size-caption"), columns, rows)


def comparators(run: Run, words: Words) -> Sheet:
    """Each difference from each comparator, with its own figure; the margin where the protocol has one."""
    rows = []
    for item in run.get("comparators", ()):
        for name, given in item["differences"].items():
            judged = name == item["measure"]
            rows.append(
                (
                    labels.comparator(item["name"], words),
                    labels.measure(name, words),
                    estimate(item["measures"].get(name)).told(words),
                    estimate(given).told(words),
                    _exact(item["margin"], words) if judged else "",
                    words(_BEATEN[item["beaten"]]) if judged else "",
                )
            )
    columns = (
        words("comparator"),
        words("measure"),
        words("comparator-figure"),
        words("difference"),
        words("margin"),
        words("verdict"),
    )
    return Sheet(words("comparators-caption"), columns, tuple(rows), whole=frozenset({5}))


def groups(run: Run, words: Words) -> Sheet:
    """Each group with its numbers and verdict; small counts are hidden."""
    rows = tuple(
        (
            labels.group(item["attribute"], item["word"], words),
            _count(counts.n, counts.n_hidden, words),
            _count(counts.events, counts.events_hidden, words),
            words(item["verdict"]),
            labels.spelled(words.say(Text(**item["reason"])), words),
        )
        for item, counts in _counted(run)
    )
    columns = (words("group"), words("cases"), words("events"), words("verdict"), words("reason"))
    return Sheet(words("groups-caption"), columns, rows, frozenset({1, 2}), note=words("groups-note"))


def measures_of_groups(run: Run, words: Words) -> Sheet:
    """Every measure of every group with enough data, and how far it lies from that of all other cases."""
    rows = tuple(
        (
            labels.group(item["attribute"], item["word"], words),
            labels.measure(name, words),
            estimate(given).told(words),
            estimate(item["differences"].get(name)).told(words),
        )
        for item, _ in _counted(run)
        if item["verdict"] != "insufficient-data"
        for name, given in item["measures"].items()
    )
    columns = (words("group"), words("measure"), words("value-interval"), words("difference-others"))
    return Sheet(words("groups-measures"), columns, rows, whole=frozenset({2, 3}))


def gaps(run: Run, words: Words) -> Sheet:
    """How far the best and the worst group of an attribute are apart."""
    rows = tuple(
        (
            labels.attribute(item["attribute"], words),
            labels.measure(item["measure"], words),
            labels.group_word(item["best"], words),
            labels.group_word(item["worst"], words),
            estimate(item["difference"]).told(words),
        )
        for item in run.get("gaps", ())
    )
    columns = (words("attribute"), words("measure"), words("gap-best"), words("gap-worst"), words("gap"))
    return Sheet(words("gaps-caption"), columns, rows)


def places(run: Run, words: Words) -> list[tuple[str, Sheet]]:
    """For each measure over sites or years: what they have in common, and each of them; small counts are hidden."""
    found = []
    for item in run.get("sites", ()):
        name = labels.measure(item["measure"], words)
        low, high = number(item["low"]), number(item["high"])
        i2 = number(item["i2"])
        told = words(
            "sites-told",
            measure=name,
            attribute=labels.attribute(item["attribute"], words),
            pooled=estimate(item["pooled"]).told(words),
            i2=words.percent(i2, 0) if i2 is not None else "–",
            range=words("between", low=words.number(low), high=words.number(high))
            if low is not None and high is not None
            else "–",
        )
        counts = shown([(place["n"], place["events"]) for place in item["places"]])
        rows = tuple(
            (
                place["word"] or words("unknown"),
                _count(count.n, count.n_hidden, words),
                _count(count.events, count.events_hidden, words),
                words("hidden")
                if count.n_hidden
                else Estimate(number(place["value"]), number(place["low"]), number(place["high"])).told(words),
            )
            for place, count in zip(item["places"], counts, strict=True)
        )
        columns = (words("site-place"), words("cases"), words("events"), name)
        found.append((told, Sheet(name, columns, rows, frozenset({1, 2}))))
    return found


def missing(run: Run, words: Words) -> Sheet:
    rows = tuple(
        (labels.predictor(item["input"], words), words.number(item["n"]), words.percent(item["share"]))
        for item in run.get("missing", ())
    )
    columns = (words("input"), words("cases"), words("share"))
    return Sheet(words("missing-caption"), columns, rows, frozenset({1, 2}))


def sensitivity(run: Run, words: Words) -> Sheet:
    """The main measures on other cases or with disturbed inputs, one row for each."""
    rows = tuple(
        (
            labels.disturbance(item["name"], words),
            words(f"kind-{item['kind']}") if words.has(f"kind-{item['kind']}") else item["kind"],
            words.number(item["n"]),
            labels.measure(name, words),
            estimate(given).told(words),
        )
        for item in run.get("sensitivity", ())
        for name, given in item["measures"].items()
    )
    columns = (words("test"), words("kind"), words("cases"), words("measure"), words("value-interval"))
    return Sheet(words("sensitivity-caption"), columns, rows, frozenset({2}))


def _counted(run: Run) -> Iterable[tuple[Mapping[str, Any], Counts]]:
    """The groups, attribute by attribute, with the counts that may be told."""
    found = run.get("groups", ())
    for attribute in dict.fromkeys(item["attribute"] for item in found):
        of_attribute = [item for item in found if item["attribute"] == attribute]
        yield from zip(of_attribute, shown([(item["n"], item["events"]) for item in of_attribute]), strict=True)


def _count(count: int | None, hidden: bool, words: Words) -> str:
    return words("hidden") if hidden else "–" if count is None else words.number(count)


def _threshold(value: Any, primary: bool, words: Words) -> str:
    told = _exact(value, words)
    return words("threshold-primary", value=told) if primary else told


def _limits(bound: Mapping[str, Any], words: Words) -> str:
    least, most = (_exact(bound[name], words) if bound[name] is not None else "" for name in ("at_least", "at_most"))
    if least and most:
        return words("between", low=least, high=most)
    return words("at-least", value=least) if least else words("at-most", value=most)


def _sized(n: int, events: int | None, words: Words) -> str:
    if events is None:
        return words("of-cases", n=words.number(n))
    return words("of-events", n=words.number(n), events=words.number(events))


def _exact(value: Any, words: Words) -> str:
    """A number that a person fixed: with the digits that it was given."""
    found = number(value)
    return "–" if found is None else words.exact(found)


def _figure(value: Any, words: Words) -> str:
    found = number(value)
    return "–" if found is None else words.number(found)


def _all_but(first: int, count: int) -> frozenset[int]:
    return frozenset(range(first, count))
