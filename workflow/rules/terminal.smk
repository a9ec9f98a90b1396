"""What a run says on the terminal: one line per job, and at the end where the reports are and what to do next."""

import logging

from historical_controls.report.run.advice import advice
from historical_controls.report.run.private_folders import make_private
from historical_controls.report.run.progress import JobLines, described

# Snakemake's name of the handler that it sets up before it reads any rule.
TERMINAL = "DefaultStreamHandler"


def describe_job(rule, wildcards):
    """What a job does: the docstring of its rule with the job's wildcards."""
    return described(workflow.get_rule(rule).docstring or "", rule, wildcards)


def print_one_line_per_job():
    """Let the terminal print a line per job; dry runs, --verbose and the log file keep all that Snakemake says.

    A logger plugin would do the same, but only where somebody installs it as a package of its own.
    """
    if workflow.dryrun or workflow.output_settings.verbose:
        return
    for handler in logging.getLogger("snakemake.logging").handlers:
        if handler.name == TERMINAL:
            lines = JobLines(describe_job, handler.formatter, advise=lambda record: advice(record, sys.argv))
            handler.addFilter(lines)
            handler.setFormatter(lines)


def print_end():
    """Where the reports are and what is left to do; the findings alone where the run ended before the reports."""
    written = [path for path in (Path("results/clean/findings.txt"), Path("results/summary.txt")) if path.is_file()]
    if written:
        newest = max(written, key=lambda path: path.stat().st_mtime)
        sys.stderr.write(f"\n{newest.read_text(encoding='utf-8')}")


def print_what_failed():
    """What to do after a job failed."""
    sys.stderr.write(
        "\nThe run ended early: the lines of each failed job, printed above with its log file, say what to do. Then run "
        "the same command again; finished jobs are not repeated.\n"
    )


print_one_line_per_job()
