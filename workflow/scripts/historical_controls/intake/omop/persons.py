"""What the other tables say of each person: the first stay, the cohort, the day of death, characteristics."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from historical_controls.config.sources.omop import EVIDENCE
from historical_controls.intake.omop.concepts import Concepts
from historical_controls.intake.omop.lookups import Lookups
from historical_controls.intake.omop.moments import iso_text, moments
from historical_controls.intake.omop.standard import CONCEPT_OF, START_OF, looked_up, values_of

VALUES = ("value_as_number", "value_as_concept_id", "unit_concept_id", "unit_source_value", "operator_concept_id")


def first_stays(lookups: Lookups) -> pd.DataFrame:
    """Return start and end of each person's first stay in hospital (index person_id)."""
    columns = ["person_id", "visit_concept_id", *_times("visit_start"), *_times("visit_end")]
    visits = lookups.table("visit_occurrence", columns)
    visits = visits.loc[visits["visit_concept_id"].isin(lookups.omop.stays)]
    stays = visits.assign(start=moments(visits, "visit_start"), end=moments(visits, "visit_end"))
    stays = stays.loc[stays["start"] != ""].sort_values(["person_id", "start"], kind="stable")
    return stays.drop_duplicates("person_id").set_index("person_id")[["start", "end"]]


def cohorts(lookups: Lookups) -> Mapping[str, str]:
    """Return the number of the cohort by person, of those that say the arm; '1+2' for a person in two of them."""
    if not lookups.omop.cohorts:
        return {}
    rows = lookups.table("cohort", ["cohort_definition_id", "subject_id"])
    rows = rows.loc[rows["cohort_definition_id"].isin(lookups.omop.cohorts)].drop_duplicates()
    joined = rows.sort_values("cohort_definition_id").groupby("subject_id")["cohort_definition_id"].agg("+".join)
    return dict(joined)


def beginnings(lookups: Lookups, stays: pd.DataFrame) -> dict[str, str]:
    """Return the day by person on which age is meant: of the first stay, else of the first entry into a cohort."""
    rows = lookups.table("cohort", ["subject_id", "cohort_definition_id", "cohort_start_date"])
    if lookups.omop.cohorts:
        rows = rows.loc[rows["cohort_definition_id"].isin(lookups.omop.cohorts)]
    days = iso_text(rows["cohort_start_date"].str.strip()).groupby(rows["subject_id"]).min()
    return {str(person): day[:10] for person, day in (dict(days) | dict(stays["start"])).items()}


def days_of_death(lookups: Lookups) -> Mapping[str, str]:
    """Return the day of death by person, as table death has it."""
    deaths = lookups.table("death", ["person_id", *_times("death")])
    return dict(zip(deaths["person_id"], moments(deaths, "death").str[:10], strict=True))


def evidence(lookups: Lookups, concepts: Concepts) -> pd.DataFrame:
    """Return the rows of all tables that tell a declared characteristic: person_id, characteristic, start, value."""
    frames = []
    for name in EVIDENCE:
        concept = CONCEPT_OF[name]
        columns = ["person_id", concept, concept.replace("_concept_id", "_source_value"), *_times(START_OF[name])]
        rows = lookups.table(name, list(dict.fromkeys([*columns, *VALUES, "value_source_value"])))
        code = concepts.meaning(lookups.omop.characteristics, rows[concept])
        rows = rows.assign(characteristic=code, start=moments(rows, START_OF[name]))
        frames.append(rows.loc[code != ""])
    rows = pd.concat(frames, ignore_index=True).fillna("")
    rows = rows.assign(value=values_of(rows, concepts, lookups.omop))
    return rows[["person_id", "characteristic", "start", "value"]]


def flag(evident: pd.DataFrame, persons: pd.Series, stays: pd.DataFrame) -> pd.Series:
    """Return 'yes' for persons with a row that begins by the end of the first stay, else 'no'.

    What is coded later was not known of the stay; a person without a stay has 'yes' for any row.
    """
    end = looked_up(evident["person_id"], dict(stays["end"]))
    # As texts: ISO dates sort as they follow each other; an end without a clock includes its whole day.
    by_then = (end == "") | (evident["start"].str[:10] <= end.str[:10])
    return persons.isin(evident.loc[by_then, "person_id"]).map({True: "yes", False: "no"}).astype("str")


def nearest_value(evident: pd.DataFrame, persons: pd.Series, stays: pd.DataFrame) -> pd.Series:
    """Return the value of the row nearest to the beginning of the first stay; '' for persons without any."""
    filled = evident.loc[evident["value"] != ""]
    start, stay = (
        pd.to_datetime(texts.str[:19], errors="coerce", format="ISO8601")
        for texts in (filled["start"], looked_up(filled["person_id"], dict(stays["start"])))
    )
    away = (start - stay).abs().fillna(pd.Timedelta.max)
    ordered = filled.assign(away=away).sort_values(["person_id", "away", "start", "value"], kind="stable")
    nearest = ordered.drop_duplicates("person_id").set_index("person_id")["value"]
    return looked_up(persons, dict(nearest))


def _times(stem: str) -> list[str]:
    return [f"{stem}_datetime", f"{stem}_date"]
