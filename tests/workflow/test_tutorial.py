"""The tutorial and the answers to "How do I ...?": everything they show is run, or judged by the program."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from historical_controls.checking.__main__ import main as check
from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.merging import merged
from historical_controls.config.reading.included import with_included
from historical_controls.dictionary.dictionary import load_dictionary

from .conftest import ROOT, snakemake

TUTORIAL, ANSWERS = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("tutorial.md", "how_to.md"))
SHOWN = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', TUTORIAL, re.M | re.S))
PAGE = "results/report/investigator.en.html"


def write(folder: Path) -> Path:
    (folder / "data/raw").mkdir(parents=True)
    for name in ("data/raw/visits.csv", "config.yaml"):
        (folder / name).write_text(SHOWN[name], encoding="utf-8")
    return folder


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_tutorial_prints_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "first-study")
    check(str(folder))
    printed = words(capsys.readouterr().out)
    assert [line for line in SHOWN["check"].splitlines() if words(line) not in printed] == []
    run = snakemake(folder, PAGE)
    assert run.code == 0, run.output
    body = re.sub(r"<(style|script|svg).*?</\1>", " ", (folder / PAGE).read_text(encoding="utf-8"), flags=re.S)
    page = words(html.unescape(re.sub(r"<[^>]+>", " ", body)))
    assert [line for line in SHOWN["report"].splitlines() if words(line) not in page] == []
    # Of whom the text below the answer speaks.
    assert len(re.findall(r"Without historical patient C\d+ changes the conclusion", page)) == 3
    assert re.search(r"Calendar, weeks [\d.() ]+ 3\.82 ", page)


@pytest.mark.parametrize("answer", re.findall(r"^```yaml\n(.*?)^```", ANSWERS, re.M | re.S))
def test_each_answer_is_taken(answer: str) -> None:
    whole: dict[str, Any] = merged(yaml.safe_load(SHOWN["config.yaml"]), yaml.safe_load(answer))
    dictionary = load_dictionary(ROOT / "data/dictionary")
    expanded = with_included(whole, ROOT)
    assert checked_config(vocabulary(expanded, dictionary, ROOT / "workflow/locales"))
