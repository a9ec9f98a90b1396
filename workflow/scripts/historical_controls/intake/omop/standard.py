"""The columns of the OMOP CDM (5.3 and 5.4), and how a value is written in them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from historical_controls.config.sources.omop import OmopTable
from historical_controls.intake.omop.concepts import Concepts

CONCEPT_OF = {
    "measurement": "measurement_concept_id",
    "observation": "observation_concept_id",
    "condition_occurrence": "condition_concept_id",
    "procedure_occurrence": "procedure_concept_id",
    "drug_exposure": "drug_concept_id",
    "device_exposure": "device_concept_id",
    "visit_occurrence": "visit_concept_id",
    "visit_detail": "visit_detail_concept_id",
    "death": "cause_concept_id",
    "cohort": "cohort_definition_id",
}
# Stems of the columns <stem>_date and <stem>_datetime.
START_OF = {
    "measurement": "measurement",
    "observation": "observation",
    "condition_occurrence": "condition_start",
    "procedure_occurrence": "procedure",
    "drug_exposure": "drug_exposure_start",
    "device_exposure": "device_exposure_start",
    "visit_occurrence": "visit_start",
    "visit_detail": "visit_detail_start",
    "death": "death",
    "cohort": "cohort_start",
}
END_OF = {
    "condition_occurrence": "condition_end",
    "procedure_occurrence": "procedure_end",
    "drug_exposure": "drug_exposure_end",
    "device_exposure": "device_exposure_end",
    "visit_occurrence": "visit_end",
    "visit_detail": "visit_detail_end",
    "cohort": "cohort_end",
}
# OMOP CDM, field operator_concept_id of MEASUREMENT: 4172703 is '='. A limit that includes its number is read as one
# that does not: no value of a continuous scale is affected.
OPERATORS = {"4171756": "<", "4171754": "<", "4172704": ">", "4171755": ">"}
NO_CONCEPT = ("", "0")


def text_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column trimmed; blanks where the table has none of that name."""
    return table[name].str.strip() if name in table else pd.Series("", table.index, dtype="str")


def id_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of concept ids, '' for none and for 0, which is 'no matching concept'."""
    ids = text_of(table, name).str.removesuffix(".0")
    return ids.mask(ids.isin(NO_CONCEPT), "").astype("str")


def looked_up(keys: pd.Series, meanings: Mapping[str, str]) -> pd.Series:
    """Return the meaning of each key, '' for those without one."""
    return pd.Series([meanings.get(key, "") for key in keys], keys.index, dtype="str")


def numbers_of(table: pd.DataFrame, concepts: Concepts) -> pd.Series:
    """Return what each row measured: the number with its sign, else the concept's name, else the text of the source."""
    number = text_of(table, "value_as_number").mask(lambda one: one.str.lower() == "nan", "").str.removesuffix(".0")
    sign = looked_up(id_of(table, "operator_concept_id"), OPERATORS)
    answer = id_of(table, "value_as_concept_id")
    named = {one: concepts.names.get(one) or f"concept {one}" for one in answer.unique() if one}
    out = (sign + number).where(number != "", looked_up(answer, named))
    for other in ("value_as_string", "value_source_value"):
        out = out.where(out != "", text_of(table, other))
    return out.astype("str")


def units_of(table: pd.DataFrame, concepts: Concepts, omop: OmopTable) -> pd.Series:
    """Return the unit of each row: as declared for its concept, else its UCUM code, else as the source has it."""
    ids = id_of(table, "unit_concept_id")

    def of(concept: str) -> str:
        vocabulary, _, code = concepts.codes.get(concept, "").partition(":")
        return omop.units.get(concept) or (code if vocabulary == "UCUM" else concepts.names.get(concept, ""))

    known = looked_up(ids, {one: of(one) for one in ids.unique() if one})
    sent = text_of(table, "unit_source_value")
    unknown = ("concept " + ids).where(ids != "", "")
    return known.where(known != "", sent.where(sent != "", unknown)).astype("str")


def values_of(table: pd.DataFrame, concepts: Concepts, omop: OmopTable) -> pd.Series:
    """Return number and unit in one text, as a cell of a person's row has it: '72.5 kg'."""
    return (numbers_of(table, concepts) + " " + units_of(table, concepts, omop)).str.strip().astype("str")
