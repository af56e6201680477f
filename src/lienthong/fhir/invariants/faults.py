"""What can be found of an invariant: that it does not hold, that advice is not followed, that it can't be run.

Texts are filled with the invariant's own words, never with a value of the resource.
"""

from __future__ import annotations

from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.fhir.invariants.catalogue import Invariant

__all__ = ["not_checked", "not_held"]

_LONGEST = 400


def not_held(invariant: Invariant, path: str) -> Finding:
    """The finding of an invariant that is not true of the element at the path; advice is information only."""
    shown = invariant.expression
    shown = shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "..."
    if invariant.is_best_practice:
        code, severity, start = "best-practice", Severity.INFORMATION, "Advice of FHIR R4 is not followed here"
    else:
        severity = Severity.WARNING if invariant.severity == "warning" else Severity.ERROR
        code, start = "invariant", "The invariant does not hold here"
    return Finding(
        severity,
        code,
        f"{start} ({invariant.key}): {_sentence(invariant.human)}",
        Place(path=path),
        _rule(invariant),
        f"Change the element so that this is true of it (FHIRPath): {shown}",
    )


def not_checked(invariant: Invariant, path: str, why: str) -> Finding:
    """The finding of an invariant whose expression ended in an error; `why` is the code of that error."""
    return Finding(
        Severity.WARNING,
        "invariant-not-checked",
        f"The invariant {invariant.key} could not be evaluated here ({why}).",
        Place(path=path),
        _rule(invariant),
        f"Correct the other findings at this place first; then see by hand whether it holds: {invariant.human}",
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."


def _rule(invariant: Invariant) -> Rule:
    return Rule(invariant.key, invariant.human, invariant.source)
