"""A product whose package or system library is not here says which, and what to do; nothing is a traceback."""

from __future__ import annotations

from types import ModuleType

import pytest

from lienthong.core.errors import ExitCode, LienthongError
from lienthong.products.evaluation import evaluables


def loading(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> LienthongError:
    def fail(name: str) -> ModuleType:
        raise problem

    monkeypatch.setattr(evaluables, "import_module", fail)
    with pytest.raises(LienthongError) as raised:
        evaluables.load("dengue-months-ahead")
    return raised.value


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    error = loading(ModuleNotFoundError("No module named 'lightgbm'", name="lightgbm"), monkeypatch)
    assert error.kind.category.meaning.exit is ExitCode.MISSING
    assert "lightgbm" in str(error)
    assert 'pip install "lienthong[ai,imaging]"' in error.kind.cure


def test_a_system_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    error = loading(OSError("libgomp.so.1: cannot open shared object file"), monkeypatch)
    assert error.kind.category.meaning.exit is ExitCode.MISSING
    assert error.kind.code == "system-library-missing"
    assert "libgomp1" in error.kind.cure
