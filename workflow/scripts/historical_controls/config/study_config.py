"""The one definition of config.yaml: every key, its type, its limits. Faults are found all at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.balance import Balance
from historical_controls.config.analysis.calibration import Calibration
from historical_controls.config.analysis.estimands import Estimands
from historical_controls.config.analysis.sensitivity import Sensitivity
from historical_controls.config.base import Section, Slug, Text
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.rules import Rule, rule_order
from historical_controls.config.faults import faults_of
from historical_controls.config.merging import changed_rules, merged, overridden, rules_of_options, value_at
from historical_controls.config.name_types import (
    DeclaredAssay,
    DeclaredLanguage,
    DeclaredOutcome,
    DeclaredSource,
    Texts,
)
from historical_controls.config.reading.derived import with_derived
from historical_controls.config.reading.former_keys import SCHEMA_VERSION, checked_version
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.study import Study
from historical_controls.dictionary.vocabulary import ANY_EVENT, ENDINGS
from historical_controls.errors import UserError, did_you_mean, raise_all
from historical_controls.text.words import Design, RecordedEnds, Words, recorded_ends

# Folders of results/{cohort,balance,analysis,internal} that are no scenario's.
FOLDERS = (
    "primary",
    "adam",
    "combined",
    "events",
    "figures",
    "grid",
    "listings",
    "readings",
    "robustness",
    "specification",
    "statistics",
    "wait_draws",
)


def _no_folder(name: str) -> str:
    if name in FOLDERS:
        raise ValueError(f"the program itself writes to a folder '{name}': choose another name for the scenario")
    return name


Changeable = Literal["cohort", "balance", "analysis"]


class Scenario(Section):
    label: Texts
    overrides: dict[Changeable, dict[str, Any]] = Field(
        default={}, description="what differs from the config, same shape"
    )


class Report(Section):
    public: bool = Field(True, description="true: no dates, exact ages or raw ids in anything meant for sharing")
    min_cell: int | None = Field(
        None, ge=2, description="counts of fewer patients are printed as '<min_cell' in anything meant for sharing"
    )


class Config(Section):
    """The whole of config.yaml."""

    schema_version: Annotated[int, Field(ge=1), AfterValidator(checked_version)] = Field(
        SCHEMA_VERSION,
        description="form of the config; another one than the program's is refused with the edits it needs",
    )
    include: list[Text] = Field(
        default=[],
        description="further files with keys of this config (sources/*.yaml); each key is in one of them",
    )
    study: Study
    # numpy's generators take no negative seed; below 2^63 it fits into an int64.
    seed: int = Field(1, ge=0, lt=2**63, description="seed of every random draw")
    languages: list[DeclaredLanguage] = Field(min_length=1, description="languages of figures and reports")
    dictionary: Text | None = Field(
        None,
        description="folder with rows that extend the program's dictionary; null = 'dictionary', if it is there",
    )
    sources: dict[DeclaredSource, Source] = Field(min_length=1)
    linked_files: bool = Field(False, description="true: declared files may be links to places outside of this folder")
    crosswalk: Text | None = Field(None, description="file that says which ids are one person; null = none")
    resolutions: Text | None = Field(
        None, description="file of decisions on single held rows, made from quarantine.csv; null = none"
    )
    assays: list[DeclaredAssay] = Field(
        default=[], description="instruments and assays that the files name or that are declared for their columns"
    )
    outcomes: list[DeclaredOutcome] = Field(min_length=1, description="outcomes analysed, in the order of the report")
    cohort: Cohort = Cohort()
    balance: Balance = Balance()
    analysis: Analysis
    primary: Primary
    estimands: Estimands | None = Field(None, description="what each analysis answers, printed in the reports")
    scenarios: dict[Annotated[Slug, AfterValidator(_no_folder)], Scenario] = Field(
        default={}, description="named overrides; 'primary' is the config itself"
    )
    sensitivity: Sensitivity = Sensitivity()
    calibration: Calibration = Calibration()
    report: Report = Report()

    @model_validator(mode="before")
    @classmethod
    def derived_defaults(cls, raw: Any) -> Any:
        # Before validation, so that derived values are checked like written ones. Pydantic refuses what is no mapping.
        return with_derived(raw) if isinstance(raw, Mapping) else raw

    @property
    def calendar_timezone(self) -> str:
        """Where the study's dates begin at midnight: as declared, else as in its treated source, else in its first."""
        treated = [source.timezone for source in self.sources.values() if source.arm == "treated"]
        return self.study.timezone or [*treated, *(source.timezone for source in self.sources.values())][0]

    @property
    def single_arm(self) -> bool:
        """Whether no source can have historical patients: the treated ones are described, and nothing is compared."""
        return all(source.arm == "treated" for source in self.sources.values())

    @property
    def design(self) -> Design:
        """The design as declared; else a single arm where no source has controls, else external controls."""
        return self.study.design or ("single_arm" if self.single_arm else "external_controls")

    @property
    def endings(self) -> list[str]:
        """The ends of a stay that any file can record; a file that names its events in a column may name any."""
        return [end for end in ENDINGS if any(end in able for able in self.endings_by_arm.values())]

    @property
    def endings_by_arm(self) -> dict[str, list[str]]:
        """The ends of a stay that any file of each arm of the study can record."""
        sources = self.sources.values()
        arms = {
            "treated": [source for source in sources if source.arm == "treated" or source.treated_subjects],
            "historical": [source for source in sources if source.arm == "historical"],
        }
        able = {arm: {name for one in own for name in one.recordable_events} for arm, own in arms.items() if own}
        return {arm: [end for end in ENDINGS if {end, ANY_EVENT} & names] for arm, names in able.items()}

    @property
    def recorded_ends(self) -> RecordedEnds:
        """Which words speak of the ends of a stay."""
        return recorded_ends(self.endings)

    @property
    def deaths_compared(self) -> bool:
        """Whether the files of each arm can record deaths: an answer that counts them needs those of both."""
        return all("death" in able for able in self.endings_by_arm.values())

    def worded(self, words: Words) -> Words:
        """The words in which pages and figures of this study speak."""
        return words.of_study(self.design, self.recorded_ends, bool(self.cohort.ends_with), self.deaths_compared)

    @property
    def scenario_names(self) -> list[str]:
        return ["primary", *self.scenarios]


