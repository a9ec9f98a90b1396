"""`python -m historical_controls.checking FOLDER`: checks the study in a folder; exit code 1 where a run would stop."""

from __future__ import annotations

import sys

from historical_controls.checking.printing import as_text, write_page
from historical_controls.checking.study import check_study


def main(folder: str) -> int:
    checked = check_study(folder)
    sys.stdout.write(as_text(checked))
    sys.stdout.write(f"The same as a page, with ids, for the study team only: {write_page(checked, folder)}\n")
    return 0 if checked.would_run else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
