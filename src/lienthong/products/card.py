"""The card of a product: intended use, population, users, output, source and limits, checked when it is loaded."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.text import nfc

__all__ = ["CARD_LANGUAGES", "Card", "Quoted", "Text", "horizon_of", "read_card"]

CARD_LANGUAGES = ("vi", "en")

WRONG_CARD = ErrorKind(
    "product-card-wrong",
    Category.INCORRECT,
    what="The card of a product can't be used: {why}.",
    allowed="{allowed}",
    cure="Correct card.toml of the product; a product without a whole card does not run.",
)

_TEXTS = ("title", "intended_use", "population", "users", "output", "data")
_WORDS = ("name", "version", "kind", "owner", "risk_class", "decision_role")
ADULT = 18
_NUMBERS = ("horizon_years", "age_from")
_RISKS = ("low", "medium", "high")
_ROLES = ("informs", "augments", "replaces")


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in Vietnamese and in English."""

    vi: str
    en: str

    def to_json(self) -> dict[str, str]:
        return {"vi": self.vi, "en": self.en}

    def say(self, **values: Text | str) -> Text:
        """The sentence with `{name}` filled in, in both languages."""
        return Text(
            self.vi.format(**{name: item.vi if isinstance(item, Text) else item for name, item in values.items()}),
            self.en.format(**{name: item.en if isinstance(item, Text) else item for name, item in values.items()}),
        )

    @staticmethod
    def read(value: object, where: str) -> Text:
        """The text of a table with one sentence for each language."""
        if not isinstance(value, Mapping) or set(value) != set(CARD_LANGUAGES):
            raise WRONG_CARD.at(where, why="a text is missing a language", allowed="a table with vi and en")
        if not all(isinstance(item, str) and item.strip() for item in value.values()):
            raise WRONG_CARD.at(where, why="a text is empty", allowed="a sentence in each language")
        return Text(nfc(value["vi"]), nfc(value["en"]))


@dataclass(frozen=True, slots=True)
class Quoted:
    """A figure that the card quotes from a signed run: evidence/`run`.json with this `digest`.

    `text` holds `{value}`, `{low}`, `{high}` and `{n}`, which are filled from the run with so many decimals.
    """

    measure: str
    run: str
    digest: str
    decimals: int
    text: Text


