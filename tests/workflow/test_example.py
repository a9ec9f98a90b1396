"""The shipped example study, from its raw exports to its reports, as a newcomer runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from .conftest import ROOT

pytestmark = pytest.mark.workflow


def test_everything_promised_is_there(example: Path) -> None:
    for path in (
        "report/investigator.en.html",
        "report/investigator.es.html",
        "ard.parquet",
        "tables/index.csv",
        "internal/cleaning.en.html",
        "internal/cleaning.es.html",
        "internal/narratives.es.html",
    ):
        assert (example / path).stat().st_size > 500
    assert len(list(example.glob("figures/en/*.svg"))) == len(list(example.glob("figures/es/*.svg"))) >= 10


def test_every_line_of_every_export_has_a_fate(example: Path) -> None:
    for intake in sorted(example.glob("intake/*/*.parquet")):
        source, file = intake.parent.name, intake.stem
        sent = pd.read_parquet(intake, columns=["line"])
        ledger = pd.read_parquet(example / f"clean/{source}/ledger.parquet")
        own = ledger[ledger["file"] == file]
        assert set(own["line"]) == set(sent["line"])
        assert own["fate"].isin(["clean", "duplicate", "ignored", "quarantined"]).all()


def test_clean_counts_agree_with_the_tables(example: Path) -> None:
    for source in ("treated", "historical"):
        ledger = pd.read_parquet(example / f"clean/{source}/ledger.parquet")
        clean = ledger[ledger["fate"] == "clean"]["table"].value_counts()
        for table in ("measurements", "events", "treatments"):
            assert clean[table] == len(pd.read_parquet(example / f"clean/{source}/{table}.parquet"))


def test_thirty_to_fifty_controls_turn_out_eligible(example: Path) -> None:
    people = pd.read_parquet(example / "cohort/primary/patients.parquet")
    included = people[people["included"]]["arm"].value_counts()
    assert included["treated"] == 5
    assert 30 <= included["historical"] <= 50


def test_truth_lies_within_the_interval_of_the_primary_outcome(example: Path) -> None:
    """True difference of P/F at day 7: data/raw/truth.yaml, effects.PF."""
    import yaml

    truth = yaml.safe_load((ROOT / "data/raw/truth.yaml").read_text(encoding="utf-8"))["effects"]["PF"][0]
    ard = pd.read_parquet(example / "ard.parquet")
    rows = ard[(ard["scenario"] == "primary") & (ard["outcome"] == "PF") & (ard["day"] == 7)]
    rows = rows[
        (rows["analysis"] == "mixed_model") & (rows["contrast"] == "treated - historical") & (rows["level"] == "")
    ]
    value = rows.set_index("statistic")["value"]
    assert value["lower"] < truth < value["upper"]


def test_every_registered_outcome_has_a_number_or_a_reason(example: Path) -> None:
    registry = pd.read_csv(ROOT / "dictionary/registered.csv")
    ard = pd.read_parquet(example / "ard.parquet")
    own = ard[(ard["scenario"] == "primary") & (ard["contrast"] != "") | (ard["statistic"] == "not_estimable")]
    answers = {"estimate", "least", "probability", "not_estimable"}
    said = own[own["statistic"].isin(answers)].groupby("outcome")["statistic"].agg(set)
    assert set(registry["outcome"]) <= set(said.index)
    assert len(registry) == 26


def test_adverse_events_are_those_of_the_export(example: Path) -> None:
    """Dated after the infusion and before the end of follow-up, counted by the raw file's own rows."""
    sent = pd.read_csv(ROOT / "data/raw/treated/redcap_export.csv", dtype=str, keep_default_na=False)
    events = sent[sent["redcap_repeat_instrument"] == "adverse_events"]
    ard = pd.read_parquet(example / "ard.parquet")
    rows = ard[(ard["output_id"] == "14.3.1") & (ard["arm"] == "treated") & (ard["level"] == "any")]
    found = rows.set_index("statistic")["value"]
    assert found["n_patients"] == events["record_id"].nunique()
    assert found["n_events"] == len(events)
    control = ard[(ard["output_id"] == "14.3.1") & (ard["arm"] == "historical") & (ard["level"] == "any")]
    assert "share" not in set(control["statistic"])


def test_no_identity_in_anything_meant_for_sharing(example: Path) -> None:
    people = pd.read_csv(ROOT / "data/raw/historical/pacientes.csv", sep=";", dtype=str, encoding="latin-1")
    shared = [*example.glob("report/*"), *example.glob("tables/*"), *example.glob("figures/*/*")]
    texts = {path: path.read_text(encoding="utf-8") for path in shared}
    for words in (people["expediente"].head(20), people["nombre"].head(20), people["curp"].head(20)):
        for word in words:
            whole = re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w)")  # not the middle of a long decimal
            assert not [path.name for path, text in texts.items() if word in text and whole.search(text)]
    assert not [path.name for path, text in texts.items() if "2020-05-" in text or "/05/2020" in text]


def test_private_columns_are_in_no_table(example: Path) -> None:
    for path in sorted([*example.glob("intake/**/*.parquet"), *example.glob("clean/**/*.parquet")]):
        frame = pd.read_parquet(path)
        for name in frame.select_dtypes(include=["str", "object"]):
            assert not frame[name].astype(str).str.contains("SIMULADO", regex=False).any(), (path, name)


def test_provenance_names_inputs_and_versions(example: Path) -> None:
    facts = json.loads((example / "provenance.json").read_text(encoding="utf-8"))
    assert "data/raw/historical/laboratorio.csv" in facts["inputs"]
    assert all(len(digest) == 64 for digest in facts["inputs"].values())
    assert {"pandas", "numpy", "scipy", "snakemake"} <= set(facts["packages"])
    assert facts["seed"] == 20200501
    assert {"git_commit", "git_dirty", "config_sha256"} <= set(facts)


def test_picture_of_the_readme_is_this_run(example: Path) -> None:
    """Same drawing, coordinates to a hundredth of a point: another processor may round the last digits otherwise."""
    kept = (ROOT / "docs/images/example-pf.svg").read_text(encoding="utf-8")
    made = (example / "figures/en/15.5-trajectory-PF.svg").read_text(encoding="utf-8")
    number = re.compile(r"(?<![\w.#-])-?\d+\.\d+")
    assert number.sub("0", kept) == number.sub("0", made), "copy the new figure to docs/images"
    pairs = zip(number.findall(kept), number.findall(made), strict=True)
    assert max(abs(float(one) - float(other)) for one, other in pairs) < 0.01, "copy the new figure to docs/images"
