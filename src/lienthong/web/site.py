"""The web server of a node: every address, the page behind it, and what surrounds them all."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from lienthong.core.clock import Clock
from lienthong.products import catalogue
from lienthong.web import decision_pages, ingest_pages, patient_pages, product_pages, sign_in_pages, worklist_pages
from lienthong.web.desk import Desk
from lienthong.web.headers import SecurityHeaders
from lienthong.web.register import Shelf
from lienthong.web.rendering import Rendering
from lienthong.web.request_log import RequestLog
from lienthong.web.sessions import Random, Sessions
from lienthong.web.visit import Door

__all__ = ["site"]


class _Number(IntegerConvertor):
    """A number of the record in an address: longer ones name nothing, and no database or parser holds them."""

    regex = "[0-9]{1,9}"


register_url_convertor("number", _Number())


def site(desk: Desk, *, clock: Clock, random: Random, shelf: Shelf = catalogue) -> Starlette:
    """The pages over a desk and a shelf of products.

    `random` gives the bytes of session tokens (`secrets.token_bytes` at the door).
    """
    sessions = Sessions(clock, random)
    door = Door(desk, Rendering(desk.zone), sessions, clock=clock, default=desk.language, controller=desk.controller)
    entry = sign_in_pages.SignIn(desk)
    worklist = worklist_pages.Worklist(desk)
    patient = patient_pages.Patient(desk)
    decision = decision_pages.Decision(desk, patient)
    ingest = ingest_pages.Ingest(desk)
    products = product_pages.Products(shelf)
    post = ["POST"]
    routes = [
        Route("/", door.open(entry.start)),
        Route("/sign-in", door.open(entry.form, signed_in=False)),
        Route("/sign-in", door.open(entry.sign_in, signed_in=False), methods=post),
        Route("/sign-out", door.open(entry.sign_out), methods=post),
        Route("/language/{code}", door.open(entry.choose_language, signed_in=False)),
        Route("/worklist", door.open(worklist.page)),
        Route("/worklist.json", door.open(worklist.as_json)),
        Route("/worklist.csv", door.open(worklist.as_csv)),
        Route("/worklist/search", door.open(worklist.search), methods=post),
        Route("/patient/{person}", door.open(patient.page)),
        Route("/patient/{person}/measurements.json", door.open(patient.measurements_json)),
        Route("/patient/{person}/measurements.csv", door.open(patient.measurements_csv)),
        Route("/patient/{person}/identifiers", door.open(patient.reveal), methods=post),
        Route("/patient/{person}/suggestion/{suggestion}/confirm", door.open(decision.confirm), methods=post),
        Route("/patient/{person}/suggestion/{suggestion}/sign", door.open(decision.sign), methods=post),
        Route("/ingest", door.open(ingest.page)),
        Route("/ingest/{batch:number}", door.open(ingest.page)),
        Route("/ingest/{batch:number}.json", door.open(ingest.as_json)),
        Route("/ingest/{batch:number}/findings.csv", door.open(ingest.findings_csv)),
        Route("/ingest/{batch:number}/findings.json", door.open(ingest.findings_json)),
        Route("/ingest/{batch:number}/quarantine.csv", door.open(ingest.quarantine_csv)),
        Route("/ingest/{batch:number}/quarantine.json", door.open(ingest.quarantine_json)),
        Route("/ingest/{batch:number}/file/{file:number}", door.open(ingest.file)),
        Route("/resource/{type}/{id}.json", door.open(ingest.resource_json)),
        Route("/resource/{type}/{id}", door.open(ingest.resource)),
        Route("/products", door.open(products.page)),
        Route("/products.json", door.open(products.as_json)),
        Route("/products.csv", door.open(products.as_csv)),
        Route("/products/{name}/evidence/{run}.json", door.open(products.run)),
        Route("/products/{name}.json", door.open(products.product_json)),
        Route("/products/{name}", door.open(products.product)),
        Mount("/static", StaticFiles(packages=[("lienthong.web", "static")])),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(RequestLog), Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: door.not_found},
    )
