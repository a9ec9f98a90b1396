"""Reads and checks the study's config once, and holds the helpers of all rules. No rule stands here."""

import os
from collections import deque

from snakemake.dag import DAG

from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.merging import merged
from historical_controls.config.plan.declaration import declaration_text
from historical_controls.config.plan.plan import plan_of, unlabelled
from historical_controls.config.plan.seal import SEAL
from historical_controls.config.reading.arm_column import source_as_written
from historical_controls.config.reading.included import included_files, lines_of, with_included
from historical_controls.config.scenarios import (
    BATCHES,
    COHORT_BATCHES,
    balance_owner,
    batches,
    cohort_owner,
    specified_weightings,
)
from historical_controls.config.study_config import check_files, declared_files, scenario_config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.dictionary.files import dictionary_files
from historical_controls.errors import UserError
from historical_controls.provenance import VERSION, CodeCache, code_hash, git_state
from historical_controls.report.exports.bundle import bundle_name

LOCALES = PROGRAM / "workflow" / "locales"
TEMPLATES = PROGRAM / "workflow" / "templates"


def dictionary_folder(raw):
    """The study's own dictionary, which extends the program's, else the program's."""
    own = raw.get("dictionary")
    here = "dictionary" if Path("dictionary").is_dir() else PROGRAM / "data" / "dictionary"
    return own if own and isinstance(own, str) else here


def checked_study(raw):
    """The checked config, its dictionary, its sources' names and the whole as written, or a WorkflowError with lines."""
    try:
        whole = with_included(raw, Path.cwd())
        lines = lines_of(Path.cwd(), included_files(raw, Path.cwd()))
        try:
            dictionary = load_dictionary(dictionary_folder(whole))
            study = checked_config(vocabulary(whole, dictionary, LOCALES))
            check_files(study, Path.cwd())
        except UserError as error:
            raise lines.placed(error)
    except UserError as error:
        raise WorkflowError(str(error))
    names = {name: source_as_written(f"sources.{name}", lines.at) for name in study.sources}
    return study, dictionary, {name: place.removeprefix("sources.") for name, place in names.items()}, whole


# Names of sources as config.yaml has them: a source of both arms is two here.
STUDY, ENTRIES, WRITTEN, DECLARED = checked_study(config)
SCENARIOS = {name: scenario_config(STUDY, name) for name in STUDY.scenario_names}
COHORT_OWNERS = sorted({cohort_owner(STUDY, name) for name in SCENARIOS})
BALANCE_OWNERS = sorted({balance_owner(STUDY, name) for name in SCENARIOS})
GRID = batches(STUDY)
COVARIATES = {*STUDY.analysis.covariates, *STUDY.balance.key_covariates}
DICTIONARY_FOLDER = Path(dictionary_folder(STUDY.model_dump(include={"dictionary"})))
# The study's own files come first: jobs load the dictionary of the folder of the first one.
DICTIONARY = [str(path) for paths in dictionary_files(DICTIONARY_FOLDER).values() for path in reversed(paths)]
DICTIONARY.sort(key=lambda path: Path(path).parent != DICTIONARY_FOLDER)
# What a study's dictionary may have besides: published results (14.2.17), and the registry beside the analysis (14.1.7).
BENCHMARKS, DIFFERENCES = (
    [str(path) for path in DICTIONARY_FOLDER.glob(name)] for name in ("benchmarks.csv", "registry_differences.csv")
)
# How the config stands to a plan that was sealed, if one was (see seal.smk).
SEALED = [SEAL] if Path(SEAL).is_file() else []
# Reports link the protocol of a sealed study, and one that was asked for before.
PROTOCOL = [f"results/protocol/protocol.{lang}.html" for lang in STUDY.languages]
LINKED = PROTOCOL if SEALED or all(Path(page).is_file() for page in PROTOCOL) else []
BUNDLE = f"results/bundle/{bundle_name(STUDY.study.id)}"
PLACEBOS = STUDY.sensitivity.placebo_cohorts.any and not STUDY.single_arm
CALIBRATION = "results/calibration/ard.parquet"
# Simulated studies a job. More studies are more jobs: those that are finished stay as they are.
STUDIES_A_JOB = 50
COUNTED = [code for code in STUDY.outcomes if ENTRIES.outcomes[code].kind in ("event", "result", "ending")]
MODELLED = [code for code in STUDY.outcomes if code not in COUNTED]
# The outcomes whose analyses `snakemake calibrate` tries on simulated studies: means, of two arms.
CALIBRATED = [
    code for code in STUDY.calibration.outcomes or [STUDY.primary.outcome] if code in MODELLED and not STUDY.single_arm
]
# Of what a source can record, the absence says something: of the rest nothing is known.
RECORDABLE_EVENTS = {name: source.recordable_events for name, source in STUDY.sources.items()}


