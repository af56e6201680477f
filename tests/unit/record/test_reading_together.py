"""What came together in one record of a file is read together, a shared resource in the version that came so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lienthong.core.actors import Actor
from lienthong.core.clock import Clock
from lienthong.node import Node
from lienthong.privacy.access import Action
from lienthong.sources.bhyt.write import envelope

FIRST = {"MA_LK": "LK1", "MA_BN": "BN1", "HO_TEN": "Trần Thị Bình", "DIA_CHI": "Xóm 1", "NGAY_RA": "202608031015"}


def test_each_visit_has_the_patient_as_it_was(tmp_path: Path, clock: Clock, operator: Actor) -> None:
    visits = [{"XML1": [FIRST]}, {"XML1": [{**FIRST, "MA_LK": "LK2", "DIA_CHI": "Xóm 2"}]}]
    (tmp_path / "a.xml").write_bytes(envelope("99999", visits, clock().date()))
    with Node(tmp_path / "home", actor=operator, clock=clock) as node:
        node.ingest([tmp_path / "a.xml"])
        grant = node.permit(Action.EXPORT)
        found: dict[str, Any] = {}
        for stored, came in node.record.together(grant, "Claim", shared={"Patient"}):
            bodies = [item.resource() for item in came]
            (patient,) = [body for body in bodies if body["resourceType"] == "Patient"]
            key = stored.resource()["identifier"][0]["value"]
            found[key] = patient["address"][0]["text"]
            assert {"Claim", "Encounter", "Organization"} <= {body["resourceType"] for body in bodies}
        assert found == {"LK1": "Xóm 1", "LK2": "Xóm 2"}
        current = [
            {body["address"][0]["text"] for body in (item.resource() for item in came) if body.get("address")}
            for _, came in node.record.together(grant, "Claim", shared=set())
        ]
        assert current == [{"Xóm 2"}, {"Xóm 2"}]
