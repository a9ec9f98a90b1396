"""The arm contrast of an often undetected cytokine: little bias by the censored fit, much by half the limit."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def bias(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("benchmarks/mixed_model/censored_bias.py")


def summary(bias: ModuleType, share: float, studies: int) -> pd.DataFrame:
    results, refused = bias.simulate(bias.Truth(), share, studies, False, 20200618)
    assert len(refused) <= 0.01 * studies
    return bias.summary(results)


def test_paired_with_the_uncensored_fit(bias: ModuleType) -> None:
    """Twenty studies are few, but pairing takes most of the noise out."""
    table = summary(bias, 0.4, 20)
    paired, error = table["paired bias / SE"], table["MC error (paired)"]
    assert abs(paired["censored"]) < 0.1 + 2 * error["censored"]
    assert paired["half the limit"] > 3 * error["half the limit"]


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_bias_over_two_thousand_studies(bias: ModuleType, share: float) -> None:
    """At most a tenth of the standard error; half the limit is worse at every share, beyond that tenth from 40% on."""
    table = summary(bias, share, 2000)
    assert abs(table.loc["censored", "bias / SE"]) <= 0.1
    assert abs(table.loc["censored", "paired bias / SE"]) <= 0.1
    assert 0.93 <= table.loc["censored", "covers"] <= 0.97
    assert table.loc["half the limit", "paired bias / SE"] > abs(table.loc["censored", "paired bias / SE"])
    if share >= 0.4:
        assert table.loc["half the limit", "paired bias / SE"] > 0.1
