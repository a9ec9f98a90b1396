"""Files made to harm: entities that expand, links to elsewhere, and what is no file. docs/security.md lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from historical_controls.config.sources.sources import SourceFile
from historical_controls.config.study_config import file_fault
from historical_controls.errors import UserError
from historical_controls.intake.reading import read_file

PART = {"kind": "patients", "subject": "id", "columns": {"v": {"characteristic": "AGE"}}}
NOTHING: Mapping[str, str] = {}
# Ten to the ninth letters once expanded ("billion laughs").
ENTITIES = "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise("abcdefghij"))
BOMB = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{ENTITIES}]>'
FROM_DISK = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>'


def declared(form: str, path: str) -> SourceFile:
    return SourceFile.model_validate({"path": path, "format": form, "parts": [PART]})


def workbook_with(
    path: Path, head: str, cell: str, part: str = "", encoding: str = "utf-8", more: Mapping[str, str] = NOTHING
) -> Path:
    """A workbook with `cell` as the text of a cell and `head` before the root of a part; more: further parts."""
    book = Workbook()
    book.active.append(["id", "v"])
    book.active.append(["1", "CELL"])
    plain = path.with_suffix(".plain")
    book.save(plain)
    with ZipFile(plain) as old, ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode().replace("CELL", cell)
            if name == part:
                # The declaration of the XML stands first.
                start = text.index("?>") + 2 if text.startswith("<?xml") else 0
                text = text[:start] + head + text[start:]
            new.writestr(name, text.encode(encoding if name == part else "utf-8"))
        for name, text in more.items():
            new.writestr(name, text)
    return path


@pytest.mark.parametrize("head", [BOMB, FROM_DISK], ids=["bomb", "file"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_a_workbook_that_declares_entities_is_refused_before_it_is_parsed(tmp_path: Path, head: str, part: str) -> None:
    path = workbook_with(tmp_path / "x.xlsx", head, "&j;", part)
    with pytest.raises(UserError, match=f"{part}: this part declares a document type"):
        read_file(path, declared("xlsx", "x.xlsx"))


def test_a_document_type_of_two_bytes_a_letter_is_refused_as_well(tmp_path: Path) -> None:
    path = workbook_with(tmp_path / "x.xlsx", BOMB, "&j;", "xl/worksheets/sheet1.xml", encoding="utf-16")
    with pytest.raises(UserError, match="declares a document type"):
        read_file(path, declared("xlsx", "x.xlsx"))


def test_a_link_of_a_workbook_to_another_one_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.xlsx"
    link = f'<externalLink><externalBook id="rId1"><a>file://{other}</a></externalBook></externalLink>'
    path = workbook_with(tmp_path / "x.xlsx", "", "7", more={"xl/externalLinks/externalLink1.xml": link})
    os.mkfifo(other)  # whoever opened it would wait for ever
    assert "7" in read_file(path, declared("xlsx", "x.xlsx")).astype(str).to_numpy()


def test_what_is_no_plain_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("fifo.csv", "folder.csv", "zero.csv"):
        with pytest.raises(UserError, match="there is no such file"):
            read_file(tmp_path / name, declared("csv", name))
        # The config is refused with the same file, also where links are declared.
        fault = file_fault(name, tmp_path, "config.yaml", links=True)
        assert fault is not None and f"there is no file '{name}'" in str(fault)
