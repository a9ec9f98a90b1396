"""Counts by reading, further draws, restrictions and evidence: each agrees with the cohort that is defined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort_study import LABEL, at, dictionary, given, happened, inputs, measured, moved, person, tables

from historical_controls.cohort.ard_rows.calendar import calendar_ard
from historical_controls.cohort.batches import iter_patient_batches
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.records.clean_tables import CleanTables, CohortTables
from historical_controls.cohort.scenarios.grid import _derived, redefine_cohorts
from historical_controls.cohort.scenarios.readings import count_readings, readings_ard
from historical_controls.cohort.scenarios.wait_draws import redraw_waits
from historical_controls.config.cohort.cohort import Cohort, CoTreatment

PF = {"label": LABEL, "kind": "threshold", "outcome": "PF", "within_hours": 24, "op": "<", "value": 150}
FEVER = {"label": LABEL, "kind": "threshold", "outcome": "TEMP", "within_hours": 24, "op": ">=", "value": 38}


def option(**rules: dict[str, Any]) -> dict[str, Any]:
    return {"label": LABEL, "rules": rules}


def cohort(**changes: Any) -> Cohort:
    readings = {
        "cut": {"label": LABEL, "options": {"as_is": option(), "low": option(LOW={"value": 100})}},
        "fever": {"label": LABEL, "options": {"needed": option(), "free": option(HOT={"value": 0})}},
    }
    declared = {"rules": {"LOW": PF, "HOT": FEVER}, "filters": ["LOW", "HOT"], "readings": readings}
    zero = {"time_zero": {"standard_care_hours": 48, **changes.pop("time_zero", {})}}
    return Cohort.model_validate({**declared, "reading_products": [["cut", "fever"]], **zero, **changes})


def many(seed: int = 3, count: int = 40) -> CleanTables:
    """Patients whose P/F and temperature wander; some are never measured, the first four are treated."""
    rng = np.random.default_rng(seed)
    people, seen, events = [], [], []
    for number in range(count):
        name = f"p{number:02d}"
        arm = "treated" if number < 4 else "historical"
        people.append(person(name, arm, "ward" if number < 4 else "hospital"))
        for h in range(0, 300, 12):
            values = (("PF", 60 + 110 * rng.random()), ("TEMP", 37.3 + 1.4 * rng.random()))
            seen += [
                measured(name, code, h + rng.uniform(0, 6), value, source=people[-1]["source"])
                for code, value in values
                if number % 9
            ]
        end = float(rng.uniform(80, 400))
        how = "death" if rng.random() < 0.4 else "discharge_alive"
        events += [happened(name, "admission", 0, people[-1]["source"]), happened(name, how, end, people[-1]["source"])]
        if arm == "treated":
            events.append(happened(name, "infusion", 55.0 + 5 * number, "ward"))
    return tables(people, seen, events)


def run(clean: CleanTables, declared: Cohort) -> CohortTables:
    return define_cohort(clean, inputs(declared, "PF"))


def readings(clean: CleanTables, declared: Cohort) -> pd.DataFrame:
    arms = (iter_patient_batches(clean, arm, declared.as_read(), dictionary()) for arm in ("treated", "historical"))
    return readings_ard(count_readings(*arms, declared, 1), "primary")


def test_the_grid_counts_what_each_reading_would_include() -> None:
    clean, declared = many(), cohort()
    rows = readings(clean, declared)
    rows = rows[rows["analysis"] == "readings"]
    counted = rows[rows["arm"] == "historical"].pivot_table(index="level", columns="statistic", values="value")
    assert set(counted.index) == {"declared", "cut=low", "fever=free"} | {
        f"cut={cut}+fever={fever}" for cut in ("as_is", "low") for fever in ("needed", "free")
    }
    picks = {"declared": {}, "cut=low": {"cut": "low"}, "cut=low+fever=free": {"cut": "low", "fever": "free"}}
    for level, picked in picks.items():
        found = run(clean, cohort(read_as=picked))
        mine = found.patients[found.patients["arm"] == "historical"]
        assert counted.loc[level, "n_included"] == mine["included"].sum() > 0
        assert counted.loc[level, "n_ever"] == mine["excluded_by"].isin(["", "wait"]).sum()
        assert counted.loc[level, ["n_ever", "n_unknown", "n_never"]].sum() == len(mine)
    assert counted.loc["declared", "n_unknown"] > 0  # those never measured
    assert counted.loc["cut=low+fever=free", "n_ever"] >= counted.loc["cut=low", "n_ever"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"treated_must_pass": True, "calendar_window_weeks": 0, "time_zero": {"drop_early_deaths_hours": 240}},
        {"time_zero": {"treated_start": "eligibility", "match_waits": False}, "calendar_window_weeks": 0},
        {"time_zero": {"historical": "event", "historical_event": "admission"}},
    ],
)
def test_the_steps_of_each_reading_are_those_of_the_cohort_so_defined(changes: dict[str, Any]) -> None:
    """By source and arm, with the patients of one source in both arms; the groups of records come one by one."""
    clean = moved(many(count=24), "p03", "hospital")
    rows = readings(clean, cohort(**changes))
    rows = rows[rows["analysis"] == "readings_attrition"].set_index(["level", "population", "arm", "contrast"])
    for level, picked in (("declared", {}), ("cut=low+fever=free", {"cut": "low", "fever": "free"})):
        table = run(clean, cohort(**changes, read_as=picked)).attrition
        assert len(table.groupby(["source", "arm"])) == 3
        for name in ("n_before", "n_excluded", "n_unknown", "n_after", "position"):
            own = rows.loc[level].query("statistic == @name")["value"].to_dict()
            assert own == table.set_index(["source", "arm", "step"])[name].to_dict()


def test_the_treated_who_start_when_eligible_make_no_control_wait() -> None:
    with pytest.raises(ValueError, match="set match_waits: false"):
        cohort(time_zero={"treated_start": "eligibility"})


def test_each_further_draw_is_the_cohort_with_that_draw() -> None:
    clean = many()
    declared = cohort(time_zero={"wait_draws": 3})
    draws = redraw_waits(clean, inputs(declared, "PF"))
    assert set(draws.patients["scenario"]) == {"wait_draw_2", "wait_draw_3", "wait_draw_4"}
    for draw in (2, 4):
        whole = run(clean, cohort(time_zero={"wait_draw": draw}))
        own = draws.patients[draws.patients["scenario"] == f"wait_draw_{draw}"]
        columns = ["patient_id", "time_zero", "end_state", "end_day"]
        kept = whole.patients[whole.patients["included"]]
        pd.testing.assert_frame_equal(own[columns].reset_index(drop=True), kept[columns].reset_index(drop=True))
        seen = draws.visits[draws.visits["scenario"] == f"wait_draw_{draw}"].drop(columns="scenario")
        wanted = whole.visits[whole.visits["outcome"] == "PF"].drop(columns="scenario")
        pd.testing.assert_frame_equal(seen.reset_index(drop=True), wanted.reset_index(drop=True))
    assert redraw_waits(clean, inputs(cohort(), "PF")).patients.empty


def steps(found: CohortTables, arm: str) -> list[str]:
    return found.attrition.loc[found.attrition["arm"] == arm, "step"].tolist()


def test_treated_who_fail_may_be_left_out_and_then_lend_no_wait() -> None:
    clean, declared = many(), cohort()
    found = run(clean, cohort(treated_must_pass=True))
    mine = found.patients[found.patients["arm"] == "treated"].set_index("patient_id")
    states = run(clean, declared).eligibility.query("arm == 'treated'")
    passed = (states["state"] == "true").groupby(states["patient_id"]).all()
    assert mine["included"].to_dict() == passed.to_dict() and 0 < passed.sum() < 4
    assert steps(found, "treated") == ["all", "time_zero", "LOW", "HOT"]
    assert len(found.waits) == passed.sum()


def test_the_calendar_window_and_early_deaths_are_steps_of_their_own() -> None:
    clean = many()
    found = run(clean, cohort(calendar_window_weeks=0, time_zero={"drop_early_deaths_hours": 240}))
    everyone = run(clean, cohort()).patients
    assert steps(found, "historical")[-2:] == ["calendar_window", "early_death"]
    zeros = everyone.loc[everyone["arm"] == "treated", "time_zero"]
    controls = everyone[(everyone["arm"] == "historical") & everyone["included"]].set_index("patient_id")
    inside = controls["time_zero"].between(zeros.min(), zeros.max())
    early = (controls["end_state"] == "death") & (controls["end_day"] < 10)
    kept = found.patients[(found.patients["arm"] == "historical") & found.patients["included"]]
    assert set(kept["patient_id"]) == set(controls.index[inside & ~early])
    assert 0 < len(kept) < inside.sum() < len(controls)


def test_the_treated_may_start_when_they_were_eligible() -> None:
    found = run(many(), cohort(time_zero={"treated_start": "eligibility", "match_waits": False}))
    mine = found.patients[found.patients["arm"] == "treated"]
    assert mine["included"].all()
    waited = mine["time_zero"] < run(many(), cohort()).patients.query("arm == 'treated'")["time_zero"].to_numpy()
    assert waited.any()
    assert found.patients.loc[found.patients["included"], "hours_from_admission"].min() >= 48


def test_evidence_names_the_rows_that_decided() -> None:
    seen = [measured("a", "PF", h, v) for h, v in ((1, 300.0), (60, 140.0), (70, 120.0), (80, 90.0))]
    events = [happened("a", "admission", 0), happened("a", "icu_admission", 10), happened("a", "infusion", 75)]
    clean = tables(
        [person("a", "treated"), person("b")],
        [*seen, measured("a", "PF", 72, 160.0, flags="PF_IMPUTED")],
        [*events, happened("a", "intubation", 70)],
        [given("a", "dopamine", 50, 60), given("a", "dopamine", 70), given("a", "dopamine", 90)],
    )
    rules = {
        "LAST": PF,
        "PERSISTS": {**PF, "min_count": 2},
        "ICU": {"label": LABEL, "kind": "event", "event": "icu_admission", "happened": True},
        "DRUG": {"label": LABEL, "kind": "treatment", "treatments": ["dopamine"], "given": True, "within_hours": 4},
        "FILLED": {**PF, "imputed": True, "op": ">"},
        "TUBE": {"label": LABEL, "kind": "treatment", "treatments": ["invasive_ventilation"], "given": True},
        "ALL": {"label": LABEL, "kind": "all", "of": ["LAST", "ICU"]},
    }
    found = run(clean, Cohort.model_validate({"rules": rules}))
    times = {rule: part["time"].tolist() for rule, part in found.evidence.groupby("rule")}
    expected = {"LAST": [at(70)], "PERSISTS": [at(60), at(70)], "ICU": [at(10)], "DRUG": [at(70)]}
    assert times == {**expected, "TUBE": [at(70)], "FILLED": [at(72)]}
    lines = clean.measurements.set_index("time")["line"]
    own = found.evidence[found.evidence["rule"] == "PERSISTS"]
    tube = found.evidence[found.evidence["rule"] == "TUBE"]
    assert tube["what"].tolist() == ["invasive_ventilation"] and tube["line"].item() == 5  # of the intubation
    assert own["line"].tolist() == [lines[at(60)], lines[at(70)]] and set(own["file"]) == {"file"}


def test_co_treatments_are_counted_before_and_during_follow_up() -> None:
    clean = tables(
        [person(name, "treated", "ward") for name in "abcd"],
        [measured(name, "PF", h, 100.0, source="ward") for name in "abcd" for h in range(1, 200, 12)],
        [happened(name, event, h, "ward") for name in "abcd" for event, h in (("admission", 0), ("infusion", 60))],
        [
            given("a", "steroid", 10, 40, source="ward"),  # over before time zero
            given("b", "steroid", 10, 90, source="ward"),  # before and during
            given("c", "steroid", 100, source="ward"),  # during
            given("d", "steroid", 60, 70, source="ward"),  # from time zero on
            given("d", "other", 10, source="ward"),
        ],
    )
    found = run(clean, Cohort.model_validate({"rules": {"LOW": PF}}))
    co_treatments = {"steroids": CoTreatment(label={"en": "Steroids"}, treatments=["steroid"])}
    rows = calendar_ard(found.patients, clean.treatments, inputs(Cohort(co_treatments=co_treatments)), 0.95)
    own = rows[(rows["analysis"] == "co_treatment") & (rows["population"] == "eligible") & (rows["arm"] == "treated")]
    counts = own.set_index(["contrast", "statistic"])["value"]
    assert (counts["before", "count"], counts["during", "count"]) == (2, 3)
    assert counts["before", "total"] == 4
    assert (counts["before", "lower"], counts["before", "upper"]) == pytest.approx((0.0676, 0.9324), abs=1e-4)


@pytest.mark.parametrize(
    "changed",
    [
        {"time_zero": {"historical_stay": "last"}},
        {"time_zero": {"new_stay_after_hours": 500}},
        {"time_zero": {"standard_care_from": "icu_admission"}},
        {"dates_without_clock": {"ends": "first"}},
        {"baseline_hours": 12},
        {"baseline_hours_after": 6},
    ],
)
def test_scenarios_share_records_only_where_these_are_the_same(changed: dict[str, Any]) -> None:
    """Stays and dates without a clock shape the records: a scenario that changes them has records of its own."""
    asked = inputs(Cohort())
    other = replace(asked, cohort=Cohort.model_validate(changed))
    assert _derived(other) != _derived(asked)
    # Who is eligible, and for how long anyone is followed, is judged on the same records.
    judged = Cohort.model_validate({"horizon_days": 14, "time_zero": {"standard_care_hours": 24, "wait_draw": 2}})
    assert _derived(replace(asked, cohort=judged)) == _derived(asked)


def test_a_scenario_that_compares_the_last_stay_has_its_records() -> None:
    """One control with two stays; the scenarios give what each cohort by itself gives."""
    stays = [happened("b", name, hour) for name, hour in (("admission", 0), ("discharge_alive", 90),
             ("admission", 900), ("discharge_alive", 1100))]  # fmt: skip
    clean = tables(
        [person("a", "treated", "ward"), person("b")],
        [measured("b", "PF", hour, 120.0) for hour in (50, 60, 70, 950, 960, 970)],
        [*stays, happened("a", "admission", 0, "ward"), happened("a", "infusion", 60, "ward")],
    )
    declared = {"rules": {"LOW": PF}, "filters": ["LOW"]}
    zero = {"standard_care_hours": 48}
    cohorts = {
        stay: Cohort.model_validate({**declared, "time_zero": {**zero, "historical_stay": stay}})
        for stay in ("first", "last")
    }
    both = redefine_cohorts(clean, cohorts, inputs(cohorts["first"], "PF")).patients
    zeros = {}
    for stay, own in cohorts.items():
        alone = run(clean, own).patients
        mine, wanted = (frame[(frame["arm"] == "historical") & frame["included"]].set_index("patient_id")["time_zero"]
                        for frame in (both[both["scenario"] == stay], alone))  # fmt: skip
        pd.testing.assert_series_equal(mine, wanted)
        zeros[stay] = mine["b"]
    assert (zeros["last"] - zeros["first"]).total_seconds() / 3600 >= 840


@pytest.mark.parametrize(("convention", "factor"), [("times_pb_over_760", 585 / 760), ("times_760_over_pb", 760 / 585)])
def test_a_convention_of_altitude_selects_and_leaves_the_values_as_the_primary_scenario_has_them(
    convention: str, factor: float
) -> None:
    """Berlin multiplies the ratio and keeps 100 and 150: the same as raw ratios against thresholds divided."""
    clean, declared = many(), cohort(altitude={"convention": "raw", "barometric_pressure": 585})
    own = {"convention": convention, "barometric_pressure": 585}
    by_threshold = cohort(rules={"LOW": {**PF, "value": 150 / factor}, "HOT": FEVER}, readings={}, reading_products=[])
    asked = {"same": cohort(altitude=own), "cut": by_threshold}
    draws = redefine_cohorts(clean, asked, inputs(declared, "PF"))
    people, seen = (
        {name: one.drop(columns=["scenario", *gone]).reset_index(drop=True) for name, one in frame.groupby("scenario")}
        for frame, gone in ((draws.patients, ["display_id"]), (draws.visits, []))
    )
    pd.testing.assert_frame_equal(people["same"], people["cut"])
    assert len(people["same"]) != run(clean, declared).patients["included"].sum()
    pd.testing.assert_frame_equal(seen["same"], seen["cut"], rtol=1e-12)
    # A scenario written by hand is defined by itself and has the same values.
    alone = define_cohort(clean, replace(inputs(asked["same"], "PF"), altitude=declared.altitude))
    written = alone.visits.query("outcome == 'PF'").drop(columns="scenario").reset_index(drop=True)
    pd.testing.assert_frame_equal(seen["same"], written, rtol=1e-12)
    # Where that is the primary convention itself, values are corrected and say so.
    corrected = run(clean, asked["same"]).visits.query("outcome == 'PF'").reset_index(drop=True)
    assert corrected["value"].to_numpy() == pytest.approx(seen["same"]["value"].to_numpy() * factor)
    assert set(corrected["flags"]) == {"PB_CORRECTED"} and set(seen["same"]["flags"]) == {""}
