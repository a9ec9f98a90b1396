"""What pydantic finds wrong with a config, in the words of a user: key, value, what is allowed, what to type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from historical_controls.config.reading.former_keys import edit_for
from historical_controls.errors import UserError, did_you_mean, nearest

# Characters of a value that a message quotes.
LONGEST = 80
QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")

Schema = Mapping[str, Any]
Said = tuple[str, str | None]


def faults_of(error: ValidationError, raw: object, name: str, schema: Schema) -> Iterator[UserError]:
    """One fault for each place that pydantic names. raw: what was validated; schema: of the model that refused it."""
    # pydantic reports every member of a union that fails; the first fault of a place says enough.
    placed: set[str] = set()
    for item in error.errors():
        unread = item["type"] in ("missing", "extra_forbidden")
        path = key_path(item["loc"], raw, unread)
        # Validators of the project raise value_error, each with a message of its own.
        if path in placed and item["type"] != "value_error":
            continue
        placed.add(path)
        what, hint = _said(dict(item), schema)
        if item["type"] == "extra_forbidden":
            hint = edit_for(path) or hint
        yield UserError(what, f"{name}: {path}" if path else name, hint)


def key_path(loc: tuple[int | str, ...], raw: Any, keep_last: bool) -> str:
    """The dotted path as the file has it: pydantic's own steps (union tags) are left out.

    keep_last: the last step is a key that the file lacks, or that nobody knows.
    """
    out: list[str] = []
    for number, step in enumerate(loc, start=1):
        inside = isinstance(raw, Mapping) and step in raw
        listed = isinstance(raw, list) and isinstance(step, int) and step < len(raw)
        if inside or listed:
            # A step that the file does not have is pydantic's own, such as the tag of a union.
            raw = raw[step]
        elif number < len(loc) or not keep_last:
            continue
        out.append(str(step))
    return ".".join(out)


def shown(value: object) -> str:
    """A value as a message quotes it: text in quotes, anything else as YAML writes it, cut where it is long."""
    if isinstance(value, str):
        return f"'{_cut(value)}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    # Python refuses to print integers of more than 4300 digits.
    if isinstance(value, int) and abs(value) > 10**LONGEST:
        return "a number of more than 80 digits"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else _cut(str(value))


def _cut(text: str) -> str:
    # Control characters could rewrite a terminal's lines.
    plain = "".join(c if c.isprintable() else "?" for c in text[: LONGEST + 1])
    return plain if len(text) <= LONGEST else f"{plain[:LONGEST]}..."


def _said(item: dict[str, Any], schema: Schema) -> Said:
    """What and hint of one of pydantic's errors."""
    value, kind, context = item["input"], item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key", _known_keys_hint(item["loc"], schema)
    if kind == "missing":
        return "this key is missing", None
    if kind == "value_error":
        said = item["msg"].removeprefix("Value error, ")
        return (said if isinstance(value, Mapping) else f"{said} (found {shown(value)})"), None
    if kind in ("literal_error", "union_tag_invalid", "union_tag_not_found", "enum"):
        return _not_among(value, kind, context)
    return _plain(value, kind, context)


def _not_among(value: object, kind: str, context: Mapping[str, Any]) -> Said:
    # pydantic gives the allowed values as one English sentence; they are the quoted parts of it.
    allowed = QUOTED.findall(str(context.get("expected_tags") or context.get("expected") or ""))
    if kind == "union_tag_not_found":
        return "the key 'kind' is missing", f"Allowed: {', '.join(allowed)}." if allowed else None
    found = str(context.get("tag")) if kind == "union_tag_invalid" else value
    hint = did_you_mean(found, allowed) if isinstance(found, str) and allowed else f"Allowed: {', '.join(allowed)}."
    return f"{shown(found)} is not allowed", hint if allowed else f"Allowed: {context.get('expected')}."


LIMITS = {
    "greater_than": ("too small", "Type a number above {gt}."),
    "greater_than_equal": ("too small", "Type a number of at least {ge}."),
    "less_than": ("too large", "Type a number below {lt}."),
    "less_than_equal": ("too large", "Type a number of at most {le}."),
}
SHAPES = {
    "string": ("text", "Type text, in quotes where it looks like a number."),
    "int": ("a whole number", "Type a whole number, such as 7."),
    "float": ("a number", "Type a number, such as 0.5."),
    "finite": ("a finite number", "Type a number, such as 0.5."),
    "bool": ("true or false", "Type true or false."),
    "date": ("a date", "Type it as 2020-09-30."),
    "list": ("a list", "Type a list, such as [a, b]."),
    "tuple": ("a list", "Type a list, such as [1, 2]."),
    "dict": ("a mapping", "Type a mapping of keys to values."),
    "model": ("a mapping", "Type a mapping of keys to values."),
    "mapping": ("a mapping", "Type a mapping of keys to values."),
}


def _plain(value: object, kind: str, context: Mapping[str, Any]) -> Said:
    if kind in LIMITS:
        said, hint = LIMITS[kind]
        return f"{shown(value)} is {said}", hint.format(**context)
    if kind == "too_short":
        return "this is empty", f"At least {context['min_length']} item is needed."
    if kind == "string_too_short":
        return "this text is empty", "Type a text, or leave the key out where it has a default."
    if kind == "string_too_long":
        return f"{shown(value)} is too long", f"Type at most {context['max_length']} characters."
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} is not a valid name", _pattern_hint(str(context["pattern"]))
    asked, hint = SHAPES.get(kind.split("_")[0], ("allowed here", ""))
    return f"{shown(value)} is not {asked}", hint or None


def _pattern_hint(pattern: str) -> str:
    capital = pattern.startswith("^[A-Z]")
    letters = "capital letters" if capital else "small letters"
    return f"A name has {letters}, digits and _, and begins with a letter."


def _known_keys_hint(loc: tuple[int | str, ...], schema: Schema) -> str:
    typo = str(loc[-1])
    keys = sorted(_keys_at(loc, schema))
    near = nearest(typo, keys)
    return f"Did you mean '{near}'?" if near else f"Allowed here: {', '.join(keys)}."


def _keys_at(loc: tuple[int | str, ...], schema: Schema) -> set[str]:
    """Keys allowed where an unknown one was found."""
    node: Schema = schema
    for step in loc[:-1]:
        node = _step_into(node, step, schema)
    return set(_resolved(node, schema).get("properties", {}))


def _step_into(node: Schema, step: int | str, schema: Schema) -> Schema:
    node = _resolved(node, schema)
    if step in node.get("properties", {}):
        return node["properties"][step]
    if step in node.get("discriminator", {}).get("mapping", {}):
        return {"$ref": node["discriminator"]["mapping"][step]}
    if isinstance(step, int):
        return node.get("items", node)
    keyed = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    # A mapping by name: whatever the key, its values have one schema. An unconstrained key is under patternProperties.
    return next((values for values in keyed if isinstance(values, dict)), node)


def _resolved(node: Schema, schema: Schema) -> Schema:
    if "$ref" in node:
        return schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    # "This or null": the section is the one option with a reference.
    for option in node.get("anyOf", []):
        if "$ref" in option:
            return _resolved(option, schema)
    return node
