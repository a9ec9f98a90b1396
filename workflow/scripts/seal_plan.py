"""Rule seal: the plan of the config, sealed beside it; a plan sealed before is amended, never replaced."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.config.plan.plan import plan_hash
from historical_controls.config.plan.seal import SEAL, Results, Seal, read_seal, seal_text
from historical_controls.errors import reported
from historical_controls.provenance import file_hash

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with reported(snakemake.log[0]) as log:
    plan, declared, path = snakemake.params.plan, snakemake.params.declared, Path(SEAL)
    # The one place where a clock is read: the day belongs to the seal and to no result.
    today, existing = date.today().isoformat(), Results.of("results")
    if path.is_file():
        before = read_seal(path)
        seal = before.amended(plan, today, existing, declared)
        last = None if seal is before else seal.amendments[-1]
        said = f"{len(last.changes)} keys and {len(last.defaults)} defaults changed" if last else "nothing has changed"
    else:
        inputs = {name: file_hash(name) for name in snakemake.input.raw}
        first = Seal(today, existing.any, snakemake.params.commit, inputs, plan, plan, plan_hash(plan))
        seal = replace(
            first, first_declared=declared, declared=declared, program=snakemake.params.program, known=existing.outcomes
        )
        said = "results of this folder existed already" if existing.any else "no results existed"
    path.write_text(seal_text(seal), encoding="utf-8")
    log.info(f"{SEAL}: {said}; SHA-256 of the plan {seal.plan_sha256}")
