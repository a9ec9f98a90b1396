"""From a small part of LaTeX to presentation MathML, without a library: what browsers show and screen readers speak."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|[^\s]")
COMMANDS = {
    "alpha": "α", "beta": "β", "delta": "δ", "theta": "θ", "lambda": "λ", "nu": "ν", "tau": "τ", "Phi": "Φ",
    "ell": "ℓ",
}  # fmt: skip
OPERATORS = {
    "sim": "∼", "pm": "±", "sum": "∑", "ge": "≥", "le": "≤", "cdot": "⋅", "T": "⊤", "ne": "≠",
    "quad": "\u2003",
}  # fmt: skip
FUNCTIONS = ("log", "tr", "mean", "min", "max", "df")
SIGNS, BRACKETS = "+-=<>()[]|,/", "()[]|"
# What a sign is in print.
PRINTED = {"-": "−"}
ONE_ARGUMENT = {"sqrt": "msqrt"}


def mathml(formula: str, spoken: str) -> Markup:
    """The `<math>` element of a formula in LaTeX: letters, numbers, _ ^ { }, and the commands that this module lists.

    `spoken`: the formula as plain text, for who cannot see it. Raises ValueError for what it does not know.
    """
    tokens = TOKEN.findall(formula)
    body = "".join(_row(tokens))
    if tokens:
        raise ValueError(f"'{formula}' closes a brace that nothing opens")
    return Markup('<math display="block" aria-label="{}">{}</math>').format(spoken, Markup(body))


def _row(tokens: list[str]) -> Iterator[str]:
    """Elements up to the brace that closes the group, which is left."""
    while tokens and tokens[0] != "}":
        base = _atom(tokens)
        marks: dict[str, str] = {}
        while tokens and tokens[0] in "_^":
            mark = tokens.pop(0)
            marks[mark] = _atom(tokens)
        if len(marks) == 2:
            yield f"<msubsup>{base}{marks['_']}{marks['^']}</msubsup>"
        elif marks:
            name = "msub" if "_" in marks else "msup"
            yield f"<{name}>{base}{next(iter(marks.values()))}</{name}>"
        else:
            yield base


def _atom(tokens: list[str]) -> str:
    """One element: a group, a fraction, a root, a word, a letter, a number or a sign."""
    token = tokens.pop(0)
    if token == "{":
        inner = list(_row(tokens))
        if not tokens:
            raise ValueError("a brace is not closed")
        tokens.pop(0)
        # One element needs no row around it.
        return inner[0] if len(inner) == 1 else f"<mrow>{''.join(inner)}</mrow>"
    if token.startswith("\\"):
        return _command(token[1:], tokens)
    if token[0].isdigit():
        return f"<mn>{token}</mn>"
    if token in SIGNS:
        # A closing bracket with an exponent is no pair to a browser: only one of the two would grow.
        fixed = ' stretchy="false"' if token in BRACKETS else ""
        return f"<mo{fixed}>{escape(PRINTED.get(token, token))}</mo>"
    if token.isalpha():
        return f"<mi>{token}</mi>"
    raise ValueError(f"'{token}' has no place in a formula")


def _command(name: str, tokens: list[str]) -> str:
    if name == "frac":
        return f"<mfrac>{_atom(tokens)}{_atom(tokens)}</mfrac>"
    if name in ONE_ARGUMENT:
        return f"<{ONE_ARGUMENT[name]}>{_atom(tokens)}</{ONE_ARGUMENT[name]}>"
    if name == "bar":
        return f'<mover>{_atom(tokens)}<mo stretchy="false">¯</mo></mover>'
    if name in ("text", "mathrm"):
        return f"<mtext>{escape(_word(tokens))}</mtext>"
    if name in COMMANDS:
        return f"<mi>{COMMANDS[name]}</mi>"
    if name in FUNCTIONS:
        return f"<mi>{name}</mi>"
    if name in ("{", "}"):
        return f'<mo stretchy="false">{name}</mo>'
    if name in OPERATORS:
        return f"<mo>{OPERATORS[name]}</mo>"
    raise ValueError(f"'\\{name}' is not a command that formulas use")


def _word(tokens: list[str]) -> str:
    """The letters of a braced word: '\\text{odds}'."""
    if not tokens or tokens.pop(0) != "{":
        raise ValueError("a word stands in braces")
    letters = []
    while tokens and tokens[0] != "}":
        letters.append(tokens.pop(0))
    if not tokens:
        raise ValueError("a brace is not closed")
    tokens.pop(0)
    return "".join(letters).replace("~", " ")
