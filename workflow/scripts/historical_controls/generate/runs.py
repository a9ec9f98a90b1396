"""When, at which commit and by which command the measured pages were measured: docs/runs.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from historical_controls.provenance import git_state

RUNS = "docs/runs.json"


@dataclass(frozen=True)
class Run:
    """day: ISO date; commit: of the program that ran; command: as it was typed."""

    day: str
    commit: str
    command: str


def run_of(root: Path, page: str) -> Run:
    """Return the run whose figures a page prints."""
    return Run(**json.loads((root / RUNS).read_text(encoding="utf-8"))[page])


def record_run(root: Path, page: str, command: str) -> Run:
    """Write down that the figures of a page were measured today by the commit at hand, and return it."""
    commit = str(git_state(root)["git_commit"])[:7]
    run, path = Run(date.today().isoformat(), commit, command), root / RUNS
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(known | {page: asdict(run)}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return run


def run_text(run: Run) -> str:
    """Return the sentence and the command that a page prints of its run."""
    return f"The figures come from ({run.day}, commit {run.commit})\n```\n{run.command}\n```"
