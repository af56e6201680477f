"""A FHIRPath text cut into tokens, after the lexical grammar of FHIRPath N1 (appendix B)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lienthong.core.errors import Category, ErrorKind, LienthongError

__all__ = ["Token", "TokenKind", "fault", "tokenize"]

WRONG_EXPRESSION = ErrorKind(
    "fhirpath-syntax",
    Category.INCORRECT,
    what="The FHIRPath expression can't be read: {why}.",
    allowed="{allowed}",
    cure="Correct the expression at that column (FHIRPath N1, http://hl7.org/fhirpath/N1/).",
)


class TokenKind(Enum):
    """What a token is."""

    NAME = "a name"
    DELIMITED = "a delimited name"
    STRING = "a string"
    NUMBER = "a number"
    DATE = "a date"
    DATETIME = "a date and time"
    TIME = "a time"
    SYMBOL = "a symbol"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its value (strings and delimited names unescaped) and its offset in the text."""

    kind: TokenKind
    text: str
    at: int


_TIME = r"\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?"
_PATTERN = re.compile(
    rf"""
      (?P<space>\s+|//[^\n]*|/\*.*?\*/)
    | @(?P<TIME>T{_TIME})
    | @(?P<DATETIME>\d{{4}}(?:-\d\d(?:-\d\d)?)?T(?:{_TIME}(?:Z|[+-]\d\d:\d\d)?)?)
    | @(?P<DATE>\d{{4}}(?:-\d\d(?:-\d\d)?)?)
    | (?P<NUMBER>\d+(?:\.\d+)?)
    | (?P<NAME>\$?[A-Za-z_][A-Za-z0-9_]*)
    | `(?P<DELIMITED>(?:[^`\\]|\\.)*)`
    | '(?P<STRING>(?:[^'\\]|\\.)*)'
    | (?P<SYMBOL><=|>=|!=|!~|/(?!\*)|[-+*&|<>=~.,()\[\]{{}}%])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/"}


def fault(text: str, at: int, why: str, allowed: str = "") -> LienthongError:
    """The error for a place in an expression: its author wrote it, so it holds no patient's value."""
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    place = f"column {column}" if "\n" not in text else f"line {line}, column {column}"
    return WRONG_EXPRESSION.at(place, why=why, allowed=allowed)


def tokenize(text: str) -> Iterator[Token]:
    """The tokens of an expression, with END as the last; white space and comments are left out."""
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if not match:
            raise fault(text, at, _why(text, at))
        kind = match.lastgroup
        if kind and kind != "space":
            value = match[kind]
            if kind in ("STRING", "DELIMITED"):
                value = _unescape(text, value, match.start(kind))
            yield Token(TokenKind[kind], value, at)
        at = match.end()
    yield Token(TokenKind.END, "", len(text))


def _why(text: str, at: int) -> str:
    if text[at] in "'`":
        return f"a {text[at]} is opened and never closed"
    if text.startswith("/*", at):
        return "a comment is opened and never closed"
    if text[at] == "@":
        return "a date or time is not written as @YYYY-MM-DDThh:mm:ss.fff+hh:mm or @Thh:mm:ss.fff"
    return f"the character {text[at]!r} has no meaning here"


def _unescape(text: str, value: str, start: int) -> str:
    def replace(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "u" and len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in _ESCAPES:
            raise fault(
                text,
                start + match.start(),
                f"there is no escape \\{code}",
                "\\' \\\" \\` \\\\ \\/ \\f \\n \\r \\t \\uXXXX",
            )
        return _ESCAPES[code]

    return _ESCAPE.sub(replace, value)
