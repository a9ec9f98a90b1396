"""Run a generated study whole, with every default, and tell what each stage cost.

    PYTHONPATH=workflow/scripts python benchmarks/studies/measure.py years --patients 312 --days 5500
    PYTHONPATH=workflow/scripts python benchmarks/studies/measure.py example --controls 1000

Wall time is that of `snakemake`; processor seconds are those of its jobs, by stage, and those of all its processes.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from make import ROOT, write_example, write_years

sys.path.insert(0, str(ROOT / "benchmarks/registry"))
from run import run, shown, summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=["years", "example"])
    parser.add_argument("--patients", type=int, default=312)
    parser.add_argument("--days", type=int, default=5500)
    parser.add_argument("--controls", type=int, default=1000)
    parser.add_argument("--without-grid", action="store_true", help="of the example: no scenarios, no placebo cohorts")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", help="where the study is written and kept")
    parser.add_argument("--until", help="a rule to end at")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(given.folder or scratch) / given.shape
        if given.shape == "years":
            write_years(folder, given.patients, given.days)
        else:
            write_example(folder, given.controls, not given.without_grid)
        wall = run(folder, "--cores", str(given.cores), *(["--until", given.until] if given.until else []))
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{wall:.0f} s wall, {used.ru_utime + used.ru_stime:.0f} processor s")
        shown(summary(folder))


if __name__ == "__main__":
    main()
