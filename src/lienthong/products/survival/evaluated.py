"""breast-survival as something that can be evaluated: a cohort's women as cases, foretold by the model that ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from lienthong.core import canonical
from lienthong.products.card import Text
from lienthong.products.evaluation.cases import SurvivalCases
from lienthong.products.evaluation.evaluable import DATA_WRONG, Opened
from lienthong.products.evaluation.folder import EvaluableFolder
from lienthong.products.measures.measure import Numbers
from lienthong.products.shipped import NOT_WHOLE
from lienthong.products.survival.layouts import Cohort, Woman, read_cohort
from lienthong.products.survival.product import CoxProduct

__all__ = ["BreastSurvival", "case_digest", "development_digests", "evaluable"]

_DAYS_A_YEAR = 365.25
_Values = Mapping[str, Decimal]
_ONE = Decimal(1)
_DISTURBED: Mapping[str, Callable[[_Values], _Values]] = {
    "one-node-fewer": lambda her: {**her, "nodes": max(her["nodes"] - 1, _ONE)},
    "size-20-percent-more": lambda her: {**her, "size": her["size"] * Decimal("1.2")},
    "grade-2-for-all": lambda her: {**her, "grade": Decimal(2)},
    "pgr-positive-for-all": lambda her: {**her, "pgr": _ONE},
    "chemotherapy-not-recorded": lambda her: {**her, "chemo": Decimal(0)},
}
"""Errors of measuring and recording that happen in a hospital."""
_AGE_BANDS = ((45, "under-45"), (65, "45-64"), (200, "65-and-over"))


def evaluable(folder: Traversable) -> BreastSurvival:
    """The product of a folder of the kind cox-model."""
    return BreastSurvival(folder)


class BreastSurvival(EvaluableFolder):
    """Meets the Protocol `Evaluable`. Cases are the women of a file about whom the product would give a figure:
    node-positive, and in the range of the women of its development; how many others there are is told."""

    def __init__(self, folder: Traversable) -> None:
        super().__init__(folder)
        self._product = CoxProduct(folder)
        try:
            made_from = (folder / "evidence" / "development_cases.txt").read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise NOT_WHOLE.at(f"catalogue/{folder.name}", name=folder.name) from None
        self._development = frozenset(made_from.split())

    def open(self, files: Sequence[Path], part: str, settings: Any) -> Opened:
        """The women of one file.

        `settings` name `follow_up`, the years after which nobody is followed any more, and `foretold`, up to which
        year what the model foretells is judged.
        """
        if part or len(files) != 1:
            raise DATA_WRONG.at(", ".join(file.name for file in files), why="they have no parts", allowed="one file")
        (file,) = files
        cohort = read_cohort(file.read_bytes(), file.name)
        women = [one for one in cohort.women if self._product.within(one.age, one.nodes, one.size)]
        if not women:
            raise DATA_WRONG.at(
                file.name,
                why="it has no woman for whom the product gives a figure",
                allowed="women with positive lymph nodes, in the range of age, nodes and size of the card",
            )
        return Opened(
            self._cases(women, float(settings["follow_up"]), float(settings["foretold"])),
            tuple(_notes(cohort, len(cohort.women) - len(women))),
            development=self._development,
            cases_digests=tuple(case_digest(woman) for woman in women),
        )

    def _cases(self, women: Sequence[Woman], follow_up: float, foretold: float) -> SurvivalCases:
        cox = self._product.cox
        years = np.array([float(woman.days) / _DAYS_A_YEAR for woman in women])
        event = np.array([woman.event for woman in women], dtype=np.bool_)
        values = [woman.values() for woman in women]
        judged = [at for at, year in enumerate(cox.years) if float(year) <= foretold]
        survival = np.array([[float(one) for one in cox.survival(her)] for her in values])
        return SurvivalCases(
            time=np.minimum(years, follow_up),
            event=event & (years <= follow_up),
            risk=self._scores(values),
            survival=survival[:, judged],
            grid=np.array([float(cox.years[at]) for at in judged]),
            comparators={"nodes-alone": self._scores([{**cox.reference, "nodes": her["nodes"]} for her in values])},
            perturbed={name: self._scores([change(her) for her in values]) for name, change in _DISTURBED.items()},
            groups={
                "age": np.array([_band(woman) for woman in women]),
                "menopause": np.array(["post" if woman.menopause else "pre" for woman in women]),
                "grade": np.array([f"grade-{woman.grade}" for woman in women]),
                "receptors": np.array(["er-positive" if woman.er else "er-negative" for woman in women]),
                "hormone-therapy": np.array(["yes" if woman.hormone else "no" for woman in women]),
            },
        )

    def _scores(self, values: Sequence[_Values]) -> Numbers:
        return np.array([float(self._product.cox.score(her)) for her in values])


def _band(woman: Woman) -> str:
    return next(name for limit, name in _AGE_BANDS if woman.age < limit)


def case_digest(woman: Woman) -> str:
    """Sixteen hex digits by which one woman of a file is known again; enough for a million of them."""
    # 50 and 50.0 are one age
    facts = {name: f"{Decimal(getattr(woman, name)).normalize():f}" for name in woman.__dataclass_fields__}
    return canonical.digest(facts)[:16]


def development_digests(women: Sequence[Woman]) -> str:
    """The file by which a leak is found: the digest of each woman of the fit, sorted, one a line."""
    return "".join(f"{digest}\n" for digest in sorted(case_digest(woman) for woman in women))


def _notes(cohort: Cohort, outside: int) -> list[Text]:
    """What a reader must know of these data."""
    found = [
        Text(
            f"{outside} phụ nữ nằm ngoài phạm vi của sản phẩm (hạch, tuổi hoặc kích thước) và không được tính.",
            f"{outside} women lie outside of the product's range (nodes, age or size) and are left out.",
        )
    ]
    if cohort.left_out:
        columns = ", ".join(f"{name}: {count}" for name, count in cohort.missing.items())
        found.append(
            Text(
                f"{cohort.left_out} dòng thiếu giá trị và không được tính ({columns}).",
                f"{cohort.left_out} rows lack a value and are left out ({columns}).",
            )
        )
    if cohort.later_deaths:
        found.append(
            Text(
                f"{cohort.later_deaths} người tử vong sau lần khám cuối tìm tái phát: tính đến lần khám đó.",
                f"{cohort.later_deaths} women died after the last look for a recurrence: followed up to that look.",
            )
        )
    if cohort.layout == "rotterdam":
        found.append(
            Text(
                "Bố cục Rotterdam: nếu đây chính là dữ liệu làm ra mô hình thì không phải kiểm định bên ngoài.",
                "The layout of Rotterdam: if these are the data that made the model, this is no outside validation.",
            )
        )
    else:
        found.append(
            Text(
                "Không có cột hóa trị: mọi người được coi là đã hóa trị, như thiết kế của thử nghiệm GBSG 2. Kết quả "
                "của GBSG 2 đã được công bố nhiều lần; người làm mô hình biết C khoảng 0,69 của mô hình khác.",
                "There is no column on chemotherapy: all women count as treated, as the design of the GBSG 2 trial "
                "has it. Results of GBSG 2 were published often; the makers knew of a C of about 0.69 by another "
                "model.",
            )
        )
    return found
