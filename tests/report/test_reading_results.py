"""The recipes of docs/reading_results.md print the number that the report prints."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from historical_controls.report.exports.spreadsheets import workbook

from .study import ROOT, small_study
from .test_data_package import written

RECIPES = re.findall(r"^```(r|python)\n(.*?)^```", (ROOT / "docs/reading_results.md").read_text("utf-8"), re.M | re.S)
# Of the small study, as its report has it: 33.6 (-18.7 to 85.9).
PRINTED = "34 (-19 to 86) mmHg"


def recipes(language: str) -> list[str]:
    return [code for name, code in RECIPES if name == language]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study, place = small_study(), tmp_path_factory.mktemp("study")
    tables = place / "results" / "tables"
    (tables / "en").mkdir(parents=True)
    written(tables)
    (tables / "en" / "tables.xlsx").write_bytes(workbook(study.page("en").printer, study.outputs))
    return place


def test_there_is_a_recipe_for_every_reader() -> None:
    assert [language for language, _ in RECIPES] == ["r", "r", "python", "python"]
    assert all(len(code.strip().split("\n")) <= 12 for _, code in RECIPES)


@pytest.mark.parametrize("code", recipes("python"), ids=["pandas", "openpyxl"])
def test_a_recipe_in_python_prints_the_result(
    code: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    exec(compile(code, "docs/reading_results.md", "exec"), {})
    assert capsys.readouterr().out.strip() == PRINTED


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("code", recipes("r"), ids=["base", "cards"])
def test_a_recipe_in_r_prints_the_result(code: str, folder: Path) -> None:
    done = subprocess.run(["Rscript", "--vanilla", "-e", code], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == (PRINTED, 0), done.stderr
