"""Rule record_provenance: what the results were made from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.reading.resolved import resolved_text
from historical_controls.errors import reported
from historical_controls.provenance import file_hash, provenance

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]):
    params = snakemake.params
    hashes = {path: file_hash(path) for path in snakemake.input.raw}
    facts = json.dumps(provenance(hashes, params.config, params.seed, params.git), indent=2, ensure_ascii=False)
    Path(snakemake.output.provenance).write_text(facts + "\n", encoding="utf-8")
    Path(snakemake.output.config).write_text(resolved_text(params.config), encoding="utf-8")
