"""This library beside lme4, nlme, pbkrtest, mmrm, statsmodels and mixedlm-rs, one thread each, as ratios of one run.

    python benchmarks/mixed_model/compare.py [--sizes 30 505 20050] [--tasks slope kr] [--repeats 3]

Every peer runs in a process of its own on the same generated data; one that is not installed, does not fit the task or
takes longer than the limit is left out and said so. See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from data import generate, write

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.generate.runs import run_line

HERE = Path(__file__).resolve().parent
PEERS = {
    "slope": ["ours", "lme4", "nlme", "mixedlm-rs", "statsmodels"],
    "slope_car1": ["ours", "nlme"],
    "us": ["ours", "mmrm"],
    "kr": ["ours", "pbkrtest"],
}
# sizes beyond which a peer is known to take very long; --all runs them too
LARGEST = {"statsmodels": 20_050, "nlme": 20_050, "pbkrtest": 20_050}
SIZES = {"slope": [30, 505, 20_050, 100_050], "slope_car1": [30, 505, 20_050], "us": [505], "kr": [30, 505, 20_050]}


def command(peer: str, task: str, folder: Path, repeats: int, other_python: str) -> list[str]:
    """How to start a peer's side."""
    if peer in ("lme4", "nlme", "pbkrtest", "mmrm"):
        return ["Rscript", str(HERE / "peers.R"), peer, task, str(folder), str(repeats)]
    script = {"ours": "ours.py", "statsmodels": "peer_statsmodels.py", "mixedlm-rs": "peer_mixedlm_rs.py"}[peer]
    python = other_python if peer == "mixedlm-rs" else sys.executable
    return [python, str(HERE / script), task, str(folder), "--repeats", str(repeats)]


def run(parts: list[str], limit: float) -> dict[str, Any] | str:
    """The line of JSON a side told, or why there is none."""
    if shutil.which(parts[0]) is None:
        return f"{parts[0]} is not installed"
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    try:
        done = subprocess.run(parts, capture_output=True, text=True, timeout=limit, env=os.environ | single)
    except subprocess.TimeoutExpired:
        return f"not finished in {limit:g} s"
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return (done.stderr.strip().splitlines() or ["told nothing"])[-1][:100]
    return dict(json.loads(lines[-1]))


def repeats_for(size: int, peer: str, wanted: int) -> int:
    """Many for what takes milliseconds, one for what takes minutes."""
    if size <= 30:
        return wanted * 10
    return wanted if size <= 505 or peer not in LARGEST else 1


def show(task: str, size: int, peer: str, told: dict[str, Any] | str, ours: dict[str, Any]) -> str:
    """One row of the table: the ratio is this peer's time over ours, so above one we are the faster."""
    head = f"| {task} | {size:,} | {peer} "
    if isinstance(told, str):
        return f"{head}| {told} | | | |"
    ratio = told["seconds"] / ours["seconds"]
    whole = f"{told['with_formula']:.4g}" if "with_formula" in told else ""
    return f"{head}| {told['seconds']:.4g} | {whole} | {ratio:.3g} | {told['peak_mb']:.0f} |{difference(told, ours)}"


def difference(told: dict[str, Any], ours: dict[str, Any]) -> str:
    """The peer's answers less ours: log-likelihood absolutely (negative: ours is higher), the rest relatively."""
    parts = []
    for name in ("loglik", "arm", "se", "df"):
        if name in told and name in ours and told["peer"] != "ours":
            gap = (told[name] - ours[name]) / (1.0 if name == "loglik" else abs(ours[name]))
            parts.append(f"{name} {gap:+.0e}")
    return f" {', '.join(parts)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--sizes", nargs="+", type=int, help="numbers of subjects (default: the table's)")
    parser.add_argument("--peers", nargs="+", help="only these, beside ours")
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--limit", type=float, default=900, help="seconds before a peer is given up")
    parser.add_argument("--other-python", default=sys.executable, help="interpreter that has mixedlm-rs")
    parser.add_argument("--all", action="store_true", help="also sizes at which a peer takes very long")
    options = parser.parse_args()
    print(run_line(__file__) + "\n")
    print(
        "| task | subjects | peer | fit alone (s) | with formula (s) | times ours | peak (MB) | its answers less ours |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for task in options.tasks:
        for size in options.sizes or SIZES[task]:
            with tempfile.TemporaryDirectory() as folder:
                write(generate(size), Path(folder))
                compare(task, size, Path(folder), options)


def compare(task: str, size: int, folder: Path, options: argparse.Namespace) -> None:
    ours: dict[str, Any] = {}
    for peer in PEERS[task]:
        if peer != "ours" and options.peers and peer not in options.peers:
            continue
        if size > LARGEST.get(peer, size) and not options.all:
            print(show(task, size, peer, "not tried", ours), flush=True)
            continue
        count = repeats_for(size, peer, options.repeats)
        told = run(command(peer, task, folder, count, options.other_python), options.limit)
        if peer == "ours":
            if isinstance(told, str):
                print(show(task, size, peer, told, ours), flush=True)
                return
            ours = told
        print(show(task, size, peer, told, ours), flush=True)


if __name__ == "__main__":
    main()
