"""What the names in a run are called in a report: measures, comparators, attributes, groups, ways of computing."""

from __future__ import annotations

from lienthong.reports.words import Words

__all__ = ["attribute", "comparator", "disturbance", "group", "group_word", "meaning", "measure", "predictor"]

_OF_BASELINES = ("wis", "mae")
_RELATIVE = "relative_"


def measure(name: str, words: Words) -> str:
    """The name of a measure: that of a baseline is told with the baseline; one that nobody knows stands as it is."""
    if words.has(f"measure-{name}"):
        return words(f"measure-{name}")
    base, baseline = _of_baseline(name.removeprefix(_RELATIVE))
    if not base:
        return name
    key = "relative" if name.startswith(_RELATIVE) else "of-baseline"
    return words(f"measure-{key}", measure=words(f"measure-{base}"), baseline=comparator(baseline, words))


def meaning(name: str, words: Words) -> str:
    """What a measure means, in a sentence; nothing for one that nobody knows."""
    if words.has(f"meaning-{name}"):
        return words(f"meaning-{name}")
    base, baseline = _of_baseline(name.removeprefix(_RELATIVE))
    if not base:
        return ""
    if name.startswith(_RELATIVE):
        return words("meaning-relative", measure=words(f"measure-{base}"), baseline=comparator(baseline, words))
    return words("meaning-of-baseline", measure=words(f"measure-{base}"), baseline=comparator(baseline, words))


def comparator(name: str, words: Words) -> str:
    """A comparator or baseline; a product's own stands as the product names it."""
    key = f"name-{name.replace('_', '-')}"
    return words(key) if words.has(key) else name.replace("_", " ")


def disturbance(name: str, words: Words) -> str:
    """A way in which inputs were disturbed; a product's own stands as the product names it."""
    key = f"disturbance-{name.replace('_', '-').replace(' ', '-')}"
    return words(key) if words.has(key) else name.replace("_", " ")


def attribute(name: str, words: Words) -> str:
    """An attribute by which cases are told apart."""
    key = f"attribute-{name.replace(' ', '_')}"
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


def _of_baseline(name: str) -> tuple[str, str]:
    """A measure and the baseline of which it is, both empty where the name is none of such."""
    for base in _OF_BASELINES:
        if name.startswith(f"{base}_"):
            return base, name.removeprefix(f"{base}_")
    return "", ""
