"""Signed notes and checkpoints: the C2SP forms byte for byte, and no byte that can be changed unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.errors import LienthongError
from lienthong.privacy.audit.checkpoint import Checkpoint, join, read_many, sign
from lienthong.privacy.audit.merkle import leaf_hash
from lienthong.privacy.audit.notes import LOG, WITNESS, Note, SigningKey, VerifyingKey

# The example of the signed-note format, as Go's implementation has it.
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    f"{TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = SigningKey("lienthong.log/test", LOG, b"l" * 32)
WITNESS_KEY = SigningKey("university.example/witness", WITNESS, b"w" * 32)
SIGNED = sign(KEY.name, 7, leaf_hash(b"x"), KEY)
COSIGNED = SIGNED.add([WITNESS_KEY.sign(SIGNED.note.text, 1_790_000_000)])


def test_the_published_example() -> None:
    secret, public = SigningKey.parse(SECRET), VerifyingKey.parse(PUBLIC)
    assert secret.secret() == SECRET
    assert str(secret.verifying) == str(public) == PUBLIC
    assert str(Note(TEXT, (secret.sign(TEXT, 0),))) == NOTE
    assert Note.parse(NOTE).signed_by(public) is not None


def test_a_checkpoint_and_its_co_signature() -> None:
    text = str(COSIGNED)
    lines = text.split("\n")
    assert lines[:2] == ["lienthong.log/test", "7"]
    assert [len(lines[2]), lines[3], len(lines)] == [44, "", 7]
    assert Checkpoint.parse(text) == COSIGNED
    line = COSIGNED.note.signed_by(WITNESS_KEY.verifying)
    assert line is not None and line.seconds == 1_790_000_000
    assert COSIGNED.note.signed_by(KEY.verifying) is not None
    assert SIGNED.note.signed_by(WITNESS_KEY.verifying) is None
    assert COSIGNED.add(COSIGNED.signatures) == COSIGNED
    assert read_many(join([SIGNED, COSIGNED])) == [SIGNED, COSIGNED]
    assert read_many("") == []


def test_a_witness_of_the_same_name_but_another_key_signs_nothing() -> None:
    other = SigningKey(WITNESS_KEY.name, WITNESS, b"o" * 32).verifying
    assert COSIGNED.note.signed_by(other) is None
    as_log = VerifyingKey(WITNESS_KEY.name, LOG, WITNESS_KEY.verifying.public)
    assert COSIGNED.note.signed_by(as_log) is None


@given(st.integers(0, len(str(COSIGNED).encode()) - 1), st.integers(1, 255))
def test_no_byte_of_a_checkpoint_can_be_changed(place: int, change: int) -> None:
    changed = bytearray(str(COSIGNED).encode())
    changed[place] ^= change
    try:
        found = Checkpoint.parse(bytes(changed).decode("utf-8"))
    except (LienthongError, UnicodeDecodeError):
        return
    keys = (KEY.verifying, WITNESS_KEY.verifying)
    assert any(found.note.signed_by(key) is None for key in keys)


@given(st.integers(0, len(PUBLIC) - 1), st.sampled_from([1, 2, 4, 8, 16, 32, 64]))
def test_no_character_of_a_key_can_be_changed(place: int, change: int) -> None:
    changed = PUBLIC[:place] + chr(ord(PUBLIC[place]) ^ change) + PUBLIC[place + 1 :]
    with pytest.raises(LienthongError, match="audit-key-unreadable"):
        VerifyingKey.parse(changed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("— ", "- "),
        NOTE.replace("nAM=", "nAN="),  # the same bytes, written in another way
        NOTE.replace("PeterNeumann ", "PeterNeumann  "),
    ],
)
def test_what_is_no_note(text: str) -> None:
    with pytest.raises(LienthongError, match="audit-checkpoint-unreadable"):
        Note.parse(text)


@pytest.mark.parametrize("size", ["-1", "07", "7.0", "seven", "1" * 30])
def test_what_is_no_size(size: str) -> None:
    with pytest.raises(LienthongError, match="audit-checkpoint-unreadable"):
        Checkpoint.parse(str(SIGNED).replace("\n7\n", f"\n{size}\n"))


def test_what_is_no_key() -> None:
    for text in (SECRET, "", "x", PUBLIC[:-4], PUBLIC.replace("+c", "+d"), PUBLIC + "\n", "Peter Neumann+" + PUBLIC):
        with pytest.raises(LienthongError, match="audit-key-unreadable"):
            VerifyingKey.parse(text)
    for text in (PUBLIC, SECRET.replace("+c", "+d"), SECRET[:-4]):
        with pytest.raises(LienthongError, match="audit-key-unreadable"):
            SigningKey.parse(text)
    with pytest.raises(LienthongError, match="audit-key-unreadable"):
        SigningKey("a name", LOG, b"k" * 32)


def test_an_error_never_holds_a_private_key() -> None:
    with pytest.raises(LienthongError) as caught:
        VerifyingKey.parse(SECRET)
    assert "AYEK" not in caught.value.text()
