"""Errors, findings, ids, settings, actors, time and text: small values that every room trusts."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.actors import Purpose, purpose
from lienthong.core.clock import instant, zone
from lienthong.core.errors import Category, ErrorKind, ExitCode, LienthongError, exit_code
from lienthong.core.finding import Finding, Place, Rule, Severity
from lienthong.core.ids import key_system, person_id, resource_id, suggestion_id
from lienthong.core.settings import (
    DEFAULT_TOML,
    CheckSettings,
    Settings,
    read_settings,
    settings_from_json,
    settings_to_json,
)
from lienthong.core.text import fold, nfc

GONE = ErrorKind("file-gone", Category.NOT_FOUND, what="The file '{name}' is gone.", cure="Give {name} again.")


def test_an_error_says_what_where_and_what_next() -> None:
    error = GONE.at("inbox", name="a.xml")
    assert str(error) == "The file 'a.xml' is gone. [file-gone]\n  where:   inbox\n  next:    Give a.xml again."
    assert error.to_json() == {
        "code": "file-gone",
        "category": "not_found",
        "what": "The file 'a.xml' is gone.",
        "where": "inbox",
        "allowed": "",
        "cure": "Give a.xml again.",
        "retry": False,
    }


def test_a_retry_is_named_where_it_helps() -> None:
    busy = ErrorKind("busy", Category.BUSY, what="Busy.", cure="Wait.")
    assert str(busy.at()).endswith("next:    Wait. A retry may help.")


def test_the_list_of_categories_is_closed_and_maps_to_every_exit_code_but_success() -> None:
    assert [(item.name, int(item.exit), item.http) for item in Category] == [
        ("INCORRECT", 2, 400),
        ("NOT_FOUND", 2, 404),
        ("UNSUPPORTED", 2, 422),
        ("UNREADABLE", 3, 422),
        ("FORBIDDEN", 4, 403),
        ("CONFLICT", 4, 409),
        ("MISSING", 5, 424),
        ("BUSY", 5, 503),
        ("UNAVAILABLE", 5, 503),
        ("NO_SPACE", 5, 507),
        ("FAULT", 70, 500),
    ]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((), 0), ((1, 3), 3), ((1, 3, 4), 4), ((5, 4), 5), ((5, 2), 2), ((2, 70), 70), ((0, 1), 1)],
)
def test_of_several_exit_codes_one_holds(codes: tuple[int, ...], expected: int) -> None:
    assert exit_code(*(ExitCode(code) for code in codes)) == expected


def test_a_finding_as_json_has_just_these_keys_and_comes_back() -> None:
    finding = Finding(
        Severity.ERROR,
        "sum-wrong",
        "The total is not the sum of its lines.",
        Place(file="a.xml", record="LK1", table="XML1", row="1", field="T_TONGCHI_BV"),
        Rule("bhyt-total", "Total", "QĐ 4750/QĐ-BYT", "2024-01-01", None),
        "Correct the total.",
    )
    assert set(finding.to_json()) == {"severity", "code", "message", "place", "rule", "cure"}
    assert Finding.from_json(finding.to_json()) == finding
    assert finding.at(file="b.xml").place.file == "b.xml"
    assert str(finding.place) == "a.xml LK1 XML1 1 T_TONGCHI_BV"


def test_ids_are_fixed_for_ever() -> None:
    # were one of these to change, every record of every node would change its id
    assert resource_id("01999", "Patient", "BN01") == "aaffef80-5a3d-59a0-befd-1aa3b2b042e6"
    assert person_id("aaffef80-5a3d-59a0-befd-1aa3b2b042e6") == "d98f57a1-c208-5923-ae35-290d7b167599"
    assert suggestion_id("cvd-risk", "1", "p", "d") == "8b5599da-947e-5000-a911-c17aa2fc1126"
    assert key_system("01999", "Patient") == "urn:x-lienthong:01999:Patient"


@given(st.lists(st.text(), min_size=3, max_size=3), st.lists(st.text(), min_size=3, max_size=3))
def test_different_keys_give_different_ids(one: list[str], other: list[str]) -> None:
    assert (resource_id(*one) == resource_id(*other)) is (one == other)


def test_the_default_settings_are_the_written_ones() -> None:
    assert read_settings(DEFAULT_TOML) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1", "there is no such setting"),
        ("step = 'x'", "the value has the wrong type"),
        ("step = true", "the value has the wrong type"),
        ("step = 0", "the value is not allowed"),
        ("identifiers = 'mine'", "allowed: ehealth, vncore"),
        ("offset = '7'", "allowed: an offset such as +07:00"),
        ("language = 'de'", "allowed: vi, en"),
        ("= 3", "settings-wrong"),
        ("check = 3", "the value has the wrong type"),
        ("[check]\nof = []", "allowed: icd10, off, warn"),
        ("[check]\noff = 'x'", "a list of rules' names"),
        ("[check]\nwarn = [1]", "a list of rules' names"),
        ("[check]\nicd10 = []", "the value has the wrong type"),
    ],
)
def test_wrong_settings_say_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(LienthongError) as caught:
        read_settings(text)
    assert said in str(caught.value)
    assert caught.value.category is Category.INCORRECT


def test_settings_cross_to_another_process_as_they_are() -> None:
    settings = read_settings('[check]\noff = ["a"]\nwarn = ["b"]\nicd10 = "c.csv"\n[facilities]\n01999 = "A"\n')
    assert settings.check == CheckSettings(("a",), ("b",), "c.csv")
    assert settings_from_json(json.loads(json.dumps(settings_to_json(settings)))) == settings


def test_an_unknown_purpose_lists_the_known_ones() -> None:
    assert purpose("treatment") is Purpose.TREATMENT
    with pytest.raises(LienthongError, match="treatment, data-operations, quality"):
        purpose("curiosity")


def test_times_are_written_in_utc_whatever_the_machine_says() -> None:
    moment = datetime(2026, 1, 1, 6, 30, tzinfo=zone("+07:00"))
    assert instant(moment) == "2025-12-31T23:30:00.000Z"
    assert zone("-03:30") == timezone(-timedelta(hours=3, minutes=30))
    assert instant(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Nguyễn  Thị Đào", "nguyen thi dao"), ("ĐẶNG VĂN Ơn", "dang van on"), ("", ""), ("Ü-ß", "u-ss")],
)
def test_text_is_found_without_tones(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert nfc(unicodedata.normalize("NFD", text)) == nfc(text)