# A source by its name as written; of the two of a source of both arms the first.
FIRST_OF = {written: name for name, written in reversed(WRITTEN.items())}


wildcard_constraints:
    # What is read of a file has the name of the source as written.
    source="|".join(dict.fromkeys([*STUDY.sources, *WRITTEN.values()])),
    file="[a-z][a-z0-9_]*",
    scenario="|".join(SCENARIOS),
    outcome="|".join(MODELLED),
    batch="|".join(BATCHES),
    lang="|".join(STUDY.languages),


def jobs_reached(dag, direction, *jobs, stop=lambda job: False):
    """As DAG.bfs, but of the jobs after those given without any that only ancient files lead to.

    Snakemake (9.27) asks none of the jobs after one that runs for reasons of its own, and lets those alone to which only
    ancient files lead: what has reasons besides new findings, as a new program may have, would stay as it was.
    """
    waiting, found = deque(jobs), set(jobs)
    while waiting:
        job = waiting.popleft()
        if stop(job):
            continue
        yield job
        for other, files in direction[job].items():
            later = direction is dag.depending
            made_before = later and all(file.is_ancient and os.path.exists(file) for file in files)
            if other not in found and not made_before:
                found.add(other)
                waiting.append(other)


DAG.bfs = jobs_reached
# Not read: while a file is most likely misdeclared nobody is compared, and no job runs that the stop has no use for.
CHECKED = ancient("results/clean/findings.txt")
# All studies run the same program: the first run of a study need not parse it anew.
CODE = CodeCache((PROGRAM if os.access(PROGRAM, os.W_OK) else Path.cwd()) / ".snakemake" / "code.json")


def code(script):
    """Content hash of a script and of the library modules that it uses (see provenance.py)."""
    return code_hash(SCRIPTS / script, CODE)


def memory(start, per_mb=0, most=float("inf")):
    """MB that a cluster sets aside for a job: `start`, and `per_mb` for each MB of input, as measured (docs/scale.md).

    most: of a job that reads its input piece by piece. Twice as much on every further attempt. Where a job runs on this
    computer nothing is limited.
    """
    return lambda wildcards, input, attempt: round(min(start + per_mb * input.size_mb, most) * 2 ** (attempt - 1))


def declared_file(wildcards):
    """The declaration of a file; both sources of a file with both arms have the same."""
    return STUDY.sources[FIRST_OF.get(wildcards.source, wildcards.source)].files[wildcards.file]


def raw_path(wildcards):
    """The file as the hospital sent it; of a table on a server there is none."""
    file = declared_file(wildcards)
    return [] if file.format == "database" else file.path


def tables_beside(wildcards):
    """The other tables of an OMOP source that tell of the rows of this one."""
    file = declared_file(wildcards)
    return sorted(set(file.omop.beside.values())) if file.omop and file.format != "database" else []


def redcap_dictionary(wildcards):
    """The data dictionary of a REDCap export, if the file is one."""
    redcap = declared_file(wildcards).redcap
    return redcap.dictionary if redcap else []


def file_declaration(wildcards):
    """How one file is written and what its rows hold, as plain values."""
    return declared_file(wildcards).model_dump(mode="json")


