"""The death-aware answer: patients ranked by how they fared up to a day, a death worse than any value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.without_model.analysis_set import AnalysisSet, ranked_rows, treated
from historical_controls.analysis.without_model.pairs import Bounds, last_values, oriented_bounds, value_pairs
from historical_controls.analysis.without_model.vital_status import survival_pairs
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.dictionary.scales import no_effect
from historical_controls.inference.pairwise.pairs import Pairs, by_value, first_decided
from historical_controls.tables.endings import ALIVE, DIED, DISCHARGE, UNKNOWN, vital_status


def worst_rank_rows(cell: Cell, outcome: Outcome, analysis_set: AnalysisSet, primary: Primary) -> list[Row]:
    """Win odds of a treated against a historical patient at each declared day, where a direction is better.

    Death up to the day is worse than any value, an earlier death worse; everybody else has the last value up to the
    day (Lachin 1999, Control Clin Trials 20:408-422), or the best rank once discharged alive, as declared. Values
    known only as limits decide a pair as far as their bounds do. Primary and key secondary outcomes stand in a table
    of their own.
    """
    headline = outcome.code in (primary.outcome, *primary.key_secondary)
    here = headline_cell(cell).at(output=OutputId.WORST_RANK if headline else cell.output)
    if outcome.benefit == "none" or outcome.kind != "number":
        # Said beside the model's interval, which counts nobody's death: a blank would look like an oversight.
        return [here.text(Statistic.NOT_RANKED, "no_direction")]
    # A headline needs the primary day even where a scenario's days leave it out.
    days = {*analysis_set.settings.days, primary.day} if headline else analysis_set.settings.days
    rows: list[Row] = []
    for day in sorted(days):
        rows += rank_rows(here.at(day=day), outcome, analysis_set, headline and day == primary.day)
    return rows


def headline_cell(cell: Cell) -> Cell:
    """Where the death-aware answer of a primary or key secondary outcome stands."""
    return cell.at(output=OutputId.WORST_RANK, analysis=AnalysisKey.WORST_RANK, method="brunner_munzel")


@dataclass(frozen=True)
class RankedPatients:
    """people: with columns arm, subject, status (vital status) and unmeasured (alive, without any value).

    pairs (n, n): who fared better, 0 where neither can be said; open (n, n): whether such a pair is undecided because
    one of the two was not measured, or may have died.
    """

    people: pd.DataFrame
    pairs: Pairs
    open: NDArray[np.bool_]

    def count(self, arm: str, condition: pd.Series) -> int:
        return int((condition & (self.people["arm"] == arm)).sum())

    @property
    def share_unmeasured(self) -> float:
        """The larger of the arms' shares of living patients without any value; nan where nobody lives."""
        living = self.people["status"] == ALIVE
        return float(self.people.loc[living].groupby("arm")["unmeasured"].mean().max())

    @property
    def share_unknown(self) -> float:
        """The larger of the arms' shares of patients of whom no file tells whether they lived."""
        unknown = self.people["status"] == UNKNOWN
        return float(unknown.groupby(self.people["arm"]).mean().max())

    def reason_against(self, most: float) -> str | None:
        """Why nobody is ranked: a larger share than `most` of an arm cannot be placed; None where few cannot."""
        if self.share_unmeasured > most:
            return "mostly_unmeasured"
        return "fates_unknown" if self.share_unknown > most else None

    def odds_within(self) -> tuple[float, float]:
        """Least and largest win odds over everything that the open pairs may be."""
        arms = treated(self.people)
        block, open_ = self.pairs[np.ix_(arms, ~arms)], self.open[np.ix_(arms, ~arms)]
        # Every open pair counted as lost, then as won: (1 + comparison) / 2 is the share of wins, ties half.
        shares = [float(((np.where(open_, sign, block) + 1) / 2).mean()) for sign in (-1.0, 1.0)]
        least, most = (share / (1 - share) if share < 1 else float("inf") for share in shares)
        return least, most


