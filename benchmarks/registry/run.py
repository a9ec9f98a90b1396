"""The whole workflow on generated admissions, and where its time and memory went.

    python benchmarks/registry/run.py FOLDER 1000 10000

Each size has a study of its own under FOLDER. What Snakemake finds finished is not run again and keeps what was
measured when it was made.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
USAGE = "usage.tsv"
# Rules of a stage.
STAGES = {
    "reading": ("read_file",),
    "cleaning, persons, joining": ("clean_file", "link_people", "assemble_source"),
    "reports on cleaning": ("count_ledger", "inspect_source", "check_findings", "compare_losses", "export_quarantine"),
    "cohort": ("define_cohort", "tell_courses", "count_readings"),
    "cohorts of scenarios, draws of waits": ("redefine_cohorts", "redraw_waits"),
    "balance": ("balance_arms", "balance_draws", "balance_grid"),
    "models of the primary scenario, events": ("analyse_outcome", "analyse_events", "combine_outcomes"),
    "robustness": ("assess_robustness",),
    "other draws of waits": ("analyse_draws",),
    "sensitivity grid": ("analyse_grid",),
    "placebo cohorts": ("analyse_placebos",),
    "figures": ("draw_figures",),
    "data sets, listings": ("export_datasets",),
}
REST = "results table, reports, tables"
PANDAS = """
import json, resource, sys, time
import pandas as pd
started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
rows = 0
for path, (delimiter, encoding) in json.load(sys.stdin).items():
    rows += len(pd.read_csv(path, sep=delimiter, encoding=encoding))
after = resource.getrusage(resource.RUSAGE_SELF)
spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"rows": rows, "wall": time.perf_counter() - started, "cpu": spent, "mb": after.ru_maxrss / 1024}))
"""


class Job(NamedTuple):
    """What one job cost (see measured/sitecustomize.py)."""

    name: str
    stage: str
    cpu: float
    wall: float
    mb: float


def jobs(study: Path) -> Iterator[Job]:
    """The jobs of a study, each as it was run last."""
    stages = {rule: stage for stage, rules in STAGES.items() for rule in rules}
    with (study / USAGE).open() as file:
        rows = {(row[0], row[1]): row[2:] for row in csv.reader(file, delimiter="\t") if len(row) == len(Job._fields)}
    for (rule, wildcards), numbers in rows.items():
        yield Job("/".join(filter(None, (rule, wildcards))), stages.get(rule, REST), *map(float, numbers))


def pandas_read(study: Path) -> dict[str, float]:
    """Seconds, rows and memory of `pandas.read_csv` of every raw file, one after the other."""
    sys.path.insert(0, str(Path(__file__).parent))
    from declaration import HOSPITALS

    files = {
        str(path): (hospital.delimiter, hospital.encoding)
        for hospital in HOSPITALS
        for path in sorted((study / "data/raw").glob(f"{hospital.name}_*.csv"))
    }
    out = subprocess.run(
        [sys.executable, "-c", PANDAS], input=json.dumps(files), capture_output=True, text=True, check=True
    )
    return dict(json.loads(out.stdout))


def run(study: Path, *arguments: str) -> float:
    """Run the workflow with these arguments, and return its wall time in seconds; the log stays in the study."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(study)]
    noted = {"REGISTRY_USAGE": str(study / USAGE), "PYTHONPATH": str(Path(__file__).with_name("measured"))}
    # Jobs as a cluster starts them: a fork would count the memory of what all jobs share.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "FORK_JOBS": "no", **noted}
    with (study / "run.log").open("a") as log:
        done = subprocess.run([*command, *arguments], stdout=log, stderr=log, env=environment)
    if done.returncode:
        raise SystemExit(f"The run failed: {study / 'run.log'}")
    return time.perf_counter() - started


def pages(study: Path) -> Iterator[tuple[str, float, int]]:
    """Pages of a run: name, MB, number of elements."""
    for path in sorted([*study.glob("results/report/*.html"), *study.glob("results/internal/*.html")]):
        text = path.read_text(encoding="utf-8")
        yield path.name, path.stat().st_size / 1e6, len(re.findall(r"<[a-zA-Z]", text))


def summary(study: Path) -> dict[str, Any]:
    """What a run cost: by stage, by job, and its pages."""
    found = list(jobs(study))
    stages = {
        name: {
            "cpu": round(sum(job.cpu for job in found if job.stage == name), 1),
            "wall": round(sum(job.wall for job in found if job.stage == name), 1),
            "mb": max((job.mb for job in found if job.stage == name), default=0.0),
        }
        for name in (*STAGES, REST)
    }
    return {"stages": stages, "jobs": [job._asdict() for job in found], "pages": list(pages(study))}


def shown(found: dict[str, Any]) -> None:
    """Print a run's stages, its costliest jobs and its pages."""
    for name, one in found["stages"].items():
        print(f"  {name:40s} {one['cpu']:8.1f} s cpu {one['wall']:8.1f} s wall {one['mb']:7.0f} MB")
    total = sum(one["cpu"] for one in found["stages"].values())
    print(f"  {'all':40s} {total:8.1f} s cpu")
    for job in sorted(found["jobs"], key=lambda job: -job["cpu"])[:25]:
        print(f"    {job['name']:50s} {job['cpu']:8.1f} s {job['mb']:7.0f} MB")
    for name, size, elements in found["pages"]:
        print(f"  {name:30s} {size:6.2f} MB {elements:7,} elements")


def measured(study: Path, count: int, arguments: list[str] | None) -> dict[str, Any]:
    """Make the study, read its files with pandas, and run it, each unless it was done; None: only what was measured."""
    before = study / "pandas.json"
    clock = {}
    if arguments is not None:
        if not (study / "config.yaml").is_file():
            make = [sys.executable, str(Path(__file__).with_name("make_study.py")), str(study)]
            subprocess.run([*make, "--admissions", str(count)], check=True)
        if not before.is_file():
            before.write_text(json.dumps(pandas_read(study)))
        clock = {"wall": run(study, *arguments)}
    found = {"pandas": json.loads(before.read_text()), **clock, **summary(study)}
    (study / "measured.json").write_text(json.dumps(found, indent=1))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("admissions", type=int, nargs="+")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--until", help="a rule to end at")
    parser.add_argument("--show", action="store_true", help="run nothing, show what was measured")
    chosen = parser.parse_args()
    arguments = ["--cores", str(chosen.cores), *(["--until", chosen.until] if chosen.until else [])]
    for count in chosen.admissions:
        found = measured(chosen.folder.resolve() / str(count), count, None if chosen.show else arguments)
        pandas = found["pandas"]
        print(f"{count:,} admissions, {pandas['rows']:,} rows, {found.get('wall', 0):.0f} s of clock", end="; ")
        print(f"pandas {pandas['cpu']:.1f} s of processor, {pandas['mb']:.0f} MB")
        shown(found)


if __name__ == "__main__":
    main()