def source_declaration(wildcards):
    """A source without its files, as plain values: a change in one file leaves the others alone."""
    return plain(STUDY.sources[wildcards.source], exclude={"files"})


def whole_source(wildcards):
    """A source with its files, as plain values."""
    return SOURCES[wildcards.source]


def source_files(wildcards):
    """The cleaned tables of every file of a source."""
    return collect(
        "results/clean/{source}/by_file/{file}/{table}.parquet",
        source=wildcards.source,
        file=STUDY.sources[wildcards.source].files,
        table=["patients", "measurements", "events", "treatments", "ledger", "resolutions"],
    )


def intake_path(source, file):
    """What was read of a file: once, also where it has the rows of two sources."""
    return f"results/intake/{WRITTEN[source]}/{file}.parquet"


def source_intake(wildcards):
    """What was read of every file of a source."""
    return [intake_path(wildcards.source, file) for file in STUDY.sources[wildcards.source].files]


def other_sources(name):
    return [other for other in STUDY.sources if other != name]


def every_file(path):
    """`path` with {source} and {file} filled in, for all files of all sources."""
    return [path.format(source=name, file=file) for name, source in STUDY.sources.items() for file in source.files]


def plain(section, **parts):
    """A section of the config as plain values without labels; parts: `include` or `exclude` of pydantic."""
    return unlabelled(section.model_dump(mode="json", **parts))


def section(name, **parts):
    """A function giving a section of the config as the scenario reads it."""
    return lambda wildcards: plain(getattr(SCENARIOS[getattr(wildcards, "scenario", "primary")], name), **parts)


# The parts of `study`, `primary` and `analysis` that rules read, so that the rest may change without a rerun.
RECORD_DATES = plain(STUDY.study, include={"first_date", "data_lock"})
CALENDAR = plain(STUDY.study, include={"calendar_reference", "periods"}) | {"timezone": STUDY.calendar_timezone}
QUESTION = plain(STUDY.primary, exclude={"key_secondary"})
NO_MODEL_READS = {"events", "overturn"}
GRID_ANALYSIS = merged(
    plain(STUDY.analysis, exclude=NO_MODEL_READS),
    {"permutation": {"scenario_draws": STUDY.sensitivity.permutation_draws}},
)
SOURCES = {name: plain(source) for name, source in STUDY.sources.items()}


def variants(wildcards):
    """What the scenarios of a batch change, by scenario."""
    return {name: dict(one.overrides) for name, one in GRID[wildcards.batch].items()}


def question(wildcards):
    """What the job of one outcome is asked. Of the key secondary outcomes it knows whether its own is one, so that a
    change of the list reruns no other job."""
    own = [code for code in STUDY.primary.key_secondary if code == wildcards.outcome]
    return QUESTION | {"key_secondary": own}


def study_numbers(wildcards):
    """The first simulated study of a part, and how many it has."""
    first = STUDIES_A_JOB * int(wildcards.part)
    return [first, min(STUDIES_A_JOB, STUDY.calibration.studies - first)]


def wanted_outcomes(wildcards):
    """Outcomes whose visits a batch needs: all of them, or the primary one for the product of choices; covariates."""
    own = [STUDY.primary.outcome] if wildcards.batch == "specification" else STUDY.outcomes
    return sorted({*own, *COVARIATES})


def owner(wildcards, of_scenario):
    """Whose tables are read: those of the scenario with the same settings, of the batch, or the primary one's."""
    if "batch" not in wildcards.keys():
        return of_scenario(STUDY, wildcards.scenario)
    return f"grid/{wildcards.batch}" if wildcards.batch in COHORT_BATCHES else "primary"


def cohort_path(table):
    """A table of the cohort that a scenario or the scenarios of a batch are analysed on."""
    return lambda wildcards: f"results/cohort/{owner(wildcards, cohort_owner)}/{table}.parquet"


def balance_path(table):
    """The same for the tables of the balance stage."""
    return lambda wildcards: f"results/balance/{owner(wildcards, balance_owner)}/{table}.parquet"
