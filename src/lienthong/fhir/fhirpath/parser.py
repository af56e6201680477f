"""The whole grammar of FHIRPath N1 (which R4 uses) by precedence climbing: text to a syntax tree.

Source: FHIRPath N1 (http://hl7.org/fhirpath/N1/), sections 2 to 6.7 and the grammar in appendix C.
"""

from __future__ import annotations

from decimal import Decimal

from lienthong.fhir.fhirpath.nodes import (
    Binary,
    Call,
    Constant,
    Index,
    Literal,
    LiteralKind,
    Member,
    Node,
    TypeOperation,
    Unary,
    Variable,
)
from lienthong.fhir.fhirpath.tokens import Token, TokenKind, fault, tokenize

__all__ = ["parse"]

# Loosest first; operators of one level associate to the left (section 6.7).
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"implies"}),
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"in", "contains"}),
    frozenset({"=", "~", "!=", "!~"}),
    frozenset({"<", ">", "<=", ">="}),
    frozenset({"|"}),
    frozenset({"is", "as"}),
    frozenset({"+", "-", "&"}),
    frozenset({"*", "/", "div", "mod"}),
)
_STRENGTH = {operator: level for level, operators in enumerate(_LEVELS) for operator in operators}
_TYPE_LEVEL = _STRENGTH["is"]
_RESERVED = frozenset({"and", "or", "xor", "implies", "div", "mod", "true", "false"})
_UNITS = frozenset(
    word
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for word in (unit, unit + "s")
)
_DATES = {
    TokenKind.DATE: LiteralKind.DATE,
    TokenKind.DATETIME: LiteralKind.DATETIME,
    TokenKind.TIME: LiteralKind.TIME,
}
_VARIABLES = frozenset({"$this", "$index", "$total"})
_DEEPEST = 100  # brackets within brackets
_LONGEST_NUMBER = 100
_HIGHEST = 200  # steps from the root of a tree to its leaves; who walks a tree may so do it by recursion


