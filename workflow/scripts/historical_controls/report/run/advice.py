"""What to type after a run met a lock of a killed one, or a cluster ended a job at its memory limit."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from historical_controls.errors import machine_fault

# Slurm with gathered accounting, with control groups, and the kernel's own words.
MEMORY_LIMIT = re.compile(r"exceeded (?:job )?memory limit|oom[-_ ]kill|out of memory", re.IGNORECASE)
# The first message of Slurm that has numbers: '(413650944 > 104857600)', in bytes.
LIMIT = re.compile(r"exceeded memory limit \(\d+ > (\d+)\)")
# The words of Slurm are in the last lines; a log may be long.
LOG_END = 20_000
JOB_ERROR, ERROR, LOCKED = "job_error", "error", "LockException"


def advice(record: logging.LogRecord, command: Sequence[str]) -> str:
    """Return what a message of Snakemake leaves unsaid, or ''. command: the run's own words, `sys.argv`."""
    if getattr(record, "exception", None) == LOCKED:
        return unlocking(command)
    event = str(getattr(record, "event", None) or "")
    if event == JOB_ERROR:
        return memory_limit(getattr(record, "log", ()))
    return machine_hint(record.getMessage()) if event == ERROR else ""


def machine_hint(message: str) -> str:
    """Return what to do where Snakemake itself met a full disk or may not write, as before it starts a job."""
    number = re.search(r"\[Errno (\d+)\]", message)
    fault = machine_fault(OSError(int(number[1]), "")) if number else None
    return f"{fault.what[0].upper()}{fault.what[1:]}. {fault.hint}" if fault else ""


def unlocking(command: Sequence[str]) -> str:
    """Return the line that removes the lock of a killed run of this folder."""
    start, *rest = command
    program = ["python", "-m", "snakemake"] if Path(start).suffix == ".py" else [start]
    line = shlex.join([*program, *rest, "--unlock"])
    return f"If no run is at work in this folder, its last one was killed. Remove its lock, then run again:\n    {line}"


def memory_limit(logs: Iterable[str]) -> str:
    """Return that a cluster ended the job at its memory limit, if one of its logs says so."""
    for log in logs:
        text = _end_of(Path(log))
        if MEMORY_LIMIT.search(text):
            limit = LIMIT.search(text)
            size = f" of {int(limit[1]) >> 20} MB" if limit else ""
            return (
                f"    The cluster ended this job at its memory limit{size}. It is sent again with twice as much, as "
                f"often as 'retries' of the profile says; more from the start: --set-resources <rule>:mem_mb=<MB>"
            )
    return ""


def _end_of(log: Path) -> str:
    with suppress(OSError), log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - LOG_END))
        return stream.read().decode("utf-8", errors="replace")
    return ""
