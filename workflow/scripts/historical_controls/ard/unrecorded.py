"""Results where the files of an arm cannot record how a stay ended: said to be unrecorded, never counted as none."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Kind, Statistic
from historical_controls.ard.rows import row_id, rows_of
from historical_controls.dictionary.vocabulary import ENDINGS
from historical_controls.tables.registry import ARD
from historical_controls.tables.schema import conform

# Analyses whose level names an end of a stay; at a level, these say nothing of how many had it.
OF_ENDS = (
    AnalysisKey.DISPOSITION,
    AnalysisKey.CUMULATIVE_INCIDENCE,
    AnalysisKey.DEATHS,
    AnalysisKey.ADVERSE_EVENTS,
    AnalysisKey.E_VALUE,
)
# Counts of deaths beside others of their analysis.
DEATHS_AMONG = {
    AnalysisKey.WORST_RANK: Statistic.N_DIED,
    AnalysisKey.TIPPING_POINT: Statistic.N_UNOBSERVED_DIED,
}
# Comparisons that count deaths, and the statistic that says why there is none; with a level, those of that level.
COMPARED = {
    AnalysisKey.DEATHS: (Statistic.NOT_ESTIMABLE, "death"),
    AnalysisKey.E_VALUE: (Statistic.NOT_ESTIMABLE, "death"),
    AnalysisKey.WORST_RANK: (Statistic.NOT_RANKED, None),
    AnalysisKey.WIN_RATIO: (Statistic.NOT_RANKED, None),
    AnalysisKey.FREE_DAYS: (Statistic.NOT_ESTIMABLE, None),
    # Who is known to have died never had the event; an unrecorded death leaves it open, as a loss does.
    AnalysisKey.PRIMARY_EVENT: (Statistic.NOT_COMPARED, "time_to_event"),
}
# Ends that compete with an event in Aalen and Johansen's estimate: unrecorded, they would be losses.
COMPETING = ("death", "discharge_alive")
OF_COMPETING = (AnalysisKey.CLEARANCE, AnalysisKey.CLEARANCE_SENSITIVITY)


def without_unrecorded(
    ard: pd.DataFrame, recorded: Mapping[str, Collection[str]], free_days: Collection[str] = ()
) -> pd.DataFrame:
    """Return table `ard` with 'not recorded' in place of counts of an end of a stay that no file of the arm can record.

    recorded: by arm of the study, the ends that its files can record; free_days: outcomes in which a death has a
    declared value. A comparison that counts deaths needs them of both arms; else the reason takes its place. Nobody
    known to have died is not nobody who died, and ranks with death as the worst are ranks of values alone. An estimate
    with competing ends needs those of its arm.
    """
    ard = _without_competing(ard, recorded)
    for end in ENDINGS:
        silent = [arm for arm, able in recorded.items() if end not in able]
        if silent:
            ard = _uncounted(ard, end, silent, list(recorded))
    silent = [arm for arm, able in recorded.items() if "death" not in able]
    if not silent:
        return ard
    return _uncompared(_without_free_days(ard, silent, free_days), silent, list(recorded), free_days)


def _uncounted(ard: pd.DataFrame, end: str, silent: list[str], arms: list[str]) -> pd.DataFrame:
    """One remark in place of the counts of an end in each cell of a silent arm; figures and curves lose them."""
    counted = ard["analysis"].isin(OF_ENDS) & (ard["level"] == end)
    if end == "death":
        for analysis, statistic in DEATHS_AMONG.items():
            counted |= (ard["analysis"] == analysis) & (ard["statistic"] == statistic)
    # Who is still followed is known without the end.
    hit = counted & ard["arm"].isin(silent) & (ard["statistic"] != Statistic.N_AT_RISK)
    curves = counted & (ard["analysis"] == AnalysisKey.CUMULATIVE_INCIDENCE) & ard["arm"].isin(silent)
    # A figure has no place for words, and a table of days none for an end that nobody records.
    dropped = curves & hit & (ard["output_id"] == OutputId.INCIDENCE_FIGURE)
    if set(silent) == set(arms):
        dropped |= curves
    said = _remarks(ard.loc[hit & ~dropped], Statistic.NOT_RECORDED, "not_recorded")
    return _with(ard.loc[~(hit | dropped)], said)


def _without_competing(ard: pd.DataFrame, recorded: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """One remark in place of the incidence of an event in an arm whose files cannot record what competes with it.

    Bounds for any course between and after the tests (EV-8) count no ends, and stay.
    """
    for arm, able in recorded.items():
        silent = [end for end in COMPETING if end not in able]
        if silent:
            hit = ard["analysis"].isin(OF_COMPETING) & (ard["method"] == "aalen_johansen") & (ard["arm"] == arm)
            hit &= ard["statistic"] != Statistic.N_AT_RISK
            reason = "ends_not_recorded" if len(silent) == len(COMPETING) else f"{silent[0]}_not_recorded"
            ard = _with(ard.loc[~hit], _remarks(ard.loc[hit], Statistic.NOT_RECORDED, reason))
    return ard


def _without_free_days(ard: pd.DataFrame, silent: list[str], free_days: Collection[str]) -> pd.DataFrame:
    """One remark in place of the means and quartiles of free days in a silent arm: they are those of survivors."""
    of_arm = ard["analysis"].isin((AnalysisKey.FREE_DAYS, AnalysisKey.PATIENT_SUMMARIES)) & ard["arm"].isin(silent)
    # Counts by state have a level; those of patients and of known values stay.
    of_arm &= ard["outcome"].isin(list(free_days)) & (ard["contrast"] == "") & (ard["level"] == "")
    measured = [name for name in Statistic if name.kind is Kind.MEASURE]
    said = _remarks(ard.loc[of_arm], Statistic.NOT_RECORDED, "not_recorded")
    return _with(ard.loc[~(of_arm & ard["statistic"].isin(measured))], said)


def _uncompared(ard: pd.DataFrame, silent: list[str], arms: list[str], free_days: Collection[str]) -> pd.DataFrame:
    """The reason in place of every comparison that counts deaths; none of choices and calibrations."""
    reason = "deaths_not_recorded" if len(silent) == len(arms) else f"deaths_not_recorded_{silent[0]}"
    # Combinations of choices and calibrations name the analysis at the end of their level.
    gone = ard["level"].str.fullmatch(rf"(.*\|)?{AnalysisKey.WORST_RANK}").to_numpy(dtype=bool)
    said = []
    for analysis, (statistic, level) in COMPARED.items():
        own = (ard["analysis"] == analysis) & ((ard["contrast"] == CONTRAST) | (ard["arm"] == ""))
        # That no value is better than another is a reason of its own.
        own &= ~((ard["statistic"] == Statistic.NOT_RANKED) & (ard["text"] == "no_direction"))
        if level is not None:
            own &= ard["level"] == level
        if analysis == AnalysisKey.WIN_RATIO:
            # Without a step of deaths, or of days that count them, the hierarchy does not ask for them.
            counting = own & ard["level"].isin(["death", *free_days])
            own &= ard["scenario"].isin(ard.loc[counting, "scenario"])
        found = ard.loc[own & ~gone].assign(arm="", contrast="", level=level or "")
        # A single arm compares nobody, and owes no reason.
        said.append(_remarks(found, statistic, reason) if len(arms) > 1 else found.head(0))
        gone = gone | own.to_numpy(dtype=bool)
    return _with(ard.loc[~gone], pd.concat(said))


def _remarks(rows: pd.DataFrame, statistic: Statistic, text: str) -> pd.DataFrame:
    """One row for each cell of these rows that says `text`."""
    # Bounds and estimates of one comparison are methods of it: one reason serves both.
    cell = [name for name in ARD.key if name not in ("statistic", "method")]
    said = rows.drop_duplicates(cell).assign(statistic=str(statistic), value=float("nan"), text=text)
    said = said.assign(unit="", format="text")
    return said.assign(id=[row_id(row) for row in rows_of(said)])


def _with(ard: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    if said.empty:
        return ard.reset_index(drop=True)
    # In the place of what they stand for, so that lines of tables keep their order.
    whole = pd.concat([ard, said]).sort_index(kind="stable")
    return conform(whole.reset_index(drop=True), ARD)
