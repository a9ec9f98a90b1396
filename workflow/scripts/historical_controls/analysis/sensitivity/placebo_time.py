"""The same comparison before time zero, when nothing can differ yet (SN-4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.analysis.model.fit_rows import estimate_rows
from historical_controls.analysis.model.included_visits import PERSON
from historical_controls.analysis.model.model_data import ModelData, to_scale
from historical_controls.analysis.model.permutation import test_rows
from historical_controls.analysis.without_model.analysis_set import AnalysisSet, treated
from historical_controls.analysis.without_model.welch import welch
from historical_controls.analysis.without_model.while_alive import permuted
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.inference.scores import scores_of_values
from historical_controls.inference.spread import no_spread


def placebo_rows(data: ModelData, observations: pd.DataFrame, analysis_set: AnalysisSet, days: int) -> Iterator[Row]:
    """Difference in the patients' slopes over the `days` days up to time zero: Welch and studentised permutation.

    observations: table observations, this outcome's rows. Both arms were chosen for how they fared in just these days,
    so that a difference may be the rules' doing as well as the patients'.
    """
    cell = Cell(AnalysisKey.PLACEBO_TIME, "primary", outcome=data.outcome.code, level="slope")
    people = slopes(data.outcome, observations, analysis_set.patients, days)
    for arm in ARMS:
        yield cell.at(arm=arm).number(Statistic.N_SUBJECTS, int((people["arm"] == arm).sum()))
    if analysis_set.weighted or analysis_set.too_few(people):
        yield cell.text(Statistic.NOT_ESTIMABLE, "weighted" if analysis_set.weighted else "too_few_slopes")
        return
    contrast = welch(people, analysis_set.settings.level)
    if isinstance(contrast, str):
        yield cell.text(Statistic.NOT_ESTIMABLE, contrast)
        return
    yield from estimate_rows(cell.at(method="welch", contrast=CONTRAST), contrast, data, "/d")
    scores = scores_of_values(people["y"].to_numpy(dtype=float), treated(people))
    yield from test_rows(
        cell.at(method="studentised", contrast=CONTRAST), data, permuted(scores, people, analysis_set), "/d"
    )


def slopes(outcome: Outcome, observations: pd.DataFrame, people: pd.DataFrame, days: int) -> pd.DataFrame:
    """Subject, arm and y: the least-squares slope per day (model scale) of each patient's daily medians.

    Day d = hours ((d - 1) * 24, d * 24]; days -(days - 1) to 0; of patients with values on two of them or more. Values
    known only as limits are left out.
    """
    rows = observations.loc[(observations["hours"] <= 0) & (observations["hours"] > -24 * days)]
    # ceil of hours <= 0: day 0 is the last 24 h up to time zero.
    known = rows.assign(y=to_scale(rows["value"], outcome), day=np.ceil(rows["hours"] / 24))
    known = known.loc[np.isfinite(known["y"])].merge(people[[*PERSON, "subject"]], on=PERSON)
    daily = known.groupby(["subject", "arm", "day"], observed=True)["y"].median().reset_index()
    # Least squares by sums, all patients at once: sum (t - mean t)(y - mean y) over sum (t - mean t)^2 (SN-4).
    centred = daily[["day", "y"]] - daily.groupby("subject")[["day", "y"]].transform("mean")
    sums = pd.DataFrame({"xy": centred["day"] * centred["y"], "xx": centred["day"] ** 2})
    total = sums.groupby([daily["subject"], daily["arm"]]).sum()
    # Values on one day alone have no slope.
    total = total.loc[total["xx"] > 0]
    slope = total["xy"] / total["xx"]
    # Equal values leave no slope, also where a conversion between units sets them apart by rounding.
    size = daily["y"].abs().groupby([daily["subject"], daily["arm"]]).max().reindex(slope.index)
    return slope.mask(no_spread(slope.abs(), size), 0.0).rename("y").reset_index()
