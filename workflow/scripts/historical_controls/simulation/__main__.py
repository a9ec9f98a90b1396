"""`python -m historical_controls.simulation <study folder>`: write the exports that its truth file describes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from historical_controls.errors import UserError
from historical_controls.simulation.study import TRUTH_FILE, simulate, write_study
from historical_controls.simulation.truth import load_truth


def main() -> int:
    parser = argparse.ArgumentParser(prog="historical_controls.simulation", description=__doc__)
    parser.add_argument("folder", help=f"study folder holding {TRUTH_FILE}")
    folder = Path(parser.parse_args().folder)
    try:
        written = write_study(simulate(load_truth(folder / TRUTH_FILE)), folder)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
