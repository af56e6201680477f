"""The whole mapping of a visit to FHIR, in the order in which resources refer to each other."""

from __future__ import annotations

from lienthong.sources.bhyt.assessment import add_assessments
from lienthong.sources.bhyt.birth import add_births
from lienthong.sources.bhyt.check import check_row
from lienthong.sources.bhyt.checkin import add_orders
from lienthong.sources.bhyt.claim import add_claim
from lienthong.sources.bhyt.encounter import HELD, add_encounter, add_measures, check_period
from lienthong.sources.bhyt.episode import add_episodes
from lienthong.sources.bhyt.medication import add_medications
from lienthong.sources.bhyt.note import add_notes
from lienthong.sources.bhyt.older import modern
from lienthong.sources.bhyt.onward import add_appointments, add_referrals
from lienthong.sources.bhyt.paper import add_papers
from lienthong.sources.bhyt.person import PERSON, add_coverages, add_facility, add_patient
from lienthong.sources.bhyt.result import add_results
from lienthong.sources.bhyt.service import add_services
from lienthong.sources.bhyt.visit import Visit

__all__ = ["convert_visit"]


def convert_visit(visit: Visit) -> None:
    """Fills the visit's resources, places and findings from its rows."""
    rows = [row for lines in visit.lines.values() for row in lines]
    for row in [visit.summary, *rows] if visit.is_claim else rows:
        check_row(visit, row)
    visit.summary = modern(visit.summary)
    for table, lines in visit.lines.items():
        visit.lines[table] = [modern(row) for row in lines]
    check_period(visit)
    if not visit.is_claim:
        visit.held = {*PERSON, *HELD} if visit.summary.table == "XML0" else PERSON
    facility = add_facility(visit)
    patient = add_patient(visit, facility)
    coverages = add_coverages(visit, patient)
    if visit.summary.table == "XML12":
        add_assessments(visit, patient, None, facility)
        visit.note_the_rest()
        return
    encounter, conditions = add_encounter(visit, patient, facility)
    add_orders(visit, patient, encounter)
    if visit.is_claim:
        add_measures(visit, patient, encounter)
        add_medications(visit, patient, encounter)
        add_services(visit, patient, encounter)
        add_results(visit, patient, encounter)
        add_notes(visit, patient, encounter)
        add_episodes(visit, patient, encounter, facility)
        add_papers(visit, patient, encounter, facility)
        add_births(visit, encounter, facility)
        add_assessments(visit, patient, encounter, facility)
        add_referrals(visit, patient, encounter, conditions)
        add_appointments(visit, patient)
        add_claim(visit, patient, encounter, facility, coverages, conditions)
    visit.note_the_rest()
