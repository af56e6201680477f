"""The audit log of a node: every access and every act of governance as a leaf of a Merkle tree (decision 018).

One leaf a line in `log.ndjson`, flushed before anything is permitted; `log.head` seals the newest size and root;
`checkpoints` holds what the log's own key signed and others co-signed. No patient stands in a leaf: what ties one to
a person lies in `keys/audit.salts`, until it is destroyed. There is no way to switch it off.
"""

from __future__ import annotations

import fcntl
import hmac
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lienthong.core.clock import Clock, instant
from lienthong.core.errors import Category, ErrorKind
from lienthong.core.finding import Finding
from lienthong.privacy.audit import checkpoint as checkpoints
from lienthong.privacy.audit import leaf as leaves
from lienthong.privacy.audit.checkpoint import Checkpoint
from lienthong.privacy.audit.closed import ClosedLog
from lienthong.privacy.audit.head import Head, State, read_head, write_head
from lienthong.privacy.audit.leaf import Fact
from lienthong.privacy.audit.merkle import CompactRange, leaf_hash
from lienthong.privacy.audit.notes import LOG, SigningKey, VerifyingKey
from lienthong.privacy.audit.own import Snapshot, verify_own
from lienthong.privacy.audit.salts import Salts
from lienthong.privacy.audit.verify import CHECKPOINTS, LEAVES, PUBLIC
from lienthong.privacy.keys import node_key

__all__ = ["FILES", "HEAD", "AccessLog", "node_log"]

HEAD = "log.head"
FILES = (LEAVES, CHECKPOINTS, PUBLIC)
"""What an auditor is given: no file of these holds a salt or a secret."""

SALTS = "audit.salts"
_PERSON = "person:"
_NODE = "node"
_SELF = "lienthong"
_TAIL = 4096
_ENTRIES, _SECONDS = 256, 600  # a checkpoint is signed at the next entry after so many, or so long
_WEIGHTY = frozenset(
    ("ingest", "build", "export", "release", "decide", "run-product", "manage-people", "keep-node", "forget")
)

UNWRITABLE = ErrorKind(
    "access-log-unwritable",
    Category.NO_SPACE,
    what="The access log can't be written, and without it nothing may be read: {why}.",
    cure="Make room on the disk that holds HOME/audit and HOME/keys, or give the folders back their rights.",
)
NOT_OURS = ErrorKind(
    "audit-checkpoint-foreign",
    Category.CONFLICT,
    what="This checkpoint is not one of this node's log: {why}.",
    cure="Keep the file as evidence: if this node signed it, the log was changed; run `lienthong audit verify`.",
)


