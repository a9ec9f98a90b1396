"""Run a generated study whole, with every default, and tell what each stage cost.

    PYTHONPATH=workflow/scripts python benchmarks/studies/measure.py years --patients 312 --days 5500
    PYTHONPATH=workflow/scripts python benchmarks/studies/measure.py example --controls 1000

Wall time is that of `snakemake`, processor seconds those of all its processes; jobs by rule from results/benchmarks.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from make import ROOT, write_example, write_years


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shape", choices=["years", "example"])
    parser.add_argument("--patients", type=int, default=312)
    parser.add_argument("--days", type=int, default=5500)
    parser.add_argument("--controls", type=int, default=1000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", help="where the study is written and kept")
    parser.add_argument("--until", help="the last rule to run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(given.folder or scratch) / given.shape
        if given.shape == "years":
            write_years(folder, given.patients, given.days)
        else:
            write_example(folder, given.controls)
        run(folder, given.cores, ["--until", given.until] if given.until else [])


def run(folder: Path, cores: int, more: list[str]) -> None:
    """Run the study in the folder and print its costs. more: further arguments of Snakemake."""
    # A job's modules are compiled once, as `make report` has it.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores)]
    start = time.perf_counter()
    subprocess.run([*command, "--directory", str(folder), *more], check=True, env=environment)
    wall, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    jobs = measured_jobs(folder / "results/benchmarks")
    print(f"{wall:.0f} s wall, {used.ru_utime + used.ru_stime:.0f} processor s, {len(jobs)} jobs")
    by_rule = jobs.groupby("rule").agg(jobs=("cpu", "size"), processor=("cpu", "sum"), peak_mb=("peak", "max"))
    print(by_rule.sort_values("processor", ascending=False).round(1).to_string())


def measured_jobs(folder: Path) -> pd.DataFrame:
    """Processor seconds and peak memory in MB of every job. Columns rule, job, cpu, peak."""
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        table = pd.read_csv(path, sep="\t", na_values=["-"])
        name = path.relative_to(folder).with_suffix("").as_posix()
        rows.append((name.split("/")[0], name, table["cpu_time"].iloc[0], table["max_rss"].iloc[0]))
    return pd.DataFrame(rows, columns=["rule", "job", "cpu", "peak"])


if __name__ == "__main__":
    main()
