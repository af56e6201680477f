"""The triggers that hold in the storage what always holds: signed last words and a history that only grows."""

from __future__ import annotations

__all__ = ["GUARD_FUNCTION", "GUARD_REFUSED", "TRIGGERS"]

GUARD_FUNCTION = "lienthong_guard"
"""SQL function (body, decision, ai, was_ai) -> why not, or NULL. A connection that lacks it can write no version."""

GUARD_REFUSED = "record: the guard refuses this version"

_GUARD = f"""
    SELECT RAISE(ABORT, '{GUARD_REFUSED}')
     WHERE {GUARD_FUNCTION}(NEW.body, NEW.decision, NEW.ai,
           EXISTS (SELECT 1 FROM version WHERE seq = NEW.seq AND ai = 1)) IS NOT NULL;
"""

# A REPLACE removes the old row without asking the delete triggers, so what exists already is refused at the insert.
TRIGGERS = (
    f"""CREATE TRIGGER version_insert BEFORE INSERT ON version BEGIN
    {_GUARD}
    SELECT RAISE(ABORT, 'record: a version is added to its open batch, after the ones before it')
     WHERE NEW.version <= (SELECT max(version) FROM version WHERE seq = NEW.seq)
        OR EXISTS (SELECT 1 FROM version WHERE rowid = NEW.rowid)
        OR NOT EXISTS (SELECT 1 FROM batch WHERE id = NEW.batch AND published IS NULL);
    END""",
    f"""CREATE TRIGGER version_update BEFORE UPDATE ON version BEGIN
    {_GUARD}
    SELECT RAISE(ABORT, 'record: a published version can not be changed')
     WHERE NEW.seq <> OLD.seq OR NEW.version <> OLD.version OR NEW.batch <> OLD.batch OR NEW.rowid <> OLD.rowid
        OR NOT EXISTS (SELECT 1 FROM batch WHERE id = OLD.batch AND published IS NULL);
    END""",
    """CREATE TRIGGER version_delete BEFORE DELETE ON version
      WHEN NOT EXISTS (SELECT 1 FROM batch WHERE id = OLD.batch AND published IS NULL) BEGIN
    SELECT RAISE(ABORT, 'record: a published version can not be removed');
    END""",
    """CREATE TRIGGER resource_insert BEFORE INSERT ON resource
      WHEN EXISTS (SELECT 1 FROM resource WHERE type = NEW.type AND id = NEW.id)
        OR EXISTS (SELECT 1 FROM resource WHERE seq = NEW.seq) BEGIN
    SELECT RAISE(ABORT, 'record: this resource is here already');
    END""",
    """CREATE TRIGGER resource_update BEFORE UPDATE ON resource BEGIN
    SELECT RAISE(ABORT, 'record: a resource keeps its number, type and id');
    END""",
    """CREATE TRIGGER resource_delete BEFORE DELETE ON resource
      WHEN EXISTS (SELECT 1 FROM version WHERE seq = OLD.seq) BEGIN
    SELECT RAISE(ABORT, 'record: a resource with versions can not be removed');
    END""",
    """CREATE TRIGGER batch_insert BEFORE INSERT ON batch
      WHEN NEW.published IS NOT NULL OR EXISTS (SELECT 1 FROM batch WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'record: a batch begins unpublished and new');
    END""",
    """CREATE TRIGGER batch_update BEFORE UPDATE ON batch
      WHEN OLD.published IS NOT NULL OR NEW.id <> OLD.id
        OR EXISTS (SELECT 1 FROM batch WHERE published = NEW.published) BEGIN
    SELECT RAISE(ABORT, 'record: a published batch can not be changed');
    END""",
    """CREATE TRIGGER batch_delete BEFORE DELETE ON batch WHEN OLD.published IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'record: a published batch can not be removed');
    END""",
)
