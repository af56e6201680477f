"""The warehouse: Parquet of the record, SQL-on-FHIR views, OMOP, checks, and read-only queries over them."""

from lienthong.warehouse.built import Balance, Built, CheckCounts
from lienthong.warehouse.run import Rows, read_view, run_view, stream_view
from lienthong.warehouse.store import Warehouse

__all__ = ["Balance", "Built", "CheckCounts", "Rows", "Warehouse", "read_view", "run_view", "stream_view"]
