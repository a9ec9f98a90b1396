"""What others take the program by: the container file, the entry in the workflow catalogue, studies of the gallery."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.reading.included import with_included
from historical_controls.config.study_config import check_files
from historical_controls.dictionary.dictionary import load_dictionary

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
COPIED = [name for line in re.findall(r"^COPY (.*) \S+$", TEXT, re.M) for name in line.split()]
# What is read from the program's folder while a study runs (rules, scripts, library).
READ = re.compile(r'PROGRAM / "(\w[\w.-]*)"')


def test_it_copies_files_that_there_are() -> None:
    assert [name for name in COPIED if not (ROOT / name).exists()] == []
    assert not [name for name in COPIED if name in (".git", "results", "tests", ".venv")]


def test_it_copies_what_the_rules_read() -> None:
    rules = [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]
    needed = {name for path in rules for name in READ.findall(path.read_text(encoding="utf-8"))}
    assert {"data", "docs", "workflow"} <= needed
    assert needed - set(COPIED) == set()
    own = (ROOT / "config.yaml").read_text(encoding="utf-8")
    included = {Path(one).parts[0] for one in yaml.safe_load(own)["include"]}
    assert included | {"Snakefile", "config.yaml", "profiles", "dictionary", "requirements.lock"} <= set(COPIED)


def test_it_installs_the_lock_by_hash_on_the_python_of_the_lock() -> None:
    assert re.search(r"pip install [^\n]*--require-hashes -r requirements\.lock", TEXT)
    (version,) = re.findall(r"^FROM \S*python:(\d+\.\d+)-slim$", TEXT, re.M)
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert f"python={version}" in environment["dependencies"]
    assert f"--python-version {version}" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_workflow_catalogue_lists_it_under_standardised_usage() -> None:
    """The conditions of the catalogue's checker (snakemake-workflow-catalog, scripts/generate-catalog.py).

    It also runs `snakemake --lint` and `snakefmt --check`, which `make lint` and `make check-workflow` do.
    """
    settings = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))
    usage = settings["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    assert usage["software-stack-deployment"] == {"conda": True}
    assert usage["report"] is True
    assert (ROOT / "config/README.md").read_text(encoding="utf-8").startswith("# ")
    assert (ROOT / "workflow/Snakefile").is_file()
    assert {path.suffix for path in (ROOT / "workflow/rules").iterdir()} == {".smk"}


def test_links_of_the_catalogue_page_lead_somewhere() -> None:
    text = (ROOT / "config/README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 3
    assert [link for link in links if not (ROOT / "config" / link).is_file()] == []


def test_every_study_of_the_gallery_is_taken_as_it_stands() -> None:
    dictionary = load_dictionary(ROOT / "data/dictionary")
    studies = sorted(path.parent for path in (ROOT / "docs/gallery").glob("*/config.yaml"))
    assert [study.name for study in studies] == ["five_visits", "single_arm", "years"]
    designs = {}
    for study in studies:
        raw = with_included(yaml.safe_load((study / "config.yaml").read_text(encoding="utf-8")), study)
        config = checked_config(vocabulary(raw, dictionary, ROOT / "workflow/locales"))
        check_files(config, study)
        designs[study.name] = config.design
        assert "docs/gallery/$$study" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert designs["single_arm"] == "single_arm"
