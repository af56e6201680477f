"""Signing in and out, and the choice of language."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from lienthong.core.actors import Role
from lienthong.web.desk import Desk
from lienthong.web.texts import LANGUAGES
from lienthong.web.visit import LANGUAGE_COOKIE, SESSION_COOKIE, Visit, local

__all__ = ["SignIn"]


class SignIn:
    """The pages before and after all others."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self, visit: Visit) -> Response:
        """Each to their own first page."""
        is_physician = Role.PHYSICIAN in visit.actor.roles
        return RedirectResponse("/worklist" if is_physician else "/ingest", status_code=303)

    def form(self, visit: Visit) -> Response:
        if visit.session is not None:
            return RedirectResponse("/", status_code=303)
        query = visit.request.query_params
        return visit.page(
            "sign_in.html", failed=False, ended="ended" in query, name="", next=local(query.get("next", "/"))
        )

    def sign_in(self, visit: Visit) -> Response:
        """A session with a fresh token for the right name and password; people makes wrong tries wait."""
        name, wanted = visit.form.get("name", ""), local(visit.form.get("next", "/"))
        actor = self._desk.sign_in(name, visit.form.get("password", ""))
        if actor is None:
            return visit.page("sign_in.html", status=403, failed=True, ended=False, name=name, next=wanted)
        if visit.token:
            visit.door.sessions.end(visit.token)
        response = RedirectResponse(wanted, status_code=303)
        visit.door.set_cookie(visit.request, response, SESSION_COOKIE, visit.door.sessions.begin(actor))
        return response

    def sign_out(self, visit: Visit) -> Response:
        visit.door.sessions.end(visit.token)
        response = RedirectResponse("/sign-in?ended=1", status_code=303)
        response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
        return response

    def choose_language(self, visit: Visit) -> Response:
        response = RedirectResponse(local(visit.request.query_params.get("next", "/")), status_code=303)
        if visit.path["code"] in LANGUAGES:
            visit.door.set_cookie(visit.request, response, LANGUAGE_COOKIE, visit.path["code"], days=365)
        return response
