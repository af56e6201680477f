"""Takes the two invented hospitals the whole way: generate, ingest, build, run the product, add the staff."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.core.actors import Actor, Role
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.settings import DEFAULT_TOML
from lienthong.demo.hospitals import FACILITIES, FOLDERS, write
from lienthong.demo.staff import PEOPLE
from lienthong.node import Node
from lienthong.pipeline import Ingested, Progress
from lienthong.privacy.keys import write_secret
from lienthong.products.run import Run
from lienthong.warehouse import Built

__all__ = ["Account", "Toured", "open_node", "take"]

PRODUCTS = ("cvd-risk", "news2")
SOURCE_B = "cuu-long"

NOT_A_DEMO = ErrorKind(
    "demo-home-taken",
    Category.CONFLICT,
    what="The folder holds a node that is not of the demo; invented patients must not mix with real ones.",
    allowed="a new folder, or one that `lienthong demo` made",
    cure="Name another folder with --home.",
)


@dataclass(frozen=True, slots=True)
class Account:
    """How one of the invented staff signs in and, being a physician, signs; made by chance for this folder."""

    name: str
    display: str
    roles: tuple[str, ...]
    password: str
    passphrase: str

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "display": self.display,
            "roles": list(self.roles),
            "password": self.password,
            "passphrase": self.passphrase,
        }


@dataclass(frozen=True, slots=True)
class Toured:
    """What the tour did, step by step."""

    folder: Path
    ingested: dict[str, Ingested]
    built: Built
    ran: tuple[Run, ...]
    accounts: tuple[Account, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "exports": str(self.folder),
            "ingest": {name: done.to_json() for name, done in self.ingested.items()},
            "build": self.built.to_json(),
            "products": {ran.product: ran.to_json() for ran in self.ran},
            "accounts": [account.to_json() for account in self.accounts],
        }


def open_node(home: Path) -> Node:
    """The demo's node; a folder that holds another node is refused."""
    if (home / "lienthong.toml").exists():
        if not (home / "demo").is_dir():
            raise NOT_A_DEMO.at(str(home))
    else:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        (home / "demo").mkdir(exist_ok=True, mode=0o700)
        names = "".join(f"{json.dumps(code)} = {json.dumps(name)}\n" for code, name in FACILITIES.items())
        text = DEFAULT_TOML.replace('controller = "" ', 'controller = "Hai bệnh viện bịa (demo)" ') + names
        (home / "lienthong.toml").write_text(text, encoding="utf-8")
    return Node(home, actor=Actor("demo", operator=True))


def take(
    node: Node, *, people: int | None = None, visits: int | None = None, seed: int, progress: Progress
) -> Toured:
    """The whole way for this node; a second time nothing changes."""
    folder = node.home / "demo"
    write(folder, seed, people, visits=visits)
    ingested = {
        name: node.ingest([folder / exports], source=SOURCE_B if name == "b" else None, progress=progress)
        for name, exports in FOLDERS.items()
    }
    built = node.build(progress=progress)
    ran = tuple(node.run_product(name, progress=progress) for name in PRODUCTS)
    return Toured(folder, ingested, built, ran, _accounts(node))


def _accounts(node: Node) -> tuple[Account, ...]:
    """The staff of the demo, added once; their secrets lie in the folder of the demo, for whoever tries it."""
    path = node.home / "demo" / "accounts.json"
    if path.exists():
        kept = json.loads(path.read_bytes())
    else:
        kept = {
            staff.name: {"password": secrets.token_urlsafe(9), "passphrase": f"ky-{secrets.token_urlsafe(9)}"}
            for staff in PEOPLE
        }
        write_secret(path, json.dumps(kept).encode())
    known = {person.name for person in node.people.list()}
    accounts = []
    for staff in PEOPLE:
        physician = Role.PHYSICIAN in staff.roles
        secret = kept[staff.name]
        if staff.name not in known:
            node.add_person(
                staff.name,
                display=staff.display,
                roles=sorted(staff.roles),
                licence=staff.licence,
                password=secret["password"],
                passphrase=secret["passphrase"] if physician else None,
            )
        accounts.append(
            Account(
                staff.name,
                staff.display,
                tuple(sorted(role.value for role in staff.roles)),
                secret["password"],
                secret["passphrase"] if physician else "",
            )
        )
    return tuple(accounts)
