"""Every command that a document prints is known here, and runs at a small size."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "benchmarks/*/README.md", "data/raw/README.md", "tests/data/studies/README.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
PROGRAMS = ("make", "snakemake", "python", "python3", "pytest", "uv", "conda", "apt-get", ".venv/bin", "PEERS/bin")

# What this suite does itself by another way, or what a machine must be asked for: the reason is the test's text.
ELSEWHERE = {
    r"^make bundle\b": "tests/workflow/test_runs.py runs `snakemake bundle`",
    r"^make (study|check)\b": "tests/unit/drafting and tests/unit/checking; targets checked below",
    r"^make (report|tests?|test-slow|coverage|validate|docs|gallery|site|lock|lint|types)\b": (
        "targets of the Makefile, checked below"
    ),
    r"^(python3|python) -m venv ": "makes the environment that runs this test",
    r"-m pip install |^PEERS/bin/pip ": "makes the environment that runs this test",
    r"^(PYTHONPATH=\S+ )?\.venv/bin/(ruff|snakefmt|mypy|lint-imports|deptry)\b": "`make lint` and `make types`",
    r"-m pytest\b|^pytest\b": "the suite that this test belongs to",
    r"^(\.venv/bin/)?snakemake --lint$": "`make check-workflow`",
    r"snakemake .*--cores 4|^snakemake --cores 4|^snakemake --snakefile <repository>": (
        "tests/workflow/test_example.py and test_real_studies.py"
    ),
    r"benchmarks/inference/placebo_studies\.py|^placebo_studies\.py": (
        "needs the real data; tests/statistics/calibration/test_placebo_studies.py on simulated patients"
    ),
    r"^snakemake -R read_file$": "needs a server; tests/unit/intake/test_intake_omop.py reads a database by its URL",
    r"benchmarks/registry/(make_study|growth)\.py": "tests/unit/test_registry_study.py",
    r"benchmarks/faults/kills\.py": "runs for an hour; tests/workflow/test_runs.py kills and resumes one run",
    r"^snakemake --profile profiles/slurm$": "needs a cluster; tests/cluster, by `make test-slurm`",
    r"^conda |^apt-get ": "another machine's package manager; tests/test_house.py compares environment.yml",
    r"^(\.venv/bin/)?uv pip compile ": "`make lock`; tests/test_house.py compares the lock files",
    r"^snakemake (bundle|calibrate|documents|seal|protocol)$": "tests/workflow/test_runs.py",
    r"historical_controls\.validation\b": "tests/unit/validation/test_validation_pack.py runs each of its checks",
    r"historical_controls\.simulation \.$": "tests/unit/simulation/test_example_study.py",
}
# The same command at a size that takes seconds.
SMALL = {
    r"benchmarks/cleaning/measure\.py": "benchmarks/cleaning/measure.py --rows 2000 --repeats 1",
    r"benchmarks/cohort/scale\.py": "benchmarks/cohort/scale.py 40",
    r"benchmarks/inference/permutations\.py|^`?permutations\.py": "benchmarks/inference/permutations.py --draws 200",
    r"benchmarks/inference/null_studies\.py|^null_studies\.py": (
        "benchmarks/inference/null_studies.py --studies 1 --controls 10 --worlds 'AR(1)'"
    ),
    r"benchmarks/inference/covariance_rules\.py|^covariance_rules\.py": (
        "benchmarks/inference/covariance_rules.py --studies 2 --worlds 'AR(1)'"
    ),
    r"benchmarks/inference/win_odds\.py|^win_odds\.py": "benchmarks/inference/win_odds.py --studies 1 --controls 10",
    r"benchmarks/inference/later_days\.py|^later_days\.py": (
        "benchmarks/inference/later_days.py --studies 2 --worlds 'AR(1)' --days 7"
    ),
    r"benchmarks/inference/permutation_rules\.py|^permutation_rules\.py": (
        "benchmarks/inference/permutation_rules.py --studies 1 --treated 5 --controls 10"
    ),
    r"benchmarks/inference/error_rates\.py|^error_rates\.py": (
        "benchmarks/inference/error_rates.py --minutes 0 --worlds 'AR(1)' --controls 10"
    ),
    r"benchmarks/inference/throughput\.py|^throughput\.py": (
        "benchmarks/inference/throughput.py --studies 20 --repeats 1"
    ),
    r"benchmarks/inference/power_frontier\.py|^power_frontier\.py": (
        "benchmarks/inference/power_frontier.py --studies 20"
    ),
    r"benchmarks/mixed_model/compare\.py|^compare\.py": "benchmarks/mixed_model/compare.py --tasks slope --sizes 30",
    r"benchmarks/mixed_model/scaling\.py": "benchmarks/mixed_model/scaling.py --smaller 8",
    r"(mixed_model/|^)censored_bias\.py": "benchmarks/mixed_model/censored_bias.py --studies 2",
    r"benchmarks/mixed_model/leave_one_out\.py": "benchmarks/mixed_model/leave_one_out.py 1",
    r"benchmarks/mixed_model/together\.py|^together\.py": "benchmarks/mixed_model/together.py 1",
    r"benchmarks/registry/run\.py": "benchmarks/registry/run.py . 30 --until read_file --cores 1",
    r"benchmarks/sites/three_sites\.py": "benchmarks/sites/three_sites.py --patients 30",
    r"benchmarks/studies/measure\.py": (
        "benchmarks/studies/measure.py years --patients 14 --days 400 --until read_file"
    ),
    r"benchmarks/validation/truth_studies\.py": (
        "benchmarks/validation/truth_studies.py --studies 1 --worlds 'exchangeable arms'"
    ),
}


def commands(document: Path) -> list[str]:
    """Commands of a document: lines of its code blocks, indented lines, and code spans that begin with a program."""
    text = document.read_text(encoding="utf-8")
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    lines = [
        line.strip() for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) for line in block.split("\n")
    ]
    lines += [line.strip() for line in text.split("\n") if line.startswith("    ")]
    split = [part.strip() for line in [*lines, *spans] for part in re.split(r"\s#\s|&&", line)]
    return sorted({part for part in split if is_command(part)})


def is_command(text: str) -> bool:
    words = [word for word in text.split() if not re.match(r"^[A-Z_]+=", word)]
    if len(words) < 2:
        return False
    return words[0].startswith(PROGRAMS) or bool(re.fullmatch(r"\w+\.py", words[0]) and words[1].startswith("--"))


ALL = sorted(
    {(document.relative_to(ROOT).as_posix(), command) for document in DOCUMENTS for command in commands(document)}
)


@pytest.mark.parametrize(("document", "command"), ALL)
def test_a_printed_command_is_known(document: str, command: str) -> None:
    assert any(re.search(pattern, command) for pattern in (*ELSEWHERE, *SMALL)), (
        f"{document} prints '{command}': say here how it is tried at a small size"
    )


@pytest.mark.parametrize("small", sorted(SMALL.values()))
def test_a_printed_command_runs_at_a_small_size(small: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "workflow/scripts"),
        "OMP_NUM_THREADS": "1",
        "TMPDIR": str(tmp_path),
    }
    script, *arguments = shlex.split(small)
    done = subprocess.run(
        [sys.executable, str(ROOT / script), *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_target_that_a_document_prints_is_one_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    printed = {target for _, command in ALL for target in re.findall(r"^make ([a-z-]+)", command)}
    assert printed - targets == set()


# Where each block of code of the documents is run, or judged by the program: (document, its kind) to the test.
TRIED = {
    ("README.md", "python"): "tests/statistics/mixed_model/test_readme_snippet.py, tests/report/test_open_results.py",
    ("docs/how_to.md", ""): "needs a builder of containers; tests/unit/test_distribution.py checks the file",
    ("docs/how_to.md", "yaml"): "tests/workflow/test_tutorial.py: each answer is taken",
    ("docs/input.md", "yaml"): "tests/unit/config/test_input_page.py: each example is a declaration",
    ("docs/input.md", ""): "tests/unit/config/test_input_page.py; the file with both arms: test_arm_column.py",
    ("docs/reading_results.md", "python"): "tests/report/test_reading_results.py",
    ("docs/reading_results.md", "r"): "tests/report/test_reading_results.py",
    ("docs/tutorial.md", "csv"): "tests/workflow/test_tutorial.py",
    ("docs/tutorial.md", "yaml"): "tests/workflow/test_tutorial.py",
    ("docs/tutorial.md", "text"): "tests/workflow/test_tutorial.py compares it with what is printed",
    ("docs/architecture.md", ""): "a drawing",
    ("docs/dictionary.md", ""): "tests/unit/dictionary",
}


def test_every_block_of_the_documents_is_tried_somewhere() -> None:
    """A block without a language is commands, which are looked at one by one above, or is listed with its test."""
    for document in DOCUMENTS:
        name = document.relative_to(ROOT).as_posix()
        text = document.read_text(encoding="utf-8")
        for kind, block in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, re.M | re.S):
            commands_only = kind == "" and any(is_command(line.strip()) for line in block.split("\n"))
            assert commands_only or (name, kind) in TRIED, f"{name}: no test tries\n{block}"
