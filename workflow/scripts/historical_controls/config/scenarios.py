"""The scenarios that a config asks for: those written by hand, and those that the sensitivity grid makes by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.name_types import Timing
from historical_controls.config.study_config import Changeable, Config

# Methods that give weights; matching gives a sample, which is analysed as it is.
WEIGHTED = ("entropy", "overlap")
ALTITUDES = ("raw", "times_pb_over_760", "times_760_over_pb")
RESTRICTIONS: dict[str, dict[str, Any]] = {
    "treated_who_pass": {"treated_must_pass": True},
    "early_deaths": {"time_zero": {"drop_early_deaths_hours": 48}},
    # Starting treated patients before their wait leaves nothing for controls to wait for.
    "from_eligibility": {"time_zero": {"treated_start": "eligibility", "match_waits": False}},
}
ADJUSTMENTS: dict[str, dict[str, Any]] = {
    "without_covariates": {"covariates": []},
    "without_baseline": {"covariates": [], "adjust_for_baseline": False},
    "straight_line": {"spline_df": 1},
    "visit_intensity": {"visit_weights": "inverse_intensity", "df_method": "satterthwaite"},
    "baseline_at_limit": {"baseline_limits": "limit"},
}
# Scenarios that are computed together, so that a change of one kind leaves the others' results alone.
BATCHES: dict[str, tuple[str, ...]] = {
    "readings": ("readings",),
    "population": ("altitude", "calendar_windows", "eras", "restrictions", "sources"),
    "methods": ("weightings", "rungs", "adjustments", "limits"),
    "specification": ("specification",),
}
# Batches whose scenarios have cohorts of their own; the others share the primary one.
COHORT_BATCHES = ("readings", "population", "specification")


@dataclass(frozen=True)
class Variant:
    """A scenario of the grid. kind: key of `sensitivity`; value: which of its entries ('persistence=any', 'half');
    overrides: as in a scenario written by hand."""

    kind: str
    value: str
    overrides: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        """'readings.persistence=any': no name written by hand holds a dot."""
        return f"{self.kind}.{self.value}"


def grid(config: Config) -> dict[str, Variant]:
    """Every scenario of the grid by name, in the order of the declaration; none where nothing is compared."""
    if config.single_arm:
        return {}
    return {variant.name: variant for variant in _variants(config)}


def batches(config: Config) -> dict[str, dict[str, Variant]]:
    """The grid's scenarios by batch; batches without any are left out."""
    variants = grid(config)
    found = {
        batch: {name: one for name, one in variants.items() if one.kind in kinds} for batch, kinds in BATCHES.items()
    }
    return {batch: own for batch, own in found.items() if own}


def cohort_owner(config: Config, name: str) -> str:
    """The scenario written by hand (or 'primary') whose cohort this one shares: the first with the same settings."""
    return _owner(config, name, ("cohort",))


def balance_owner(config: Config, name: str) -> str:
    """The same for cohort and balance together."""
    return _owner(config, name, ("cohort", "balance"))


def _owner(config: Config, name: str, sections: tuple[Changeable, ...]) -> str:
    own = _changed(config, name, sections)
    # The first scenario with these settings owns the cohort, so that equal cohorts are made once.
    return next(other for other in config.scenario_names if _changed(config, other, sections) == own)


def _changed(config: Config, name: str, sections: tuple[Changeable, ...]) -> dict[str, Any]:
    if name == "primary":
        return {}
    overrides = config.scenarios[name].overrides
    return {section: overrides[section] for section in sections if overrides.get(section)}


