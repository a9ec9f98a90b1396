"""The results in the shape of R's cards: its columns in its order, every row once, and the reasons for gaps."""

from __future__ import annotations

from functools import cache

import pandas as pd

from historical_controls.report.exports.standards.cards import cards_frame
from historical_controls.report.exports.tables import export_tables
from historical_controls.report.printing.study_names import study_names

from .study import small_study

# cards 0.9.0, tidy_ard_column_order(); fmt_fun is a list of functions, which a file cannot hold.
STANDARD = [
    *("group1", "group1_level", "group2", "group2_level", "group3", "group3_level", "variable", "variable_level"),
    *("context", "stat_name", "stat_label", "stat", "stat_fmt", "warning", "error"),
]


@cache
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    study = small_study()
    tables = export_tables(study.ard, study.outputs)
    names = study_names(study.config, study.words("en"), study.dictionary)
    return pd.concat(tables.values()), cards_frame(tables, names)


def test_columns_are_in_the_standard_order_and_every_row_is_there_once() -> None:
    rows, cards = frames()
    assert list(cards)[: len(STANDARD)] == STANDARD
    assert cards["id"].is_unique and set(cards["id"]) == set(rows["id"])
    assert cards[["variable", "context", "stat_name", "stat_label"]].ne("").all(axis=None)


def test_a_number_its_groups_and_its_words_come_back() -> None:
    rows, cards = frames()
    both = rows.merge(cards, on="id", suffixes=("", "_card"))
    numbers = both[both["value"].notna()]
    assert (numbers["stat"].astype(float) == numbers["value"]).all()
    assert (both["group2_level"].astype(float).fillna(-1) == both["day"].fillna(-1)).all()
    assert (both["group1_level"].fillna("") == both["arm"]).all()
    own = both[(both["scenario"] == "primary") & (both["level"] == "") & (both["outcome"] == "PF")]
    own = own[own["contrast"] == "treated - historical"]
    one = own.query("analysis == 'mixed_model' and statistic == 'estimate' and day == 7").iloc[0]
    named = one[["group1", "group2", "group2_level", "group3", "variable", "stat_label", "stat", "stat_fmt"]]
    assert named.fillna("").tolist() == ["", "day", "7", "contrast", "PF", "Estimate", "33.6", "34"]


def test_a_refusal_has_its_reason_as_error_and_nothing_else_has_one() -> None:
    rows, cards = frames()
    refused = cards["stat_name"] == "not_estimable"
    assert refused.any() and cards.loc[refused, "error"].tolist() == cards.loc[refused, "stat"].tolist()
    numbers = set(rows.loc[rows["value"].notna(), "id"])
    assert not numbers & set(cards.loc[cards["error"].notna(), "id"])
