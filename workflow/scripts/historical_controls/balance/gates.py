"""May the arms be compared at all? Each gate says what it found, what is declared, and what follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from historical_controls.balance.covariates import Covariate, Floats, NumberCovariate
from historical_controls.balance.differences import on_scale
from historical_controls.balance.key_covariates import Flags, KeyCovariates
from historical_controls.balance.reach import CHANCE, column_of_each, reached
from historical_controls.balance.weights.matching import Matched
from historical_controls.balance.weights.weighting import Infeasible, Weighting, effective_size, largest_share
from historical_controls.config.analysis.balance import Gates
from historical_controls.inference.spread import no_spread

State = Literal["ok", "warn", "refuse"]
# Share of an arm in whom a key covariate must be known to be compared, as for covariates of the models.
LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class Gate:
    """One finding under one method. covariate, level (a display id or an arm): what it names, '' for none."""

    gate: str
    state: State
    value: float
    limit: float
    covariate: str = ""
    level: str = ""


def gates_of(
    weighting: Weighting | Infeasible, key: KeyCovariates, ids: np.ndarray, calendar: Covariate | None, declared: Gates
) -> list[Gate]:
    """All gates of one method; ids (n,): display ids; calendar: weeks of the time zeros, warned of and no more."""
    if isinstance(weighting, Infeasible):
        named = weighting.covariates or ("",)
        return [Gate(weighting.reason, "refuse", np.nan, np.nan, code) for code in named]
    # Unmatched patients are not compared; treated ones among them are named by `unmatched` alone.
    included = weighting.weights > 0
    found = [*_effective(weighting, key, declared), *_shares(weighting, key, declared)]
    found += _far(key, included, ids, declared.min_controls_reaching)
    if isinstance(calendar, NumberCovariate):
        found += _calendar(on_scale(calendar), key.treated & included, ~key.treated, ids)
    if isinstance(weighting, Matched):
        found += _sets(weighting, key, ids)
    return found


def _effective(weighting: Weighting, key: KeyCovariates, declared: Gates) -> Iterator[Gate]:
    ess = effective_size(weighting.weights[~key.treated])
    refused = ess < declared.min_ess
    state: State = "refuse" if refused else "warn" if ess < declared.warn_ess else "ok"
    # The limit printed is the one that was missed.
    limit = declared.min_ess if refused else declared.warn_ess
    yield Gate("few_effective", state, ess, limit, level="historical")


def _shares(weighting: Weighting, key: KeyCovariates, declared: Gates) -> Iterator[Gate]:
    """Treated patients are looked at only where they weigh differently, as under overlap weights."""
    for arm, rows in (("treated", key.treated), ("historical", ~key.treated)):
        own = weighting.weights[rows]
        own = own[own > 0]
        # Equal weights of few treated patients are large shares by necessity: one of two has 50%.
        if arm == "treated" and np.ptp(own) == 0:
            continue
        share = largest_share(own)
        state: State = "refuse" if share > declared.max_weight_share else "ok"
        yield Gate("one_weight", state, share, declared.max_weight_share, level=arm)


def _far(key: KeyCovariates, included: Flags, ids: np.ndarray, least: float) -> Iterator[Gate]:
    """Per covariate: whether controls reach as far out as the treated patients do, and who is beyond all of them.

    Refused for the design, not for one patient's extreme: where fewer than a share `least` of the controls are as far
    out as the middle treated patient, and by chance, over all key covariates, so few were there in at most 5% of the
    ways to call as many of these patients treated (BA-13). A single treated patient beyond the controls is named, with
    the distance in the controls' standard deviations.
    """
    codes = tuple(dict.fromkeys(key.covariate))
    yield from _unknown(key, codes)
    for code, one in column_of_each(key, reached(key, included, least)).items():
        refused = one.share < least and one.chance <= CHANCE
        yield Gate("far_from_controls", "refuse" if refused else "ok", one.share, least, code)
        columns = [number for number, name in enumerate(key.covariate) if name == code]
        beyond = np.max([_beyond(key, number) for number in columns], axis=0)
        for row in np.flatnonzero(key.treated & included & (beyond > 0)):
            yield Gate("outside_range", "warn", float(beyond[row]), 0.0, code, str(ids[row]))


def _unknown(key: KeyCovariates, codes: tuple[str, ...]) -> Iterator[Gate]:
    """Key covariates that most of an arm lack: filled from the other arm they would look balanced whatever they are."""
    for code in codes:
        known = key.known[:, key.covariate.index(code)]
        for arm, rows in (("treated", key.treated), ("historical", ~key.treated)):
            share = float(known[rows].mean()) if rows.any() else 1.0
            if share < LEAST_KNOWN:
                yield Gate("unknown_in_arm", "warn", share, LEAST_KNOWN, code, arm)


def _beyond(key: KeyCovariates, column: int) -> Floats:
    """(n,): distance to the nearest control of those outside the controls' range, 0 inside or where imputed.

    In standard deviations of the controls; infinite where they are all alike.
    """
    x, known = key.X[:, column], key.known[:, column]
    controls = x[~key.treated & known]
    if not len(controls):
        return np.zeros(len(x))
    apart = np.maximum(np.maximum(controls.min() - x, x - controls.max()), 0.0)
    # A difference left by rounding puts nobody outside the range.
    apart = np.where(no_spread(apart, np.abs(x).max()), 0.0, apart)
    sd = key.control_sd[column]
    scaled = apart / sd if sd > 0 else np.where(apart > 0, np.inf, 0.0)
    return np.where(known, scaled, 0.0)


def _calendar(weeks: Floats, treated: Flags, historical: Flags, ids: np.ndarray) -> Iterator[Gate]:
    """Treated patients outside the weeks of the controls, in weeks: part of any difference may be the calendar."""
    known = weeks[historical & ~np.isnan(weeks)]
    if not len(known):
        return
    # A treated patient without a week is not outside.
    apart = np.nan_to_num(np.maximum(np.maximum(known.min() - weeks, weeks - known.max()), 0.0))
    for row in np.flatnonzero(treated & (apart > 0)):
        yield Gate("outside_calendar", "warn", float(apart[row]), 0.0, "calendar_week", str(ids[row]))


def _sets(weighting: Matched, key: KeyCovariates, ids: np.ndarray) -> Iterator[Gate]:
    if weighting.ratio < weighting.wanted:
        yield Gate("ratio_reduced", "warn", weighting.ratio, weighting.wanted)
    for row in np.flatnonzero(key.treated & (weighting.set == 0)):
        yield Gate("unmatched", "warn", np.nan, np.nan, level=str(ids[row]))
