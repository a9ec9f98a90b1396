"""When, at which commit and by which command pages and benchmarks were measured; of pages, docs/runs.json."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from historical_controls.provenance import git_state

RUNS = "docs/runs.json"
PART = ": "


@dataclass(frozen=True)
class Run:
    """day: ISO date; commit: of the program that ran; command: as it was typed."""

    day: str
    commit: str
    command: str


def runs_of(root: Path, page: str) -> dict[str, Run]:
    """Return the runs whose figures a page prints, by the part of it that a run measured anew; "" is the whole page."""
    known = json.loads((root / RUNS).read_text(encoding="utf-8"))
    parts = {key.partition(PART): Run(**run) for key, run in sorted(known.items())}
    return {part: run for (name, _, part), run in parts.items() if name == page}


def record_run(root: Path, page: str, command: str, part: str = "") -> Run:
    """Write down that the figures of a page, or of a part, were measured today by the commit at hand, and return it."""
    commit = str(git_state(root)["git_commit"])[:7]
    run, path = Run(date.today().isoformat(), commit, command), root / RUNS
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not part:
        # A whole run leaves nothing of earlier ones.
        known = {key: run for key, run in known.items() if key.partition(PART)[0] != page}
    known[f"{page}{PART}{part}" if part else page] = asdict(run)
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return run


def run_line(script: str) -> str:
    """Return command, day and commit of the running script (its `__file__`), as READMEs print them beside figures.

    "with changes" means of the program, which the commit then does not describe.
    """
    path, today = Path(script).resolve(), date.today()
    state = git_state(path.parent)
    changed = " with changes" if state["git_dirty"] else ""
    command = shlex.join([path.name, *sys.argv[1:]])
    return f"`{command}` ({today.day} {today:%B %Y}, commit {str(state['git_commit'])[:7]}{changed})"


def runs_text(runs: Mapping[str, Run]) -> str:
    """Return the sentences and commands that a page prints of its runs (`runs_of`)."""
    first = _text("The figures come from", runs[""])
    return "\n\n".join([first, *(_text(f"Those of *{part}* come from", run) for part, run in runs.items() if part)])


def _text(what: str, run: Run) -> str:
    return f"{what} ({run.day}, commit {run.commit})\n```\n{run.command}\n```"
