"""The mixed-model engine against fits of R's lme4, pbkrtest, lmerTest and mmrm on public data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_mixed_model
from historical_controls.validation.checks import Check, Tolerance, compared

FOLDER = "tests/data/engine"
LIKELIHOOD, ESTIMATES, DF = Tolerance(1e-8, relative=False), Tolerance(1e-6), Tolerance(1e-6)
LEVEL = 0.9  # of the intervals, which are not compared
# By file name without suffix: fixed and random part, subject, whether random effects are correlated.
LME4 = {
    "lme4_sleepstudy": MixedModelSpec("Reaction ~ Days", "Subject", "1 + Days"),
    "lme4_sleepstudy_ri": MixedModelSpec("Reaction ~ Days", "Subject", "1"),
    "lme4_Orthodont": MixedModelSpec("distance ~ age * Sex", "Subject", "1 + age"),
}
FEV = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"
MMRM = {
    "mmrm_fev_data_us": MixedModelSpec(FEV, "USUBJID", residual="us", visit="AVISIT"),
    "mmrm_fev_data_us_grouped": MixedModelSpec(FEV, "USUBJID", residual="us", visit="AVISIT", groups="ARMCD"),
    "mmrm_fev_data_ar1h": MixedModelSpec(FEV, "USUBJID", residual="ar1h", visit="AVISIT"),
}
LEVELS = {"Sex": ["Male", "Female"], "SEX": ["Male", "Female"], "AVISIT": ["VIS1", "VIS2", "VIS3", "VIS4"]}


def reference_checks(folder: Path) -> Iterator[Check]:
    """Yield the checks of every shipped reference; folder: that of the repository."""
    for name, spec in {**LME4, **MMRM}.items():
        wanted = json.loads((folder / FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        fit = fit_mixed_model(_table(folder / FOLDER, name), spec)
        yield from (_lme4 if name in LME4 else _mmrm)(fit, wanted, name)


def _table(folder: Path, name: str) -> pd.DataFrame:
    stem = next(part for part in ("sleepstudy", "Orthodont", "fev_data") if part in name)
    data = pd.read_csv(folder / f"{stem}.csv")
    known = {
        column: pd.Categorical(data[column], levels, ordered=column == "AVISIT")
        for column, levels in LEVELS.items()
        if column in data
    }
    # mmrm leaves rows without a response out; the level order decides which coefficient is which.
    return data.assign(**known).dropna(subset=[column for column in ("FEV1",) if column in data])


def _lme4(fit: MixedModelFit, wanted: dict[str, Any], name: str) -> Iterator[Check]:
    order, group = _places(fit, list(wanted["fixef"])), "Random effects: lme4, pbkrtest"
    yield from _estimates(fit, wanted, group, name, order)
    for test in wanted["tests"]:
        row = np.zeros(len(order))
        row[order] = list(test["L"].values())
        ours = fit.contrasts(row[None], "kenward-roger", LEVEL)[0]
        numbers = [ours.standard_error, ours.df]
        label = f"{name}: {test['label']}, Kenward-Roger SE and df"
        yield compared(group, label, numbers, [test["kr_se"], test["kr_df"]], DF)


def _mmrm(fit: MixedModelFit, wanted: dict[str, Any], name: str) -> Iterator[Check]:
    order, group = _places(fit, wanted["coef_order"]), "Covariance over visits: mmrm"
    yield from _estimates(fit, wanted, group, name, order)
    for method in ("satterthwaite", "kenward-roger-linear"):
        theirs = pd.DataFrame(next(v for k, v in wanted["by_method"].items() if k.lower() == method)["coef"])
        ours = [fit.contrasts(np.eye(len(order))[[place]], method, LEVEL)[0] for place in order]
        for column, values in (("se", [one.standard_error for one in ours]), ("df", [one.df for one in ours])):
            yield compared(group, f"{name}: {method} {column}", values, theirs[column], DF)


def _estimates(fit: MixedModelFit, wanted: dict[str, Any], group: str, name: str, order: list[int]) -> Iterator[Check]:
    errors = np.sqrt(np.diag(np.array(wanted["vcov"])))
    yield compared(group, f"{name}: restricted log-likelihood", fit.loglik, wanted["REML_loglik"], LIKELIHOOD)
    # In units of their standard errors: a coefficient near zero has no digits of its own.
    ours, theirs = fit.beta.to_numpy()[order] / errors, np.array(list(wanted["fixef"].values())) / errors
    in_errors = Tolerance(ESTIMATES.size, relative=False)
    yield compared(group, f"{name}: coefficients per standard error", ours, theirs, in_errors)
    yield compared(group, f"{name}: standard errors", np.sqrt(np.diag(fit.vcov))[order], errors, ESTIMATES)


def _places(fit: MixedModelFit, names: list[str]) -> list[int]:
    """Where R's coefficients are among ours."""
    own = [_plain(name) for name in fit.names]
    return [own.index(_plain(name)) for name in names]


def _plain(name: str) -> str:
    return name.replace("(Intercept)", "Intercept").replace("[T.", "").replace("]", "")
