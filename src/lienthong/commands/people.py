"""`lienthong user`: people of a node, their roles, licences and keys."""

from __future__ import annotations

from typing import Annotated

import typer

from lienthong.commands.call import opened
from lienthong.commands.secret import PASSPHRASE, secret
from lienthong.core.actors import Role

__all__ = ["people"]

people = typer.Typer(help="People of this node: roles, licences, keys.", no_args_is_help=True)

_SIGNERS = (Role.PHYSICIAN, Role.EVALUATOR)


@people.command("add")
def add(
    context: typer.Context,
    name: str,
    display: Annotated[str, typer.Option(help="The name that people read.")],
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    licence: Annotated[str, typer.Option(help="Practice licence of a physician.")] = "",
) -> None:
    """Add a person; a physician or evaluator also gets a key that only their passphrase unlocks."""
    from lienthong import console

    password = secret("LIENTHONG_PASSWORD", "Password for signing in")
    passphrase = secret(PASSPHRASE, "Passphrase for signing") if set(_SIGNERS) & set(role) else None
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


@people.command("key")
def key(context: typer.Context, name: str) -> None:
    """Make a new signing key for a physician or evaluator; what an older one signed stays valid."""
    from lienthong import console

    passphrase = secret(PASSPHRASE, "Passphrase for signing")
    with opened(context) as node:
        person = node.make_key(name, passphrase)
    console.show(person, as_json=context.obj.json)
