"""Files to one report: shared between two processes where that is worth it, then what is only seen across claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import monotonic

from lienthong import sources
from lienthong.beside import worth_it
from lienthong.checking.aside import Aside
from lienthong.checking.look import Looked, Seen, choice_of, look
from lienthong.checking.report import Report, report
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.core.settings import Settings, read_settings
from lienthong.sources import Found
from lienthong.sources.bhyt import together
from lienthong.sources.tables import kept

__all__ = ["check"]

LANGUAGES = ("vi", "en")
WRONG_LANGUAGE = ErrorKind(
    "language-unknown",
    Category.INCORRECT,
    what="There is no language '{given}'.",
    allowed="vi, en",
    cure="Give one of them with --lang, or leave it out: lienthong.toml says it.",
)

Progress = Callable[[str, int, int | None], None]


def check(
    paths: Iterable[Path],
    home: Path,
    *,
    language: str | None = None,
    format: str = "auto",
    mapping: str | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Report:
    """The faults of exports, by the settings and mappings of a home if there is one; nothing is stored.

    `mapping` is the file of one more mapping, or the name of a shipped one.
    """
    started = monotonic()
    settings = kept.known(_settings(home), home / "mappings", mapping)
    spoken = language or settings.language
    if spoken not in LANGUAGES:
        raise WRONG_LANGUAGE.at("--lang", given=spoken[:40])
    choice = choice_of(settings, home, spoken)
    files = list(enumerate(sources.find(paths)))
    looked: list[Looked] = []
    own, other = _shared(files) if worth_it(file for _, file in files) and len(files) > 1 else (files, [])
    aside = Aside(other, settings, home, spoken, format) if other else None
    try:
        for item in look(own, settings, choice, format):
            looked.append(item)
            progress("files", len(looked) * len(files) // len(own), len(files))
        if aside is not None:
            looked += aside.answer()
    finally:
        if aside is not None:
            aside.stop()
    looked.sort(key=lambda item: item.number)
    seen = [item for file in looked for item in file.seen]
    left_out = tuple(item for file in looked for item in file.left_out)
    across = together((item.trace for item in seen if item.trace is not None), choice)
    read = len(files) - len({item.name for item in left_out})
    return report(read, _with(seen, across), left_out, spoken, monotonic() - started)


def _with(seen: Sequence[Seen], across: Iterable[Finding]) -> list[Seen]:
    """The records, and after them what was found across them."""
    return [*seen, *(Seen(item.place.file, item.place.record, (item,), is_across=True) for item in across)]


def _settings(home: Path) -> Settings:
    path = home / "lienthong.toml"
    return read_settings(path.read_bytes()) if path.exists() else Settings()


def _shared(files: Sequence[tuple[int, Found]]) -> tuple[list[tuple[int, Found]], list[tuple[int, Found]]]:
    """Two shares of about the same bytes, the largest files first."""
    shares: tuple[list[tuple[int, Found]], list[tuple[int, Found]]] = ([], [])
    sizes = [0, 0]
    weighed = [(_size(file), number, file) for number, file in files]
    for size, number, file in sorted(weighed, key=lambda item: (-item[0], item[1])):
        lighter = 0 if sizes[0] <= sizes[1] else 1
        shares[lighter].append((number, file))
        sizes[lighter] += size
    return sorted(shares[0], key=lambda item: item[0]), sorted(shares[1], key=lambda item: item[0])


def _size(file: Found) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0  # whoever opens it will say what is wrong with it
