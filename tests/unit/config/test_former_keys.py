"""A config of an earlier program is refused with the edit that makes it one of today."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from historical_controls.config.reading.former_keys import FORMER_KEYS, SCHEMA_VERSION, edit_for
from historical_controls.config.study_config import shape_faults
from historical_controls.config.study_file import read_config

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return read_config(ROOT / "config.yaml")


def with_key(raw: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """A copy with a key that nobody knows; * is the first name or item there."""
    out = deepcopy(raw)
    node: Any = out
    for step in path[:-1]:
        node = node[0] if isinstance(node, list) else next(iter(node.values())) if step == "*" else node[step]
    node[path[-1]] = 1
    return out


@pytest.mark.parametrize("path", [path for path in FORMER_KEYS if not path.startswith("sources")])
def test_a_former_key_names_its_edit(shipped: dict[str, Any], path: str) -> None:
    faults = list(shape_faults(with_key(shipped, path.split(".")), "config.yaml"))
    assert [(fault.where, fault.hint) for fault in faults] == [(f"config.yaml: {path}", FORMER_KEYS[path])]


def test_a_former_key_of_a_characteristic_names_its_edit() -> None:
    path = "sources.treated.files.redcap.parts.0.characteristics.2.on"
    assert edit_for(path) == FORMER_KEYS["sources.*.files.*.on"]
    assert edit_for("sources.treated.files.redcap.encoding") is None


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1])
def test_another_version_is_refused_with_what_to_do(shipped: dict[str, Any], version: int) -> None:
    fault, *more = shape_faults({**shipped, "schema_version": version}, "config.yaml")
    assert not more and fault.where == "config.yaml: schema_version"
    assert f"schema {version}" in fault.what and str(SCHEMA_VERSION) in fault.what
    assert all(edit.rstrip(".") in fault.what for edit in FORMER_KEYS.values()) == (version == 1)
