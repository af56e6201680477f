"""Takes an unpublished batch out of the record, in short steps, so that it is as if the batch had never begun."""

from __future__ import annotations

from sqlalchemy import Connection

from lienthong.record.store import Store

__all__ = ["clear_batch", "unpublished"]

_OF_VERSION = ("identifier", "reference", "pending", "identity_key", "version")
_OF_BATCH = ("membership", "merge", "person", "quarantine", "finding")


def unpublished(connection: Connection) -> list[int]:
    """The batches that are open, or were when their process was ended."""
    return list(connection.exec_driver_sql("SELECT id FROM batch WHERE published IS NULL ORDER BY id").scalars())


def clear_batch(store: Store, batch: int, step: int) -> None:
    """Removes everything of this batch; may be interrupted anywhere and done again."""
    while _clear_versions(store, batch, step):
        pass
    while _clear_origins(store, batch, step):
        pass
    with store.writing() as connection:
        for table in _OF_BATCH:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE batch = ?", (batch,))
        connection.exec_driver_sql("UPDATE quarantine SET resolved_batch = NULL WHERE resolved_batch = ?", (batch,))
        connection.exec_driver_sql("DELETE FROM file WHERE batch = ?", (batch,))
        connection.exec_driver_sql("DELETE FROM batch WHERE id = ?", (batch,))


def _clear_versions(store: Store, batch: int, step: int) -> bool:
    with store.writing() as connection:
        rows = connection.exec_driver_sql(
            "SELECT seq, version FROM version WHERE batch = ? ORDER BY rowid DESC LIMIT ?", (batch, step)
        ).all()
        keys = [(row[0], row[1]) for row in rows]
        if keys:
            for table in _OF_VERSION:
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE seq = ? AND version = ?", keys)
            connection.exec_driver_sql(
                "DELETE FROM resource WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM version WHERE seq = ?)",
                [(seq, seq) for seq in {key[0] for key in keys}],
            )
    return bool(keys)


def _clear_origins(store: Store, batch: int, step: int) -> bool:
    # In the order of the table's key, so that each step finds its rows at once.
    with store.writing() as connection:
        rows = connection.exec_driver_sql(
            "SELECT o.file, o.seq, o.version, o.record FROM file f JOIN origin o ON o.file = f.id"
            " WHERE f.batch = ? LIMIT ?",
            (batch, step * 10),
        ).all()
        if rows:
            connection.exec_driver_sql(
                "DELETE FROM origin WHERE file = ? AND seq = ? AND version = ? AND record = ?",
                [tuple(row) for row in rows],
            )
    return bool(rows)
