"""Says what a plain file is by its content: text or not, which encoding, and whether it was meant to be an export."""

from __future__ import annotations

import codecs

from lienthong.core.errors import Category, ErrorKind

__all__ = ["FHIR_XML", "NOT_UTF8", "as_utf8", "is_fhir_xml", "looks_like_export", "what_it_is"]

NOT_UTF8 = ErrorKind(
    "json-not-utf8",
    Category.UNREADABLE,
    what="The JSON is not in UTF-8.",
    allowed="UTF-8, with or without a byte order mark (RFC 8259, section 8.1).",
    cure="Convert it, e.g. `iconv -f UTF-16 -t UTF-8`, and give it again.",
)
FHIR_XML = ErrorKind(
    "fhir-xml-not-read",
    Category.UNREADABLE,
    what="This is FHIR as XML, which is not read yet: only JSON.",
    allowed="FHIR R4 as JSON: a resource, a Bundle or NDJSON.",
    cure="Export it as JSON, or ask the server with Accept: application/fhir+json.",
)

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EXPORT_ENDINGS = (".json", ".ndjson", ".jsonl", ".xml", ".hl7", ".gz", ".zip")


def as_utf8(head: bytes) -> bytes:
    """The first bytes of a file as UTF-8 without a byte order mark, as far as they are text in a UTF encoding."""
    if head.startswith(codecs.BOM_UTF8):
        return head[3:]
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "ignore").encode("utf-8")
    # Without a mark, the zeros beside `<`, `{` or `[` give UTF-16 away (XML 1.0, appendix F).
    if head[:1] in (b"<", b"{", b"[") and head[1:2] == b"\0":
        return head.decode("utf-16-le", "ignore").encode("utf-8")
    if head[:1] == b"\0" and head[1:2] in (b"<", b"{", b"["):
        return head.decode("utf-16-be", "ignore").encode("utf-8")
    return head


def is_fhir_xml(head: bytes) -> bool:
    """Whether the first bytes are FHIR as XML."""
    return head.lstrip().startswith(b"<") and (
        b'xmlns="http://hl7.org/fhir"' in head or b"xmlns='http://hl7.org/fhir'" in head
    )


def looks_like_export(head: bytes, name: str) -> bool:
    """Whether a file that no source knows was meant to be one: its name says so, and its content is broken.

    A whole file of another kind (an XML of somebody else's, a JSON of counts) was not.
    """
    if not name.lower().endswith(_EXPORT_ENDINGS):
        return False
    start = head.lstrip()
    if name.lower().endswith(".xml"):
        return not start.startswith(b"<")
    return True


def what_it_is(head: bytes) -> str:
    """In a few words what kind of file no source knows, for the list of files left out."""
    start = head.lstrip()
    if not start:
        return "empty"
    if start.startswith(b"%PDF"):
        return "PDF, no export"
    if start.startswith(b"<"):
        return "XML or HTML, but no export that Lienthong reads"
    if b"\0" in head[:4096]:
        return "binary, no export"
    return "text, no export"
