"""The catalogue of what `examine` can find; texts name elements and addresses of the standard, never a value."""

from __future__ import annotations

from lienthong.core.finding import Severity
from lienthong.fhir.faults import Fault

__all__ = ["ALL"]

_R4 = "FHIR R4 4.0.1, "
_EXTENSIONS = _R4 + "2.4 Extensibility (extensibility.html)"
_KNOWN = _R4 + "{url}"
_BUNDLE = _R4 + "2.36 Bundle (bundle.html)"
_ERROR, _INFORMATION = Severity.ERROR, Severity.INFORMATION

CONTAINED_MISSING = Fault(
    "contained-missing",
    _ERROR,
    "A reference by # leads to a contained resource",
    "No contained resource has the id that this reference names.",
    _R4 + "2.3 Resource References (references.html#contained), invariant ref-1",
    "Contain the resource that is meant, or refer to it by Type/id.",
)
BUNDLE_REFERENCE = Fault(
    "bundle-reference-missing",
    _ERROR,
    "What only the Bundle can hold is in the Bundle",
    "No entry of the Bundle has the address that this reference names.",
    _BUNDLE + ", 2.36.4.1 Resolving references in Bundles (bundle.html#references)",
    "Add the entry that is meant, with this address as its fullUrl.",
)
BUNDLE_REFERENCE_OUTSIDE = Fault(
    "bundle-reference-outside",
    Severity.WARNING,
    "A reference by urn leads to an entry of its Bundle",
    "No entry of the collection has the address that this reference names; nobody else can know a urn either.",
    _BUNDLE + ", 2.36.4.1 Resolving references in Bundles (bundle.html#references)",
    "Add the entry that is meant, or refer to it by an address that leads to it.",
)
HEAD_REFERENCE = Fault(
    "head-reference-missing",
    _ERROR,
    "A document or message holds what its first resource refers to",
    "No entry is the resource that the Composition or MessageHeader refers to here.",
    _R4 + "3.3 Documents (documents.html#content), 2.4 Messaging (messaging.html)",
    "Add the resource as an entry.",
)
FULL_URL_MISSING = Fault(
    "full-url-missing",
    _ERROR,
    "Entries say who they are",
    "The entry has a resource and no fullUrl; only a batch or a transaction may leave it out.",
    _BUNDLE + ", Bundle.entry.fullUrl",
    "Give the absolute address of the resource, or urn:uuid: and a new UUID.",
)
FULL_URL_RELATIVE = Fault(
    "full-url-relative",
    _ERROR,
    "A fullUrl is absolute",
    "The fullUrl is no absolute address.",
    _BUNDLE + ", Bundle.entry.fullUrl",
    "Write the whole address with http(s)://, or urn:uuid: and a UUID.",
)
FULL_URL_ID = Fault(
    "full-url-id",
    _ERROR,
    "A fullUrl agrees with the resource",
    "The fullUrl ends in a type or an id that is not the resource's own.",
    _BUNDLE + ", Bundle.entry.fullUrl",
    "Correct the fullUrl or the id, so that both name the same resource.",
)
REQUEST = Fault(
    "bundle-request",
    _ERROR,
    "A request of a batch or transaction fits its resource",
    "The entry must {what}.",
    _R4 + "3.1.0.11 batch/transaction (http.html#trules)",
    "Write Type for POST, Type/id or Type?search for PUT, with the type and the id of the resource.",
)
EXTENSION_URL = Fault(
    "extension-url",
    _ERROR,
    "The address of an extension is absolute",
    "The url of the extension is no absolute address.",
    _EXTENSIONS,
    "Give the address of its definition; only an extension inside another one may have a plain name.",
)
EXTENSION_CONTEXT = Fault(
    "extension-context",
    _ERROR,
    "An extension stands where its definition allows it",
    "The extension {url} may not stand here; it is for: {contexts}.",
    _KNOWN,
    "Put it where its definition allows it, or use the extension that is meant for this place.",
)
EXTENSION_TYPE = Fault(
    "extension-type",
    _ERROR,
    "An extension has a value of the type that its definition allows",
    "The value of the extension {url} must be of the type: {types}.",
    _KNOWN,
    "Give the value as its definition has it.",
)
EXTENSION_PART = Fault(
    "extension-part",
    _ERROR,
    "An extension has the parts that its definition names",
    "The extension {url} has a part too many or lacks one: {part}.",
    _KNOWN,
    "Give the parts that its definition names, as often as it says.",
)
EXTENSION_MODIFIER = Fault(
    "extension-modifier",
    _ERROR,
    "Only an extension that changes a meaning stands in modifierExtension",
    "The extension {url} belongs into {member}.",
    _KNOWN,
    "Move it there.",
)
MODIFIER_UNKNOWN = Fault(
    "modifier-extension-unknown",
    _ERROR,
    "What changes a meaning must be understood",
    "An extension that nobody here knows changes the meaning of what it stands in.",
    _EXTENSIONS + ", 2.4.1.2 Modifier Extensions",
    "Load the profile package that defines it (`--package`), or ask the sender what it means before use.",
)
EXTENSION_UNKNOWN = Fault(
    "extension-unknown",
    _INFORMATION,
    "Extensions have a definition at hand",
    "The definition of this extension is not at hand: its content is kept and not checked.",
    _EXTENSIONS,
    "To have it checked, load the profile package that defines it (`--package`).",
)
NARRATIVE = Fault(
    "narrative-unsafe",
    _ERROR,
    "A narrative is safe and simple XHTML",
    "The narrative can't be shown safely: {why}.",
    _R4 + "2.4.0.1 Narrative (narrative.html), invariants txt-1 and txt-2",
    "Take out what FHIR does not allow in a narrative, or generate the narrative again.",
)
CANONICAL_RELATIVE = Fault(
    "canonical-url-relative",
    _ERROR,
    "The url of a definition is absolute",
    "The url by which this definition is known is no absolute address.",
    _R4 + "2.1.0.6 Canonical URLs (references.html#canonical)",
    "Give the absolute address under which it is published.",
)
COMPOSITE_PARTS = Fault(
    "search-parameter-components",
    _ERROR,
    "A composite search parameter has its components",
    "A search parameter of the type composite must name two components at least.",
    _R4 + "SearchParameter.component (searchparameter.html)",
    "Name the components, or give it another type.",
)
SUPPLEMENT_CONTENT = Fault(
    "code-system-supplement",
    _ERROR,
    "A supplement says that it is one",
    "A code system that supplements another one must have the content supplement.",
    _R4 + "CodeSystem.supplements (codesystem.html)",
    "Set content to supplement, or take supplements out.",
)

ALL: tuple[Fault, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Fault))
