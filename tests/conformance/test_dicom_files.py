"""Every file of pydicom's own test files: a picture that abstains with its reason, or one clear error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong.core.errors import LienthongError
from lienthong.products.imaging.dicom import read_radiograph
from lienthong.products.imaging.wording import REFUSALS

pytestmark = pytest.mark.suite


def test_no_file_breaks_the_reader_and_none_is_taken_for_a_childs_chest(suites: Callable[[str], Path]) -> None:
    files = [file for file in sorted(suites("dicom_pydicom").rglob("*")) if file.is_file()]
    seen: Counter[str] = Counter()
    for file in files:
        try:
            found = read_radiograph(file, age_from=1, age_to=5)
        except LienthongError as error:
            seen[error.code] += 1
        else:
            assert found.picture is None, file.name
            assert found.refusal in REFUSALS, file.name
            seen[found.refusal] += 1
    assert seen.total() == len(files) > 150
    assert set(seen) >= {"dicom-unreadable", "not-a-radiograph"}
