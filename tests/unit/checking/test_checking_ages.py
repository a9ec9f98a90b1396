"""Ages in whole years in one source and in months in another: said of children, and of nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_checking import folder, settings, write

from historical_controls.checking.study import check_study

assert folder  # the fixture of the other checks


@pytest.mark.parametrize(
    ("months", "covariates", "said"),
    [
        # 2 years and 5 months against whole years: up to one too low.
        (29, ["AGE"], True),
        # The same in both, and in nobody's table.
        (24, ["AGE"], False),
        (29, ["SEX"], False),
        # Half a year sets no adults apart.
        (12 * 60 + 5, ["AGE"], False),
    ],
)
def test_ages_of_children(folder: Path, months: int, covariates: list[str], said: bool) -> None:
    config = settings()
    for arm, unit, age in (("treated", "months", months), ("historical", "years", months // 12)):
        part = config["sources"][arm]["files"]["all"]["parts"][0]
        part["columns"]["age"] = {"characteristic": "AGE", "unit": unit}
        path = folder / f"data/raw/{arm}.csv"
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([f"{head},age", *(f"{row},{age}" for row in rows)]) + "\n", encoding="utf-8")
    config["balance"] = {"covariates": covariates}
    checked = check_study(write(folder, config))
    assert checked.faults == ()
    told = "AGE is in whole years in historical and with months in treated: whole years are up to one too low"
    assert [one.startswith(told) for one in checked.warnings if one.startswith("AGE")] == ([True] if said else [])
