"""`lienthong product report`: a run as a page that a physician, a statistician and a regulator read, and print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lienthong.core.errors import Category, ErrorKind

if TYPE_CHECKING:
    from lienthong.products.card import Card
    from lienthong.reports.dossier import Signature

__all__ = ["Written", "report"]

NO_PLOTS = ErrorKind(
    "report-packages-missing",
    Category.MISSING,
    what="A package that draws the plots of a report is not installed: {package}.",
    allowed="Lienthong with its extra ai",
    cure='Run `pip install "lienthong[ai]"`, then the command again.',
)
NO_RUN = ErrorKind(
    "report-no-run",
    Category.MISSING,
    what="No signed run of '{name}' ships with Lienthong, so there is nothing to report on.",
    allowed="a run that `lienthong product evaluate {name} --to FILE` wrote",
    cure="Evaluate the product with --to FILE, then name that file with --run.",
)
NO_FILE = ErrorKind(
    "report-file-missing",
    Category.NOT_FOUND,
    what="The file that --run names is not here or can't be read.",
    cure="Name a file that `lienthong product evaluate NAME --to FILE` wrote.",
)
NO_LANGUAGE = ErrorKind(
    "report-language-unknown",
    Category.INCORRECT,
    what="Reports are not written in this language.",
    allowed="{allowed}",
    cure="Name one of these with --language.",
)
OTHER_PRODUCT = ErrorKind(
    "report-other-product",
    Category.INCORRECT,
    what="This run is of another product or version: {found}.",
    allowed="a run of {name}",
    cure="Name the product of the run, or a run of this product.",
)


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report lies, of which run, and what was found of the run's signature."""

    report: str
    product: str
    version: str
    run: str
    digest: str
    signature: str
    language: str

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A product of `lienthong product list`.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The HTML file to write; a browser prints it.")],
    run: Annotated[
        Path | None, typer.Option("--run", metavar="FILE", help="A run [default: the signed one that ships].")
    ] = None,
    language: Annotated[str, typer.Option(help="vi or en.")] = "vi",
) -> None:
    """A run as one page without script: for the physician, the statistician, the regulator; made to be printed."""
    from lienthong import console
    from lienthong.products import catalogue
    from lienthong.products.card import CARD_LANGUAGES

    if language not in CARD_LANGUAGES:
        raise NO_LANGUAGE.at("--language", allowed=", ".join(CARD_LANGUAGES))
    evidence = catalogue.evidence(name)
    try:
        from lienthong.reports.dossier import Signature
        from lienthong.reports.evaluation import evaluation
    except ModuleNotFoundError as error:
        raise NO_PLOTS.at(name, package=error.name or "?") from None

    if run is None:
        # A run that confirms says more than one that explores; of several the first by name
        runs = sorted(evidence.runs, key=lambda item: (item.status.value != "confirmatory", item.file))
        if not runs:
            raise NO_RUN.at(name, name=name)
        body, signature, place = runs[0].body, Signature.HOLDS, runs[0].file  # `evidence` has verified it
    else:
        body = _read(run, evidence.card)
        signature, place = _checked(body, evidence.card, str(run)), str(run)
    html = evaluation(body, evidence.card, language=language, signature=signature)
    to.write_text(html, "utf-8")
    written = Written(str(to), name, body["version"], place, body["digest"], signature.value, language)
    console.show(written, as_json=context.obj.json)


def _read(place: Path, card: Card) -> Mapping[str, Any]:
    """The run of a file that the user names, of this product in this version."""
    from lienthong.reports.run_file import read_run

    try:
        content = place.read_bytes()
    except OSError:
        raise NO_FILE.at(str(place)) from None
    body = read_run(content, str(place))
    found = f"{body['product']} {body['version']}"
    if found != f"{card.name} {card.version}":
        raise OTHER_PRODUCT.at(str(place), found=found, name=f"{card.name} {card.version}")
    return body


def _checked(body: Mapping[str, Any], card: Card, where: str) -> Signature:
    """What is to be said of the signature: none, it holds, its key is not the card's, or it does not hold."""
    from lienthong.core.errors import LienthongError
    from lienthong.products.evaluation import signing
    from lienthong.reports.dossier import Signature

    if "signature" not in body:
        return Signature.NONE
    try:
        signer = signing.verify(body, where)
    except LienthongError:
        return Signature.BROKEN
    return Signature.HOLDS if signer.fingerprint == card.signer else Signature.FOREIGN
