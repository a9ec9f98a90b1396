"""A Slurm of one node, with daemons, ports and folders of its own, that ends with the process that started it.

Nothing of an installed Slurm is read or changed: munged, slurmctld and slurmd run as the user of the test, from a
configuration below a temporary folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
# Debian keeps daemons where the path of an ordinary user does not reach.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
PR_SET_PDEATHSIG = 1

# JobAcctGather kills by memory where control groups cannot be written, as in a container.
CONFIG = """\
ClusterName=test
SlurmctldHost={host}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=1
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
# Ended jobs stay listed for the whole test.
MinJobAge=7200
ReturnToService=2
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=60 State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster: the environment in which its commands find it, and its daemons with their logs."""

    folder: Path
    environment: dict[str, str]
    daemons: dict[str, subprocess.Popen]

    def ask(self, *command: str) -> str:
        """Output of a command of Slurm."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    def log(self, daemon: str) -> str:
        return (self.folder / f"{daemon}.log").read_text(encoding="utf-8", errors="replace")


def missing_programs() -> list[str]:
    """Programs of Slurm and Munge that this computer lacks."""
    return [name for name in PROGRAMS if not shutil.which(name, path=PATH)]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends, even by SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def running_cluster(cpus: int = 2, memory: int = 4000) -> Iterator[Cluster]:
    """Start a cluster with `cpus` and `memory` (MB), and stop its jobs and daemons however the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    environment = {**os.environ, "PATH": f"{folder}/bin:{PATH}", "SLURM_CONF": str(folder / "slurm.conf")}
    cluster = Cluster(folder, environment, {})
    try:
        write_settings(folder, cpus, memory)
        for name, command in commands(folder).items():
            start(cluster, name, command)
            if name == "munged":
                wait_for(cluster, "munge", lambda: (folder / "munge.socket").exists())
        wait_for(cluster, "the node", lambda: "idle" in cluster.ask("sinfo", "--noheader", "--format=%T"))
        yield cluster
    finally:
        stop(cluster)
        shutil.rmtree(folder, ignore_errors=True)


def write_settings(folder: Path, cpus: int, memory: int) -> None:
    """Write slurm.conf and the key of Munge."""
    folder.chmod(0o755)
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    values = {"host": socket.gethostname().split(".")[0], "user": getpass.getuser(), "folder": folder}
    ports = {"controller_port": free_port(), "node_port": free_port()}
    (folder / "slurm.conf").write_text(CONFIG.format(**values, **ports, cpus=cpus, memory=memory), encoding="utf-8")
    # The executor's job step drops SLURM_CONF, and srun would look below /etc.
    (folder / "bin").mkdir()
    srun = folder / "bin/srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun", path=PATH)} "$@"\n')
    srun.chmod(0o755)


def commands(folder: Path) -> dict[str, list[str]]:
    """The daemons in the order in which they start, each in the foreground so that it can be waited for."""
    munge = [
        f"--{name}={folder}/munge.{name.split('-')[0]}" for name in ("socket", "key-file", "pid-file", "seed-file")
    ]
    config = str(folder / "slurm.conf")
    return {
        "munged": ["munged", "--foreground", "--force", "--num-threads=2", *munge],
        "slurmctld": ["slurmctld", "-D", "-c", "-f", config],
        "slurmd": ["slurmd", "-D", "-c", "-f", config],
    }


def start(cluster: Cluster, name: str, command: list[str]) -> None:
    with (cluster.folder / f"{name}.out").open("w") as output:
        cluster.daemons[name] = subprocess.Popen(
            command, env=cluster.environment, stdout=output, stderr=output, preexec_fn=end_with_parent
        )


def wait_for(cluster: Cluster, what: str, ready: object, seconds: float = 60) -> None:
    """Wait until `ready()` is true; say which daemon ended, with its last lines, if one did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, daemon in cluster.daemons.items():
            if daemon.poll() is not None:
                raise RuntimeError(
                    f"{name} ended with {daemon.returncode}\n{(cluster.folder / f'{name}.out').read_text()}"
                )
        with contextlib.suppress(subprocess.CalledProcessError):
            if ready():
                return
        time.sleep(0.2)
    raise RuntimeError(f"{what} was not ready after {seconds} s; see the files of {cluster.folder}")


def stop(cluster: Cluster) -> None:
    """Cancel what runs, then end the daemons in reverse order."""
    if "slurmctld" in cluster.daemons:
        subprocess.run(["scancel", "--user", getpass.getuser()], env=cluster.environment, check=False, timeout=30)
        time.sleep(0.5)
    for daemon in reversed(list(cluster.daemons.values())):
        daemon.terminate()
        try:
            daemon.wait(timeout=20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
