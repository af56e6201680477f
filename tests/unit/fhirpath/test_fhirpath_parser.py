"""The FHIRPath parser: precedence, literals, names, and errors with their column."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lienthong.core.errors import Category, LienthongError
from lienthong.fhir.fhirpath import nodes, parse


def shown(node: nodes.Node) -> str:
    """A tree with every grouping written out."""
    match node:
        case nodes.Literal(kind, value, _, unit):
            return f"{value}'{unit}'" if unit else ("{}" if kind is nodes.LiteralKind.EMPTY else str(value))
        case nodes.Constant(name):
            return f"%{name}"
        case nodes.Variable(name):
            return name
        case nodes.Member(tree, name):
            return name if tree is None else f"{shown(tree)}.{name}"
        case nodes.Call(tree, name, arguments):
            call = f"{name}({','.join(shown(item) for item in arguments)})"
            return call if tree is None else f"{shown(tree)}.{call}"
        case nodes.Index(tree, index):
            return f"{shown(tree)}[{shown(index)}]"
        case nodes.Unary(operator, operand):
            return f"({operator}{shown(operand)})"
        case nodes.Binary(operator, left, right):
            return f"({shown(left)} {operator} {shown(right)})"
        case nodes.TypeOperation(operator, operand, name):
            return f"({shown(operand)} {operator} {name})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a.b.c", "a.b.c"),
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("-a.b + c", "((-a.b) + c)"),
        ("a = b and c != d or e", "(((a = b) and (c != d)) or e)"),
        ("a implies b implies c", "((a implies b) implies c)"),
        ("a | b > c", "((a | b) > c)"),
        ("a in b and c contains d", "((a in b) and (c contains d))"),
        ("a is FHIR.Quantity and b", "((a is FHIR.Quantity) and b)"),
        ("(a as Quantity).value > 1", "((a as Quantity).value > 1)"),
        ("a.where($this = 'x')[0].b", "a.where(($this = x))[0].b"),
        ("a.is(Quantity)", "a.is(Quantity)"),
        ("%`a-b`.c", "%a-b.c"),
        ("%'a b'", "%a b"),
        ("`div`.`as`", "div.as"),
        ("contains.in.is.as", "contains.in.is.as"),
        ("{} ~ {}", "({} ~ {})"),
        ("1 year + 2 'mg'", "(1'year' + 2'mg')"),
        ("5 div 2 mod 3", "((5 div 2) mod 3)"),
        ("a // to the end\n + /* between */ b", "(a + b)"),
        ("a & 'b' & c", "((a & b) & c)"),
        ("f()", "f()"),
        ("a.f(1,b.c)", "a.f(1,b.c)"),
    ],
)
def test_precedence_and_names(text: str, tree: str) -> None:
    assert shown(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("true", nodes.LiteralKind.BOOLEAN, True),
        ("12", nodes.LiteralKind.INTEGER, 12),
        ("1.10", nodes.LiteralKind.DECIMAL, Decimal("1.10")),
        (r"'it\'s \u00e1\n'", nodes.LiteralKind.STRING, "it's á\n"),
        ("@2015", nodes.LiteralKind.DATE, "2015"),
        ("@2015-02-04", nodes.LiteralKind.DATE, "2015-02-04"),
        ("@2015T", nodes.LiteralKind.DATETIME, "2015T"),
        ("@2015-02-04T14:34:28.5+07:00", nodes.LiteralKind.DATETIME, "2015-02-04T14:34:28.5+07:00"),
        ("@T14:34", nodes.LiteralKind.TIME, "T14:34"),
    ],
)
def test_literals_keep_what_was_written(text: str, kind: nodes.LiteralKind, value: object) -> None:
    node = parse(text)
    assert isinstance(node, nodes.Literal)
    assert (node.kind, node.value) == (kind, value)
    assert str(node.value) == str(value)


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("@@", "column 1", "a date or time is not written as"),
        ("a.", "column 3", "the end stands where a name is expected"),
        ("a.where(b = ", "column 13", "the end stands where"),
        ("a b", "column 3", "a name 'b' stands where an operator or the end is expected"),
        ("'open", "column 1", "opened and never closed"),
        ("a ==", "column 4", "'=' stands where"),
        ("a.$this", "column 3", "stands where a name is expected"),
        ("a[1", "column 4", "the end stands where ']' is expected"),
        (r"'\q'", "column 2", r"there is no escape \q"),
        ("a\n + #", "line 2, column 4", "has no meaning here"),
        ("@2015-13", "column 1", "there is no such date"),
        ("@T25:00", "column 1", "there is no such date or time"),
        ("/* x", "column 1", "comment is opened"),
        ("", "column 1", "the end stands where a name is expected"),
        ("(" * 5000 + "a" + ")" * 5000, "column 101", "nested more than 100 deep"),
        ("-" * 5000 + "a", "column 100", "nested more than 100 deep"),
        ("a" + ".b" * 5000, "column 9601", "chains more than 200"),
        ("a" + " or b" * 5000, "column 23998", "chains more than 200"),
    ],
)
def test_errors_name_the_column(text: str, where: str, why: str) -> None:
    with pytest.raises(LienthongError) as caught:
        parse(text)
    assert caught.value.category is Category.INCORRECT
    assert caught.value.code == "fhirpath-syntax"
    assert caught.value.where == where
    assert why in caught.value.what


def test_nodes_know_where_they_began() -> None:
    tree = parse("name.where(use = 'x')")
    assert isinstance(tree, nodes.Call)
    assert (tree.at, tree.input.at if tree.input else None) == (5, 0)
    condition = tree.arguments[0]
    assert isinstance(condition, nodes.Binary)
    assert condition.at == 15
