"""What others build on does not change unseen: the names in `__all__` and their signatures (DESIGN 5)."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

NAMES = {
    "lienthong": ["Node", "__version__"],
    "lienthong.fhir": ["UNHOLDABLE", "validate"],
    "lienthong.fhir.fhirpath": [
        "Date",
        "DateTime",
        "Expression",
        "Item",
        "Quantity",
        "Time",
        "TypeInfo",
        "compile",
        "evaluate",
        "nodes",
        "parse",
    ],
    "lienthong.fhir.profiles": ["Package", "Profile", "Profiles", "base", "check", "load"],
    "lienthong.sources": ["Converted", "Found", "LeftOut", "Source", "convert", "find", "read", "rejection"],
    "lienthong.warehouse": [
        "Balance",
        "Built",
        "CheckCounts",
        "Rows",
        "Warehouse",
        "read_view",
        "run_view",
        "stream_view",
    ],
    "lienthong.identity": ["CONFLICT", "Linked", "link"],
}
SIGNATURES = {
    "lienthong.fhir:validate": (
        "(resource: 'dict[str, Any] | bytes', *, profiles: 'Sequence[str | Profiles]' = (), invariants: 'bool' = True"
        ", advice: 'bool' = True) -> 'list[Finding]'"
    ),
    "lienthong.fhir.fhirpath:evaluate": (
        "(resource: 'dict[str, Any]', expression: 'str', *, environment: 'dict[str, Any] | None' = None,"
        " strict: 'bool' = False, clock: 'Callable[[], datetime]' = <function system_clock>) -> 'list[Any]'"
    ),
    "lienthong.fhir.fhirpath:compile": (
        "(expression: 'str', *, strict: 'bool' = False, as_filters: 'bool' = False) -> 'Expression'"
    ),
    "lienthong.sources:read": (
        "(path: 'str | os.PathLike[str]', format: 'str' = 'auto', *, settings: 'Settings | None' = None)"
        " -> 'Iterator[Converted]'"
    ),
    "lienthong.warehouse:run_view": (
        "(view: 'Mapping[str, Any]', resources: 'Iterable[dict[str, Any]] | Path', *, engine: 'str' = 'duckdb')"
        " -> 'pa.Table'"
    ),
}


@pytest.mark.parametrize("module", NAMES)
def test_the_names_are_these(module: str) -> None:
    assert sorted(importlib.import_module(module).__all__) == NAMES[module]


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_signatures_are_these(name: str) -> None:
    module, _, function = name.partition(":")
    signature = str(inspect.signature(getattr(importlib.import_module(module), function)))
    assert re.sub(r" at 0x\w+>", ">", signature) == SIGNATURES[name]


def test_a_node_is_opened_with_home_actor_and_purpose() -> None:
    node = importlib.import_module("lienthong").Node
    parameters = inspect.signature(node.__init__).parameters
    assert list(parameters)[:2] == ["self", "home"]
    assert {"actor", "purpose", "create", "clock", "random"} == set(list(parameters)[2:])
    for name in ("ingest", "build", "query", "trace", "export", "retry", "run_product", "decide", "permit", "close"):
        assert callable(getattr(node, name))
