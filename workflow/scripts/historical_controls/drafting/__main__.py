"""`python -m historical_controls.drafting FOLDER`: drafts config.yaml from the exports in FOLDER/data/raw."""

from __future__ import annotations

import sys

from historical_controls.drafting.study import write_draft
from historical_controls.errors import UserError


def main(folder: str) -> int:
    try:
        target = write_draft(folder)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    marks = target.read_text(encoding="utf-8").count("# CONFIRM:")
    own = [str(path) for path in sorted((target.parent / "dictionary").glob("*.csv"))]
    new = f" What no dictionary names has rows in {', '.join(own)}." if own else ""
    sys.stdout.write(f"{target}: {marks} lines to confirm.{new} Then: make check FOLDER={folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
