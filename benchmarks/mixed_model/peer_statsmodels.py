"""statsmodels' MixedLM: random effects with independent residuals only, Wald z only."""

from __future__ import annotations

import warnings

import numpy as np
from measure import arguments, forget_peak, shortest, tell
from statsmodels.regression.mixed_linear_model import MixedLM

from data import read


def main() -> None:
    options = arguments()
    table = read(options.folder)
    one = np.ones(len(table))
    X = np.column_stack([one, table["arm"], table["day"], table["x"], table["arm"] * table["day"]])
    Z = np.column_stack([one, table["day"]])
    forget_peak()
    warnings.simplefilter("ignore")
    seconds, fit = shortest(
        lambda: MixedLM(table["y"].to_numpy(), X, table["id"].to_numpy(), exog_re=Z).fit(reml=True), options.repeats
    )
    tell("statsmodels", seconds=seconds, loglik=float(fit.llf), arm=float(fit.fe_params[1]))


if __name__ == "__main__":
    main()
