"""encode, decode, escape and unescape.

Source: FHIRPath 2.1, "Additional String Functions".
"""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Callable, Mapping
from typing import Any

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.operands import text
from lienthong.fhir.fhirpath.plan import Env, Plan, fits, one

__all__ = ["ENCODING"]


def _from_hex(value: str) -> bytes:
    return binascii.unhexlify(value)


_ENCODE: Mapping[str, Callable[[str], str]] = {
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "urlbase64": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
}
_DECODE: Mapping[str, Callable[[str], str]] = {
    "base64": lambda value: base64.b64decode(value, validate=True).decode(),
    "urlbase64": lambda value: base64.b64decode(value, altchars=b"-_", validate=True).decode(),
    "hex": lambda value: _from_hex(value).decode(),
}
_ESCAPE: Mapping[str, Callable[[str], str]] = {
    "html": lambda value: html.escape(value).replace("&#x27;", "&#39;"),
    "json": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
}


def _unescape_json(value: str) -> str:
    # a bare quote may stand in a FHIRPath string and not in JSON
    return str(json.loads('"' + value.replace('\\"', '"').replace('"', '\\"') + '"', strict=False))


_UNESCAPE: Mapping[str, Callable[[str], str]] = {"html": html.unescape, "json": _unescape_json}


def _by_format(formats: Mapping[str, Callable[[str], str]]) -> Function:
    """A function whose argument names a format; an unknown format, or a text that is not in it, gives empty."""

    def compile_format(call: Call) -> Plan:
        run, given = text(call.input, call.source, call.name), text(call.given(0), call.at(0), call.name)

        def run_format(this: Any, env: Env) -> str | None:
            value, name = run(this, env), given(this, env)
            if value is None or name not in formats:
                return None
            try:
                return str(fits(formats[name](value), call.source))
            except ValueError:  # also UnicodeDecodeError, binascii.Error and JSONDecodeError
                return None

        return one(run_format, "System.String")

    return Function(compile_format, 1, 1)


ENCODING = {
    "encode": _by_format(_ENCODE),
    "decode": _by_format(_DECODE),
    "escape": _by_format(_ESCAPE),
    "unescape": _by_format(_UNESCAPE),
}
