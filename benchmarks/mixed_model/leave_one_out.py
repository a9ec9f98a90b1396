"""Exact leave-one-out of 50 subjects as a multiple of the fit alone, in one run on one thread."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import shortest

from data import generate

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.generate.runs import run_line
from historical_controls.mixed_model import Control, MixedModelSpec, build_design, fit_design, fit_mixed_model

MEAN = "y ~ arm * day + x"
SPECS = {
    "intercept": MixedModelSpec(MEAN, "id", "1"),
    "intercept and slope": MixedModelSpec(MEAN, "id", "1 + day"),
    "slope, ML": MixedModelSpec(MEAN, "id", "1 + day", reml=False),
    "slope per arm": MixedModelSpec(MEAN, "id", "1 + day", groups="arm"),
    "slope, two scales": MixedModelSpec(MEAN, "id", "1 + day", groups="arm", group_form="two_scales"),
    "slope, AR(1)": MixedModelSpec(MEAN, "id", "1 + day", residual="car1", time="day"),
    "slope, AR(1), one scale": MixedModelSpec(
        MEAN, "id", "1 + day", residual="car1", time="day", groups="arm", group_form="one_scale"
    ),
    "AR(1) over visits": MixedModelSpec(MEAN, "id", residual="ar1", visit="day"),
}
SUBJECTS = 50


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    table = generate(SUBJECTS)
    print(run_line(__file__) + "\n")
    print("| model | fit alone (ms) | with formula (ms) | leave-one-out (ms) | of the fit alone | with formula |")
    print("|---|---|---|---|---|---|")
    for name, spec in SPECS.items():
        design = build_design(table, spec)
        alone, fit = shortest(lambda design=design: fit_design(design, Control()), 3 * repeats)
        whole, _ = shortest(lambda spec=spec: fit_mixed_model(table, spec), repeats)
        out, answer = shortest(fit.influence, repeats)
        assert answer.converged.all()
        cells = (
            f"{1e3 * alone:.1f}",
            f"{1e3 * whole:.1f}",
            f"{1e3 * out:.0f}",
            f"{out / alone:.1f}",
            f"{out / whole:.1f}",
        )
        print("|", name, "|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
