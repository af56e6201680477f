"""Archives of pictures are hostile input: every fault is one error that names the array and no value."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lienthong.core.errors import LienthongError
from lienthong.products.imaging.pictures import digest_of, parts_of, read_labels, read_pictures

GREY = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)


def archive(folder: Path, **arrays: np.ndarray) -> Path:
    file = folder / "a.npz"
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file


def raw(folder: Path, name: str, content: bytes) -> Path:
    file = folder / "raw.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr(name, content)
    return file


def header(shape: str, descr: str = "'|u1'", fortran: bool = False) -> bytes:
    stream = io.BytesIO()
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    stream.write(b"\x93NUMPY\x01\x00" + (len(text) + 1).to_bytes(2, "little") + text.encode() + b"\n")
    return stream.getvalue()


def test_parts_pictures_and_labels_are_read_as_they_stand(tmp_path: Path) -> None:
    file = archive(tmp_path, mine_images=GREY, mine_labels=np.array([[0], [1], [1]], np.uint8))
    assert parts_of(file) == ["mine"]
    assert (read_pictures(file, "mine") == GREY).all()
    assert read_labels(file, "mine", 3).tolist() == [False, True, True]


def test_equal_grey_levels_have_equal_digests() -> None:
    assert digest_of(GREY[0]) == digest_of(GREY[0].copy())
    assert digest_of(GREY[0]) != digest_of(GREY[1])


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (GREY.astype(np.float32), "float32, 3 x 28 x 28"),
        (GREY[:, :14], "uint8, 3 x 14 x 28"),
        (GREY[0], "uint8, 28 x 28"),
        (GREY[:0], "uint8, 0 x 28 x 28"),
        (np.array([{"a": 1}], object), "object"),
    ],
)
def test_another_type_or_shape_is_named(tmp_path: Path, images: np.ndarray, why: str) -> None:
    with pytest.raises(LienthongError) as caught:
        read_pictures(archive(tmp_path, x_images=images), "x")
    assert caught.value.code == "data-wrong"
    assert why in caught.value.text()
    assert "array x_images" in caught.value.text()


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (np.array([0, 1], np.uint8), "uint8, 2"),
        (np.array([0, 1, 2], np.uint8), "neither 0 nor 1"),
        (np.array([0, 1, 1], np.float64), "float64, 3"),
    ],
)
def test_labels_that_do_not_fit_are_named(tmp_path: Path, labels: np.ndarray, why: str) -> None:
    with pytest.raises(LienthongError, match=why):
        read_labels(archive(tmp_path, x_images=GREY, x_labels=labels), "x", 3)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    file = archive(tmp_path, x_images=GREY)
    with pytest.raises(LienthongError, match="array x_labels"):
        read_labels(file, "x", 3)


def test_a_header_that_promises_too_much_is_not_believed(tmp_path: Path) -> None:
    """Neither memory for a million million points is taken, nor is the rest of the file unpacked."""
    file = raw(tmp_path, "x_images.npy", header("(1000000000, 28, 28)") + b"\0" * 100)
    with pytest.raises(LienthongError, match="too large"):
        read_pictures(file, "x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array",
        header("(3, 28, 28)") + b"\0" * 10,  # cut off
        header("(1, 28, 28)") + b"\0" * 1000,  # longer than it says
        header("(-1, 28, 28)"),
        header("(3, 28, 28)", fortran=True) + b"\0" * 3 * 784,
        header("'x'"),
    ],
)
def test_a_broken_array_is_an_error_and_no_traceback(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(LienthongError) as caught:
        read_pictures(raw(tmp_path, "x_images.npy", content), "x")
    assert caught.value.code == "data-wrong"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing more", b"\x80\x04\x95"])
def test_what_is_no_archive_is_an_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.npz"
    file.write_bytes(content)
    for read in (lambda: parts_of(file), lambda: read_pictures(file, "x")):
        with pytest.raises(LienthongError) as caught:
            read()
        assert caught.value.code == "data-wrong"
