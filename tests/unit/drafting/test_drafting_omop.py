"""Tables of the OMOP model among the exports are one source, and no sheets."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from historical_controls.config.reading.omop_files import with_omop
from historical_controls.drafting.marks import plain
from historical_controls.drafting.study import draft_study, write_draft
from historical_controls.errors import UserError

VISITS = """id,sex,age,admitted,pf_d0,pf_d7
T1,M,50,2020-05-01,110,180
T2,F,61,2020-05-09,98,150
"""


def tables(folder: Path, place: str = "data/raw/cdm") -> Path:
    (folder / place).mkdir(parents=True)
    for name in ("PERSON", "measurement", "CONCEPT"):
        (folder / place / f"{name}.csv").write_text("person_id,x\n1,2\n", encoding="utf-8")
    return folder


def test_a_folder_of_tables_is_a_source_of_its_own(tmp_path: Path) -> None:
    tables(tmp_path)
    (tmp_path / "data/raw/visits.csv").write_text(VISITS, encoding="utf-8")
    drafted = plain(draft_study(tmp_path))
    assert list(drafted["sources"]) == ["export", "cdm"]
    source = drafted["sources"]["cdm"]
    assert (source["arm"], source["omop"]) == ("historical", {"folder": "data/raw/cdm"})
    text = write_draft(tmp_path).read_text(encoding="utf-8")
    assert "name its concepts of characteristics" in text.partition("CONFIRM: treated, historical")[2]
    # What it declares is taken as it is.
    made = with_omop(yaml.safe_load(text), tmp_path)["sources"]["cdm"]["files"]
    assert list(made) == ["person", "measurement"]


def test_a_database_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/visits.csv").write_text(VISITS, encoding="utf-8")
    (tmp_path / "data/raw/historical.duckdb").write_bytes(b"")
    source = plain(draft_study(tmp_path))["sources"]["historical"]
    assert source["omop"] == {"database": "data/raw/historical.duckdb"}


def test_tables_alone_say_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="tables of the OMOP model") as caught:
        draft_study(tables(tmp_path))
    assert "{'folder': 'data/raw/cdm'}" in str(caught.value.hint)


def test_a_file_called_person_alone_is_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/person.csv").write_text(VISITS, encoding="utf-8")
    drafted = plain(draft_study(tmp_path))
    assert not any("omop" in source for source in drafted["sources"].values())
