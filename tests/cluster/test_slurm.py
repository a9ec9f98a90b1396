"""The Slurm profile on a real Slurm of one node (`make test-slurm`): same files; a job killed for memory is resent."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from cluster.slurm import Cluster, missing_programs, running_cluster
from historical_controls.simulation.study import make_study
from workflow.conftest import ROOT, SMALL, snakemake

# A whole run of some 40 jobs, each of which starts Snakemake twice.
pytestmark = [pytest.mark.slow, pytest.mark.slurm]
# Too little for a job of which Snakemake alone takes 400 MB, as the declared limit is for a study that outgrew it.
SHORT = "clean_file:mem_mb=150*6**(attempt-1)"
ENDED = "The cluster ended this job at its memory limit of 150 MB"


@pytest.fixture(scope="module", autouse=True)
def needs() -> None:
    """Fail where something is missing: whoever asks for these tests wants them run."""
    missing = [*missing_programs(), *([] if find_spec("snakemake_executor_plugin_slurm") else ["the plugin"])]
    assert not missing, (
        f"missing: {', '.join(missing)} (apt-get install slurmctld slurmd munge; requirements-slurm.lock)"
    )


def results(study: Path) -> dict[str, bytes]:
    """Every file of the results but logs, measured times and what they say of the run."""
    files = (path for path in sorted((study / "results").rglob("*")) if path.is_file())
    names = {str(path.relative_to(study / "results")): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if name.split("/")[0] not in ("logs", "benchmarks")}


def on(cluster: Cluster, study: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--profile", str(ROOT / "profiles/slurm")]
    place = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(study)]
    # Status is asked for sooner than on a cluster that others share.
    soon = ["--slurm-init-seconds-before-status-checks", "2"]
    run = [*command, *place, *soon, *options]
    return subprocess.run(run, env=cluster.environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_study_on_slurm_gives_the_files_of_a_local_run_though_a_job_is_killed_for_memory(tmp_path: Path) -> None:
    local, sent = tmp_path / "local", tmp_path / "sent"
    settings = {**SMALL, "primary": {"outcome": "PF", "day": 7, "key_secondary": []}}
    make_study(local, ROOT, historical=40, seed=11, config=settings, population={"severity_mean": 0.8})
    shutil.copytree(local, sent)
    run = snakemake(local)
    assert run.code == 0, run.output
    with running_cluster() as cluster:
        done = on(cluster, sent, "--set-resources", SHORT)
        jobs = cluster.ask("squeue", "--states=all", "--noheader", "--format=%i|%T|%m|%k").splitlines()
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    # Every job that was killed was sent again with six times as much, and then ended well.
    killed = {line.split("|")[3] for line in jobs if "|150M|" in line and "|COMPLETED|" not in line}
    resent = {line.split("|")[3] for line in jobs if "|COMPLETED|900M|" in line}
    assert killed and killed <= resent, jobs
    assert output.count(ENDED) >= len(killed), output
    here, there = results(local), results(sent)
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
    print(f"{len(jobs)} jobs sent, {len(killed)} of them again for memory; {len(here)} files identical")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_an_ended_run_leaves_no_job_behind(tmp_path: Path, ending: signal.Signals) -> None:
    """On SIGTERM, which a supervisor sends, Snakemake waits for the jobs that it sent; on SIGINT it cancels them.

    Where it never heard that a job ended, it was known to outlive SIGTERM by 100 minutes.
    """
    study = tmp_path / "study"
    make_study(study, ROOT, historical=20, seed=1, config={**SMALL, "primary": {"outcome": "PF", "day": 7}})
    with running_cluster() as cluster:
        command = [sys.executable, "-m", "snakemake", "--profile", str(ROOT / "profiles/slurm")]
        place = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(study)]
        run = subprocess.Popen(
            [*command, *place], env=cluster.environment, cwd=ROOT, stderr=subprocess.DEVNULL, preexec_fn=heed_interrupts
        )
        assert waited(lambda: cluster.ask("squeue", "--noheader"))
        run.send_signal(ending)
        assert run.wait(timeout=600) != 0
        assert waited(lambda: not re.search("RUNNING|PENDING", cluster.ask("squeue", "--noheader", "--format=%T")))
        # Nothing but the first jobs was sent.
        assert "clean_file" not in cluster.ask("squeue", "--states=all", "--noheader", "--format=%k")


ALONE = """
import sys, time
from cluster.slurm import running_cluster
with running_cluster() as cluster:
    print(*[daemon.pid for daemon in cluster.daemons.values()], flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_daemons_end_with_the_process_that_started_them(ending: signal.Signals, tmp_path: Path) -> None:
    # The folder of a killed process stays behind.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", ALONE],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=heed_interrupts,
    ) as started:
        assert started.stdout is not None
        daemons = [int(number) for number in started.stdout.readline().split()]
        started.send_signal(ending)
    assert len(daemons) == 3
    assert waited(lambda: not any(Path(f"/proc/{daemon}").exists() for daemon in daemons))


def heed_interrupts() -> None:
    """A shell lets what it starts in the background ignore SIGINT, and so would all that these tests start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def waited(holds: Callable[[], object], seconds: float = 60) -> bool:
    """Whether something comes true before the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.2)
    return False