RULES: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Rule])


def load_config(raw: Mapping[str, Any], name: str = "config.yaml") -> Config:
    """The config, its names not looked at. Raises UserError(s) naming key, value, what is allowed, the nearest key."""
    faults = list(shape_faults(raw, name))
    raise_all(faults)
    return Config.model_validate(dict(raw))


def shape_faults(raw: Mapping[str, Any], name: str) -> Iterator[UserError]:
    """Keys, types and limits of the config, of the rules that readings change, and of what scenarios make of it."""
    own = list(_faults(raw, name))
    yield from own
    yield from _option_faults(raw, name)
    # With a fault of its own every scenario would repeat it.
    for scenario, changed in overridden(raw) if not own else ():
        yield from _faults(changed, f"{name}, scenario '{scenario}'")


def _faults(raw: Mapping[str, Any], name: str) -> Iterator[UserError]:
    try:
        Config.model_validate(dict(raw))
    except ValidationError as error:
        yield from faults_of(error, raw, name, _schema())


def _option_faults(raw: Mapping[str, Any], name: str) -> Iterator[UserError]:
    """Rules that an option of a reading changes into none, and circles that it makes."""
    rules = value_at(raw, "cohort", "rules")
    rules = rules if isinstance(rules, Mapping) else {}
    for reading, option, changes in rules_of_options(raw):
        place = f"{name}: cohort.readings.{reading}.options.{option}.rules"
        changed = changed_rules(rules, changes)
        try:
            RULES.validate_python(changed)
            rule_order(RULES.validate_python({**rules, **changed}))
        except ValidationError as error:
            for fault in faults_of(error, changed, "", _schema()):
                # The faults were found with no file's name; the place of the option is put in its stead.
                yield UserError(fault.what, f"{place}.{str(fault.where).removeprefix(': ')}", fault.hint)
        except ValueError as error:
            yield UserError(str(error), place)