def parse(expression: str) -> Node:
    """The syntax tree of an expression.

    Raises `fhirpath-syntax` (incorrect) with the column, also where an expression is nested more than 100
    deep or chains more than 200 operators or steps.
    """
    parser = _Parser(expression)
    tree = parser.expression(0)
    parser.expect_end()
    level: list[Node] = [tree]
    for _ in range(_HIGHEST):
        level = [child for node in level for child in _children(node)]
        if not level:
            return tree
    raise fault(expression, level[0].at, f"it chains more than {_HIGHEST} operators or steps")


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Binary(_, left, right) | Index(left, right):
            return (left, right)
        case Unary(_, operand) | TypeOperation(_, operand):
            return (operand,)
        case Call(tree, _, arguments):
            return arguments if tree is None else (tree, *arguments)
        case Member(tree):
            return () if tree is None else (tree,)
        case _:
            return ()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokenize(text))
        self.next = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def advance(self) -> Token:
        token = self.token
        self.next += 1
        return token

    def is_symbol(self, symbol: str) -> bool:
        return self.token.kind is TokenKind.SYMBOL and self.token.text == symbol

    def expect(self, symbol: str) -> Token:
        if not self.is_symbol(symbol):
            raise self.unexpected(f"'{symbol}'")
        return self.advance()

    def expect_end(self) -> None:
        if self.token.kind is not TokenKind.END:
            raise self.unexpected("an operator or the end")

    def unexpected(self, allowed: str) -> Exception:
        token = self.token
        found = token.kind.value if token.kind is TokenKind.END else f"{token.kind.value} '{token.text}'"
        return fault(self.text, token.at, f"{found} stands where {allowed} is expected", allowed)

    def expression(self, level: int) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise fault(self.text, self.token.at, f"it is nested more than {_DEEPEST} deep")
        left = self.unary()
        while True:
            token = self.token
            if token.kind not in (TokenKind.SYMBOL, TokenKind.NAME):
                break
            strength = _STRENGTH.get(token.text, -1)
            if strength < level:
                break
            self.advance()
            if strength == _TYPE_LEVEL:
                left = TypeOperation(token.text, left, self.type_name(), token.at)
            else:
                left = Binary(token.text, left, self.expression(strength + 1), token.at)
        self.depth -= 1
        return left

    def unary(self) -> Node:
        if self.is_symbol("+") or self.is_symbol("-"):
            token = self.advance()
            self.depth += 1
            if self.depth > _DEEPEST:
                raise fault(self.text, token.at, f"it is nested more than {_DEEPEST} deep")
            operand = self.unary()
            self.depth -= 1
            return Unary(token.text, operand, token.at)
        return self.path()

    def path(self) -> Node:
        tree = self.term()
        while True:
            if self.is_symbol("."):
                self.advance()
                tree = self.invocation(tree)
            elif self.is_symbol("["):
                at = self.advance().at
                index = self.expression(0)
                self.expect("]")
                tree = Index(tree, index, at)
            else:
                return tree

    def term(self) -> Node:
        token = self.token
        if token.kind is TokenKind.SYMBOL:
            return self.symbol_term()
        if token.kind is TokenKind.STRING:
            self.advance()
            return Literal(LiteralKind.STRING, token.text, token.at)
        if token.kind is TokenKind.NUMBER:
            return self.number()
        if token.kind in _DATES:
            self.advance()
            self.check_date(token)
            return Literal(_DATES[token.kind], token.text, token.at)
        if token.kind is TokenKind.NAME and token.text in ("true", "false"):
            self.advance()
            return Literal(LiteralKind.BOOLEAN, token.text == "true", token.at)
        return self.invocation(None)

    def symbol_term(self) -> Node:
        token = self.token
        if token.text == "(":
            self.advance()
            tree = self.expression(0)
            self.expect(")")
            return tree
        if token.text == "{":
            self.advance()
            self.expect("}")
            return Literal(LiteralKind.EMPTY, None, token.at)
        if token.text == "%":
            self.advance()
            if self.token.kind is TokenKind.STRING:
                return Constant(self.advance().text, token.at)
            return Constant(self.identifier(), token.at)
        raise self.unexpected("a path, a function or a literal")

    def number(self) -> Node:
        token = self.advance()
        if len(token.text) > _LONGEST_NUMBER:
            raise fault(self.text, token.at, f"a number has more than {_LONGEST_NUMBER} digits")
        value: int | Decimal = Decimal(token.text) if "." in token.text else int(token.text)
        unit = self.token
        if unit.kind is TokenKind.STRING or (unit.kind is TokenKind.NAME and unit.text in _UNITS):
            self.advance()
            return Literal(LiteralKind.QUANTITY, Decimal(token.text), token.at, unit.text)
        return Literal(LiteralKind.DECIMAL if "." in token.text else LiteralKind.INTEGER, value, token.at)

    def check_date(self, token: Token) -> None:
        date, _, time = token.text.partition("T")
        parts = date.split("-") if date else []
        clock = time.replace("Z", "").split("+")[0].split("-")[0].split(":") if time else []
        ranges = [(parts[1:2], 1, 12), (parts[2:3], 1, 31), (clock[:1], 0, 23), (clock[1:2], 0, 59)]
        if any(part and not low <= int(part[0]) <= high for part, low, high in ranges):
            raise fault(self.text, token.at, "there is no such date or time")
        if clock[2:3] and Decimal(clock[2]) >= 60:
            raise fault(self.text, token.at, "there is no such time")

    def invocation(self, tree: Node | None) -> Node:
        token = self.token
        if token.kind is TokenKind.NAME and token.text.startswith("$"):
            if token.text not in _VARIABLES:
                raise self.unexpected("$this, $index or $total")
            if tree is not None:
                raise self.unexpected("a name")
            self.advance()
            return Variable(token.text, token.at)
        name = self.identifier()
        if not self.is_symbol("("):
            return Member(tree, name, token.at)
        self.advance()
        arguments: list[Node] = []
        if not self.is_symbol(")"):
            arguments.append(self.expression(0))
            while self.is_symbol(","):
                self.advance()
                arguments.append(self.expression(0))
        self.expect(")")
        return Call(tree, name, tuple(arguments), token.at)

    def identifier(self) -> str:
        token = self.token
        if token.kind is TokenKind.DELIMITED:
            return self.advance().text
        if token.kind is TokenKind.NAME and token.text not in _RESERVED and not token.text.startswith("$"):
            return self.advance().text
        raise self.unexpected("a name")

    def type_name(self) -> str:
        name = self.identifier()
        while self.is_symbol("."):
            self.advance()
            name += "." + self.identifier()
        return name
