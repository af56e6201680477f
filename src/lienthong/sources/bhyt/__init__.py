"""The health-insurance XML (GIAMDINHHS) of Quyết định 130/4750/3176 and of 4210 becomes FHIR; `SOURCE` reads it.

Read: the envelope with tables XML1 to XML15 and the check-in XML0, each field by name. What has no element, or
not to the letter, stays under the field's name (`rest`), so that the way back (`write`) gives every value again.
"""

from lienthong.sources.bhyt.examine import Choice, Examined, choose, examine, together, worded
from lienthong.sources.bhyt.icd10 import read_icd10
from lienthong.sources.bhyt.rules import BY_ID, RULES, ClaimRule, Family, Trace
from lienthong.sources.bhyt.source import SOURCE

__all__ = [
    "BY_ID",
    "RULES",
    "SOURCE",
    "Choice",
    "ClaimRule",
    "Examined",
    "Family",
    "Trace",
    "choose",
    "examine",
    "read_icd10",
    "together",
    "worded",
]
