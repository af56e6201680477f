"""The warehouse: Parquet of the record, SQL-on-FHIR views, OMOP, checks, and read-only queries over them."""

from lienthong.warehouse.run import run_view

__all__ = ["run_view"]
