"""The way back: FHIR becomes health-insurance XML again, and what it can't carry is named.

`claim(shelf)` makes the rows of one visit of its resources, `envelope(...)` the file; pure, values in and values out.
"""

from lienthong.sources.bhyt.write.claim import Claimed, claim
from lienthong.sources.bhyt.write.losses import Lost
from lienthong.sources.bhyt.write.shelf import Shelf
from lienthong.sources.bhyt.write.xml import check_in, envelope

__all__ = ["Claimed", "Lost", "Shelf", "check_in", "claim", "envelope"]
