"""Folders of the results that hold rows of patients, and who may open them."""

from __future__ import annotations

from pathlib import Path

PRIVATE = ("intake", "clean", "cohort", "balance", "analysis", "internal")
OWNER_ALONE = 0o700


def make_private(results: Path) -> None:
    """Make the folders that are not there yet, for their owner alone; those that are there keep their rights.

    A study team that shares a folder opens it once (`chmod`), and no later run closes it again.
    """
    results.mkdir(exist_ok=True)
    for name in PRIVATE:
        if not (results / name).exists():
            (results / name).mkdir(mode=OWNER_ALONE)
