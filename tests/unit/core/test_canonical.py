"""Canonical JSON: digits as they came, RFC 8785's order and escapes, and a plain oracle."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core import canonical

DIGITS = ["0.10", "1.0", "100", "1e2", "1E+2", "-0.0", "0.000000000000000000000000001", "12345678901234567890.50"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([Decimal(d) for d in DIGITS]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize("digits", DIGITS)
def test_a_number_is_written_as_it_came(digits: str) -> None:
    text = f'{{"value":{digits}}}'.encode()
    assert canonical.encode(canonical.parse(text)) == text
    assert canonical.encode_text_decimals(canonical.parse(text)) in (text, f'{{"value":"{digits}"}}'.encode())


def test_decimals_compare_by_value_whatever_their_text() -> None:
    assert canonical.parse(b"1e2") == Decimal("100")


def test_members_stand_in_the_order_of_utf16_units() -> None:
    # RFC 8785 section 3.2.3: U+1F600 is D83D DE00 in UTF-16 and so before U+FB33, though not by code point
    value = {"\ufb33": 1, "\U0001f600": 2, "é": 3, "a": 4, "\r": 5, "1": 6}
    assert list(canonical.parse(canonical.encode(value))) == ["\r", "1", "a", "é", "\U0001f600", "\ufb33"]


def test_escapes_are_those_of_rfc_8785() -> None:
    assert canonical.encode('\x00\x08\t\n\x0c\r\x1f"\\/\u2028€') == (
        '"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\u2028€"'.encode()
    )


@given(json_values)
def test_fast_and_plain_forms_agree(value: Any) -> None:
    data = canonical.encode(value)
    assert data == canonical._encode_plain(value).encode()
    assert canonical.parse(data) == value
    assert canonical.encode(canonical.parse(data)) == data


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", b'{"a":01}', b"\xff", b"[" * 100_000, b'{"a":NaN}'])
def test_what_is_not_json_is_a_value_error_without_the_content(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^[^{\[]*$"):
        canonical.parse(text)


def test_a_float_has_no_digest() -> None:
    with pytest.raises(TypeError, match="lost its digits"):
        canonical.digest({"a": [1.5]})


def test_the_digest_is_over_the_canonical_bytes() -> None:
    assert canonical.digest(canonical.parse(b'{"b":1.0, "a":[]}')) == canonical.digest({"a": [], "b": Decimal("1.0")})
    assert canonical.digest({"b": Decimal("1.0")}) != canonical.digest({"b": Decimal("1.00")})
