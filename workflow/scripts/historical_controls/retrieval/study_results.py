"""A finished study for people who work in Python: its tables, its estimates in words, and every printed number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from historical_controls.ard.keys.statistics import Kind, Statistic
from historical_controls.ard.queries import Result, Results, reason_facts, results_of
from historical_controls.config.study_config import load_config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.errors import UserError, did_you_mean
from historical_controls.installation import shipped_folder
from historical_controls.report.printing.printer import printed_value
from historical_controls.report.printing.study_names import study_names
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import ARD
from historical_controls.text.formatting import DASH
from historical_controls.text.names import Names
from historical_controls.text.words import load_words

CONFIG = "config.resolved.yaml"
KEYS = ["scenario", "analysis", "method", "outcome", "population", "arm", "level", "day", "contrast"]
BOUNDS = (Statistic.LOWER, Statistic.UPPER)


@dataclass(frozen=True)
class StudyResults:
    """What a run found. ard: table `ard`; results: the same rows ready for questions; names: words of its codes."""

    ard: pd.DataFrame
    results: Results
    names: Names

    @property
    def tables(self) -> list[str]:
        """Numbers of the tables and figures that have rows ('14.2.2')."""
        return sorted({name for name in self.ard["output_id"] if name}, key=_numeric)

    def table(self, name: str) -> pd.DataFrame:
        """Return the rows of one output, with a column `printed`: each value as the reports print it.

        name: '14.2.2', also as 'table-14.2.2' or 'figure-15.4.csv'. Raises UserError naming the nearest number.
        """
        number = name.removesuffix(".csv").removeprefix("table-").removeprefix("figure-")
        self._refuse_unknown("output_id", number, "table or figure of these results")
        rows = self.ard[self.ard["output_id"] == number].reset_index(drop=True)
        return rows.assign(printed=[self._printed(id) for id in rows["id"]])

    def estimates(
        self, outcome: str | None = None, scenario: str = "primary", analysis: str | None = None
    ) -> pd.DataFrame:
        """Return a frame with a row for each estimate: keys, estimate, lower, upper, unit, words, printed, id.

        What was refused has no numbers, and `printed` says why. Raises UserError naming the nearest name.
        """
        asked = {"outcome": outcome, "scenario": scenario, "analysis": analysis}
        rows = self.ard
        for column, code in asked.items():
            if code is not None:
                self._refuse_unknown(column, code, f"value of {column} in these results")
                rows = rows[rows[column] == code]
        stated = rows[rows["statistic"].isin([Statistic.ESTIMATE, Statistic.NOT_ESTIMABLE])]
        for bound in BOUNDS:
            limits = rows.loc[rows["statistic"] == bound, [*KEYS, "value", "id"]]
            limits = limits.rename(columns={"value": bound, "id": f"{bound}_id"})
            stated = stated.merge(limits, on=KEYS, how="left", validate="one_to_one")
        stated = stated.rename(columns={"value": "estimate"})
        printed = [self._sentence(row) for row in stated.to_dict("records")]
        words = [self._words(id) for id in stated["id"]]
        columns = [*KEYS, "words", "estimate", "lower", "upper", "unit", "printed", "id"]
        return stated.assign(words=words, printed=printed)[columns].reset_index(drop=True)

    def result(self, id: str) -> dict[str, Any]:
        """Return the row of one printed number by the id that pages carry, with `words` and `printed`.

        Raises UserError for an id that these results do not have.
        """
        self._refuse_unknown("id", id, "id of these results")
        return {**asdict(self._by_id[id]), "words": self._words(id), "printed": self._printed(id)}

    @cached_property
    def _by_id(self) -> dict[str, Result]:
        return {row.id: row for rows in self.results.rows.values() for row in rows}

    def _refuse_unknown(self, column: str, code: str, what: str) -> None:
        known = {str(one) for one in self.ard[column].unique() if one}
        if code not in known:
            # Forty thousand ids would be no help.
            ids = "Copy it from a page (data-ard) or from a column 'id'."
            raise UserError(
                f"'{code}' is no {what}", "open_results", ids if column == "id" else did_you_mean(code, known)
            )

    def _printed(self, id: str) -> str:
        row = self._by_id[id]
        if row.text is None:
            return printed_value(row)
        said = self.names.text(row.analysis, row.statistic, row.text) or row.text
        if row.statistic.kind is not Kind.REMARK:
            return said
        facts = reason_facts(self.results, row.outcome, row.scenario)
        numbers = {name: DASH if one is None else one.text or printed_value(one) for name, one in facts.items()}
        return said.format_map(defaultdict(lambda: DASH, numbers))

    def _words(self, id: str) -> str:
        """What a number is of: outcome, level, arm or contrast, analysis and statistic, without those left empty."""
        row = self._by_id[id]
        codes = {name: str(getattr(row, name)) for name in ("outcome", "level", "arm", "contrast", "analysis")}
        said = [self.names.value(name, code) or code for name, code in codes.items() if code]
        day = [] if row.day is None else [self.names.words("retrieval.day", day=f"{row.day:g}")]
        return ", ".join([*said, *day, self.names.statistic(row.statistic)])

    def _sentence(self, row: Mapping[Any, Any]) -> str:
        words, own = self.names.words, self._by_id[row["id"]]
        if own.statistic is Statistic.NOT_ESTIMABLE:
            return words("not_estimable", reason=self._printed(own.id))
        lower, upper = (row[f"{bound}_id"] for bound in BOUNDS)
        shown, unit = printed_value(own), words.unit(own.unit)
        if isinstance(lower, str) and isinstance(upper, str):
            limits = {"lower": self._printed(lower), "upper": self._printed(upper)}
            shown = words("retrieval.interval", estimate=shown, **limits)
        return f"{shown} {unit}".strip()


def open_results(folder: str | Path, language: str | None = None) -> StudyResults:
    """Open what a run found in a study folder, or in its folder `results`.

    language: of the words; the study's first one without. Raises UserError where no finished run is there.
    """
    place = next((one for one in (Path(folder) / "results", Path(folder)) if (one / "ard.parquet").is_file()), None)
    if place is None or not (place / CONFIG).is_file():
        hint = "Run the study first (`snakemake --cores 4`), or name the folder that holds config.yaml."
        raise UserError("there are no results of a finished run", str(folder), hint)
    config = load_config(yaml.safe_load((place / CONFIG).read_text(encoding="utf-8")), CONFIG)
    if language is not None and language not in config.languages:
        raise UserError(f"'{language}' is no language of this study", CONFIG, did_you_mean(language, config.languages))
    own = place.parent / (config.dictionary or "dictionary")
    dictionary = load_dictionary(own if own.is_dir() else PROGRAM_DICTIONARY)
    words = load_words(shipped_folder("workflow/locales"), language or config.languages[0])
    words = config.worded(words)
    ard = read_table(place / "ard.parquet", ARD)
    return StudyResults(ard, results_of(ard), study_names(config, words, dictionary))


def _numeric(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
