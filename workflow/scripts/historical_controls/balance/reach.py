"""Whether controls reach as far out as treated patients, tested for all key covariates at once (BA-12, BA-13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb

import numpy as np
from scipy.special import gammaln

from historical_controls.balance.covariates import Floats
from historical_controls.balance.envelope import Integers, labellings
from historical_controls.balance.key_covariates import Flags, KeyCovariates
from historical_controls.inference.spread import varies

# Of studies whose arms do not differ, refused over all key covariates together.
CHANCE = 0.05
# Labellings drawn where there are more. Of this seed alone: whether a study has a headline depends on none of its own.
DRAWS, SEED = 5_000, 0
# Means that differ by rounding are equally far apart.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Reached:
    """share: of the controls who are at least as far out as the middle treated patient, on the side where fewer are.

    alone: two-sided probability of so few in arms of these sizes that do not differ, for this covariate by itself
    (BA-12). apart: distance of the arms' means in standard deviations of both. chance: probability that any key
    covariate shows as much (BA-13); 1 where the share is at least the declared one.
    """

    share: float
    alone: float
    apart: float
    chance: float = 1.0


def reached(key: KeyCovariates, included: Flags, least: float) -> list[Reached]:
    """How far the controls reach in each column of `key`, judged against the labellings of all columns together.

    included (n,): treated patients who are compared; least: share of the controls below which a column counts as far.
    All controls are looked at, also those without weight: the question is whether such patients exist.
    """
    rows = np.flatnonzero(~key.treated | included)
    columns = [_Column.of(key.X[rows, j], key.known[rows, j], least) for j in range(key.X.shape[1])]
    observed = np.flatnonzero(key.treated[rows])[None, :]
    own = [Reached(*(float(part[0]) for part in column.under(observed))) for column in columns]
    far = [j for j, one in enumerate(own) if one.share < least]
    if not far:
        return own
    # By Bonferroni the chance is at most this: where it is small nothing needs to be drawn.
    covariates = len(dict.fromkeys(key.covariate))
    bounds = {j: min(1.0, covariates * own[j].alone) for j in far}
    if len(columns) == covariates and max(bounds.values()) <= CHANCE:
        return [replace(one, chance=bounds.get(j, 1.0)) for j, one in enumerate(own)]
    chosen = labellings(len(rows), observed.shape[1], DRAWS, SEED)
    drawn = [column.under(chosen)[1:] for column in columns]
    # All labellings hold the observed one; drawn ones need not, and it counts as one of them (Phipson & Smyth 2010).
    more = 0 if comb(len(rows), observed.shape[1]) <= DRAWS else 1
    chances = {j: (_as_far(own[j], drawn) + more) / (len(chosen) + more) for j in far}
    return [replace(one, chance=chances.get(j, 1.0)) for j, one in enumerate(own)]


def _as_far(one: Reached, drawn: list[tuple[Floats, Floats]]) -> int:
    """Labellings under which any column is at least as improbable, or as improbable with means as far apart."""
    hits = np.zeros(len(drawn[0][0]), dtype=bool)
    for alone, apart in drawn:
        equal = np.isclose(alone, one.alone, rtol=ROUNDING, atol=0)
        hits |= (~equal & (alone < one.alone)) | (equal & (apart >= one.apart * (1 - ROUNDING)))
    return int(hits.sum())


@dataclass(frozen=True)
class _Column:
    """One column made ready for labellings.

    n: patients with a value; ends (sides, rows): how many values are at least as far out as each, rows without a value
    behind all of them; scaled (rows,): values around their mean in standard deviations of all.
    """

    n: int
    known: Flags
    ends: Integers
    scaled: Floats
    least: float

    @staticmethod
    def of(x: Floats, known: Flags, least: float) -> _Column:
        own = x[known]
        ends = np.full((2, len(x)), len(x) + 1)
        for side, sign in enumerate((1.0, -1.0)):
            ends[side, known] = np.searchsorted(np.sort(-sign * own), -sign * own, side="right")
        spread = own.std() if varies(own) else 0.0
        centre = own.mean() if len(own) else 0.0
        scaled = np.where(known, (x - centre) / spread, 0.0) if spread > 0 else np.zeros(len(x))
        return _Column(len(own), known, ends, scaled, least)

    def under(self, chosen: Integers) -> tuple[Floats, Floats, Floats]:
        """share, alone and apart (B,) where `chosen` (B, k) are called treated."""
        treated = self.known[chosen].sum(axis=1)
        controls = self.n - treated
        # The middle treated patient, counted from outside.
        half = (treated + 1) // 2
        reaching = np.full(len(chosen), self.n)
        for ends in self.ends:
            own = np.sort(ends[chosen], axis=1)
            middle = np.take_along_axis(own, np.maximum(half - 1, 0)[:, None], axis=1)
            # As far out as the middle one are so many patients, less the treated among them.
            reaching = np.minimum(reaching, middle[:, 0] - (own <= middle).sum(axis=1))
        empty = (treated == 0) | (controls == 0)
        share = np.where(empty, 1.0, reaching / np.maximum(controls, 1))
        sums = self.scaled[chosen].sum(axis=1)
        apart = np.where(empty, 0.0, np.abs(sums) * (1 / np.maximum(treated, 1) + 1 / np.maximum(controls, 1)))
        return share, self._alone(share, treated, reaching), apart

    def _alone(self, share: Floats, treated: Integers, reaching: Integers) -> Floats:
        """BA-12 where fewer than the declared share reach as far, 1 elsewhere."""
        out = np.ones(len(share))
        far = share < self.least
        # Few numbers of treated patients and of controls that reach so far, however many labellings there are.
        codes, which = np.unique(treated[far] * (self.n + 1) + reaching[far], return_inverse=True)
        own, others = codes // (self.n + 1), codes % (self.n + 1)
        out[far] = chance_of_reach(own, self.n - own, others)[which]
        return out


def chance_of_reach(n_treated: Integers, n_controls: Integers, reaching: Integers) -> Floats:
    """Two-sided probability that at most so many controls are as far out as half of the treated patients; arrays alike.

    Of exchangeable patients, half of the treated (h) are among the h + r farthest out of all: hypergeometric, whatever
    the distribution of the covariate (BA-12).
    """
    half = (n_treated + 1) // 2
    drawn, total = half + reaching, np.zeros(len(n_treated))
    for more in range(int((n_treated - half).max(initial=-1)) + 1):
        k = half + more
        possible = (k <= n_treated) & (k <= drawn)
        chosen = np.where(possible, k, 0), np.where(possible, drawn - k, 0)
        ways = _log_choose(n_treated, chosen[0]) + _log_choose(n_controls, chosen[1])
        total += np.where(possible, np.exp(ways - _log_choose(n_treated + n_controls, drawn)), 0.0)
    # Twice, since the side was chosen after looking at both.
    return np.minimum(1.0, 2 * total)


def _log_choose(n: Integers, k: Integers) -> Floats:
    # By logarithms: whole numbers of many thousand controls have thousands of digits.
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))


def column_of_each(key: KeyCovariates, of_columns: list[Reached]) -> dict[str, Reached]:
    """By covariate the column that shows the most: of a category the one that the fewest controls reach."""
    found: dict[str, Reached] = {}
    for code, one in zip(key.covariate, of_columns, strict=True):
        best = found.get(code)
        if best is None or (one.chance, one.share) < (best.chance, best.share):
            found[code] = one
    return found
