"""Kill runs of a small study again and again, and compare what the resumed runs leave with a run without a break.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/faults/kills.py --kills 50

Every kill is a SIGKILL: of Snakemake and all its jobs, of Snakemake alone, or of one job, in turn. It comes up to
three seconds after a job started, at a time drawn with a fixed seed, so that it falls on reading, writing and renaming
alike; one in ten comes before any job. The run is then resumed by the same command. Whenever a run ends, every file of
its results but logs and measured times is compared, byte by byte, and the next study begins.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from historical_controls.generate.runs import run_line
from historical_controls.simulation.study import NO_GRID, make_study

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    **{"outcomes": ["PF", "IL6"], "languages": ["en"], "estimands": None},
    **{"primary": {"outcome": "PF", "day": 7, "key_secondary": []}},
    "sensitivity": {**NO_GRID, "leave_one_out": False},
}
LATEST = 3.0
TARGETS = ("all", "snakemake", "job")


def start(study: Path) -> subprocess.Popen[bytes]:
    """A run of the study in a process group of its own."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    with (study / "run.log").open("wb") as output:
        return subprocess.Popen(
            [*command, "--directory", str(study)], stdout=output, stderr=output, start_new_session=True
        )


def jobs_of(run: subprocess.Popen[bytes]) -> list[int]:
    """Processes of a run that are at work on a job's script: the forks of its server of scripts."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(group) == run.pid and state != "Z" and b"forked_scripts.py" in (folder / "cmdline").read_bytes():
                parents[int(folder.name)] = int(parent)
    return [process for process, parent in parents.items() if parent in parents]


def kill(run: subprocess.Popen[bytes], target: str) -> None:
    """Kill a run, or a part of it, and wait until the run is over and nothing of it writes any more."""
    jobs = jobs_of(run)
    if target == "job" and jobs:
        os.kill(jobs[0], signal.SIGKILL)
        run.wait()
        return
    if target == "snakemake":
        run.kill()
        # Jobs are told to end when Snakemake is gone, and may write until they hear it.
        end = time.monotonic() + 1
        while jobs_of(run) and time.monotonic() < end:
            time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def interrupted(study: Path, target: str, rng: random.Random) -> bool:
    """Start or resume the run and kill it; False where it ended by itself before."""
    for lock in (study / ".snakemake/locks").glob("*.lock"):
        lock.unlink()
    run = start(study)
    early = rng.random() < 0.1
    while run.poll() is None and not early and not jobs_of(run):
        time.sleep(0.02)
    end = time.monotonic() + rng.random() * LATEST
    while run.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    if run.poll() is not None:
        if run.returncode:
            raise SystemExit((study / "run.log").read_text())
        return False
    kill(run, target)
    return True


def results(study: Path) -> dict[str, bytes]:
    """Every file of the results but logs and measured times, hidden ones among them."""
    files = [path for path in sorted((study / "results").rglob("*")) if path.is_file()]
    named = {path.relative_to(study / "results"): path for path in files}
    return {str(name): path.read_bytes() for name, path in named.items() if name.parts[0] not in ("logs", "benchmarks")}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=18)
    chosen = options.parse_args()
    print(run_line(__file__) + "\n")
    rng = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        template, whole = Path(folder) / "template", Path(folder) / "whole"
        make_study(template, ROOT, historical=20, seed=11, config=SETTINGS, population={"severity_mean": 0.8})
        shutil.copytree(template, whole)
        if start(whole).wait():
            raise SystemExit((whole / "run.log").read_text())
        expected = results(whole)
        killed, studies, differing = Counter[str](), 0, 0
        while sum(killed.values()) < chosen.kills:
            study = Path(folder) / f"study{studies}"
            shutil.copytree(template, study)
            # Once there were enough kills the last study is run to its end.
            while sum(killed.values()) < chosen.kills:
                target = TARGETS[sum(killed.values()) % len(TARGETS)]
                if not interrupted(study, target, rng):
                    break
                killed[target] += 1
                print(f"kill {sum(killed.values())}: {target}", flush=True)
            for lock in (study / ".snakemake/locks").glob("*.lock"):
                lock.unlink()
            if start(study).wait():
                raise SystemExit((study / "run.log").read_text())
            studies += 1
            found = results(study)
            wrong = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
            differing += len(wrong)
            print(f"study {studies}: {len(found)} files, {len(wrong)} differ {sorted(wrong)}", flush=True)
            shutil.rmtree(study)
    parts = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
    print(f"{sum(killed.values())} kills ({parts}), {studies} studies, {len(expected)} files each, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
