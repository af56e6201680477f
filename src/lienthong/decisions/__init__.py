"""What a named person signed: people and their keys, statements, and the ledger that only grows."""

from lienthong.decisions.ledger import Decided, Ledger, verify_outcome
from lienthong.decisions.people import People
from lienthong.decisions.person import Person
from lienthong.decisions.statement import Signed, Statement, Verdict, content_digest

__all__ = [
    "Decided",
    "Ledger",
    "People",
    "Person",
    "Signed",
    "Statement",
    "Verdict",
    "content_digest",
    "verify_outcome",
]
