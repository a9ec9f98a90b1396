"""Whole runs of a small study: what reruns, what does not, what a killed run leaves, what a broken input says."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from historical_controls.config.plan.declaration import resolved_today
from historical_controls.config.plan.seal import read_seal
from historical_controls.provenance import VERSION
from historical_controls.report.run.private_folders import PRIVATE

from .conftest import ROOT, edit_config, snakemake

pytestmark = pytest.mark.workflow


def shared_results(study: Path) -> dict[str, bytes]:
    """Tables and figures by path: what must not depend on cores or on the run."""
    found = [*study.glob("results/**/*.parquet"), *study.glob("results/**/*.svg"), *study.glob("results/**/*.csv")]
    return {str(path.relative_to(study)): path.read_bytes() for path in sorted(found)}


def processes_of(group: int) -> list[int]:
    """Processes of a group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, own = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:3]
            found += [int(stat.parent.name)] if int(own) == group and state != "Z" else []
    return found


def test_second_run_has_nothing_to_do(finished_study: Path, program: Path) -> None:
    run = snakemake(finished_study, program=program)
    assert run.code == 0
    assert "Nothing to be done" in run.output


def test_folders_with_patients_are_their_owners_alone(finished_study: Path) -> None:
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (finished_study / "results").iterdir()}
    assert {name for name, mode in modes.items() if mode == "0o700"} == set(PRIVATE)


def test_edited_analysis_setting_reruns_only_the_analysis(finished_study: Path, program: Path) -> None:
    edit_config(finished_study, lambda settings: settings["analysis"].update(days=[5, 7, 10]))
    jobs = snakemake(finished_study, "-n", program=program).jobs()
    assert {"analyse_outcome", "analyse_scenario", "join_results", "write_report"} <= set(jobs)
    assert not {"read_file", "clean_file", "link_people", "assemble_source", "define_cohort", "balance_arms"} & set(
        jobs
    )


def test_edited_scenario_reruns_only_that_scenario(finished_study: Path, program: Path) -> None:
    def change(settings: dict) -> None:
        settings["scenarios"]["unadjusted"]["overrides"]["analysis"]["spline_df"] = 2

    edit_config(finished_study, change)
    jobs = snakemake(finished_study, "-n", program=program).jobs()
    assert jobs["analyse_scenario"] == 1
    assert not {"analyse_outcome", "define_cohort", "balance_arms", "clean_file"} & set(jobs)


def test_edited_export_reruns_its_file_and_what_reads_it(finished_study: Path, program: Path) -> None:
    export = finished_study / "data/raw/historical/imagen.csv"
    export.write_bytes(export.read_bytes() + export.read_bytes().splitlines(keepends=True)[-1])
    jobs = snakemake(finished_study, "-n", program=program).jobs()
    assert jobs["read_file"] == 1
    assert jobs["clean_file"] == 1


def test_what_has_reasons_of_its_own_reruns_beside_new_findings(finished_study: Path, program: Path) -> None:
    """All rules after the findings wait for them alone (`ancient`): Snakemake would not ask those rules for reasons."""
    words = program / "workflow/locales/en.yaml"
    before = words.read_text(encoding="utf-8")
    words.write_text(f"{before}\n# edited\n", encoding="utf-8")
    jobs = set(snakemake(finished_study, "-n", program=program).jobs())
    words.write_text(before, encoding="utf-8")
    assert {"check_findings", "draw_figures", "write_report", "write_statistician_report"} <= jobs
    assert not {"clean_file", "define_cohort", "analyse_outcome", "join_results"} & jobs
    edit_config(finished_study, lambda settings: settings["analysis"].update(days=[5, 7, 10]))
    words.write_text(f"{before}\n# edited\n", encoding="utf-8")
    jobs = set(snakemake(finished_study, "-n", program=program).jobs())
    words.write_text(before, encoding="utf-8")
    assert {"check_findings", "analyse_outcome", "join_results"} <= jobs


# Module edited: rules that must rerun, rules that must not.
EDITS = {
    "balance/gates.py": ({"balance_arms", "analyse_outcome"}, {"clean_file", "define_cohort"}),
    "cleaning/cells/numbers.py": ({"clean_file", "assemble_source", "link_people"}, {"read_file"}),
    "figures/answers/forest.py": (
        {"draw_figures", "write_report"},
        {"join_results", "analyse_outcome", "define_cohort"},
    ),
    "mixed_model/inference/kenward_roger.py": (
        {"analyse_outcome", "analyse_scenario"},
        {"clean_file", "define_cohort", "balance_arms"},
    ),
}


