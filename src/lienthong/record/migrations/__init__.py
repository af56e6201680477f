"""The Alembic migrations of record.db, one module for each schema version; `record.upgrade` runs them."""
