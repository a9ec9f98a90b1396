"""The explorer of choices and the cards of the estimands: each result in its place, refusals with their reasons."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.study_config import load_config
from historical_controls.dictionary.dictionary import Event
from historical_controls.provenance import VERSION
from historical_controls.report.protocol.usdm import usdm_json
from historical_controls.report.statistician.choices import explorer
from historical_controls.report.statistician.estimands import estimand_cards
from historical_controls.text.choices import choices_of

from .study import CONTRAST, small_study, study_config

REFUSED = "severe=berlin|entropy|mixed_model"


def test_a_combination_is_taken_apart_by_choice() -> None:
    assert choices_of("a=x+b=y|none|mixed_model") == {
        "a": "x",
        "b": "y",
        "weighting": "none",
        "estimand": "mixed_model",
    }
    assert choices_of("declared|none|worst_rank") == {"weighting": "none", "estimand": "worst_rank"}


def shown(ard: pd.DataFrame | None = None) -> dict[tuple[str, ...], tuple[tuple[str, str], ...]]:
    study = small_study()
    made = explorer(replace(study, ard=study.ard if ard is None else ard).page("en").printer)
    assert made is not None
    plain = {tuple(one.striptags() for one in row.options): row.answers for row in made.rows}
    return {key: tuple((one.said.striptags(), one.drawn) for one in answers) for key, answers in plain.items()}


def test_every_combination_has_one_row_and_one_answer_a_method() -> None:
    study = small_study()
    cell = Cell("specification", "primary", "entropy", "PF", level=REFUSED, day=7, contrast=CONTRAST)
    rows = shown(pd.concat([study.ard, ard_frame([cell.text("not_estimable", "few_effective")])], ignore_index=True))
    assert [key for key in rows if key[1] == "Entropy balancing"] == [
        ("Berlin", "Entropy balancing"), ("P/F below 150", "Entropy balancing"),
    ]  # fmt: skip
    assert len(rows) == 4
    # The fourth combination of the small study has win odds of 5 (4 to 60), and the first a difference of 20 (1 to 60).
    (difference, bar), (odds, _) = rows["P/F below 150", "Unweighted"]
    assert (difference, odds) == ("20 (1 to 60)", "5.00 (4.00 to 60.00)")
    # All limits of the method are at or above no difference: 0 to 60 is the width of the cell.
    assert [float(one) for one in re.findall(r"--[nelu]:([\d.]+)", bar)] == pytest.approx([0, 33.3, 1.7, 100])
    assert rows["Berlin", "Entropy balancing"] == (("effective sample size too small", ""), ("–", ""))


def test_nothing_to_explore_is_no_explorer() -> None:
    study = small_study().bare()
    assert explorer(study.page("en").printer) is None


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_estimand_s_card_has_five_attributes_and_the_result_of_its_analysis(language: str) -> None:
    printer = small_study().page(language).printer
    cards = estimand_cards(printer)
    declared = printer.config.estimands
    assert declared is not None
    results = dict(zip((one.analysis for one in declared.questions.values()), cards, strict=True))
    for card in cards:
        assert len(card.attributes) == 6
        assert all(said.striptags() for _, said in card.attributes)
    odds = printer.results.one("worst_rank", "win_odds", outcome="PF", day=7.0, contrast=CONTRAST)  # type: ignore[arg-type]
    assert odds is not None and f'data-ard="{odds.id}"' in results["worst_rank"].result
    assert results["worst_rank"].output_id == "14.2.1"
    model = printer.results.one("mixed_model", "estimate", outcome="PF", day=7.0, contrast=CONTRAST)  # type: ignore[arg-type]
    first = cards[0]
    assert model is not None and f'data-ard="{model.id}"' in first.result
    # An analysis that wrote no rows has no number, and says so.
    refused = {"en": "Not estimable", "es": "No estimable"}[language]
    assert refused in results["while_alive"].result.striptags()


@pytest.mark.parametrize(
    ("hierarchy", "said"),
    [
        (["death"], "Decided by death by day 28: win ratio 2.00 (95% CI 1.20 to 3.30)."),
        (
            ["death", "PF"],
            "Decided by death by day 28; PaO2/FiO2 ratio up to day 7: win ratio 2.00 (95% CI 1.20 to 3.30).",
        ),
    ],
)
def test_a_win_ratio_says_what_decided_the_pairs(hierarchy: list[str], said: str) -> None:
    """Deaths of the whole follow-up decide them, whatever the primary outcome and its day."""
    study, raw = small_study(), study_config()
    question = {"label": {"en": "First", "es": "Primero"}, "variable": {"en": "Pairs", "es": "Pares"}}
    raw["estimands"] = {
        "questions": {"pairs": {**question, "analysis": "win_ratio", "measures": ["win_ratio"], "outcomes": ["PF"]}}
    }
    raw["primary"]["hierarchy"] = hierarchy  # type: ignore[index]
    raw["cohort"]["horizon_days"] = 28  # type: ignore[index]
    cell = Cell("win_ratio", "primary", "hierarchical", "PF", day=7, level="win_ratio", contrast=CONTRAST)
    numbers = {"win_ratio": 2.0, "lower": 1.2, "upper": 3.3}
    rows = [cell.number(name, value, "ratio", "0.00") for name, value in numbers.items()]
    kept = study.ard[study.ard["analysis"] != "win_ratio"]
    own = replace(study, config=load_config(raw), ard=pd.concat([kept, ard_frame(rows)], ignore_index=True))
    (card,) = estimand_cards(own.page("en").printer)
    assert card.result.striptags() == said
    variable = [text.striptags() for _, text in card.attributes if "Pairs" in text]
    assert variable == [f"Pairs (outcomes: {said.removeprefix('Decided by ').partition(':')[0]})"]


def test_a_slope_that_is_not_estimable_gives_its_own_reason() -> None:
    """The day has an estimate, and no tipping point: the card of the slope printed the reason of that."""
    study, raw = small_study(), study_config()
    slope = {
        "label": {"en": "Change per day", "es": "Cambio"},
        "variable": {"en": "Slope"},
        "analysis": "mixed_model",
        "measures": ["slope"],
    }
    raw["estimands"] = {"questions": {"change": {**slope, "outcomes": ["PF"]}}}
    model = Cell("mixed_model", "primary", "reml", "PF", output="14.2.2")
    rows = [
        model.at(level="slope").text("not_estimable", "one_value_each"),
        Cell("tipping_point", "primary", "delta", "PF", output="14.2.14").at(day=7).text("not_estimable", "no_spread"),
    ]
    own = replace(study, config=load_config(raw), ard=pd.concat([study.ard, ard_frame(rows)], ignore_index=True))
    (card,) = estimand_cards(own.page("en").printer)
    assert "too few patients of one group were measured more than once" in card.result.striptags()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Another end of follow-up (transplant): up to then (while alive and in follow-up)"),
        ("es", "Otro final del seguimiento (trasplante): "),
    ],
)
def test_a_declared_end_of_follow_up_is_named_among_the_intercurrent_events(language: str, said: str) -> None:
    study, raw = small_study(), study_config()
    raw["cohort"]["ends_with"] = ["transplant"]  # type: ignore[index]
    events = {"transplant": Event("transplant", "transplant", "trasplante", "")}
    own = replace(study, config=load_config(raw), dictionary=replace(study.dictionary, events=events))
    told = [card.attributes[3][1].striptags() for card in estimand_cards(own.page(language).printer)]
    assert told and all("(tra" in one for one in told) and sum(said in one for one in told) >= 1
    design = json.loads(usdm_json(own.page(language).printer, VERSION))["study"]["versions"][0]["studyDesigns"][0]
    events_of = [one["text"] for estimand in design["estimands"] for one in estimand["intercurrentEvents"]]
    assert events_of.count(said.split(":")[0]) == len(design["estimands"]) > 0
    assert not any("(tra" in str(card) for card in estimand_cards(study.page(language).printer))
