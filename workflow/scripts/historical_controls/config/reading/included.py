"""The files that a config includes, laid beneath it, and the line at which each key is written.

`include: [sources/*.yaml, eligibility.yaml]` names further files with keys of the same shape. A key is written in one
file only: which of two would win is a rule that nobody remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from historical_controls.config.merging import merged
from historical_controls.config.reading.arm_column import source_as_written, with_arms
from historical_controls.config.reading.omop_files import with_omop
from historical_controls.config.reading.strict_yaml import LOADER, check_text, composed
from historical_controls.errors import UserError, UserErrors, did_you_mean, distinct, raise_all

KEY = "include"
Line = tuple[str, int]


@dataclass(frozen=True)
class Lines:
    """File and line of every key of a config, by its dotted path."""

    at: Mapping[str, Line]

    def of(self, path: str) -> Line | None:
        """Where a key is written; of a key that is missing, where the mapping that lacks it begins."""
        steps = path.split(".")
        # A missing key has no line; the nearest enclosing key has.
        for length in range(len(steps), 0, -1):
            line = self.at.get(".".join(steps[:length]))
            if line is not None:
                return line
        return None

    def placed(self, error: UserError, name: str = "config.yaml") -> UserError:
        """The same error(s), each place 'config.yaml: key' with the file and line that the key has."""
        if isinstance(error, UserErrors):
            # A source of both arms is two, and has its faults twice.
            placed = distinct(self.placed(fault, name) for fault in error.faults)
            return placed[0] if len(placed) == 1 else UserErrors(placed)
        head, colon, path = str(error.where or "").partition(": ")
        path = source_as_written(path, self.at)
        line = self.of(path) if colon and head.startswith(name) else None
        if line is None:
            return error
        scenario = head.removeprefix(name)
        return UserError(error.what, f"{line[0]}, line {line[1]}{scenario}: {path}", error.hint)


def included_files(raw: Mapping[str, Any], folder: Path, name: str = "config.yaml") -> list[str]:
    """Paths of the included files from the study folder, patterns spelled out. Raises UserError(s)."""
    asked = raw.get(KEY)
    if asked is None:
        return []
    if not isinstance(asked, list) or not all(isinstance(one, str) and one for one in asked):
        raise UserError("a list of files is needed", f"{name}: {KEY}", "Type [sources/*.yaml, eligibility.yaml].")
    paths: list[str] = []
    faults = []
    for number, pattern in enumerate(asked):
        where = f"{name}: {KEY}.{number}"
        # A study is complete in its folder.
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            faults.append(UserError(f"'{pattern}' is not below the study folder", where))
            continue
        # Sorted: glob follows the order of the file system.
        there = sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file())
        if not there:
            known = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.yaml"))
            hint = did_you_mean(pattern, known) if known else "Write the file, or take its name out."
            faults.append(UserError(f"there is no file '{pattern}'", where, hint))
        paths += [path for path in there if path not in paths]
    raise_all(faults)
    return paths


def with_included(
    raw: Mapping[str, Any], folder: Path, name: str = "config.yaml", draft: bool = False
) -> dict[str, Any]:
    """The config with what its files say beneath it, tables of an OMOP source as files, and a source of both arms as
    two. Raises UserError(s).

    Keys given on the command line win. draft: guesses that nobody has confirmed are read as they are.
    """
    files = included_files(raw, folder, name)
    for path in files:
        check_text(folder / path, draft)
    parts = {path: yaml.load((folder / path).read_text(encoding="utf-8-sig"), Loader=LOADER) for path in files}
    raise_all(
        UserError("the file holds no mapping of keys to values", path)
        for path, part in parts.items()
        if part is not None and not isinstance(part, Mapping)
    )
    whole: dict[str, Any] = {}
    for part in parts.values():
        whole = merged(whole, part or {})
    # Last, so that what Snakemake's command line sets stays in force.
    return with_arms(with_omop(merged(whole, raw), folder, name), name)


def lines_of(folder: Path, files: list[str], name: str = "config.yaml") -> Lines:
    """Where the keys of a config and of its included files are written. Raises UserErrors for keys written in two."""
    at: dict[str, Line] = {}
    faults = []
    for path in [name, *files]:
        if not (folder / path).is_file():
            continue
        for key, line, is_mapping in _keys(composed(folder / path, path), (), set()):
            other = at.get(key)
            # A mapping may be spread over files (sources of several hospitals); its keys may not repeat.
            if other and other[0] != path and not is_mapping:
                what = f"the key '{key}' is also written in {other[0]}, line {other[1]}"
                faults.append(UserError(what, f"{path}, line {line}", "Remove one of the two."))
            at.setdefault(key, (path, line))
    raise_all(faults)
    return Lines(at)


def _keys(node: yaml.Node | None, path: tuple[str, ...], visited: set[int]) -> Iterator[tuple[str, int, bool]]:
    """(dotted path, line, whether a mapping is below it) of every key and item; of an anchor where it is first used."""
    if node is None or id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            # Items of two files would be two lists, and the key of the list is compared already.
            yield ".".join((*path, str(number))), item.start_mark.line + 1, True
            yield from _keys(item, (*path, str(number)), visited)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield ".".join(here), key.start_mark.line + 1, isinstance(value, yaml.MappingNode)
            yield from _keys(value, here, visited)
