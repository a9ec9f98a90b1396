"""Columns that a table of the OMOP model lacks and its declaration reads: moments, codes, values, ends of stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from historical_controls.config.sources.omop import OmopTable
from historical_controls.config.sources.sources import SourceFile
from historical_controls.intake.layout import CELL, Grid
from historical_controls.intake.omop.concepts import COHORT, SOURCE, Concepts, concepts_of
from historical_controls.intake.omop.lookups import Lookups
from historical_controls.intake.omop.moments import iso_text, moments
from historical_controls.intake.omop.persons import (
    beginnings,
    cohorts,
    days_of_death,
    evidence,
    first_stays,
    flag,
    nearest_value,
)
from historical_controls.intake.omop.standard import (
    CONCEPT_OF,
    END_OF,
    START_OF,
    id_of,
    looked_up,
    numbers_of,
    text_of,
    units_of,
)

ID_COLUMNS = ("value_as_concept_id", "unit_concept_id", "discharged_to_concept_id", "discharge_to_concept_id")
# 'Patient died' (SNOMED), and a stay in the ward of another hospital ('Inpatient Hospital').
DIED, HOSPITAL = "4216643", "8717"
DEAD_WORDS = r"died|dead|death|expired|deceased|falleci|defunci|muert"
Columns = dict[str, pd.Series]


@dataclass(frozen=True)
class Beside:
    """What the other tables say, read once for all blocks of one."""

    concepts: Concepts
    cohort: Mapping[str, str]
    death: Mapping[str, str]
    stays: pd.DataFrame
    beginning: Mapping[str, str]
    evident: pd.DataFrame


def with_omop_columns(grids: Iterator[Grid], place: str, file: SourceFile) -> Iterator[Grid]:
    """Yield the grids of a table with its names in small letters and the columns that its declaration reads.

    Raises UserError(s) for declared concepts that the source's table concept lacks.
    """
    omop = file.omop
    if omop is None:
        yield from grids
        return
    beside = _beside(Lookups(place, file, omop), omop)
    for grid in grids:
        names = [name.strip().lower() for name in grid.header]
        table = grid.cells.set_axis(names, axis=1)
        made = pd.DataFrame(_made(table, omop, beside), index=table.index)
        cells = pd.concat([table.drop(columns=[one for one in made if one in table]), made], axis=1)
        header = list(cells.columns)
        yield replace(grid, header=header, cells=cells.set_axis([CELL + name for name in header], axis=1))


def _beside(lookups: Lookups, omop: OmopTable) -> Beside:
    person = omop.name == "person"
    concepts = concepts_of(lookups, _ids(lookups, omop))
    nothing = pd.DataFrame()
    stays = first_stays(lookups) if person else nothing
    return Beside(
        concepts,
        cohorts(lookups),
        days_of_death(lookups) if omop.name in ("visit_occurrence", "visit_detail") else {},
        stays,
        beginnings(lookups, stays) if person else {},
        evidence(lookups, concepts) if person and omop.characteristics else nothing,
    )


def _ids(lookups: Lookups, omop: OmopTable) -> set[str]:
    """Every concept id that occurs in the table; for persons, in the tables that tell of them."""
    tables = [omop.name] if omop.name != "person" else [name for name in CONCEPT_OF if lookups.has(name)]
    out: set[str] = set()
    for name in tables:
        if name in CONCEPT_OF:
            columns = [CONCEPT_OF[name], CONCEPT_OF[name].replace("_concept_id", "_source_concept_id"), *ID_COLUMNS]
            rows = lookups.table(name, list(dict.fromkeys(columns)))
            out |= {one for column in rows for one in rows[column].unique()}
    return out - {"", "0"}


def _made(table: pd.DataFrame, omop: OmopTable, beside: Beside) -> Columns:
    persons = id_of(table, "subject_id" if omop.name == "cohort" else "person_id")
    own: Columns = {"cohort": looked_up(persons, beside.cohort)} if omop.cohorts else {}
    if omop.name == "person":
        return own | _of_persons(table, persons, omop, beside)
    concept = CONCEPT_OF[omop.name]
    codes = _coder(table, concept, beside.concepts)
    own |= {
        "start": moments(table, START_OF[omop.name]),
        "end": moments(table, END_OF[omop.name]) if omop.name in END_OF else _blank(table),
        "event": codes(omop.events) if omop.name != "cohort" else _cohort_events(table, omop),
        "value": numbers_of(table, beside.concepts),
        "unit": units_of(table, beside.concepts, omop),
        "detail": _details(table, concept, omop, beside.concepts),
        "treatment": codes(omop.treatments),
        "dose": text_of(table, "quantity"),
        "dose_unit": text_of(table, "dose_unit_source_value"),
    }
    if omop.name in ("measurement", "observation"):
        own |= _of_results(table, concept, omop, beside.concepts, codes)
    if omop.name in ("visit_occurrence", "visit_detail"):
        own |= _of_visits(table, persons, concept, omop, beside) | {"treatment": _blank(table)}
    return own


def _blank(table: pd.DataFrame) -> pd.Series:
    return pd.Series("", table.index, dtype="str")


def _coder(table: pd.DataFrame, concept: str, concepts: Concepts) -> Callable[[Mapping[str, str]], pd.Series]:
    """Return a function that gives our code of each row: by its concept, its source concept, or its source value."""
    standard, source = id_of(table, concept), id_of(table, concept.replace("_concept_id", "_source_concept_id"))
    sent = (SOURCE + text_of(table, concept.replace("_concept_id", "_source_value"))).str.casefold()
    known = standard.isin(list(concepts.codes))

    def codes(declared: Mapping[str, str]) -> pd.Series:
        out = concepts.meaning(declared, standard)
        out = out.where(out != "", concepts.meaning(declared, source))
        texts = {key.casefold(): code for key, code in declared.items() if key.casefold().startswith(SOURCE)}
        out = out.where(out != "", looked_up(sent, texts))
        # What table concept knows of an id comes before a code that the source itself sends.
        return out.where((out != "") | known, looked_up(sent, _codes_as_sent(declared))).astype("str")

    return codes


def _codes_as_sent(declared: Mapping[str, str]) -> dict[str, str]:
    """Return our codes by source values that are codes of a vocabulary: '1988-5' or 'LOINC:1988-5', 'L04AC07'.

    LOINC codes have a check digit, and ATC codes a form of their own; other codes may be any number of the hospital's.
    """
    out: dict[str, str] = {}
    for key, code in declared.items():
        vocabulary, colon, own = key.casefold().partition(":")
        if colon and not key.casefold().startswith((SOURCE, COHORT)):
            out[f"{SOURCE}{key.casefold()}"] = code
            out |= {f"{SOURCE}{own}": code} if vocabulary in ("loinc", "atc") else {}
    return out


def _details(table: pd.DataFrame, concept: str, omop: OmopTable, concepts: Concepts) -> pd.Series:
    """The name of each row's concept, else the source's own text where it says more than the event that it declares."""
    ids = id_of(table, concept)
    named = looked_up(ids, concepts.names)
    sent = text_of(table, concept.replace("_concept_id", "_source_value"))
    keys = {key.casefold() for key in omop.events}
    return named.where(named != "", sent.mask((SOURCE + sent).str.casefold().isin(keys), "")).astype("str")


def _cohort_events(table: pd.DataFrame, omop: OmopTable) -> pd.Series:
    return looked_up("cohort:" + id_of(table, "cohort_definition_id"), omop.events)


def _of_results(
    table: pd.DataFrame,
    concept: str,
    omop: OmopTable,
    concepts: Concepts,
    codes: Callable[[Mapping[str, str]], pd.Series],
) -> Columns:
    """What was measured: our code; the name of the source where no concept was found; else the concept in words."""
    ids = id_of(table, concept)
    outcome = codes(omop.outcomes)
    shown = looked_up(ids, {one: concepts.shown(one) for one in ids.unique() if one})
    # Concept 0: the source's own name may be one that the dictionary knows, and is held and listed where it is not.
    other = shown.where(ids != "", text_of(table, concept.replace("_concept_id", "_source_value")))
    of_person = (codes(omop.characteristics) != "") | (codes(omop.events) != "")
    read = pd.Series("outcome", table.index, dtype="str").mask(of_person & (outcome == ""), "other")
    return {"outcome": outcome.where(outcome != "", other).astype("str"), "read": read.astype("str")}


def _of_visits(table: pd.DataFrame, persons: pd.Series, concept: str, omop: OmopTable, beside: Beside) -> Columns:
    """Whether a visit is a stay, or intensive care, and how it ended: alive, transferred, or died."""
    ids = id_of(table, concept)
    stay = ids.isin(omop.stays)
    start, end = moments(table, START_OF[omop.name]).str[:10], moments(table, END_OF[omop.name]).str[:10]
    death = looked_up(persons, beside.death)
    # Death within the stay: table death has its moment, and is read for it.
    recorded = (death != "") & (death >= start) & (death <= end)
    to = id_of(table, "discharged_to_concept_id")
    to = to.where(to != "", id_of(table, "discharge_to_concept_id"))
    words = looked_up(to, beside.concepts.names)
    for name in ("discharged_to_source_value", "discharge_to_source_value"):
        words = words + " " + text_of(table, name)
    died = (to == DIED) | words.str.contains(DEAD_WORDS, case=False)
    ended = pd.Series("alive", table.index, dtype="str").mask(to == HOSPITAL, "transferred").mask(died, "died")
    # A death that has its own row is not read a second time.
    ended = ended.mask(died & (death != ""), "").mask(recorded, "")
    return {
        "stay": stay.map({True: "yes", False: "no"}).astype("str"),
        "ended": ended.mask((end == "") | ~stay, "").astype("str"),
        "intensive_care": ids.isin(omop.intensive_care).map({True: "yes", False: "no"}).astype("str"),
    }


def _of_persons(table: pd.DataFrame, persons: pd.Series, omop: OmopTable, beside: Beside) -> Columns:
    day = looked_up(persons, beside.beginning)
    out: Columns = {"first_day": day, "born": _births(table, day)}
    for code in sorted(set(omop.characteristics.values())):
        own = beside.evident.loc[beside.evident["characteristic"] == code]
        read = flag if code in omop.flags else nearest_value
        out[code] = read(own, persons, beside.stays)
    return out


def _births(table: pd.DataFrame, then: pd.Series) -> pd.Series:
    """The day of birth, as far as it is known.

    Of a birth known by its year alone the day is that on which the age is meant, so that the age is the difference of
    the years, as analyses of the model count it; a month without a day counts from its first. Blank where there is no
    such day: no stay and no cohort.
    """
    day = iso_text(text_of(table, "birth_datetime")).str[:10]
    year, month, date = (text_of(table, f"{part}_of_birth").str.removesuffix(".0") for part in ("year", "month", "day"))
    by_month = year + "-" + month.str.zfill(2) + "-" + date.where(date != "", "1").str.zfill(2)
    # 29 February is no day of most years.
    by_year = (year + then.str[4:10]).str.replace("-02-29", "-02-28", regex=False)
    known = by_month.where(month != "", by_year).where(year != "", "")
    return day.where(day != "", known).where(then != "", "").astype("str")
