"""One request as the pages see it: who asks, in which language, with which form; and the door around every page.

The door reads cookies and forms, refuses what has no session or no form token, and turns every error into a designed
page; the pages themselves never see a header.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from lienthong.core.actors import Actor, Role
from lienthong.core.clock import Clock
from lienthong.core.errors import Category, ErrorKind, LienthongError
from lienthong.web.errors import Told, told
from lienthong.web.rendering import Rendering
from lienthong.web.sessions import Session, Sessions
from lienthong.web.texts import Language, language

__all__ = ["Door", "Visit", "local"]

SESSION_COOKIE, FORM_COOKIE, LANGUAGE_COOKIE = "lienthong-session", "lienthong-form", "lienthong-language"
_LARGEST_FORM = 64 * 1024
_LOG = logging.getLogger("lienthong.web")

FORM_TOKEN = ErrorKind(
    "form-stale",
    Category.FORBIDDEN,
    what="The form is too old or was not made by this server, so nothing was done.",
    cure="Go back, load the page again and send the form once more.",
)
FORM_TOO_LARGE = ErrorKind(
    "form-too-large",
    Category.INCORRECT,
    what="The form is longer than this server reads, or is no form.",
    allowed="64 KiB of form fields",
    cure="Shorten the text and send it again.",
)
OUR_FAULT = ErrorKind(
    "page-fault",
    Category.FAULT,
    what="The page could not be made because of a fault in Lienthong.",
    cure="Try once more; if it fails again, tell the operator of this node the time and the address of the page.",
)


class Staff(Protocol):
    """Who signed-in people are now: roles may end while a session lasts."""

    def present(self, actor: Actor) -> Actor | None:
        """The actor with the roles that hold now, or None when the person works here no more."""

    def display(self, actor: Actor) -> str:
        """The name to show."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: `form` and `query` hold its fields, `session` and `token` are those of a signed-in person."""

    request: Request
    door: Door
    speech: Language
    session: Session | None
    token: str
    form: Mapping[str, str]

    @property
    def actor(self) -> Actor:
        assert self.session is not None, "the door lets nobody without a session pass to this page"
        return self.session.actor

    @property
    def path(self) -> Mapping[str, str]:
        return {name: str(value) for name, value in self.request.path_params.items()}

    def number(self, name: str) -> int:
        """A page number of the query, from 1; anything else is 1."""
        given = self.request.query_params.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 7 and int(given) else 1

    def page(self, template: str, *, status: int = 200, here: str = "", **values: Any) -> Response:
        return self.door.page(self, template, status=status, here=here, **values)


Page = Callable[[Visit], Response]


