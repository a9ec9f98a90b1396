"""The check of one study, layer by layer: what one layer cannot go on without ends it there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from historical_controls.checking.ages import ages_apart
from historical_controls.checking.baselines import baselines_missed
from historical_controls.checking.comparison import (
    compare,
    comparison_listings,
    directions_missed,
    empty_derivations,
    gases_mixed,
    reasons_of_primary,
    scales_chosen,
    treated_after_zero,
    waits_that_exclude,
)
from historical_controls.checking.declared import LOCALES, Declared, names_as_written, read_declarations
from historical_controls.checking.findings import CheckedStudy, Listing, faults_in
from historical_controls.checking.omop import omop_concepts
from historical_controls.checking.people import controls_without_start, shared_ids
from historical_controls.checking.records import (
    empty_conditions,
    read_records,
    record_listings,
    results_without_time,
    uncounted_events,
)
from historical_controls.cleaning.findings.severity import stop_where_suspect
from historical_controls.config.study_config import Config
from historical_controls.errors import UserError
from historical_controls.text.words import load_words


def check_study(folder: str | Path) -> CheckedStudy:
    """Everything that a run of the study in `folder` would stumble over, without analysing anything."""
    place = Path(folder)
    declared = read_declarations(place)
    columns = Listing(
        "Columns of the files", ("file", "columns"), tuple((name, ", ".join(n)) for name, n in declared.columns.items())
    )
    if declared.config is None:
        checked = CheckedStudy(declared.faults, (), (columns,) if columns.rows else ())
    else:
        checked = _with_records(declared, declared.config, place, columns)
    return replace(checked, unconfirmed=declared.unconfirmed)


def _with_records(declared: Declared, config: Config, folder: Path, columns: Listing) -> CheckedStudy:
    try:
        records = read_records(config, declared.dictionary, folder)
    except UserError as error:
        return CheckedStudy(faults_in(error), (), (columns,))
    listings = [columns, *record_listings(config, records)]
    warnings = [
        *empty_conditions(config, records),
        *results_without_time(config, records),
        *omop_concepts(config, records),
        *uncounted_events(config, declared.dictionary, records),
        *ages_apart(config, records),
        *shared_ids(config, records),
    ]
    faults: list[UserError] = []
    try:
        stop_where_suspect(records.findings, names_as_written(folder, config))
    except UserError as error:
        faults += faults_in(error)
    try:
        compared = compare(config, declared.dictionary, records, load_words(LOCALES, "en"))
        listings += comparison_listings(compared)
        warnings += [*reasons_of_primary(compared), *empty_derivations(compared), *baselines_missed(compared)]
        warnings += [*waits_that_exclude(compared), *directions_missed(compared)]
        warnings += controls_without_start(compared, records)
        warnings += [*gases_mixed(compared), *scales_chosen(compared), *treated_after_zero(compared)]
    except UserError as error:
        faults += faults_in(error)
    return CheckedStudy(tuple(faults), tuple(warnings), tuple(listings))
