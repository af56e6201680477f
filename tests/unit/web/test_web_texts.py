"""Every message has its Vietnamese, every template its messages; dates, numbers and ages as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from tests.unit.web.fixture_desk import NOW, ZONE

import lienthong.web
from lienthong.products.card import Text
from lienthong.web.person import age_on
from lienthong.web.rendering import told_age
from lienthong.web.texts import LANGUAGES, catalog, language

WEB = Path(lienthong.web.__file__).parent
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true", "encoding": "utf-8"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
VI, EN = language("vi"), language("en")


def messages() -> set[str]:
    found = extract_from_dir(WEB, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def test_every_message_of_the_pages_has_its_vietnamese_and_none_is_left_over() -> None:
    known = {}
    for message in catalog("vi"):
        if message.id:
            assert not message.fuzzy, message.id
            key = message.id if isinstance(message.id, str) else message.id[0]
            known[key] = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
    assert len(messages()) > 250
    assert messages() == set(known)
    assert [key for key, text in known.items() if not text.strip()] == []


def test_a_translation_keeps_the_places_of_its_values() -> None:
    places = re.compile(r"%\((\w+)\)")
    for message in catalog("vi"):
        forms = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
        if message.id:
            allowed = {place for form in forms for place in places.findall(form)}
            assert all(set(places.findall(text)) == allowed for text in texts), message.id


@pytest.mark.parametrize("template", sorted(path.name for path in (WEB / "templates").glob("*.html")))
def test_no_words_stand_in_a_template_outside_of_a_message(template: str) -> None:
    source = (WEB / "templates" / template).read_text("utf-8")
    attributes = re.findall(r'(?:title|aria-label|alt|placeholder|data-label)="([^"]*)"', source)
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.S)
    bare = re.sub(r"<(?:kbd|pre|code)[^>]*>[^<]*</(?:kbd|pre|code)>", " ", bare)
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", " ", bare))
    allowed = {"Liên", "thông", "CSV", "JSON", "FHIR"}
    assert set(words) - allowed == set()
    for attribute in attributes:
        assert not re.search(r"[^\W\d_]{2,}", re.sub(r"\{\{.*?\}\}", "", attribute)), attribute


@pytest.mark.parametrize(
    ("given", "vi", "en"),
    [
        ("2026-11-03", "03/11/2026", "3 Nov 2026"),
        ("2021-08", "08/2021", "Aug 2021"),
        ("1962", "1962", "1962"),
        ("2026-11-03T23:30:00+00:00", "04/11/2026 06:30", "4 Nov 2026 06:30"),
        ("2026-11-03T08:00:00+07:00", "03/11/2026 08:00", "3 Nov 2026 08:00"),
        ("2026-11-03T08:00:00", "03/11/2026 08:00", "3 Nov 2026 08:00"),
        ("khoảng tháng 3", "khoảng tháng 3", "khoảng tháng 3"),
    ],
)
def test_a_time_is_told_no_more_precisely_than_it_came(given: str, vi: str, en: str) -> None:
    assert VI.when(given, ZONE) == vi
    assert EN.when(given, ZONE) == en


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [("1.10", "1,10", "1.10"), ("33872", "33.872", "33,872"), ("-0.5", "-0,5", "-0.5"), ("1E+3", "1.000", "1,000")],
)
def test_a_number_keeps_its_digits_and_takes_the_signs_of_the_language(value: str, vi: str, en: str) -> None:
    assert VI.number(Decimal(value)) == vi
    assert EN.number(Decimal(value)) == en


def test_a_number_is_rounded_only_where_asked() -> None:
    assert VI.number(Decimal("114.96244492813044")) == "114,96244492813044"
    assert VI.number(Decimal("114.96244492813044"), 1) == "115,0"


@pytest.mark.parametrize(
    ("birth", "told"),
    [
        ("1962-03-08", "64 tuổi"),
        ("1962", "64 tuổi"),
        ("2026-01-24", "9 tháng tuổi"),
        ("2024-12", "23 tháng tuổi"),
        ("2026-11-20", "3 ngày tuổi"),
        ("2027-01-01", "chưa rõ tuổi"),
        ("", "chưa rõ tuổi"),
    ],
)
def test_an_age_is_told_in_the_unit_in_which_it_is_spoken_of(birth: str, told: str) -> None:
    assert told_age(age_on(birth, NOW.date()), VI) == told


def test_how_long_ago_is_told_in_one_unit() -> None:
    for passed, told in (
        (timedelta(seconds=20), "vừa xong"),
        (timedelta(minutes=5), "5 phút trước"),
        (timedelta(hours=47), "47 giờ trước"),
        (timedelta(days=3), "3 ngày trước"),
    ):
        assert VI.ago(NOW - passed, NOW) == told
    assert EN.ago(NOW - timedelta(hours=1), NOW) == "1 hour ago"


def test_a_products_sentence_is_said_in_the_language_of_the_page() -> None:
    sentence = Text("có", "yes")
    assert (VI.say(sentence), EN.say(sentence), VI.say("Accept"), EN.say("Accept")) == (
        "có",
        "yes",
        "Chấp nhận",
        "Accept",
    )
    assert VI.say("") == ""


def test_an_unknown_language_is_vietnamese() -> None:
    assert language("xx") is LANGUAGES["vi"]
