"""Reads the inner XML of one table into rows, and isolates what breaks it: characters first, then single rows.

lxml reads without entities, network, DTD or huge trees. What XML does not allow (control characters, a bare `&` or
`<` in a clinical note) is cleaned and read again; where the table still breaks, each row is read by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from lienthong.sources.bhyt.layout import PATHS, is_known, names
from lienthong.sources.bhyt.rows import Row
from lienthong.sources.bhyt.values import clean

__all__ = ["Table", "read_table"]

_ILLEGAL_BYTES = bytes(number for number in range(32) if number not in (9, 10, 13))
_NONCHARACTER = re.compile(rb"\xef\xbf[\xbe\xbf]")
_CHARACTER_REFERENCE = re.compile(rb"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,9});")
_BARE_AND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);)")
_ATTRIBUTE = rb"\s+[\w:.\-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')"
_BARE_LESS = re.compile(rb"<(?!/?[A-Z][A-Z0-9_]*(?:" + _ATTRIBUTE + rb")*\s*/?>|!--|\?)")
_DECLARED = re.compile(rb"^<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._\-]{1,40})[\"'][^>]{0,100}>")
_FEW = 2
"""How many known fields an element needs that is a row by its fields and not by its name."""


@dataclass(slots=True)
class Table:
    """The rows of one table; `was_cleaned` where characters were, `lost` the numbers of rows that can't be read.

    `is_broken` says that nothing at all could be read of it, `is_misnamed` that its rows or fields were known only by
    their likeness, and `repeated` which fields a row has twice with different values: the first is taken.
    """

    rows: list[Row] = field(default_factory=list)
    was_cleaned: bool = False
    is_misnamed: bool = False
    repeated: list[tuple[int, str]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    is_broken: bool = False


def read_table(table: str, data: bytes, encoding: str | None) -> Table:
    """The rows of a table from the bytes of its XML; `encoding` where the text around it decides."""
    data = data.lstrip()
    root = _parse(data, encoding)
    if root is None and encoding is None:
        data, root = _otherwise_encoded(data)
    if root is not None:
        return _rows(table, root)
    data = _cleaned(data)
    root = _parse(data, encoding or "utf-8")
    if root is not None:
        found = _rows(table, root)
        found.was_cleaned = True
        return found
    return _row_by_row(table, data, encoding or "utf-8")


def _otherwise_encoded(data: bytes) -> tuple[bytes, etree._Element | None]:
    """Known slips: text that says it is UTF-16 and is UTF-8, and encodings that Python knows and libxml2 does not."""
    declared = _DECLARED.match(data)
    if declared is None:
        return data, None
    name = declared[1].decode("ascii").lower()
    if name.startswith("utf-16"):
        return data, _parse(data, "utf-8")
    try:
        text = data[declared.end() :].decode(name)
    except (LookupError, UnicodeError):
        return data, None
    recoded = text.encode("utf-8", "ignore")
    return recoded, _parse(recoded, "utf-8")


def _rows(table: str, root: etree._Element) -> Table:
    tag = PATHS[table][-1]
    elements = list(root.iter(tag))
    found = Table()
    if not elements:
        elements = _by_fields(table, root)
        found.is_misnamed = bool(elements)
    for number, element in enumerate(elements, 1):
        found.rows.append(_row(table, number, element, found))
    return found


def _by_fields(table: str, root: etree._Element) -> list[etree._Element]:
    """The elements that hold fields of the table, under whatever name; none where nothing of it is there."""
    return [
        element
        for element in root.iter(etree.Element)
        if sum(is_known(table, _name(child).upper()) for child in element if not len(child)) >= _FEW
    ]


def _row_by_row(table: str, data: bytes, encoding: str) -> Table:
    found = Table(was_cleaned=True)
    tag = PATHS[table][-1]
    begin, end = f"<{tag}>".encode(), f"</{tag}>".encode()
    for number, piece in enumerate(data.split(begin)[1:], 1):
        inside, closed, _ = piece.partition(end)
        root = _parse(begin + inside + end, encoding) if closed else None
        if root is None:
            found.lost.append(number)
        else:
            found.rows.append(_row(table, number, root, found))
    found.is_broken = not found.rows and not found.lost
    return found


def _parser(encoding: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


# A parser may be used again for whole documents, one after another; making one costs as much as a small table.
_DEFAULT = _parser(None)


def _parse(data: bytes, encoding: str | None) -> etree._Element | None:
    """The root, or None where the bytes are no XML or bring a DTD."""
    read: Callable[[bytes], etree._Element]
    if encoding is None:
        read = partial(etree.fromstring, parser=_DEFAULT)
    else:
        try:
            read = partial(etree.fromstring, parser=_parser(encoding))
        except LookupError:
            return None
    try:
        root = read(data)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if root.getroottree().docinfo.internalDTD is not None else root


def _name(element: etree._Element) -> str:
    tag = str(element.tag)
    return etree.QName(element).localname if tag[:1] == "{" else tag


def _row(table: str, number: int, element: etree._Element, found: Table) -> Row:
    texts: dict[str, str] = {}
    known = names(table)
    for child in element:
        tag: str = child.tag
        text = clean("".join(map(str, child.itertext())) if len(child) else child.text)
        if tag not in known:
            tag = _meant(table, _name(child), found)
        if tag in texts and (before := texts[tag]):
            if text and text != before:
                found.repeated.append((number, tag))
        else:
            texts[tag] = text
    return Row(table, number, texts)


def _meant(table: str, name: str, found: Table) -> str:
    """The field that a name means which differs from it in case alone; else the name."""
    upper = name.upper()
    if upper != name and is_known(table, upper):
        found.is_misnamed = True
        return upper
    return name


def _cleaned(data: bytes) -> bytes:
    """The bytes without what XML 1.0 does not allow (section 2.2), bare `&` and `<` in text as themselves."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "ignore").encode("utf-8")
    data = _NONCHARACTER.sub(b"", data.translate(None, _ILLEGAL_BYTES))
    parts: list[bytes] = []
    while data:
        markup, mark, rest = data.partition(b"<![CDATA[")
        text, end, rest = rest.partition(b"]]>")
        if mark and not end:  # it never ends, so it is no CDATA
            markup, mark, text, rest = data, b"", b"", b""
        part = _CHARACTER_REFERENCE.sub(_legal, markup)
        parts += (_BARE_LESS.sub(b"&lt;", _BARE_AND.sub(b"&amp;", part)), mark, text, end)
        data = rest
    return b"".join(parts)


def _legal(match: re.Match[bytes]) -> bytes:
    text = match[1]
    point = int(text[1:], 16) if text[:1] == b"x" else int(text)
    legal = (
        point in (9, 10, 13) or 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or 0x10000 <= point <= 0x10FFFF
    )
    return match[0] if legal else b""
