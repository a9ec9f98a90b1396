"""Who would be comparison, with which values and by which model, and what would refuse a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from historical_controls.analysis.model.gates import reason_against, reason_against_day
from historical_controls.analysis.model.mean_model import choose_time
from historical_controls.analysis.model.model_data import model_data
from historical_controls.ard.keys.arms import ARMS
from historical_controls.balance.arms import balance_arms, immortal_time
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.checking.findings import Listing, listing
from historical_controls.checking.records import Records
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import CleanTables, CohortTables
from historical_controls.cohort.records.support import with_tubes
from historical_controls.config.analysis.analysis import CovarianceRung
from historical_controls.config.study import StudyCalendar
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.text.words import Words

# The specimen of blood gases, and those that may be of it.
ARTERIAL, OF_ANY_BLOOD = "arterial", ("", "blood", "whole blood")
STATES = {"refuse": 0, "warn": 1, "ok": 2}


@dataclass(frozen=True)
class Compared:
    """What the config compares. words: reasons in plain words; measurements: clean ones, of all times."""

    config: Config
    dictionary: Dictionary
    tables: CohortTables
    words: Words
    measurements: pd.DataFrame


def compare(config: Config, dictionary: Dictionary, records: Records, words: Words) -> Compared:
    """The cohort of the primary scenario. Raises UserError where nobody is in the clean tables."""
    stacked = {
        name: pd.concat([getattr(one, name) for one in records.clean.values()], ignore_index=True)
        for name in ("patients", "measurements", "events", "treatments")
    }
    stacked["treatments"] = with_tubes(stacked["treatments"], stacked["events"])
    recordable = {name: source.recordable_events for name, source in config.sources.items()}
    calendar = {
        **config.study.model_dump(include=set(StudyCalendar.model_fields)),
        "timezone": config.calendar_timezone,
    }
    inputs = CohortInputs(
        config.cohort, StudyCalendar.model_validate(calendar), dictionary, config.seed, config.outcomes
    )
    tables = define_cohort(CleanTables(**stacked, recordable_events=recordable), inputs)
    return Compared(config, dictionary, tables, words, stacked["measurements"])


def comparison_listings(comparison: Compared) -> Iterator[Listing]:
    attrition = comparison.tables.attrition[["source", "arm", "step", "n_before", "n_excluded", "n_unknown", "n_after"]]
    yield listing("Patients by arm and step", attrition, "'n_unknown' could not be judged for want of data.")
    yield listing("Values by outcome and day", _values(comparison), "Patients measured (treated/historical).")
    if comparison.config.single_arm:
        return
    yield listing(
        "Model and reasons against", _models(comparison), "The covariance is chosen when the model is fitted."
    )
    yield listing("Gates of the comparison", _gates(comparison), "'refuse': no estimate, no interval, no p-value.")


def reasons_of_primary(comparison: Compared) -> list[str]:
    """Why the primary question would get no answer."""
    config, tables = comparison.config, comparison.tables
    if config.single_arm:
        return ["no source has historical patients: the treated patients are described, and nothing is compared"]
    outcome = comparison.dictionary.outcomes[config.primary.outcome]
    data = model_data(outcome, tables.patients, tables.visits, config.analysis, comparison.dictionary)
    against = reason_against(data, config.analysis) or reason_against_day(data, config.primary.day, config.analysis)
    if against is None:
        return []
    said = _said(comparison.words, against, data.n_subjects("treated"), data.n_subjects("historical"))
    return [f"the primary question ({outcome.code} on day {config.primary.day}) will have no estimate: {said}"]


def directions_missed(comparison: Compared) -> list[str]:
    """What to type where no direction of the primary outcome is better, so that deaths are not ranked."""
    outcome = comparison.dictionary.outcomes[comparison.config.primary.outcome]
    if comparison.config.single_arm or outcome.kind != "number" or outcome.benefit != "none":
        return []
    return [
        f"no direction of {outcome.code}, the primary outcome, is better (column 'benefit' of outcomes.csv): no "
        "analysis that counts deaths ranks it. If one is, dictionary/outcomes.csv of the study says so: "
        f"code,benefit and {outcome.code},down (or up)"
    ]


def waits_that_exclude(comparison: Compared) -> list[str]:
    """What to type where matched waits leave out most of the controls that are eligible at some hour."""
    steps = comparison.tables.attrition
    waits = steps.loc[steps["step"] == "wait"]
    before, left = int(waits["n_before"].sum()), int(waits["n_after"].sum())
    if not before or left >= 0.5 * before:
        return []
    unknown = int(waits["n_unknown"].sum())
    return [
        f"of {before} eligible controls {before - left} are left out by the step 'wait': they must be eligible "
        f"after the wait of a drawn treated patient as well, and {unknown} of them cannot be judged then. "
        "'cohort: {time_zero: {match_waits: false}}' starts their follow-up in the first hour in which all filters "
        "hold; a longer 'within_hours' of the filters judges more of them"
    ]


def empty_derivations(comparison: Compared) -> list[str]:
    """Derived outcomes that nobody has a value of, with what they would be made from."""
    seen = comparison.tables.observations["outcome"].value_counts()
    said = []
    for code, rule in comparison.config.cohort.derivations.items():
        if code in seen or code not in comparison.config.outcomes:
            continue
        named = [value for value in rule.model_dump().values() if isinstance(value, str)]
        outcomes = comparison.dictionary.outcomes
        of = [f"{seen.get(one, 0)} of {one} ({outcomes[one].unit or '1'})" for one in named if one in outcomes]
        made = f" from {' and '.join(of)}" if of else ""
        said.append(f"cohort.derivations.{code} gives no value{made}: look at its times, limits and specimens")
    return said


def treated_after_zero(comparison: Compared) -> list[str]:
    """Treatment after time zero, or without a date: whoever is treated lived until then, and controls need not have."""
    declared = comparison.config.cohort.time_zero
    zero = declared.treated
    patients = comparison.tables.patients
    people = patients.loc[patients["included"].fillna(False).astype(bool)].reset_index(drop=True)
    # By allocation nobody is in a group for having lived until the treatment.
    if comparison.config.design == "randomised" or set(people["arm"]) != set(ARMS):
        return []
    found = {one.gate: one.value for one in immortal_time(people, (people["arm"] == "treated").to_numpy(dtype=bool))}
    remedy = (
        "start follow-up at the treatment ('time_zero: {treated: infusion}', with waits matched), or add those who "
        "died before it to the treated patients"
    )
    said = []
    if "treated_later" in found:
        said.append(
            f"the treatment came {found['treated_later']:.1f} hours (median) after time zero ('{zero}'): treated "
            f"patients had to survive until then, and controls had not (immortal time); {remedy}"
        )
    if "treatment_undated" in found:
        said.append(
            f"no file dates the treatment of {found['treatment_undated']:.0%} of the treated patients, with time zero "
            f"'{zero}': if it came later, they had to survive until then (immortal time); declare event "
            f"'{declared.treatments[0]}', or type 'time_zero: {{treatment: {zero}}}' if the exposure begins with it"
        )
    return said


def gases_mixed(comparison: Compared) -> list[str]:
    """Outcomes of arterial blood that are analysed with values of other samples among them."""
    seen, outcomes = comparison.tables.observations, comparison.dictionary.outcomes
    said = []
    for code in comparison.config.outcomes:
        if outcomes[code].specimens[:1] != (ARTERIAL,):
            continue
        specimens = seen.loc[seen["outcome"] == code, "specimen"].astype("str")
        counts = specimens[~specimens.isin([ARTERIAL, *OF_ANY_BLOOD])].value_counts()
        if len(counts):
            named = " and ".join(f"{n} of {len(specimens)} values are {name}" for name, n in counts.items())
            said.append(
                f"{code}: {named}, and count like arterial ones; 'where' leaves their rows out, or a row {code} of "
                f"dictionary/outcomes.csv with '{ARTERIAL}' under specimens holds them"
            )
    return said


def scales_chosen(comparison: Compared) -> list[str]:
    """A ladder that lets the criterion choose whether the arms share their variances (docs/methods.md, EM-5)."""
    config = comparison.config
    if config.single_arm:
        return []
    ladder = config.analysis.ladder
    # Rungs over visits have rows of their own, and are compared with the others only where the mean is over visits.
    groups = [[rung for rung in ladder if rung.over_visits == kind] for kind in (False, True)]
    said = [_mixed(group, "") for group in groups]
    if not any(said) and _mixed(ladder, ""):
        codes = [code for code in config.outcomes if _time(comparison, code) == "visits"]
        said = [_mixed(ladder, f" for {', '.join(codes)}, whose course is that of visits,")] if codes else []
    return [one for one in said if one]


def _mixed(rungs: Sequence[CovarianceRung], where: str) -> str:
    """What to say of rungs that are compared with each other, '' where they are all of one kind."""
    shared = [rung.id for rung in rungs if rung.shares_variances]
    own = [rung.id for rung in rungs if not rung.shares_variances]
    if not shared or not own:
        return ""
    return (
        f"analysis.ladder chooses{where} between variances that the arms share ({', '.join(shared)}) and variances of "
        f"their own ({', '.join(own)}): few treated patients decide it by how much they happen to vary, and "
        "intervals may hold the truth too rarely. Keep rungs of one kind, or leave 'ladder' out for the default"
    )


def _time(comparison: Compared, code: str) -> str:
    """How time enters the mean of an outcome; '' of one that has no model."""
    outcome = comparison.dictionary.outcomes[code]
    if outcome.kind != "number":
        return ""
    settings, tables = comparison.config.analysis, comparison.tables
    data = model_data(outcome, tables.patients, tables.visits, settings, comparison.dictionary)
    return choose_time(data, settings) if len(data.frame) else ""


def included_patients(comparison: Compared) -> pd.DataFrame:
    patients = comparison.tables.patients
    return patients.loc[patients["included"].fillna(False).astype(bool), ["source", "patient_id"]]


def _values(comparison: Compared) -> pd.DataFrame:
    """Patients of each arm with a value near the days of the contrasts, and at time zero."""
    config, tables = comparison.config, comparison.tables
    included = tables.patients.loc[tables.patients["included"].fillna(False).astype(bool), "patient_id"]
    visits = tables.visits[tables.visits["patient_id"].isin(included)]
    rows = []
    for code in config.outcomes:
        own = visits[visits["outcome"] == code]
        row = {"outcome": code}
        for day in (0, *config.analysis.days):
            # A baseline is no value of a later day, however wide the window of visits.
            near = own[(own["day"] - day).abs() <= (config.analysis.visit_window_days if day else 0)]
            near = near[(near["day"] > 0) == (day > 0)]
            counts = near.groupby("arm")["patient_id"].nunique()
            row[f"day {day}"] = "/".join(str(counts.get(arm, 0)) for arm in ARMS)
        rows.append(row)
    return pd.DataFrame(rows)


def _models(comparison: Compared) -> pd.DataFrame:
    config, tables, words = comparison.config, comparison.tables, comparison.words
    rows = []
    for code in config.outcomes:
        outcome = comparison.dictionary.outcomes[code]
        if outcome.kind != "number":
            rows.append((code, "counted", outcome.scale, "", ""))
            continue
        data = model_data(outcome, tables.patients, tables.visits, config.analysis, comparison.dictionary)
        against = reason_against(data, config.analysis)
        days = [] if against else [d for d in config.analysis.days if reason_against_day(data, d, config.analysis)]
        reason = _said(words, against, data.n_subjects("treated"), data.n_subjects("historical")) if against else ""
        if days:
            reason = f"too few patients measured near day {', '.join(map(str, days))}"
        left_out = "; ".join(f"without {name}" for name in data.left_out)
        time = choose_time(data, config.analysis) if len(data.frame) else ""
        rows.append((code, time, outcome.scale, ", ".join([*data.covariates, left_out]).strip(", "), reason))
    return pd.DataFrame(rows, columns=["outcome", "time as", "scale", "covariates", "against"])


def _said(words: Words, code: str, treated: int, historical: int) -> str:
    """A reason in words; what it would fill in beside the counts is left to the report."""
    text = words.entry("reason", code)
    counts = text.replace("{n_treated}", str(treated)).replace("{n_historical}", str(historical))
    return counts if "{" not in counts else counts.split(":")[0].split(" (")[0]


def _gates(comparison: Compared) -> pd.DataFrame:
    config, tables = comparison.config, comparison.tables
    inputs = BalanceInputs(config.balance, comparison.dictionary, config.seed, "primary", config.report.public)
    arms = set(tables.patients.loc[tables.patients["included"].fillna(False).astype(bool), "arm"])
    if arms != set(ARMS):
        missing = " and ".join(f"no {one} patient" for one in ARMS if one not in arms)
        return pd.DataFrame([("", "", "refuse", missing, "")], columns=["method", "gate", "state", "value", "limit"])
    # The chance limits of Table 1 need many draws and say nothing of the gates.
    quick = config.balance.model_copy(update={"envelope": config.balance.envelope.model_copy(update={"draws": 100})})
    gates = balance_arms(tables.patients, tables.visits, BalanceInputs(quick, *_rest(inputs))).gates
    return _by_gate(gates).sort_values("state", key=lambda state: state.map(STATES), kind="stable")


def _by_gate(gates: pd.DataFrame) -> pd.DataFrame:
    """One row for a gate that several patients stand at, with the least and the largest of their values."""
    keys = ["method", "gate", "covariate", "state", "limit"]
    own = gates.groupby(keys, sort=False, dropna=False)["value"].agg(["size", "min", "max"]).reset_index()
    one = own["size"] == 1
    said = {name: own[name].round(3).map("{:g}".format) for name in ("min", "max", "limit")}
    several = own["size"].astype(str) + " patients, " + said["min"] + " to " + said["max"]
    shown = own.assign(value=said["min"].where(one, several), limit=said["limit"])
    return shown[["method", "gate", "covariate", "state", "value", "limit"]]


def _rest(inputs: BalanceInputs) -> tuple[Dictionary, int, str, bool]:
    return inputs.dictionary, inputs.seed, inputs.scenario, inputs.public
