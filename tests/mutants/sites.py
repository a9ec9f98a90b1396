"""What a mutant is: one small change of a module's text that a test should notice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Each changes what is computed at an edge or in a direction. Texts are left alone but for the sides that they name.
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE,), ast.LtE: (ast.Lt,), ast.Gt: (ast.GtE,), ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Pow: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Add,
}  # fmt: skip
_PAIRS = (
    ("min", "max"), ("any", "all"), ("minimum", "maximum"), ("nanmin", "nanmax"), ("floor", "ceil"), ("lt", "le"),
    ("gt", "ge"), ("eq", "ne"), ("idxmin", "idxmax"), ("argmin", "argmax"), ("cummin", "cummax"), ("isna", "notna"),
    ("first", "last"), ("head", "tail"), ("lower", "upper"), ("treated", "historical"), ("left", "right"),
    ("ffill", "bfill"), ("before", "after"), ("less", "greater"), ("logical_and", "logical_or"), ("low", "high"),
)  # fmt: skip
OTHER_SIDE = {name: other for pair in _PAIRS for name, other in (pair, pair[::-1])}


@dataclass(frozen=True)
class Mutant:
    """One change: the file below the library, where in it, what is there and what replaces it."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: str
    before: str
    after: str

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.kind}: {self.before} -> {self.after}"

    def applied(self, text: str) -> str:
        """The text of the file with the change made. Columns count bytes, as Python's parser does."""
        lines = text.encode().splitlines(keepends=True)
        start = sum(map(len, lines[: self.line - 1])) + self.column
        end = sum(map(len, lines[: self.end_line - 1])) + self.end_column
        whole = b"".join(lines)
        return (whole[:start] + self.after.encode() + whole[end:]).decode()


def mutants_of(path: Path, library: Path) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its text."""
    text = path.read_text(encoding="utf-8")
    file = path.relative_to(library).as_posix()
    made = [
        Mutant(
            file, n.lineno, n.col_offset, n.end_lineno, n.end_col_offset, kind, ast.unparse(n), f"({ast.unparse(new)})"
        )
        for n in _computing(ast.parse(text))
        for kind, new in _changes(n)
    ]
    yield from sorted(made, key=lambda one: (one.line, one.column, one.kind, one.after))


def _computing(tree: ast.AST) -> Iterator[ast.expr]:
    """Expressions of a module that compute something: no annotation, docstring, decorator, message or import."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr):
            yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params") or _says(node, name):
                continue
            items = value if isinstance(value, list) else [value]
            waiting += [item for item in items if isinstance(item, ast.AST)]


def _says(node: ast.AST, field: str) -> bool:
    """Whether a field is for people (a message, a docstring) or for type checkers."""
    if isinstance(node, (ast.Raise, ast.JoinedStr)):
        # Python 3.11 does not know where in a formatted text an expression is.
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and field == "value"


def _changes(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    yield from _operations(node)
    yield from _values(node)


def _operations(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Compare(left, ops, comparators):
            for place, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield "comparison", ast.Compare(left, [*ops[:place], other(), *ops[place + 1 :]], comparators)
        case ast.BoolOp(op, values):
            yield "and/or", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub() | ast.Invert(), operand):
            yield "sign", operand
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
            yield "arithmetic", ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.IfExp(test, body, orelse):
            yield "branches", ast.IfExp(test, orelse, body)
        case _:
            return


def _values(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Constant(bool() as value):
            yield "flag", ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield "number", ast.Constant(value + 1)
        case ast.Constant(str() as value) if value in OTHER_SIDE:
            yield "side", ast.Constant(OTHER_SIDE[value])
        case ast.Attribute(value, attr, ctx) if attr in OTHER_SIDE:
            yield "side", ast.Attribute(value, OTHER_SIDE[attr], ctx)
        case ast.Call(ast.Name(name), args, keywords) if name in OTHER_SIDE:
            yield "side", ast.Call(ast.Name(OTHER_SIDE[name]), args, keywords)
        case _:
            return
