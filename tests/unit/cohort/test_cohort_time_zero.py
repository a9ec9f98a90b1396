"""Time zero: treated, controls, waits; nothing from the future; no immortal time; the flow agrees with the patients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort_study import LABEL, START, at, happened, inputs, measured, moved, person, tables

from historical_controls.cohort import batches, write_tables
from historical_controls.cohort.ard_rows.disposition import cohort_ard
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.eligibility.time_zero import draw_waits
from historical_controls.cohort.records.clean_tables import CleanTables, CohortTables, StoredTables
from historical_controls.cohort.records.timeline import hours
from historical_controls.cohort.write_tables import write_cohort
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.errors import UserError
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import MEASUREMENTS

LOW_PF = {"label": LABEL, "kind": "threshold", "outcome": "PF", "within_hours": 24, "op": "<", "value": 150}
FEVER = {"label": LABEL, "kind": "threshold", "outcome": "TEMP", "within_hours": 24, "op": ">=", "value": 38}
ADULT = {"label": LABEL, "kind": "characteristic", "characteristic": "AGE", "op": ">=", "value": 18}


def declared(zero: dict[str, Any] | None = None, filters: tuple[str, ...] = ("LOW_PF",), **rules: dict) -> Cohort:
    return Cohort.model_validate(
        {
            "rules": {"LOW_PF": LOW_PF, "FEVER": FEVER, "ADULT": ADULT, **rules},
            "filters": list(filters),
            "time_zero": {"standard_care_hours": 48, **(zero or {})},
        }
    )


def run(clean: CleanTables | StoredTables, cohort: Cohort, seed: int = 1) -> CohortTables:
    return define_cohort(clean, inputs(cohort, "PF", "TEMP", seed=seed))


def zeros(found: CohortTables) -> dict[str, float]:
    """Hours of time zero of those included."""
    kept = found.patients[found.patients["included"]]
    return dict(zip(kept["patient_id"], (kept["time_zero"] - START) / pd.Timedelta(hours=1), strict=True))


def reasons(found: CohortTables) -> dict[str, str]:
    return dict(zip(found.patients["patient_id"], found.patients["excluded_by"], strict=True))


def stay(patient: str, end: float = 400, how: str = "discharge_alive", start: float = 0) -> list[dict]:
    return [happened(patient, "admission", start), happened(patient, how, end)]


def gases(patient: str, low_from: float, low_until: float = 400, every: float = 6) -> list[dict]:
    """P/F of 100 within the hours given and 300 outside them."""
    hours = np.arange(1, 400, every)
    return [measured(patient, "PF", h, 100.0 if low_from <= h < low_until else 300.0) for h in hours]


def treated(patient: str, infusion: float, low_from: float) -> tuple[list, list, list]:
    return (
        [person(patient, "treated", AGE=50.0)],
        gases(patient, low_from),
        [*stay(patient), happened(patient, "infusion", infusion)],
    )


def control(patient: str, low_from: float, low_until: float = 400, **end: Any) -> tuple[list, list, list]:
    return [person(patient, AGE=50.0)], gases(patient, low_from, low_until), stay(patient, **end)


def together(*people: tuple[list, list, list]) -> CleanTables:
    return tables(*([row for part in parts for row in part] for parts in zip(*people, strict=True)))


def test_controls_start_at_the_first_eligible_hour_after_standard_care_plus_the_wait() -> None:
    clean = together(
        treated("t", infusion=70, low_from=1),
        control("early", low_from=1),
        control("late", low_from=97),
        control("never", low_from=500),
    )
    found = run(clean, declared())
    assert found.waits == (22.0,)
    assert zeros(found) == {"t": 70, "early": 48 + 22, "late": 97 + 22}
    assert reasons(found) == {"t": "", "early": "", "late": "", "never": "LOW_PF"}
    unmatched = run(clean, declared({"match_waits": False}))
    assert zeros(unmatched) == {"t": 70, "early": 48, "late": 97}


def test_waits_count_from_standard_care_or_eligibility_whichever_is_later_and_are_never_negative() -> None:
    clean = together(
        treated("a", infusion=70, low_from=1),  # eligible at once: 70 - 48
        treated("b", infusion=70, low_from=61),  # eligible at hour 61: 9
        treated("c", infusion=70, low_from=500),  # never eligible: 70 - 48
        treated("d", infusion=40, low_from=1),  # before 48 h of care: 0
    )
    found = run(clean, declared())
    assert found.waits == (0.0, 9.0, 22.0, 22.0)
    states = found.eligibility[found.eligibility["rule"] == "LOW_PF"].set_index("patient_id")
    assert states["state"].to_dict() == {"a": "true", "b": "true", "c": "false", "d": "true"}
    assert states.loc["b", "evaluated_at"] == at(70)
    assert states.loc["c", "evidence"] == 300


def test_the_wait_must_be_lived_in_hospital_and_end_eligible() -> None:
    clean = together(
        treated("t", infusion=70, low_from=1),
        control("dies", low_from=49, end=70, how="death"),
        control("leaves", low_from=49, end=70),
        control("improves", low_from=49, low_until=60),
        control("dips", low_from=49, low_until=53),
        control("stays", low_from=49, end=72, how="death"),
    )
    found = run(clean, declared())
    excluded = {"dies": "wait", "leaves": "wait", "improves": "wait", "dips": "wait"}
    assert reasons(found) == {"t": "", "stays": "", **excluded}
    last = found.patients.set_index("patient_id").loc["stays"]
    assert (last["end_state"], round(last["end_day"] * 24, 6)) == ("death", 1.0)
    judged = found.eligibility[found.eligibility["rule"] == "LOW_PF"].set_index("patient_id")
    assert judged.loc["dies", "evaluated_at"] == at(49)  # dead at the end of the wait: the eligible hour is shown
    assert judged.loc["improves", "evaluated_at"] == at(71)
    assert judged.loc["improves", ["state", "ever"]].tolist() == ["false", "true"]


def test_no_immortal_time() -> None:
    """Same hazard in both arms; the treated lived to be treated. Matching the waits removes their head start."""
    rng = np.random.default_rng(5)
    people = []
    for number in range(400):
        death = 48 + rng.exponential(100)
        infusion = 48 + rng.uniform(0, 100)
        name = f"p{number:03d}"
        own = ([person(name, AGE=50.0)], [measured(name, "PF", h, 100.0) for h in range(1, 420, 20)])
        events = [happened(name, "admission", 0), happened(name, "death", death)]
        if number % 2 and infusion < death:
            own[0][0]["arm"] = "treated"
            events.append(happened(name, "infusion", infusion))
        elif number % 2:
            continue
        people.append((*own, events))
    clean = together(*people)

    def mean_survival(zero: dict[str, Any]) -> dict[str, float]:
        found = run(clean, declared(zero)).patients
        return found[found["included"]].groupby("arm")["end_day"].mean().to_dict()

    matched = mean_survival({})
    assert abs(matched["treated"] - matched["historical"]) < 0.9
    found = run(clean, declared())
    chosen = found.patients[found.patients["included"]]
    assert (chosen["end_day"] > 0).all()
    # Counting the treated from standard care on, as if treatment had begun there, shows the trap that is avoided.
    treated_rows = chosen[chosen["arm"] == "treated"]
    from_care = treated_rows["end_day"] + treated_rows["hours_from_admission"] / 24 - 2
    unmatched = mean_survival({"match_waits": False})
    assert from_care.mean() > unmatched["historical"] + 1.5


def test_events_as_time_zero_and_no_rules() -> None:
    clean = tables(
        [person("a", "treated"), person("b"), person("c"), person("d")],
        [measured(name, "PF", h, 200.0) for name in "abcd" for h in (0.5, 12, 36)],
        [happened(name, "admission", 0) for name in "abc"],
    )
    zero = {"treated": "admission", "historical": "event", "historical_event": "admission"}
    found = run(clean, declared(zero, filters=()))
    assert zeros(found) == {"a": 0, "b": 0, "c": 0}
    assert reasons(found)["d"] == "time_zero"
    assert set(found.visits["day"]) == {1, 2}  # nobody has a baseline
    steps = found.attrition[["arm", "step", "n_before", "n_excluded", "n_unknown", "n_after"]].to_numpy().tolist()
    assert steps == [
        ["historical", "all", 3, 0, 0, 3],
        ["historical", "time_zero", 3, 1, 1, 2],
        ["treated", "all", 1, 0, 0, 1],
        ["treated", "time_zero", 1, 0, 0, 1],
    ]
    assert set(found.patients.loc[found.patients["included"], "end_state"]) == {"last_record"}


def test_filters_at_an_event() -> None:
    clean = together(control("low", low_from=1), control("high", low_from=500))
    zero = {"historical": "event", "historical_event": "icu_admission"}
    events = [happened(name, "icu_admission", 20) for name in ("low", "high")]
    both = tables(
        clean.patients.to_dict("records"),
        clean.measurements.drop(columns=["file", "line", "item"]).to_dict("records"),
        [*clean.events.drop(columns=["file", "line", "item"]).to_dict("records"), *events],
    )
    found = run(both, declared(zero))
    assert zeros(found) == {"low": 20}
    assert reasons(found)["high"] == "LOW_PF"


def test_treated_need_the_event_and_controls_then_wait_for_nothing() -> None:
    people, rows, events = treated("t", infusion=70, low_from=1)
    clean = together((people, rows, events[:-1]), control("c", low_from=1))
    found = run(clean, declared())
    assert reasons(found) == {"t": "time_zero", "c": ""}
    assert found.waits == ()
    assert zeros(found) == {"c": 48}


def test_attrition_counts_joint_eligibility_at_one_hour_and_what_was_undecided() -> None:
    apart = control("apart", low_from=49, low_until=60)
    apart[1].extend(measured("apart", "TEMP", h, 38.5 if h > 100 else 37.0) for h in range(1, 200, 6))
    warm = control("warm", low_from=1)
    warm[1].extend(measured("warm", "TEMP", h, 38.5) for h in range(1, 400, 6))
    clean = together(
        apart,
        warm,
        control("no_temperature", low_from=1),
        control("short", low_from=1, end=30),
        ([person("no_admission", AGE=50.0)], gases("no_admission", 1), []),
        ([person("no_age")], gases("no_age", 1), stay("no_age")),
        ([person("minor", AGE=17.0)], gases("minor", 1), stay("minor")),
    )
    found = run(clean, declared(filters=("ADULT", "LOW_PF", "FEVER")))
    steps = found.attrition[["step", "n_before", "n_excluded", "n_unknown", "n_after"]].to_numpy().tolist()
    assert steps == [
        ["all", 7, 0, 0, 7],
        ["standard_care", 7, 2, 1, 5],
        ["ADULT", 5, 2, 1, 3],
        ["LOW_PF", 3, 0, 0, 3],
        ["FEVER", 3, 2, 1, 1],
        ["wait", 1, 0, 0, 1],
    ]
    assert reasons(found)["apart"] == "FEVER"  # each rule held at some hour, but never both at once
    ever = found.eligibility.set_index(["patient_id", "rule"])["ever"]
    assert ever["apart", "LOW_PF"] == ever["apart", "FEVER"] == "true"
    assert ever["no_age", "ADULT"] == "unknown"


def test_the_hour_shown_for_the_never_eligible_met_most_filters() -> None:
    apart = control("apart", low_from=70, low_until=200)
    apart[1].extend(measured("apart", "TEMP", h, 38.5 if 120 < h < 180 else 37.0) for h in range(1, 200, 6))
    found = run(together(apart), declared(filters=("LOW_PF", "ADULT", "FEVER")))
    assert zeros(found)["apart"] > 120
    harder = declared(filters=("LOW_PF", "ADULT", "FEVER", "NEVER"), NEVER={**LOW_PF, "value": 50})
    rows = run(together(apart), harder).eligibility.set_index("rule")
    assert rows.loc["NEVER", "state"] == "false"
    assert rows.loc[["LOW_PF", "ADULT", "FEVER"], "state"].tolist() == ["true"] * 3
    assert set(rows["evaluated_at"]) == {at(zeros(run(together(apart), declared(filters=("FEVER",))))["apart"])}


def test_zero_eligible_controls() -> None:
    clean = together(treated("t", infusion=70, low_from=1), control("c", low_from=500))
    found = run(clean, declared())
    assert zeros(found) == {"t": 70}
    assert found.attrition.iloc[-1][["step", "n_after"]].tolist() == ["time_zero", 1]
    rows = cohort_ard(found, 0.95).query("analysis == 'disposition' and arm == 'historical'")
    assert rows["value"].tolist() == [0] * 5


def test_rules_for_one_arm_only() -> None:
    consent = {
        "label": LABEL,
        "kind": "event",
        "event": "consent",
        "happened": True,
        "applies_to": "treated",
    }
    clean = together(treated("t", infusion=70, low_from=1), control("c", low_from=1))
    found = run(clean, declared(filters=("CONSENT", "LOW_PF"), CONSENT=consent))
    assert set(zeros(found)) == {"t", "c"}
    assert "CONSENT" not in set(found.attrition["step"])
    rows = found.eligibility[found.eligibility["rule"] == "CONSENT"]
    assert rows[["patient_id", "state"]].to_numpy().tolist() == [["t", "false"]]


def test_a_patient_keeps_the_wait_whoever_else_is_there() -> None:
    names = [f"p{n}" for n in range(300)]
    everyone = pd.DataFrame({"source": "hospital", "patient_id": names})
    waits = (0.0, 10.0, 20.0)
    drawn = draw_waits(everyone, waits, 7, 1)
    assert (draw_waits(everyone.iloc[100:], waits, 7, 1) == drawn[100:]).all()
    assert (draw_waits(everyone, waits, 7, 2) != drawn).mean() > 0.5
    assert (draw_waits(everyone, waits, 8, 1) != drawn).mean() > 0.5
    assert np.bincount(drawn // 36_000_000).min() > 70


@pytest.mark.parametrize("what", ["delete", "permute"])
def test_nothing_looks_into_the_future(what: str) -> None:
    """Deleting or shuffling everything measured after time zero changes no time zero."""
    rng = np.random.default_rng(7)
    names = [f"c{n:02d}" for n in range(80)]
    rows = [
        measured(name, code, h + rng.uniform(0, 3), float(rng.choice(values)))
        for name in names
        for h in range(0, 140, 4)
        for code, values in (("PAO2", (60.0, 90.0)), ("FIO2", (0.4, 0.9)), ("TEMP", (37.0, 38.5)))
        if rng.random() < 0.7
    ]
    clean = tables([person(name, AGE=50.0) for name in names], rows, [e for name in names for e in stay(name, end=150)])
    cohort = Cohort.model_validate(
        {
            "derivations": {
                "PF": {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 60},
                "SOFA": {"kind": "sofa"},
            },
            "rules": {
                "LOW_PF": {**LOW_PF, "min_count": 2, "contradicted_within_hours": 6},
                "FEVER": {**FEVER, "take": "median", "within_hours": 12},
                "MILD": {**LOW_PF, "outcome": "SOFA", "op": "<=", "value": 3},
            },
            "filters": ["LOW_PF", "FEVER", "MILD"],
        }
    )
    before = zeros(run(clean, cohort))
    assert 20 < len(before) < len(names)
    future = clean.measurements["time"] > clean.measurements["patient_id"].map(lambda name: at(before.get(name, 1e4)))
    changed = clean.measurements.copy()
    if what == "delete":
        changed = changed[~future]
    else:
        for column in ("value", "lower", "upper"):
            changed.loc[future, column] = changed.loc[future, "value"].sample(frac=1, random_state=1).to_numpy()
    after = zeros(run(CleanTables(clean.patients, changed, clean.events, clean.treatments), cohort))
    assert {name: after.get(name) for name in before} == before


def test_the_order_of_rows_does_not_matter() -> None:
    clean = together(treated("t", infusion=70, low_from=1), control("c", low_from=61), control("d", low_from=500))
    mixed = CleanTables(
        *(
            frame.sample(frac=1, random_state=3)
            for frame in (clean.patients, clean.measurements, clean.events, clean.treatments)
        )
    )
    one, other = run(clean, declared()), run(mixed, declared())
    for name in ("eligibility", "patients", "attrition", "observations", "visits", "events", "display"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def test_nobody_at_all_is_refused() -> None:
    some = tables([person("a")])
    nobody = {name: table.iloc[:0] for name, table in vars(some).items() if isinstance(table, pd.DataFrame)}
    with pytest.raises(UserError, match="no patient is in the clean tables"):
        run(replace(some, **nobody), declared())


@pytest.mark.parametrize(("patient", "source"), [("t", "ward"), ("p3a", "hospital"), ("a", "hospital")])
def test_tables_on_disk_give_the_same_cohort_as_tables_in_memory(
    patient: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups of two patients, each read for itself; the treated in a source of their own, or among the controls."""
    monkeypatch.setattr(batches, "PATIENTS_AT_ONCE", 2)
    people = [control(f"p{n}", low_from=49 + n) for n in range(5)]
    clean = moved(together(treated(patient, infusion=70, low_from=1), *people), patient, source)
    paths = []
    for source, own in clean.measurements.groupby("source"):
        paths.append(tmp_path / str(source) / "measurements.parquet")
        write_table(own, paths[-1], MEASUREMENTS)
    stored = StoredTables(clean.patients, {path.parent.name: path for path in paths}, clean.events, clean.treatments)
    one, other = run(clean, declared()), run(stored, declared())
    for name in ("eligibility", "patients", "attrition", "observations", "visits", "events", "display"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    # Written batch by batch, the tables are those that one piece gives, byte for byte, and so are the results.
    written = define_cohort(stored, inputs(declared(), "PF", "TEMP"), tmp_path / "by_group")
    assert written.observations.empty and len(one.observations)
    write_cohort(one, tmp_path / "whole")
    for name in [*batches.GROWING, *write_tables.WHOLE]:
        whole, pieces = (tmp_path / folder / f"{name}.parquet" for folder in ("whole", "by_group"))
        assert whole.read_bytes() == pieces.read_bytes(), name
    pd.testing.assert_frame_equal(cohort_ard(one, 0.95), cohort_ard(written, 0.95))


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_draws_in_a_row_give_every_control_every_wait_once(seed: int) -> None:
    """The mean over as many draws as there are waits is exact for every control, whatever the seed."""
    people = pd.DataFrame({"source": "hospital", "patient_id": [f"p{number}" for number in range(30)]})
    waits = [0.0, 3.5, 10.0, 24.0, 31.0]
    for block in (0, 5):
        draws = np.array([draw_waits(people, waits, seed, block + draw) for draw in range(2, 7)])
        assert (np.sort(draws, axis=0) == np.array([hours(wait) for wait in waits])[:, None]).all()
    assert len({tuple(row) for row in draws}) == 5
    # One draw gives each wait to about as many controls.
    first = draw_waits(people, waits, seed, 1)
    assert set(np.unique(first)) == {hours(wait) for wait in waits}
