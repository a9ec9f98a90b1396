"""The one definition of config.yaml: every key, its type, its limits. Faults are found all at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.estimands import Estimands
from historical_controls.config.analysis.sensitivity import Sensitivity
from historical_controls.config.base import Code, Language, Name, Section, Texts
from historical_controls.config.cohort.cohort import Balance, Cohort
from historical_controls.config.merging import merged
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.errors import UserError, did_you_mean, nearest, raise_all


class Period(Section):
    """A stretch of the calendar that matters to care: an era of a drug, a shortage of beds."""

    label: Texts = Field(description="its name by language")
    first: date = Field(description="its first day")
    last: date | None = Field(None, description="its last day; null = it goes on")

    @model_validator(mode="after")
    def dates_in_order(self) -> Period:
        if self.last is not None and self.last < self.first:
            raise ValueError("last must not lie before first")
        return self


class Study(Section):
    id: str = Field(description="registry identifier, printed in every report")
    title: Texts = Field(description="title by language")
    treatment: Texts = Field(description="the studied treatment, by language")
    simulated: bool = Field(False, description="true: every page and figure says SIMULATED")
    first_date: date = Field(description="earliest plausible date of any record; earlier ones are quarantined")
    data_lock: date = Field(description="latest plausible date of any record; later ones are quarantined")
    calendar_reference: date = Field(
        description="date that calendar weeks are counted from (e.g. first steroid guidance)"
    )
    periods: dict[Name, Period] = Field(default={}, description="stretches of the calendar shown with the time zeros")

    @model_validator(mode="after")
    def dates_in_order(self) -> Study:
        if self.first_date >= self.data_lock:
            raise ValueError("first_date must lie before data_lock")
        return self


class Scenario(Section):
    label: Texts
    overrides: dict[str, Any] = Field(default={}, description="what differs from the config, same shape")


class Report(Section):
    public: bool = Field(True, description="true: no dates, exact ages or raw ids in anything meant for sharing")
    min_cell: int | None = Field(
        None, ge=2, description="counts of fewer patients are printed as '<min_cell' in anything meant for sharing"
    )


SCENARIO_SECTIONS = ("cohort", "balance", "analysis")


class Config(Section):
    """The whole of config.yaml."""

    study: Study
    seed: int = Field(ge=0, description="seed of every random draw")
    languages: list[Language] = Field(min_length=1, description="languages of figures and reports")
    dictionary: str | None = Field(None, description="folder of the dictionary; null = the program's own")
    sources: dict[Name, Source] = Field(min_length=1)
    crosswalk: str | None = Field(None, description="file that says which ids are one person; null = none")
    resolutions: str | None = Field(
        None, description="file of decisions on single held rows, made from quarantine.csv; null = none"
    )
    outcomes: list[Code] = Field(min_length=1, description="outcomes analysed, in the order of the report")
    cohort: Cohort
    balance: Balance
    analysis: Analysis
    primary: Primary
    estimands: Estimands | None = Field(None, description="what each analysis answers, printed in the reports")
    scenarios: dict[Name, Scenario] = Field(default={}, description="named overrides; 'primary' is the config itself")
    sensitivity: Sensitivity = Sensitivity()
    report: Report = Report()

    @model_validator(mode="after")
    def primary_is_analysed(self) -> Config:
        for code in [self.primary.outcome, *self.primary.key_secondary]:
            if code not in self.outcomes:
                raise ValueError(f"primary names {code}, which 'outcomes' does not list")
        if "primary" in self.scenarios:
            raise ValueError("the scenario 'primary' is the config itself and takes no overrides")
        for name, scenario in self.scenarios.items():
            for key in scenario.overrides:
                if key not in SCENARIO_SECTIONS:
                    raise ValueError(f"scenario '{name}' overrides '{key}'; allowed: {', '.join(SCENARIO_SECTIONS)}")
        return self

    @model_validator(mode="after")
    def slopes_are_declared(self) -> Config:
        for name, asked in (self.estimands.questions if self.estimands else {}).items():
            lines = self.analysis.straight_lines
            if "slope" in asked.measures and (not lines or not set(asked.outcomes) <= set(lines)):
                raise ValueError(
                    f"estimands.questions.{name}: analysis.straight_lines declares no slope for its outcomes"
                )
        return self

    @model_validator(mode="after")
    def weighting_is_computed(self) -> Config:
        method = self.analysis.weighting
        if method != "none" and method not in self.balance.methods:
            raise ValueError(f"analysis.weighting is '{method}', which balance.methods does not list")
        return self

    @model_validator(mode="after")
    def grid_names_what_there_is(self) -> Config:
        asked = self.sensitivity
        rungs = [rung.id for rung in (*self.analysis.ladder, *self.analysis.censored_ladder)]
        weightings = ["none", *self.balance.methods]
        for place, named, known in (
            ("readings", asked.readings, list(self.cohort.readings)),
            ("specification.readings", asked.specification.readings, list(self.cohort.readings)),
            ("rungs", asked.rungs, rungs),
            ("weightings", asked.weightings, weightings),
            ("specification.weightings", asked.specification.weightings, weightings),
        ):
            for name in [] if named == "all" else named:
                if name not in known:
                    raise ValueError(f"sensitivity.{place} names {name}. {did_you_mean(name, known)}")
        return self

    @property
    def scenario_names(self) -> list[str]:
        return ["primary", *self.scenarios]


def load_config(raw: Mapping[str, Any], name: str = "config.yaml") -> Config:
    """The checked config. Raises UserError(s) naming each key, its value, what is allowed, the nearest key."""
    config = _validated(raw, name)
    for scenario in config.scenarios:
        scenario_config(config, scenario, name)
    return config


def declared_files(config: Config) -> dict[str, str]:
    """Path of every file that hospitals and people wrote for the study, by its key."""
    files = {f"sources.{source}.files.{name}.path": file.path for source, name, file in _files(config)}
    files |= {
        f"sources.{source}.files.{name}.redcap.dictionary": file.redcap.dictionary
        for source, name, file in _files(config)
        if file.redcap
    }
    return files | {key: path for key in ("crosswalk", "resolutions") if (path := getattr(config, key))}


def check_files(config: Config, folder: Path, name: str = "config.yaml") -> None:
    """Every declared file exists below the study folder. Raises UserError(s) naming the nearest file there is."""
    declared = declared_files(config)
    faults = []
    for key, file_path in declared.items():
        path = folder / file_path
        if not path.is_file():
            there = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
            hint = did_you_mean(path.name, there) if there else f"The folder '{path.parent}' holds no file."
            faults.append(UserError(f"there is no file '{file_path}'", f"{name}: {key}", hint))
    raise_all(faults)


def _files(config: Config) -> Iterator[tuple[str, str, SourceFile]]:
    for source_name, source in config.sources.items():
        for file_name, file in source.files.items():
            yield source_name, file_name, file


def scenario_config(config: Config, scenario: str, name: str = "config.yaml") -> Config:
    """The config as the scenario reads it: its overrides merged in, checked anew."""
    if scenario == "primary":
        return config
    plain = config.model_dump(mode="json")
    return _validated(merged(plain, config.scenarios[scenario].overrides), f"{name}, scenario '{scenario}'")


def _validated(raw: Mapping[str, Any], name: str) -> Config:
    try:
        return Config.model_validate(dict(raw))
    except ValidationError as error:
        raise_all(_faults(error, raw, name))
        raise


def _faults(error: ValidationError, raw: Mapping[str, Any], name: str) -> Iterator[UserError]:
    for item in error.errors():
        unread = item["type"] in ("missing", "extra_forbidden")
        path = _key_path(item["loc"], raw, unread)
        where = f"{name}: {path}" if path else name
        if item["type"] == "extra_forbidden":
            yield UserError("unknown key", where, _known_keys_hint(item["loc"]))
        elif item["type"] == "missing":
            yield UserError("this key is missing", where)
        else:
            said = item["msg"].removeprefix("Value error, ")
            shown = json.dumps(item["input"], ensure_ascii=False, default=str)[:80]
            yield UserError(said if isinstance(item["input"], dict) else f"{said} (found {shown})", where)


def _key_path(loc: tuple[int | str, ...], raw: Any, keep_last: bool) -> str:
    """The dotted path as it stands in the file: pydantic's own steps (union tags) are left out.

    keep_last: the last step is a key that the file lacks, or that nobody knows.
    """
    out: list[str] = []
    for number, step in enumerate(loc, start=1):
        inside = isinstance(raw, Mapping) and step in raw
        listed = isinstance(raw, list) and isinstance(step, int) and step < len(raw)
        if inside or listed:
            raw = raw[step]
        elif number < len(loc) or not keep_last:
            continue
        out.append(str(step))
    return ".".join(out)


def _known_keys_hint(loc: tuple[int | str, ...]) -> str:
    typo = str(loc[-1])
    keys = sorted(_keys_at(loc))
    near = nearest(typo, keys)
    return f"Did you mean '{near}'?" if near else f"Allowed here: {', '.join(keys)}."


def _keys_at(loc: tuple[int | str, ...]) -> set[str]:
    """Keys allowed where an unknown one was found, from the generated schema."""
    schema = Config.model_json_schema()
    node: dict[str, Any] = schema
    for step in loc[:-1]:
        node = _step_into(node, step, schema)
    return set(_resolved(node, schema).get("properties", {}))


def _step_into(node: dict[str, Any], step: int | str, schema: dict[str, Any]) -> dict[str, Any]:
    node = _resolved(node, schema)
    if step in node.get("properties", {}):
        return node["properties"][step]
    if step in node.get("discriminator", {}).get("mapping", {}):
        return {"$ref": node["discriminator"]["mapping"][step]}
    if isinstance(step, int):
        return node.get("items", node)
    keyed = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return next((values for values in keyed if isinstance(values, dict)), node)


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    for option in node.get("anyOf", []):
        if "$ref" in option:
            return _resolved(option, schema)
    return node


def json_schema() -> str:
    """workflow/schemas/config.schema.json, for editors; a test keeps it in step with the models."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
