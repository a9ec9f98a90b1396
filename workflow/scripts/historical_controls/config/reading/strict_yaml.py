"""The text of a config, looked at before Snakemake reads it: YAML itself lets too much pass in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from historical_controls.config.sources.codes import TEXT_KEYS, plain_text
from historical_controls.errors import UserError, raise_all

MARK = re.compile(r"#\s*CONFIRM:\s*(.*)$")
NOT_CONFIRMED = "not confirmed yet: "
# Snakemake runs a config with this key as a template, and with it whatever Python its values hold.
TEMPLATE_KEY = "__use_yte__"


# The C parser reads a long config about six times as fast as the Python one.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_text(path: str | Path, draft: bool = False) -> None:
    """Raises UserError(s) for a config that is not UTF-8 or not YAML, says a key twice, or asks to be run as code; and
    for every guess that is not confirmed, but where it is looked at as a draft."""
    root = composed(path)
    raise_all([*_faults(root, (), str(path), set()), *(() if draft else unconfirmed(path))])


def unconfirmed(path: str | Path, shown: str = "") -> Iterator[UserError]:
    """Lines that `make study` guessed and that nobody has looked at: a run on guesses would look like any other.

    shown: the path as messages name it.
    """
    for number, line in enumerate(Path(path).read_text(encoding="utf-8-sig").splitlines(), start=1):
        mark = MARK.search(line)
        if mark:
            hint = "Correct the line if it is wrong, then delete the mark and what follows it."
            yield UserError(f"{NOT_CONFIRMED}{mark[1]}", f"{shown or path}, line {number}", hint)


def _lost_texts(node: yaml.Node, keys: tuple[str, ...], place: str) -> Iterator[UserError]:
    """Yield a scalar that YAML reads as something whose text it does not keep, where the config quotes a cell."""
    if not isinstance(node, yaml.ScalarNode) or node.style or not TEXT_KEYS & set(keys):
        return
    value = LOADER("").construct_object(node)
    if isinstance(value, str | bool) or (value is None and node.value.casefold() == "null"):
        return
    # 007 is 7 to YAML, 12:30 is 750, 0.20 is 0.2, '~' and nothing are null: the cell would never be met.
    if plain_text(value) != node.value:
        what = f"YAML does not keep the text {node.value or '(empty)'} under '{'.'.join(keys)}'"
        hint = f'Write it in quotes: "{node.value}".' if node.value else "Write the text, or take the item out."
        yield UserError(what, f"{place}, line {node.start_mark.line + 1}", hint)


def composed(path: str | Path, shown: str = "") -> yaml.Node | None:
    """The nodes of a YAML file, each with its line. shown: the path as messages name it. Raises UserError."""
    place = shown or str(path)
    content = Path(path).read_bytes()
    try:
        # Decoded here and not by PyYAML, to name the line of a wrong byte.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        hint = "Save it as UTF-8 in your editor."
        raise UserError("the file is not UTF-8", f"{place}, line {line}", hint) from None
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{place}, line {mark.line + 1}" if mark is not None else place
        hint = "Check the indentation and the quotes of this line and of the one before."
        raise UserError(f"this is not YAML: {getattr(error, 'problem', None) or 'unreadable'}", where, hint) from None
    return root


def _faults(node: yaml.Node | None, keys: tuple[str, ...], place: str, visited: set[int]) -> Iterator[UserError]:
    # An anchor may be used many times, and may even name itself.
    if node is None or id(node) in visited:
        return
    visited.add(id(node))
    yield from _lost_texts(node, keys, place)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _faults(item, (*keys, str(number)), place, visited)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            path = ".".join((*keys, name))
            if name == TEMPLATE_KEY:
                hint = "Take it out; write the values themselves."
                yield UserError(f"'{TEMPLATE_KEY}' would run the config as code", f"{place}, line {line}", hint)
            # YAML keeps the last of two equal keys without a word.
            if name in lines:
                what = f"the key '{path}' is written twice, in lines {lines[name]} and {line}"
                yield UserError(what, f"{place}, line {line}", "Remove one of the two.")
            lines.setdefault(name, line)
            yield from _lost_texts(key, keys, place)
            yield from _faults(value, (*keys, name), place, visited)
