"""What was locked, opened and run on this node, in the order in which it happened: a chain that can only grow.

It is a table of HOME/decisions.db, so that it is backed up, sealed and verified as decisions are. An opening is on
the disk before the outcomes are read; whether a run confirms or explores follows from this order and from nothing
that anybody says afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lienthong.core import canonical
from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.decisions.store import Chain, Store
from lienthong.products.card import Text
from lienthong.products.evaluation import signing
from lienthong.products.evaluation.status import Status, Word

__all__ = ["EvaluationLedger", "What", "no_home"]

TAMPERED = ErrorKind(
    "evaluation-ledger-tampered",
    Category.CONFLICT,
    what="The ledger of evaluations was changed outside of Lienthong; no run confirms until this is cleared up.",
    cure="Run `lienthong audit verify` and put HOME/decisions.db back from the last backup.",
)


NO_HOME = Text(
    "Không có khóa trong nút nào: chạy ngoài nút, không gì chứng minh điều được định trước.",
    "No lock in a home: this ran outside of any node, and nothing shows what was fixed before.",
)
NO_LOCK = Text(
    "Chưa có khóa đã ký cho đề cương và mô hình này trước khi mở kết cục.",
    "No signed lock of this protocol and artefact stands before the outcomes were opened.",
)
SEEN = Text("Tác giả đã thấy các kết cục này: {why}", "The authors have seen these outcomes: {why}")
OPENED_BEFORE = Text(
    "Kết cục của dữ liệu này đã được mở lúc {first}, trước khi khóa.",
    "The outcomes of these data were opened at {first}, before the lock.",
)
CONFIRMED = Text(
    "Đề cương và mô hình đã được khóa và ký lúc {time}, trước lần mở kết cục đầu tiên.",
    "Protocol and artefact were locked and signed at {time}, before the outcomes were first opened.",
)


@dataclass(frozen=True, slots=True)
class What:
    """What is evaluated by which protocol: name, version, and the digests of protocol and artefact."""

    product: str
    version: str
    protocol: str
    artefact: str

    def to_json(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class EvaluationLedger:
    """The ledger in the store of decisions, sealed with the same key of the node."""

    def __init__(self, store: Store, seal_key: bytes, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._chain = Chain(store, "evaluation_event", seal_key)
        self._chain.create()

    @property
    def chain(self) -> Chain:
        """The events as they follow each other."""
        return self._chain

    def locked(self, by: str, lock: Mapping[str, Any]) -> None:
        """Keeps a signed lock, whole."""
        signing.verify(lock, "lock")
        self._append("locked", by, {"lock": dict(lock)})

    def opened(self, by: str, what: What, files: Sequence[str], part: str) -> str:
        """Writes down that outcomes of these files (SHA-256) and part will be read now; gives the instant."""
        return self._append("opened", by, {**what.to_json(), "files": sorted(files), "part": part})

    def ran(self, by: str, what: What, run: str, status: Status) -> None:
        """Writes down a run by its digest."""
        self._append("ran", by, {**what.to_json(), "run": run, "status": status.word.value})

    def status(self, what: What, files: Sequence[str], part: str, seen: Text | None) -> Status:
        """Whether a run of this on these data confirms: its lock is earlier than their first opening here."""
        if seen is not None:
            return Status(Word.EXPLORATORY, SEEN.say(why=seen))
        events = list(enumerate(self.events()))
        lock = next(((at, event["lock"]) for at, event in events if _is_lock_of(event, what)), None)
        opening = next(((at, event["time"]) for at, event in events if _is_opening_of(event, files, part)), None)
        if lock is None:
            return Status(Word.EXPLORATORY, NO_LOCK)
        if opening is not None and opening[0] < lock[0]:
            return Status(Word.EXPLORATORY, OPENED_BEFORE.say(first=opening[1]))
        time = lock[1]["signature"]["time"]
        return Status(Word.CONFIRMATORY, CONFIRMED.say(time=time), canonical.digest(lock[1]))

    def events(self) -> Iterator[dict[str, Any]]:
        """What happened, oldest first; an error where the chain is not what this node wrote."""
        if any(True for _ in self._chain.verify()):
            raise TAMPERED.at("decisions.db: evaluation_event")
        with self._store.read() as connection:
            entries = list(self._chain.entries(connection))
        for entry in entries:
            yield entry.value()

    def verify(self) -> list[Finding]:
        """What is wrong with the chain."""
        return self._chain.verify()

    def _append(self, kind: str, by: str, facts: Mapping[str, Any]) -> str:
        time = instant(self._clock())
        with self._store.write() as connection:
            self._chain.append(connection, canonical.encode({"kind": kind, "by": by, "time": time, **facts}))
        return time


def no_home() -> Status:
    """The status of a run outside of any node: nothing shows what was fixed before."""
    return Status(Word.EXPLORATORY, NO_HOME)


def _is_lock_of(event: Mapping[str, Any], what: What) -> bool:
    return event["kind"] == "locked" and all(event["lock"][name] == value for name, value in what.to_json().items())


def _is_opening_of(event: Mapping[str, Any], files: Sequence[str], part: str) -> bool:
    """Whether this opening showed any of these outcomes: one file is enough, and the whole holds every part."""
    if event["kind"] != "opened" or not set(event["files"]) & set(files):
        return False
    return event["part"] == part or "" in (event["part"], part)