@cache
def _schema() -> Mapping[str, Any]:
    return Config.model_json_schema()


def declared_files(config: Config) -> dict[str, str]:
    """Path of every file that hospitals and people wrote for the study, by its key."""
    # A table on a server is no file; its rows are hashed as they are read.
    files = {
        f"sources.{source}.files.{name}.path": file.path
        for source, name, file in _files(config)
        if file.format != "database"
    }
    files |= {
        f"sources.{source}.files.{name}.omop.beside.{table}": path
        for source, name, file in _files(config)
        if file.omop and file.format != "database"
        for table, path in file.omop.beside.items()
    }
    files |= {
        f"sources.{source}.files.{name}.redcap.dictionary": file.redcap.dictionary
        for source, name, file in _files(config)
        if file.redcap
    }
    return files | {key: path for key in ("crosswalk", "resolutions") if (path := getattr(config, key))}


def check_files(config: Config, folder: Path, name: str = "config.yaml") -> None:
    """Every declared file exists below the study folder. Raises UserError(s) naming the nearest file there is."""
    faults = (
        file_fault(file_path, folder, f"{name}: {key}", config.linked_files)
        for key, file_path in declared_files(config).items()
    )
    raise_all(fault for fault in faults if fault is not None)


def file_fault(file_path: str, folder: Path, where: str, links: bool) -> UserError | None:
    """What is wrong with the path of a declared file; links: whether it may lead out of the study folder."""
    path, inside = folder / file_path, folder.resolve()
    if Path(file_path).is_absolute() or ".." in Path(file_path).parts:
        hint = "Type the path from the study folder, such as data/raw/file.csv."
        return UserError(f"'{file_path}' is not below the study folder", where, hint)
    # A link may lead out of the study folder, which is meant to be complete in itself.
    if not links and not path.resolve().is_relative_to(inside):
        hint = "Copy the file, or declare linked_files: true."
        return UserError(f"'{file_path}' is a link to a place outside of the study folder", where, hint)
    if path.is_file():
        return None
    there = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, there) if there else f"The folder '{path.parent}' holds no file."
    return UserError(f"there is no file '{file_path}'", where, hint)


def _files(config: Config) -> Iterator[tuple[str, str, SourceFile]]:
    for source_name, source in config.sources.items():
        for file_name, file in source.files.items():
            yield source_name, file_name, file


def scenario_config(config: Config, scenario: str) -> Config:
    """The config as the scenario reads it: its overrides merged in. Raises ValidationError where they do not fit."""
    if scenario == "primary":
        return config
    plain = config.model_dump(mode="json", exclude_unset=True)
    return Config.model_validate(merged(plain, config.scenarios[scenario].overrides))


# What follows from other keys need not be written, although the models ask for it where they stand alone.
DERIVABLE = {"Study": ["calendar_reference"], "Analysis": ["days"], "Source": ["label"], "Estimand": ["strategies"]}


def json_schema(part: bool = False) -> str:
    """workflow/schemas/config.schema.json, for editors; part: of an included file."""
    schema = Config.model_json_schema()
    name = "part" if part else "config"
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{name}.schema.json"}
    for section, keys in DERIVABLE.items():
        schema["$defs"][section]["required"] = [k for k in schema["$defs"][section]["required"] if k not in keys]
    # A study may declare some estimands only, or change the words of a general question.
    for section in ("Estimands", "Estimand"):
        schema["$defs"][section].pop("required")
    # An arm that is a column becomes two sources before the models see it (reading/arm_column.py).
    arm = schema["$defs"]["Source"]["properties"]["arm"]
    written = {"anyOf": [{"enum": arm["enum"], "type": "string"}, {"$ref": "#/$defs/ArmColumn"}]}
    schema["$defs"]["Source"]["properties"]["arm"] = {
        "description": arm["description"],
        "title": arm["title"],
        **written,
    }
    # What config.yaml lacks may be in an included file: only the whole can be said to lack a key.
    schema.pop("required")
    if part:
        schema["properties"].pop("include")
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"
