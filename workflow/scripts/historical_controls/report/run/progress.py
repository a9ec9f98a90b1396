"""One line on the terminal for each finished job, in place of the ten that Snakemake prints for each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

# Snakemake's names of events (snakemake_interface_logger_plugins.common.LogEvent), compared as text so that the
# library does not import Snakemake.
STARTED, FINISHED, PROGRESS = "job_info", "job_finished", "progress"
SILENT = (STARTED, FINISHED, "job_started", "shellcmd")
CHATTER = ("Select jobs to execute...", "Execute ")
# Before so many jobs the pace says nothing: the first jobs read files and are the shortest.
FIRST_ESTIMATE = 5


class JobLines(logging.Filter):
    """Filter and formatter of a terminal handler: remembers started jobs, prints a line when one is done.

    `describe`: what a job does, from its rule's name and its wildcards; `other`: how all other messages are written,
    errors among them; `clock`: seconds.
    """

    def __init__(
        self,
        describe: Callable[[str, Mapping[str, str]], str],
        other: logging.Formatter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.describe, self.other, self.clock = describe, other, clock
        self._said: dict[int, str] = {}
        self._finished: list[str] = []
        self._since: dict[int, float] = {}
        self._began: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is printed. What a job is comes with its start, that it is done with its number alone."""
        event = str(getattr(record, "event", None) or "")
        if event == STARTED:
            # From the first job and not from the start of Snakemake, which plans before it runs.
            now = self.clock()
            self._began = now if self._began is None else self._began
            self._since[record.jobid] = now  # type: ignore[attr-defined]
            self._said[record.jobid] = self.describe(record.rule_name, record.wildcards)  # type: ignore[attr-defined]
        if event == FINISHED:
            # The line is printed with the next progress record, which alone knows how many jobs are done.
            self._since.pop(record.job_id, None)  # type: ignore[attr-defined]
            self._finished.append(self._said.pop(record.job_id, ""))  # type: ignore[attr-defined]
        return event not in SILENT and not (not event and str(record.msg).startswith(CHATTER))

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; '' prints nothing."""
        if str(getattr(record, "event", None) or "") != PROGRESS:
            return self.other.format(record)
        done, total = record.done, record.total  # type: ignore[attr-defined]
        finished, self._finished = [said for said in self._finished if said], []
        # Several jobs may have finished before one progress record.
        first = done - len(finished) + 1
        return "\n".join(self._line(first + place, total, said) for place, said in enumerate(finished))

    def _line(self, done: int, total: int, said: str) -> str:
        """'[12 of 78, 15%, 3 min left] what the job does'.

        The time is that of the jobs left at the pace so far, but no less than the longest running job has taken
        already: the last jobs are the longest, and the pace of short ones would promise a minute while they run.
        """
        left = ""
        if self._began is not None and FIRST_ESTIMATE <= done < total:
            now = self.clock()
            pace = (now - self._began) * (total - done) / done
            left = f", about {minutes(max([pace, *(now - since for since in self._since.values())]))} left"
        return f"[{done} of {total}, {100 * done // total}%{left}] {said}"


def minutes(seconds: float) -> str:
    """Seconds as a person says them: '40 s', '3 min', '2 h 10 min'."""
    if seconds < 60:
        # Rounded up to tens: a second's precision would be false.
        return f"{10 * (int(seconds) // 10 + 1)} s"
    whole = round(seconds / 60)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60} min"


def described(docstring: str, rule: str, wildcards: Mapping[str, str]) -> str:
    """The rule's name, the job's wildcards, and the first line of the rule's docstring with the wildcards in it."""
    first = docstring.partition("\n")[0]
    for name, value in wildcards.items():
        first = first.replace(f"{{wildcards.{name}}}", value)
    head = " ".join([rule, *(["/".join(wildcards.values())] if wildcards else [])])
    return f"{head}: {first}" if first else head
