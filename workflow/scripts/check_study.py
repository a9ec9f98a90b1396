"""Rule check: the study looked at before it is run; ends with an error where a run would stop."""

import sys
from typing import TYPE_CHECKING

from historical_controls.checking.findings import end_where_at_fault
from historical_controls.checking.printing import as_text, write_page
from historical_controls.checking.study import check_study
from historical_controls.errors import reported

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    checked = check_study(".")
    sys.stderr.write(as_text(checked))
    write_page(checked, ".")
    end_where_at_fault(checked)
