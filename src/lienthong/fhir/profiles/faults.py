"""The catalogue of what a profile can find: each fault's code, severity, title, message and cure.

Texts are filled with what the profile says (elements, allowed values, counts), never with a value of the resource.
"""

from __future__ import annotations

from dataclasses import dataclass

from lienthong.core.finding import Finding, Place, Rule, Severity

__all__ = ["ALL", "ProfileFault"]

_ERROR, _WARNING, _INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFORMATION


@dataclass(frozen=True, slots=True)
class ProfileFault:
    """One kind of fault; `{name}` in its texts is filled by the keyword arguments of `at`."""

    code: str
    severity: Severity
    message: str
    cure: str

    def at(self, path: str, rule: Rule, *, severity: Severity | None = None, **names: object) -> Finding:
        """The finding at a place in the resource, by the rule of a profile's element."""
        return Finding(
            severity or self.severity,
            self.code,
            self.message.format(**names),
            Place(path=path),
            rule,
            self.cure.format(**names),
        )


TOO_FEW = ProfileFault(
    "profile-too-few",
    _ERROR,
    "{element} must stand here at least {limit} times; {count} are there.",
    "Give what is missing.",
)
MISSING = ProfileFault(
    "profile-missing",
    _ERROR,
    "{element} must stand here and is missing.",
    "Give it; if it is not known, see whether the profile allows an extension data-absent-reason.",
)
TOO_MANY = ProfileFault(
    "profile-too-many",
    _ERROR,
    "{element} may stand here at most {limit} times; {count} are there.",
    "Leave out what is too much.",
)
PROHIBITED = ProfileFault(
    "profile-prohibited",
    _ERROR,
    "{element} may not stand here.",
    "Leave it out, or put its content where the profile wants it.",
)
WRONG_TYPE = ProfileFault(
    "profile-wrong-type",
    _ERROR,
    "{element} may not have the type {type} here.",
    "Use one of: {allowed}.",
)
NOT_FIXED_VALUE = ProfileFault(
    "profile-fixed-value",
    _ERROR,
    "{element} must have exactly the value {allowed}.",
    "Write exactly this value, with nothing more and nothing less.",
)
NOT_PATTERN = ProfileFault(
    "profile-pattern",
    _ERROR,
    "{element} must have at least the content {allowed}.",
    "Add what is missing of it; other content may stay.",
)
NOT_BOUND = ProfileFault(
    "profile-binding-required",
    _ERROR,
    "{element} needs a code of the value set {value_set}.",
    "{advice}",
)
NOT_BOUND_EXTENSIBLE = ProfileFault(
    "profile-binding-extensible",
    _WARNING,
    "{element} has no code of the value set {value_set}.",
    "{advice} Another code is right only where the set has none for the meaning.",
)
NOT_BOUND_PREFERRED = ProfileFault(
    "profile-binding-preferred",
    _INFORMATION,
    "{element} has no code of the value set {value_set}, which the profile prefers.",
    "{advice}",
)
BINDING_UNKNOWN = ProfileFault(
    "profile-binding-not-checked",
    _INFORMATION,
    "Whether {element} has a code of {value_set} can't be checked: {why}.",
    "Load the package that holds the value set with its code systems, or ask a terminology server.",
)
TOO_LONG = ProfileFault(
    "profile-too-long",
    _ERROR,
    "{element} may have at most {limit} characters.",
    "Shorten the text, or put it into an element that may be longer.",
)
BELOW = ProfileFault(
    "profile-below-minimum",
    _ERROR,
    "{element} may not be below {limit}.",
    "Correct the value or its unit.",
)
ABOVE = ProfileFault(
    "profile-above-maximum",
    _ERROR,
    "{element} may not be above {limit}.",
    "Correct the value or its unit.",
)
INVARIANT = ProfileFault(
    "profile-invariant",
    _ERROR,
    "{element} breaks the rule {key}: {human}",
    "Correct the content so that this holds: {expression}",
)
INVARIANT_UNKNOWN = ProfileFault(
    "profile-invariant-not-checked",
    _INFORMATION,
    "The rule {key} of {element} can't be checked: {why}.",
    "Check by hand: {human}",
)
SLICE_CLOSED = ProfileFault(
    "profile-slice-closed",
    _ERROR,
    "{element} may hold only the kinds that the profile lists, and this is none of them.",
    "Make it fit one of: {slices}; or leave it out.",
)
SLICE_AT_END = ProfileFault(
    "profile-slice-at-end",
    _ERROR,
    "In {element} other kinds may stand only after those that the profile lists ({slices}).",
    "Move it to the end of the list.",
)
SLICE_ORDER = ProfileFault(
    "profile-slice-order",
    _ERROR,
    "The kinds of {element} must stand in the order of the profile.",
    "Put them into this order: {slices}.",
)
SLICE_UNKNOWN = ProfileFault(
    "profile-slicing-not-checked",
    _INFORMATION,
    "Which kind of {element} stands here can't be told: {why}.",
    "Check the kinds {slices} by hand, or load what is named.",
)
TARGET_TYPE = ProfileFault(
    "profile-reference-target",
    _ERROR,
    "{element} points to a type of resource that the profile does not allow.",
    "Point to one of: {allowed}.",
)
AGGREGATION = ProfileFault(
    "profile-reference-place",
    _ERROR,
    "What {element} points to must be {allowed}.",
    "Put the resource there: contained in this one, in the same Bundle, or kept elsewhere and referenced.",
)
NONE_FITS = ProfileFault(
    "profile-none-fits",
    _ERROR,
    "{element} must fit one of the profiles {allowed}, and fits none.",
    "Validate it against the one that is meant to see what is missing.",
)
OTHER_TYPE = ProfileFault(
    "profile-other-type",
    _ERROR,
    "The profile is for the type {allowed}, and this is another.",
    "Name a profile of this type, or take the profile out of meta.profile.",
)
PROFILE_UNKNOWN = ProfileFault(
    "profile-unknown",
    _INFORMATION,
    "The profile {profile} is not here, so nothing was checked against it.",
    "Load the package or the file that defines it.",
)
PROFILE_UNUSABLE = ProfileFault(
    "profile-unusable",
    _WARNING,
    "The profile {profile} can't be used: {why}",
    "Correct the definition, or load what it needs.",
)
TOO_DEEP = ProfileFault(
    "profile-too-deep",
    _INFORMATION,
    "What stands here behind {limit} references in a row is not checked against the profile.",
    "Validate the resource by itself.",
)
MUST_SUPPORT = ProfileFault(
    "profile-must-support",
    _INFORMATION,
    "{element} is marked must-support and is not given.",
    "Give it where the source knows it; its absence is no fault.",
)

ALL: tuple[ProfileFault, ...] = tuple(item for item in list(globals().values()) if isinstance(item, ProfileFault))
