"""Brings `web/texts/vi.po` up to date with the messages of the pages: new ones empty, unused ones gone.

Run it after a change of words, then write the Vietnamese: `python scripts/messages.py`. A test refuses a page whose
message has no translation.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).resolve().parent.parent / "src" / "lienthong" / "web"
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}


def extracted() -> Catalog:
    """The messages of templates and modules, with the file of each."""
    # A fixed date: the file changes only when a message does
    day = datetime(2026, 11, 23, tzinfo=UTC)
    catalog = Catalog(
        locale="vi",
        project="lienthong",
        version="0",
        charset="utf-8",
        fuzzy=False,
        creation_date=day,
        revision_date=day,
        header_comment="# Vietnamese of the pages; `python scripts/messages.py` keeps the list of messages.",
        msgid_bugs_address="the issue tracker",
        last_translator="The Lienthong authors",
        language_team="vi",
    )
    options = {"templates/**.html": {"newstyle_gettext": "true", "trimmed": "false", "encoding": "utf-8"}}
    for name, _, message, _, _ in extract_from_dir(
        WEB, method_map=METHODS, options_map=options, keywords=KEYWORDS, strip_comment_tags=True
    ):
        catalog.add(message, locations=[(name, 0)])
    return catalog


def main() -> None:
    path = WEB / "texts" / "vi.po"
    fresh = extracted()
    if path.exists():
        with path.open("rb") as stream:
            old = read_po(stream, locale="vi")
        for message in fresh:
            known = old.get(message.id) if message.id else None
            if known is not None and message.id:
                message.string = known.string
    with path.open("wb") as out:
        write_po(out, fresh, width=118, no_location=False, include_lineno=False, sort_output=True, omit_header=False)


if __name__ == "__main__":
    main()
