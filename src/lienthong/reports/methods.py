"""How an interval was made, in the report's language: the measures say it in English, phrase by phrase."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from lienthong.reports.words import Words

__all__ = ["method"]


def method(text: str, words: Words) -> str:
    """The method of a measure in the language of the report; a phrase that nobody knows stays in English."""
    if words.code != "vi" or not text:
        return text
    known = _phrases()
    return _pattern().sub(lambda found: known[found[0]], text)


@cache
def _phrases() -> Mapping[str, str]:
    text = (resources.files("lienthong.reports") / "texts" / "methods.toml").read_text("utf-8")
    return {item["en"]: item["vi"] for item in tomllib.loads(text)["phrase"]}


@cache
def _pattern() -> re.Pattern[str]:
    longest = sorted(_phrases(), key=lambda phrase: (-len(phrase), phrase))
    return re.compile("|".join(rf"(?<!\w){re.escape(phrase)}(?!\w)" for phrase in longest))
