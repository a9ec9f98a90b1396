"""Analysis data sets in the shape of CDISC's ADaM (ADSL, BDS, TTE), from the cohort's tables: study days, no dates."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.text.display_order import by_display_id

BAND_YEARS = 5
SEXES = {"male": "M", "female": "F"}
EVENTS = {"DEATH": ("death", "Time to death"), "DISCH": ("discharge_alive", "Time to discharge alive")}


def load_definition(path: str | Path) -> pd.DataFrame:
    """docs/adam.csv: one row a variable, in the order of the data sets."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return pd.DataFrame(list(csv.DictReader(stream)))


def adam_datasets(
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    definition: pd.DataFrame,
    config: Config,
    dictionary: Dictionary,
) -> dict[str, pd.DataFrame]:
    """ADSL, ADEFF and ADTTE by name, with the columns that `definition` declares, in its order; and 'define' itself.

    `patients`, `visits`: tables `cohort_patients` and `visits` of the scenario 'primary'. Subjects are those analysed,
    by display id. Flags and categories of the dictionary follow ADSL's own columns under their codes. With
    `report.public` there is no exact age.
    """
    subjects = patients[patients["included"]].sort_values("display_id", key=by_display_id, ignore_index=True)
    basic = _subject_level(subjects, config)
    more = _characteristics(subjects, dictionary)
    # docs/adam.csv decides which variables there are, and their order; one that nobody makes is an error.
    columns = {name: list(rows["variable"]) for name, rows in definition.groupby("dataset", sort=False)}
    made = {
        "ADSL": pd.concat([basic[columns["ADSL"]], more], axis=1),
        "ADEFF": _effects(visits, subjects, basic, config, dictionary)[columns["ADEFF"]],
        "ADTTE": _times(basic)[columns["ADTTE"]],
    }
    # Without this a whole number beside a missing one is written '12.0'.
    whole = {name: rows.loc[rows["type"] == "integer", "variable"] for name, rows in definition.groupby("dataset")}
    made = {name: frame.astype(dict.fromkeys(whole[name], "Int64")) for name, frame in made.items()}
    return {**made, "define": pd.concat([definition, _defined(more, dictionary)], ignore_index=True)}


def _subject_level(subjects: pd.DataFrame, config: Config) -> pd.DataFrame:
    age = subjects["AGE"] if "AGE" in subjects else pd.Series(np.nan, index=subjects.index)
    sex = subjects["SEX"] if "SEX" in subjects else pd.Series(None, index=subjects.index, dtype=object)
    died = subjects["end_state"] == "death"
    return pd.DataFrame(
        {
            "STUDYID": config.study.id,
            "USUBJID": config.study.id + "-" + subjects["display_id"],
            "SUBJID": subjects["display_id"],
            "SITEID": subjects["source"],
            "ARM": subjects["arm"],
            # Planned and actual treatment are the same: nobody was assigned.
            "TRT01P": subjects["arm"],
            "TRT01A": subjects["arm"],
            "COHORTFL": "Y",
            "SEX": sex.map(SEXES).fillna("U"),
            # An exact age with an admission week identifies a patient; the band stays.
            "AGE": np.nan if config.report.public else age,
            "AGEGR1": age.map(_band, na_action="ignore"),
            "ONSETDY": subjects["days_from_onset"].round(1),
            "ADMHRS": subjects["hours_from_admission"].round(1),
            # Whole weeks from the reference date, never a date.
            "CALWEEK": np.floor(subjects["calendar_week"]),
            "EOSSTT": subjects["end_state"],
            "EOSDY": subjects["end_day"].round(2),
            "DTHFL": np.where(died, "Y", ""),
        }
    )


