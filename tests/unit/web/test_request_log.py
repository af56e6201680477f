"""A page leaves a line in the operational log that names neither its address nor anybody."""

from __future__ import annotations

import logging

import pytest
from starlette.testclient import TestClient

from lienthong.keeping.logbook import LOG


def test_a_page_is_logged_without_its_address(physician: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOG.name)
    physician.get("/patient/no-such-person?search=Nguyen")
    physician.get("/static/style.css")
    facts = [vars(record)["facts"] for record in caplog.records if record.message == "page"]
    assert [sorted(item) for item in facts] == [["method", "milliseconds", "status"]]
    assert (facts[0]["method"], facts[0]["status"]) == ("GET", 404)
