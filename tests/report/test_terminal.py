"""What a run says: one line per job, and at its end where the reports are, what was held and what to do next."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from historical_controls.ard.queries import results_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.report.run.advice import advice
from historical_controls.report.run.ending import RunFacts, ending
from historical_controls.report.run.progress import SECONDS, JobLines, described, minutes
from historical_controls.tables.registry import FINDINGS

from .study import ROOT, small_study

FINDING = {"source": "trial", "file": "main", "finding": "LIMIT_SUSPECT", "severity": "report", "n": 3}


def record(event: str | None, message: str = "", **values: object) -> logging.LogRecord:
    made = logging.LogRecord("snakemake.logging", logging.INFO, "", 0, message, (), None)
    made.event = event
    made.__dict__.update(values)
    return made


def printed(lines: JobLines, *records: logging.LogRecord) -> list[str]:
    return [text for one in records if lines.filter(one) and (text := lines.format(one))]


def job_lines(*clock: float) -> JobLines:
    times = iter(clock)
    return JobLines(lambda rule, wildcards: described("Fits {wildcards.outcome}.\nMore.", rule, wildcards),
                    logging.Formatter("%(message)s"), lambda: next(times))  # fmt: skip


def test_a_finished_job_is_one_line_with_its_docstring_and_the_share_done() -> None:
    said = printed(
        job_lines(0.0, 60.0),
        record(None, "Select jobs to execute..."),
        record("job_info", jobid=7, rule_name="analyse_outcome", wildcards={"outcome": "PF"}),
        record("shellcmd", "Shell command: None"),
        record("job_finished", "Finished jobid: 7", job_id=7),
        record("progress", done=6, total=18),
        record(None, "Complete log(s): x"),
    )
    assert said == ["[6 of 18, 33%, about 2 min left] analyse_outcome PF: Fits PF.", "Complete log(s): x"]


def test_jobs_that_finish_together_have_a_line_each_and_early_ones_no_guess_of_time() -> None:
    lines = job_lines(0.0, 0.0)
    starts = [record("job_info", jobid=job, rule_name=name, wildcards={}) for job, name in ((1, "a"), (2, "b"))]
    ends = [record("job_finished", job_id=job) for job in (1, 2)]
    said = printed(lines, *starts, *ends, record("progress", done=2, total=90))
    assert said == ["[1 of 90, 1%] a: Fits {wildcards.outcome}.\n[2 of 90, 2%] b: Fits {wildcards.outcome}."]


def test_a_job_that_runs_for_long_lengthens_the_time_left() -> None:
    said = printed(
        job_lines(0.0, 10.0, 610.0),
        record("job_info", jobid=1, rule_name="analyse_grid", wildcards={}),
        record("job_info", jobid=2, rule_name="draw", wildcards={}),
        record("job_finished", job_id=2),
        # At the pace of all jobs one minute would be left.
        record("progress", done=61, total=67),
    )
    assert said[0].startswith("[61 of 67, 91%, about 10 min left] draw")


def test_the_time_left_counts_long_jobs_that_have_not_finished() -> None:
    """80 short jobs done in 160 s and three grids to come: 2 s a short job, so 100 s a grid, not '10 s left'."""
    now = [0.0]
    lines = JobLines(lambda rule, wildcards: rule, logging.Formatter(), lambda: now[0])
    lines.filter(record("run_info", stats={"read_file": 80, "analyse_grid": 3, "total": 83}))
    said: list[str] = []
    for job in range(80):
        said += printed(lines, record("job_info", jobid=job, rule_name="read_file", wildcards={}))
        now[0] += 2.0
        said += printed(lines, record("job_finished", job_id=job), record("progress", done=job + 1, total=83))
    assert said[-1].startswith("[80 of 83, 96%, about 5 min left]")


def test_a_running_grid_needs_as_long_as_this_machine_is_slow() -> None:
    """A job expected to take 4 s took 8 s; a grid of 200 s that has run for 10 s needs 390 s more on its own."""
    lines = job_lines(0.0, 0.0, 8.0, 10.0)
    lines.filter(record("run_info", stats={"read_file": 50, "analyse_grid": 1, "total": 51}))
    for job, rule in ((0, "analyse_grid"), (1, "read_file")):
        lines.filter(record("job_info", jobid=job, rule_name=rule, wildcards={}))
    lines.filter(record("job_finished", job_id=1))
    said = printed(lines, record("progress", done=5, total=51))
    assert said[0].startswith("[5 of 51, 9%, about 16 min left]")


def test_expected_seconds_are_of_rules_that_exist() -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    assert [rule for rule in SECONDS if f"rule {rule}:" not in rules] == []


def test_errors_keep_their_own_words() -> None:
    assert printed(job_lines(), record("job_error", "Error in rule x")) == ["Error in rule x"]


@pytest.mark.parametrize(("seconds", "said"), [(3, "10 s"), (49, "50 s"), (170, "3 min"), (7800, "2 h 10 min")])
def test_times_are_said_as_a_person_says_them(seconds: float, said: str) -> None:
    assert minutes(seconds) == said


def facts(language: str = "en", told: str = "", held: int = 0) -> RunFacts:
    study = small_study()
    cell = Cell("ledger", "primary", population="trial").at(level="main")
    counts = [cell.number("n_records", 4000), cell.number("n_quarantined", held)]
    refusals = [
        Cell("mixed_model", "primary", outcome=code, output="14.2.2").at(day=day).text("not_estimable", reason)
        for code, day, reason in (("HR", 21, "too_few_patients_at_day"), ("IL6", None, "no_control_data"))
    ]
    findings = pd.DataFrame([FINDING] if told else [], columns=FINDINGS.names)
    results, config = results_of(ard_frame([*counts, *refusals])), study.config
    return RunFacts(results, findings, told, config.languages, list(config.sources), study.words(language))


def test_the_end_names_reports_records_refusals_and_next_steps() -> None:
    text = ending(facts(told="1 finding\n", held=1))
    for language in ("en", "es"):
        assert f"results/report/investigator.{language}.html" in text
    assert "trial: 4,000 read, 1 held back (<0.1%), up to 3 suspected (0.1%)" in text
    assert "HR at day 21: too few patients were measured near that day" in text
    assert "IL6: no historical patient has values" in text
    assert text.index("config.yaml") < text.index("quarantine.csv") < text.rindex("1 finding")


def test_rows_of_the_other_arm_are_no_records_of_a_source() -> None:
    """A file of both arms: 4,000 lines, 3,600 of the other arm, 40 held of the 400 that are this one's."""
    run = facts(held=40)
    cell = Cell("ledger_reasons", "primary", population="trial").at(level="ARM_OTHER", method="ignored")
    ledger = Cell("ledger", "primary", population="trial").at(level="main")
    rows = [cell.number("n_records", 3600), ledger.number("n_records", 4000), ledger.number("n_quarantined", 40)]
    assert "trial: 400 read, 40 held back (10.0%)" in ending(replace(run, results=results_of(ard_frame(rows))))