def _band(age: float) -> str:
    first = int(age // BAND_YEARS) * BAND_YEARS
    return f"{first}-{first + BAND_YEARS - 1}"


def _characteristics(subjects: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """Flags as Y and N, and other categories; numbers such as weight stay in the hospital's tables."""
    found = {}
    for code in subjects.columns:
        entry = dictionary.outcomes.get(code)
        if entry is None or code in ("SEX", "AGE") or entry.kind not in ("flag", "category"):
            continue
        found[code] = subjects[code].map({True: "Y", False: "N"}) if entry.kind == "flag" else subjects[code]
    # A characteristic that nobody has is no column.
    return pd.DataFrame(found, index=subjects.index).dropna(axis="columns", how="all")


def _defined(characteristics: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """Rows of the definition for the columns that depend on the study."""
    rows = [
        {
            "dataset": "ADSL",
            "variable": code,
            "key": "",
            "label": dictionary.outcomes[code].label_en,
            "type": "text",
            "unit_or_codes": "Y; N" if dictionary.outcomes[code].kind == "flag" else "",
            "derivation": f"characteristic {code}",
        }
        for code in characteristics.columns
    ]
    return pd.DataFrame(rows)


def _effects(
    visits: pd.DataFrame, subjects: pd.DataFrame, basic: pd.DataFrame, config: Config, dictionary: Dictionary
) -> pd.DataFrame:
    """One row per subject, outcome and study day."""
    ids = subjects[["source", "patient_id"]].assign(USUBJID=basic["USUBJID"], TRT01P=basic["TRT01P"])
    rows = visits.merge(ids, on=["source", "patient_id"]).sort_values(["USUBJID", "outcome", "day"], ignore_index=True)
    entries = {code: dictionary.outcomes[code] for code in rows["outcome"].unique()}
    base = rows.loc[rows["day"] == 0].set_index(["USUBJID", "outcome"])["value"]
    rows = rows.join(base.rename("BASE"), on=["USUBJID", "outcome"])
    later = rows["day"] > 0
    log = rows["outcome"].map({code: entry.scale == "log" for code, entry in entries.items()}).astype(bool)
    named = {
        code: f"{entry.label_en} ({entry.unit})" if entry.unit else entry.label_en for code, entry in entries.items()
    }
    return rows.assign(
        STUDYID=config.study.id,
        PARAMCD=rows["outcome"],
        PARAM=rows["outcome"].map(named),
        PARAMN=rows["outcome"].map({code: entry.registered for code, entry in entries.items()}),
        PARCAT1=rows["outcome"].map({code: entry.family for code, entry in entries.items()}),
        AVISIT=np.where(later, "Day " + rows["day"].astype(str), "Baseline"),
        AVISITN=rows["day"],
        AVAL=rows["value"],
        AVALLO=rows["lower"],
        AVALHI=rows["upper"],
        AVALC=_as_text(rows),
        # Log outcomes change by ratios (R2BASE), others by differences (CHG): never both.
        CHG=(rows["value"] - rows["BASE"]).where(later & ~log),
        R2BASE=(rows["value"] / rows["BASE"]).where(later & log),
        ABLFL=np.where(later, "", "Y"),
        ANL01FL=np.where(later & rows["outcome"].isin(config.outcomes), "Y", ""),
        NVALS=rows["n"],
    )


def _as_text(rows: pd.DataFrame) -> pd.Series[str]:
    """'12.3', or '<0.5' and '>480' for a value beyond a limit of the assay; both limits where it lies between two."""
    exact = rows["value"].map(_shown)
    below = "<" + rows["upper"].map(_shown)
    above = ">" + rows["lower"].map(_shown)
    between = rows["lower"].map(_shown) + " to " + rows["upper"].map(_shown)
    # A lower bound of 0 says no more than none: '<0.5', not '0 to 0.5'.
    only_below, only_above = rows["lower"].isna() | (rows["lower"] == 0), rows["upper"].isna()
    text = between.mask(only_below, below).mask(only_above, above)
    return text.where(rows["value"].isna(), exact)


def _shown(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.6g}"


def _times(basic: pd.DataFrame) -> pd.DataFrame:
    """Time to death and to discharge alive, each the other's competing event."""
    parts = []
    for code, (state, label) in EVENTS.items():
        other = next(name for name, _ in EVENTS.values() if name != state)
        # ADaM's CNSR: 0 is the event, 1 censored; the competing event has a number of its own.
        codes: Mapping[str, int] = {state: 0, other: 2}
        parts.append(
            basic.assign(
                PARAMCD=code,
                PARAM=label,
                AVAL=basic["EOSDY"],
                CNSR=basic["EOSSTT"].map(codes).fillna(1).astype(int),
                EVNTDESC=basic["EOSSTT"],
            )
        )
    return pd.concat(parts, ignore_index=True)
