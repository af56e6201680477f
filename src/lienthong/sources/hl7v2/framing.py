"""Parts a file into messages in bounded memory: line ends of any kind, MLLP, batches, byte order marks, encodings."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

from lienthong.core.errors import Category, ErrorKind

__all__ = ["Batch", "Piece", "decode", "is_hl7v2", "pieces"]

UNKNOWN_CHARSET = ErrorKind(
    "hl7v2-charset-unknown",
    Category.UNREADABLE,
    what="The message names a character set in MSH-18 that is not read.",
    allowed="ASCII, 8859/1 to 8859/15, UNICODE, UNICODE UTF-8, UNICODE UTF-16, UNICODE UTF-32, GB 18030-2000, BIG-5, "
    "KS X 1001, ISO IR6 (table 0211).",
    cure="Send the message in UTF-8 and name UNICODE UTF-8 in MSH-18.",
)
WRONG_CHARSET = ErrorKind(
    "hl7v2-charset-wrong",
    Category.UNREADABLE,
    what="The message is not in the character set that MSH-18 names, or UTF-8 where it names none.",
    allowed="Bytes in the character set of MSH-18; without it UTF-8.",
    cure="Name the right character set in MSH-18 (e.g. 8859/1), or send the message in UTF-8.",
)

_CHUNK = 1 << 20
_START = re.compile(rb"MSH(?=[^\sA-Za-z0-9])")
_BOUND = b"\r\n\x0b\x1c\x00"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"M\0\0\0", "utf-32-le"),
    (b"\0\0\0M", "utf-32-be"),
    (b"M\0S\0H\0", "utf-16-le"),
    (b"\0M\0S\0H", "utf-16-be"),
)
# Table 0211 of HL7 (alternate character sets), where Python has a codec of that meaning.
_CHARSETS = {
    "": "utf-8",
    "ASCII": "utf-8",  # senders that name it send UTF-8 as well; pure ASCII is the same
    "US-ASCII": "utf-8",
    "ISO IR6": "utf-8",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    **{f"8859/{number}": f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    **{f"ISO-8859-{number}": f"iso8859-{number}" for number in (1, 2, 15)},
}
_WIDE = frozenset({"UNICODE UTF-16", "UNICODE UTF-32", "UTF-16", "UTF-32"})


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one message: its number in the file, the offset of its first byte, whether it was UTF-16 or -32.

    Offsets count the bytes as they are read; of a file in UTF-16 they are those of its text in UTF-8. `data` is None
    where the message is longer than the limit.
    """

    number: int
    start: int
    data: bytes | None
    is_wide: bool = False


@dataclass(slots=True)
class Batch:
    """What the batch segments of a file say (BTS-1, the number of messages), and what stood outside of messages."""

    announced: int | None = None
    outside: bool = False


def is_hl7v2(head: bytes) -> bool:
    """Whether the first bytes of a file are HL7 v2: MSH or a batch header, also framed or in UTF-16."""
    head = head.removeprefix(codecs.BOM_UTF8)
    encoding = _wide(head)
    if encoding is not None:
        head = head[:400].decode(encoding, "ignore").lstrip("\ufeff").encode("utf-8")
    start = head[:400].lstrip(b" \t\r\n\x0b\x1c")
    return start[:3] in (b"MSH", b"FHS", b"BHS") and start[3:4] not in (b"", b" ") and not start[3:4].isalnum()


