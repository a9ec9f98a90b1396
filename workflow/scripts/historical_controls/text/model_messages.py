"""What the mixed-model library reports, in words: its codes with values ('variance_zero|effect=day|group=treated')."""

from __future__ import annotations

from historical_controls.text.formatting import MINUS
from historical_controls.text.words import Words

ANY = "model_message.other"


def model_messages(words: Words, text: str) -> str:
    """Messages joined by '; ' in words; one whose code has no words of its own says that the model was refused."""
    return "; ".join(model_message(words, one) for one in text.split("; "))


def model_message(words: Words, coded: str) -> str:
    """One message: 'code|name=value|...'. Effects, groups and signs are named; other values stand as they are."""
    code, *parts = coded.split("|")
    # Once only: a value may have an equals sign itself ('group=arm=treated').
    values = dict(part.split("=", 1) for part in parts)
    key = f"model_message.{code}"
    # Codes for programmers have no words: a reader learns that the model was refused, and no more.
    if not words.has(key):
        return words(ANY)
    group = values.pop("group", "").removeprefix("arm=")
    named = {name: _named(words, name, value) for name, value in values.items()}
    said = words(key, **named)
    return f"{words(f'arm.{group}')}: {said}" if words.has(f"arm.{group}") else said


def _named(words: Words, name: str, value: str) -> str:
    if name == "sign":
        return value.replace("-", MINUS)
    group = {"effect": "term", "other": "term", "method": "df_method"}.get(name)
    return words.entries.get(f"{group}.{value}", value) if group else value
