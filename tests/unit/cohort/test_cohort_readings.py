"""Readings of the registry's ambiguities: what each changes, and what is refused."""

from __future__ import annotations

from pathlib import Path

from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study_file import read_config

CONFIG = Path(__file__).parents[3] / "config.yaml"


def example() -> Cohort:
    return Cohort.model_validate(read_config(CONFIG)["cohort"])


def small(**changes: object) -> Cohort:
    rules = {
        "A": {"kind": "event", "label": {"en": "a"}, "event": "consent", "happened": True},
        "B": {"kind": "threshold", "label": {"en": "b"}, "outcome": "PF", "within_hours": 24, "op": "<", "value": 150},
    }
    readings = {
        "cut": {"label": {"en": "cut"}, "options": {"as_is": {"label": {"en": "150"}}, "low": {
            "label": {"en": "100"}, "rules": {"B": {"value": 100, "op": "<="}}}}},
        "more": {"label": {"en": "more"}, "options": {"no": {"label": {"en": "no"}}, "yes": {
            "label": {"en": "yes"}, "also_filters": ["A"], "rules": {"A": {"kind": "any", "of": ["B"]}}}}},
    }  # fmt: skip
    return Cohort.model_validate({"rules": rules, "filters": ["B"], "readings": readings, **changes})


def test_the_first_option_is_the_text_as_it_stands() -> None:
    cohort = example()
    read = cohort.as_read()
    assert read.rules == cohort.rules and read.filters == cohort.filters
    assert not read.readings


def test_an_option_changes_its_rule_and_nothing_else() -> None:
    read = small(read_as={"cut": "low"}).as_read()
    assert (read.rules["B"].op, read.rules["B"].value) == ("<=", 100)
    assert read.rules["B"].within_hours == 24 and read.rules["A"] == small().rules["A"]
    assert small().as_read({"cut": "low"}) == read


def test_a_rule_of_another_kind_keeps_its_label_and_may_become_a_filter() -> None:
    read = small().as_read({"more": "yes", "cut": "low"})
    assert read.rules["A"].label == {"en": "a"} and read.rules["A"].kind == "any"
    assert read.filters == ["B", "A"] and read.rules["B"].value == 100


def test_every_ambiguity_of_the_registry_has_its_options() -> None:
    options = {name: list(reading.options) for name, reading in example().readings.items()}
    assert options["persistence"] == ["arm", "all", "any", "pf_and_any"]
    assert options["ards"][:3] == ["pf150_as_severe", "berlin_severe", "altitude"]
    assert options["leukocytes"] == ["lymphocytes", "wbc"] and options["imaging"] == ["ct_only", "any"]
    assert options["pf_persistent"] == ["last", "all", "median"]