def test_the_end_names_outcomes_whose_course_the_fitted_curve_misses() -> None:
    run = facts()
    rows = [Cell("mixed_model", "primary", "reml", code, output="14.2.4").text("lack_of_fit", "yes")
            for code in ("HR", "DDIM")]  # fmt: skip
    text = ending(replace(run, results=results_of(ard_frame(rows))))
    assert "DDIM, HR: a more flexible curve fits better (p below 0.01)" in text
    assert "flexible" not in ending(run)


def test_infections_that_nobody_records_do_not_leave_all_adverse_events_out() -> None:
    run = facts()
    cell = Cell("adverse_events", "primary", "exact", "AE", output="14.3.3")
    reason = "not_recorded_historical"
    for level, told in (("infection", False), ("any", True)):
        rows = ard_frame([cell.at(level=level).text("not_estimable", reason)])
        assert ("AE: no historical source" in ending(replace(run, results=results_of(rows)))) is told


def test_records_held_or_named_twice_are_not_suspected_twice() -> None:
    run = facts(told="4 findings\n", held=99)
    held = {**FINDING, "finding": "DOUBTFUL_SHARE", "n": 99}
    shifts = [{**FINDING, "finding": "SOURCE_SHIFT", "outcome": "FERR", "unit": unit, "n": 55} for unit in ("a", "b")]
    findings = pd.DataFrame([FINDING, held, *shifts], columns=FINDINGS.names)
    assert "99 held back (2.5%), up to 58 suspected" in ending(replace(run, findings=findings))


