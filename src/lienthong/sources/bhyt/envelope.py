"""Takes the envelope GIAMDINHHS apart as it streams by: the sender, and each HOSO with its tables.

The envelope is split by its tags and not parsed as a whole, so that one damaged HOSO does not stop the others and no
more than one is in memory. A DOCTYPE or an entity is refused: no export needs one.
"""

from __future__ import annotations

import binascii
import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

from lienthong.core.errors import Category, ErrorKind
from lienthong.core.settings import Settings
from lienthong.sources.bhyt.values import clean
from lienthong.sources.container import HEAD

__all__ = ["CHECK_IN", "OTHER_ENVELOPE", "ROOTS", "TOO_LONG", "Envelope", "Hoso", "Part", "root_name"]

DOCTYPE = ErrorKind(
    "xml-doctype",
    Category.UNREADABLE,
    what="The XML brings a DOCTYPE or entities, which are refused.",
    allowed="XML without a DOCTYPE.",
    cure="Export it again from the hospital's system; no health-insurance XML has a DOCTYPE.",
)
BROKEN_ENVELOPE = ErrorKind(
    "bhyt-envelope-broken",
    Category.UNREADABLE,
    what="The envelope can't be read: {why}.",
    allowed="GIAMDINHHS with THONGTINHOSO and whole HOSO elements, in the encoding that it declares.",
    cure="It may be cut off: export or copy it again.",
)
OTHER_ENVELOPE = ErrorKind(
    "bhyt-envelope-other",
    Category.UNREADABLE,
    what="This health-insurance XML is not read yet: {why}.",
    allowed="The claim envelope GIAMDINHHS of Quyết định 130/4750/3176, or a check-in (XML0).",
    cure="Give the claims in their envelope; the file is kept and can be tried again with a later Lienthong.",
)
TOO_LONG = ErrorKind(
    "bhyt-hoso-too-large",
    Category.UNREADABLE,
    what="One HOSO of the envelope is longer than {limit} bytes.",
    allowed="max_record_bytes of the settings.",
    cure="Export fewer records a file, or raise max_record_bytes in lienthong.toml.",
)

CHECK_IN = "CHI_TIEU_TRANG_THAI_KCB"
"""The root of a check-in (XML0), which is sent by itself."""

# Roots of the same family: other feeds of the portal, and tables without their envelope.
ROOTS = {
    "KHAMSUCKHOE": "it is a health check (KHAMSUCKHOE)",
    "HSCHUNGTU": "it is a set of certificates (HSCHUNGTU)",
    "HSDLGBT": "it is another feed (HSDLGBT)",
    "HOSO_DIEUCHINH_GD": "it is a correction (HOSO_DIEUCHINH_GD)",
    "TONG_HOP": "it is one table without its envelope",
    "CHITIEU_CHITIET_THUOC": "it is one table without its envelope",
    "CHITIEU_CHITIET_DVKT_VTYT": "it is one table without its envelope",
    "CHITIEU_CHITIET_DICHVUCANLAMSANG": "it is one table without its envelope",
    "CHITIEU_CHITIET_DIENBIENLAMSANG": "it is one table without its envelope",
}
# Atomic groups: a hostile file of many comments must not make the match try every way to part them.
_ROOT = re.compile(
    rb"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<>\[]*(?:\[.*?\]\s*)?>)*+<([A-Za-z_][\w.\-]*)", re.DOTALL
)
_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._\-]{1,40})[\"']")
_HOSO = re.compile(rb"<HOSO(?=[\s>/])")
_OPENED = re.compile(rb"<NOIDUNGFILE(?:\s[^<>]{0,500})?/?>")
_NOT_BASE64 = re.compile(rb"\s+|&#(?:13|10|9|xD|xA|x9);", re.IGNORECASE)


def root_name(head: bytes) -> str:
    """The name of the root element, or empty where the bytes begin with none."""
    match = _ROOT.match(head)
    return match[1].decode("ascii") if match else ""


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a HOSO: its name in capitals and its XML, or None where its content can't be unpacked."""

    name: str
    data: bytes | None
    encoding: str | None


@dataclass(frozen=True, slots=True)
class Hoso:
    """One HOSO of the envelope, counted from 1; `parts` is None where the file ends inside it or it is too long."""

    number: int
    parts: list[Part] | None


