"""An ingest in a process of its own, to be killed, starved or watched: FOLDER COUNT STEP [PAUSE].

Feeds the file `second` with COUNT patients and observations into FOLDER/record.db, links and publishes them, and
prints a JSON object a line: first `{"begun": ...}`, then `{"put": n}` every 50 records, then what came of it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lienthong.core.actors import Actor
from lienthong.core.errors import LienthongError
from lienthong.core.finding import Finding, Rule, Severity
from lienthong.core.origin import Origin
from lienthong.core.settings import Settings
from lienthong.identity import link
from lienthong.privacy.access import Action, permit
from lienthong.privacy.access_log import AccessLog
from lienthong.record import Record, ai_guard

SYSTEM = Settings().systems.national_id


def resources(count: int) -> Iterator[dict[str, Any]]:
    """Patients (every third with the number of the one before) and observations, some by conditional reference."""
    for number in range(count):
        if number % 2 == 0:
            value = f"00109900{number - number % 6:04}"
            yield {
                "resourceType": "Patient",
                "id": f"p{number}",
                "gender": "male",
                "identifier": [{"system": SYSTEM, "value": value}, {"system": "key", "value": str(number)}],
            }
        else:
            reference = f"Patient/p{number}" if number % 3 else f"Patient?identifier=key|{(number + 101) % count}"
            subject = {"reference": reference}
            yield {"resourceType": "Observation", "id": f"o{number}", "subject": subject, "status": "final"}


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def main(folder: Path, count: int, step: int, pause: float) -> None:
    def clock() -> datetime:
        return datetime(2026, 11, 23, 8, 15, tzinfo=UTC)

    log = AccessLog(folder / "audit", b"k" * 32, clock, durable=False)
    grant = permit(Actor("child", operator=True), "data-operations", Action.INGEST, log=log)
    guard = ai_guard(lambda decision, body: "no decision stands here")
    with Record.open(folder / "record.db", clock=clock, guard=guard, step=step) as record:
        with record.begin(grant, source="main") as batch:
            say(begun=batch.id)
            file = batch.file("second", "sha-second", 1, "fhir")
            for line, item in enumerate(resources(count), 1):
                origin = Origin("main", "second", "sha-second", str(line))
                if line % 17 == 0:
                    reason = Finding(Severity.ERROR, "bad", "This line is no JSON.", rule=Rule("json"))
                    batch.put(file, origin, (), (), reason)
                batch.put(
                    file, origin, [item], [Finding(Severity.WARNING, "note", "a note")] if line % 5 == 0 else []
                )
                if line % 50 == 0:
                    say(put=line)
                    time.sleep(pause)
            linked = link(record, grant, Settings(), batch)
            say(linked=linked.persons)
            published = batch.publish()
        say(new=published.resources.new, batch=published.batch, persons=linked.persons)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    try:
        main(Path(arguments[0]), int(arguments[1]), int(arguments[2]), float((arguments[3:] or ["0"])[0]))
    except LienthongError as error:
        say(error=error.code, text=error.text())
        sys.exit(5)
