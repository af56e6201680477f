"""Accept, change or reject: a decision is first looked at once more, then signed with the physician's passphrase.

The passphrase goes straight from the form to the desk; it is kept nowhere, and no page ever shows it again.
"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.decisions.statement import Verdict
from lienthong.web.desk import Desk, Wish
from lienthong.web.errors import told
from lienthong.web.patient_pages import Patient
from lienthong.web.texts import mark
from lienthong.web.visit import Visit

__all__ = ["Decision", "problem_of"]

GONE = ErrorKind(
    "suggestion-gone",
    Category.NOT_FOUND,
    what="This patient has no such suggestion.",
    cure="Open the patient again from the worklist.",
)

_NO_VERDICT = mark("Choose what you decide: accept, change or reject.")
_NO_REASON = mark("Give a reason: others will read why the suggestion was changed or rejected.")
_NO_CHANGE = mark("Give your own estimate: a number above 0 and up to 100.")
_RETRIED = ("passphrase-wrong", "passphrase-wait")


def problem_of(wish: Wish | None) -> str:
    """What is still missing in a wish, as a message id, or nothing."""
    if wish is None:
        return _NO_VERDICT
    if wish.verdict is Verdict.CHANGE and not _is_share(wish.change):
        return _NO_CHANGE
    if wish.verdict is not Verdict.ACCEPT and not wish.reason:
        return _NO_REASON
    return ""


def _is_share(text: str) -> bool:
    whole, _, part = text.partition(".")
    digits = whole.isascii() and whole.isdigit() and (not part or (part.isascii() and part.isdigit()))
    return digits and len(text) <= 6 and 0 < float(text) <= 100


class Decision:
    """The two steps of a decision."""

    def __init__(self, desk: Desk, patient: Patient) -> None:
        self._desk = desk
        self._patient = patient

    def confirm(self, visit: Visit) -> Response:
        """Says what will be signed and what will happen, and asks for the signing passphrase."""
        wish = _wish(visit)
        problem = problem_of(wish)
        if wish is None or problem:
            empty = Wish(visit.path["person"], visit.path["suggestion"], "", Verdict.ACCEPT, "", "")
            return self._patient.show(visit, drafts={visit.path["suggestion"]: (wish or empty, problem)})
        self._desk.check(visit.actor, wish)
        return self._ask(visit, wish, "", 200)

    def sign(self, visit: Visit) -> Response:
        wish = _wish(visit)
        if wish is None or problem_of(wish):
            return self.confirm(visit)
        try:
            self._desk.decide(visit.actor, wish, visit.form.get("passphrase", ""))
        except LienthongError as error:
            if error.code not in _RETRIED:
                raise
            problem = told(error)
            return self._ask(visit, wish, f"{problem.what}", problem.status, cure=problem.cure)
        return RedirectResponse(f"/patient/{wish.person}?signed=1#suggestion-{wish.suggestion}", status_code=303)

    def _ask(self, visit: Visit, wish: Wish, problem: str, status: int, cure: str = "") -> Response:
        found = self._desk.patient(visit.actor, wish.person, visits=1, revealed=False)
        view = found.suggestion(wish.suggestion)
        if view is None:
            raise GONE.at("suggestion")
        return visit.page(
            "confirm.html",
            status=status,
            person=found.person,
            suggestion=view,
            wish=wish,
            problem=problem,
            cure=cure,
        )


def _wish(visit: Visit) -> Wish | None:
    form = visit.form
    if form.get("verdict", "") not in list(Verdict):
        return None
    verdict = Verdict(form["verdict"])
    return Wish(
        person=visit.path["person"],
        suggestion=visit.path["suggestion"],
        version=form.get("version", ""),
        verdict=verdict,
        reason=form.get("reason", "").strip()[:2000],
        change=form.get("change", "").strip().replace(",", ".") if verdict is Verdict.CHANGE else "",
    )
