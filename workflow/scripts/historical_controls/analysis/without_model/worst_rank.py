"""The death-aware answer: patients ranked by how they fared up to a day, a death worse than any value."""

from __future__ import annotations

import pandas as pd

from historical_controls.analysis.model.model_data import PERSON
from historical_controls.analysis.without_model.analysis_set import AnalysisSet, ranked_rows
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.dictionary.scales import no_effect
from historical_controls.inference import by_value


def worst_rank_rows(cell: Cell, outcome: Outcome, analysis_set: AnalysisSet, primary: Primary) -> list[Row]:
    """Win odds of a treated against a historical patient at each declared day, where a direction is better.

    Death up to the day is worse than any value, an earlier death worse; everybody else has the last value up to the
    day (Lachin 1999, Control Clin Trials 20:408-422), or the best rank once discharged alive, as declared. Patients
    without any value are counted and left out. Primary and key secondary outcomes stand in a table of their own.
    """
    if outcome.benefit == "none" or outcome.kind != "number":
        return []
    headline = outcome.code in (primary.outcome, *primary.key_secondary)
    here = headline_cell(cell).at(output=OutputId.WORST_RANK if headline else cell.output)
    rows: list[Row] = []
    for day in sorted({*analysis_set.settings.days, primary.day} if headline else analysis_set.settings.days):
        rows += _day_rows(here.at(day=day), outcome, analysis_set, day, headline and day == primary.day)
    return rows


def headline_cell(cell: Cell) -> Cell:
    """Where the death-aware answer of a primary or key secondary outcome stands."""
    return cell.at(output=OutputId.WORST_RANK, analysis=AnalysisKey.WORST_RANK, method="brunner_munzel")


def _day_rows(here: Cell, outcome: Outcome, analysis_set: AnalysisSet, day: int, full: bool) -> list[Row]:
    """full: with all labellings of the primary analysis."""
    if analysis_set.weighted:
        return [here.text(Statistic.NOT_RANKED, "weighted")]
    ranked = scores_at(outcome, analysis_set.patients, analysis_set.visits, day, analysis_set.settings.discharged)
    rows: list[Row] = []
    for arm in ARMS:
        own = ranked.loc[ranked["arm"] == arm]
        rows.append(here.at(arm=arm).number(Statistic.N_SUBJECTS, int(own["score"].notna().sum())))
        rows.append(here.at(arm=arm).number(Statistic.N_DIED, int(own["died"].sum())))
        rows.append(here.at(arm=arm).number(Statistic.N_MISSING, int(own["score"].isna().sum())))
    known = ranked.dropna(subset="score")
    pairs = by_value(known["score"].to_numpy(dtype=float))
    return [*rows, *ranked_rows(here, known, pairs, analysis_set, full)]


def scores_at(
    outcome: Outcome, people: pd.DataFrame, visits: pd.DataFrame, day: int, discharged: str = "last"
) -> pd.DataFrame:
    """These patients with died and score (higher better; NaN where alive and never measured).

    A value known only as a limit takes the limit. discharged: 'best' ranks all who are home by then first.
    """
    own = visits.loc[(visits["outcome"] == outcome.code) & (visits["day"] <= day)]
    known = own.assign(value=own["value"].fillna(own["upper"]).fillna(own["lower"])).dropna(subset="value")
    last = known.sort_values("day").groupby(PERSON)["value"].last().rename("value").reset_index()
    ranked = people.merge(last, on=PERSON, how="left")
    ended = ranked["end_day"] <= day
    died = (ranked["end_state"] == "death") & ended
    home = (ranked["end_state"] == "discharge_alive") & ended & (discharged == "best")
    sign = 1.0 if outcome.benefit == "up" else -1.0
    oriented = (sign * ranked["value"]).where(~died & ~home)
    worst, best = (oriented.min(), oriented.max()) if oriented.notna().any() else (0.0, 0.0)
    score = oriented.mask(died, worst - 1 - (day - ranked["end_day"])).mask(home, best + 1)
    return ranked.assign(died=died, score=score)


def agreement(rows: list[Row], outcome: Outcome, day: int) -> str | None:
    """'agree' where neither the mixed model nor the ranks exclude no difference, or both do in the same direction.

    None where one of them gives no interval.
    """
    model = _interval(rows, AnalysisKey.MIXED_MODEL, day, Statistic.ESTIMATE)
    ranks = _interval(rows, AnalysisKey.WORST_RANK, day, Statistic.WIN_ODDS)
    if model is None or ranks is None:
        return None
    sign = 1 if outcome.benefit == "up" else -1
    verdicts = [_verdict(model, no_effect(outcome.scale), sign), _verdict(ranks, 1.0, 1)]
    return "agree" if verdicts[0] == verdicts[1] else "disagree"


def _verdict(parts: tuple[float, float, float], null: float, sign: int) -> int:
    """1 or -1 where the interval says that the treated fare better or worse, 0 where it holds no difference."""
    _, lower, upper = parts
    return 0 if lower <= null <= upper else sign * (1 if lower > null else -1)


def _interval(
    rows: list[Row], analysis: AnalysisKey, day: int, estimate: Statistic
) -> tuple[float, float, float] | None:
    parts = {
        str(row["statistic"]): row["value"]
        for row in rows
        if (row["analysis"], row["day"], row["contrast"], row["level"]) == (analysis, day, CONTRAST, "")
    }
    if not {estimate, Statistic.LOWER, Statistic.UPPER} <= set(parts):
        return None
    return tuple(float(str(parts[name])) for name in (estimate, Statistic.LOWER, Statistic.UPPER))  # type: ignore[return-value]
