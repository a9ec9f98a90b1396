"""Derived outcomes made of organ scores: the sum, the number of failing organs, each organ's own score (DV-13)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from historical_controls.cohort.derivations.sofa import HIGHEST, OrganScores
from historical_controls.cohort.records.intervals import Flags, Floats
from historical_controls.config.cohort.derivations import Sofa


def total_rows(scores: OrganScores, rule: Sofa) -> pd.DataFrame:
    """The sum: patient, time, value, lower, upper, flags. A missing organ is normal, or leaves 0 to 4 points open."""
    # NOT_MEASURED is -1; it adds 0 points here and opens the upper bound under `strict` (DV-13).
    lower: Floats = np.sum([np.maximum(score, 0) for score in scores.worst.values()], axis=0, dtype=np.float64)
    return _bounded(scores, lower, lower + HIGHEST * _open(scores, rule))


def failure_rows(scores: OrganScores, rule: Sofa, cut: int) -> pd.DataFrame:
    """How many organs score at least `cut`; a missing organ is none, or leaves one more open."""
    lower: Floats = np.sum([score >= cut for score in scores.worst.values()], axis=0, dtype=np.float64)
    return _bounded(scores, lower, lower + _open(scores, rule))


def organ_rows(scores: OrganScores, name: str) -> pd.DataFrame:
    """One organ's own score, where it was measured."""
    score = scores.worst[name].astype(np.float64)
    return _bounded(scores, score, score)[score >= 0]


def _open(scores: OrganScores, rule: Sofa) -> Floats:
    lacking: Floats = np.sum(list(scores.lacking.values()), axis=0, dtype=np.float64)
    return lacking if rule.missing == "strict" else np.zeros_like(lacking)


def _bounded(scores: OrganScores, lower: Floats, upper: Floats) -> pd.DataFrame:
    lacking = {f"SOFA_NO_{name}": mask for name, mask in scores.lacking.items()}
    return pd.DataFrame(
        {
            "patient": scores.patient,
            "time": scores.time,
            "value": np.where(lower == upper, lower, np.nan),
            "lower": lower,
            "upper": upper,
            "flags": spelled({**lacking, **scores.notes}),
        }
    )


def spelled(masks: Mapping[str, Flags]) -> np.ndarray:
    """'SOFA_NO_CNS;SOFA_NO_RENAL' for the masks that hold, spelled once per pattern."""
    # One bit per mask: there are few patterns and many rows.
    code = np.sum([mask.astype(np.int64) << place for place, mask in enumerate(masks.values())], axis=0)
    patterns, which = np.unique(code, return_inverse=True)
    texts = [";".join(name for place, name in enumerate(masks) if pattern >> place & 1) for pattern in patterns]
    return np.array(texts, dtype=object)[which] if len(code) else np.array([], dtype=object)
