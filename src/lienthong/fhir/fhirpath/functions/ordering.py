"""sort: by the items themselves or by keys; `-` before a key turns its order.

Items without a key come first in either order; items of equal keys keep their order.
Source: FHIRPath 3.0, `sort`.
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.comparison import order
from lienthong.fhir.fhirpath.operands import converter, scalar
from lienthong.fhir.fhirpath.plan import Env, One, Plan, many

__all__ = ["ORDERING"]

_MOST_KEYS = 10


def _sort(call: Call) -> Plan:
    keys: list[tuple[One, int]] = []
    for place, node in enumerate(call.node.arguments):
        turned = isinstance(node, ast.Unary) and node.operator == "-"
        inner = node.operand if isinstance(node, ast.Unary) and turned else node
        keys.append((scalar(call.compiler.plan(inner, call.inner()), call.at(place)), -1 if turned else 1))
    if not keys:
        convert = converter(call.input)
        keys.append((lambda item, env: convert(item), 1))
    run = call.input.many

    def run_sort(this: Any, env: Env) -> list[Any]:
        items = run(this, env)
        env.spend(len(items), call.source)
        rows = [([key(item, env) for key, _ in keys], item) for item in items]

        def compare(left: tuple[list[Any], Any], right: tuple[list[Any], Any]) -> int:
            for one, other, (_, sign) in zip(left[0], right[0], keys, strict=True):
                if one is None or other is None:
                    found, sign = (one is not None) - (other is not None), 1
                else:
                    found = order(one, other, call.source) or 0
                if found:
                    return found * sign
            return 0

        return [item for _, item in sorted(rows, key=cmp_to_key(compare))]

    return many(run_sort, *call.input.types)


ORDERING = {"sort": Function(_sort, 0, _MOST_KEYS)}
