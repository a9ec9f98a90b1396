"""What a key of the results table that nobody declared is answered with."""

from __future__ import annotations

from collections.abc import Iterable

from historical_controls.errors import did_you_mean


class UndeclaredKeyError(LookupError):
    """Code wrote or asked for a key that `ard/keys` does not declare: a bug, hence not a UserError."""


def undeclared(what: str, value: object, declared: Iterable[str]) -> str:
    """The message: the key, and the nearest declared one."""
    return f"{what} '{value}' is not declared in ard/keys. {did_you_mean(str(value), [str(one) for one in declared])}"
