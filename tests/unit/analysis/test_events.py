"""Adverse events, clearance, death and discharge, on a few patients whose answers can be counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.events.analyse import EventInputs, analyse_events
from historical_controls.analysis.events.clearance import CLEAR_BEFORE, NEVER_POSITIVE, UNTESTED, clearance_interval
from historical_controls.analysis.events.event_rows import build_follow_up
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.config.analysis.events import EventSettings
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.vocabulary import ANY_EVENT
from historical_controls.tables.registry import COHORT_EVENTS, OBSERVATIONS, PATIENT_SUMMARIES

from .test_analysis import ROOT, settings

DAYS = [7, 14, 21]
RECORDED = {"trial": ["adverse_event", "infection"], "chart": ["death"]}
CONTRAST = "treated - historical"


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def people() -> pd.DataFrame:
    """Five treated: one dies on day 10. Six controls: three die on day 5, one goes home on day 12, one is lost."""
    ends = [("death", 10.0), *[("horizon", 21.0)] * 4]
    others = [*[("death", 5.0)] * 3, ("discharge_alive", 12.0), ("transfer_out", 8.0), ("horizon", 21.0)]
    rows = [("trial", f"trial/{i}", "treated", *end) for i, end in enumerate(ends)]
    rows += [("chart", f"chart/{i}", "historical", *end) for i, end in enumerate(others)]
    frame = pd.DataFrame(rows, columns=["source", "patient_id", "arm", "end_state", "end_day"])
    return frame.assign(scenario="primary", included=True)


def adverse(*rows: tuple[str, str, float, str | None, str]) -> pd.DataFrame:
    """(patient, event, hours, grade, term)"""
    frame = pd.DataFrame(rows, columns=["patient_id", "event", "hours", "value", "detail"])
    frame["source"] = frame["patient_id"].str.split("/").str[0]
    frame["arm"] = np.where(frame["source"] == "trial", "treated", "historical")
    return frame.reindex(columns=COHORT_EVENTS.names)


def run(
    dictionary: Dictionary,
    codes: list[str],
    found: pd.DataFrame | None = None,
    tests: pd.DataFrame | None = None,
    summaries: pd.DataFrame | None = None,
    recorded: Mapping[str, list[str]] = RECORDED,
    comparison: Comparison | None = None,
    **changes: Any,
) -> pd.DataFrame:
    few = {"exact_up_to": 2000, "draws": 1000, "scenario_draws": 1000}
    wanted = settings(days=DAYS, permutation=few, **changes)
    follow_up = build_follow_up(people(), wanted, comparison or Comparison(), 21, 1)
    free = [] if summaries is None else ["VENT_FREE_DAYS"]
    inputs = EventInputs(
        adverse() if found is None else found,
        OBSERVATIONS.empty() if tests is None else tests,
        PATIENT_SUMMARIES.empty() if summaries is None else summaries,
        recorded,
        free,
        dictionary,
    )
    return analyse_events(codes, inputs, follow_up)


def cells(ard: pd.DataFrame, **keys: object) -> dict[str, object]:
    """Statistic to number or text of the rows with these keys; keys not named must be empty."""
    wanted = {"arm": "", "level": "", "contrast": "", "method": None, "day": None, **keys}
    rows = ard
    for key, value in wanted.items():
        if key == "day":
            rows = rows[rows["day"].isna() if value is None else rows["day"] == value]
        elif value is not None:
            rows = rows[rows[key] == value]
    assert rows["statistic"].is_unique
    return {row.statistic: row.text if isinstance(row.text, str) else row.value for row in rows.itertuples()}


def test_patients_once_events_each_time_within_follow_up(dictionary: Dictionary) -> None:
    found = adverse(
        ("trial/1", "adverse_event", 4.0, "2", "Rash"),
        ("trial/1", "infection", 30.0, "3", "Pneumonia"),
        ("trial/2", "adverse_event", 20.0, None, "Headache"),
        ("trial/3", "adverse_event", -5.0, "3", "Before the infusion"),
        ("trial/0", "adverse_event", 11 * 24.0, "3", "After the end of follow-up"),
    )
    terms = EventSettings(reaction_terms=["rash"])
    ard = run(dictionary, ["AE"], found, events=terms)
    any_event = cells(ard, output_id="14.3.1", arm="treated", level="any")
    assert (any_event["n_patients"], any_event["n_events"], any_event["n_subjects"]) == (2, 3, 5)
    assert cells(ard, output_id="14.3.3", arm="treated", level="infection")["n_patients"] == 1
    assert cells(ard, output_id="14.3.4", arm="treated", level="serious", outcome="AE")["n_patients"] == 1
    assert cells(ard, output_id="14.3.1", arm="treated", level="grade_unknown")["n_events"] == 1
    windows = {
        level: cells(ard, output_id="14.3.2", arm="treated", level=level)["n_patients"]
        for level in ("any_6h", "any_24h", "reaction_6h", "reaction_24h")
    }
    assert list(windows.values()) == [1, 2, 1, 1]
    rate = cells(ard, output_id="14.3.5", arm="treated", level="any")
    assert rate["patient_days"] == 10 + 4 * 21
    assert rate["rate"] == pytest.approx(100 * 3 / 94)


@pytest.mark.parametrize(
    ("found", "recorded"),
    [
        # Events without terms: which of them was a reaction, nobody can say.
        ([("trial/1", "adverse_event", 4.0, "2", ""), ("trial/2", "adverse_event", 90.0, "2", None)], "adverse_event"),
        # A thrombosis is no reaction, and a source that records nothing else has none to tell.
        ([], "thrombosis"),
    ],
)
def test_reactions_are_not_recorded_where_no_event_has_a_term(
    dictionary: Dictionary, found: list[tuple[Any, ...]], recorded: str
) -> None:
    asked = EventSettings(adverse=[recorded])
    ard = run(dictionary, ["AE"], adverse(*found), events=asked, recorded={"trial": [recorded]})
    for level in ("reaction_6h", "reaction_24h"):
        said = cells(ard, output_id="14.3.2", arm="treated", level=level)
        assert said == {"n_not_recorded": 5, "not_recorded": "not_recorded"}
    assert cells(ard, output_id="14.3.2", arm="treated", level="any_24h")["n_subjects"] == 5


def test_none_of_five_says_what_it_leaves_open(dictionary: Dictionary) -> None:
    found = cells(run(dictionary, ["AE"]), output_id="14.3.1", arm="treated", level="any")
    assert found["n_patients"] == 0
    assert found["upper"] == pytest.approx(1 - 0.025**0.2)
    assert found["upper_one_sided"] == pytest.approx(1 - 0.05**0.2)
    assert found["chance_to_see"] == pytest.approx(1 - 0.9**5)


def test_what_a_source_does_not_record_is_not_zero(dictionary: Dictionary) -> None:
    ard = run(dictionary, ["AE"])
    control = cells(ard, output_id="14.3.1", arm="historical", level="any")
    assert control == {"n_not_recorded": 6, "not_recorded": "not_recorded"}
    assert cells(ard, output_id="14.3.1", level="any") == {"not_estimable": "not_recorded_historical"}
    assert cells(ard, output_id="14.3.2", arm="historical", level="any_6h") == {"not_recorded": "treated_only"}


def test_arms_that_both_record_are_compared(dictionary: Dictionary) -> None:
    found = adverse(("trial/1", "adverse_event", 4.0, "2", ""), ("chart/5", "adverse_event", 4.0, "2", ""))
    both = {"trial": ["adverse_event"], "chart": ["adverse_event"]}
    ard = run(dictionary, ["AE"], found, recorded=both)
    contrast = cells(ard, output_id="14.3.1", level="any", contrast=CONTRAST)
    assert contrast["estimate"] == pytest.approx(1 / 5 - 1 / 6)
    assert contrast["p_value"] >= contrast["p_floor"] > 0
    assert "not_estimable" in cells(ard, output_id="14.3.3", level="infection")


def test_deaths_of_those_lost_are_unknown_not_absent(dictionary: Dictionary) -> None:
    found = cells(run(dictionary, []), output_id="14.2.11", analysis="deaths", arm="historical", level="death", day=21)
    assert (found["n_patients"], found["n_unknown"], found["n_subjects"]) == (3, 1, 6)
    assert (found["share"], found["most"]) == pytest.approx((3 / 6, 4 / 6))
    contrast = cells(run(dictionary, []), analysis="deaths", level="death", day=21, contrast=CONTRAST, method="bounds")
    treated = cells(run(dictionary, []), output_id="14.2.11", analysis="deaths", arm="treated", level="death", day=21)
    assert contrast["least"] == pytest.approx(treated["share"] - 4 / 6)
    assert contrast["most"] == pytest.approx(treated["share"] - 3 / 6)
    assert contrast["lower"] < contrast["least"] and contrast["upper"] > contrast["most"]


def test_one_percentage_of_deaths_in_every_table(dictionary: Dictionary) -> None:
    """Counted by the end, by day and as a curve: 3 of 6 controls, not 3 of 5 or 1 - 1/2 x 2/2."""
    ard = run(dictionary, [])
    shares = [
        cells(ard, output_id="14.2.11", analysis="deaths", arm="historical", level="death", day=21)["share"],
        cells(ard, output_id="14.2.11", analysis="cumulative_incidence", arm="historical", level="death", day=21)[
            "estimate"
        ],
        cells(ard, output_id="15.11", arm="historical", level="death", day=21)["estimate"],
    ]
    assert shares == [0.5, 0.5, 0.5]


def test_cumulative_incidence_with_numbers_at_risk(dictionary: Dictionary) -> None:
    """Controls: 3 of 6 die on day 5, one is lost on day 8, one of the two left goes home on day 12."""
    ard = run(dictionary, [])
    at = {"output_id": "15.11", "arm": "historical"}
    assert cells(ard, **at, level="death", day=4)["estimate"] == 0
    assert cells(ard, **at, level="death", day=5)["estimate"] == pytest.approx(0.5)
    assert cells(ard, **at, level="death", day=5)["n_at_risk"] == 6
    assert cells(ard, **at, level="discharge_alive", day=12)["estimate"] == pytest.approx(1 / 6)
    assert cells(ard, **at, level="discharge_alive", day=12)["most"] == pytest.approx(2 / 6)
    assert cells(ard, **at, level="discharge_alive", day=12)["n_at_risk"] == 2
    declared = ard[(ard["output_id"] == "14.2.11") & (ard["analysis"] == "cumulative_incidence")]
    assert sorted(declared["day"].unique()) == DAYS


@pytest.mark.parametrize(
    "comparison", [Comparison(refusal="few_effective"), Comparison("entropy", weights=pd.Series())]
)
def test_no_contrast_where_the_arms_may_not_be_compared(dictionary: Dictionary, comparison: Comparison) -> None:
    both = {"trial": ["adverse_event", "infection"], "chart": ["adverse_event", "infection"]}
    tests = swabs(**{f"{name}{i}": [(-1, "positive")] for name in ("trial", "chart") for i in range(5)})
    ard = run(dictionary, ["AE", "PCR"], tests=tests, recorded=both, comparison=comparison)
    assert (ard["contrast"] == "").all()
    refused = ard[(ard["statistic"] == "not_estimable") & (ard["arm"] == "")]
    assert set(refused["text"]) == {comparison.refusal or "weighted_counts"}
    assert set(refused["analysis"]) == {"deaths", "adverse_events", "clearance", "clearance_sensitivity"}
    assert not ard["statistic"].isin(["p_value", "p_floor"]).any()


def test_too_few_patients_are_not_compared(dictionary: Dictionary) -> None:
    ard = run(dictionary, [], min_patients_per_arm=6)
    found = cells(ard, output_id="14.2.11", analysis="deaths", level="death", day=21)
    assert found == {"not_estimable": "too_few_known"}


def test_a_declared_outcome_is_not_concluded(dictionary: Dictionary) -> None:
    ard = run(dictionary, ["PCR"], not_concluded={"PCR": "pcr_not_comparable"})
    own = ard[ard["outcome"] == "PCR"]
    assert own.loc[own["statistic"] == "not_estimable", "text"].tolist() == ["pcr_not_comparable"]
    assert not own["statistic"].isin(["estimate", "least"]).any()


def interval(*tests: tuple[float, str], negatives: int = 2) -> tuple[str, float, float]:
    """Tests (day, sign)."""
    names = {"+": "positive", "-": "negative", "?": "indeterminate"}
    hours = np.array([24 * day for day, _ in tests], dtype=float)
    found = clearance_interval(hours, np.array([names[sign] for _, sign in tests], dtype=object), negatives, 24)
    return found.state, found.left, found.right


OPEN = ("at_risk", np.inf)


@pytest.mark.parametrize(
    ("tests", "left", "right"),
    [
        ([(-2, "+"), (3, "+"), (6, "-"), (8, "-")], 3, 6),  # first of two negatives
        ([(-2, "+"), (6, "-"), (8, "-")], 0, 6),  # last positive before time zero
        ([(1, "+"), (6, "-"), (6.5, "-")], 1, np.inf),  # half a day apart confirms nothing
        ([(1, "+"), (6, "-"), (6.5, "-"), (7, "-")], 1, 6),
        ([(1, "+"), (6, "-"), (8, "+"), (10, "-"), (12, "-")], 8, 10),  # a positive between undoes the first
        ([(1, "+"), (6, "-"), (7, "?"), (8, "-")], 1, 6),  # indeterminate says nothing
        ([(1, "+"), (4, "?"), (6, "-"), (8, "-")], 1, 6),
        ([(1, "+"), (6, "-"), (8, "-"), (12, "+")], 1, 6),  # a later positive does not undo a confirmed clearance
        ([(1, "+"), (6, "-")], 1, np.inf),
        ([(-3, "+")], 0, np.inf),  # nothing is carried forward
    ],
)
def test_clearance_lies_between_the_tests(tests: list[tuple[float, str]], left: float, right: float) -> None:
    assert interval(*tests) == ("at_risk", pytest.approx(left), pytest.approx(right))


def test_one_negative_is_enough_where_declared() -> None:
    assert interval((1, "+"), (6, "-"), (8, "+"), negatives=1) == ("at_risk", 1, 6)


def test_who_is_not_at_risk_of_clearance() -> None:
    assert interval((-9, "+"), (-3, "-"), (-1, "-"))[0] == CLEAR_BEFORE
    assert interval((1, "-"), (3, "-"))[0] == NEVER_POSITIVE
    assert interval((1, "?"))[0] == UNTESTED


def swabs(**tests: list[tuple[float, str]]) -> pd.DataFrame:
    """By patient ('trial0'), tests (day, result)."""
    rows = [
        (name[:5], f"{name[:5]}/{name[5:]}", 24 * day, result) for name, own in tests.items() for day, result in own
    ]
    frame = pd.DataFrame(rows, columns=["source", "patient_id", "hours", "result"])
    return frame.assign(outcome="PCR").reindex(columns=OBSERVATIONS.names)


def test_clearance_with_competing_ends(dictionary: Dictionary) -> None:
    """Treated: 1 to 3 positive until day 4, negative on 8 and 10; 0 dies positive on day 10; 4 stays positive."""
    cleared = [(-1, "positive"), (4, "positive"), (8, "negative"), (10, "negative")]
    tests = swabs(
        trial0=[(-1, "positive")],
        trial1=cleared,
        trial2=cleared,
        trial3=cleared,
        trial4=[(-1, "positive"), (20, "positive")],
        **{f"chart{i}": [(-1, "positive")] for i in range(6)},
    )
    ard = run(dictionary, ["PCR"], tests=tests)
    at = {"analysis": "clearance", "arm": "treated"}
    shares = {
        level: [cells(ard, **at, level=level, method="aalen_johansen", day=day)["estimate"] for day in DAYS]
        for level in ("earliest", "midpoint", "latest", "midpoint|death")
    }
    assert shares["earliest"] == pytest.approx([0.6, 0.6, 0.6])
    assert shares["midpoint"] == pytest.approx([0.6, 0.6, 0.6])
    assert shares["latest"] == pytest.approx([0, 0.6, 0.6])
    assert shares["midpoint|death"] == pytest.approx([0, 0.2, 0.2])
    alone = cells(ard, **at, method="turnbull", day=7)
    assert (alone["least"], alone["n_unknown"]) == (0, 4)
    assert alone["lower"] == 0
    bounds = cells(ard, analysis="clearance", method="bounds", contrast=CONTRAST, day=14)
    assert (bounds["least"], bounds["most"]) == pytest.approx((3 / 5 - 1, 4 / 5))
    assert not ard.loc[ard["outcome"] == "PCR", "statistic"].isin(["p_value"]).any()
    assert set(ard["analysis"]) >= {"clearance", "clearance_sensitivity"}


def test_days_free_of_support(dictionary: Dictionary) -> None:
    values = [0.0, 10, 12, 14, 16, 0, 0, 0, 5, np.nan, 8]
    frame = people().assign(outcome="VENT_FREE_DAYS", value=values, unit="d")
    ard = run(dictionary, [], summaries=frame.reindex(columns=PATIENT_SUMMARIES.names))
    at = {"analysis": "free_days", "outcome": "VENT_FREE_DAYS"}
    assert cells(ard, **at, arm="historical")["n_missing"] == 1
    means = cells(ard, **at, method="welch", contrast=CONTRAST)
    assert means["estimate"] == pytest.approx(52 / 5 - 13 / 5)
    assert means["lower"] < means["estimate"] < means["upper"]
    ranks = cells(ard, **at, method="brunner_munzel", contrast=CONTRAST)
    assert ranks["probability"] == pytest.approx((4 * 5 + 0.5 * 3) / 25)
    assert ranks["p_value"] >= ranks["p_floor"]


def test_what_a_source_can_yield_comes_from_its_declarations() -> None:
    part = {"kind": "events", "subject": "id", "time": {"columns": ["t"], "formats": ["%Y-%m-%d %H:%M"]}}
    file = {"path": "x.csv", "encoding": "utf-8", "delimiter": ",", "decimal": "."}

    def source(event: str, values: dict[str, str]) -> Source:
        parts = [{**part, "event": event, "values": values}]
        return Source.model_validate(
            {"arm": "treated", "label": {"en": "x"}, "timezone": "UTC", "files": {"a": {**file, "parts": parts}}}
        )

    assert source("=intubation", {}).recordable_events == ["intubation", "invasive_ventilation"]
    assert source("type", {"1": "adverse_event"}).recordable_events == ["adverse_event"]
    assert source("type", {}).recordable_events == [ANY_EVENT]


def test_terms_are_regular_expressions() -> None:
    with pytest.raises(ValueError, match="is not a valid regular expression"):
        EventSettings(reaction_terms=["("])


def test_a_source_that_names_its_events_itself_records_all_of_them(dictionary: Dictionary) -> None:
    """A file whose rows name the event may hold an infection: no row of one is none, not unknown."""
    ard = run(dictionary, ["AE"], recorded={source: [ANY_EVENT] for source in RECORDED})
    assert "not_recorded" not in set(ard["text"])


def test_events_of_which_none_has_a_grade_are_not_counted_as_not_severe(dictionary: Dictionary) -> None:
    """A loss of ambulation has a date and no grade: 'grade 3 or higher: 0 of 5' would say that nobody's was severe."""
    found = adverse(("trial/1", "adverse_event", 30.0, None, "x"), ("trial/2", "infection", 40.0, None, "y"))
    ard = run(dictionary, ["AE"], found)
    assert cells(ard, output_id="14.3.1", arm="treated", level="any")["n_patients"] == 2
    assert cells(ard, output_id="14.3.4", arm="treated", level="serious")["not_recorded"] == "not_recorded"
    assert cells(ard, output_id="14.3.1", arm="treated", level="grade_unknown")["n_events"] == 2
    graded = pd.concat([found, adverse(("trial/1", "adverse_event", 50.0, "2", "z"))])
    assert cells(run(dictionary, ["AE"], graded), output_id="14.3.4", arm="treated", level="serious")["n_patients"] == 0