def _wide(head: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def pieces(stream: BufferedReader, limit: int, batch: Batch) -> Iterator[Piece]:
    """The messages of a file in their order; what its batch segments say is noted in `batch`."""
    encoding = _wide(stream.peek(8)[:8])
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    buffer = b""
    offset = number = 0
    searched = 0  # up to here the buffer holds no further start
    too_long = in_message = False
    while True:
        chunk = stream.read(_CHUNK)
        if decoder is not None:
            buffer += decoder.decode(chunk, final=not chunk).encode("utf-8")
        else:
            buffer += chunk
        begin = 0
        starts = _starts(buffer, searched, is_first=offset == 0)
        for start in starts:
            piece = buffer[begin:start]
            if in_message:
                number += 1
                yield Piece(number, offset + begin, None if too_long else _trimmed(piece, batch), decoder is not None)
            else:
                _outside(piece, batch)
            begin, in_message, too_long = start, True, False
        if not chunk:
            if in_message:
                number += 1
                data = None if too_long else _trimmed(buffer[begin:], batch)
                yield Piece(number, offset + begin, data, decoder is not None)
            else:
                _outside(buffer[begin:], batch)
            return
        if not in_message:
            _outside(buffer[begin : len(buffer) - 8], batch)
        elif len(buffer) - begin > limit:
            too_long = True
        if too_long or not in_message:
            begin = max(begin, len(buffer) - 8)  # let go of it, but for what may be a start that is cut in two
        buffer, offset = buffer[begin:], offset + begin
        searched = max(3 if in_message and not too_long else 0, len(buffer) - 4)


def _starts(buffer: bytes, searched: int, *, is_first: bool) -> list[int]:
    found: list[int] = []
    for match in _START.finditer(buffer, searched):
        at = match.start()
        before = buffer[:at].rstrip(b" \t") if at < 64 else buffer[at - 64 : at].rstrip(b" \t")
        if (before and before[-1] in _BOUND) or (not before and is_first) or before == codecs.BOM_UTF8:
            found.append(at)
    return found


def _outside(data: bytes, batch: Batch) -> None:
    for line in re.split(rb"[\r\n\x0b\x1c]+", data.removeprefix(codecs.BOM_UTF8)):
        if line.strip() and line[:3] not in (b"FHS", b"BHS", b"BTS", b"FTS"):
            batch.outside = True


def _trimmed(data: bytes, batch: Batch) -> bytes:
    """The message without the frame around it and without the batch segments that follow it."""
    end = data.find(b"\x1c")
    if end >= 0 and not data[end:].strip(b"\x1c\x0b\r\n \t\0"):
        data = data[:end]
    data = data.strip(b"\r\n\x0b\x1c\0 \t")
    for name in (b"FHS", b"BHS", b"BTS", b"FTS"):
        if name in data:
            break
    else:
        return data
    kept: list[bytes] = []
    for line in re.split(rb"(?<=[\r\n\x1c\x0b])", data):
        if line[:3] in (b"FHS", b"BHS", b"BTS", b"FTS") and line[3:4] not in (b"", b" ") and kept:
            if line[:3] == b"BTS":
                count = re.match(rb"BTS[^\w\s](\d{1,9})", line)
                batch.announced = (batch.announced or 0) + int(count[1]) if count else batch.announced
            continue
        kept.append(line)
    return b"".join(kept).strip(b"\r\n\x0b\x1c\0 \t")


def decode(piece: Piece) -> str:
    """The text of a message in the character set that it names (MSH-18); raises `hl7v2-charset-…`."""
    data = piece.data or b""
    named = _named(data)
    if piece.is_wide:
        if named and named not in _WIDE and not named.startswith("UNICODE"):
            raise WRONG_CHARSET.at("MSH-18")
        return data.decode("utf-8", "replace")
    if named in _WIDE:
        raise WRONG_CHARSET.at("MSH-18")
    codec = _CHARSETS.get(named)
    if codec is None:
        raise UNKNOWN_CHARSET.at("MSH-18")
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise WRONG_CHARSET.at("MSH-18") from None


def _named(data: bytes) -> str:
    line = re.split(rb"[\r\n]", data[:20_000], maxsplit=1)[0]
    fields = line.split(line[3:4]) if len(line) > 3 else []
    if len(fields) < 18:
        return ""
    repetition = line[5:6]
    first = fields[17].split(repetition, 1)[0] if repetition else fields[17]
    return " ".join(first.decode("ascii", "replace").strip().strip('"').upper().split())
