"""`lienthong product run NAME FILE...`: a product that reads pictures, on DICOM files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lienthong.commands.call import opened
from lienthong.core.errors import Category, ErrorKind, ExitCode

if TYPE_CHECKING:
    from lienthong.products.imaging.run import PictureRun

__all__ = ["run_pictures"]

_KIND = "image-classifier"

NO_PICTURES = ErrorKind(
    "product-reads-no-pictures",
    Category.INCORRECT,
    what="The product '{name}' reads no picture files.",
    allowed="a product whose card says image-classifier",
    cure="Run it on the warehouse: `lienthong product run {name}`.",
)
NO_FOLDER = ErrorKind(
    "product-run-no-folder",
    Category.NOT_FOUND,
    what="The folder for the structured reports is not there.",
    cure="Make it first, or leave out --reports.",
)
NO_FILE = ErrorKind(
    "product-run-no-file",
    Category.NOT_FOUND,
    what="A file to be read is not there.",
    cure="Check the names of the files; nothing was read or stored.",
)


def run_pictures(
    context: typer.Context, name: str, files: Sequence[Path], patient: str, reports: Path | None
) -> None:
    """Reads the files, stores what the product says for a physician, and tells what came of each file."""
    from lienthong.products import catalogue
    from lienthong.products.evaluation import evaluables

    if catalogue.card(name).kind != _KIND:
        raise NO_PICTURES.at("product", name=name)
    if reports is not None and not reports.is_dir():
        raise NO_FOLDER.at("--reports")
    for file in files:
        if not file.is_file():
            raise NO_FILE.at(file.name)
    try:
        from lienthong.products.imaging.product import ImageProduct
        from lienthong.products.imaging.run import run_on_pictures
    except ModuleNotFoundError as error:
        raise evaluables.NO_PACKAGES.at(name, package=error.name or "?") from None
    product = ImageProduct(catalogue.folder(name))
    with opened(context) as node:
        grant = node.permit_run()
        ran = run_on_pictures(
            product,
            files,
            node.record,
            grant,
            node.clock,
            patient=patient.removeprefix("Patient/"),
            reports=reports,
            offset=node.settings.offset,
        )
    print(json.dumps(ran.to_json(), ensure_ascii=False) if context.obj.json else _lines(ran))
    raise typer.Exit(ExitCode.FINDINGS if ran.not_read else ExitCode.DONE)


def _lines(ran: PictureRun) -> str:
    lines = [
        f"{ran.product} {ran.version}. Files: {ran.files}; with a figure: {ran.computed}"
        f" (new {ran.new}, unchanged {ran.unchanged}, decided before {ran.decided}); withdrawn: {ran.withdrawn}."
    ]
    for item in ran.told:
        if item.text is None:
            lines.append(f"  {item.file}: RiskAssessment/{item.suggestion}, waits for a physician")
        else:
            lines.append(f"  {item.file}: no figure ({item.why}). {item.text.en} / {item.text.vi}")
    return "\n".join(lines)
