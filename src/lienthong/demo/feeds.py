"""Which HL7 v2 message goes into which file: by month in the framings of engines, the last month one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from lienthong.demo.messages import Message, of_visits
from lienthong.demo.visits import Visit

__all__ = ["Change", "MessageFile", "is_fed", "message_files"]

Change = Callable[[bytes], bytes]
_FRAMINGS = ("plain", "batch", "mllp", "windows")


@dataclass(frozen=True, slots=True)
class MessageFile:
    """A file of messages. `changes` alters the bytes of a message by its place; `framing` is plain (CR), batch
    (FHS to FTS), mllp or windows (CRLF); `announced` is a wrong BTS-1."""

    path: str
    messages: tuple[Message, ...]
    framing: str = "plain"
    changes: Mapping[int, Change] = field(default_factory=dict)
    announced: int | None = None

    def parts(self) -> list[bytes]:
        """The bytes of each message, as they are sent."""
        found = [message.data() for message in self.messages]
        for index, change in self.changes.items():
            found[index] = change(found[index])
        return found

    def data(self) -> bytes:
        parts = self.parts()
        if self.framing == "mllp":
            return b"".join(b"\x0b" + part + b"\x1c\r" for part in parts)
        if self.framing == "windows":
            return b"".join(part.replace(b"\r", b"\r\n") + b"\r\n" for part in parts)
        whole = b"".join(parts)
        if self.framing == "batch":
            count = len(parts) if self.announced is None else self.announced
            head = b"FHS|^~\\&|HIS|CUULONG\rBHS|^~\\&|HIS|CUULONG\r"
            return head + whole + f"BTS|{count}\rFTS|1\r".encode()
        return whole


def is_fed(visit: Visit) -> bool:
    """Whether the patient of a visit is one whom the interface engine sends."""
    return any(item.feed for item in visit.person.registrations)


def message_files(visits: Sequence[Visit]) -> list[MessageFile]:
    """The messages of these visits to hospital B."""
    fed = sorted((item for item in visits if is_fed(item)), key=lambda item: (item.registration.key, item.start))
    messages = [
        message
        for _, group in groupby(fed, key=lambda item: item.registration.key)
        for message in of_visits(tuple(group))
    ]
    messages.sort(key=lambda item: (item.sent, item.control))
    by_month: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_month[f"{message.sent:%Y-%m}"].append(message)
    files: list[MessageFile] = []
    for month, own in by_month.items():
        if month == max(by_month):
            files += [
                MessageFile(f"hl7v2/{month}/{item.sent:%Y%m%d%H%M%S}_{item.control}.hl7", (item,)) for item in own
            ]
        else:
            files.append(MessageFile(f"hl7v2/{month}.hl7", tuple(own), _FRAMINGS[len(files) % len(_FRAMINGS)]))
    return files
