"""Invariants that R4 published broken, with what is run in their place, and those that other checks decide.

Each correction says what the published expression does wrong, and since when Lienthong departs from it. A test shows
for each of them a resource on which the published expression gives the wrong answer. FHIR R5 mended most of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CORRECTED", "DECIDED", "Correction"]


@dataclass(frozen=True, slots=True)
class Correction:
    """An expression as R4 published it, the one that is run in its place, why, and since when."""

    published: str
    expression: str
    why: str
    since: str


DECIDED: Mapping[str, str] = MappingProxyType(
    {
        "ele-1": "inspection: nothing in a resource is empty (empty-value, null-value)",
        "ext-1": "inspection: an extension has a value or extensions (extension-value)",
        "ref-1": "integrity: `#id` leads to a contained resource (contained-missing)",
        "txt-1": "integrity: the narrative holds only what FHIR allows (narrative-unsafe)",
        "txt-2": "integrity: the narrative has some content (narrative-unsafe)",
    }
)
"""Invariants that are always checked, but not by their expressions, and by what."""

_SINCE = "2026-11-24"

# The names of definitions that a program may use as a name of its own (adf-0, cid-0 ...).
_NAMED = (
    "adf", "cid", "cmd", "cpb", "cpd", "csd", "ees", "esc", "evd", "evi", "evv", "gdf", "ig", "lib", "mea", "msd",
    "nsd", "opd", "pdf", "que", "red", "rsd", "rvs", "sdf", "smp", "spd", "tcp", "tst", "vsd",
)  # fmt: skip
_NAME = Correction(
    "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
    "name.empty() or name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    "matches() finds the pattern anywhere, so any capital letter would do; and a name that may be missing may be "
    "missing.",
    _SINCE,
)

# 4.0.1 has a placeholder where the address of the code system belongs (Consent.scope).
_SCOPES = {"ppc-2": "patient-privacy", "ppc-3": "research", "ppc-4": "adr", "ppc-5": "treatment"}
_SCOPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/consentscope"


def _scope(code: str) -> Correction:
    text = "patient.exists() or scope.coding.where(system='{}' and code='{}').exists().not()"
    return Correction(
        text.format("something", code),
        text.format(_SCOPE_SYSTEM, code),
        "The system is a placeholder that no coding has, so the rule could never fail.",
        _SINCE,
    )


_ENTERED_IN_ERROR = (
    "clinicalStatus.exists() or verificationStatus.coding.where("
    "system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or "
)
_BINDABLE = "'code' | 'Coding' | 'CodeableConcept' | 'Quantity' | 'string' | 'uri'"
_PARTS_OF_PATH = "[^\\\\s\\\\.,:;\\\\\\'\"\\\\/|?!@#$%&*()\\\\[\\\\]{}]{1,64}"

CORRECTED: Mapping[str, Correction] = MappingProxyType(
    {
        **{f"{start}-0": _NAME for start in _NAMED},
        **{key: _scope(code) for key, code in _SCOPES.items()},
        "con-3": Correction(
            _ENTERED_IN_ERROR + "category.select($this='problem-list-item').empty()",
            _ENTERED_IN_ERROR + "category.coding.where("
            "system='http://terminology.hl7.org/CodeSystem/condition-category' and code='problem-list-item').empty()",
            "A category is a CodeableConcept and never equals a text; select() of it is never empty, so every "
            "category would fall under the rule for problem lists.",
            _SINCE,
        ),
        "eld-11": Correction(
            "binding.empty() or type.code.empty() or type.select((code = 'code') or (code = 'Coding') or "
            "(code='CodeableConcept') or (code = 'Quantity') or (code = 'string') or (code = 'uri')).exists()",
            f"binding.empty() or type.code.empty() or type.where(code in ({_BINDABLE}) or "
            "code.contains(':')).exists()",
            "select() gives false for a type that can't be bound, and a false exists, so the rule could never fail.",
            _SINCE,
        ),
        "eld-19": Correction(
            f"path.matches('{_PARTS_OF_PATH}(\\\\.{_PARTS_OF_PATH}(\\\\[x\\\\])?(\\\\:[^\\\\s\\\\.]+)?)*')",
            f"path.matches('^{_PARTS_OF_PATH}(\\\\.{_PARTS_OF_PATH}(\\\\[x\\\\])?(\\\\:[^\\\\s\\\\.]+)?)*$')",
            "matches() finds the pattern anywhere, so any letter in the path would do.",
            _SINCE,
        ),
        "eld-20": Correction(
            "path.matches('[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*')",
            "path.matches('^[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*$')",
            "matches() finds the pattern anywhere, so any letter in the path would do.",
            _SINCE,
        ),
        "inv-1": Correction(
            "lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn",
            "lastModified.hasValue().not() or authoredOn.hasValue().not() or "
            "iif(lastModified < authoredOn, false, true)",
            "Dates of different precision have no order, so the rule would fail where nothing is known to be wrong.",
            _SINCE,
        ),
        "md-1": Correction(
            "max='*' or (max.toInteger() > 0)",
            "max.empty() or max='*' or (max.toInteger() > 0)",
            "max may be missing (0..1); the rule is about what stands in it.",
            _SINCE,
        ),
        "mdd-1": Correction(
            "whenHandedOver.empty() or whenPrepared.empty() or whenHandedOver >= whenPrepared",
            "whenHandedOver.hasValue().not() or whenPrepared.hasValue().not() or "
            "iif(whenHandedOver < whenPrepared, false, true)",
            "Dates of different precision have no order, so the rule would fail where nothing is known to be wrong.",
            _SINCE,
        ),
        "per-1": Correction(
            "start.hasValue().not() or end.hasValue().not() or (start <= end)",
            "start.hasValue().not() or end.hasValue().not() or iif(start > end, false, true)",
            "Dates of different precision may have no order: a stay from the 15th until some day of the same month "
            "would fail. FHIR R5 mends it with boundaries, by which a stay could end the day before it began, "
            "somewhere on earth; so it is not taken over.",
            _SINCE,
        ),
        "que-7": Correction(
            "operator = 'exists' implies (answer is Boolean)",
            "operator = 'exists' implies (answer is boolean)",
            "Boolean is a type of FHIRPath, the answer's type is FHIR's boolean, so a right answer would fail.",
            _SINCE,
        ),
        "ras-2": Correction(
            "probability is decimal implies (probability as decimal) <= 100",
            "probability.ofType(decimal).empty() or probability.ofType(decimal) <= 100",
            "Without a probability both sides are empty, and so is the answer: a qualitative risk would fail.",
            _SINCE,
        ),
        "rng-2": Correction(
            "low.empty() or high.empty() or (low <= high)",
            "low.value.empty() or high.value.empty() or low.comparator.exists() or high.comparator.exists() or "
            "iif(low > high, false, true)",
            "Quantities in units that can't be converted have no order, so the rule would fail where nothing is "
            "known to be wrong; a comparator is a matter of sqty-1.",
            _SINCE,
        ),
    }
)
"""By key. Where a key has several invariants (inv-1), the one whose published expression it is."""
