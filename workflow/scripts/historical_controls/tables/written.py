"""What a job's log says of a table it wrote: rows, and what became of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

# The columns that say most of a table, in this order: the first one that the table has is counted.
COUNTED = ("fate", "severity", "analysis", "arm")
MOST = 12


class Tally:
    """Rows of a table written piece by piece, counted by the column that says most of it."""

    def __init__(self) -> None:
        self.rows = 0
        self.counts: Counter[str] = Counter()

    def add(self, piece: pd.DataFrame) -> None:
        """Count a piece."""
        self.rows += len(piece)
        column = next((name for name in COUNTED if name in piece.columns), None)
        if column:
            counts = piece[column].value_counts()
            self.counts.update({str(name): int(n) for name, n in counts[counts > 0].items()})

    def line(self, path: Path) -> str:
        """'path: 24,937 rows (clean 24,871, quarantined 66)'."""
        # Equal counts by name: two runs of the same data must log the same line.
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        parts = [f"{name} {count:,}" for name, count in ordered[:MOST] if name]
        rest = [f"{len(ordered) - MOST} more"] if len(ordered) > MOST else []
        return f"{path}: {self.rows:,} rows" + (f" ({', '.join([*parts, *rest])})" if parts else "")
