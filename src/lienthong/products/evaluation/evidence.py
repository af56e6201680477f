"""The evidence of a product: its signed lock and runs, verified, and the figures of its card taken from them.

`evidence/lock.json` and `evidence/run-<data>.json` lie in the product's folder. A card names whose key it trusts and
quotes runs; here every run is checked (signature, signer, digest, product, artefact, protocol, lock) and the figures
are read from them. Nothing here needs the packages of AI: a card is verified wherever Lienthong runs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources.abc import Traversable
from typing import Any

from lienthong.core import canonical
from lienthong.core.errors import Category, ErrorKind
from lienthong.products.card import Card, Quoted, Text
from lienthong.products.evaluation import artefact, signing
from lienthong.products.evaluation.status import Word

__all__ = ["BESIDE", "Evidence", "Figure", "SignedRun", "read_evidence"]

WRONG_EVIDENCE = ErrorKind(
    "evidence-wrong",
    Category.CONFLICT,
    what="The evidence of '{name}' does not hold: {why}.",
    allowed="figures that stand in a run signed for this very artefact and protocol",
    cure="Run `lienthong product evaluate {name} --sign` anew and quote that run, or install Lienthong again.",
)

BESIDE = frozenset({"digest", "status", "environment", "opened", "ran", "seconds", "signature"})
"""Members of a run that are no part of its digest."""

NONE = Text(
    "Chưa có lần đánh giá nào được ký; thẻ này không nêu con số nào.",
    "No signed run: this card states no figure.",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a card as the signed run holds it; `low` and `high` are None where it has no interval."""

    measure: str
    run: str
    value: Decimal
    low: Decimal | None
    high: Decimal | None
    text: Text

    def to_json(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "run": self.run,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "text": self.text.to_json(),
        }


@dataclass(frozen=True, slots=True)
class SignedRun:
    """A run that was verified: its file, its digest, what it says of itself, and the whole of it."""

    file: str
    digest: str
    status: Word
    reason: Text
    signer: signing.Signer
    body: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "digest": self.digest,
            "status": self.status.value,
            "reason": self.reason.to_json(),
            "n": self.body["n"],
            "signer": self.signer.name,
            "fingerprint": self.signer.fingerprint,
            "signed": self.signer.time,
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """A card with its verified runs, and the figures that the card may state; `recipe` is data.toml, where one is."""

    card: Card
    runs: tuple[SignedRun, ...]
    figures: tuple[Figure, ...]
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The card as JSON with `figures` and `evidence`."""
        return {
            **self.card.to_json(),
            **({"evaluated_on": dict(self.recipe)} if self.recipe else {}),
            "figures": [item.to_json() for item in self.figures],
            "evidence": {
                "signer": self.card.signer,
                "runs": [item.to_json() for item in self.runs],
                **({} if self.runs else {"none": NONE.to_json()}),
            },
        }


def read_evidence(folder: Traversable, card: Card) -> Evidence:
    """The evidence in a product's folder, verified; an error names the file and what does not hold."""
    recipe = _recipe(folder)
    if not card.signer:
        return Evidence(card, (), (), recipe)
    within = folder / "evidence"
    names = sorted(item.name for item in within.iterdir()) if within.is_dir() else []
    reader = _Reader(folder, card)
    runs = {name: reader.run(name) for name in names if name.startswith("run-") and name.endswith(".json")}
    figures = tuple(reader.figure(item, runs) for item in card.figures)
    return Evidence(card, tuple(runs[name] for name in sorted(runs)), figures, recipe)


def _recipe(folder: Traversable) -> Mapping[str, Any]:
    """data.toml as it stands, to be shown; `data.read_recipe` checks it before it is used."""
    file = folder / "data.toml"
    try:
        return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


class _Reader:
    """Reads and checks the files of one product's evidence."""

    def __init__(self, folder: Traversable, card: Card) -> None:
        self._folder, self._card = folder, card
        self._artefact = artefact.digest(folder)
        self._protocol = artefact.file_digest(folder, "protocol.toml")

    def run(self, name: str) -> SignedRun:
        body, signer = self._signed(name)
        result = {key: item for key, item in body.items() if key not in BESIDE}
        self._must(body.get("digest") == canonical.digest(result), name, "the digest is not that of the run")
        self._is_of_this(name, body["product"], body["version"], body["artefact"], body["protocol"]["digest"])
        status = body["status"]
        if status["word"] == Word.CONFIRMATORY:
            self._locked(name, body)
        return SignedRun(name, body["digest"], Word(status["word"]), Text(**status["reason"]), signer, body)

    def figure(self, quoted: Quoted, runs: Mapping[str, SignedRun]) -> Figure:
        where = f"card.toml: figure {quoted.measure}"
        name = f"{quoted.run}.json"
        self._must(name in runs, where, f"there is no signed run evidence/{name}")
        run = runs[name]
        self._must(run.digest == quoted.digest, where, f"evidence/{name} is not the run that the card quotes")
        found = run.body["measures"].get(quoted.measure)
        self._must(found is not None and found["value"] is not None, where, "no signed run holds this figure")
        value, low, high = (None if item is None else Decimal(item) for item in map(found.get, _PARTS))
        assert value is not None, "checked above"
        said = {part: _shown(item, quoted.decimals) for part, item in zip(_PARTS, (value, low, high), strict=True)}
        return Figure(quoted.measure, quoted.run, value, low, high, quoted.text.say(n=str(run.body["n"]), **said))

    def _locked(self, name: str, run: Mapping[str, Any]) -> None:
        lock, signer = self._signed("lock.json")
        self._is_of_this("lock.json", lock["product"], lock["version"], lock["artefact"], lock["protocol"])
        self._must(canonical.digest(dict(lock)) == run["status"]["lock"], name, "it rests on another lock")
        self._must(signer.time <= run["opened"], name, "the outcomes were opened before the lock was signed")

    def _is_of_this(self, name: str, product: str, version: str, digest: str, protocol: str) -> None:
        same = (product, version) == (self._card.name, self._card.version)
        self._must(same, name, "it is of another product or version")
        self._must(digest == self._artefact, name, "it is of another artefact than the one in this folder")
        self._must(protocol == self._protocol, name, "it is of another protocol than the one in this folder")

    def _signed(self, name: str) -> tuple[dict[str, Any], signing.Signer]:
        where = f"{self._folder.name}/evidence/{name}"
        try:
            body = canonical.parse((self._folder / "evidence" / name).read_bytes())
        except (OSError, ValueError):
            body = None
        self._must(isinstance(body, dict), name, "it is missing or no JSON")
        signer = signing.verify(body, where)
        trusted = signer.fingerprint == self._card.signer
        self._must(trusted, name, "it is signed with another key than the one that the card names")
        return body, signer

    def _must(self, holds: bool, name: str, why: str) -> None:
        if not holds:
            where = name if name.startswith("card.toml") else f"evidence/{name}"
            raise WRONG_EVIDENCE.at(f"{self._folder.name}/{where}", name=self._folder.name, why=why)


_PARTS = ("value", "low", "high")


def _shown(value: Decimal | None, decimals: int) -> Text:
    """A figure with so many decimals, with the decimal sign of each language."""
    if value is None:
        return Text("–", "–")
    english = f"{value:.{decimals}f}"
    return Text(english.replace(".", ","), english)
