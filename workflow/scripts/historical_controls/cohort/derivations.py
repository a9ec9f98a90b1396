"""Outcomes computed from others, declared in `cohort.derivations`: ratios first, then the score built on them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from ..config_cohort import Cohort, PairedRatio, Sofa
from ..dictionary import Dictionary
from .clean_tables import CleanTables
from .paired_ratio import paired_ratio
from .records import known_after
from .sofa import ORGANS, sofa_scores


def derive_outcomes(tables: CleanTables, cohort: Cohort, dictionary: Dictionary) -> CleanTables:
    """Placed tables whose measurements hold the derived outcomes beside the measured ones, not-done rows dropped."""
    measured = tables.measurements[tables.measurements["status"] != "not_done"]
    for code, rule in cohort.derivations.items():
        if isinstance(rule, PairedRatio):
            measured = paired_ratio(measured, code, rule, dictionary.outcomes[code])
    out = replace(tables, measurements=measured)
    for code, rule in cohort.derivations.items():
        if isinstance(rule, Sofa):
            out = _with_scores(out, code, rule, cohort, dictionary)
    return out


def _with_scores(tables: CleanTables, code: str, rule: Sofa, cohort: Cohort, dictionary: Dictionary) -> CleanTables:
    delays = {organ.outcome: known_after(cohort, organ.outcome) for organ in ORGANS}
    scores = sofa_scores(tables, rule, delays)
    rows = scores.assign(
        outcome=code,
        result=None,
        unit=dictionary.outcomes[code].unit,
        assay="",
        specimen="",
        status="done",
        file="",
        line=0,
        item="derived",
    )
    # A score that the file reports would stand beside ours under the same name; the declared derivation replaces it.
    others = tables.measurements[tables.measurements["outcome"] != code]
    return replace(tables, measurements=pd.concat([others, rows], ignore_index=True))
