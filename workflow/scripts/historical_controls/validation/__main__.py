"""`python -m historical_controls.validation`: check this installation, and write what was found to a folder.

Three checks in about a minute: packages against the lock file, the mixed-model engine against R on public data, and a
small simulated study against the answers written down. With --study, the files and packages that the results of a
study were made from as well. Writes installation.md and requirements.md; ends with 1 where a check fails.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from historical_controls.errors import UserError
from historical_controls.installation import CHECKOUT
from historical_controls.provenance import VERSION, git_state
from historical_controls.validation.checks import Check, report
from historical_controls.validation.environment import environment_checks
from historical_controls.validation.references import reference_checks
from historical_controls.validation.requirements import requirements, requirements_page
from historical_controls.validation.small_study import small_study_checks, write_expected
from historical_controls.validation.study_files import study_checks

RERUN = "PYTHONPATH=workflow/scripts python -m historical_controls.validation"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="historical_controls.validation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("results/validation"), help="folder of the two pages")
    parser.add_argument("--study", type=Path, help="folder of a study with results")
    parser.add_argument("--write-expected", action="store_true", help="write the small study's answers down anew")
    asked = parser.parse_args()
    if asked.write_expected:
        write_expected(CHECKOUT)
    try:
        checks = list(installation_checks(CHECKOUT, asked.study))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "installation.md").write_text(report(checks, _opening(CHECKOUT)), encoding="utf-8")
    (asked.out / "requirements.md").write_text(requirements_page(requirements(CHECKOUT)), encoding="utf-8")
    failed = [one for one in checks if not one.passed]
    for one in failed:
        sys.stdout.write(f"FAILED: {one.group}, {one.name}: wanted {one.wanted}, got {one.got}\n")
    sys.stdout.write(f"{len(checks) - len(failed)} of {len(checks)} checks passed: {asked.out / 'installation.md'}\n")
    return 1 if failed else 0


def installation_checks(root: Path, study: Path | None = None) -> Iterator[Check]:
    """Yield every check of an installation; root: of the repository, study: folder of a study with results."""
    if study is not None:
        yield from study_checks(study)
    yield from environment_checks(root)
    yield from reference_checks(root)
    yield from small_study_checks(root)


def _opening(root: Path) -> Iterator[str]:
    yield from ("# Installation check", "")
    state = git_state(root)
    changed = " with changes" if state["git_dirty"] else ""
    yield f"Program {VERSION}, commit {state['git_commit']}{changed}."
    yield f"Python {platform.python_version()} on {platform.platform()}."
    yield f"To repeat: `{RERUN}`."


if __name__ == "__main__":
    raise SystemExit(main())
