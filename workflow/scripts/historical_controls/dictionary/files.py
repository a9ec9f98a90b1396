"""Which files make up a dictionary: the program's own, and those by which a study's folder extends it."""

from __future__ import annotations

from pathlib import Path

from historical_controls.errors import UserError, did_you_mean, raise_all
from historical_controls.installation import shipped_folder

# Where the program keeps its own dictionary.
PROGRAM_DICTIONARY = shipped_folder("data/dictionary")
FILES = ("outcomes", "units", "synonyms", "plausibility", "treatments", "events", "specimens")
# What a study alone can say: the program has registered nothing.
OF_STUDY = ("registered",)
# Files of a dictionary that the reports read themselves.
BESIDES = ("benchmarks", "registry_differences")


def dictionary_files(folder: str | Path) -> dict[str, list[Path]]:
    """The files of a dictionary by what they say: the program's, and those by which the folder extends it.

    Raises UserError(s) for a folder that is not there, and for CSV files that would go unread.
    """
    place = Path(folder)
    if not place.is_dir():
        raise UserError("there is no such folder of a dictionary", str(place), "Write its path from the study folder.")
    raise_all(
        UserError(
            "no such file belongs to a dictionary", str(path), did_you_mean(path.stem, (*FILES, *OF_STUDY, *BESIDES))
        )
        for path in sorted(place.glob("*.csv"))
        if path.stem not in (*FILES, *OF_STUDY, *BESIDES)
    )
    whose = [PROGRAM_DICTIONARY] if place.resolve() == PROGRAM_DICTIONARY else [PROGRAM_DICTIONARY, place]
    files = {name: [folder / f"{name}.csv" for folder in whose] for name in (*FILES, *OF_STUDY)}
    # The program's own files are needed; of a study's, those that there are.
    return {
        name: [path for path in paths if path.is_file() or (path.parent == PROGRAM_DICTIONARY and name in FILES)]
        for name, paths in files.items()
    }
