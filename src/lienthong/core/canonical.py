"""JSON that keeps its digits, and the one canonical form that signatures and hashes cover.

`parse` reads JSON into plain dicts; a number with a point or an exponent becomes a `Decimal` that is written
again as it came (`1.10`, `1e2`). `encode` writes canonical JSON: members in the order of RFC 8785 section 3.2.3
(UTF-16 code units), its escapes (section 3.2.2.2), no white space, decimals as they came (DESIGN 3.11).
"""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

__all__ = ["LexicalDecimal", "digest", "encode", "encode_text_decimals", "parse", "write"]


class LexicalDecimal(Decimal):
    """A decimal whose text is not the one that `Decimal` would write, e.g. `1e2` (Decimal writes `1E+2`)."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> LexicalDecimal:
        value = super().__new__(cls, text)
        value.text = text
        return value


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent of nineteen digits
        raise ValueError("a number is beyond what a decimal can hold") from None
    return value if str(value) == text else LexicalDecimal(text)


def _as_it_came(value: object) -> msgspec.Raw:
    if isinstance(value, LexicalDecimal):
        return msgspec.Raw(value.text.encode("ascii"))
    raise TypeError(f"canonical JSON has no form for {type(value).__name__}")


def _as_text(value: object) -> str:
    if isinstance(value, LexicalDecimal):
        return value.text
    raise TypeError(f"JSON has no form for {type(value).__name__}")


_BEYOND = re.compile(rb"[\xf0-\xf4]")  # the lead byte of a character beyond the basic plane
_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=_as_it_came)
_PLAIN_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_as_it_came)
_TEXT_ENCODER = msgspec.json.Encoder(decimal_format="string", enc_hook=_as_text)


def parse(data: bytes | str) -> Any:
    """JSON text as plain values, numbers with their digits.

    Raises ValueError when the text is not JSON, is not UTF-8, is nested too deep or holds a number that no decimal
    can. Of a repeated member the
    last one counts, as in every common reader.
    """
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError as error:
        # msgspec names the byte, never the content
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("JSON is nested too deep") from None


def encode(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    Values come from `parse` or hold `Decimal`s; a float has lost its digits and must not be handed in
    (checking for one would cost as much as encoding; `digest` is what signatures use, and it does check).
    """
    data = _ENCODER.encode(value)
    # Byte order equals UTF-16 order unless a member name lies beyond the basic plane (a lead byte of F0 or more).
    if not data.isascii() and _BEYOND.search(data):
        return _encode_plain(value).encode("utf-8", "surrogatepass")
    return data


def _encode_plain(value: Any) -> str:
    """The plain and slow form of `encode`, for names beyond the basic plane and as its oracle in tests."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_encode_plain(name)}:{_encode_plain(item)}" for name, item in members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_encode_plain(item) for item in value) + "]"
    if isinstance(value, LexicalDecimal):
        return value.text
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        raise TypeError("a float has lost its digits; use Decimal")
    return json.dumps(value, ensure_ascii=False)


def write(value: Any) -> bytes:
    """JSON with members in the order in which they stand and decimals as they came: quick, and not canonical."""
    return _PLAIN_ENCODER.encode(value)


def encode_text_decimals(value: Any) -> bytes:
    """JSON with every decimal as a string of its digits, for engines that would read a number as a double."""
    return _TEXT_ENCODER.encode(value)


def digest(value: Any) -> str:
    """SHA-256 (hex) over the canonical bytes of a JSON value; a float in it is a TypeError."""
    data = encode(value)
    if _holds_float(value):
        raise TypeError("the value has no canonical form: a float has lost its digits; use Decimal")
    return hashlib.sha256(data).hexdigest()


def _holds_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_float(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_holds_float(item) for item in value)
    return isinstance(value, float)
