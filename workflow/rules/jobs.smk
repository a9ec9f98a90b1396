"""How jobs start on this computer. A cluster starts them by itself: nothing here concerns it."""

import os
import sys
from functools import partial

from snakemake.script import PythonScript
from snakemake_interface_executor_plugins.settings import ExecMode

from historical_controls.forked_scripts import ScriptRun, ScriptServer, forking


def starts_jobs_here():
    """Whether this process starts jobs on this computer: not on a cluster, and not as one of its jobs."""
    return workflow.local_exec and workflow.exec_mode == ExecMode.DEFAULT


def choose_jobs_when_one_ends():
    """Let Snakemake choose the next jobs when a job has ended, not every second as well.

    It limits how many jobs it sends a second, and looks again after each choice: every choice starts a clock of its own
    that never stops, so that a run of 80 jobs ends up looking 30 times a second.
    """
    workflow.scheduler.job_rate_limiter = None


def run_one_job_a_processor():
    """Let no more jobs run at once than this computer has processors, whatever `--cores` allows.

    More of them only take turns and empty each other's caches: with four jobs on two processors a run took an eighth
    longer.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # `--set-threads` may ask for more than there are, and such a job could never start.
    largest = max((job.threads for job in workflow.dag.needrun_jobs()), default=1)
    free = workflow.scheduler.resources
    free["_cores"] = min(free["_cores"], max(processors, largest))


def fill_benchmark(record, usage):
    """Fill in a record of Snakemake's benchmarks (None of a rule without one) by what the kernel counted.

    Snakemake would look at each job twice a second, which took four seconds of a run and still missed a seventh of the
    processors' time.
    """
    if record is not None:
        record.data_collected = True
        record.running_time, record.cpu_time = usage.seconds, usage.processor_seconds
        record.max_rss = usage.most_memory_mb
        # Per cent times seconds: divided by the running time it is the mean load.
        record.cpu_usage = 100 * usage.processor_seconds


def fork_jobs():
    """Let jobs be forks of a process that has imported what they need, except those with an environment of their own."""
    server = ScriptServer(needed=["snakemake.script"])

    def run_of(self, fname, edit=False):
        if self.conda_env or self.container_img or self.env_modules:
            return None
        folder = self.resources.get("tmpdir")
        named = dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), folder) if folder else {}
        log = Path(self.log[0]) if self.log else None
        return ScriptRun(fname, Path.cwd(), os.environ | named, partial(fill_benchmark, self.bench_record), log)

    PythonScript.execute_script = forking(server, PythonScript.execute_script, run_of)


def start_jobs_sparingly():
    """What spares a run on this computer most of what it spends on anything but its jobs' work."""
    if starts_jobs_here():
        choose_jobs_when_one_ends()
        run_one_job_a_processor()
        # Elsewhere a fork of a process with these libraries may fail.
        if sys.platform == "linux" and os.environ.get("FORK_JOBS") != "no":
            fork_jobs()
