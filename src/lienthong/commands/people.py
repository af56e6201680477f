"""`lienthong user`: people of a node, their roles, licences and keys."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from lienthong.commands.call import opened
from lienthong.core.actors import Role
from lienthong.core.errors import Category, ErrorKind

__all__ = ["people"]

people = typer.Typer(help="People of this node: roles, licences, keys.", no_args_is_help=True)

NO_SECRET = ErrorKind(
    "secret-missing",
    Category.INCORRECT,
    what="No password was given and there is no terminal to ask at.",
    allowed="a terminal, or the variables LIENTHONG_PASSWORD and LIENTHONG_PASSPHRASE",
    cure="Run the command in a terminal or set the variables for this one call.",
)


@people.command("add")
def add(
    context: typer.Context,
    name: str,
    display: Annotated[str, typer.Option(help="The name that people read.")],
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    licence: Annotated[str, typer.Option(help="Practice licence of a physician.")] = "",
) -> None:
    """Add a person; a physician also gets a key that only their passphrase unlocks."""
    from lienthong import console

    password = _secret("LIENTHONG_PASSWORD", "Password for signing in")
    passphrase = _secret("LIENTHONG_PASSPHRASE", "Passphrase for signing") if Role.PHYSICIAN in role else None
    with opened(context, create=True) as node:
        person = node.add_person(
            name, display=display, roles=role, licence=licence, password=password, passphrase=passphrase
        )
    console.show(person, as_json=context.obj.json)


@people.command("list")
def list_people(context: typer.Context) -> None:
    """Who is entitled to what."""
    from lienthong import console

    with opened(context) as node:
        found = node.people.list()
    console.show(console.Listing("people", found), as_json=context.obj.json)


@people.command("entitle")
def entitle(context: typer.Context, name: str, role: Annotated[list[Role], typer.Option()]) -> None:
    """Give a person these roles, from now on."""
    from lienthong import console

    with opened(context) as node:
        person = node.entitle_person(name, roles=role)
    console.show(person, as_json=context.obj.json)


@people.command("retire")
def retire(context: typer.Context, name: str) -> None:
    """End a person's entitlement; what they signed stays valid."""
    from lienthong import console

    with opened(context) as node:
        person = node.retire_person(name)
    console.show(person, as_json=context.obj.json)


def _secret(variable: str, prompt: str) -> str:
    """A secret from the environment or, with confirmation, from the terminal; never from the command line."""
    if value := os.environ.get(variable):
        return value
    if not sys.stdin.isatty():
        raise NO_SECRET.at(variable)
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))
