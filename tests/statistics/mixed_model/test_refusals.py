"""Every refusal is one line that names what was found and what to do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from generated import study

from historical_controls.mixed_model import (
    ENGLISH,
    Code,
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
    read_message,
)
from historical_controls.mixed_model.design.errors import NumericalFailure, typed_failures
from historical_controls.mixed_model.fits.gaussian import standard_error
from historical_controls.mixed_model.inference.contrast import joint_test
from historical_controls.mixed_model.inference.kenward_roger import SmallSample, inverted

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


def named(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(name="V" + data["visit"].astype(int).astype(str))


def sorted_names(data: pd.DataFrame) -> pd.DataFrame:
    return named(data).astype({"name": "category"})


BAD_DATA: list[tuple[dict, Edit, type[ModelError], str]] = [
    ({}, lambda d: d.assign(y=3.0), DataError, "constant (3)"),
    ({}, lambda d: d.assign(y=d["y"].where(d.index != 4)), DataError, "the response has 1 missing"),
    ({}, lambda d: d.assign(y=d["y"].where(d.index != 4, np.inf)), DataError, "first: row 4"),
    ({"fixed": "y ~ arm + x"}, lambda d: d.assign(x=np.nan), DataError, "column 'x' of X"),
    ({"subject": "ids"}, lambda d: d, DataError, "did you mean 'id'?"),
    ({"fixed": "y ~ arm + gone"}, lambda d: d, DataError, "cannot be evaluated"),
    ({"weights": "weight"}, lambda d: d.assign(weight=-1.0), DataError, "positive finite weights"),
    ({"residual": "us", "visit": "name", "random": None}, named, DataError, "visits as text ('V0', ...)"),
    ({"residual": "ar1", "visit": "name", "random": None}, sorted_names, DataError, "ordered categorical"),
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


@pytest.mark.parametrize("noise", [0.0, 1e-15, -1e-15, 3e-14])
def test_what_rounding_leaves_of_a_zero_is_not_printed(noise: float) -> None:
    """The last digits of a zero differ between processors; a results table must not."""
    with pytest.raises(IllConditioned) as refused:
        inverted(np.array([[1.0, 1.0], [1.0, 1.0 + noise]]), "kenward-roger")
    assert dict(refused.value.message.values)["eigenvalue"] == 0.0


def test_a_fit_without_convergence_has_attempts_and_no_estimates() -> None:
    full = fit_mixed_model(study(1), spec(random="1 + day"))
    fit = fit_design(full.design, Control(steps=0))
    assert not fit.converged
    assert len(fit.attempts) > 3
    for question in (lambda: fit.beta, lambda: fit.loglik, lambda: fit.contrast([0, 1, 0, 0])):
        with pytest.raises(NotConverged, match="did not converge"):
            question()


def test_visits_are_ordered_as_the_categories_say() -> None:
    """V1, V2, V10 as text would sort to V1, V10, V2 and change an autoregressive fit."""
    data = study(1).query("visit < 3")
    names = {0: "V1", 1: "V2", 2: "V10"}
    order = pd.CategoricalDtype(["V1", "V2", "V10"], ordered=True)
    by_name = data.assign(name=data["visit"].map(names).astype(order))
    numbered = fit_mixed_model(data, spec(random=None, residual="ar1", visit="visit"))
    declared = fit_mixed_model(by_name, spec(random=None, residual="ar1", visit="name"))
    assert declared.loglik == pytest.approx(numbered.loglik, abs=1e-10)
    wrong = by_name.assign(name=by_name["name"].cat.reorder_categories(["V1", "V10", "V2"]))
    assert abs(fit_mixed_model(wrong, spec(random=None, residual="ar1", visit="name")).loglik - numbered.loglik) > 0.1


def test_every_code_has_english_and_reads_back() -> None:
    assert set(ENGLISH) == set(Code)
    fit = fit_mixed_model(study(1), spec())
    with pytest.raises(NotEstimable) as error:
        fit.contrast({"arm[T.C]": 1.0})
    code, values = read_message(error.value.message.coded)
    assert (code, values["name"]) == ("coefficient_not_in_model", "arm[T.C]")


def test_failures_of_the_linear_algebra_are_refusals() -> None:
    with pytest.raises(ModelError) as error, typed_failures():
        np.linalg.inv(np.zeros((2, 2)))
    assert error.value.message.code is Code.NUMERICAL_FAILURE
    assert error.value.message.coded == "numerical_failure"
    with pytest.raises(TypeError), typed_failures():
        raise TypeError


@pytest.mark.parametrize("residual", ["car1", "iid", "ar1h"])
@pytest.mark.parametrize("form", ["free", "one_scale"])
def test_an_arm_without_variation_within_is_answered_or_refused(residual: str, form: str) -> None:
    """Every subject of one arm keeps its value: no error of numpy may leave the library."""
    data = study(4, (5, 12))
    first = data.groupby("id")["y"].transform("first")
    data = data.assign(y=data["y"].where(data["arm"] == "B", first.round()))
    random = None if residual == "ar1h" else "1"
    changes = {"residual": residual, "time": "day", "visit": "visit", "random": random, "groups": "arm"}
    try:
        fit = fit_mixed_model(data, spec(**changes, group_form=form))
        assert np.isfinite(fit.contrasts(np.eye(4)[1:2])[0].standard_error)
    except ModelError as error:
        assert error.message.code in ENGLISH


def test_an_adjusted_covariance_that_is_not_positive_gives_no_standard_error() -> None:
    """Kenward and Roger's adjustment subtracts an estimate; a standard error of nan had made intervals of nan."""
    L = np.array([1.0, -1.0])
    assert standard_error(L, np.diag([4.0, 5.0])) == 3.0
    with pytest.raises(NumericalFailure, match="adjusted variance of a contrast is -1"):
        standard_error(L, np.diag([4.0, -5.0]))


def test_a_joint_test_needs_two_denominator_degrees_of_freedom() -> None:
    """Of uncorrelated estimates 1 and 2 with variance 1, F = (1 + 4) / 2; beyond x, F of 2 and 2 df has 1 / (1 + x)."""
    one, none = np.eye(2), np.empty((0, 2, 2))
    state = SmallSample("between-within", one, one, none, np.empty((0, 0)))
    found = joint_test(np.array([1.0, 2.0]), state, one, 2.0)
    assert (found.F, found.p_value) == pytest.approx((2.5, 1 / 3.5))
    with pytest.raises(NotEstimable, match=r"gives 1\.99 denominator df"):
        joint_test(np.array([1.0, 2.0]), state, one, 1.99)
