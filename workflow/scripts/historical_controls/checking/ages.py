"""Ages of children in whole years in one source, and exact in another: a difference that the files alone make."""

from __future__ import annotations

import numpy as np

from historical_controls.checking.records import Records
from historical_controls.config.study_config import Config

AGE = "AGE"
# Years from which a half more or less sets nobody apart.
ADULT = 18
# Of the ages of a source, those with months from which it sends them.
MOST = 0.5


def ages_apart(config: Config, records: Records) -> list[str]:
    """What to look at where the model or the balance reads AGE; nothing of adults."""
    if AGE not in {*config.balance.covariates, *config.balance.key_covariates, *config.analysis.covariates}:
        return []
    whole: list[str] = []
    exact: list[str] = []
    for name, clean in records.clean.items():
        ages = clean.patients[AGE].dropna().to_numpy(dtype=float) if AGE in clean.patients else np.empty(0)
        if len(ages) == 0 or np.median(ages) >= ADULT:
            continue
        share = float(np.mean(ages != np.floor(ages)))
        (exact if share >= MOST else whole).append(name)
    if not whole or not exact:
        return []
    return [
        f"AGE is in whole years in {', '.join(whole)} and with months in {', '.join(exact)}: whole years are up to one "
        "too low, which alone sets children apart. A row AGE_MONTHS of dictionary/outcomes.csv (family characteristic, "
        "unit months), read with 'born' where a date of birth is sent, compares them alike"
    ]
