"""What no file of an arm can record is said to be unrecorded: it is no count, and nothing is compared with it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.ard.unrecorded import without_unrecorded
from historical_controls.inference.incidence import cumulative_incidence

ALL = ["death", "discharge_alive", "transfer_out"]
CONTRAST = "treated - historical"
ARMS = ("treated", "historical")
FREE = "VENT_FREE_DAYS"
CLEARED = ("earliest", "earliest|death", "earliest|discharge_alive")


def results() -> pd.DataFrame:
    rows = []
    ranks = Cell("worst_rank", "primary", "brunner_munzel", "PF", day=7, output="14.2.1")
    for arm in ARMS:
        for end in (*ALL, "in_hospital"):
            ended = Cell("disposition", "primary", arm=arm, level=end, day=21)
            rows += [ended.number("count", 0), ended.number("share", 0.0, format="percent")]
        for output in ("14.2.11", "15.11"):
            curve = Cell("cumulative_incidence", "primary", "documented", arm=arm, level="death", day=7, output=output)
            rows += [curve.number("estimate", 0.0, format="percent"), curve.number("n_at_risk", 5)]
        deaths = Cell("deaths", "primary", "exact", arm=arm, level="death", day=21)
        rows += [deaths.number("n_patients", 0), deaths.at(contrast=CONTRAST).number("n_subjects", 5)]
        serious = Cell("adverse_events", "primary", "exact", arm=arm, level="death", day=21, output="14.3.4")
        rows += [serious.number("n_patients", 0), serious.number("n_subjects", 5)]
        rows += [ranks.at(arm=arm).number("n_died", 0), ranks.at(arm=arm).number("n_subjects", 5)]
        unseen = Cell("tipping_point", "primary", "delta", "PF", arm=arm, day=7, output="14.2.14")
        rows += [unseen.number("n_unobserved_died", 0), unseen.number("n_unobserved", 1)]
        rows.append(Cell("e_value", "primary", "risk_ratio", arm=arm, level="death").number("count", 0))
    contrast = Cell("deaths", "primary", "exact", level="death", day=21, contrast=CONTRAST)
    rows += [contrast.number("estimate", 0.0, format="percent"), contrast.at(method="bounds").number("least", -0.1)]
    rows += [ranks.at(contrast=CONTRAST).number("win_odds", 1.0), ranks.text("agreement", "agree")]
    rows.append(ranks.at(outcome="HR").text("not_ranked", "no_direction"))
    for arm, mean in zip(ARMS, (10.4, 2.6), strict=True):
        free = Cell("free_days", "primary", outcome=FREE, arm=arm, output="14.2.11")
        rows += [free.number("n_subjects", 5), free.number("mean", mean, "d", "0.0"), free.number("sd", 2, "d", "0.0")]
        known = Cell("patient_summaries", "primary", outcome=FREE, arm=arm, output="14.2.11")
        rows += [known.number("n_known", 5), known.number("median", mean, "d", "0.0")]
        rows.append(known.at(level="last_record").number("count", 3))
        hours = Cell("patient_summaries", "primary", outcome="FEVER_DAYS", arm=arm, output="14.2.11")
        rows.append(hours.number("median", 1, "d", "0.0"))
    free = Cell("free_days", "primary", "welch", FREE, contrast=CONTRAST, output="14.2.11")
    rows += [free.number("estimate", 7.8, "d", "0.0"), free.at(method="brunner_munzel").number("win_odds", 2.0)]
    for arm, (analysis, level) in product(ARMS, product(("clearance", "clearance_sensitivity"), CLEARED)):
        clear = Cell(analysis, "primary", "aalen_johansen", "PCR", arm=arm, level=level, day=7, output="14.2.9")
        rows += [clear.number(name, 0.5, format="percent") for name in ("estimate", "lower", "upper")]
        rows += [clear.number("n_at_risk", 4), clear.at(method="turnbull").number("least", 0.2)]
    asked = Cell("primary_event", "primary", "exact", "PCR", day=7)
    rows += [asked.at(arm=arm).number("share", 0.5, format="percent") for arm in ARMS]
    rows.append(asked.at(method="bounds", contrast=CONTRAST).number("least", -0.1, format="percent"))
    sooner = asked.at(method="brunner_munzel", level="time_to_event")
    rows += [sooner.text("odds_of", "sooner"), sooner.at(contrast=CONTRAST).number("win_odds", 2.0)]
    won = Cell("win_ratio", "primary", "hierarchical", "PF", day=7)
    rows += [won.at(level="death").number("n_wins", 0), won.number("n_ties", 120)]
    rows.append(won.at(level="win_ratio", contrast=CONTRAST).text("no_interval", "ties_only"))
    rows += [
        Cell("specification", "primary", level=f"ards=berlin|none|{end}").number("estimate", 0)
        for end in ("worst_rank", "mixed_model")
    ]
    return ard_frame(rows)


def said(ard: pd.DataFrame, analysis: str, **keys: str) -> dict[str, object]:
    """Statistic: its value or text, of the rows of an analysis."""
    own = ard[(ard["analysis"] == analysis) & (ard[list(keys)] == pd.Series(keys)).all(axis=1)]
    return {row["statistic"]: row["value"] if pd.isna(row["text"]) else row["text"] for row in own.to_dict("records")}


def test_results_of_what_all_files_record_stay_as_they_are() -> None:
    pd.testing.assert_frame_equal(without_unrecorded(results(), dict.fromkeys(ARMS, ALL)), results())


@pytest.mark.parametrize(("silent", "other"), [ARMS, ARMS[::-1]])
def test_an_arm_without_recorded_deaths_has_no_count_of_them(silent: str, other: str) -> None:
    ard = without_unrecorded(results(), {silent: ["discharge_alive", "transfer_out"], other: ALL})
    for analysis in ("disposition", "adverse_events", "e_value"):
        assert said(ard, analysis, arm=silent, level="death") == {"not_recorded": "not_recorded"}
    assert said(ard, "disposition", arm=other, level="death") == {"count": 0, "share": 0}
    assert said(ard, "disposition", arm=silent, level="discharge_alive") == {"count": 0, "share": 0}
    curves = {
        output: said(ard, "cumulative_incidence", arm=silent, output_id=output) for output in ("14.2.11", "15.11")
    }
    assert curves == {"14.2.11": {"n_at_risk": 5, "not_recorded": "not_recorded"}, "15.11": {"n_at_risk": 5}}
    assert said(ard, "worst_rank", arm=silent) == {"n_subjects": 5, "not_recorded": "not_recorded"}
    assert said(ard, "tipping_point", arm=silent) == {"n_unobserved": 1, "not_recorded": "not_recorded"}
    assert said(ard, "worst_rank", arm=other) == {"n_subjects": 5, "n_died": 0}
    assert not ard["id"].duplicated().any()


@pytest.mark.parametrize(
    ("able", "reason"),
    [
        ({"treated": ALL, "historical": []}, "deaths_not_recorded_historical"),
        ({"treated": [], "historical": ALL}, "deaths_not_recorded_treated"),
        ({"treated": [], "historical": []}, "deaths_not_recorded"),
    ],
)
def test_comparisons_that_count_deaths_say_why_there_are_none(able: dict[str, list[str]], reason: str) -> None:
    ard = without_unrecorded(results(), able)
    assert said(ard, "deaths", arm="") == {"not_estimable": reason}
    assert said(ard, "worst_rank", arm="", outcome="PF") == {"not_ranked": reason}
    assert said(ard, "win_ratio") == {"not_ranked": reason}
    assert said(ard, "cumulative_incidence") == {} if len(set(map(len, able.values()))) == 1 else True
    # A reason of its own stays, and choices are compared by the estimands that are left.
    assert said(ard, "worst_rank", arm="", outcome="HR") == {"not_ranked": "no_direction"}
    assert list(ard.loc[ard["analysis"] == "specification", "level"]) == ["ards=berlin|none|mixed_model"]
    # Bounds for whatever became of the lost count no deaths.
    left = ard[ard["contrast"] == CONTRAST]
    assert left[["analysis", "method"]].to_numpy().tolist() == [["primary_event", "bounds"]]


@pytest.mark.parametrize(("silent", "other"), [ARMS, ARMS[::-1]])
def test_free_days_are_not_compared_where_deaths_are_not_recorded(silent: str, other: str) -> None:
    """A patient who died has a declared value; whose death is not recorded would have that of a survivor."""
    before = results()
    ard = without_unrecorded(before, {silent: ["discharge_alive"], other: ALL}, [FREE])
    unrecorded = {"not_recorded": "not_recorded"}
    assert said(ard, "free_days", arm="") == {"not_estimable": f"deaths_not_recorded_{silent}"}
    assert said(ard, "free_days", arm=silent) == {"n_subjects": 5} | unrecorded
    assert said(ard, "free_days", arm=other) == said(before, "free_days", arm=other)
    medians = {"analysis": "patient_summaries", "level": ""}
    assert said(ard, **medians, outcome=FREE, arm=silent) == {"n_known": 5} | unrecorded
    assert said(ard, **medians, outcome=FREE, arm=other) == said(before, **medians, outcome=FREE, arm=other)
    # Days of fever count no deaths.
    assert said(ard, **medians, outcome="FEVER_DAYS") == {"median": 1}
    assert said(ard, "patient_summaries", level="last_record") == {"count": 3}
    assert not ard["id"].duplicated().any()


def test_unrecorded_deaths_would_let_everybody_else_clear_the_virus() -> None:
    """Of ten patients five die on day 2 and five clear on day 4: half of them clear it, and not all."""
    time, day = np.repeat([2.0, 4.0], 5), np.array([7.0])
    assert cumulative_incidence(time, np.repeat([2, 1], 5), 2, day)[0].tolist() == [0.5, 0.5]
    assert cumulative_incidence(time, np.repeat([0, 1], 5), 2, day)[0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("able", "reason"),
    [
        (["discharge_alive"], "death_not_recorded"),
        (["death"], "discharge_alive_not_recorded"),
        (["transfer_out"], "ends_not_recorded"),
    ],
)
@pytest.mark.parametrize(("silent", "other"), [ARMS, ARMS[::-1]])
def test_clearance_with_competing_ends_needs_them_recorded(
    silent: str, other: str, able: list[str], reason: str
) -> None:
    before = results()
    ard = without_unrecorded(before, {silent: able, other: ALL})
    for analysis, level in product(("clearance", "clearance_sensitivity"), CLEARED):
        here = {"level": level, "method": "aalen_johansen"}
        assert said(ard, analysis, arm=silent, **here) == {"n_at_risk": 4, "not_recorded": reason}
        assert said(ard, analysis, arm=other, **here) == said(before, analysis, arm=other, **here)
    assert said(ard, "clearance", arm=silent, method="turnbull", level="earliest") == {"least": 0.2}
    # Documented shares and their bounds count who is lost as unknown; times need the deaths, not the discharges.
    assert said(ard, "primary_event", level="") == said(before, "primary_event", level="")
    refused = {"not_compared": f"deaths_not_recorded_{silent}"}
    times = said(ard, "primary_event", level="time_to_event")
    assert times == (said(before, "primary_event", level="time_to_event") if "death" in able else refused)
    assert not ard["id"].duplicated().any()


@pytest.mark.parametrize("step", ["death", FREE])
def test_a_win_ratio_is_kept_where_none_of_its_steps_counts_deaths(step: str) -> None:
    ard = results()
    counts = (ard["analysis"] == "win_ratio") & (ard["level"] == "death")
    kept = without_unrecorded(ard[~counts], {arm: [] for arm in ARMS}, [FREE])
    assert said(kept, "win_ratio", level="") == {"n_ties": 120}
    asked = without_unrecorded(ard.assign(level=ard["level"].mask(counts, step)), {arm: [] for arm in ARMS}, [FREE])
    assert said(asked, "win_ratio", level="") == {"not_ranked": "deaths_not_recorded"}


def test_a_single_arm_owes_no_reason_for_a_comparison() -> None:
    ard = results()
    alone = without_unrecorded(ard[ard["arm"] == "treated"], {"treated": ["discharge_alive"]})
    assert said(alone, "disposition", level="transfer_out") == {"not_recorded": "not_recorded"}
    assert set(alone["statistic"]) & {"not_ranked", "not_estimable"} == set()
