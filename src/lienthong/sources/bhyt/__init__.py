"""(being written)"""

from lienthong.sources.fhir import SOURCE
