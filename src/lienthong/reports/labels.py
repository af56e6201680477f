"""What the names in a run are called in a report: measures, comparators, attributes, groups, ways of computing."""

from __future__ import annotations

import re
from decimal import Decimal

from lienthong.reports.words import Words

__all__ = [
    "attribute",
    "comparator",
    "disturbance",
    "group",
    "group_word",
    "meaning",
    "measure",
    "predictor",
    "spelled",
]

_OF_BASELINES = ("wis", "mae")
_RELATIVE = "relative_"
_AT = re.compile(r"(?P<base>\w+?)_at(?:_(?P<time>[\d.]+))?")
_AHEAD = re.compile(r"(?P<base>\w+)_h(?P<horizon>\d+)")
_NAME = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
_LONG = {"slope": "calibration_slope", "intercept": "calibration_intercept"}


def measure(name: str, words: Words) -> str:
    """The name of a measure: of which time, horizon or baseline; one that nobody knows stands as it is."""
    if words.has(f"measure-{name}"):
        return words(f"measure-{name}")
    if found := _AHEAD.fullmatch(name):
        told = measure(found["base"], words)
        return words("measure-at-horizon", measure=told, horizon=found["horizon"])
    if found := _AT.fullmatch(name):
        told = measure(_LONG.get(found["base"], found["base"]), words)
        if found["time"] is None:
            return words("measure-at-primary", measure=told)
        return words("measure-at-other", measure=told, time=found["time"])
    base, baseline = _of_baseline(name.removeprefix(_RELATIVE))
    if not base:
        return name
    key = "relative" if name.startswith(_RELATIVE) else "of-baseline"
    return words(f"measure-{key}", measure=words(f"measure-{base}"), baseline=comparator(baseline, words))


def meaning(name: str, words: Words) -> str:
    """What a measure means, in a sentence; nothing for one that nobody knows."""
    if words.has(f"meaning-{name}"):
        return words(f"meaning-{name}")
    found = _AHEAD.fullmatch(name) or _AT.fullmatch(name)
    if found:
        return meaning(_LONG.get(found["base"], found["base"]), words)
    base, _ = _of_baseline(name.removeprefix(_RELATIVE))
    if not base:
        return ""
    return words("meaning-relative" if name.startswith(_RELATIVE) else "meaning-of-baseline")


def comparator(name: str, words: Words) -> str:
    """A comparator or baseline; a product's own stands as the product names it."""
    key = f"name-{name.replace('_', '-')}"
    return words(key) if words.has(key) else name.replace("_", " ")


def disturbance(name: str, words: Words) -> str:
    """A way in which inputs were disturbed; a product's own stands as the product names it."""
    base, times, factor = name.partition(" × ")
    if times:
        return f"{predictor(base, words)} × {words.exact(Decimal(factor))}"
    key = f"disturbance-{name.replace('_', '-').replace(' ', '-')}"
    return words(key) if words.has(key) else name.replace("_", " ")


def attribute(name: str, words: Words) -> str:
    """An attribute by which cases are told apart."""
    key = f"attribute-{name.replace('-', '_')}"
    return words(key) if words.has(key) else name.replace("_", " ")


def group(name: str, word: str, words: Words) -> str:
    """A group of cases: the attribute and its value."""
    return f"{attribute(name, words)}: {group_word(word, words)}"


def group_word(word: str, words: Words) -> str:
    """The value of an attribute; "" is what nobody knows."""
    key = f"word-{word}"
    return (words(key) if words.has(key) else word) or words("unknown")


def predictor(name: str, words: Words) -> str:
    """An input of a product; a product's own stands as the product names it."""
    key = f"input-{name.replace('_', '-')}"
    return words(key) if words.has(key) else name.replace("_", " ")


def spelled(sentence: str, words: Words) -> str:
    """A sentence of a run with the measures that it names called as the report calls them."""
    return _NAME.sub(lambda found: measure(found[0], words), sentence)


def _of_baseline(name: str) -> tuple[str, str]:
    """A measure and the baseline of which it is, both empty where the name is none of such."""
    for base in _OF_BASELINES:
        if name.startswith(f"{base}_"):
            return base, name.removeprefix(f"{base}_")
    return "", ""
