"""What does each row say, and what became of every row: the cleaning stage."""

from .assemble import assemble_source
from .counts import ledger_ard
from .files import clean_file
from .outputs import (
    CleanedFile,
    CleanSource,
    read_cleaned_file,
    write_clean_source,
    write_cleaned_file,
)
from .people import link_people

__all__ = [
    "CleanSource",
    "CleanedFile",
    "assemble_source",
    "clean_file",
    "ledger_ard",
    "link_people",
    "read_cleaned_file",
    "write_clean_source",
    "write_cleaned_file",
]
