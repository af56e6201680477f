"""Rows as csv, json, ndjson, Parquet or a table: batch by batch, to standard output or whole into a file."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lienthong.core.errors import Category, ErrorKind

__all__ = ["give_rows", "output_of", "plain", "show_rows", "write_rows"]

_OUTPUTS = ("csv", "json", "ndjson", "parquet", "table")
WRONG_OUTPUT = ErrorKind(
    "output-unknown",
    Category.INCORRECT,
    what="There is no output '{given}'.",
    allowed="table, csv, json, ndjson, parquet",
    cure="Give one of them with --output.",
)
BINARY = ErrorKind(
    "output-binary",
    Category.INCORRECT,
    what="Parquet is binary and would garble the terminal.",
    cure="Send it to a file: `> rows.parquet` at the end of the command.",
)
NOT_WRITTEN = ErrorKind(
    "output-not-written",
    Category.UNAVAILABLE,
    what="The file can't be written: {why}.",
    allowed="a file in a folder that is there and may be written to",
    cure="Name another file, or make room, and run the command again; a file that was there before is untouched.",
)

Batches = Iterable[pa.RecordBatch]
_MOST = 1000  # rows of a table, which only people read


def output_of(output: str, to: Path | None) -> str:
    """The form that is asked for, or the one that the file's name says, or csv; `output-unknown` for any other."""
    by_name = "" if to is None else to.suffix.removeprefix(".").lower()
    given = output or (by_name if by_name in _OUTPUTS else "csv")
    if given not in _OUTPUTS:
        raise WRONG_OUTPUT.at("--output", given=given)
    return given


def show_rows(rows: pa.Table, output: str) -> None:
    """Rows on standard output, also as `object`: one JSON object with columns and rows."""
    if output == "object":
        body = {"columns": rows.column_names, "rows": rows.to_pylist()}
        print(json.dumps(body, ensure_ascii=False, default=plain))
    else:
        write_rows(rows.schema, rows.to_batches(), output, None)


def give_rows(schema: pa.Schema, batches: Batches, output: str, to: Path | None, *, as_json: bool) -> None:
    """Rows on standard output or into a file; as JSON all rows in one object, or what was written into the file."""
    if to is not None:
        count = write_rows(schema, batches, output, to)
        said = {"file": str(to), "rows": count, "columns": schema.names}
        print(json.dumps(said, ensure_ascii=False) if as_json else f"{count:,} rows written to {to}.")
    elif as_json:
        show_rows(pa.Table.from_batches(batches, schema), "object")
    else:
        write_rows(schema, batches, output, None)


def write_rows(schema: pa.Schema, batches: Batches, output: str, to: Path | None) -> int:
    """Writes rows as they come and says how many; a file is there whole or not at all.

    csv has a header, empty cells for nulls, lists as JSON; json is an array of objects, ndjson one object a line.
    """
    form = output_of(output, to)
    if to is None:
        if form == "parquet":
            if sys.stdout.isatty():
                raise BINARY.at("--output")
            return _parquet(schema, batches, sys.stdout.buffer)
        return _TEXT[form](schema, batches, sys.stdout)
    with _whole(to) as part:
        if form == "parquet":
            with part.open("wb") as stream:
                return _parquet(schema, batches, stream)
        with part.open("w", encoding="utf-8", newline="") as text:
            return _TEXT[form](schema, batches, text)


@contextmanager
def _whole(to: Path) -> Iterator[Path]:
    """A file beside the wanted one, which takes its name once everything is written and on the disk."""
    part = to.with_name(f".{to.name}.part")
    try:
        try:
            yield part
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
            os.replace(part, to)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise NOT_WRITTEN.at(str(to), why=(error.strerror or "the system refused").lower()) from None


def _parquet(schema: pa.Schema, batches: Batches, stream: BinaryIO) -> int:
    count = 0
    with pq.ParquetWriter(pa.PythonFile(stream, mode="w"), schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _csv(schema: pa.Schema, batches: Batches, stream: TextIO) -> int:
    writer, count = csv.writer(stream), 0
    writer.writerow(schema.names)
    plainly = [pa.types.is_string(field.type) or pa.types.is_integer(field.type) for field in schema]
    for batch in batches:
        columns: list[Sequence[Any]] = [
            column.to_pylist() if as_it_is else [_cell(item) for item in column.to_pylist()]
            for column, as_it_is in zip(batch.columns, plainly, strict=True)
        ]
        writer.writerows(zip(*columns, strict=True))
        count += batch.num_rows
    return count


def _objects(schema: pa.Schema, batches: Batches) -> Iterator[str]:
    names = schema.names
    for batch in batches:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=plain)


def _ndjson(schema: pa.Schema, batches: Batches, stream: TextIO) -> int:
    count = 0
    for text in _objects(schema, batches):
        stream.write(text + "\n")
        count += 1
    return count


def _json(schema: pa.Schema, batches: Batches, stream: TextIO) -> int:
    texts, count = _objects(schema, batches), 0
    stream.write("[")
    for text in texts:
        stream.write(text if count == 0 else ", " + text)
        count += 1
    stream.write("]\n")
    return count


def _table(schema: pa.Schema, batches: Batches, stream: TextIO) -> int:
    table, count = Table(), 0
    for name in schema.names:
        table.add_column(Text(name))
    for row in chain.from_iterable(zip(*(c.to_pylist() for c in batch.columns), strict=True) for batch in batches):
        if count < _MOST:
            table.add_row(*(Text(_cell(item)) for item in row))
        count += 1
    Console(file=stream, highlight=False, markup=False).print(table)
    if count > _MOST:
        stream.write(f"... and {count - _MOST:,} more rows; --output csv has them all.\n")
    return count


_TEXT: dict[str, Callable[[pa.Schema, Batches, TextIO], int]] = {
    "csv": _csv,
    "json": _json,
    "ndjson": _ndjson,
    "table": _table,
}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=plain)
    return str(value)


def plain(value: object) -> object:
    """A value that JSON has no form for."""
    if isinstance(value, Decimal):
        # a number if that is the same number, its digits otherwise
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    return str(value)
