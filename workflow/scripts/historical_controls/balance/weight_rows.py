"""Rows of the results table on weights, gates and overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from historical_controls.ard.keys.analyses import AnalysisKey, gate_key
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.balance.covariates import Floats
from historical_controls.balance.gates import Gate
from historical_controls.balance.key_covariates import Flags, KeyCovariates
from historical_controls.balance.weights.weighting import Infeasible, Weighting, effective_size, largest_share

FORMATS = {Statistic.DIFFERENCE_LEFT: "0.000", Statistic.TOTAL_DISTANCE: "0.00", Statistic.PENALTY: "0.00"}
GATE_FORMATS = {
    "few_effective": "0.0",
    "one_weight": "0.00",
    "ratio_reduced": "0",
    "outside_calendar": "0.0",
    "far_from_controls": "percent",
    "unknown_in_arm": "percent",
    "treated_later": "0.0",
    "treatment_undated": "percent",
}
BINS = 12
YEARS = 5.0


def weight_rows(method: str, weighting: Weighting | Infeasible, key: KeyCovariates, scenario: str) -> Iterator[Row]:
    """Output 14.1.11: the target, the effective sizes and largest shares of one method, and how it came about."""
    cell = Cell(AnalysisKey.WEIGHTS, scenario, method)
    if isinstance(weighting, Infeasible):
        yield cell.text(Statistic.INFEASIBLE, weighting.reason)
        return
    yield cell.text(Statistic.TARGET, weighting.target)
    for arm, rows in (("treated", key.treated), ("historical", ~key.treated)):
        own = weighting.weights[rows]
        here = cell.at(arm=arm)
        yield here.number(Statistic.N, int((own > 0).sum()))
        yield here.number(Statistic.EFFECTIVE_SIZE, effective_size(own), format="0.0")
        yield here.number(Statistic.LARGEST_SHARE, largest_share(own), format="0.00")
    for name, value in weighting.facts.items():
        yield cell.number(name, value, format=FORMATS.get(name, "0"))


def imputed_rows(key: KeyCovariates, scenario: str) -> Iterator[Row]:
    """How many patients' key covariate was imputed."""
    cell = Cell(AnalysisKey.KEY_COVARIATES, scenario)
    for code, count in key.imputed().items():
        yield cell.at(outcome=code).number(Statistic.N_IMPUTED, count)


def gate_rows(method: str, gates: Iterable[Gate], scenario: str) -> Iterator[Row]:
    """Output 14.1.10: one analysis a gate, its state, what was found and what is declared."""
    for gate in gates:
        # `level` of a gate is an arm or a patient's display id; results have a column for each.
        arm = gate.level if gate.level in ARMS else ""
        level = "" if arm else gate.level
        cell = Cell(gate_key(gate.gate), scenario, method, outcome=gate.covariate, arm=arm, level=level)
        yield cell.text(Statistic.STATE, gate.state)
        form = GATE_FORMATS.get(gate.gate, "0.00")
        for name, value in ((Statistic.VALUE, gate.value), (Statistic.LIMIT, gate.limit)):
            if np.isfinite(value):
                yield cell.number(name, value, format=form)


def overlap_rows(
    columns: Mapping[str, tuple[str, Floats]], treated: Flags, ids: np.ndarray, scenario: str, public: bool
) -> Iterator[Row]:
    """Output 15.4: per covariate (unit, values) a histogram of the controls and the value of every treated patient.

    In public studies ages are bands of five years and a treated patient's age the middle of the band.
    """
    for code, (unit, values) in columns.items():
        rounded = public and code == "AGE"
        # An exact age beside a public display id would identify a treated patient.
        shown = (np.floor(values / YEARS) + 0.5) * YEARS if rounded else values
        cell = Cell(AnalysisKey.OVERLAP, scenario, outcome=code)
        yield from _histogram(cell.at(arm="historical"), shown[~treated], unit, rounded)
        for row in np.flatnonzero(treated & ~np.isnan(shown)):
            yield cell.at(arm="treated", level=str(ids[row])).number(Statistic.VALUE, shown[row], unit, "0.0")


def _histogram(cell: Cell, values: Floats, unit: str, banded: bool) -> Iterator[Row]:
    known = values[~np.isnan(values)]
    if not len(known):
        return
    width = YEARS if banded else _round_width(float(np.ptp(known)))
    # Edges are multiples of the width, so that bins of all covariates start at round numbers.
    first = np.floor(known.min() / width)
    # + 2: the edge above the bin that has the maximum, which arange leaves out.
    counts, edges = np.histogram(known, (first + np.arange(np.floor(known.max() / width) - first + 2)) * width)
    for number, count in enumerate(counts):
        here = cell.at(level=f"{number + 1:02d}")
        yield here.number(Statistic.LOWER, edges[number], unit, "0.0")
        yield here.number(Statistic.UPPER, edges[number + 1], unit, "0.0")
        yield here.number(Statistic.COUNT, int(count))


def _round_width(span: float) -> float:
    """1, 2 or 5 times a power of ten: about a dozen bins over the span; 1 where all values are the same."""
    if span <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(span / BINS))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power * BINS >= span))
