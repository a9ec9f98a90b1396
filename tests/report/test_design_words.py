"""What the page says of the design follows the study and the fit: time zero, days, baseline, calendar."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from historical_controls.config.study_config import load_config
from historical_controls.report.investigator.page import render_report

from .reading import Page
from .study import SmallStudy, small_study, study_config


def shown(study: SmallStudy, language: str = "en") -> str:
    return " ".join(Page.of(render_report(study.page(language))).visible.split())


def declared(**changes: Any) -> SmallStudy:
    """The small study with sections of its config replaced."""
    return replace(small_study(), config=load_config({**study_config(), **changes}))


def test_time_zero_is_named_by_its_event() -> None:
    cohort: dict[str, Any] = dict(study_config().get("cohort", {}))  # type: ignore[call-overload]
    zero = {"treated": "admission", "historical": "event", "historical_event": "icu_admission", "match_waits": False}
    study = declared(cohort={**cohort, "time_zero": {**cohort.get("time_zero", {}), **zero}})
    text = shown(study)
    labels = study.dictionary.event_label("admission", "en"), study.dictionary.event_label("icu_admission", "en")
    assert f"time zero, the start of follow-up, is this event: {labels[0]}." in text
    assert f"In historical patients, time zero is this event: {labels[1]}." in text
    assert "declared event" not in text


def test_one_day_is_one_day() -> None:
    day = study_config()["primary"]["day"]  # type: ignore[index]
    analysis: dict[str, Any] = dict(study_config().get("analysis", {}))  # type: ignore[call-overload]
    one = declared(analysis={**analysis, "days": [day]})
    assert f"compares the groups at day {day}," in shown(one)
    assert f"compara los grupos en el día {day}," in shown(one, "es")


def test_a_model_that_could_not_take_the_baseline_is_not_said_to_be_adjusted() -> None:
    study = small_study()
    primary = study.config.primary.outcome
    assert "adjusted for each patient's baseline" in shown(study)
    row = study.ard.iloc[:1].assign(
        analysis="mixed_model",
        outcome=primary,
        arm="",
        level="baseline",
        day=float("nan"),
        contrast="",
        statistic="covariate_left_out",
        id="000000000000",
        value=float("nan"),
        text="covariate_unknown_in_arm",
        scenario="primary",
    )
    without = shown(replace(study, ard=pd.concat([study.ard, row], ignore_index=True)))
    assert "not adjusted for baseline values" in without
    assert "adjusted for each patient's baseline" not in without
    assert "adjusted to the same baseline" not in without
    # The model still adjusts for age; where it does not, nothing is adjusted.
    mean = f"at day {study.config.primary.day}"
    assert f"{mean}, adjusted" in without
    for adjusted in (True, False):
        analysis = study.config.analysis.model_copy(update={"covariates": [], "adjust_for_baseline": adjusted})
        text = shown(replace(study, config=study.config.model_copy(update={"analysis": analysis})))
        assert (f"{mean}, adjusted" in text) == ("Adjusted means" in text) == adjusted
        assert (f"{mean}, model mean" in text) == (not adjusted)


def test_records_without_a_calendar_have_no_other_weeks() -> None:
    sources: dict[str, Any] = study_config()["sources"]  # type: ignore[assignment]
    undated = {name: {**source, "relative_epoch": "2000-01-01"} for name, source in sources.items()}
    assert "treated in other weeks" in shown(small_study())
    assert "treated in other weeks" not in shown(declared(sources=undated))


def test_a_study_is_not_said_to_be_registered() -> None:
    """Its id may be a registry's number or a name of its own: nothing in the config tells."""
    study = small_study()
    for language, name in (("en", "Study"), ("es", "Estudio")):
        text = shown(study, language)
        assert f"{name} {study.config.study.id}" in text
        assert "Registered as" not in text and "Registrado como" not in text
