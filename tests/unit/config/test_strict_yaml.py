"""The text of a config as hostile input: twice-written keys, code, other encodings, paths that lead elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
from config_study import ROOT, study

from historical_controls.config.reading.strict_yaml import check_text
from historical_controls.config.sources.codes import TEXT_KEYS
from historical_controls.config.sources.layout import Sentinels
from historical_controls.config.sources.parts import (
    CharacteristicColumn,
    Condition,
    EventRows,
    LongMeasurements,
    PatientRows,
    TreatmentRows,
    WideColumn,
    WideMeasurements,
)
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.sources.words import CellWord
from historical_controls.config.study_config import check_files, load_config
from historical_controls.errors import UserError, UserErrors

REFUSED = [
    (b"a: 1\nb: {c: 2}\na: 3\n", r"line 3: the key 'a' is written twice, in lines 1 and 3"),
    (b"a:\n  level: 0.95\n  level: 0.80\n", r"the key 'a.level' is written twice, in lines 2 and 3"),
    (b"a:\n  - {x: 1, x: 1}\n", r"the key 'a.0.x' is written twice, in lines 2 and 2"),
    (b"__use_yte__: true\n", r"line 1: '__use_yte__' would run the config as code"),
    ("a: 1\nb: ñ\n".encode("latin-1"), r"line 2: the file is not UTF-8\n  Save it as UTF-8"),
    (b"a: [1\nb: 2\n", r"line 2: this is not YAML"),
    (b"a: '\n", r"this is not YAML"),
    (b"a: \x00\n", r"this is not YAML"),
    # YAML 1.1 reads an octal number, a number to base 60, and numbers without what was written of them.
    (b"codes: [007]\n", r"line 1: YAML does not keep the text 007 under 'codes.0'\n  Write it in quotes: \"007\"."),
    (b"is_in:\n  - 12:30\n", r"line 2: YAML does not keep the text 12:30"),
    (b"a: {values: {1.50: x}}\n", r"the text 1.50 under 'a.values'"),
    (b"accepted_ids: [1_000]\n", r"the text 1_000"),
    (b"texts: [~]\n", r"the text ~"),
    (b"texts:\n  -\n", r"the text \(empty\)"),
    (b"codes: [1900-01-01 00:00:00]\n", r"the text 1900-01-01 00:00:00"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[str(one[0][:20]) for one in REFUSED])
def test_a_text_that_yaml_would_let_pass_is_refused(text: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(text)
    with pytest.raises(UserError, match=said):
        check_text(path)


def test_numbers_that_are_no_cells_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b'share: 0.20\ncodes: [9999, 9999.0, -1, "007", 1900-01-01, NULL, NO]\n')
    check_text(path)


def test_every_place_that_quotes_cells_is_known() -> None:
    """Fields of codes (Codes, MEANINGS) say so by their validator; the text is read before the models are."""
    models = (SourceFile, Source, Sentinels, CellWord, Condition, LongMeasurements, WideMeasurements, WideColumn)
    models += (CharacteristicColumn, PatientRows, EventRows, TreatmentRows)
    quoting = {
        name
        for model in models
        for name, hint in get_type_hints(model, include_extras=True).items()
        if "_texts" in repr(hint) or "_meanings" in repr(hint)
    }
    # Codes of arms are two levels below: `arm: {column: group, treated: [A]}`.
    assert quoting | {"arm", "arm_column"} == TEXT_KEYS


def test_all_twice_written_keys_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"a: 1\na: 1\nb: 1\nb: 1\n")
    with pytest.raises(UserErrors) as caught:
        check_text(path)
    assert len(caught.value.faults) == 2


def test_the_configs_of_the_repository_pass(tmp_path: Path) -> None:
    own = (ROOT / "config.yaml", ROOT / "eligibility.yaml", *sorted(ROOT.glob("sources/*.yaml")))
    for path in (*own, *sorted(ROOT.glob("tests/data/studies/*/config.yaml"))):
        check_text(path)
    anchored = tmp_path / "config.yaml"
    anchored.write_bytes(b"\xef\xbb\xbfa: &x {b: 1}\nc: *x\n")
    check_text(anchored)


def test_code_in_a_config_does_not_run(tmp_path: Path) -> None:
    """Snakemake itself would run it: the check comes before Snakemake reads the file."""
    mark = tmp_path / "ran"
    text = f"__use_yte__: true\nx: ?__import__('pathlib').Path('{mark}').write_text('ran')\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "-n", "--snakefile", ROOT / "Snakefile", "--directory", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode != 0 and not mark.exists()
    assert "'__use_yte__' would run the config as code" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def one_file(path: str, links: bool = False) -> dict:
    raw = study("physionet2012")
    raw["linked_files"] = links
    for file in raw["sources"]["icu"]["files"].values():
        file["path"] = path
    return raw


@pytest.mark.parametrize("path", ["/etc/hostname", "../config.yaml", "data/../../x.csv"])
def test_a_path_that_leads_out_of_the_study_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not below the study folder"):
        check_files(load_config(one_file(path)), tmp_path)


def test_a_link_that_leads_out_needs_a_declaration(tmp_path: Path) -> None:
    folder, outside = tmp_path / "study", tmp_path / "outside.csv"
    folder.mkdir()
    outside.write_text("a,b\n", encoding="utf-8")
    (folder / "x.csv").symlink_to(outside)
    with pytest.raises(UserError, match="is a link to a place outside of the study folder"):
        check_files(load_config(one_file("x.csv")), folder)
    check_files(load_config(one_file("x.csv", links=True)), folder)