class Envelope:
    """An envelope as it streams by; `facility`, `announced` and `is_closed` are known once `hosos` has gone past."""

    def __init__(self, stream: BufferedReader, name: str, settings: Settings) -> None:
        self.facility = ""
        self.announced: int | None = None
        self.is_closed = False
        self._stream = stream
        self._name = name
        self._limit = settings.max_record_bytes
        self._encoding: str | None = None

    def hosos(self) -> Iterator[Hoso]:
        """The HOSO elements in their order; raises LienthongError where there is no envelope at all."""
        pieces = self._pieces()
        buffer = bytearray()
        number, begin, seen = 0, None, 0  # `seen`: so far the buffer has been searched in vain
        while True:
            begin = begin or _HOSO.search(buffer, max(0, seen - 8))
            end = buffer.find(b"</HOSO>", max(begin.end(), seen - 8)) if begin else -1
            if begin and not number:
                self._header(bytes(buffer[: begin.start()]))
            if begin and end >= 0:
                number += 1
                yield Hoso(number, _parts(bytes(buffer[begin.end() : end]), self._encoding))
                del buffer[: end + len(b"</HOSO>")]
                begin, seen = None, 0
                continue
            seen = len(buffer)
            if seen > self._limit:
                if not number:
                    raise TOO_LONG.at(self._name, limit=self._limit)
                yield Hoso(number + 1, None)
                return
            piece = next(pieces, None)
            if piece is None:
                break
            buffer += piece
        if not number and not begin:
            self._header(bytes(buffer))
        self.is_closed = b"</GIAMDINHHS>" in buffer
        if begin and not number:
            raise BROKEN_ENVELOPE.at(self._name, why="it ends inside its first HOSO")
        if begin:
            yield Hoso(number + 1, None)
        elif not number:
            raise BROKEN_ENVELOPE.at(self._name, why="it holds no HOSO")

    def _pieces(self) -> Iterator[bytes]:
        """The file as UTF-8 or as the ASCII-like encoding that it declares."""
        head = self._stream.peek(4)[:4]
        wide = next((name for mark, name in _WIDE if head.startswith(mark)), None)
        if wide is None:
            while piece := self._stream.read(HEAD):
                yield piece
            return
        decoder = codecs.getincrementaldecoder(wide)()
        try:
            while piece := self._stream.read(HEAD):
                yield decoder.decode(piece).encode("utf-8", "ignore")
            yield decoder.decode(b"", final=True).encode("utf-8", "ignore")
        except UnicodeDecodeError:
            raise BROKEN_ENVELOPE.at(self._name, why="it is not in the encoding that its first bytes say") from None
        finally:
            self._encoding = "utf-8"

    def _header(self, header: bytes) -> None:
        header = header.removeprefix(codecs.BOM_UTF8)
        if b"<!DOCTYPE" in header or b"<!ENTITY" in header:
            raise DOCTYPE.at(self._name)
        declared = _ENCODING.match(header)
        if self._encoding is None and declared:
            self._encoding = declared[1].decode("ascii").lower()
        self._encoding = "utf-8" if self._encoding in (None, "utf-16", "utf8") else self._encoding
        self.facility = _text(_between(header, b"MACSKCB"))
        count = _text(_between(header, b"SOLUONGHOSO"))
        self.announced = int(count) if count.isascii() and count.isdigit() and len(count) < 10 else None


_WIDE = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


def _between(data: bytes, tag: bytes) -> bytes:
    """What stands in the first element of this name; empty where there is none."""
    begin = data.find(b"<" + tag + b">")
    end = data.find(b"</" + tag + b">", begin)
    if 0 <= begin < end:
        return data[begin + len(tag) + 2 : end]
    # With attributes, or in other letters.
    match = re.search(rb"<%b(?:\s[^<>]{0,500})?>([^<]{0,1000})</%b\s*>" % (tag, tag), data, re.IGNORECASE)
    return match[1] if match else b""


_LOAIHOSO = re.compile(r"XML[\s_.]*0*(\d{1,2})")


def _table(text: str) -> str:
    """The table that LOAIHOSO means: `XMl13`, `xml 1` and `XML01` are slips of it."""
    match = _LOAIHOSO.fullmatch(text.upper())
    return f"XML{int(match[1])}" if match else text.upper()


def _text(data: bytes) -> str:
    data = data.strip()
    if data.startswith(b"<![CDATA["):
        data = data[9:].removesuffix(b"]]>")
    return clean(html.unescape(data.decode("utf-8", "replace")))


def _parts(hoso: bytes, encoding: str | None) -> list[Part]:
    found: list[Part] = []
    position = 0
    while (begin := hoso.find(b"<FILEHOSO", position)) >= 0:
        end = hoso.find(b"</FILEHOSO>", begin)
        if end < 0:
            end = len(hoso)
        inside = hoso[begin:end]
        position = end + 1
        name = _table(_text(_between(inside, b"LOAIHOSO")))
        data, is_inline = _content(inside)
        found.append(Part(name, data, encoding if is_inline else None))
    return found


def _content(inside: bytes) -> tuple[bytes | None, bool]:
    """The XML of NOIDUNGFILE, and whether it stood there as it is instead of in base64."""
    opened = _OPENED.search(inside)
    end = inside.rfind(b"</NOIDUNGFILE>")
    if opened is not None and opened[0].endswith(b"/>"):
        return b"", False
    if opened is None or end < opened.end():
        return None, False
    data = inside[opened.end() : end].strip()
    if data.startswith(b"<![CDATA["):
        data = data[9:].removesuffix(b"]]>").strip()
    if data.startswith(b"&lt;"):
        data = html.unescape(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    if data.startswith((b"<", codecs.BOM_UTF8 + b"<")):
        return data, True
    try:
        return binascii.a2b_base64(data, strict_mode=True), False
    except binascii.Error:  # perhaps white space, which most programs do not write and is dear to look for
        return _broken_by_space(data), False


def _broken_by_space(data: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(_NOT_BASE64.sub(b"", data), strict_mode=True)
    except binascii.Error:
        return None
