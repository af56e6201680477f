"""A browser without a screen on the invented hospital: clients that are signed in or not, and the forms of a page."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from tests.unit.web.fixture_desk import NOW, FixtureDesk

from lienthong.web.site import site

with warnings.catch_warnings():
    # Starlette's client warns of a successor to httpx that this project does not need yet
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

__all__ = ["Bytes", "Hands", "TestClient", "signed_in", "token"]

_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


@dataclass
class Hands:
    """A clock that a test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Bytes:
    """Unforeseeable bytes that are the same in every run."""

    count: int = field(default=0)

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(size, "big")


@pytest.fixture
def desk() -> FixtureDesk:
    return FixtureDesk()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def client(desk: FixtureDesk, hands: Hands) -> Iterator[TestClient]:
    """Nobody is signed in."""
    with TestClient(site(desk, clock=hands, random=Bytes()), follow_redirects=False) as made:
        yield made


def token(html: str) -> str:
    found = _TOKEN.search(html)
    assert found, "the page has a form"
    return found[1]


def signed_in(client: TestClient, name: str) -> TestClient:
    form = {"name": name, "password": "đúng mật khẩu", "form_token": token(client.get("/sign-in").text)}
    answer = client.post("/sign-in", data=form)
    assert answer.status_code == 303, answer.text
    return client


@pytest.fixture
def physician(client: TestClient) -> TestClient:
    return signed_in(client, "bs.lan")


@pytest.fixture
def engineer(client: TestClient) -> TestClient:
    return signed_in(client, "ks.minh")


@pytest.fixture
def send(client: TestClient) -> Callable[..., object]:
    """Sends a form with the token of a page on which it stands."""

    def post(address: str, page: str, **fields: str) -> object:
        return client.post(address, data={**fields, "form_token": token(client.get(page).text)})

    return post
