"""Serve runs of Snakemake as forks of one process that has the libraries imported; so start their jobs.

Snakemake and a job spend about a second each on imports, more than most jobs of a small study compute. The product
starts every job as a process of its own, and `test_runs.py` runs it so; the other whole runs take this way. The modules
that the scripts of this copy of the program name are imported once as well, from that copy.

Started with the folder of the scripts. Reads a request a line (JSON: argv, folder, environment, out, err), answers
each with the exit code, and ends with its input.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import re
import runpy
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from multiprocessing import forkserver, util
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

LIBRARIES = [
    *("formulaic", "matplotlib.backends.backend_svg", "matplotlib.pyplot", "numpy", "pandas", "pyarrow.parquet"),
    *("jinja2", "pydantic.main", "scipy.linalg", "scipy.optimize", "scipy.special", "scipy.stats", "yaml"),
    *("snakemake.benchmark", "snakemake.cli", "snakemake.script"),
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


def forked(run: Callable[[], Any], kept: set[int]) -> int:
    """Run something in a fork that has only these files open besides its own standard ones; return its process id."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        # A pipe held open here would never end for whoever waits for its end.
        for below, above in pairwise([2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]):
            os.closerange(below + 1, above)
        code = run() or 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            # Servers of `multiprocessing` close theirs.
            with suppress(ValueError):
                stream.flush()
        os._exit(code)


def serve_jobs() -> None:
    """Make jobs of this process forks of a server that is itself a fork of it, with all that it has imported."""
    from snakemake.benchmark import benchmarked
    from snakemake.script import PythonScript

    started = util.spawnv_passfds

    def spawn_by_fork(_exe: str, args: list[str], kept: list[int]) -> int:
        def run() -> None:
            util.spawnv_passfds = started
            # What `multiprocessing` would give to a new interpreter as its program.
            exec(args[-1], {})

        return forked(run, set(kept))

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([])
    util.spawnv_passfds = spawn_by_fork  # type: ignore[assignment]
    forkserver.ensure_running()
    util.spawnv_passfds = started
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


def run_snakemake(request: dict[str, Any]) -> None:
    """Run Snakemake as its command line would, its output written to files."""
    for number, name in ((1, "out"), (2, "err")):
        opened = os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["snakemake", *request["argv"]]
    from snakemake import cli

    serve_jobs()
    cli.main(sys.argv[1:])


def main() -> None:
    scripts = Path(sys.argv[1])
    sys.path.insert(0, str(scripts))
    for name in (*LIBRARIES, *program_modules(scripts)):
        importlib.import_module(name)
    for line in sys.stdin:
        process = forked(partial(run_snakemake, json.loads(line)), set())
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
