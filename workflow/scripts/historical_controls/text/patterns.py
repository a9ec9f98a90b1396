"""Regular expressions that a config declares: they are valid, and end in bounded time on any text."""

from __future__ import annotations

import re

# Escapes, sets and brackets of groups, and repeats without an upper bound.
TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?[^:=!<]*[:=!<]+)?|\)|\||[+*]\??|\{\d*,\}\??|.", re.DOTALL)
UNBOUNDED = re.compile(r"[+*]\??|\{\d*,\}\??")


def check_pattern(pattern: str) -> None:
    """Raise ValueError for a text that is no regular expression, or that may take for ever on a long line.

    '(a+)+$' tries every way to cut a line into pieces: twice as many with each letter more. Repeats inside of repeats,
    and alternatives inside of repeats, are what such expressions have in common.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"'{pattern}' is not a valid regular expression: {error}") from None
    if _repeats_choices(pattern):
        raise ValueError(
            f"'{pattern}' repeats a group that has repeats or alternatives in it, which can take for ever on a long "
            "line; write it without the outer repeat, or with a bound such as {1,20}"
        )


def _repeats_choices(pattern: str) -> bool:
    choices = [False]
    closed = False
    for token in TOKEN.findall(pattern):
        unbounded = UNBOUNDED.fullmatch(token) is not None
        if unbounded and closed:
            return True
        closed = False
        if token.startswith("("):
            choices.append(False)
        elif token == ")" and len(choices) > 1:
            closed = choices.pop()
            choices[-1] |= closed
        elif unbounded or token == "|":
            choices[-1] = True
    return False
