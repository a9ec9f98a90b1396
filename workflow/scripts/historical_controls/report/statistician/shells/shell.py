"""What a table shell is: which results make its lines, which its columns, and under which heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer

Cell = tuple[Statistic, ...]
# Whether a line is shown, from its keys by name and its results.
Keep = Callable[[Printer, Mapping[str, str | float | None], list[Result]], bool]
# How a cell of one, two or three numbers is printed: '5', '2 (40%)', '25 (-4 to 55)'; both limits alone: '-4 to 55';
# two shifts of which either changes the conclusion: '-7.8 or 3.1'.
LIMITS: Cell = (Statistic.LOWER, Statistic.UPPER)
BOUNDS: Cell = (Statistic.LEAST, Statistic.MOST)
SHIFTS: Cell = (Statistic.TO_ABOVE, Statistic.TO_BELOW)
SHARE: Cell = (Statistic.SHARE, *LIMITS)
MEAN: Cell = (Statistic.MEAN, *LIMITS)
WIN_ODDS: Cell = (Statistic.WIN_ODDS, *LIMITS)
QUARTILES: Cell = (Statistic.MEDIAN, Statistic.Q1, Statistic.Q3)
REASON: Cell = (Statistic.NOT_ESTIMABLE,)
HEADS = {Statistic.WIN_ODDS: "win_odds", Statistic.WIN_RATIO: "win_ratio_head", Statistic.LEAST: "least_most"}
ANY = "any"  # across: whatever arm, where the lines themselves say which


@dataclass(frozen=True)
class Column:
    """One column. `head`: entry 'shell.<head>'; `cells`: printed is the first whose first statistic has a result.

    `across`: the arm, CONTRAST, or '' for neither; `analysis`: where it is not the shell's; `method`: '' for any;
    `at`: keys that lines do not have, as the level of a row of totals; `each`: a key of which every value that the
    results have makes a column of its own, as the differences that a study declares for a trial; `note`: an entry
    'shell.<note>' beneath the tables that have the column.
    """

    head: str
    cells: tuple[Cell, ...]
    across: str = ""
    analysis: AnalysisKey | None = None
    method: str = ""
    at: Mapping[str, str] = field(default_factory=dict)
    each: str = ""
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Columns under a spanning head: an arm, the contrast, or an entry 'shell.<head>'; '' for none."""

    head: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Shell:
    """One display.

    `title`, `notes`: entries of the locale below 'shell'; `stub`: the keys that name a line, those but the last in a
    line of their own above the indented ones; `where`: keys that all lines share; `order`: the statistic that orders
    lines; `any_output`: lines registered under other outputs as well; `keep`: which lines are shown;
    `blank`: what a line without a name is called.
    """

    title: str
    analysis: AnalysisKey
    stub: tuple[str, ...]
    groups: tuple[Group, ...]
    where: Mapping[str, str] = field(default_factory=dict)
    order: Statistic | None = None
    any_output: bool = False
    notes: tuple[str, ...] = ()
    keep: Keep | None = None
    blank: str = "total"
    columns: tuple[tuple[str, Column], ...] = field(init=False)

    def __post_init__(self) -> None:
        flat = tuple((group.head, column) for group in self.groups for column in group.columns)
        # The dataclass is frozen; the flat list is computed once and not by every reader.
        object.__setattr__(self, "columns", flat)


def by_arm(*columns: Column) -> tuple[Group, ...]:
    """The same columns for each arm, treated first."""
    return tuple(Group(arm, tuple(replace(column, across=arm) for column in columns)) for arm in ARMS)


def alone(*columns: Column) -> Group:
    """Columns without a spanning head."""
    return Group("", columns)


def difference(*more: Column, method: str = "", cells: tuple[Cell, ...] = (INTERVAL,)) -> Group:
    """The contrast with its interval, and what is beside it; win odds are no difference and are named as such."""
    head = HEADS.get(cells[0][0], "estimate")
    group = "comparison" if cells[0] == WIN_ODDS else CONTRAST
    return Group(group, (Column(head, cells, CONTRAST, method=method), *more))


def statistic(head: str, *names: Statistic, across: str = "", **more: object) -> Column:
    """A column of single statistics, each instead of the one before where that has no result."""
    return Column(head, tuple((name,) for name in names), across, **more)  # type: ignore[arg-type]
