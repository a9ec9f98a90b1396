"""The death-aware answer: patients ranked by how they fared up to a day, a death worse than any value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..ard import Cell
from ..dictionary import Outcome
from ..inference import RelativeEffect, draw_labels, relative_effect
from .model_data import ARMS, PERSON, subject_of

Row = dict[str, object]
CONTRAST = "treated - historical"


def worst_rank_rows(
    cell: Cell,
    outcome: Outcome,
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    day: int,
    min_patients: int,
    level: float,
    seed: int,
    sets: pd.Series | None = None,
) -> Iterator[Row]:
    """Win odds of a treated against a historical patient at `day`, with the studentised permutation test.

    Death up to the day is worse than any value, an earlier death worse; everybody else has the last value up to the
    day, also after discharge (Lachin 1999, Control Clin Trials 20:408-422). Patients without any value are counted
    and left out. sets: number of the matched set by subject; labels are then exchanged within sets only.
    """
    if outcome.benefit == "none" or outcome.kind != "number":
        return
    ranked = scores_at(outcome, patients, visits, day)
    here = cell.at(output_id="14.2.1", analysis="worst_rank", method="brunner_munzel", day=day)
    for arm in ARMS:
        own = ranked.loc[ranked["arm"] == arm]
        yield here.at(arm=arm).number("n_subjects", int(own["score"].notna().sum()))
        yield here.at(arm=arm).number("n_died", int(own["died"].sum()))
        yield here.at(arm=arm).number("n_missing", int(own["score"].isna().sum()))
    known = ranked.dropna(subset="score").sort_values(PERSON)
    treated = (known["arm"] == "treated").to_numpy()
    if min(treated.sum(), (~treated).sum()) < min_patients:
        yield here.text("not_ranked", "too_few_patients")
        return
    strata = None if sets is None else sets.reindex(subject_of(known)).to_numpy()
    found = relative_effect(known["score"].to_numpy(dtype=float), draw_labels(treated, seed, strata=strata), level)
    yield from _effect_rows(here.at(contrast=CONTRAST), found)


def scores_at(outcome: Outcome, patients: pd.DataFrame, visits: pd.DataFrame, day: int) -> pd.DataFrame:
    """Included patients with arm, died and score (higher better; NaN where alive and never measured).

    A value known only as a limit takes the limit.
    """
    people = patients.loc[patients["included"].fillna(False).astype(bool), [*PERSON, "arm", "end_state", "end_day"]]
    own = visits.loc[(visits["outcome"] == outcome.code) & (visits["day"] <= day)]
    known = own.assign(value=own["value"].fillna(own["upper"]).fillna(own["lower"])).dropna(subset="value")
    last = known.sort_values("day").groupby(PERSON)["value"].last().rename("value").reset_index()
    ranked = people.merge(last, on=PERSON, how="left")
    died = (ranked["end_state"] == "death") & (ranked["end_day"] <= day)
    sign = 1.0 if outcome.benefit == "up" else -1.0
    oriented = (sign * ranked["value"]).where(~died)
    worst = oriented.min() if oriented.notna().any() else 0.0
    return ranked.assign(died=died, score=oriented.mask(died, worst - 1 - (day - ranked["end_day"])))


def _effect_rows(here: Cell, found: RelativeEffect) -> Iterator[Row]:
    yield here.number("probability", found.probability, format="0.00")
    yield here.number("p_value", found.p_value, format="p")
    yield here.number("p_floor", found.p_floor, format="p")
    yield here.text("permutations", "exact" if found.exact else "drawn")
    if np.isnan(found.lower):
        yield here.text("no_interval", "complete_separation")
        return
    yield here.number("df", found.df, format="0.0")
    for name in ("win_odds", "lower", "upper"):
        yield here.number(name, getattr(found, name), "odds", "0.00")


def agreement(rows: list[Row], outcome: Outcome, day: int) -> str | None:
    """'agree' where neither the mixed model nor the ranks exclude no difference, or both do in the same direction.

    None where one of them gives no interval.
    """
    model = _interval(rows, "mixed_model", day, "estimate")
    ranks = _interval(rows, "worst_rank", day, "win_odds")
    if model is None or ranks is None:
        return None
    null = 1.0 if outcome.scale == "log" else 0.0
    sign = 1 if outcome.benefit == "up" else -1
    verdicts = [_verdict(model, null, sign), _verdict(ranks, 1.0, 1)]
    return "agree" if verdicts[0] == verdicts[1] else "disagree"


def _verdict(parts: tuple[float, float, float], null: float, sign: int) -> int:
    """1 or -1 where the interval says that the treated fare better or worse, 0 where it holds no difference."""
    _, lower, upper = parts
    return 0 if lower <= null <= upper else sign * (1 if lower > null else -1)


def _interval(rows: list[Row], analysis: str, day: int, estimate: str) -> tuple[float, float, float] | None:
    found = {
        str(row["statistic"]): row["value"]
        for row in rows
        if row["analysis"] == analysis and row["day"] == day and row["contrast"] == CONTRAST
    }
    if not {estimate, "lower", "upper"} <= set(found):
        return None
    return tuple(float(str(found[name])) for name in (estimate, "lower", "upper"))  # type: ignore[return-value]
