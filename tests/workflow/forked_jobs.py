"""Run Snakemake with jobs that start as forks of one process that has the libraries imported.

A job spends about a second on importing pandas, scipy and matplotlib, more than most jobs of a small study compute.
The product starts every job as a process of its own, and `test_runs.py` runs it so; the other whole runs
take this way. The modules that the scripts of this copy of the program name are imported once as well, from that copy.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import runpy
import subprocess
import sys
import threading
from multiprocessing import forkserver
from multiprocessing.connection import wait
from pathlib import Path

PRELOADED = [
    *("formulaic", "matplotlib.backends.backend_svg", "matplotlib.pyplot", "numpy", "pandas", "pyarrow.parquet"),
    *(
        "jinja2",
        "pydantic.main",
        "scipy.linalg",
        "scipy.optimize",
        "scipy.special",
        "scipy.stats",
        "snakemake.script",
        "yaml",
    ),
]


def program_modules(scripts: Path) -> list[str]:
    """Modules of the library that the scripts in the folder import."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(scripts.glob("*.py"))]
    return sorted(
        {name for text in texts for name in re.findall(r"^from (historical_controls[\w.]*) import", text, re.M)}
    )


def run_job(script: str, environment: dict[str, str]) -> None:
    """Run a job's script as `python script` would."""
    os.environ.update(environment)
    sys.argv = [script]
    sys.path[0] = str(Path(script).resolve().parent)
    runpy.run_path(script, run_name="__main__")


def main() -> int:
    from snakemake import cli
    from snakemake.benchmark import benchmarked
    from snakemake.script import PythonScript

    scripts = Path(sys.argv[sys.argv.index("--snakefile") + 1]).parent / "workflow/scripts"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED, *program_modules(scripts)])
    # The server passes over what it cannot import, and of this process's path it knows only the variable.
    os.environ["PYTHONPATH"] = str(scripts)
    forkserver.ensure_running()
    del os.environ["PYTHONPATH"]
    # `start` also asks every other job for its exit code, which can be read once: a job that another thread
    # starts at the moment this one ends would leave 255 as the code of this one.
    reading = threading.Lock()

    def execute_script(self: PythonScript, fname: str, edit: bool = False) -> None:
        job = context.Process(target=run_job, args=(fname, dict(os.environ)))
        with reading:
            job.start()
        with benchmarked(job.pid, self.bench_record):
            wait([job.sentinel])
        with reading:
            job.join()
        if job.exitcode:
            raise subprocess.CalledProcessError(job.exitcode, fname)

    PythonScript.execute_script = execute_script
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
