"""Files that can be shown: exports written anew without who is in them, and a report of what was replaced."""

from lienthong.deidentifying.deidentify import deidentify
from lienthong.deidentifying.report import Deidentified
from lienthong.deidentifying.secret import read_key

__all__ = ["Deidentified", "deidentify", "read_key"]
