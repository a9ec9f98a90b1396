"""A small study made by hand: config, dictionary, results rows per the catalogue, and patients to draw.

P/F has a model, D-dimer is analysed as a ratio, IL-6 is refused, and labels are hostile where a test asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.study_config import Config, load_config
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.report.inputs import PageInputs
from historical_controls.report.printing.outputs import Output, load_outputs
from historical_controls.tables.registry import DISPLAY
from historical_controls.text.words import Words, load_words

ROOT = Path(__file__).parents[2]
CONTRAST = "treated - historical"
ARM_SIZES = {"treated": 5, "historical": 38}
OUTCOMES = ("PF", "HR", "DDIM", "IL6")
HOSTILE = "<script>alert('x')</script> & \"A\" {n} $x$"


@dataclass(frozen=True)
class SmallStudy:
    """Everything that a report needs, in memory."""

    config: Config
    dictionary: Dictionary
    ard: pd.DataFrame
    display: pd.DataFrame
    outputs: dict[str, Output]
    provenance: dict[str, object]

    def bare(self) -> SmallStudy:
        """The same study where nobody could be analysed: attrition, the ledger, and reasons."""
        kept = self.ard["analysis"].isin(["attrition", "ledger"]) | (self.ard["statistic"] == "not_estimable")
        refusals = [
            Cell("mixed_model", scenario, outcome="PF", output="14.2.2").text("not_estimable", "too_few_patients")
            for scenario in ("primary", "berlin")
        ]
        ard = pd.concat([self.ard[kept], ard_frame(refusals)], ignore_index=True)
        return replace(self, ard=ard, display=self.display.head(0))

    def page(self, language: str, figures: Mapping[str, str] | None = None) -> PageInputs:
        """What a page of this study is written from."""
        return PageInputs(
            self.ard, self.words(language), self.config, self.dictionary, ROOT / "workflow" / "templates",
            self.outputs, figures or {}, self.provenance, self.display,
        )  # fmt: skip

    def words(self, language: str) -> Words:
        return load_words(ROOT / "workflow" / "locales", language)


def small_study(hostile: bool = False) -> SmallStudy:
    config = load_config(study_config(HOSTILE if hostile else ""))
    dictionary = Dictionary(
        {code: _hostile(entry) if hostile else entry for code, entry in _outcomes().items()}, {}, {}
    )
    return SmallStudy(
        config, dictionary, ard_frame(_rows()), _display(), load_outputs(ROOT / "docs" / "outputs.csv"), _provenance()
    )


def study_config(hostile: str = "") -> dict[str, object]:
    """The config as a person would write it."""

    def texts(english: str, spanish: str) -> dict[str, str]:
        return {"en": f"{english}{hostile}", "es": f"{spanish}{hostile}"}

    return {
        "study": {
            "id": "NCT00000000",
            "title": texts("Cells in severe ARDS", "Células en SDRA grave"),
            "treatment": texts("one infusion of cells", "una infusión de células"),
            "simulated": True,
            "first_date": "2020-01-01",
            "data_lock": "2020-09-30",
            "calendar_reference": "2020-06-16",
            "periods": {
                "steroids": {"label": texts("Steroid era", "Era de los esteroides"), "first": "2020-06-16"},
                "beds": {"label": texts("No beds", "Sin camas"), "first": "2020-04-10", "last": "2020-05-31"},
            },
        },
        "seed": 1,
        "languages": ["en", "es"],
        "sources": {
            "trial": _source("treated", texts("Trial database", "Base del ensayo")),
            "hospital": _source("historical", texts("Hospital system", "Sistema del hospital")),
        },
        "outcomes": list(OUTCOMES),
        "cohort": {
            "rules": {
                "pf_low": {
                    "kind": "threshold",
                    "label": texts("P/F below 150 mmHg at the last two gases", "P/F menor de 150 mmHg"),
                    "outcome": "PF",
                    "within_hours": 48,
                    "op": "<",
                    "value": 150,
                },
                "adult": {
                    "kind": "characteristic",
                    "label": texts("Age 18 or over", "Edad de 18 o más"),
                    "characteristic": "AGE",
                    "op": ">=",
                    "value": 18,
                },
            },
            "filters": ["adult", "pf_low"],
            "readings": {
                "severe": {
                    "label": texts("What severe means", "Qué es grave"),
                    "options": {
                        "pf150": {"label": texts("P/F below 150", "P/F menor de 150")},
                        "berlin": {"label": texts("Berlin", "Berlín"), "rules": {"pf_low": {"value": 100}}},
                    },
                },
            },
            "co_treatments": {
                "steroids": {"label": texts("Corticosteroids", "Corticosteroides"), "treatments": ["dexamethasone"]},
            },
        },
        "balance": {
            "covariates": ["AGE", "SEX", "DIABETES", "PF", "DDIM"],
            "key_covariates": ["AGE", "PF", "days_from_onset"],
            "methods": ["entropy", "overlap"],
        },
        "analysis": {
            "days": [7, 14, 21],
            "covariates": ["AGE"],
            "ladder": [{"id": "slope_car1", "random": "1 + day", "residual": "car1", "per_arm": "one_scale"}],
        },
        "primary": {"outcome": "PF", "day": 7, "key_secondary": ["HR"]},
        "scenarios": {
            "berlin": {"label": texts("Severe by Berlin", "Grave según Berlín"), "overrides": {}},
            "strict": {"label": texts("All conditions", "Todas las condiciones"), "overrides": {}},
        },
    }


def _source(arm: str, label: dict[str, str]) -> dict[str, object]:
    ends = ("death", "discharge_alive", "transfer_out")
    events = [{"event": end, "time": {"columns": [end], "formats": ["%Y-%m-%d"]}} for end in ends]
    part = {"kind": "patients", "subject": "id", "events": events}
    return {"arm": arm, "label": label, "files": {"main": {"path": "data/raw/main.csv", "parts": [part]}}}


def _outcomes() -> dict[str, Outcome]:
    blank = Outcome(
        code="", family="respiratory", kind="number", label_en="", label_es="", unit="",
        loinc="", hard_low=None, hard_high=None, warn_low=None, warn_high=None, lod=None, scale="linear",
        benefit="none", daily_summary="median", categories=(), source="",
    )  # fmt: skip
    made = [
        replace(blank, code="PF", registered=1, label_en="PaO2/FiO2 ratio", label_es="Índice PaO2/FiO2", unit="mmHg",
                benefit="up"),
        replace(blank, code="HR", registered=2, family="vital", label_en="Heart rate", label_es="Frecuencia cardiaca",
                unit="/min", benefit="down"),
        replace(blank, code="DDIM", registered=11, family="coagulation", label_en="D-dimer", label_es="Dímero D",
                unit="ng/mL FEU", scale="log", benefit="down"),
        replace(blank, code="IL6", registered=16, family="cytokine", label_en="Interleukin-6", label_es="Interleucina",
                unit="pg/mL", scale="log", benefit="down"),
        replace(blank, code="NK", registered=24, family="cell", label_en="NK cells", label_es="Células NK",
                unit="cells/uL"),
        replace(blank, code="AGE", family="characteristic", label_en="Age", label_es="Edad", unit="years"),
        replace(blank, code="SEX", family="characteristic", kind="category", label_en="Sex", label_es="Sexo",
                categories=("male", "female")),
        replace(blank, code="DIABETES", family="characteristic", kind="flag", label_en="Diabetes",
                label_es="Diabetes mellitus"),
    ]  # fmt: skip
    return {outcome.code: outcome for outcome in made}


def _hostile(entry: Outcome) -> Outcome:
    return replace(entry, label_en=entry.label_en + HOSTILE, label_es=entry.label_es + HOSTILE)


def _rows() -> Iterator[dict[str, object]]:
    yield from _cohort_rows()
    yield from _baseline_rows()
    for outcome in OUTCOMES:
        yield from _availability_rows(outcome)
    for scenario, shift in (("primary", 0.0), ("berlin", -21.5)):
        yield from _model_rows(scenario, "PF", "14.2.2", 33.6 + shift, 52.24, "mmHg", "0")
    yield from _comparability_rows()
    yield Cell("mixed_model", "strict", outcome="PF", output="14.2.2").text("not_estimable", "far_from_controls")
    yield Cell("mixed_model", "strict", outcome="PF", output="14.2.2").text("weighting", "unweighted")
    yield from _model_rows("primary", "HR", "14.2.3", -4.2, 9.87, "/min", "0.0")
    yield from _model_rows("primary", "DDIM", "14.2.4", 0.82, 0.31, "ratio", "0.00")
    yield Cell("mixed_model", "primary", outcome="IL6", output="14.2.6").text("not_estimable", "assays_differ")
    yield from _worst_rank_rows()
    yield from _eligibility_rows()
    yield from _calendar_rows()
    yield from _draws_rows()
    yield from _placebo_rows()
    yield from _calibration_rows()
    yield from _null_rows()
    yield from _residual_rows()
    yield from _incidence_rows()
    yield from _adverse_rows()
    yield from _robustness_rows()


def _incidence_rows() -> Iterator[dict[str, object]]:
    """Deaths and discharges that rise day by day, in both groups."""
    for arm, n in ARM_SIZES.items():
        for level, most in (("death", 0.4), ("discharge_alive", 0.5)):
            for day in range(22):
                cell = Cell(
                    "cumulative_incidence", "primary", "documented", arm=arm, level=level, day=day, output="15.11"
                )
                share = most * day / 21
                for name, value in (("estimate", share), ("lower", share / 2), ("upper", share + 0.2)):
                    yield cell.number(name, value, format="percent")
                yield cell.number("n_at_risk", round(n * (1 - day / 42)))


def _robustness_rows() -> Iterator[dict[str, object]]:
    """One patient left out at a time, the unobserved shifted, and a product of choices."""
    left_out = Cell("leave_one_out", "primary", "reml", "PF", day=7)
    for name, value in (
        ("n_left_out", 44),
        ("n_estimated", 43),
        ("n_deciding", 2),
        ("smallest", 20.4),
        ("largest", 41.8),
    ):
        yield left_out.number(name, value, "" if name.startswith("n_") else "mmHg")
    yield left_out.text("decided_by_one", "yes")
    without = left_out.at(level="T4", contrast=CONTRAST)
    for name, value in (("estimate", 48.0), ("lower", 3.0), ("upper", 93.0)):
        yield without.number(name, value, "mmHg")
    yield without.text("decides", "yes")
    for treated in (-1, 0, 1):
        for historical in (-1, 0, 1):
            level = f"treated={treated}|historical={historical}"
            cell = Cell(
                "tipping_point", "primary", "delta", "PF", level=level, day=7, contrast=CONTRAST, output="15.14"
            )
            yield cell.number("estimate", 30 + 40 * (treated - historical), "mmHg")
            yield cell.text("verdict", "above" if treated > historical else "holds")
    readings = ("severe=pf150|unweighted|mixed_model", "severe=berlin|unweighted|mixed_model")
    others = ("severe=pf150|entropy|mixed_model", "severe=pf150|unweighted|worst_rank")
    for number, level in enumerate((*readings, *others)):
        cell = Cell("specification", "primary", level.split("|")[1], "PF", level=level, day=7, contrast=CONTRAST)
        unit, shown = ("odds", "0.00") if level.endswith("rank") else ("mmHg", "0")
        for name, value in (("estimate", 20 - 5 * number), ("lower", 1 + number), ("upper", 60.0)):
            yield cell.number(name, value, unit, shown)
    numbers = {"n_specifications": 4, "n_estimated": 3, "n_holds": 3, "n_above": 0, "n_below": 0, "min": 10, "max": 20}
    for level, unit in (("mixed_model", "mmHg"), ("worst_rank", "odds")):
        counts = Cell("specification", "primary", "", "PF", level=level, day=7, output="14.2.12")
        for name, value in numbers.items():
            yield counts.number(name, value, "" if name.startswith("n_") else unit)


def _adverse_rows() -> Iterator[dict[str, object]]:
    """No reaction in the treated; the historical records hold no such events."""
    for level, count in (("any", 2), ("reaction_6h", 0), ("reaction_24h", 0)):
        cell = Cell("adverse_events", "primary", "exact", level=level, output="14.3.1" if level == "any" else "14.3.2")
        treated = cell.at(arm="treated")
        for name, value in (("n_patients", count), ("n_subjects", 5)):
            yield treated.number(name, value)
        for name, value in (("share", count / 5), ("lower", 0.0), ("upper", 0.52), ("upper_one_sided", 0.45),
                            ("true_rate", 0.1), ("chance_to_see", 0.41)):  # fmt: skip
            yield treated.number(name, value, format="percent")
        silent = "not_recorded" if level == "any" else "treated_only"
        yield cell.at(arm="historical").text("not_recorded", silent)


def _residual_rows() -> Iterator[dict[str, object]]:
    """Residuals of P/F: one of eight quantiles is outside its limits."""
    here = Cell("residuals", "primary", "reml", "PF")
    for name, count in (("n_values", 300), ("n_checked", 8), ("n_outside", 1), ("n_far", 2)):
        yield here.number(name, count)
    for name, value in (("sd", 1.02), ("skewness", 0.11), ("kurtosis", 0.4)):
        yield here.number(name, value, format="0.00")
    yield here.number("largest", 3.4, format="0.0")
    for place in range(8):
        expected = -1.5 + place * 3 / 7
        point = here.at(output="15.19", method="normal_quantiles", level=f"{(place + 0.5) / 8:.4f}")
        moved = {
            "expected_value": expected,
            "observed": expected * 1.2,
            "lower": expected - 0.3,
            "upper": expected + 0.3,
        }
        for name, value in moved.items():
            yield point.number(name, value, format="0.00")
    for place in range(3):
        point = here.at(output="15.19", method="by_fitted", level=f"{place + 1:02d}")
        yield point.number("n_values", 100)
        yield point.number("expected_value", 120 + 30 * place, "mmHg", "0")
        for name, value in (("q1", -0.6), ("median", 0.1), ("q3", 0.7)):
            yield point.number(name, value, format="0.00")
    for arm, mean in (("treated", 180.0), ("historical", 150.0)):
        point = here.at(output="15.19", method="means", arm=arm, day=7)
        yield point.number("n_measured", ARM_SIZES[arm])
        yield point.number("mean", mean, "mmHg", "0")
        yield point.number("expected_value", mean - 4, "mmHg", "0")


def _null_rows() -> Iterator[dict[str, object]]:
    """A histogram of three bins for the primary outcome, and the observed statistic in the last."""
    cell = Cell("permutation_null", "primary", "studentised", "PF", day=7, contrast=CONTRAST)
    yield cell.number("observed", 1.9, format="0.00")
    for number, (low, count) in enumerate(((-3.0, 400), (-1.0, 1200), (1.0, 400)), start=1):
        bin_ = cell.at(level=f"{number:02d}")
        for name, value in (("lower", low), ("upper", low + 2), ("n_labellings", count)):
            yield bin_.number(name, value)


def _eligibility_rows() -> Iterator[dict[str, object]]:
    """Five treated under two conditions, one of them not known; two readings of the text."""
    for number in range(1, 6):
        for rule, value in (("adult", 50.0), ("pf_low", 90.0 + number)):
            cell = Cell("eligibility", "primary", arm="treated", level=f"T{number}", contrast=rule)
            unknown = (rule, number) == ("pf_low", 5)
            yield cell.text("state", "unknown" if unknown else "true")
            if not unknown:
                yield cell.number("evidence", value, "mmHg")
    for level, included in (("declared", 38), ("severe=pf150", 38), ("severe=berlin", 14)):
        cell = Cell("readings", "primary", population="all", level=level)
        for name, count in (("n_ever", included + 9), ("n_included", included), ("n_unknown", 7)):
            yield cell.at(arm="historical").number(name, count)
        for name, count in (("n_pass", 4), ("n_subjects", 5)):
            yield cell.at(arm="treated").number(name, count)


def _calendar_rows() -> Iterator[dict[str, object]]:
    """Time zeros by week, how the calendars meet, when time zero stood, and one co-treatment."""
    for arm, weeks in (("treated", {-5: 2, 0: 3}), ("historical", {-9: 20, -5: 17, 0: 1})):
        for week, count in weeks.items():
            cell = Cell("calendar", "primary", arm=arm, level=f"week={week}")
            yield cell.number("week", week, "weeks")
            yield cell.number("n_subjects", count)
        inside = Cell("calendar_overlap", "primary", arm=arm, level="within_other")
        yield inside.number("count", 4)
        yield inside.number("total", ARM_SIZES[arm])
        for name, value in (("median", 11.4), ("min", 8.2), ("max", 19.0)):
            cell = Cell("time_zero", "primary", arm=arm, level="days_from_onset")
            yield cell.number(name, value, "d", "0.0")
        for part, count in (("before", 1), ("during", 3)):
            cell = Cell("co_treatment", "primary", arm=arm, level="steroids", contrast=part)
            yield cell.number("count", count)
            yield cell.number("total", ARM_SIZES[arm])
    for name, edges in (("steroids", {"first": 0.0}), ("beds", {"first": -9.6, "last": -2.1})):
        cell = Cell("calendar_period", "primary", population="", level=name)
        for edge, value in edges.items():
            yield cell.number(edge, value, "weeks", "0.0")


def _draws_rows() -> Iterator[dict[str, object]]:
    """Twenty further draws of waits, four of them refused."""
    cell = Cell("wait_draws", "primary", "reml", outcome="PF", day=7)
    yield cell.number("n_draws", 20)
    yield cell.number("n_estimated", 16)
    spread = {"estimate": (18, 21, 26), "lower": (-22, -19, -15), "upper": (55, 61, 66)}
    for level, values in spread.items():
        for name, value in zip(("min", "median", "max"), values, strict=True):
            yield cell.at(level=level, contrast=CONTRAST).number(name, value, "mmHg")
    for name, value in (("min_subjects", 33), ("max_subjects", 39)):
        yield cell.at(arm="historical").number(name, value)


def _placebo_rows() -> Iterator[dict[str, object]]:
    """Forty-two placebo cohorts, of which two gave no estimate."""
    cell = Cell("placebo_cohorts", "primary", "placebo", outcome="PF", day=7)
    for kind, drawn, estimated in (("consecutive", 22, 22), ("random", 20, 18)):
        yield cell.at(level=kind).number("n_draws", drawn)
        yield cell.at(level=kind).number("n_estimated", estimated)
        for place, value in enumerate((-31.0, 4.0, 27.0), start=1):
            single = Cell("placebo_cohorts", "primary", "reml", outcome="PF", day=7, level=f"{kind} {place}")
            yield single.at(contrast=CONTRAST).number("estimate", value, "mmHg")
    here = cell.at(level="calibrated", contrast=CONTRAST)
    for name, value in (("estimate", 21.0), ("lower", -22.0), ("upper", 64.0)):
        yield here.number(name, value, "mmHg")
    yield here.number("p_value", 8 / 41)
    yield here.number("p_floor", 1 / 41)


def _calibration_rows() -> Iterator[dict[str, object]]:
    """Three hundred simulated studies: the model holds its level, ranks lie just above it, a gate refuses some."""
    cell = Cell("calibration", "primary", outcome="PF", day=7)
    shares = {"mixed_model": (0.05, 0.03, 0.08), "worst_rank": (0.07, 0.04, 0.1)}
    yield cell.at(level="gates").number("n_draws", 300)
    for name, value in zip(("share", "lower", "upper"), (0.04, 0.02, 0.07), strict=True):
        yield cell.at(level="gates", method="refused").number(name, value, format="percent.1")
    for level, error in shares.items():
        here = cell.at(level=level)
        yield here.number("n_draws", 300)
        yield here.number("n_estimated", 288)
        for name, value in zip(("share", "lower", "upper"), error, strict=True):
            yield here.at(method="error_rate").number(name, value, format="percent.1")
            for effect in (0.0, 1.0, 2.0):
                at = here.at(method="power", level=f"{level}|{effect:.2f}", output="15.20")
                yield at.number(name, value + 0.4 * effect, format="percent.1")
    for name, value in zip(("detectable", "lower", "upper"), (56.0, 51.0, 63.0), strict=True):
        yield cell.at(level="mixed_model", method="detectable").number(name, value, "mmHg")


def _worst_rank_rows() -> Iterator[dict[str, object]]:
    cell = Cell("worst_rank", "primary", "brunner_munzel", outcome="PF", day=7, output="14.2.1")
    for arm, died, n in (("treated", 1, 5), ("historical", 9, 38)):
        yield cell.at(arm=arm).number("n_died", died)
        yield cell.at(arm=arm).number("n_subjects", n)
    for name, value in (("win_odds", 1.62), ("lower", 0.58), ("upper", 4.51)):
        yield cell.at(contrast="treated - historical").number(name, value, "odds", "0.00")
    yield cell.text("agreement", "disagree")
    other = Cell("worst_rank", "berlin", "brunner_munzel", outcome="PF", day=7, contrast=CONTRAST, output="14.2.12")
    for name, value in (("win_odds", 1.91), ("lower", 0.71), ("upper", 5.14)):
        yield other.number(name, value, "odds", "0.00")


def _cohort_rows() -> Iterator[dict[str, object]]:
    events = {"treated": (1, 3, 0, 1), "historical": (15, 17, 1, 5)}
    for arm, n in ARM_SIZES.items():
        cell = Cell("disposition", "primary", arm=arm, day=21)
        yield cell.number("n_subjects", n)
        levels = ("death", "discharge_alive", "transfer_out", "in_hospital")
        for level, count in zip(levels, events[arm], strict=True):
            yield cell.at(level=level).number("count", count)
            for name, share in (("share", count / n), ("lower", count / n / 3), ("upper", (count + n) / n / 2)):
                yield cell.at(level=level).number(name, min(share, 1.0), format="percent")
    for source, arm, steps in (
        ("trial", "treated", (("all", 0, 0), ("adult", 0, 0), ("pf_low", 0, 0))),
        ("hospital", "historical", (("all", 0, 0), ("standard_care", 21, 0), ("adult", 2, 0), ("pf_low", 89, 4),
                                    ("wait", 3, 0))),
    ):  # fmt: skip
        n = 5 if arm == "treated" else 153
        for position, (step, excluded, unknown) in enumerate(steps):
            cell = Cell("attrition", "primary", population=source, arm=arm, level=step)
            counts = {"position": position, "n_before": n, "n_excluded": excluded, "n_unknown": unknown}
            n -= excluded
            for name, count in {**counts, "n_after": n}.items():
                yield cell.number(name, count)
    waits = Cell("waits", "primary", arm="treated")
    for name, value in (("n_subjects", 5), ("median", 26.5), ("min", 4), ("max", 71)):
        yield waits.number(name, value, "" if name == "n_subjects" else "h")
    for source in ("trial", "hospital"):
        cell = Cell("ledger", "primary", population=source, level="main")
        for name, count in (("n_lines", 1201), ("n_records", 9311), ("n_clean", 8800), ("n_duplicate", 120),
                            ("n_ignored", 300), ("n_quarantined", 91)):  # fmt: skip
            yield cell.number(name, count)
        for reason, fate, count in (
            ("UNIT_MISSING", "quarantined", 60),
            ("DUP_IDENTICAL", "duplicate", 120),
            ("A_NEW_CODE", "quarantined", 31),
            ("OUT_OF_USUAL", "clean", 400),
        ):
            found = Cell("ledger_reasons", "primary", fate, population=source, level=reason)
            yield found.number("n_records", count)


def _baseline_rows() -> Iterator[dict[str, object]]:
    for arm, n in ARM_SIZES.items():
        for code, centre, spread in (("AGE", 54.2, 11.31), ("PF", 104.0, 24.9), ("DDIM", 1210.0, 700.0)):
            cell = Cell("baseline", "primary", "unweighted", outcome=code, arm=arm)
            yield cell.number("n", n - (arm == "historical"))
            yield cell.number("n_missing", int(arm == "historical"))
            values = {"mean": centre, "sd": spread if arm == "historical" else math.nan, "median": centre,
                      "q1": centre - spread, "q3": centre + spread}  # fmt: skip
            if (code, arm) == ("DDIM", "treated"):
                values = {"q1_upper": 150.0, "median": centre, "q3_lower": 1650.0}
            for name, value in values.items():
                yield cell.number(name, value, format="0.0")
        for code, level, count in (("SEX", "male", 3), ("SEX", "female", 2), ("DIABETES", "", 1)):
            cell = Cell("baseline", "primary", "unweighted", outcome=code, level=level, arm=arm)
            for name, value in (("n", n), ("n_missing", 0), ("count", count)):
                yield cell.number(name, value)
            yield cell.number("share", count / n, format="percent")
    for code, level in (("AGE", ""), ("PF", ""), ("DDIM", ""), ("SEX", "male"), ("SEX", "female"), ("DIABETES", "")):
        cell = Cell("baseline", "primary", "unweighted", outcome=code, level=level, contrast=CONTRAST)
        yield cell.number("smd", -0.314, format="0.00")


def _comparability_rows() -> Iterator[dict[str, object]]:
    """Entropy weights stand, overlap weights do not; 'strict' is refused for a patient unlike any control."""
    for method, target, size in (("unweighted", "ATT", 38.0), ("entropy", "ATT", 26.3)):
        cell = Cell("weights", "primary", method)
        yield cell.text("target", target)
        yield cell.at(arm="historical").number("effective_size", size, format="0.0")
        yield cell.at(arm="historical").number("largest_share", 1 / size, format="0.00")
    yield Cell("weights", "primary", "overlap").text("infeasible", "separated")
    yield from _gate_rows("primary", "overlap", "separated", "refuse")
    yield from _gate_rows("primary", "entropy", "few_effective", "warn", 26.3, 30.0, arm="historical")
    for method in ("unweighted", "entropy"):
        yield from _gate_rows("primary", method, "outside_range", "warn", 0.36, 0.0, outcome="AGE", level="T4")
    yield from _gate_rows("strict", "unweighted", "far_from_controls", "refuse", 0.02, 0.05, outcome="PF")
    codes = (("AGE", ""), ("PF", ""), ("DDIM", ""), ("SEX", "male"), ("SEX", "female"), ("DIABETES", ""))
    for code, level in codes:
        for method, smd in (("unweighted", -0.314), ("entropy", 0.0)):
            yield Cell("love", "primary", method, outcome=code, level=level, contrast=CONTRAST).number(
                "smd", smd, format="0.00"
            )
            analysis = "baseline" if method == "unweighted" else "baseline_weighted"
            own = Cell(analysis, "primary", method, outcome=code, level=level)
            if method == "entropy":
                yield own.at(contrast=CONTRAST).number("smd", smd, format="0.00")
                yield own.at(arm="historical").number("centre", 51.0, format="0.0")
    for number, count in enumerate((3, 20, 15)):
        cell = Cell("overlap", "primary", outcome="AGE", arm="historical", level=f"{number + 1:02d}")
        for name, value in (("lower", 40.0 + 10 * number), ("upper", 50.0 + 10 * number), ("count", count)):
            yield cell.number(name, value, "" if name == "count" else "years")
    for name, age in (("T1", 52.5), ("T2", 52.5), ("T4", 77.5)):
        yield Cell("overlap", "primary", outcome="AGE", arm="treated", level=name).number("value", age, "years")


def _gate_rows(
    scenario: str, method: str, gate: str, state: str, value: float = math.nan, limit: float = math.nan, **keys: str
) -> Iterator[dict[str, object]]:
    cell = Cell(f"gate_{gate}", scenario, method).at(**keys)
    yield cell.text("state", state)
    for name, number in (("value", value), ("limit", limit)):
        if not math.isnan(number):
            yield cell.number(name, number, format="percent" if gate == "far_from_controls" else "0.00")


def _availability_rows(outcome: str) -> Iterator[dict[str, object]]:
    for arm, n in ARM_SIZES.items():
        cell = Cell("availability", "primary", outcome=outcome, arm=arm)
        for day in (None, 0, 7, 14, 21):
            measured = n - (day or 0) // 5 * (1 if arm == "treated" else 7)
            at = cell.at(day=day)
            yield at.number("n_subjects", max(measured, 1))
            yield at.number("n_at_risk", max(measured, 1))
            yield at.number("n_values", 7 * max(measured, 1))
            yield at.number("share_censored", 0.0, format="percent")
        yield cell.text("assays", f"ASSAY-{arm[0]}")


def _model_rows(
    scenario: str, outcome: str, output: str, estimate: float, half: float, unit: str, places: str
) -> Iterator[dict[str, object]]:
    cell = Cell("mixed_model", scenario, "reml", outcome, output=output)
    for day in (7, 14, 21):
        at = cell.at(day=day, contrast=CONTRAST)
        for name, value in (("estimate", estimate), ("lower", estimate - half), ("upper", estimate + half)):
            yield at.number(name, value, unit, places)
        yield at.number("standard_error", half / 2, unit, places)
        yield at.number("df", 17.3, format="0.0")
        yield at.number("p_value", 0.21, format="p")
        if scenario == "primary":
            forest = Cell("forest", scenario, outcome=outcome, day=day, contrast=CONTRAST)
            scale = 1.3 if unit == "ratio" else half / 0.6
            centre = math.log(estimate) if unit == "ratio" else estimate
            for name, value in (("estimate", centre / scale), ("lower", (centre - half) / scale),
                                ("upper", (centre + half * (1 + day / 7)) / scale)):  # fmt: skip
                yield forest.number(name, value, "SD", "0.00")
    for name, text in (("covariance_rung", "slope_car1"), ("df_method", "kenward-roger"), ("converged", "yes"),
                       ("singular", "no")):  # fmt: skip
        yield cell.text(name, text)
    level = {"PF": 110.0, "HR": 96.0, "DDIM": 1100.0}[outcome]
    for number, (arm, n) in enumerate(ARM_SIZES.items()):
        yield cell.at(arm=arm).number("n_subjects", n - 1)
        yield cell.at(arm=arm).number("n_values", 9 * n)
        for day in range(1, 22):
            mean = level * (1 + 0.02 * day * (number + 1))
            if day in (7, 14, 21):
                for name, factor in (("mean", 1.0), ("lower", 0.9), ("upper", 1.1)):
                    yield cell.at(arm=arm, day=day).number(name, mean * factor, format="0")
            if scenario == "primary":
                curve = Cell("trajectory", scenario, outcome=outcome, arm=arm, day=day)
                for name, factor in (("mean", 1.0), ("lower", 0.9), ("upper", 1.1), ("lower_simultaneous", 0.84),
                                     ("upper_simultaneous", 1.19)):  # fmt: skip
                    yield curve.number(name, mean * factor, format="0.0")
                risk = Cell("at_risk", scenario, outcome=outcome, arm=arm, day=day)
                yield risk.number("n_at_risk", max(n - day // 2, 1))
                yield risk.number("n_measured", max(n - day // 2 - 1, 0))


def _display() -> pd.DataFrame:
    """Values of every patient on most days; one in four historical patients dies, most others go home."""
    random = np.random.default_rng(3)
    levels = {"PF": 110.0, "HR": 96.0, "DDIM": 1100.0, "IL6": 60.0}
    rows = []
    for arm, n in ARM_SIZES.items():
        for number in range(1, n + 1):
            name = f"T{number}" if arm == "treated" else f"C{number:03d}"
            end = float(random.uniform(6, 21.0))
            ending = "death" if number % 4 == 0 else "discharge_alive" if number % 4 != 1 else None
            for outcome, level in levels.items():
                own = level * math.exp(random.normal(0, 0.25))
                for day in range(0, int(end if ending else 21) + 1, 1 if outcome in ("PF", "HR") else 3):
                    own *= math.exp(random.normal(0.02, 0.08))
                    censored = "<" if outcome == "IL6" and own < 50 else ""
                    rows.append((name, arm, outcome, float(day), own, censored))
            rows.append((name, arm, ending or "in_hospital", end if ending else 21.0, None, ""))
    frame = pd.DataFrame(rows, columns=["display_id", "arm", "item", "day", "value", "censored"])
    first = frame.groupby(["display_id", "item"])["value"].transform("first")
    ratio = (frame["value"] / first).where(frame["censored"] == "")
    return frame.assign(scenario="primary", ratio=ratio)[list(DISPLAY.names)].astype({"value": "float64"})


def _provenance() -> dict[str, object]:
    return {
        "inputs": {"data/raw/main.csv": "ab" * 32},
        "config_sha256": "cd" * 32,
        "seed": 1,
        "packages": {"numpy": "2.4.6"},
        "git_commit": "0" * 40,
        "git_dirty": True,
    }
