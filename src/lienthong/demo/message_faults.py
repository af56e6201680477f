"""Plants faults in B's HL7 v2 messages: in messages of earlier visits, and in copies that came again whole."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from lienthong.demo.chance import Chance
from lienthong.demo.fault import Fault
from lienthong.demo.feeds import Change, MessageFile
from lienthong.demo.messages import Message

__all__ = ["in_messages"]


def in_messages(seed: int, files: list[MessageFile]) -> tuple[list[MessageFile], list[Fault]]:
    """The files with faults, as many kinds as there are messages for; none stands in a patient's latest visit."""
    chance = Chance("faults-hl7v2", seed)
    faults: list[Fault] = []
    last: dict[str, int] = {}
    for file in files:
        for message in file.messages:
            key = message.visit.registration.key
            last[key] = max(last.get(key, 0), message.visit.number)
    # Results of the laboratory for the clinic: they say nothing of a stay, so that nothing else hangs on them.
    spots = [
        (number, index)
        for number, file in enumerate(files)
        for index, message in enumerate(file.messages)
        if message.control.endswith("XN")
        and message.visit.kind != "inpatient"
        and message.visit.number != last[message.visit.registration.key]
    ]
    chosen = chance.several(spots, len(_CHANGES) + len(_COPIES) + 1)
    planted = list(files)
    for (kind, change, field, note), (number, index) in zip(_CHANGES, chosen, strict=False):
        file = planted[number]
        planted[number] = replace(file, changes={**file.changes, index: change})
        record = file.messages[index].control
        if kind == "control-id-missing":
            sent = change(file.messages[index].data()).strip(b"\r")
            if file.framing == "windows":
                sent = sent.replace(b"\r", b"\r\n")
            record = hashlib.sha256(sent).hexdigest()
        table = field.split("-")[0]
        faults.append(Fault(kind, "b", file.path, "finding", "record", record, table, "1", field, note=note))
    extra = []
    copies = chosen[len(_CHANGES) :]
    for (kind, name, change, note), (number, index) in zip(_COPIES, copies, strict=False):
        message = files[number].messages[index]
        path = f"hl7v2/{message.sent:%Y-%m}_{name}.hl7"
        record = "message 1" if kind == "wrong-character-set" else message.control
        faults.append(Fault(kind, "b", path, "quarantined", "record", record, note=note))
        extra.append(MessageFile(path, (message,), changes={0: change}))
    if len(copies) > len(_COPIES):
        extra.append(_again(files, copies[-1], faults))
    batches = [number for number, file in enumerate(planted) if file.framing == "batch" and not file.changes]
    if batches:
        number = chance.pick(batches)
        file = planted[number]
        planted[number] = replace(file, announced=len(file.messages) + 2)
        note = "the batch says two messages more than it holds"
        faults.append(Fault("wrong-count", "b", file.path, "finding", "file", "", "BTS", "", "BTS-1", note=note))
    return [*planted, *extra], faults


def _again(files: list[MessageFile], spot: tuple[int, int], faults: list[Fault]) -> MessageFile:
    message: Message = files[spot[0]].messages[spot[1]]
    path = f"hl7v2/{message.sent:%Y-%m}_gui-lai.hl7"
    faults.append(
        Fault("sent-twice", "b", path, "unchanged", "file", note="a message of another file, framed by MLLP")
    )
    return MessageFile(path, (message,), "mllp")


def _field(segment: bytes, number: int, value: bytes) -> Change:
    """A change of one field (as it is counted in its segment) of the first segment of a name."""

    def change(data: bytes) -> bytes:
        lines = data.split(b"\r")
        index = next(place for place, line in enumerate(lines) if line.startswith(segment + b"|"))
        fields = lines[index].split(b"|")
        fields[number - 1 if segment == b"MSH" else number] = value
        lines[index] = b"|".join(fields)
        return b"\r".join(lines)

    return change


def _cut(data: bytes) -> bytes:
    return data[: data.index(b"\rPID")] + b"\r"


def _other_bytes(data: bytes) -> bytes:
    """The message in Windows' Vietnamese code page, while MSH-18 still says UTF-8."""
    text = data.decode("utf-8")
    return text.encode("cp1258", "replace").replace(b"LIENTHONG", b"LI\xcaN TH\xd4NG")


_CHANGES: tuple[tuple[str, Change, str, str], ...] = (
    ("control-id-missing", _field(b"MSH", 10, b""), "MSH-10", "the message is known by its digest"),
    ("date-impossible", _field(b"OBX", 14, b"20251345083000+0700"), "OBX-14", "month 13, day 45"),
    ("number-wrong", _field(b"OBX", 5, b"5,6 (?)"), "OBX-5", "the type is NM, the value no number"),
)
_COPIES: tuple[tuple[str, str, Change, str], ...] = (
    ("truncated-message", "dut", _cut, "cut off before its patient; it came again whole"),
    ("wrong-character-set", "bang-ma", _other_bytes, "MSH-18 says UTF-8, the bytes are Windows-1258"),
    ("unknown-message-type", "la", _field(b"MSH", 9, b"ORM^O01^ORM_O01"), "an order message"),
)
