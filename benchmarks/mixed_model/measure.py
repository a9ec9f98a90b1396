"""Time and peak memory of one piece of work, told as one line of JSON."""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["slope", "slope_car1", "us", "kr"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=1)
    return parser.parse_args()


def forget_peak() -> None:
    """Let the peak start from what is resident now (Linux), so that reading and imports do not count twice."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


def peak_megabytes() -> float:
    """Peak resident memory of this process, its interpreter, packages and data included."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def shortest(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The least processor time of several runs, and the last result; on one thread other work does not count."""
    best, result = float("inf"), None
    for _ in range(repeats):
        # the last result must not count towards the next run's memory
        result = None
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def tell(peer: str, **values: Any) -> None:
    print(json.dumps({"peer": peer, **values, "peak_mb": round(peak_megabytes(), 1)}), flush=True)
