"""Looks at the text of the config before Snakemake reads it: keys that are written twice, and config that is code."""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

PROGRAM = Path(workflow.current_basedir).parent.parent
SCRIPTS = PROGRAM / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS))

from historical_controls.config.reading.strict_yaml import check_text
from historical_controls.errors import UserError

if Path("config.yaml").is_file():
    try:
        check_text("config.yaml")
    except UserError as error:
        raise WorkflowError(str(error))
