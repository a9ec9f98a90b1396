"""The sealed plan of a study: a file beside config.yaml, and what a config has become since.

The file holds the plan itself, the declaration that it was made of, the hash of the plan, the hashes of the inputs, and
every later change with whether results existed when it was sealed. A default that a later version of the program has
changed is no amendment: the sealed declaration, read by that version, gives it as well. A hash shows that the file is
the one that was sealed; when that was, only a deposit elsewhere (a registry, a journal, a colleague's mail) proves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from historical_controls.config.plan.declaration import resolved_today
from historical_controls.config.plan.plan import Change, changes, plan_hash
from historical_controls.errors import UserError

SEAL = "plan.sealed.json"


@dataclass(frozen=True)
class Results:
    """Whether a study folder holds results, and of which outcomes."""

    any: bool = False
    outcomes: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: str | Path) -> Results:
        """Look at the results of a study folder: `analysis` has one table for each outcome, and one for all events."""
        analysed = Path(folder) / "analysis"
        own = sorted(path.stem for path in (analysed / "primary").glob("*.parquet"))
        events = ["events"] if any((analysed / "primary").glob("events/*.parquet")) else []
        return cls(any(analysed.glob("**/*.parquet")), (*own, *events))


@dataclass(frozen=True)
class Amendment:
    """What one later sealing changed, and which results of the study existed then.

    changes: of the declaration; defaults: what another version of the program made of the same declaration. known:
    codes of the outcomes whose results existed, none in seals of programs that did not keep them.
    """

    sealed_on: str
    results_known: bool
    changes: tuple[Change, ...]
    plan_sha256: str
    defaults: tuple[Change, ...] = ()
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seal:
    """The plan as it was first sealed, and as it was last. inputs: SHA-256 by path below the study folder.

    sealed_on: ISO date. commit: of the program, None outside a checkout. first_declared, declared: what was written in
    the config, as YAML, at the first and the last sealing; program: version that filled in the defaults of `first`. All
    three are None in seals of programs that did not keep them.
    """

    sealed_on: str
    results_known: bool
    commit: str | None
    inputs: Mapping[str, str]
    first: Mapping[str, Any]
    plan: Mapping[str, Any]
    plan_sha256: str
    amendments: tuple[Amendment, ...] = ()
    first_declared: str | None = None
    declared: str | None = None
    program: str | None = None
    known: tuple[str, ...] = ()

    def amended(self, plan: Mapping[str, Any], sealed_on: str, existing: Results, declared: str | None = None) -> Seal:
        """The seal with the differences to another plan as one more amendment; itself where there are none.

        existing: the results that there are; declared: what the config says, as YAML.
        """
        own, defaults = divided(self.plan, plan, resolved_today(self.declared))
        if not own and not defaults:
            return self
        new = Amendment(sealed_on, existing.any, own, plan_hash(plan), defaults, existing.outcomes)
        all_of_them = (*self.amendments, new)
        return replace(self, plan=plan, plan_sha256=new.plan_sha256, declared=declared, amendments=all_of_them)

    @property
    def n_amendments(self) -> int:
        """How often the declaration was changed and sealed again."""
        return sum(bool(one.changes) for one in self.amendments)


@dataclass(frozen=True)
class SealState:
    """How a plan stands to its seal.

    sealed: None without one; else whether it was sealed before results existed. since: every change since the first
    sealing that still holds; unsealed: those of them that no amendment names; defaults: what this version of the
    program fills in otherwise than the one that sealed. divided: whether the two can be told apart.
    """

    seal: Seal | None
    since: tuple[Change, ...] = ()
    unsealed: tuple[Change, ...] = ()
    defaults: tuple[Change, ...] = ()
    divided: bool = True

    @property
    def word(self) -> str:
        """'not_sealed', 'sealed', 'sealed_late' (results existed) or 'amended'."""
        if self.seal is None:
            return "not_sealed"
        if self.since:
            return "amended"
        return "sealed_late" if self.seal.results_known else "sealed"


def seal_state(seal: Seal | None, plan: Mapping[str, Any]) -> SealState:
    """Compare the plan of the config with what was sealed."""
    if seal is None:
        return SealState(None)
    today = resolved_today(seal.first_declared)
    since, defaults = divided(seal.first, plan, today)
    unsealed, _ = divided(seal.plan, plan, resolved_today(seal.declared))
    # A default that has changed is no one's to seal, also where the last declaration was not kept.
    named = {change.key for change in since}
    return SealState(
        seal, since, tuple(change for change in unsealed if change.key in named), defaults, today is not None
    )


def divided(
    sealed: Mapping[str, Any], plan: Mapping[str, Any], today: Mapping[str, Any] | None
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return what differs from a sealed plan: changes of the declaration, and changes of the program's defaults.

    today: the plan that this program makes of the sealed declaration; None counts every difference as a change of the
    declaration.
    """
    different = changes(sealed, plan)
    if today is None:
        return different, ()
    # What the sealed declaration gives today as well, nobody has declared otherwise.
    declared = {change.key for change in changes(today, plan)}
    own = tuple(change for change in different if change.key in declared)
    return own, tuple(change for change in different if change.key not in declared)


def read_seal(path: str | Path) -> Seal:
    """Read a sealed plan. Raises UserError where the file is none or was changed by hand."""
    name = Path(path).name
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        amendments = tuple(
            Amendment(
                **one
                | {name: _read_changes(one.get(name, ())) for name in ("changes", "defaults")}
                | {"known": tuple(one.get("known", ()))}
            )
            for one in raw["amendments"]
        )
        checksum = raw.pop("file_sha256")
        seal = Seal(**{**raw, "amendments": amendments, "known": tuple(raw.get("known", ()))})
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{name} is no sealed plan", str(path), "delete it and seal anew (`snakemake seal`), or restore a copy"
        ) from error
    if checksum != plan_hash(raw) or seal.plan_sha256 != plan_hash(seal.plan):
        raise UserError(
            f"{name} was changed after it was sealed: its hash is another",
            str(path),
            "restore the sealed file; changes of the plan are made in config.yaml and sealed by `snakemake seal`",
        )
    return seal


def _read_changes(raw: Iterable[Mapping[str, str]]) -> tuple[Change, ...]:
    return tuple(Change(**change) for change in raw)


def seal_text(seal: Seal) -> str:
    """The file's text: JSON, keys in order, with a hash of all that it says."""
    # As it will be read again: tuples are lists there.
    content = json.loads(json.dumps(asdict(seal)))
    whole = {**content, "file_sha256": plan_hash(content)}
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
