"""The sealed plan of a study: a file beside config.yaml, and what a config has become since.

The file holds the plan itself, its hash, the hashes of the inputs, and every later change with whether results existed
when it was sealed. A hash shows that the file is the one that was sealed; when that was, only a deposit elsewhere (a
registry, a journal, a colleague's mail) proves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from historical_controls.config.plan.plan import Change, changes, plan_hash
from historical_controls.errors import UserError

SEAL = "plan.sealed.json"


@dataclass(frozen=True)
class Amendment:
    """What one later sealing changed, and whether results of the study existed then."""

    sealed_on: str
    results_known: bool
    changes: tuple[Change, ...]
    plan_sha256: str


@dataclass(frozen=True)
class Seal:
    """The plan as it was first sealed, and as it was last. inputs: SHA-256 by path below the study folder.

    sealed_on: ISO date. commit: of the program, None outside a checkout.
    """

    sealed_on: str
    results_known: bool
    commit: str | None
    inputs: Mapping[str, str]
    first: Mapping[str, Any]
    plan: Mapping[str, Any]
    plan_sha256: str
    amendments: tuple[Amendment, ...] = ()

    def amended(self, plan: Mapping[str, Any], sealed_on: str, results_known: bool) -> Seal:
        """The seal with the differences to another plan as one more amendment; itself where there are none."""
        different = changes(self.plan, plan)
        if not different:
            return self
        new = Amendment(sealed_on, results_known, different, plan_hash(plan))
        return replace(self, plan=plan, plan_sha256=new.plan_sha256, amendments=(*self.amendments, new))


@dataclass(frozen=True)
class SealState:
    """How a plan stands to its seal.

    sealed: None without one; else whether it was sealed before results existed. since: every change since the first
    sealing that still holds; unsealed: those of them that no amendment names.
    """

    seal: Seal | None
    since: tuple[Change, ...] = ()
    unsealed: tuple[Change, ...] = ()

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
    return SealState(seal, changes(seal.first, plan), changes(seal.plan, plan))


def read_seal(path: str | Path) -> Seal:
    """Read a sealed plan. Raises UserError where the file is none or was changed by hand."""
    name = Path(path).name
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        amendments = tuple(
            Amendment(**{**one, "changes": tuple(Change(**change) for change in one["changes"])})
            for one in raw["amendments"]
        )
        checksum = raw.pop("file_sha256")
        seal = Seal(**{**raw, "amendments": amendments})
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


def seal_text(seal: Seal) -> str:
    """The file's text: JSON, keys in order, with a hash of all that it says."""
    # As it will be read again: tuples are lists there.
    content = json.loads(json.dumps(asdict(seal)))
    whole = {**content, "file_sha256": plan_hash(content)}
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
