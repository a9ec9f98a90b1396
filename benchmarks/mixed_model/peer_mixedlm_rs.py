"""The compiled package mixedlm-rs: random effects with independent residuals only, Wald z only."""

from __future__ import annotations

import mixedlm_rs
import numpy as np
from measure import arguments, forget_peak, shortest, tell

from data import read


def main() -> None:
    options = arguments()
    table = read(options.folder)
    one = np.ones(len(table))
    X = np.column_stack([one, table["arm"], table["day"], table["x"], table["arm"] * table["day"]])
    Z = np.column_stack([one, table["day"]])
    y, groups = table["y"].to_numpy(), table["id"].to_numpy()
    forget_peak()
    seconds, fit = shortest(
        lambda: mixedlm_rs.MixedLM(endog=y, exog=X, groups=groups, exog_re=Z).fit(reml=True), options.repeats
    )
    assert fit.converged
    tell("mixedlm-rs", seconds=seconds, loglik=float(fit.llf), arm=float(fit.fe_params[1]))


if __name__ == "__main__":
    main()
