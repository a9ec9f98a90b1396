"""The archive to send: the same bytes whenever it is made, its name, and what it refuses to hold."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from historical_controls.errors import UserError
from historical_controls.report.exports.bundle import archive, bundle_name, public_files
from historical_controls.report.exports.bundle_page import render_bundle_page

from .study import ROOT, small_study


def written(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_order_of_files_and_time_change_no_byte() -> None:
    files = {"b.txt": b"2", "a/c.txt": b"1" * 500}
    content = archive(files)
    assert content == archive(dict(reversed(files.items())))
    with zipfile.ZipFile(BytesIO(content)) as opened:
        assert opened.namelist() == ["a/c.txt", "b.txt"]
        assert {entry.date_time for entry in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert opened.read("a/c.txt") == files["a/c.txt"]


@pytest.mark.parametrize(
    ("registry_id", "name"),
    [("NCT04348461", "NCT04348461.zip"), ("ISRCTN 12/34", "ISRCTN-12-34.zip"), ("../x", "x.zip"), ("ñ", "study.zip")],
)
def test_a_registry_id_becomes_a_file_name(registry_id: str, name: str) -> None:
    assert bundle_name(registry_id) == name


def test_files_of_a_folder_by_their_place_in_the_results(tmp_path: Path) -> None:
    folder = written(tmp_path, "figures/en/a.svg", "figures/en/.snakemake_timestamp", "provenance.json")
    files = public_files(folder, [folder / "figures/en", folder / "provenance.json"])
    assert files == {"figures/en/a.svg": b"figures/en/a.svg", "provenance.json": b"provenance.json"}


@pytest.mark.parametrize("name", ["internal/adam/adsl.csv", "clean/people.parquet", "tables/../internal/x.csv"])
def test_what_may_hold_rows_of_patients_is_refused(tmp_path: Path, name: str) -> None:
    folder = written(tmp_path, "tables/a.csv", name)
    with pytest.raises(UserError, match="was not made for sharing is not bundled"):
        public_files(folder, [folder / name])


def test_a_link_out_of_the_public_folders_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, "internal/x.csv", "tables/a.csv")
    (folder / "tables/x.csv").symlink_to(folder / "internal/x.csv")
    with pytest.raises(UserError, match="is not bundled"):
        public_files(folder, [folder / "tables"])


def test_the_page_links_what_is_there_in_every_language() -> None:
    study = small_study()
    names = ["report/investigator.en.html", "report/investigator.es.html", "figures/es/15.1-flow.svg", "x.txt"]
    words = [study.words(language) for language in ("en", "es")]
    html = render_bundle_page(study.config, words, ROOT / "workflow/templates", names)
    assert sorted(re.findall(r'<a href="([^"]+)"', html)) == sorted(names[:3])
    assert "Report for investigators" in html and "Informe para investigadores" in html
    assert "http" not in re.sub(r'http-equiv="', "", html)
