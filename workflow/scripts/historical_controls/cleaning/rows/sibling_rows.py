"""Specimens that a row of its own names for the other rows of its sample."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from historical_controls.cleaning.records.columns import coded_filled_column, column, filled_column
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.config.sources.parts import LongMeasurements
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.folding import fold


@dataclass(frozen=True)
class SiblingSpecimens:
    """specimen: of each row, from its own cell, else from its sample's row; named_here: rows that name a specimen."""

    specimen: pd.Series
    named_here: pd.Series


def specimens_of_samples(rows: pd.DataFrame, part: LongMeasurements, file: SourceFile) -> SiblingSpecimens:
    """Return the specimens of rows (a piece of table intake that holds whole samples).

    Of a sample whose rows name two different specimens both are said, which is no known specimen: it is held where
    the specimen matters, and is a finding.
    """
    if part.specimen_rows is None:
        return SiblingSpecimens(coded_filled_column(rows, part.specimen, file), pd.Series(False, index=rows.index))
    own = filled_column(rows, part.specimen, file)
    names = {fold(name) for name in part.specimen_rows.analytes}
    named_here = by_distinct(column(rows, part.analyte), lambda name: fold(name) in names, bool)
    keys = [column(rows, name) for name in (part.subject, *part.specimen_rows.same)]
    said = filled_column(rows, part.value, file).where(named_here, "")
    whole = (
        said[said != ""].groupby([key[said != ""] for key in keys]).agg(lambda texts: " | ".join(sorted(set(texts))))
    )
    sample = pd.MultiIndex.from_arrays(keys)
    of_sample = whole.reindex(sample).set_axis(rows.index).fillna("").astype("str")
    # A sample is known by its columns: rows that leave one of them blank belong to none.
    known = pd.concat([key != "" for key in keys], axis=1).all(axis=1)
    return SiblingSpecimens(own.where(own != "", of_sample.where(known, "")), named_here)