def test_edited_module_reruns_exactly_the_rules_that_use_it(finished_study: Path, program: Path) -> None:
    library = program / "workflow/scripts/historical_controls"
    texts = {library / module: (library / module).read_text(encoding="utf-8") for module in EDITS}
    for path, before in texts.items():
        path.write_text(f"{before}\n# a comment changes nothing\n", encoding="utf-8")
    assert "Nothing to be done" in snakemake(finished_study, "-n", program=program).output
    for path, before in texts.items():
        path.write_text(before, encoding="utf-8")
    for (path, before), (reruns, stays) in zip(texts.items(), EDITS.values(), strict=True):
        path.write_text(f"{before}\n_EDITED = True\n", encoding="utf-8")
        jobs = set(snakemake(finished_study, "-n", program=program).jobs())
        path.write_text(before, encoding="utf-8")
        assert reruns <= jobs, path
        assert not stays & jobs, path


def test_killed_run_resumes_to_the_same_results_on_more_cores(small_study: Path, finished_study: Path) -> None:
    """The finished study was run without a break and on one core."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    running = subprocess.Popen(
        [*command, "--directory", str(small_study)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not list(small_study.glob("results/clean/*/by_file/*/ledger.parquet")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(processes_of(running.pid)) > 1
    running.kill()
    running.wait()
    # Its jobs, and the process that they are forks of, end with it.
    while processes_of(running.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(running.pid) == []
    assert not (small_study / "results/ard.parquet").exists()
    locked = snakemake(small_study)
    assert locked.code != 0
    # The line that the message gives, as it stands there.
    line = re.search(r"Remove its lock, then run again:\n    snakemake (.* --unlock)\n", locked.output)
    assert line, locked.output
    assert snakemake(small_study, *shlex.split(line[1])).code == 0
    resumed = snakemake(small_study, cores=4, forked=False)
    assert resumed.code == 0, resumed.output
    whole, broken = shared_results(finished_study), shared_results(small_study)
    assert whole.keys() == broken.keys()
    assert [path for path in whole if whole[path] != broken[path]] == []
    assert len([path for path in whole if path.endswith(".svg")]) >= 4


def test_a_sealed_plan_is_amended_and_never_replaced(small_study: Path) -> None:
    assert snakemake(small_study, "seal").code == 0
    path = small_study / "plan.sealed.json"
    first = path.read_bytes()
    assert snakemake(small_study, "seal").code == 0
    assert path.read_bytes() == first
    edit_config(small_study, lambda settings: settings["primary"].update(outcome="IL6"))
    assert snakemake(small_study, "seal").code == 0
    seal = read_seal(path)
    assert [change.key for change in seal.amendments[0].changes] == ["primary.outcome"]
    assert (seal.first["primary"]["outcome"], seal.plan["primary"]["outcome"]) == ("PF", "IL6")
    assert not seal.results_known
    # What was written is kept beside the plan: reports tell a person's changes from those of a later program.
    assert (resolved_today(seal.first_declared), resolved_today(seal.declared)) == (seal.first, seal.plan)
    assert seal.program == VERSION
    path.write_text(path.read_text(encoding="utf-8").replace('"PF"', '"CRP"'), encoding="utf-8")
    run = snakemake(small_study, "seal")
    assert run.code != 0
    assert "was changed after it was sealed" in run.output
    assert "Traceback" not in run.output


def test_typos_in_the_config_are_told_all_at_once_without_a_traceback(small_study: Path) -> None:
    def change(settings: dict) -> None:
        settings["analysis"]["alhpa"] = 0.1
        settings["analysis"]["level"] = 95
        settings["sources"]["historical"]["files"]["laboratorio"]["delimeter"] = ";"

    edit_config(small_study, change)
    run = snakemake(small_study, "-n")
    assert run.code != 0
    assert ": analysis.alhpa: unknown key" in run.output
    assert "analysis.level: 95 is too large" in run.output
    assert "sources.historical.files.laboratorio.delimeter: unknown key" in run.output
    assert "Did you mean 'delimiter'?" in run.output
    assert "Traceback" not in run.output


def test_missing_export_names_the_key_and_the_nearest_file(small_study: Path) -> None:
    def change(settings: dict) -> None:
        settings["sources"]["historical"]["files"]["imagen"]["path"] = "data/raw/historical/imagenes.csv"

    edit_config(small_study, change)
    run = snakemake(small_study, "-n")
    assert run.code != 0
    assert "sources.historical.files.imagen.path: there is no file 'data/raw/historical/imagenes.csv'" in run.output
    assert "Did you mean 'imagen.csv'?" in run.output


def test_wrong_encoding_ends_in_plain_lines_on_the_terminal_and_in_the_log(small_study: Path) -> None:
    def change(settings: dict) -> None:
        settings["sources"]["historical"]["files"]["laboratorio"]["encoding"] = "utf-8"

    edit_config(small_study, change)
    run = snakemake(small_study)
    assert run.code != 0
    log = (small_study / "results/logs/read_file/historical-laboratorio.log").read_text(encoding="utf-8")
    assert "is not utf-8" in log
    assert "often latin-1" in log
    assert "Traceback" not in log
    assert "is not utf-8" in run.output
    # The place of the failure is the rule's, not that of the code that starts its script.
    assert f'in file "{ROOT / "workflow/rules/intake.smk"}", line ' in run.output
    assert "jobs.smk" not in run.output
    assert not (small_study / "results/report/investigator.en.html").exists()


def test_no_more_jobs_run_at_once_than_there_are_processors(finished_study: Path, program: Path) -> None:
    one = "import os, runpy; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])"
    command = [sys.executable, "-c", f"{one}; runpy.run_module('snakemake', run_name='__main__')"]
    command += ["--snakefile", str(program / "Snakefile"), "--cores", "4", "--directory", str(finished_study)]
    began = time.time()
    done = subprocess.run(
        [*command, "--forcerun", "read_file", "--until", "read_file"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    records = map(json.loads, (path.read_text() for path in (finished_study / ".snakemake/metadata").iterdir()))
    times = sorted((one["starttime"], one["endtime"]) for one in records if one["starttime"] >= began)
    assert len(times) > 2
    assert all(end <= start for (_, end), (start, _) in pairwise(times))


def test_a_decision_that_is_not_whole_ends_in_plain_lines(finished_study: Path, program: Path) -> None:
    head = "source,file,row_hash,item,reason,decision,who,date,why"
    line = "treated,redcap,r0123456789ab,,OUT_OF_RANGE,relase,,2020-06-01,seen in the chart"
    (finished_study / "data/resolutions.csv").write_text(f"{head}\n{line}\n", encoding="utf-8")
    edit_config(finished_study, lambda settings: settings.update(resolutions="data/resolutions.csv"))
    run = snakemake(finished_study, "results/clean/treated/by_file/redcap/ledger.parquet", program=program)
    assert run.code != 0
    assert "data/resolutions.csv, line 2: 'relase' is not a decision" in run.output
    assert "'who' is blank" in run.output
    assert "Traceback" not in run.output


def test_findings_within_the_shares_are_printed_at_the_end(finished_study: Path, program: Path) -> None:
    listed = finished_study / "results/clean/findings.txt"
    text = listed.read_text(encoding="utf-8")
    listed.unlink()
    run = snakemake(finished_study, "results/clean/findings.txt", program=program)
    assert run.code == 0 and run.jobs() == {"check_findings": 1}
    assert text and text in run.output


def test_lint_is_clean() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_documents_and_the_archive_are_made_of_a_finished_study(finished_study: Path, program: Path) -> None:
    run = snakemake(finished_study, "documents", "bundle", "calibrate", program=program)
    assert run.code == 0, run.output
    simulated = pd.read_parquet(finished_study / "results/calibration/ard.parquet").query("statistic == 'n_draws'")
    assert set(simulated["value"]) == {2.0} and len(simulated) == 5
    assert {path.suffix for path in finished_study.glob("results/tables/en/**/*")} >= {".docx", ".rtf", ".xlsx", ".csv"}
    (bundle,) = finished_study.glob("results/bundle/*.zip")
    texts = dict(texts_of(bundle.read_bytes()))
    wanted = {"index.html", "provenance.json", "protocol/protocol.json", "tables/index.csv", "tables/datapackage.json"}
    assert wanted <= texts.keys()
    described = {f"tables/{one['path']}" for one in json.loads(texts["tables/datapackage.json"])["resources"]}
    assert described == {name for name in texts if name.endswith(".csv")}
    assert not [name for name in texts if name.split("/")[0] in {"internal", "clean", "cohort", "intake", "analysis"}]
    for target in re.findall(r'href="([^"#:]+)"', texts["index.html"]):
        assert any(name.split("!")[0] == target for name in texts), target
    people = pd.read_parquet(finished_study / "results/clean/people.parquet")
    sent = {str(one) for one in people["subject"] if len(str(one)) > 3}
    days = set(days_of(finished_study))
    assert len(sent) > 40 and len(days) > 400
    # The middle of a long decimal or of a hash is no id.
    whole = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted(sent | days)))})(?!\w)")
    assert {name: whole.findall(text) for name, text in texts.items() if whole.search(text)} == {}


def texts_of(content: bytes, place: str = "") -> Iterator[tuple[str, str]]:
    """Text of every file of an archive by name, and of the archives (DOCX, XLSX) in it."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        for name in opened.namelist():
            inner = opened.read(name)
            if inner.startswith(b"PK"):
                yield from texts_of(inner, f"{place}{name}!")
            else:
                yield f"{place}{name}", inner.decode("utf-8", errors="replace")


def days_of(study: Path) -> Iterator[str]:
    """Every day on which something of a patient was recorded, in the ways of writing it."""
    for path in study.glob("results/clean/*/*.parquet"):
        frame = pd.read_parquet(path).select_dtypes(include=["datetime", "datetimetz"])
        for name in frame:
            for day in frame[name].dropna().dt.tz_convert(None).dt.normalize().unique():
                yield from (pd.Timestamp(day).strftime(format) for format in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"))
