"""`pip install .` in an environment with nothing else: the README's lines give their numbers there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.slow


def test_a_bare_environment_gives_the_numbers_of_pbkrtest(tmp_path: Path) -> None:
    """tests/data/engine/lme4_sleepstudy.json: pbkrtest 0.5.2 on lmer(Reaction ~ Days + (Days | Subject))."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "bare"], check=True)
    python = tmp_path / "bare/bin/python"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run([python, "-m", "pip", "install", "--quiet", ROOT], check=True, timeout=1800)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    snippet = next(code for code in re.findall(r"```python\n(.*?)```", readme, re.S) if "fit_mixed_model" in code)
    script = tmp_path / "three_lines.py"
    script.write_text(
        snippet
        + textwrap.dedent("""
            import json
            import historical_controls
            slope = fit.contrast([0, 1])
            print(json.dumps([slope.estimate, slope.standard_error, slope.df, historical_controls.__file__]))
        """),
        encoding="utf-8",
    )
    done = subprocess.run([python, script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *numbers, place = json.loads(done.stdout.splitlines()[-1])
    # Of the installation, not of this checkout.
    assert str(tmp_path) in place
    reference = json.loads((ROOT / "tests/data/engine/lme4_sleepstudy.json").read_text(encoding="utf-8"))
    days = next(one for one in reference["tests"] if one["label"] == "Days")
    assert numbers == pytest.approx([days["estimate"], days["kr_se"], days["kr_df"]], abs=1e-6)
