"""Which files belong together: a folder, or those of one arm by their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold
from historical_controls.drafting.contents.arms import arm_in
from historical_controls.drafting.draft import Draft, subject_of
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.marks import plain

EXPORT = "export"
# Words for patients who are compared that mean visits as often: 'controlli', 'visita de control'.
VISITS = {
    *("control", "controle", "controles", "controlo", "controlos", "controllo", "controlli"),
    *("kontrolle", "kontrollen", "kontroll"),
}
# Ids of a file that others have as well, from which its rows are visits of the same patients.
SHARED = 0.5


def by_source(read: Sequence[tuple[Path, list[Sheet]]], dictionary: Dictionary) -> dict[str, list[Sheet]]:
    """Sheets by the name of their source. read: files by their path below data/raw."""
    out: dict[str, list[Sheet]] = {}
    for path, sheets in read:
        name = _named(path)
        if name == "historical" and set(fold(path.stem).split()) & VISITS and len(path.parts) == 1:
            others = [sheet for other, own in read if other != path and _named(other) != "treated" for sheet in own]
            name = EXPORT if _same_patients(sheets, others, dictionary) else name
        for arm, own in _by_sheet(name, sheets).items():
            out.setdefault(arm, []).extend(own)
    return {name: sheets for name, sheets in out.items() if sheets}


def _by_sheet(name: str, sheets: Sequence[Sheet]) -> dict[str, list[Sheet]]:
    """The sheets of a workbook in no arm's folder, by the arms that their names tell, where they tell both."""
    arms = [arm_in(fold(str(plain(sheet.written.get("sheet", ""))))) for sheet in sheets]
    if arm_in(name.replace("_", " ")) or not {"treated", "historical"} <= set(arms):
        return {name: list(sheets)}
    out: dict[str, list[Sheet]] = {}
    for arm, sheet in zip(arms, sheets, strict=True):
        out.setdefault(arm or name, []).append(sheet)
    return out


def slug(text: str) -> str:
    plain_text = "".join(c if c.isascii() and c.isalnum() else "_" for c in text).strip("_")
    return plain_text if plain_text[:1].isalpha() else f"f_{plain_text}"


def _named(path: Path) -> str:
    """The folder; files beside it are told apart by the arm in their name."""
    name = fold(path.parts[0] if len(path.parts) > 1 else path.stem)
    return slug(name) if len(path.parts) > 1 else arm_in(name) or EXPORT


def _same_patients(sheets: Sequence[Sheet], others: Sequence[Sheet], dictionary: Dictionary) -> bool:
    own, known = (
        {text.lstrip("0") for sheet in group for text in _ids(sheet, dictionary)} for group in (sheets, others)
    )
    return bool(own) and len(own & known) >= SHARED * len(own)


def _ids(sheet: Sheet, dictionary: Dictionary) -> list[str]:
    subject = subject_of(Draft(sheet, dictionary))
    return sheet.columns[plain(subject)] if subject is not None else []
