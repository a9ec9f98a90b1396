"""A finished study opened from Python: tables, estimates in words, numbers by id, and errors in plain words."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

import historical_controls
from historical_controls import installation
from historical_controls.config.reading.resolved import resolved_text
from historical_controls.errors import UserError
from historical_controls.retrieval.study_results import StudyResults
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import ARD

from .study import ROOT, small_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study, place = small_study(), tmp_path_factory.mktemp("opened")
    write_table(study.ard, place / "results/ard.parquet", ARD)
    text = resolved_text(study.config.model_dump(mode="json"))
    (place / "results/config.resolved.yaml").write_text(text, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def opened(folder: Path) -> StudyResults:
    return historical_controls.open_results(folder)


def test_the_lines_of_the_readme(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    snippet = next(code for code in re.findall(r"```python\n(.*?)```", readme, re.S) if "open_results" in code)
    exec(snippet.replace("<your study>", str(folder)), {})
    assert "words" in capsys.readouterr().out


def test_estimates_have_the_numbers_of_the_results_table(opened: StudyResults) -> None:
    primary = small_study().config.primary
    rows = opened.estimates(primary.outcome, analysis="mixed_model")
    own = rows[(rows["day"] == primary.day) & (rows["level"] == "") & (rows["contrast"] != "")].iloc[0]
    ard = opened.ard
    keys = ["scenario", "analysis", "method", "outcome", "level", "day", "contrast", "arm"]
    same = ard[(ard[keys].fillna(-1) == own[keys].fillna(-1)).all(axis=1)].set_index("statistic")["value"]
    assert (own["estimate"], own["lower"], own["upper"]) == tuple(same[["estimate", "lower", "upper"]])
    assert re.fullmatch(r"\S+ \(\S+ to \S+\) \S+", own["printed"])
    assert (
        own["words"] == f"{opened.names.outcome(primary.outcome)}, Difference, Mixed model, day {primary.day}, Estimate"
    )


def test_a_refusal_has_words_and_no_number(opened: StudyResults) -> None:
    every = opened.estimates()
    refused = every[every["estimate"].isna()]
    assert len(refused) and refused["printed"].str.startswith("Not estimable, because ").all()
    assert not every["printed"].str.contains("{", regex=False).any()


def test_words_in_the_other_language(folder: Path) -> None:
    printed = historical_controls.open_results(folder / "results", "es").estimates()["printed"]
    assert printed.str.contains(" a ").any() and not printed.str.contains(" to ").any()


def test_a_table_is_named_by_number_or_file(opened: StudyResults) -> None:
    name = opened.tables[0]
    table = opened.table(name)
    assert len(table) == (opened.ard["output_id"] == name).sum()
    assert table.equals(opened.table(f"table-{name}.csv"))
    row = table.iloc[0]
    assert opened.result(row["id"])["printed"] == row["printed"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda opened: opened.table("14.1.11111"), "Did you mean '14.1."),
        (lambda opened: opened.estimates("PFF"), "Did you mean 'PF'"),
        (lambda opened: opened.estimates(scenario="primry"), "Did you mean 'primary'"),
        (lambda opened: opened.result("none"), "Copy it from a page"),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest_name(opened: StudyResults, ask: Any, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        ask(opened)


def test_no_results_and_no_such_language_are_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no results of a finished run"):
        historical_controls.open_results(tmp_path)
    with pytest.raises(UserError, match="'fr' is no language of this study"):
        historical_controls.open_results(folder, "fr")


def test_an_installed_library_finds_its_words_and_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no checkout is around the library, the folders are those that the installed package lists."""
    listed = [
        f"../../../share/historical-controls/{place}"
        for place in ("workflow/locales/en.yaml", "data/dictionary/units.csv")
    ]

    class Listed(PurePosixPath):
        def locate(self) -> Path:
            return tmp_path / "lib" / "python" / "site-packages" / self

    monkeypatch.setattr(installation, "CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(metadata, "files", lambda name: [Listed(one) for one in listed])
    assert installation.shipped_folder("data/dictionary") == tmp_path / "share/historical-controls/data/dictionary"
    assert installation.shipped_folder("workflow/locales") == tmp_path / "share/historical-controls/workflow/locales"


def test_every_word_and_every_row_of_the_dictionary_is_installed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["data-files"]
    for place in ("workflow/locales", "data/dictionary"):
        patterns = settings[f"{installation.INSTALLED}/{place}"]
        kept = {path for pattern in patterns for path in ROOT.glob(pattern)}
        assert kept == {path for path in (ROOT / place).iterdir() if path.is_file()}
