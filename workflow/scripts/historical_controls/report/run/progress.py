"""One line on the terminal for each finished job, in place of the ten that Snakemake prints for each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping

# Snakemake's names of events (snakemake_interface_logger_plugins.common.LogEvent), compared as text so that the
# library does not import Snakemake.
PLANNED, STARTED, FINISHED, PROGRESS = "run_info", "job_info", "job_finished", "progress"
SILENT = (STARTED, FINISHED, "job_started", "shellcmd")
CHATTER = ("Select jobs to execute...", "Execute ")
# Seconds that a job of a rule took in the example study; only their ratios count. All others took about `USUAL`.
SECONDS = {
    "analyse_grid": 200.0, "assess_robustness": 110.0, "analyse_placebos": 30.0, "draw_figures": 25.0,
    "analyse_draws": 20.0, "analyse_specification": 17.0, "redefine_cohorts": 16.0, "analyse_events": 11.0,
    "redraw_waits": 11.0, "combine_outcomes": 11.0, "define_cohort": 11.0, "analyse_outcome": 9.0,
}  # fmt: skip
USUAL = 4.0
# Before so many jobs the pace says nothing: the first jobs read files and are the shortest.
FIRST_ESTIMATE = 5


class JobLines(logging.Filter):
    """Filter and formatter of a terminal handler: remembers started jobs, prints a line when one is done.

    `describe`: what a job does, from its rule's name and its wildcards; `other`: how all other messages are written,
    errors among them; `advise`: what is added to such a message; `clock`: seconds.
    """

    def __init__(
        self,
        describe: Callable[[str, Mapping[str, str]], str],
        other: logging.Formatter,
        clock: Callable[[], float] = time.monotonic,
        advise: Callable[[logging.LogRecord], str] = lambda record: "",
    ) -> None:
        super().__init__()
        self.describe, self.other, self.clock, self.advise = describe, other, clock, advise
        self._said: dict[int, str] = {}
        self._finished: list[str] = []
        self._since: dict[int, float] = {}
        self._rules: dict[int, str] = {}
        self._began: float | None = None
        # Seconds of the example study: of all jobs, and of those done; and what the latter took here.
        self._planned = self._done = self._took = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is printed. What a job is comes with its start, that it is done with its number alone."""
        event = str(getattr(record, "event", None) or "")
        if event == PLANNED:
            stats: Mapping[str, int] = record.stats  # type: ignore[attr-defined]
            self._planned = sum(n * expected(rule) for rule, n in stats.items() if rule != "total")
        if event == STARTED:
            # From the first job and not from the start of Snakemake, which plans before it runs.
            now = self.clock()
            self._began = now if self._began is None else self._began
            self._since[record.jobid] = now  # type: ignore[attr-defined]
            self._rules[record.jobid] = record.rule_name  # type: ignore[attr-defined]
            self._said[record.jobid] = self.describe(record.rule_name, record.wildcards)  # type: ignore[attr-defined]
        if event == FINISHED:
            # The line is printed with the next progress record, which alone knows how many jobs are done.
            self._finish(record.job_id)  # type: ignore[attr-defined]
            self._finished.append(self._said.pop(record.job_id, ""))  # type: ignore[attr-defined]
        return event not in SILENT and not (not event and str(record.msg).startswith(CHATTER))

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; '' prints nothing."""
        if str(getattr(record, "event", None) or "") != PROGRESS:
            return "\n".join(text for text in (self.other.format(record), self.advise(record)) if text)
        done, total = record.done, record.total  # type: ignore[attr-defined]
        finished, self._finished = [said for said in self._finished if said], []
        # Several jobs may have finished before one progress record.
        first = done - len(finished) + 1
        return "\n".join(self._line(first + place, total, said) for place, said in enumerate(finished))

    def _line(self, done: int, total: int, said: str) -> str:
        """'[12 of 78, 15%, 3 min left] what the job does'.

        The time is that of the jobs left at the pace so far, by what such jobs took in the example study; but no less
        than the longest running job still needs or has taken already: the last jobs are the longest.
        """
        left = ""
        if self._began is not None and FIRST_ESTIMATE <= done < total:
            now = self.clock()
            # Without a plan (an older Snakemake) all jobs count the same.
            planned, finished = (self._planned, self._done) if self._planned else (float(total), float(done))
            pace = (now - self._began) * (planned - finished) / finished if finished else 0.0
            left = f", about {minutes(max([pace, *self._running(now)]))} left"
        return f"[{done} of {total}, {100 * done // total}%{left}] {said}"

    def _finish(self, job: int) -> None:
        rule, since = self._rules.pop(job, ""), self._since.pop(job, None)
        self._done += expected(rule)
        if self._planned and since is not None:
            self._took += self.clock() - since

    def _running(self, now: float) -> Iterator[float]:
        """Of each running job the longer of what it has taken, and what it still needs at this machine's speed."""
        slower = self._took / self._done if self._done else 1.0
        for job, since in self._since.items():
            yield max(now - since, expected(self._rules[job]) * slower - (now - since) if self._planned else 0.0)


def expected(rule: str) -> float:
    """Seconds that a job of this rule took in the example study."""
    return SECONDS.get(rule, USUAL)


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
