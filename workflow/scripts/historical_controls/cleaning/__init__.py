"""What does each row say, and what became of every row: the cleaning stage."""

from .assemble import assemble_source
from .counts import ledger_ard
from .crosswalk import read_crosswalk
from .files import clean_blocks, clean_file
from .findings import Inspected, findings_ard, inspect_source, stop_where_suspect
from .joining import assemble_files
from .losses import loss_tally, losses_ard
from .outputs import CleanedFile, CleanSource, read_cleaned_file, write_cleaned_file
from .people import identity_facts, link_people
from .quarantine import held_records, quarantine_list
from .resolutions import read_resolutions

__all__ = [
    "CleanSource",
    "CleanedFile",
    "Inspected",
    "assemble_files",
    "assemble_source",
    "clean_blocks",
    "clean_file",
    "findings_ard",
    "held_records",
    "identity_facts",
    "inspect_source",
    "ledger_ard",
    "link_people",
    "loss_tally",
    "losses_ard",
    "quarantine_list",
    "read_cleaned_file",
    "read_crosswalk",
    "read_resolutions",
    "stop_where_suspect",
    "write_cleaned_file",
]
