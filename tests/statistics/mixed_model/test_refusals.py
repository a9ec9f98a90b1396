"""Every refusal is one line that names what was found and what to do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from generated import study

from historical_controls.mixed_model import (
    Control,
    DataError,
    IllConditioned,
    MixedModelSpec,
    ModelError,
    NotConverged,
    NotEstimable,
    RankDeficient,
    SpecificationError,
    fit_design,
    fit_mixed_model,
)
from historical_controls.mixed_model.inference.kenward_roger import inverted

Edit = Callable[[pd.DataFrame], pd.DataFrame]


def spec(**changes: object) -> MixedModelSpec:
    return MixedModelSpec(**({"fixed": "y ~ arm * day", "subject": "id", "random": "1"} | changes))  # type: ignore[arg-type]


BAD_SPECS = [
    ({"residual": "spatial"}, "residual='spatial' is unknown: choose one of iid, car1"),
    ({"group_form": "three"}, "group_form='three' is unknown"),
    ({"fixed": "arm * day"}, "no response: write 'y ~"),
    ({"residual": "car1"}, "needs time"),
    ({"residual": "us", "random": None}, "needs visit"),
    ({"residual": "us", "visit": "visit"}, "leave random out"),
    ({"random": None, "groups": "arm", "group_form": "two_scales"}, "use 'one_scale' or 'free'"),
    ({"lower": "low"}, "give both or neither"),
    ({"lower": "low", "upper": "high"}, "reml=False"),
]


@pytest.mark.parametrize(("changes", "words"), BAD_SPECS)
def test_specification(changes: dict, words: str) -> None:
    with pytest.raises(SpecificationError) as error:
        spec(**changes)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def twice(data: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([data, data.iloc[:1]])


def lonely(data: pd.DataFrame) -> pd.DataFrame:
    return data[(data["arm"] == "B") | (data["id"] == 0)]


BAD_DATA: list[tuple[dict, Edit, type[ModelError], str]] = [
    ({}, lambda d: d.assign(y=3.0), DataError, "constant (3)"),
    ({}, lambda d: d.assign(y=d["y"].where(d.index != 4)), DataError, "the response has 1 missing"),
    ({}, lambda d: d.assign(y=d["y"].where(d.index != 4, np.inf)), DataError, "first: row 4"),
    ({"fixed": "y ~ arm + x"}, lambda d: d.assign(x=np.nan), DataError, "column 'x' of X"),
    ({"subject": "ids"}, lambda d: d, DataError, "did you mean 'id'?"),
    ({"fixed": "y ~ arm + gone"}, lambda d: d, DataError, "cannot be evaluated"),
    ({"weights": "weight"}, lambda d: d.assign(weight=-1.0), DataError, "positive finite weights"),
    ({"residual": "us", "visit": "visit", "random": None}, twice, DataError, "two rows at visit=0"),
    ({"residual": "car1", "time": "day"}, twice, DataError, "two rows at day=0"),
    ({"groups": "arm"}, lonely, DataError, "has one subject"),
    ({"groups": "arm"}, lambda d: d.assign(arm=np.where(d["day"] > 2, "A", d["arm"])), DataError, "several levels"),
    ({}, lambda d: d.iloc[:0], DataError, "no rows"),
    ({"fixed": "y ~ day"}, lambda d: d[d["id"] == 0], DataError, "names one subject"),
    ({"fixed": "y ~ day + I(2 * day)"}, lambda d: d, RankDeficient, "rank 2 of 3"),
    ({"fixed": "y ~ arm * cr(day, df=3)"}, lambda d: d, RankDeficient, "take out or merge"),
    ({"fixed": "y ~ day + zero"}, lambda d: d.assign(zero=0.0), RankDeficient, "'zero' of X is zero"),
    ({"fixed": "y ~ day"}, lambda d: d.assign(y=2 + 3 * d["day"]), DataError, "reproduces the response"),
]


@pytest.mark.parametrize(("changes", "edit", "kind", "words"), BAD_DATA)
def test_data(changes: dict, edit: Edit, kind: type[ModelError], words: str) -> None:
    with pytest.raises(kind) as error:
        fit_mixed_model(edit(study(1)), spec(**changes))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_contrasts() -> None:
    fit = fit_mixed_model(study(1), spec())
    for L, words in [
        ([1.0, 0.0], "needs 4 columns"),
        ([0.0] * 4, "zero or not finite"),
        ({"arm[T.C]": 1.0}, "no coefficient 'arm[T.C]'"),
        ([[0, 1, 0, 0], [0, 2, 0, 0]], "linearly dependent"),
    ]:
        with pytest.raises(NotEstimable) as error:
            fit.contrast(L)  # type: ignore[arg-type]
        assert words in str(error.value)
    with pytest.raises(SpecificationError, match="df='wald' is unknown"):
        fit.contrast([0, 1, 0, 0], df="wald")  # type: ignore[arg-type]
    with pytest.raises(SpecificationError, match="set reml=True"):
        fit_mixed_model(study(1), spec(reml=False)).contrast([0, 1, 0, 0])
    with pytest.raises(DataError, match="not a fitted level"):
        fit.difference("arm", ("A", "C"), at={"day": [1]})


def test_df_below_two() -> None:
    """Two subjects a group with variances of their own cannot carry an interval."""
    data = study(2, (2, 2))
    fit = fit_mixed_model(data, spec(fixed="y ~ arm", groups="arm", group_form="free"))
    with pytest.raises(NotEstimable, match="degrees of freedom"):
        fit.contrast({"arm[T.B]": 1.0})


def test_ill_conditioned_information() -> None:
    with pytest.raises(IllConditioned, match="simplify the covariance"):
        inverted(np.array([[1.0, 1.0], [1.0, 1.0 + 1e-13]]), "kenward-roger")


def test_a_fit_without_convergence_has_attempts_and_no_estimates() -> None:
    full = fit_mixed_model(study(1), spec(random="1 + day"))
    fit = fit_design(full.design, Control(steps=0))
    assert not fit.converged
    assert len(fit.attempts) > 3
    for question in (lambda: fit.beta, lambda: fit.loglik, lambda: fit.contrast([0, 1, 0, 0])):
        with pytest.raises(NotConverged, match="did not converge"):
            question()
