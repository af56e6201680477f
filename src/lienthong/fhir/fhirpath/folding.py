"""Parts of an expression that need not be run for every item: literals once for all, %resource's parts once a call.

What is the same for every item of a criterion is kept for the rest of the evaluation (dom-3 would else walk the whole
resource for every contained one).
"""

from __future__ import annotations

from typing import Any

from lienthong.fhir.fhirpath import nodes as ast
from lienthong.fhir.fhirpath.plan import Env, Plan

__all__ = ["folded", "is_fixed", "is_literal", "remembered"]

_ROOTS = frozenset({"resource", "rootResource", "context"})
_TYPED = frozenset({"as", "is", "ofType"})  # their argument is a type; any other could depend on the item
# These act, or ask somebody who may answer differently.
_NEVER = frozenset({"trace", "defineVariable", "resolve", "memberOf", "conformsTo"})


def is_literal(node: ast.Node) -> bool:
    """Whether a tree is a literal, or a union of literals."""
    match node:
        case ast.Literal():
            return True
        case ast.Binary("|", left, right):
            return is_literal(left) and is_literal(right)
        case _:
            return False


def folded(plan: Plan) -> Plan:
    """The plan of a union of literals, run once."""
    items = plan.many(None, Env())
    return Plan(lambda this, env: items, plan.types)


def is_fixed(node: ast.Node) -> bool:
    """Whether a tree is the same for every item: it begins at %resource and its like, and calls a function."""
    return _calls(node) and _is_rooted(node)


def _calls(node: ast.Node) -> bool:
    match node:
        case ast.Call():
            return True
        case ast.Member(tree) if tree is not None:
            return _calls(tree)
        case ast.Binary("|", left, right):
            return _calls(left) or _calls(right)
        case _:
            return False


def _is_rooted(node: ast.Node) -> bool:
    match node:
        case ast.Constant(name):
            return name in _ROOTS
        case ast.Member(tree) if tree is not None:
            return _is_rooted(tree)
        case ast.Call(tree, name, arguments) if tree is not None:
            is_typed = name in _TYPED or all(isinstance(part, ast.Literal) for part in arguments)
            return name not in _NEVER and is_typed and _is_rooted(tree)
        case ast.Binary("|", left, right):
            return _is_rooted(left) and _is_rooted(right)
        case _:
            return False


def remembered(plan: Plan, slot: int) -> Plan:
    """The plan, run once in an evaluation."""
    run = plan.many

    def run_once(this: Any, env: Env) -> list[Any]:
        if env.variables is None:
            env.variables = {}
        found = env.variables.get(slot)
        if found is None:
            found = env.variables[slot] = run(this, env)
        return found

    return Plan(run_once, plan.types)
