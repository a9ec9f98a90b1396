"""Were the results of a study made from the files that are there now, by the packages that are installed now?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from historical_controls.errors import UserError
from historical_controls.provenance import file_hash
from historical_controls.validation.checks import Check, equal

PROVENANCE = "results/provenance.json"


def study_checks(folder: Path) -> Iterator[Check]:
    """Yield a check of each input file and package that results/provenance.json of a study names.

    Raises UserError where the study has no results.
    """
    path = folder / PROVENANCE
    if not path.is_file():
        raise UserError(f"{folder} has no {PROVENANCE}", str(folder), "Run snakemake in the folder first.")
    facts, group = json.loads(path.read_text(encoding="utf-8")), f"Study {folder.resolve().name}"
    for name, wanted in sorted(facts["inputs"].items()):
        file = folder / name
        yield equal(group, f"{name}, SHA-256", file_hash(file) if file.is_file() else "no such file", wanted)
    for name, wanted in sorted(facts["packages"].items()):
        yield equal(group, f"package {name}", _version(name), str(wanted))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
