"""`lienthong product forecast`: what a regional forecast says about the months to come, from a file of counts."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["forecast"]


def forecast(
    context: typer.Context,
    name: str,
    files: Annotated[
        list[Path],
        typer.Argument(help="Counts by province and month, as OpenDengue writes them.", show_default=False),
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="As if asked on this day: nothing later is used."),
    ] = None,
    lang: Annotated[Literal["vi", "en"], typer.Option(help="Language of the sentences.")] = "vi",
) -> None:
    """Foretell the months after a file's last one, by province; refuses where the file is too old."""
    from lienthong import console
    from lienthong.core.clock import system_clock, zone
    from lienthong.core.settings import Settings
    from lienthong.products import catalogue
    from lienthong.products.evaluation.data import files_of
    from lienthong.products.forecasting.ahead import Ahead, ahead
    from lienthong.products.forecasting.product import KIND, NOT_REGIONAL, RegionalForecast
    from lienthong.products.forecasting.screen import lines

    if catalogue.card(name).kind != KIND:
        regional = [item for item in catalogue.names() if catalogue.card(item).kind == KIND]
        raise NOT_REGIONAL.at("product", name=name, allowed=", ".join(regional))
    product = RegionalForecast(catalogue.folder(name))
    today: date = (as_of or system_clock().astimezone(zone(Settings().offset))).date()
    # Here and not in `console`: what a forecast needs is only loaded where one is asked for.
    console.told.register(Ahead, lambda said: lines(said, lang))
    console.show(ahead(product, files_of(name, files, product.data), today), as_json=context.obj.json)
