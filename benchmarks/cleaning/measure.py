"""Cleaning of a large export against reading it with pandas: each stage in a fresh process on one core, in turns.

.venv/bin/python benchmarks/cleaning/measure.py --rows 5000000 --repeats 3
.venv/bin/python benchmarks/cleaning/measure.py --rows 5000000 --repeats 3 --quoted
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from make_export import write_export

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.generate.runs import run_line

# Cleaning proper: the file to clean tables with a ledger. The others are reports about it.
CLEANING = ("read", "clean", "link", "assemble")
REPORTS = ("count", "inspect", "losses", "listed")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"), "1")


def stage(name: str, export: Path, folder: Path) -> dict[str, Any]:
    # Any one core, but never two: the kernel may move the process to the one that is free.
    command = [sys.executable, str(Path(__file__).with_name("stage.py")), name, str(export), str(folder)]
    core = sorted(os.sched_getaffinity(0))[0]
    out = subprocess.run(
        ["taskset", "-c", str(core), *command], env={**os.environ, **ONE_THREAD}, capture_output=True, text=True
    )
    if out.returncode:
        raise SystemExit(out.stderr)
    return json.loads(out.stdout)


def turn(export: Path, folder: Path) -> list[dict[str, Any]]:
    """pandas, our stages, pandas again: what else the machine does weighs on both."""
    return [stage(name, export, folder) for name in ("pandas", *CLEANING, *REPORTS, "pandas")]


def shown(found: list[dict[str, Any]]) -> None:
    for clock in ("wall", "cpu"):
        peer = [one[clock] for one in found if one["stage"] == "pandas"]
        base = sum(peer) / len(peer)
        own, more = (sum(one[clock] for one in found if one["stage"] in names) for names in (CLEANING, REPORTS))
        print(f"{clock}: pandas {' and '.join(f'{x:.1f}' for x in peer)} s, cleaning {own:.1f} s", end=", ")
        print(f"ratio {own / base:.2f}; with its reports {own + more:.1f} s, ratio {(own + more) / base:.2f}")
    for one in found:
        print(f"  {one['stage']:9s} {one['wall']:7.1f} s wall {one['cpu']:7.1f} s cpu {one['peak_mb']:6.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quoted", action="store_true", help="every cell in quotes")
    chosen = parser.parse_args()
    with TemporaryDirectory() as place:
        export = Path(place) / "export.csv"
        write_export(export, chosen.rows, chosen.quoted)
        print(run_line(__file__) + "\n")
        print(f"{chosen.rows} rows, {export.stat().st_size / 1e6:.0f} MB")
        for _ in range(chosen.repeats):
            shown(turn(export, Path(place)))