def test_the_end_names_the_combinations_refused_by_reason() -> None:
    run, cell = facts(), Cell("specification", "primary", outcome="PF")
    rows = [
        cell.at(method="entropy", level=f"ards={option}|entropy|{estimand}").text("not_estimable", "outside_hull")
        for option in ("a", "b", "c")
        for estimand in ("mixed_model", "worst_rank")
    ]
    reasons = ("few_effective", "one_weight", "far_from_controls", "separated", "nobody_matched", "weighted",
               "no_key_covariate", "not_converged", "weights_not_converged")  # fmt: skip
    rows += [
        cell.at(method="overlap", level=f"ards=a|overlap|{reason}").text("not_estimable", reason) for reason in reasons
    ]
    text = ending(replace(run, results=results_of(ard_frame(rows))))
    assert "15 combinations of eligibility, weighting and method (all of them: results/tables/figure-15.18.csv)" in text
    assert "6: no weights reach the treated patients' means (PF, Entropy balancing: ards=a, ards=b and 1 more)" in text
    block = text.partition("15 combinations")[2].partition("\n\n")[0].splitlines()
    assert len(block) == 10
    assert block[-1] == "    2: other reasons"


def test_the_end_of_a_clean_run_asks_for_nothing() -> None:
    text = ending(facts())
    assert "No record is held back" in text and "quarantine.csv" not in text
    assert "hospital: 0 read, 0 held back (–)" in text


def test_the_end_is_said_in_the_language_of_its_words() -> None:
    run = facts("es", held=40)
    assert "40 retenidos (1.0%)" in ending(run)
    assert ending(replace(run, words=small_study().words("en"))) != ending(run)


def test_a_lock_of_a_killed_run_is_named_with_the_line_that_removes_it() -> None:
    command = ["snakemake", "--directory", "my study", "--cores", "2"]
    lines = JobLines(
        lambda rule, wildcards: rule, logging.Formatter("%(message)s"), advise=lambda r: advice(r, command)
    )
    (said,) = printed(lines, record("error", "Directory cannot be locked.", exception="LockException"))
    assert said.startswith("Directory cannot be locked.\nIf no run is at work in this folder, its last one was killed.")
    assert said.endswith("\n    snakemake --directory 'my study' --cores 2 --unlock")
    assert printed(lines, record("error", "Another.", exception="WorkflowError")) == ["Another."]
    refused = "Failed to create directory results/clean.\nPermissionError: [Errno 13] Permission denied: 'results'"
    hint = "You may not read or write this. Ask for the right to, or run the study in your own folder."
    assert printed(lines, record("error", refused, exception="WorkflowError")) == [f"{refused}\n{hint}"]
    module = advice(record("error", "x", exception="LockException"), ["/usr/lib/snakemake/__main__.py", "-c", "2"])
    assert module.endswith("    python -m snakemake -c 2 --unlock")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        # Slurm 22.05 with gathered accounting, as in `make test-slurm`; with control groups; the kernel.
        ("slurmstepd-vm: error: StepId=1.0 exceeded memory limit (413650944 > 104857600), being killed", " of 100 MB"),
        ("slurmstepd: error: Detected 1 oom_kill event in StepId=7.0.", "memory limit. It is sent again"),
        ("srun: error: node1: task 0: Out Of Memory", "memory limit. It is sent again"),
        ("KeyError: 'memory'", ""),
    ],
)
def test_a_job_that_a_cluster_ended_for_memory_says_so(tmp_path: Path, line: str, words: str) -> None:
    log = tmp_path / "7.log"
    log.write_text(f"Building DAG of jobs...\n{line}\n", encoding="utf-8")
    said = advice(record("job_error", "Error in rule clean_file", log=[str(tmp_path / "none.log"), str(log)]), ["x"])
    assert words in said and bool(said) == bool(words)
