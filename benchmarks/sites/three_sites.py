"""One mixed model of three hospitals whose rows stay where they are.

    OMP_NUM_THREADS=1 python benchmarks/sites/three_sites.py --patients 300

Each site sends, for every patient, the group, how many rows there are, and the cross-products [Z X y]'[Z X y]: no date,
no value, no row. With independent residuals the likelihood asks for nothing else (MM-8), and any rows that have these
cross-products are as good as the patient's own: the centre makes such rows and hands them to the engine as it is.
Prints how far estimates, standard errors, degrees of freedom and log-likelihood are from the fit to all rows together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.generate.runs import run_line
from historical_controls.mixed_model import MixedModelFit, MixedModelSpec, fit_mixed_model

Array = NDArray[np.float64]
SITES = ("north", "centre", "south")
RANDOM = ("z_one", "z_day")
# The same columns at every site, agreed beforehand: intercept, sites but the first, group, time and their product.
FIXED = ("x_one", "x_centre", "x_south", "x_arm", "x_day", "x_square", "x_arm_day")
SPEC = MixedModelSpec(
    f"y ~ 0 + {' + '.join(FIXED)}", "patient", f"0 + {' + '.join(RANDOM)}", groups="arm", group_form="one_scale"
)
# Treated minus historical at day 7.
CONTRAST = {"x_arm": 1.0, "x_arm_day": 7.0}


@dataclass(frozen=True)
class Sent:
    """What leaves a site for one patient: `products` is [Z X y]'[Z X y], (q + p + 1, q + p + 1)."""

    patient: str
    arm: str
    n_rows: int
    products: Array


def simulate(patients: int, seed: int = 20201129) -> pd.DataFrame:
    """Rows of all sites: an intercept and a slope of each patient's own, twice as variable in one group."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(patients):
        site, treated = SITES[number % 3], number % 7 == 0
        days = np.flatnonzero(rng.random(15) < 0.6) * 1.0
        own = rng.normal(0, [20.0, 1.5]) * (2.0 if treated else 1.0)
        mean = 120 + 8 * SITES.index(site) + 5 * treated + (3 + 2 * treated) * days - 0.08 * days**2
        y = mean + own[0] + own[1] * days + rng.normal(0, 12.0 * (2.0 if treated else 1.0), len(days))
        arm = "treated" if treated else "historical"
        rows.append(pd.DataFrame({"patient": f"{site}-{number}", "site": site, "arm": arm, "day": days, "y": y}))
    return with_columns(pd.concat(rows, ignore_index=True))


def with_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """The agreed columns beside the rows."""
    treated = (rows["arm"] == "treated") * 1.0
    return rows.assign(
        z_one=1.0, z_day=rows["day"], x_one=1.0, x_centre=(rows["site"] == "centre") * 1.0,
        x_south=(rows["site"] == "south") * 1.0, x_arm=treated, x_day=rows["day"], x_square=rows["day"] ** 2,
        x_arm_day=treated * rows["day"],
    )  # fmt: skip


def send(rows: pd.DataFrame) -> list[Sent]:
    """What one site computes from its rows, and all that it sends."""
    sent = []
    for (patient, arm), own in rows.groupby(["patient", "arm"], sort=True):
        values = own[[*RANDOM, *FIXED, "y"]].to_numpy()
        sent.append(Sent(str(patient), str(arm), len(own), values.T @ values))
    return sent


def rows_like(sent: Sequence[Sent]) -> pd.DataFrame:
    """Rows with the cross-products and the number of rows of each patient's own; none is a row that was measured."""
    made = []
    for one in sent:
        # A = R'R by eigenvectors, the largest last: as many rows as the patient has carry all of A.
        size, vectors = np.linalg.eigh(one.products)
        roots = (np.sqrt(np.clip(size, 0, None)) * vectors).T[::-1][: one.n_rows]
        values = np.zeros((one.n_rows, one.products.shape[0]))
        values[: len(roots)] = roots
        frame = pd.DataFrame(values, columns=[*RANDOM, *FIXED, "y"])
        made.append(frame.assign(patient=one.patient, arm=one.arm))
    return pd.concat(made, ignore_index=True)


def differences(pooled: MixedModelFit, remote: MixedModelFit) -> dict[str, float]:
    """Largest relative difference of each kind of answer."""
    ours, theirs = remote.contrast(CONTRAST), pooled.contrast(CONTRAST)
    pairs = {
        "coefficients": (remote.beta, pooled.beta),
        "covariance parameters": (remote.covariance_parameters["estimate"], pooled.covariance_parameters["estimate"]),
        "log-likelihood": (remote.loglik, pooled.loglik),
        "contrast": (ours.estimate, theirs.estimate),
        "standard error": (ours.standard_error, theirs.standard_error),
        "degrees of freedom": (ours.df, theirs.df),
    }
    return {name: float(np.max(np.abs(np.asarray(a) / np.asarray(b) - 1))) for name, (a, b) in pairs.items()}


def compare(patients: int) -> tuple[MixedModelFit, dict[str, float], int]:
    """The pooled fit, how far the fit from what was sent is from it, and how many numbers were sent."""
    rows = simulate(patients)
    sent = [one for site in SITES for one in send(rows[rows["site"] == site])]
    size = sum(one.products.shape[0] * (one.products.shape[0] + 1) // 2 + 2 for one in sent)
    pooled = fit_mixed_model(rows, SPEC)
    return pooled, differences(pooled, fit_mixed_model(rows_like(sent), SPEC)), size


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--patients", type=int, default=300)
    pooled, far, size = compare(asked.parse_args().patients)
    print(run_line(__file__) + "\n")
    answer = pooled.contrast(CONTRAST)
    print(f"treated - historical at day 7, all rows together: {answer.estimate:.6f}")
    print(f"numbers sent: {size}")
    for name, difference in far.items():
        print(f"{name}: {difference:.1e}")


if __name__ == "__main__":
    main()
