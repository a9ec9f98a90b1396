"""This library's side: from finished design matrices, and with the formula."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
from measure import arguments, forget_peak, shortest, tell

from data import read

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.mixed_model import Contrast, Control, MixedModelFit, MixedModelSpec, build_design, fit_design
from historical_controls.mixed_model.likelihood.likelihood import evaluate

SPECS = {
    "slope": MixedModelSpec("y ~ arm * day + x", "id", "1 + day"),
    "slope_car1": MixedModelSpec("y ~ arm * day + x", "id", "1 + day", residual="car1", time="day"),
    "us": MixedModelSpec("y ~ arm * day + x", "id", residual="us", visit="day"),
}
DAY_7 = [0.0, 1.0, 0.0, 0.0, 7.0]


def fitted(table: pd.DataFrame, spec: MixedModelSpec, repeats: int) -> tuple[float, float, MixedModelFit]:
    """Seconds for the design and for the fit, and the fit."""

    def run() -> MixedModelFit:
        fit = fit_design(design, Control())
        assert fit.converged and fit.vcov.notna().all().all()
        return fit

    building, design = shortest(lambda: build_design(table, spec), min(repeats, 3))
    fitting, fit = shortest(run, repeats)
    return building, fitting, fit


def kenward_roger(fit: MixedModelFit) -> Contrast:
    """The day-7 difference, solving with V anew: a copied optimum would bring sums that the fit had already taken."""
    optimum = fit.point
    again = replace(fit, optimum=evaluate(optimum.engine, optimum.parameters, optimum.theta))
    answer = again.contrast(DAY_7, df="kenward-roger")
    assert isinstance(answer, Contrast)
    return answer


def main() -> None:
    options = arguments()
    table = read(options.folder)
    forget_peak()
    building, fitting, fit = fitted(table, SPECS.get(options.task, SPECS["slope"]), options.repeats)
    if options.task == "kr":
        seconds, row = shortest(lambda: kenward_roger(fit), options.repeats)
        tell("ours", seconds=seconds, loglik=fit.loglik, se=row.standard_error, df=row.df)
    else:
        beta = fit.beta
        tell("ours", seconds=fitting, with_formula=fitting + building, loglik=fit.loglik, arm=float(beta.iloc[1]))


if __name__ == "__main__":
    main()
