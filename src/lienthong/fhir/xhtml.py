"""Whether the XHTML of a narrative is safe: only the elements and attributes that FHIR allows, and some content.

FHIR R4 4.0.1, 2.4 narrative.html: the basic formatting elements of HTML 4.0, chapters 7 to 11 (except section 4 of 9)
and 15, `a` and `img`, style attributes; no head, body, script, form, base, link, xlink, iframe, object, event
attributes or external style sheets (txt-1), and at least some text or an image (txt-2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

__all__ = ["faults", "is_safe"]

XHTML = "http://www.w3.org/1999/xhtml"
_LONGEST = 5_000_000

_ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "b",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "map",
        "area",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_EVERYWHERE = frozenset({"class", "dir", "id", "lang", "style", "title"})
_TABLE = frozenset(
    [
        "abbr",
        "align",
        "axis",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "char",
        "charoff",
        "colspan",
        "frame",
        "headers",
        "height",
        "nowrap",
        "rowspan",
        "rules",
        "scope",
        "span",
        "summary",
        "valign",
        "width",
    ]
)
_OWN: dict[str, frozenset[str]] = {
    "a": frozenset(
        [
            "accesskey",
            "charset",
            "coords",
            "href",
            "hreflang",
            "name",
            "rel",
            "rev",
            "shape",
            "tabindex",
            "target",
            "type",
        ]
    ),
    "area": frozenset(["accesskey", "alt", "coords", "href", "nohref", "shape", "tabindex", "target"]),
    "map": frozenset({"name"}),
    "img": frozenset(
        [
            "align",
            "alt",
            "border",
            "height",
            "hspace",
            "ismap",
            "longdesc",
            "name",
            "src",
            "usemap",
            "vspace",
            "width",
        ]
    ),
    "blockquote": frozenset({"cite"}),
    "q": frozenset({"cite"}),
    "del": frozenset({"cite", "datetime"}),
    "ins": frozenset({"cite", "datetime"}),
    "br": frozenset({"clear"}),
    "font": frozenset({"color", "face", "size"}),
    "hr": frozenset({"align", "noshade", "size", "width"}),
    "ol": frozenset({"compact", "start", "type"}),
    "ul": frozenset({"compact", "type"}),
    "dl": frozenset({"compact"}),
    "li": frozenset({"type", "value"}),
    "pre": frozenset({"width", "{http://www.w3.org/XML/1998/namespace}space"}),
    **{name: frozenset({"align"}) for name in ("div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "caption")},
    **dict.fromkeys(("table", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "colgroup"), _TABLE),
}
# What may be named in a finding; any other name could be a patient's.
_UNSAFE = (
    "applet audio base body button canvas embed fieldset form frame frameset head html iframe input isindex label "
    "legend link math meta noframes noscript object option param script select style svg textarea title video"
)
_NAMED = _ELEMENTS | frozenset(_UNSAFE.split())
_KNOWN = frozenset().union(*_OWN.values()) | _EVERYWHERE | frozenset({"action", "background", "data", "formaction"})
_EVENT = re.compile(
    r"on(?:abort|blur|change|click|dblclick|error|focus|key[a-z]+|load|mouse[a-z]+|reset|select|submit|unload)"
)
_ADDRESSES = frozenset({"href", "src", "cite", "longdesc"})
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def is_safe(text: str) -> bool:
    """Whether a narrative's `div` is well-formed, allowed throughout and not empty."""
    return _first_fault(text) is None if len(text) < 20_000 else next(faults(text), None) is None


@lru_cache(maxsize=500)
def _first_fault(text: str) -> str | None:
    return next(faults(text), None)


def faults(text: str) -> Iterator[str]:
    """What is wrong with a narrative's `div`, each as a short phrase that names elements and attributes alone."""
    if len(text) > _LONGEST:
        yield "it is longer than 5,000,000 characters"
        return
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        yield "it declares a document type or entities"
        return
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        yield "it is not well-formed XML"
        return
    if root.tag != f"{{{XHTML}}}div":
        yield f"its outermost element is not a div in the namespace {XHTML}"
    for element in root.iter():
        yield from _element_faults(element)
    if not _has_content(root):
        yield "it has neither text nor an image"


def _element_faults(element: etree._Element) -> Iterator[str]:
    if isinstance(element, etree._ProcessingInstruction):
        yield "it has a processing instruction"
        return
    if isinstance(element, etree._Comment):  # harmless
        return
    space, _, name = element.tag.rpartition("}")
    if space != "{" + XHTML or name not in _ELEMENTS:
        yield f"the element {name} is not allowed" if name in _NAMED else "it has an element that XHTML does not know"
        return
    allowed = _OWN.get(name, frozenset())
    for attribute, value in element.attrib.items():
        named = str(attribute)
        if named not in _EVERYWHERE and named not in allowed and named != _LANGUAGE:
            shown = f"the attribute {named}" if _EVENT.fullmatch(named) or named in _KNOWN else "an attribute"
            yield f"{shown} of {name} is not allowed"
        elif named in _ADDRESSES and _is_script(str(value)):
            yield f"the attribute {named} of {name} runs a script"


def _is_script(address: str) -> bool:
    scheme = "".join(address.split()).partition(":")[0].lower()
    return scheme in ("javascript", "vbscript")


def _has_content(root: etree._Element) -> bool:
    return any(element.tag == f"{{{XHTML}}}img" for element in root.iter()) or bool(
        "".join(str(part) for part in root.itertext()).strip()
    )
