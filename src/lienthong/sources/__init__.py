"""Each kind of hospital export becomes FHIR: found, recognised by content, read record by record."""

from lienthong.sources.converted import Converted, Found, LeftOut, Source, rejection
from lienthong.sources.intake import convert, find, read

__all__ = ["Converted", "Found", "LeftOut", "Source", "convert", "find", "read", "rejection"]