@dataclass(frozen=True, slots=True)
class Card:
    """What a product is, for whom, and where it must not be trusted; every text in Vietnamese and English.

    `horizon_years` is None where a product foretells nothing (a score of the moment); `age_from` is the age in full
    years from which people belong to its population. `signer` is the fingerprint of the key whose evidence counts,
    "" where there is none; `figures` are references: `evaluation.evidence` takes their values from signed runs.
    """

    name: str
    version: str
    kind: str
    owner: str
    risk_class: str
    decision_role: str
    horizon_years: int | None
    title: Text
    intended_use: Text
    population: Text
    users: Text
    output: Text
    data: Text
    citation: str
    doi: str
    limits: tuple[Text, ...]
    age_from: int = ADULT
    signer: str = ""
    figures: tuple[Quoted, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The card as JSON, with the keys of card.toml."""
        return {
            **{name: getattr(self, name) for name in _WORDS},
            **({} if self.horizon_years is None else {"horizon_years": self.horizon_years}),
            "age_from": self.age_from,
            **{name: getattr(self, name).to_json() for name in _TEXTS},
            "source": {"citation": self.citation, "doi": self.doi},
            "limits": [limit.to_json() for limit in self.limits],
        }


def read_card(text: str, where: str = "card.toml") -> Card:
    """The card of a TOML text, or an error that names the field and what is allowed."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WRONG_CARD.at(where, why=f"it is no TOML ({error})", allowed="TOML") from None
    needed = {*_WORDS, *_TEXTS, "source", "limit"}
    known = needed | set(_NUMBERS) | {"evidence", "figure"}
    for name in sorted(needed - set(data)):
        raise WRONG_CARD.at(f"{where}: {name}", why="a field is missing", allowed=", ".join(sorted(known)))
    for name in sorted(set(data) - known):
        raise WRONG_CARD.at(f"{where}: {name}", why="there is no such field", allowed=", ".join(sorted(known)))
    for name in _WORDS:
        if not isinstance(data[name], str) or not data[name].strip():
            raise WRONG_CARD.at(f"{where}: {name}", why="a field is empty", allowed="text")
    _one_of(where, "risk_class", data["risk_class"], _RISKS)
    # The last word is a physician's: a product that replaces the decision can't be loaded at all.
    _one_of(where, "decision_role", data["decision_role"], _ROLES[:2])
    for name in sorted(set(_NUMBERS) & set(data)):
        years = data[name]
        if not isinstance(years, int) or isinstance(years, bool) or years < 1:
            raise WRONG_CARD.at(f"{where}: {name}", why="it is no number of years", allowed="a whole number above 0")
    source = data["source"]
    if not isinstance(source, dict) or not all(isinstance(source.get(key), str) for key in ("citation", "doi")):
        raise WRONG_CARD.at(f"{where}: source", why="the source is not named", allowed="citation and doi")
    if not isinstance(data["limit"], list) or not data["limit"]:
        raise WRONG_CARD.at(f"{where}: limit", why="no limit is stated", allowed="at least one [[limit]]")
    texts: dict[str, Any] = {name: Text.read(data[name], f"{where}: {name}") for name in _TEXTS}
    words: dict[str, Any] = {name: data[name] for name in _WORDS}
    return Card(
        **words,
        **texts,
        horizon_years=data.get("horizon_years"),
        citation=source["citation"],
        doi=source["doi"],
        limits=tuple(Text.read(limit, f"{where}: limit") for limit in data["limit"]),
        age_from=data.get("age_from", ADULT),
        signer=_signer(data.get("evidence", {}), where),
        figures=tuple(_quoted(item, where) for item in data.get("figure", ())),
    )


def horizon_of(card: Card, where: str = "card.toml") -> int:
    """The years over which a product foretells; an error for a card that names none."""
    if card.horizon_years is None:
        raise WRONG_CARD.at(f"{where}: horizon_years", why="a field is missing", allowed="a whole number above 0")
    return card.horizon_years


def _signer(evidence: object, where: str) -> str:
    if not isinstance(evidence, dict) or (evidence and set(evidence) != {"signer"}):
        raise WRONG_CARD.at(f"{where}: evidence", why="it names no signer", allowed="signer and nothing else")
    signer = evidence.get("signer", "")
    if not isinstance(signer, str) or not re.fullmatch(r"([0-9a-f]{64})?", signer):
        raise WRONG_CARD.at(
            f"{where}: evidence", why="it names no key", allowed="the fingerprint of a key, 64 digits"
        )
    return signer


def _quoted(item: object, where: str) -> Quoted:
    at, allowed = f"{where}: figure", "measure, run, digest, vi, en, and decimals from 0 to 6"
    if not isinstance(item, dict) or not {"measure", "run", "digest", *CARD_LANGUAGES} <= set(item):
        raise WRONG_CARD.at(at, why="a field is missing", allowed=allowed)
    if set(item) - {"measure", "run", "digest", "decimals", *CARD_LANGUAGES}:
        raise WRONG_CARD.at(at, why="there is no such field", allowed=allowed)
    decimals = item.get("decimals", 3)
    if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= 6:
        raise WRONG_CARD.at(at, why="it is no number of decimals", allowed=allowed)
    text = Text.read({language: item[language] for language in CARD_LANGUAGES}, at)
    measure, run, digest = words = [item[name] for name in ("measure", "run", "digest")]
    if not all(isinstance(word, str) for word in words) or "/" in run:
        raise WRONG_CARD.at(at, why="a field is no text", allowed=allowed)
    for sentence in (text.vi, text.en):
        fields = {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
        if "value" not in fields or fields - {"value", "low", "high", "n"}:
            raise WRONG_CARD.at(at, why="a sentence has other fields", allowed="{{value}}, {{low}}, {{high}}, {{n}}")
    return Quoted(measure, run, digest, decimals, text)


def _one_of(where: str, name: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise WRONG_CARD.at(f"{where}: {name}", why="the value is not allowed", allowed=", ".join(allowed))
