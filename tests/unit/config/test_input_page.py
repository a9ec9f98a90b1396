"""The page that shows how exports are declared: every example is a declaration that the program takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from historical_controls.config.cohort.cohort import DatesWithoutClock
from historical_controls.config.reading.omop_files import with_omop
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.study_config import Scenario

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/input.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("example", EXAMPLES, ids=[str(one["path"]) for one in EXAMPLES])
def test_each_example_is_a_declaration(example: dict[str, object]) -> None:
    label = {"en": "x", "es": "x"}
    assert Source.model_validate({"arm": "historical", "label": label, "files": {"f": example}})


def test_the_source_in_the_omop_model_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```\n(sources:\n  hospital:\n.*?)```", PAGE, re.DOTALL)
    declared = yaml.safe_load(text)
    (tmp_path / "data/raw/omop").mkdir(parents=True)
    for table in ("person", "measurement", "drug_exposure", "visit_occurrence"):
        (tmp_path / f"data/raw/omop/{table}.csv").write_text("person_id\n")
    source = with_omop(declared, tmp_path)["sources"]["hospital"]
    made = Source.model_validate({"label": {"en": "x", "es": "x"}, **source})
    assert list(made.files) == ["person", "visit_occurrence", "measurement", "drug_exposure"]
    assert made.files["measurement"].assays == {"IL6": "ECLIA-1"}
    treatments = made.files["drug_exposure"].omop.treatments
    # What the dictionary knows, and what the study adds.
    assert (treatments["RxNorm:3264"], treatments["2000000123"]) == ("dexamethasone", "high_flow_oxygen")


def test_the_scenario_of_the_other_end_of_days_is_one() -> None:
    (text,) = re.findall(r"```\n(scenarios:.*?)```", PAGE, re.DOTALL)
    scenario = Scenario.model_validate(yaml.safe_load(text)["scenarios"]["other_end_of_days"])
    other = DatesWithoutClock.model_validate(scenario.overrides["cohort"]["dates_without_clock"])
    usual = DatesWithoutClock()
    assert all(getattr(other, name) != getattr(usual, name) for name in DatesWithoutClock.model_fields)


def test_every_key_of_a_file_is_explained_on_one_of_the_pages() -> None:
    keys = (ROOT / "docs/input_keys.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in keys for name in SourceFile.model_fields)
    assert all(own.description or name == "suspect_shares" for name, own in SourceFile.model_fields.items())
