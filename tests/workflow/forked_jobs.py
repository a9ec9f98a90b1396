"""Serve runs of Snakemake as forks of one process that has the libraries imported; so start their jobs.

Snakemake itself spends a second on imports, and the server from which the product forks its jobs another one: of these
runs both are forks. `test_runs.py` also runs Snakemake as users do.

Started with the folder of the scripts. Reads a request a line (JSON: argv, folder, environment, out, err), answers
each with the exit code, and ends with its input.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

LIBRARIES = [
    *("formulaic", "matplotlib.backends.backend_svg", "matplotlib.pyplot", "numpy", "pandas", "pyarrow.parquet"),
    *("jinja2", "pydantic.main", "scipy.linalg", "scipy.optimize", "scipy.special", "scipy.stats", "yaml"),
    *("snakemake.benchmark", "snakemake.cli", "snakemake.script"),
]


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


def fork_job_servers() -> None:
    """Let the server of jobs be a fork of this process, made now: later this process has threads."""
    from historical_controls import forked_scripts

    ours, theirs = socket.socketpair()

    def serve() -> None:
        request = forked_scripts.serve(socket.socket(fileno=theirs.fileno()))
        if request is not None:
            forked_scripts.run_script(request)

    forked(serve, {theirs.fileno()})
    theirs.close()
    forked_scripts.spawned = lambda: (ours, None)


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

    fork_job_servers()
    cli.main(sys.argv[1:])


def main() -> None:
    scripts = Path(sys.argv[1])
    sys.path.insert(0, str(scripts))
    from historical_controls.forked_scripts import named

    modules = {name for path in scripts.glob("*.py") for name in named(str(path)) if name.startswith("historical_")}
    for name in (*LIBRARIES, *sorted(modules)):
        importlib.import_module(name)
    for line in sys.stdin:
        process = forked(partial(run_snakemake, json.loads(line)), set())
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
