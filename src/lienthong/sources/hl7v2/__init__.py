"""HL7 v2 (2.1 to 2.9), one message or many in a file: ADT and ORU become FHIR by HL7's v2-to-FHIR tables.

A message says what is so now: its Patient or Encounter replaces the one before as a whole, and what it leaves out or
sends as `""` is not carried over from earlier messages; the earlier versions stay in the record. What is not carried
over at all is named in a finding (`hl7v2-segment-not-mapped`) and stands in the kept file.
"""

from lienthong.sources.hl7v2.source import SOURCE

__all__ = ["SOURCE"]
