"""Studies at the edge, through the whole workflow: each ends well, in a report that says how it stands."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from .conftest import edit_config, snakemake
from .edge_studies import Person, controls, treated, write_study

pytestmark = pytest.mark.workflow
PAGE = "results/report/investigator.en.html"


@dataclass(frozen=True)
class Ended:
    """What a finished study says: its results table, its page as text, and the page itself."""

    ard: pd.DataFrame
    text: str
    page: str
    folder: Path

    def steps(self, statistic: str, source: str = "historical") -> dict[str, float]:
        rows = self.ard[(self.ard["analysis"] == "attrition") & (self.ard["population"] == source)]
        return rows[rows["statistic"] == statistic].set_index("level")["value"].to_dict()

    def analysed(self, arm: str) -> float:
        rows = self.ard[(self.ard["analysis"] == "disposition") & (self.ard["arm"] == arm)]
        return rows.loc[rows["statistic"] == "n_subjects", "value"].item()

    def reasons(self) -> set[str]:
        rows = self.ard[(self.ard["statistic"] == "not_estimable") & (self.ard["analysis"] == "mixed_model")]
        return set(rows["text"])

    def estimates(self) -> pd.DataFrame:
        rows = self.ard[(self.ard["analysis"] == "mixed_model") & (self.ard["contrast"] == "treated - historical")]
        return rows[rows["statistic"] == "estimate"]


def ended(folder: Path, own: list[Person], others: list[Person], **more: list[Person]) -> Ended:
    """The study run to its report, which holds no nonsense; `more`: further historical sources."""
    write_study(folder, own, others, **more)
    run = snakemake(folder, PAGE)
    assert run.code == 0, run.output
    page = (folder / PAGE).read_text(encoding="utf-8")
    body = re.sub(r"<(style|script).*?</\1>|<!--.*?-->", " ", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))
    assert not re.search(r"\b(nan|NaN|None(?! but| of| seen| is)|null|inf|NaT)\b", text)
    assert not re.search(r"<tbody>\s*</tbody>", page)
    assert "{" not in text
    return Ended(pd.read_parquet(folder / "results/ard.parquet"), text, page, folder)


def test_no_control_is_eligible_for_what_is_known_or_for_what_is_not(tmp_path: Path) -> None:
    """One source whose patients are never that ill, and one where nobody was measured: unknown never counts as true."""
    unknown = controls(level=None, prefix="U")
    found = ended(tmp_path, treated(), controls(level=320.0), unmeasured=unknown)
    assert found.analysed("historical") == 0 and found.analysed("treated") == 5
    assert found.steps("n_excluded")["I3"] > 0 and found.steps("n_unknown")["I3"] == 0
    assert found.steps("n_before", "unmeasured")["all"] == len(unknown)
    assert found.steps("n_unknown", "unmeasured")["I3"] == found.steps("n_excluded", "unmeasured")["I3"] > 0
    assert found.reasons() and found.estimates().empty
    assert "not estimable, because" in found.text
    assert "25 with missing information" in found.text and "unmeasured export" in found.text


def test_one_treated_patient(tmp_path: Path) -> None:
    found = ended(tmp_path, treated(1), controls())
    assert found.analysed("treated") == 1 and found.analysed("historical") > 3
    assert found.reasons() == {"too_few_patients"} and found.estimates().empty
    assert "not estimable, because" in found.text


def test_no_overlap(tmp_path: Path) -> None:
    """The treated are far sicker than any control: a refusal that names the distance, and no inference."""
    found = ended(tmp_path, treated(level=55.0), controls(level=138.0))
    assert found.analysed("historical") > 3
    assert found.reasons() == {"far_from_controls"} and found.estimates().empty
    inference = {"p_value", "p_raw", "p_max_t", "win_odds"}
    compared = found.ard[~found.ard["analysis"].isin({"baseline", "love"})]
    assert not compared["statistic"].isin(inference).any()
    assert "not estimable, because" in found.text


def test_all_treated_after_the_last_control(tmp_path: Path) -> None:
    late = [replace(person, admission=person.admission + timedelta(days=90)) for person in treated()]
    found = ended(tmp_path, late, controls())
    meeting = found.ard[(found.ard["analysis"] == "calendar_overlap") & (found.ard["level"] == "within_other")]
    assert (meeting.loc[meeting["statistic"] == "count", "value"] == 0).all()
    assert "nor the reverse. Any difference may be due to calendar time." in found.text
    assert not found.estimates().empty


def test_a_thousand_controls_some_of_them_identical_to_the_treated(tmp_path: Path) -> None:
    own = treated()
    twins = [replace(person, name=f"T9{number:03d}", infused_after=None) for number, person in enumerate(own)]
    found = ended(tmp_path, own, [*controls(1000), *twins])
    assert found.steps("n_before")["all"] == 1005
    assert found.analysed("historical") > 500
    assert not found.estimates().empty and found.reasons() <= {"too_few_patients_at_day"}
    patients = pd.read_parquet(tmp_path / "results/cohort/primary/patients.parquet")
    assert patients[patients["patient_id"].str.startswith("historical/T9")]["included"].any()


def test_broken_input_is_refused_in_plain_words(tmp_path: Path) -> None:
    """The one edge that ends in an error: a file that is not what the config says."""
    folder = write_study(tmp_path, treated(), controls())
    path = folder / "data/raw/historical.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("kind,id,age", "kind,ident,age"), encoding="utf-8")
    run = snakemake(folder)
    assert run.code != 0 and "no column 'id'" in run.output and "Traceback" not in run.output


def test_deaths_that_an_arm_does_not_record_are_no_survivors(tmp_path: Path) -> None:
    write_study(tmp_path, treated(), controls())

    def forget(config: dict) -> None:
        part = config["sources"]["historical"]["files"]["all"]["parts"][0]
        part["events"] = [one for one in part["events"] if one["event"] != "death"]
        free = {"kind": "free_days", "support": ["invasive_ventilation"]}
        config["cohort"].setdefault("summaries", {})["VENT_FREE_DAYS"] = free

    edit_config(tmp_path, forget)
    run = snakemake(tmp_path, "results/ard.parquet")
    assert run.code == 0, run.output
    ard = pd.read_parquet(tmp_path / "results/ard.parquet")
    counted = ["n_died", "n_unobserved_died"]
    dead = ard[(ard["level"] == "death") & (ard["statistic"] != "n_at_risk") | ard["statistic"].isin(counted)]
    said = {arm: set(dead.loc[dead["arm"] == arm, "statistic"]) for arm in ("treated", "historical")}
    assert said["historical"] == {"not_recorded"} and "n_died" in said["treated"]
    refused = ard[ard["text"] == "deaths_not_recorded_historical"]
    assert set(refused["analysis"]) == {"deaths", "worst_rank", "win_ratio", "e_value", "free_days"}


def test_ranks_that_separate_completely_are_said_beside_the_main_result(tmp_path: Path) -> None:
    """All treated die before any value: no mean, and no win odds with an interval; the page said nothing of deaths."""
    own = treated()
    for person in own:
        assert person.infused_after is not None
        person.days, person.died = (person.infused_after + 0.5) / 24, True
    found = ended(tmp_path, own, controls())
    assert found.reasons() == {"no_treated_data"}
    limits = found.ard[(found.ard["analysis"] == "worst_rank") & (found.ard["day"] == 7)].set_index("statistic")[
        "value"
    ]
    assert limits["win_odds"] == 0.0 and 0 < limits["upper"] < 1
    assert "every treated patient fared worse than every historical patient" in found.text
    assert re.search(r"win odds of at most\s+0\.\d\d", found.text)
    # At baseline they were measured.
    assert "no treated patient has values after time zero" in found.text
