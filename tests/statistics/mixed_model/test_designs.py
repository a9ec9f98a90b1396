"""Columns of random effects that are plain numbers are taken as they are; others are left to the formula."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from formulaic import Formula
from generated import study

from historical_controls.mixed_model import DataError, MixedModelSpec
from historical_controls.mixed_model.design.design import build_design

DATA = study(3, (3, 3)).assign(week=lambda t: t["day"] // 7, late=lambda t: t["day"] > 3, ward=lambda t: t["arm"])


@pytest.mark.parametrize(
    "random",
    ["1", "1 + day", "day", "1+day+week", "day + 1", "0 + day", "day - 1", "ward", "late", "1 + day + day", "day:week"],
)
def test_columns_are_those_of_the_formula(random: str) -> None:
    design = build_design(DATA, MixedModelSpec("y ~ day", "id", random))
    columns = Formula(random).get_model_matrix(design.data)
    assert design.random_names == tuple(columns.columns)
    assert (np.asarray(columns, dtype=float)[design.row] == design.Z).all()


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="weeks"):
        build_design(DATA, MixedModelSpec("y ~ day", "id", "1 + weeks"))


def test_missing_numbers_are_refused() -> None:
    gap = DATA.assign(week=DATA["week"].where(DATA["day"] != 2))
    with pytest.raises(DataError):
        build_design(gap, MixedModelSpec("y ~ day", "id", "1 + week"))
    whole = DATA.assign(week=pd.array(DATA["week"], dtype="Int64"))
    assert build_design(whole, MixedModelSpec("y ~ day", "id", "1 + week")).random_names == ("Intercept", "week")
