"""`lienthong product lock` and `product evaluate`: what is fixed before, and what was found."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lienthong.commands.call import Call, opened
from lienthong.commands.secret import PASSPHRASE, secret
from lienthong.core.errors import ExitCode, LienthongError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lienthong.node import Node
    from lienthong.products.evaluation.evidence import SignedRun
    from lienthong.products.evaluation.screen import Evaluated

__all__ = ["evaluate", "lock"]

Name = Annotated[str, typer.Argument(help="A product of `lienthong product list`.")]
To = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Write it here [default: HOME/evaluations, if signed].")
]


def lock(context: typer.Context, name: Name, to: To = None) -> None:
    """Sign which protocol and model will be evaluated, before any outcome is read; --actor NAME is an evaluator."""
    from lienthong import console
    from lienthong.products import catalogue
    from lienthong.products.evaluation.evaluables import opened as evaluable_of
    from lienthong.products.evaluation.evaluate import what_of
    from lienthong.products.evaluation.screen import Locked

    folder = catalogue.folder(name)
    what = what_of(evaluable_of(folder), _protocol(folder))
    with opened(context) as node:
        signed = node.lock_evaluation(what, _signer(context.obj), secret(PASSPHRASE, _ASKED, confirm=False))
        place = _write(signed, to or node.home / "evaluations" / f"lock-{name}-{what.protocol[:12]}.json")
    console.show(Locked(signed, str(place)), as_json=context.obj.json)


def evaluate(
    context: typer.Context,
    name: Name,
    data: Annotated[
        list[Path] | None, typer.Option("--data", metavar="FILE", help="Data of the same layout instead of its own.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="The part of the data [default: the protocol's; of other data, all].")
    ] = None,
    sign: Annotated[bool, typer.Option("--sign", help="Sign the run; --actor NAME is an evaluator.")] = False,
    to: To = None,
) -> None:
    """Measure a product on its own data or on yours, and set it beside the signed runs of the same data."""
    from lienthong import console
    from lienthong.node import home_of

    call: Call = context.obj
    if sign or home_of(call.home):
        with opened(context) as node:
            evaluated = _evaluated(call, name, data or [], part, node, sign=sign, to=to)
    else:
        evaluated = _evaluated(call, name, data or [], part, None, sign=False, to=to)
    console.show(evaluated, as_json=call.json)
    is_off = evaluated.differs or (evaluated.broken and not sign)
    raise typer.Exit(ExitCode.FINDINGS if is_off else ExitCode.DONE)


_ASKED = "Passphrase of your signing key"


def _evaluated(
    call: Call, name: str, data: list[Path], part: str | None, node: Node | None, *, sign: bool, to: Path | None
) -> Evaluated:
    import os

    from lienthong.core.clock import instant, system_clock
    from lienthong.privacy.access import Action
    from lienthong.products import catalogue
    from lienthong.products.evaluation.data import digests, files_of, find, suites
    from lienthong.products.evaluation.environment import environment
    from lienthong.products.evaluation.evaluables import opened as evaluable_of
    from lienthong.products.evaluation.evaluate import evaluate as run
    from lienthong.products.evaluation.screen import compared, is_known
    from lienthong.products.evaluation.signing import sign as signed_by

    folder = catalogue.folder(name)
    evaluable, protocol = evaluable_of(folder), _protocol(folder)
    recipe = evaluable.data
    files = files_of(name, data, recipe) if data else find(name, recipe, suites(os.environ))
    runs, broken = _signed_runs(name)
    if part is None:
        part = protocol.part if not data or is_known((file.sha256 for file in digests(files)), runs) else ""
    private = None
    if node is not None:
        node.permit(Action.RUN_PRODUCT)
        if sign:
            private = node.people.evaluator_key(_signer(call), secret(PASSPHRASE, _ASKED, confirm=False))
    done = run(
        evaluable,
        protocol,
        files,
        part,
        clock=system_clock,
        environment=environment(),
        ledger=node.evaluations if node else None,
        by=_signer(call),
    )
    body: Mapping[str, Any] = done.to_json()
    if node is not None and private is not None:
        body = signed_by(body, private, node.people.get(_signer(call)).name, instant(system_clock()))
        to = to or node.home / "evaluations" / f"run-{name}-{done.digest[:12]}.json"
    return compared(body, runs, broken, str(_write(body, to)) if to else "")


def _signed_runs(name: str) -> tuple[Sequence[SignedRun], str]:
    """The signed runs that ship, and what is wrong with them: a changed product is measured anew all the same."""
    from lienthong.products import catalogue

    try:
        return catalogue.evidence(name).runs, ""
    except LienthongError as error:
        if not error.code.startswith("evidence-"):
            raise
        return (), f"{error.what} ({error.where})"


def _signer(call: Call) -> str:
    return call.actor or getpass.getuser()


def _protocol(folder: Any) -> Any:
    from lienthong.products.evaluation.protocol import read_protocol
    from lienthong.products.shipped import NOT_WHOLE

    try:
        text = (folder / "protocol.toml").read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise NOT_WHOLE.at(f"catalogue/{folder.name}/protocol.toml", name=folder.name) from None
    return read_protocol(text, f"{folder.name}/protocol.toml")


def _write(body: Mapping[str, Any], place: Path) -> Path:
    from lienthong.core import canonical

    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(canonical.encode(dict(body)) + b"\n")
    return place
