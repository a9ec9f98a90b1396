"""A config may only claim estimands that the analyses answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.reading import estimand_texts
from historical_controls.config.study_config import Config, load_config
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import UserError, UserErrors

CONFIG = Path(__file__).resolve().parents[3] / "config.yaml"


HYPOTHETICAL = {
    "death": "hypothetical",
    "discharge": "hypothetical",
    "transfer": "hypothetical",
    "rescue": "treatment_policy",
}


@pytest.fixture
def raw() -> dict[str, Any]:
    return read_config(CONFIG)


def check(raw: dict[str, Any]) -> Config:
    return checked_config(
        vocabulary(raw, load_dictionary(CONFIG.parent / "data/dictionary"), CONFIG.parent / "workflow/locales")
    )


def test_a_config_with_every_default_written_out_needs_no_general_words(
    raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every job is given one: reading two languages of words took it longer than the check of its config."""
    whole = load_config(raw)
    monkeypatch.setattr(estimand_texts, "_words_of", None)
    assert load_config(whole.model_dump(mode="json")) == whole


def test_the_questions_of_an_outcome(raw: dict[str, Any]) -> None:
    estimands = load_config(raw).estimands
    assert estimands is not None
    assert set(estimands.of("HR")) == {"nobody_gone", "while_alive", "death_worst"}
    assert "slope" in estimands.of("CTSS")
    assert "what_matters_first" in estimands.of("PF")


@pytest.mark.parametrize(
    ("question", "change", "said"),
    [
        (
            "nobody_gone",
            {"strategies": {**HYPOTHETICAL, "death": "composite"}},
            "'composite' is not what the analysis 'mixed_model' does about 'death'",
        ),
        ("while_alive", {"measures": ["win_odds"]}, "does not give 'win_odds'"),
        (
            "death_worst",
            {"strategies": {"death": "composite", "sepsis": "hypothetical"}},
            "does not say what is done about",
        ),
        ("nobody_gone", {"strategies": {**HYPOTHETICAL, "rescue": "principal_stratum"}}, "does about 'rescue'"),
        ("nobody_gone", {"strategies": {**HYPOTHETICAL, "discharge": "composite"}}, "does about 'discharge'"),
        ("nobody_gone", {"strategies": {**HYPOTHETICAL, "sepsis": "treatment_policy"}}, "'sepsis' is not a known"),
        ("slope", {"outcomes": ["PF"]}, "do not change along a straight line"),
    ],
)
def test_claims_that_no_analysis_keeps_are_refused(
    question: str, change: dict[str, Any], said: str, raw: dict[str, Any]
) -> None:
    raw["estimands"]["questions"][question].update(change)
    with pytest.raises((UserError, UserErrors), match=said):
        check(raw)


TRANSFER = {
    "nobody_gone": "hypothetical",
    "slope": "hypothetical",
    "while_alive": "while_alive",
    "death_worst": "while_alive",
    "what_matters_first": "while_alive",
}


def strategies(raw: dict[str, Any], event: str) -> dict[str, str]:
    config = check(raw)
    assert config.estimands is not None
    return {name: one.strategies[event] for name, one in config.estimands.questions.items()}


@pytest.mark.parametrize("written", [False, True], ids=["general words", "events of the study"])
def test_an_end_of_follow_up_of_the_study_is_an_intercurrent_event_like_a_transfer(
    written: bool, raw: dict[str, Any]
) -> None:
    if not written:
        del raw["estimands"]
    raw["cohort"]["ends_with"] = ["limitation_order"]
    assert strategies(raw, "transfer") == strategies(raw, "other_end") == TRANSFER
    # A question with strategies of its own owes none about what it never named.
    raw.setdefault("estimands", {})["questions"] = {"nobody_gone": {"strategies": HYPOTHETICAL}}
    assert strategies(raw, "other_end") == TRANSFER
    raw["cohort"]["ends_with"] = []
    with pytest.raises(KeyError):
        strategies(raw, "other_end")


def test_an_end_of_follow_up_that_the_estimands_name_is_no_treatment_policy(raw: dict[str, Any]) -> None:
    """Nothing recorded after it is used: 'whatever happened' would be a claim that no analysis keeps."""
    raw["cohort"]["ends_with"] = ["limitation_order", "last_contact"]
    del raw["estimands"]["questions"]
    raw["estimands"]["events"]["limitation_order"] = {"en": "Limits to care", "es": "Límites al tratamiento"}
    assert strategies(raw, "limitation_order") == TRANSFER
    assert strategies(raw, "other_end") == TRANSFER
    raw["cohort"]["ends_with"] = ["limitation_order"]
    assert "other_end" not in check(raw).estimands.events  # type: ignore[union-attr]
    claimed = {"strategies": {**HYPOTHETICAL, "limitation_order": "treatment_policy"}}
    raw["estimands"]["questions"] = {"nobody_gone": claimed}
    with pytest.raises((UserError, UserErrors), match="does about 'limitation_order'"):
        check(raw)


def test_a_study_may_leave_them_out(raw: dict[str, Any]) -> None:
    raw["estimands"] = None
    assert load_config(raw).estimands is None


@pytest.mark.parametrize(
    ("step", "said"),
    [("WBC", "gives WBC no direction that is better"), ("SUPPORT_FREE_DAYS", "does not declare SUPPORT_FREE_DAYS")],
)
def test_a_step_of_the_win_ratio_needs_values_and_a_direction(step: str, said: str, raw: dict[str, Any]) -> None:
    raw["primary"]["hierarchy"] = ["death", step]
    raw["cohort"]["summaries"].pop("SUPPORT_FREE_DAYS", None)
    with pytest.raises(UserError, match=said):
        check(raw)


@pytest.mark.parametrize(
    ("study", "said"),
    [
        ({"periods": {}}, "eras need study.calendar_reference"),
        ({}, "periods need calendar_reference"),
    ],
)
def test_what_counts_from_a_reference_date_needs_one(study: dict[str, Any], said: str, raw: dict[str, Any]) -> None:
    """Counted from a date that nobody declared, weeks would tell every date in them."""
    raw["study"] |= study
    del raw["study"]["calendar_reference"], raw["study"]["first_date"]
    raw["sensitivity"]["eras"] = ["before_reference"]
    with pytest.raises((UserError, UserErrors), match=said):
        check(raw)


@pytest.mark.parametrize("key", ["outcome", "key_secondary"])
def test_a_death_that_an_arm_does_not_record_is_no_question(key: str, raw: dict[str, Any]) -> None:
    """Of patients whose files record no death, none would be counted as dead."""
    raw["primary"][key] = "DEATH" if key == "outcome" else ["DEATH"]
    raw["outcomes"] = [*raw["outcomes"], "DEATH"]
    check(raw)
    for source in raw["sources"].values():
        for part in (part for file in source["files"].values() for part in file["parts"]):
            if source["arm"] == "historical" and "events" in part:
                part["events"] = [one for one in part["events"] if one["event"] != "death"]
            if source["arm"] == "historical" and "values" in part:
                part["values"] = {text: code for text, code in part["values"].items() if code != "death"}
    with pytest.raises(UserError, match="no file of the historical patients records 'death'") as caught:
        check(raw)
    assert "events: [{event: death" in str(caught.value.hint)
