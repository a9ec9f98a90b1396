"""Every declared way of making the arms alike."""

from __future__ import annotations

import pandas as pd

from historical_controls.balance.covariates import CategoryCovariate, collect
from historical_controls.balance.key_covariates import KeyCovariates
from historical_controls.balance.weights.entropy import entropy_balancing
from historical_controls.balance.weights.matching import Matched, distances, forbid, match
from historical_controls.balance.weights.overlap import overlap_weighting
from historical_controls.balance.weights.weighting import Infeasible, Weighting, unweighted
from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.registry import VISITS

UNWEIGHTED = "unweighted"


def weightings(
    key: KeyCovariates, patients: pd.DataFrame, settings: Balance, dictionary: Dictionary
) -> dict[str, Weighting | Infeasible]:
    """Weights by method, or why there are none; the unweighted arms first. Empty where an arm is empty.

    patients: the included ones, a row each row of `key`.
    """
    if not key.treated.any() or key.treated.all():
        return {}
    found: dict[str, Weighting | Infeasible] = {UNWEIGHTED: unweighted(key.treated)}
    for method in settings.methods:
        if not key.covariate:
            found[method] = Infeasible("no_key_covariate")
        elif method == "entropy":
            found[method] = entropy_balancing(key, settings.entropy.tolerance, settings.entropy.max_iterations)
        elif method == "overlap":
            found[method] = overlap_weighting(key, settings.overlap.penalty)
        else:
            found[method] = _match(key, patients, settings, dictionary)
    return found


def _match(
    key: KeyCovariates, patients: pd.DataFrame, settings: Balance, dictionary: Dictionary
) -> Matched | Infeasible:
    declared = settings.matching
    # Exact characteristics are columns of the patients; no visit is looked up.
    exact = collect(patients, VISITS.empty(), declared.exact, dictionary, ())
    D = distances(key, declared.distance)
    categories = [covariate.category for covariate in exact if isinstance(covariate, CategoryCovariate)]
    if settings.missing == "indicator":
        # A patient whose value is missing is matched with one who lacks the same value (BA-4).
        categories += [known.astype(object) for known in key.known.T]
    return match(key, forbid(D, key, categories, {str(k): v for k, v in declared.calipers.items()}), declared.ratio)
