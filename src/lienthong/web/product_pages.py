"""The products: the register of all, the whole card of one, and the signed runs that its figures come from.

A card holds nothing of a patient and ships with Lienthong, so everybody who is signed in may read it, whatever the
role; it is no look into the record and stands in no access log.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from lienthong.core import canonical
from lienthong.products.evaluation.evidence import Evidence
from lienthong.reports import labels
from lienthong.reports.words import words
from lienthong.web.errors import Told
from lienthong.web.register import KINDS, RISKS, ROLES, Entry, Shelf, data_of, entry, not_shown, plain, register
from lienthong.web.suggestion import card_of
from lienthong.web.tables import as_csv, as_json
from lienthong.web.texts import mark
from lienthong.web.visit import Visit

__all__ = ["Products"]

_COLUMNS = (
    "name",
    "version",
    "title",
    "intended_use",
    "kind",
    "risk_class",
    "decision_role",
    "owner",
    "evidence",
    "measure",
    "value",
    "low",
    "high",
    "figure",
    "bounds",
    "bounds_unmet",
    "error",
    "message",
)


class Products:
    """The register and the cards of a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def page(self, visit: Visit) -> Response:
        entries = register(self._shelf)
        return visit.page("products.html", here="products", entries=entries, kinds=KINDS, risks=RISKS, roles=ROLES)

    def as_json(self, visit: Visit) -> Response:
        return as_json({"rows": [plain(item, visit.speech) for item in register(self._shelf)]})

    def as_csv(self, visit: Visit) -> Response:
        return as_csv("products", _COLUMNS, [plain(item, visit.speech) for item in register(self._shelf)])

    def product(self, visit: Visit) -> Response:
        def page(evidence: Evidence, found: Entry) -> Response:
            card, runs = evidence.card, [(run, not_shown(run, visit.speech)) for run in evidence.runs]
            said = words(visit.speech.code)
            return visit.page(
                "product.html",
                here="products",
                entry=found,
                told=card_of(card),
                runs=runs,
                data=data_of(evidence.recipe, visit.speech),
                measure=lambda name: labels.measure(name, said),
                kinds=KINDS,
                risks=RISKS,
                roles=ROLES,
            )

        return self._of(visit, page)

    def product_json(self, visit: Visit) -> Response:
        """The same JSON as `lienthong product show NAME` gives."""
        return self._of(visit, lambda evidence, _: as_json(evidence.to_json()))

    def run(self, visit: Visit) -> Response:
        """A signed run as a file, byte for byte as it was verified."""

        def file(evidence: Evidence, found: Entry) -> Response:
            name = f"{visit.path['run']}.json"
            body = next((run.body for run in evidence.runs if run.file == name), None)
            if body is None:
                return visit.door.problem(visit, Told.no_page(404))
            return Response(
                canonical.encode(dict(body)) + b"\n",
                media_type="application/json",
                headers={"Content-Disposition": f'attachment; filename="{found.name}-{name}"'},
            )

        return self._of(visit, file)

    def _of(self, visit: Visit, show: Callable[[Evidence, Entry], Response]) -> Response:
        """What `show` makes of the product in the address, or the page that says why there is nothing to show."""
        name = visit.path["name"]
        if name not in self._shelf.names():
            return visit.door.problem(visit, Told.no_page(404))
        found = entry(self._shelf, name)
        return _broken(visit, found) if found.evidence is None else show(found.evidence, found)


def _broken(visit: Visit, found: Entry) -> Response:
    assert found.problem is not None, "a product without evidence to show has a problem"
    problem = Told(
        found.problem.category.http,
        mark("The evidence of this product does not hold"),
        mark("Its card or a signed run was changed or is missing, so no figure of it is shown."),
        mark("Do not rely on this product. Show the details to the operator of this node."),
        "alarm",
        found.problem.code,
        found.problem.text(),
    )
    return visit.door.problem(visit, problem)
