"""P/F from oxygen saturation: where no arterial gas was drawn, always flagged (DV-4 to DV-6)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cohort.derivations.paired_ratio import within
from historical_controls.cohort.derivations.pairing import by_time, milliseconds_of, paired_values
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.derived import Derived, refuse, stacked
from historical_controls.cohort.records.flags import union, with_flag
from historical_controls.cohort.records.intervals import Floats
from historical_controls.cohort.records.support import runs_at
from historical_controls.config.cohort.derivations import FractionFromFlow, ImputedRatio
from historical_controls.dictionary.dictionary import Outcome

# S/F; the line of Rice et al. reaches P/F 0 at S/F 64 (DV-4).
RICE_LOWEST = 90.0


def ellis_pao2(saturation: Floats) -> Floats:
    """PaO2 in mmHg of a saturation between 0 and 1: Severinghaus inverted (DV-6)."""
    with np.errstate(divide="ignore"):
        a = 11700 / (1 / saturation - 1)
    # 50^3: a third of the 150 in (DV-6), cubed; Cardano's formula for p^3 + 150 p = 2 A.
    root = np.sqrt(50**3 + a**2)
    # The second root is of a negative number, of which a power of one third would be nan.
    return np.cbrt(a + root) + np.cbrt(a - root)


def rice_ratio(s_f: Floats) -> Floats:
    """P/F of an S/F, saturation in percent (DV-4); nan below 90, where the line runs towards negative P/F."""
    return np.where(s_f >= RICE_LOWEST, (s_f - 64) / 0.84, np.nan)


def log_linear_ratio(s_f: Floats) -> Floats:
    """P/F of an S/F, saturation in percent (DV-5)."""
    with np.errstate(divide="ignore"):
        return 10 ** (0.48 + 0.78 * np.log10(s_f))


def ratio_of(formula: str, saturation: Floats, fraction: Floats) -> Floats:
    """P/F in mmHg; `saturation` in percent. nan where the formula does not hold."""
    if formula == "ellis":
        return ellis_pao2(saturation / 100) / fraction
    return (rice_ratio if formula == "rice" else log_linear_ratio)(saturation / fraction)


def imputed_ratio(tables: CleanTables, code: str, rule: ImputedRatio, outcome: Outcome) -> Derived:
    """Imputed ratios at the times of saturations up to the highest allowed, and those that gave none."""
    measured = tables.measurements
    # Censored saturations have no `value` and give no ratio.
    low_enough = (measured["outcome"] == rule.saturation) & (measured["value"] <= rule.saturation_max)
    above = by_time(measured[low_enough])
    fractions = [measured[measured["outcome"] == name] for name in (rule.fraction, *rule.estimated_fractions)]
    usable = [rows[rows["value"] > 0] for rows in fractions]
    fraction, flags, found = paired_values(above, usable, milliseconds_of(rule.within_minutes), rule.direction)
    value = ratio_of(rule.formula, above["value"].to_numpy(np.float64), fraction)
    known = found & ~np.isnan(value)
    all_flags = with_flag(union(above["flags"], flags), "PF_IMPUTED")
    rows = above.assign(outcome=code, value=value, lower=value, upper=value, unit=outcome.unit, flags=all_flags)
    kept, _ = within(rows, outcome)
    refused = [
        refuse(above, code, "no_partner", ~found),
        refuse(above, code, "formula_does_not_hold", found & ~known),
        refuse(above, code, "outside_limits", known & ~kept, pd.Series(value, above.index)),
    ]
    return Derived(rows[known & kept], stacked(refused))


def fraction_from_flow(tables: CleanTables, code: str, rule: FractionFromFlow, outcome: Outcome) -> Derived:
    """FiO2 of nasal prongs by flow, flagged FIO2_EST (DV-3), and the flows that gave none."""
    measured = tables.measurements
    rows = by_time(measured[(measured["outcome"] == rule.flow) & measured["value"].notna()])
    flow = rows["value"].to_numpy(np.float64)
    bounds, fractions = (np.array(column, dtype=np.float64) for column in zip(*rule.table, strict=True))
    # A step includes its upper flow: side="left" finds the first bound that is not below the flow.
    place = np.searchsorted(bounds, flow, side="left")
    # A flow of 0 is no oxygen through prongs, unless the table has a row for it.
    listed = (place < len(bounds)) & ((flow > 0) | (bounds[0] == 0))
    other = runs_at(
        tables.treatments, rule.not_during, rows["patient"].to_numpy(np.int64), rows["time"].to_numpy(np.int64)
    )
    value = fractions[np.minimum(place, len(bounds) - 1)]
    flags = with_flag(rows["flags"], "FIO2_EST")
    found = rows.assign(outcome=code, value=value, lower=value, upper=value, unit=outcome.unit, flags=flags)
    refused = [
        refuse(rows, code, "flow_not_listed", ~listed & ~other),
        refuse(rows, code, "other_device", other),
    ]
    return Derived(found[listed & ~other], stacked(refused))
