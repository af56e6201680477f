"""What a named person signed: people and their keys, statements, and the ledger that only grows."""
