"""Invented counts of provinces, as tables and as files in OpenDengue's layout."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lienthong.products.forecasting.panel import Panel, month_number
from lienthong.products.measures.measure import Numbers

HEADER = (
    "adm_0_name,adm_1_name,adm_2_name,full_name,ISO_A0,FAO_GAUL_code,RNE_iso_code,IBGE_code,calendar_start_date,"
    "calendar_end_date,Year,dengue_total,case_definition_standardised,S_res,T_res,UUID,region"
)
START = month_number("1994-01")


def row(place: str, month: int, count: object, *, country: str = "VIET NAM", s_res: str = "Admin1") -> str:
    """A line of OpenDengue's CSV."""
    year, number = divmod(month, 12)
    last = calendar.monthrange(year, number + 1)[1]
    day = f"{year:04d}-{number + 1:02d}"
    return (
        f'{country},{place},NA,"{country}, {place}",VNM,1,VN-1,NA,{day}-01,{day}-{last},{year},{count},Total,'
        f"{s_res},Month,X,WPRO"
    )


def write(path: Path, lines: Sequence[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def panel(counts: Numbers) -> Panel:
    """A table from January 1994 on, with the provinces P0, P1, …"""
    return Panel(tuple(f"P{index}" for index in range(len(counts))), START, np.asarray(counts, dtype=np.float64))


def epidemic(places: int, months: int, seed: int) -> Numbers:
    """Counts with a season, waves that last for months, and levels that differ between provinces."""
    draw = np.random.Generator(np.random.PCG64(seed))
    time = np.arange(months)
    logs = np.zeros((places, months))
    wave = np.zeros(places)
    for month in time:
        wave = 0.8 * wave + draw.normal(0, 0.4, places)
        season = 1.2 * np.sin(2 * np.pi * (month % 12) / 12)
        logs[:, month] = np.linspace(2.5, 5, places) + season + wave
    return draw.poisson(np.exp(logs)).astype(np.float64)
