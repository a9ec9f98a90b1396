"""Doses of vasopressors as ug/kg/min, and the cardiovascular SOFA score that they give (DV-11)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags, Floats
from historical_controls.config.cohort.derivations import Sofa
from historical_controls.dictionary.folding import fold_unit

# Score at any dose, and the doses above which it is higher.
PRESSORS: dict[str, tuple[int, tuple[tuple[float, int], ...]]] = {
    # Vincent et al. 1996, table of DV-11: 3 points up to 0.1 ug/kg/min, 4 above.
    "norepinephrine": (3, ((0.1, 4),)),
    "epinephrine": (3, ((0.1, 4),)),
    "dopamine": (2, ((5.0, 3), (15.0, 4))),
    "dobutamine": (2, ()),
}
MICROGRAMS = {"ng": 0.001, "ug": 1.0, "mcg": 1.0, "mg": 1000.0}
MINUTES = {"min": 1.0, "h": 60.0, "hr": 60.0, "hora": 60.0}
RATE = re.compile(rf"({'|'.join(MICROGRAMS)})(/kg)?/({'|'.join(MINUTES)})")


def pressor_courses(treatments: pd.DataFrame, people: pd.DataFrame, rule: Sofa) -> pd.DataFrame:
    """Courses of the drugs that score, with the columns score and unknown (no dose could be read)."""
    drugs = treatments[treatments["treatment"].isin(PRESSORS)]
    weight = _weights(people)[drugs["patient"].to_numpy(np.int64)]
    dose = dose_per_kg(drugs["dose"].to_numpy(np.float64), drugs["dose_unit"], weight)
    names = drugs["treatment"].to_numpy(object)
    score = np.zeros(len(drugs), dtype=np.int64)
    for name, (lowest, steps) in PRESSORS.items():
        mine = np.max([np.full(len(dose), lowest), *(np.where(dose > above, higher, 0) for above, higher in steps)], 0)
        if rule.unknown_dose == "highest":
            # The lowest points are the default already: nan > above is false in every step.
            mine = np.where(np.isnan(dose), max([lowest, *(higher for _, higher in steps)]), mine)
        score = np.where(names == name, mine, score)
    return drugs.assign(score=score, unknown=_matters(names) & np.isnan(dose))


def dose_per_kg(dose: Floats, unit: pd.Series, weight: Floats) -> Floats:
    """Doses in ug/kg/min; nan where the unit is no mass per time, or needs a weight that is not known."""
    code, texts = pd.factorize(unit)
    # Once per distinct unit; `code` is -1 for a missing unit, whose factor is set to nan below.
    factors = [_factor(str(text)) for text in texts] or [(np.nan, True)]
    factor = np.where(code >= 0, np.array([f for f, _ in factors])[code], np.nan)
    per_kg = np.array([per for _, per in factors], dtype=bool)[code]
    return dose * factor / np.where(per_kg, 1.0, weight)


def _factor(unit: str) -> tuple[float, bool]:
    """What makes the dose ug per minute, and whether it is per kg already."""
    found = RATE.fullmatch(fold_unit(unit))
    return (MICROGRAMS[found[1]] / MINUTES[found[3]], bool(found[2])) if found else (np.nan, True)


def _weights(people: pd.DataFrame) -> Floats:
    if "WEIGHT" not in people.columns:
        return np.full(len(people), np.nan)
    return people["WEIGHT"].to_numpy(np.float64, na_value=np.nan)


def _matters(names: np.ndarray) -> Flags:
    """Whether the dose of the drug changes its score."""
    stepped = [name for name, (_, steps) in PRESSORS.items() if steps]
    return np.isin(names.astype(str), stepped)