class Door:
    """Makes pages into endpoints of the web server."""

    def __init__(
        self, staff: Staff, rendering: Rendering, sessions: Sessions, *, clock: Clock, default: str, controller: str
    ) -> None:
        self.staff = staff
        self.rendering = rendering
        self.sessions = sessions
        self.clock = clock
        self._default = default
        self._controller = controller

    def open(self, page: Page, *, signed_in: bool = True) -> Callable[[Request], Any]:
        """The endpoint of a page; with `signed_in` only for people with a session, others are sent to sign in."""

        async def endpoint(request: Request) -> Response:
            visit = await run_in_threadpool(self._visit, request, {})
            try:
                if request.method == "POST":
                    visit = Visit(request, self, visit.speech, visit.session, visit.token, await _form(request))
                    self._check_form(visit, signed_in)
                if signed_in and visit.session is None:
                    return _to_sign_in(request)
                return await run_in_threadpool(page, visit)
            except LienthongError as error:
                return self.problem(visit, told(error))
            except ClientDisconnect:
                raise
            except Exception as error:  # noqa: BLE001 - the door: named in the log without any value, then a page
                place = traceback.extract_tb(error.__traceback__)[-1]
                kind, where = type(error).__name__, f"{Path(place.filename).stem}:{place.lineno}"
                facts = {"event": "fault", "kind": kind, "place": where}
                _LOG.error("%s in %s (%s)", kind, where, place.name, extra={"facts": facts})
                return self.problem(visit, told(OUR_FAULT.at()))

        return endpoint

    async def not_found(self, request: Request, error: Exception) -> Response:
        """The page for an address that is none, or that is not asked in this way."""
        status = getattr(error, "status_code", 404)
        visit = await run_in_threadpool(self._visit, request, {})
        return self.problem(visit, Told.no_page(status))

    def page(self, visit: Visit, template: str, *, status: int = 200, here: str = "", **values: Any) -> Response:
        """A page with what every page needs: language, who is signed in, the token of its forms."""
        actor = visit.session.actor if visit.session else None
        cookie = visit.token or visit.request.cookies.get(FORM_COOKIE, "")
        fresh = "" if cookie else self.sessions.token()
        html = self.rendering.page(
            template,
            visit.speech,
            {
                "actor": actor,
                "display": self.staff.display(actor) if actor else "",
                "is_physician": bool(actor and Role.PHYSICIAN in actor.roles),
                "form_token": self.sessions.form_token(cookie or fresh),
                "here": here,
                "path": visit.request.url.path if visit.request.method == "GET" else "/",
                "controller": self._controller,
                "now": self.clock(),
                **values,
            },
        )
        response = HTMLResponse(html, status_code=status, headers={"Content-Language": visit.speech.code})
        if fresh:
            self.set_cookie(visit.request, response, FORM_COOKIE, fresh)
        return response

    def problem(self, visit: Visit, problem: Told) -> Response:
        if visit.request.url.path.endswith(".json"):
            return JSONResponse(problem.as_json, status_code=problem.status)
        return self.page(
            visit,
            "error.html",
            status=problem.status,
            heading=problem.heading,
            what=problem.what,
            cure=problem.cure,
            detail=problem.detail,
            mood=problem.mood,
        )

    def set_cookie(self, request: Request, response: Response, name: str, value: str, days: int = 0) -> None:
        """A cookie that no script reads and no other site sends; over HTTPS also never in clear."""
        response.set_cookie(
            name,
            value,
            max_age=days * 86400 if days else None,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/",
        )

    def _visit(self, request: Request, form: Mapping[str, str]) -> Visit:
        speech = language(request.cookies.get(LANGUAGE_COOKIE, self._default))
        token = request.cookies.get(SESSION_COOKIE, "")
        session = self.sessions.get(token) if token else None
        if session is not None:
            actor = self.staff.present(session.actor)
            if actor is None:
                self.sessions.end(token)
                session = None
            else:
                session = Session(actor, session.began, session.seen, session.search, session.revealed)
        return Visit(request, self, speech, session, token if session else "", form)

    def _check_form(self, visit: Visit, signed_in: bool) -> None:
        cookie = visit.token or visit.request.cookies.get(FORM_COOKIE, "")
        if signed_in and visit.session is None:
            return  # there is nothing to forge: the person is sent to sign in first
        if not self.sessions.is_form_token(cookie, visit.form.get("form_token", "")):
            raise FORM_TOKEN.at(visit.request.url.path)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, bounded; of a repeated field the last one counts."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise FORM_TOO_LARGE.at("form")
    if kind != "application/x-www-form-urlencoded":
        raise FORM_TOO_LARGE.at("form")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        raise FORM_TOO_LARGE.at("form") from None
    return dict(pairs)


def _to_sign_in(request: Request) -> Response:
    if request.url.path.endswith((".json", ".csv")):
        return Response("401\n", status_code=401, media_type="text/plain")
    if request.method != "GET":
        return RedirectResponse("/sign-in?ended=1", status_code=303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", status_code=303)


def local(address: str) -> str:
    """The address if it lies on this server, else the start page: no form sends a person elsewhere."""
    is_local = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_local and address.isprintable() and "\\" not in address else "/"