class AccessLog:
    """The audit log in a folder; any number of threads and processes may append at once.

    `key` is the node's key (32 bytes, HOME/keys), `clock` gives each time; `secrets` is where the salts lie (a node's
    in HOME/keys; beside the log otherwise). `durable=False` leaves the flush to the system, for tests and benches
    only.
    """

    def __init__(
        self,
        folder: Path,
        key: bytes,
        clock: Clock,
        *,
        secrets: Path | None = None,
        random: Callable[[int], bytes] = os.urandom,
        durable: bool = True,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self._folder, self._path, self._head = folder, folder / LEAVES, folder / HEAD
        self._closed = ClosedLog(folder, key)
        self._salts = Salts((secrets or folder) / SALTS, random, durable=durable)
        self._seal_key = hmac.digest(key, b"lienthong audit log: seal", "sha256")
        seed = hmac.digest(key, b"lienthong audit log: signing key", "sha256")
        name = f"lienthong.log/{hmac.digest(key, b'lienthong audit log: name', 'sha256').hex()[:16]}"
        self._signing = SigningKey(name, LOG, seed)
        self._durable = durable
        self._lock = threading.Lock()
        self._known: tuple[int, State] | None = None  # inode, and the state after what we last saw

    @property
    def key(self) -> VerifyingKey:
        """The public key of this log; its name is the origin of the checkpoints."""
        return self._signing.verifying

    @property
    def path(self) -> Path:
        """Where the leaves lie."""
        return self._path

    def append(
        self,
        *,
        actor: str,
        purpose: str,
        action: str,
        scope: str,
        outcome: str,
        about: str = "",
        facts: Mapping[str, Fact] | None = None,
    ) -> None:
        """Adds one entry and returns when it is on the disk; `scope` is `node` or `person:<id>`.

        `about` is what was decided or run, where its name leads to a patient: it stands there as a commitment.
        """
        with self._writing() as (handle, state):
            self._add(handle, state, actor, purpose, action, scope, outcome, about=about, facts=facts or {})

    def entries(self) -> Iterator[dict[str, Any]]:
        """The entries that can be read, oldest first; `verify` says whether they are whole."""
        if self._path.exists():
            with self._path.open("rb") as lines:
                yield from (leaf.entry for leaf in leaves.walk(lines) if leaf.entry is not None)

    def of_person(self, person: str) -> Iterator[dict[str, Any]]:
        """The entries about this person, as far as their salts are still there."""
        salts = self._salts.read()
        for entry in self.entries():
            salt = Salts.of(salts, entry["sequence"]) if "person" in entry else None
            if salt is not None and hmac.compare_digest(entry["person"], leaves.commit(salt, "person", person)):
                yield entry

    def forget(self, person: str, *, actor: str, purpose: str) -> int:
        """Destroys the salts of all entries about this person: from now on nobody can tie them to anybody."""
        with self._writing() as (handle, state):
            found = [entry["sequence"] for entry in self.of_person(person)]
            if found:
                self._salts.destroy(found)
            self._add(handle, state, actor, purpose, "forget", _NODE, "done", facts={"entries": len(found)})
        return len(found)

    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint; a new one is signed where the log has grown since."""
        with self._writing() as (_, state):
            if state.signed != state.tree.size or not (self._folder / CHECKPOINTS).exists():
                self._sign(state)
                write_head(self._head, state, self._seal_key)
            return checkpoints.sign(self._signing.name, state.tree.size, state.tree.root(), self._signing)

    def keep(self, signed: Checkpoint) -> None:
        """Keeps a checkpoint that another party has co-signed; it must be one of this log."""
        if signed.origin != self._signing.name or signed.note.signed_by(self.key) is None:
            raise NOT_OURS.at("checkpoint", why="this node did not sign it")
        with self._writing() as (_, state):
            tree = CompactRange()
            for leaf in self._leaves(state.end):
                if tree.size == signed.size:
                    break
                tree.add(leaf.hash)
            if tree.size != signed.size or tree.root() != signed.root:
                raise NOT_OURS.at("checkpoint", why="the log has not the root that it says")
            self._keep(signed)

    def snapshot(self) -> Snapshot:
        """One moment of the log: how many bytes count, and the head and checkpoints that fit."""
        if not self._path.exists():
            return Snapshot(self._folder, 0, b"", read_head(self._head, self._seal_key), self._head.exists())
        with self._locked() as handle:
            size = os.fstat(handle).st_size
            signed = self._folder / CHECKPOINTS
            text = signed.read_bytes() if signed.exists() else b""
            return Snapshot(self._folder, size, text, read_head(self._head, self._seal_key), self._head.exists())

    def verify(self) -> list[Finding]:
        """What is wrong with the log, and with the older one that it follows; others may append meanwhile."""
        return verify_own(self.snapshot(), self.key, self._seal_key, self._closed)

    @contextmanager
    def _writing(self) -> Iterator[tuple[int, State]]:
        try:
            with self._lock, self._locked() as handle:
                state, self._known = self._state(handle), None
                yield handle, state
                self._known = (os.fstat(handle).st_ino, state)
        except OSError as error:
            raise UNWRITABLE.at(f"audit/{LEAVES}", why=error.strerror or "the system refused") from None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        # A handle of its own for each use: flock excludes other handles, also those of a forked process.
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def _leaves(self, end: int, *, start: int = 0, index: int = 0, previous: bytes = b"") -> Iterator[leaves.Leaf]:
        """The leaves in these bytes of the file; a torn line at the end of it is not one."""
        with self._path.open("rb") as file:
            file.seek(start)
            yield from leaves.walk(_lines(file, end - start), start=index, previous=previous)

    def _state(self, handle: int) -> State:
        """The state to write after; what was found broken is itself put into the log."""
        status = os.fstat(handle)
        if self._known is not None and self._known[0] == status.st_ino:
            state = self._known[1]
            if state.end == status.st_size:
                return state
            if state.end < status.st_size:
                head = read_head(self._head, self._seal_key)  # another process wrote, and perhaps signed
                if head is not None and head.end == status.st_size and head.tree is not None:
                    return head.state() or state
        return self._recovered(handle, status.st_size)

    def _recovered(self, handle: int, size: int) -> State:
        head = read_head(self._head, self._seal_key)
        if head is None and not size and not self._head.exists() and not (self._folder / CHECKPOINTS).exists():
            return self._begun(handle)
        state, repairs = self._from(head, size)
        foreign = 0
        for leaf in self._leaves(size, start=state.end, index=state.tree.size, previous=state.last):
            if leaf.entry is None or leaves.seal_of(leaf.entry, leaf.previous, self._seal_key) != leaf.entry["seal"]:
                foreign += 1
            state.tree.add(leaf.hash)
            state.end, state.last = state.end + len(leaf.line), leaf.hash
        if foreign:  # not what a crash left: nobody with the node's key wrote it
            repairs.append(("not-sealed", {"entries": foreign}))
        if state.end < size:  # power was lost while an entry was written; nobody was told that it was
            os.ftruncate(handle, state.end)
            repairs.append(("unfinished-entry", {}))
        if head is not None and head.size > state.tree.size:
            repairs.append(("cut", {"size": head.size, "root": head.root.hex()}))
        for outcome, facts in repairs:
            self._add(handle, state, _SELF, "data-operations", "log-repair", _NODE, outcome, facts=facts)
        return state

    def _from(self, head: Head | None, size: int) -> tuple[State, list[tuple[str, dict[str, Fact]]]]:
        """Where to go on from, by the head; without one, or where it does not fit, from the first leaf."""
        if head is None:
            return State(), [("head-missing", {})]
        if head.end > size:
            return State(), []
        state = head.state()
        if state is not None:
            return state, []
        state = State(signed=head.signed, signed_at=head.signed_at)
        for leaf in self._leaves(head.end):
            state.tree.add(leaf.hash)
            state.end, state.last = state.end + len(leaf.line), leaf.hash
        fits = state.tree.size == head.size and state.tree.root() == head.root
        return state, [] if fits else [("edited", {"size": head.size, "root": head.root.hex()})]

    def _begun(self, handle: int) -> State:
        """An empty log; where an older one lies here, its end is the first leaf."""
        state = State()
        if self._closed.exists:
            facts = self._closed.end()
            self._add(handle, state, _SELF, "data-operations", "log-continued", _NODE, "done", facts=facts)
        return state

    def _add(
        self,
        handle: int,
        state: State,
        actor: str,
        purpose: str,
        action: str,
        scope: str,
        outcome: str,
        *,
        about: str = "",
        facts: Mapping[str, Fact],
    ) -> None:
        now = self.clock()
        sequence = state.tree.size
        entry: dict[str, Any] = {
            "v": leaves.FORM,
            "sequence": sequence,
            "time": instant(now),
            "actor": actor,
            "purpose": purpose,
            "action": action,
            "scope": _NODE,
            "outcome": outcome,
        }
        if facts:
            entry["facts"] = dict(facts)
        if scope.startswith(_PERSON):
            entry["scope"] = "person"
            entry["person"] = leaves.commit(self._salts.take(sequence), "person", scope.removeprefix(_PERSON))
        if about:
            entry["about"] = leaves.commit(self._salts.take(sequence), "about", about)
        line = leaves.encode(entry, state.last, self._seal_key)
        written = os.write(handle, line + b"\n")
        if written != len(line) + 1:
            os.ftruncate(handle, state.end)
            raise OSError(28, "no room for the whole entry")
        if self._durable:
            os.fsync(handle)
        state.last = leaf_hash(line)
        state.tree.add(state.last)
        state.end += written
        seconds = int(now.timestamp())
        weighty = (action in _WEIGHTY or actor == _SELF) and outcome != "refused"
        if weighty or sequence + 1 - state.signed >= _ENTRIES or not 0 <= seconds - state.signed_at < _SECONDS:
            self._sign(state, seconds)
        write_head(self._head, state, self._seal_key)

    def _sign(self, state: State, seconds: int | None = None) -> None:
        public = self._folder / PUBLIC
        if not public.exists():
            public.write_text(f"{self.key}\n", "utf-8")
        self._keep(checkpoints.sign(self._signing.name, state.tree.size, state.tree.root(), self._signing))
        state.signed = state.tree.size
        state.signed_at = int(self.clock().timestamp()) if seconds is None else seconds

    def _keep(self, signed: Checkpoint) -> None:
        """Adds a note to the file of checkpoints; half of one that a crash left is cut off first."""
        handle = os.open(self._folder / CHECKPOINTS, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(handle).st_size
            tail = os.pread(handle, _TAIL, max(0, size - _TAIL))
            torn = len(tail) - _whole(tail)
            if torn:
                os.ftruncate(handle, size - torn)
            text = str(signed).encode()
            if os.write(handle, text) != len(text):
                os.ftruncate(handle, size - torn)
                raise OSError(28, "no room for the checkpoint")
            if self._durable:
                os.fsync(handle)
        finally:
            os.close(handle)


def node_log(home: Path, clock: Clock, random: Callable[[int], bytes] = os.urandom) -> AccessLog:
    """The audit log of the node in HOME."""
    keys = home / "keys"
    return AccessLog(home / "audit", node_key(keys, "node", random), clock, secrets=keys, random=random)


def _lines(file: Any, size: int) -> Iterator[bytes]:
    for line in file:
        size -= len(line)
        if size < 0 or not line.endswith(b"\n"):
            return
        yield line


def _whole(tail: bytes) -> int:
    """Where in the end of the file of checkpoints the last whole note ends."""
    end = len(tail)
    while end:
        start = tail.rfind(b"\n", 0, end - 1) + 1
        if tail[start:end].startswith("— ".encode()) and tail[end - 1 : end] == b"\n":
            return end
        end = start
    return 0