def _variants(config: Config) -> Iterator[Variant]:
    asked, cohort = config.sensitivity, config.cohort
    for picks in _single_readings(cohort, asked.readings):
        yield Variant("readings", _level(picks), {"cohort": {"read_as": {**cohort.read_as, **picks}}})
    for convention in ALTITUDES if asked.altitude else ():
        if convention != cohort.altitude.convention:
            yield _of_cohort("altitude", convention, {"altitude": {"convention": convention}})
    for weeks in asked.calendar_windows:
        yield _of_cohort("calendar_windows", f"{weeks:g}", {"calendar_window_weeks": weeks})
    reference = config.study.calendar_reference
    for era in asked.eras:
        side = "controls_before" if era == "before_reference" else "controls_from"
        # The config refuses eras without a reference.
        if reference is not None:
            yield _of_cohort("eras", era, {side: reference.isoformat()})
    for restriction in asked.restrictions:
        yield _of_cohort("restrictions", restriction, RESTRICTIONS[restriction])
    yield from _without_sources(config)
    yield from _of_analysis(config)
    for picks in _products(cohort, asked.specification.readings):
        yield Variant("specification", _level(picks), {"cohort": {"read_as": {**cohort.read_as, **picks}}})


def _of_cohort(kind: str, value: str, change: Mapping[str, Any]) -> Variant:
    return Variant(kind, value, {"cohort": change})


def _level(picks: Mapping[str, str]) -> str:
    return "+".join(f"{name}={option}" for name, option in picks.items())


def _single_readings(cohort: Cohort, asked: str | list[str]) -> Iterator[dict[str, str]]:
    taken = cohort.picked()
    for name, option in cohort.options():
        # The option taken is the primary analysis itself.
        if taken[name] != option and (asked == "all" or name in asked):
            yield {name: option}


def _products(cohort: Cohort, names: list[str]) -> Iterator[dict[str, str]]:
    """Every combination of the options of these readings; nothing where none is named."""
    if names:
        for options in product(*(cohort.readings[name].options for name in names)):
            yield dict(zip(names, options, strict=True))


def _without_sources(config: Config) -> Iterator[Variant]:
    historical = [name for name, source in config.sources.items() if source.arm == "historical"]
    # Without its only historical source a study has no controls.
    if config.sensitivity.leave_out_sources and len(historical) > 1:
        for name in historical:
            yield _of_cohort("sources", name, {"leave_out_sources": [*config.cohort.leave_out_sources, name]})


def _of_analysis(config: Config) -> Iterator[Variant]:
    asked, analysis = config.sensitivity, config.analysis
    methods = config.balance.methods if asked.weightings == "all" else asked.weightings
    for method in methods:
        if method != analysis.weighting:
            yield Variant("weightings", method, {"analysis": weighted(config, method)})
    for rung in analysis.ladder:
        if asked.rungs == "all" or rung.id in asked.rungs:
            yield Variant("rungs", rung.id, {"analysis": {"ladder": [rung.model_dump(mode="json")]}})
    for adjustment in asked.adjustments:
        yield Variant("adjustments", adjustment, {"analysis": _adjusted(config, adjustment)})
    for limit in asked.limits:
        yield Variant("limits", limit, {"analysis": {"limits": "half_the_limit"}})


def _adjusted(config: Config, adjustment: str) -> dict[str, Any]:
    """What an adjustment changes; time axes are added to the covariates declared, the same one not twice."""
    if adjustment == "time_axes":
        return {"covariates": list(dict.fromkeys([*config.analysis.covariates, *get_args(Timing)]))}
    return ADJUSTMENTS[adjustment]


def weighted(config: Config, method: str) -> dict[str, Any]:
    """The analysis settings of a weighting; weights go with Satterthwaite degrees of freedom (CR2)."""
    df = {"df_method": "satterthwaite"} if method in WEIGHTED else {}
    return {"weighting": method, **df}


def specified_weightings(config: Config) -> list[dict[str, Any]]:
    """What each weighting of the specification curve changes in the analysis; 'none' is the unweighted one."""
    asked = config.sensitivity.specification.weightings
    methods = ["none", *config.balance.methods] if asked == "all" else asked
    unweighted = {"df_method": config.analysis.df_method} if config.analysis.weighting not in WEIGHTED else {}
    return [{"weighting": "none", **unweighted} if one == "none" else weighted(config, one) for one in methods]
