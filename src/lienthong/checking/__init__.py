"""Checks exports before they are sent: faults only, nothing is stored. Claims by rules, all else as it is read."""

from lienthong.checking.check import check
from lienthong.checking.report import Report

__all__ = ["Report", "check"]