def rank_patients(outcome: Outcome, analysis_set: AnalysisSet, day: int) -> RankedPatients:
    """Everybody of the analysis set ranked by how they fared up to a day.

    `settings.discharged` 'best' ranks all who are home by then first, equally.
    """
    people = analysis_set.patients
    status = vital_status(people, day)
    home = (people["end_state"] == DISCHARGE) & (people["end_day"] <= day)
    best = home & (analysis_set.settings.discharged == "best")
    alive = (status == ALIVE).to_numpy(dtype=bool)
    bounds = oriented_bounds(last_values(analysis_set.visits, outcome.code, day), people, outcome)
    # The dead are placed by survival alone, those at home first where declared; the others by their last value.
    by_last = alive & ~best.to_numpy()
    by_value_of = value_pairs(Bounds(*(np.where(by_last, side, np.nan) for side in (bounds.lower, bounds.upper))))
    by_home = by_value(np.where(alive, best.astype(float), np.nan))
    # In this order: who lived longer, who is home, whose last value is better (IN-15).
    pairs = first_decided(survival_pairs(people, day), by_home, by_value_of)
    unmeasured = pd.Series(alive & ~bounds.measured & ~best.to_numpy(), index=people.index)
    unsettled = unmeasured.to_numpy() | (status == UNKNOWN).to_numpy()
    # (n, n): a pair is open if either of the two is unsettled and nothing else decided it.
    either = unsettled[:, None] | unsettled[None, :]
    return RankedPatients(people.assign(status=status, unmeasured=unmeasured), pairs, either & (pairs == 0))


def rank_rows(here: Cell, outcome: Outcome, analysis_set: AnalysisSet, full: bool) -> list[Row]:
    """The death-aware answer at the cell's day; full: with all labellings of the primary analysis."""
    if analysis_set.weighted:
        return [here.text(Statistic.NOT_RANKED, "weighted")]
    ranked = rank_patients(outcome, analysis_set, int(here.day or 0))
    people, rows = ranked.people, []
    for arm in ARMS:
        of_arm = here.at(arm=arm)
        rows.append(of_arm.number(Statistic.N_SUBJECTS, int((people["arm"] == arm).sum())))
        rows.append(of_arm.number(Statistic.N_DIED, ranked.count(arm, people["status"] == DIED)))
        unknown = ranked.count(arm, people["status"] == UNKNOWN)
        rows += [of_arm.number(Statistic.N_UNKNOWN, unknown)] if unknown else []
        rows.append(of_arm.number(Statistic.N_MISSING, ranked.count(arm, people["unmeasured"])))
    reason = ranked.reason_against(analysis_set.settings.max_share_unmeasured)
    if reason is not None:
        return [*rows, here.text(Statistic.NOT_RANKED, reason)]
    if ranked.open.any():
        for name, odds in zip((Statistic.LEAST, Statistic.MOST), ranked.odds_within(), strict=True):
            rows += [here.at(contrast=CONTRAST).number(name, odds, "odds", "0.00")] if np.isfinite(odds) else []
    return [*rows, *ranked_rows(here, people, ranked.pairs, analysis_set, full)]


def agreement(rows: list[Row], outcome: Outcome, day: int) -> str | None:
    """'agree' where neither the mixed model nor the ranks exclude no difference, or both do in the same direction.

    None where one of them gives no interval.
    """
    model = _interval(rows, AnalysisKey.MIXED_MODEL, day, Statistic.ESTIMATE)
    ranks = _interval(rows, AnalysisKey.WORST_RANK, day, Statistic.WIN_ODDS)
    if model is None or ranks is None:
        return None
    # The model's contrast is on the value's scale; ranks are already turned towards better.
    sign = 1 if outcome.benefit == "up" else -1
    verdicts = [_verdict(model, no_effect(outcome.scale), sign), _verdict(ranks, 1.0, 1)]
    return "agree" if verdicts[0] == verdicts[1] else "disagree"


def _verdict(parts: tuple[float, float, float], null: float, sign: int) -> int:
    """1 or -1 where the interval says that the treated fare better or worse, 0 where it includes no difference."""
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
