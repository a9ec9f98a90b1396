"""A comparison that a gate refuses, through the whole workflow: a report that says why, and no inference anywhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from .conftest import edit_config, snakemake

pytestmark = pytest.mark.workflow

INFERENCE = {"estimate", "p_value", "p_raw", "p_max_t", "p_holm", "p_floor", "win_odds", "standard_error", "agreement"}
PAGE = "results/report/investigator.en.html"
CONTRAST = "treated - historical"
MATCHED = {"analysis": {"weighting": "matching", "df_method": "kenward-roger"}}
NOT_INFERENCE = {"baseline", "baseline_weighted", "love", "ledger_loss_arms"}
ONE_ARM = {"cumulative_incidence"}  # estimates of one arm alone, which no gate forbids


def refuse(settings: dict) -> None:
    """Asks for more controls than there are, in all scenarios but one, which is weighted."""
    settings["cohort"]["time_zero"]["wait_draws"] = 2
    settings["balance"]["gates"] = {"min_ess": 1000, "warn_ess": 2000}
    settings["scenarios"]["lenient"] = {
        "label": {"en": "Weighted", "es": "Ponderado"},
        "overrides": {
            "balance": {"gates": {"min_ess": 1}},
            "analysis": {"weighting": "entropy", "df_method": "satterthwaite"},
        },
    }


def test_a_refused_comparison_reaches_every_reader(small_study: Path) -> None:
    edit_config(small_study, refuse)
    run = snakemake(small_study, PAGE)
    assert run.code == 0, run.output
    ard = pd.read_parquet(small_study / "results/ard.parquet")
    outcomes = yaml.safe_load((small_study / "config.yaml").read_text(encoding="utf-8"))["outcomes"]
    compared = ard[(ard["contrast"] == CONTRAST) & ~ard["analysis"].isin(NOT_INFERENCE)]
    # The declared order of the fixed sequence, and why it ends, are no inference.
    compared = compared[~compared["statistic"].isin({"position", "not_estimable"})]
    for scenario in ("primary", "unadjusted"):
        own = ard[(ard["scenario"] == scenario) & (ard["population"] != "published")]
        assert not own.loc[~own["analysis"].isin(ONE_ARM), "statistic"].isin(INFERENCE).any()
        assert compared[compared["scenario"] == scenario].empty
        # The mixed model alone: the average over draws of waits says that most of them were refused.
        model = own[(own["statistic"] == "not_estimable") & (own["analysis"] == "mixed_model")]
        said = model.drop_duplicates("outcome").set_index("outcome")["text"]
        assert set(outcomes) <= set(said.index)
        assert said["PF"] == "few_effective"
    weighted = ard[(ard["scenario"] == "lenient") & (ard["outcome"] == "PF") & (ard["statistic"] == "p_value")]
    assert set(weighted["analysis"]) == {"mixed_model", "while_alive"}
    page = (small_study / PAGE).read_text(encoding="utf-8")
    assert page.count("too few historical patients carry the comparison") >= 3
    assert "limit" in page
    listing = pd.read_csv(small_study / "results/internal/primary/listing-16.2.9.csv")
    assert {"display_id", "unweighted", "entropy", "matched_set"} <= set(listing.columns)
    assert not listing["display_id"].isna().any()


@pytest.mark.slow
def test_a_weighted_primary_ends_in_a_report(small_study: Path) -> None:
    def weigh(settings: dict) -> None:
        settings["analysis"].update(weighting="entropy", df_method="satterthwaite")
        settings["scenarios"] = {"matched": {"label": {"en": "Matched", "es": "Pareado"}, "overrides": MATCHED}}

        settings["cohort"]["time_zero"]["wait_draws"] = 0

    edit_config(small_study, weigh)
    run = snakemake(small_study, PAGE)
    assert run.code == 0, run.output
    ard = pd.read_parquet(small_study / "results/ard.parquet")
    model = ard[(ard["outcome"] == "PF") & (ard["analysis"] == "mixed_model") & (ard["contrast"] == CONTRAST)]
    assert set(model.loc[model["scenario"] == "primary", "method"]) == {"cr2"}
    assert set(model.loc[model["scenario"] == "matched", "method"]) == {"reml"}
    permuted = ard[(ard["analysis"] == "permutation") & (ard["statistic"] == "p_value")]
    assert set(permuted["scenario"]) == {"matched"}
    page = (small_study / PAGE).read_text(encoding="utf-8")
    assert "CR2 standard errors" in page
    assert "ranks have no weighted form" in page
