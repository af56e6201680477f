"""What a column of a view is in Arrow and in SQL: by its FHIR type, or by the SQL type that a tag asks for.

Booleans and integers are themselves; decimals, dates and times are text, so that no digit and no precision is lost
(SQL on FHIR v2, default type mapping); a tag `ansi/type` gives DOUBLE PRECISION, DATE or TIMESTAMP where wanted.
"""

from __future__ import annotations

from types import MappingProxyType

import pyarrow as pa

from lienthong.warehouse.sql_on_fhir.plan import Column, Family, View, family

__all__ = ["ALLOWED_SQL_TYPES", "arrow_schema", "sql_type"]

_ARROW = MappingProxyType(
    {
        "VARCHAR": pa.string(),
        "BOOLEAN": pa.bool_(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
    }
)
_DATES = frozenset({"VARCHAR", "DATE", "TIMESTAMP"})
ALLOWED_SQL_TYPES = MappingProxyType(
    {
        Family.BOOLEAN: frozenset({"VARCHAR", "BOOLEAN"}),
        Family.INTEGER: frozenset({"VARCHAR", "INTEGER", "BIGINT", "DOUBLE"}),
        Family.DECIMAL: frozenset({"VARCHAR", "DOUBLE"}),
        Family.DATE: _DATES,
        Family.DATETIME: _DATES,
        Family.TIME: frozenset({"VARCHAR"}),
        Family.TEXT: frozenset({"VARCHAR"}),
    }
)


def sql_type(column: Column) -> str:
    """The SQL type of one item of a column."""
    if column.sql_type or column.type == "integer64":
        return column.sql_type or "BIGINT"
    return {Family.BOOLEAN: "BOOLEAN", Family.INTEGER: "INTEGER"}.get(family(column.type), "VARCHAR")


def arrow_schema(view: View) -> pa.Schema:
    """The columns of a view's table in order."""
    fields = []
    for column in view.columns:
        item = _ARROW[sql_type(column)]
        fields.append(pa.field(column.name, pa.list_(item) if column.collection else item))
    return pa.schema(fields)
