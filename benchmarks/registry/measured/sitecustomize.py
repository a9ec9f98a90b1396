"""Python runs this first in every process of the benchmark: jobs of Snakemake note what they cost when they end.

Snakemake samples its jobs, after the first 15 s every 30 s, and misses what they do after the last sample.
"""

import atexit
import os
import resource
import sys
import time
from pathlib import Path

STARTED = time.time()


def note() -> None:
    """Append the rule, its wildcards, seconds of processor and clock, and MB at most to the file REGISTRY_USAGE."""
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if job is None or not hasattr(job, "wildcards"):
        return
    spent = resource.getrusage(resource.RUSAGE_SELF)
    cost = (spent.ru_utime + spent.ru_stime, time.time() - STARTED, spent.ru_maxrss / 1024)
    with Path(os.environ["REGISTRY_USAGE"]).open("a") as file:
        numbers = [f"{number:.1f}" for number in cost]
        file.write("\t".join([job.rule, "-".join(map(str, job.wildcards)), *numbers]) + "\n")


if os.environ.get("REGISTRY_USAGE"):
    atexit.register(note)
