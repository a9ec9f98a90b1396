"""Files generated from the code: `make docs` writes them, a test keeps them in step."""

from __future__ import annotations

from pathlib import Path

from historical_controls.calibration.page import PAGE, read_summary, validation_page
from historical_controls.config.study_config import json_schema
from historical_controls.generate.config_defaults import config_defaults
from historical_controls.generate.dictionary_page import dictionary_page
from historical_controls.generate.error_rates_page import ERROR_RATES, error_rates_page, read_rates
from historical_controls.generate.input_keys import input_keys
from historical_controls.generate.runs import runs_of, runs_text
from historical_controls.tables.exported import EXPORTS
from historical_controls.tables.registry import data_model

# workflow/scripts/historical_controls/generate/files.py: four folders below the root.
ROOT = Path(__file__).resolve().parents[4]


def generated_files() -> dict[str, str]:
    """Text by path from the repository root."""
    return {
        "docs/data_model.md": data_model(EXPORTS),
        "docs/config_defaults.yaml": config_defaults(),
        "docs/dictionary.md": dictionary_page(),
        "docs/input_keys.md": input_keys(),
        "workflow/schemas/config.schema.json": json_schema(),
        "workflow/schemas/part.schema.json": json_schema(part=True),
        PAGE: validation_page(read_summary(ROOT), runs_text(runs_of(ROOT, "validation"))),
        ERROR_RATES: error_rates_page(read_rates(ROOT), runs_text(runs_of(ROOT, "error_rates"))),
    }


def write_generated(root: Path) -> None:
    for path, text in generated_files().items():
        (root / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_generated(Path.cwd())
