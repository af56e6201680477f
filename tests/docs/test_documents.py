"""What the documents say is so: errors page, links, commands, glossary, file sizes, and no path of a machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from lienthong.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_is_in_the_readme_or_the_tour() -> None:
    said = (ROOT / "README.md").read_text("utf-8") + (ROOT / "docs" / "tour.md").read_text("utf-8")
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    commands = sorted(group.commands)
    assert len(commands) >= 12
    assert [name for name in commands if f"lienthong {name}" not in said] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src" / "lienthong")))
def test_a_file_has_one_job_and_at_most_500_lines(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 500
    assert not text or text.startswith('"""')
    assert path.stem not in {"utils", "common", "helpers", "misc", "manager"}


def test_the_glossary_is_sorted_and_each_word_stands_once() -> None:
    words = re.findall(r"^\| ([^|]+?) \|", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)
    words = [word for word in words if word != "word" and not word.startswith("---")]
    assert words == sorted(set(words), key=str.casefold)
