"""Reference fits: shipped ones in tests/data/engine, the rest where HC_REAL_DATA points."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.mixed_model import MixedModelFit, MixedModelSpec

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "tests" / "data" / "engine"
REAL = Path(os.environ.get("HC_REAL_DATA", ROOT / ".." / "shared" / "data")) / "engine_reference"


def reference(name: str) -> dict[str, Any]:
    """A result by its file name without suffix."""
    shipped = SHIPPED / f"{name}.json"
    return json.loads((shipped if shipped.exists() else REAL / "results" / f"{name}.json").read_text())


def table(name: str) -> pd.DataFrame:
    """A data set with the level orders that the references were fitted with."""
    shipped = SHIPPED / f"{name}.csv"
    data = pd.read_csv(shipped if shipped.exists() else REAL / "data" / f"{name}.csv")
    if name == "Orthodont":
        data["Sex"] = pd.Categorical(data["Sex"], categories=["Male", "Female"])
    if name == "fev_data":
        data = data.dropna(subset=["FEV1"])
        data["SEX"] = pd.Categorical(data["SEX"], categories=["Male", "Female"])
        data["AVISIT"] = pd.Categorical(data["AVISIT"], ["VIS1", "VIS2", "VIS3", "VIS4"], ordered=True)
    if name == "ards_visits":
        data["arm"] = np.where(data["group"] == 1, "TRT", "CTL")
        data["visit"] = data["day"].astype("category")
    return data


def lme4_case(name: str) -> tuple[pd.DataFrame, MixedModelSpec]:
    """Table and specification behind an lme4 reference."""
    dataset, _, kind = name.partition("__")
    fixed = {"sleepstudy": "Reaction ~ Days", "Orthodont": "distance ~ age * Sex"}.get(
        dataset, "y ~ group * day + baseline"
    )
    subject = "Subject" if dataset in ("sleepstudy", "Orthodont") else "patient_id"
    time = {"sleepstudy": "Days", "Orthodont": "age"}.get(dataset, "day")
    data = table(dataset)
    if kind == "cat":
        data["day"] = data["day"].astype("category")
    random = "1" if kind in ("ri", "cat") else f"1 + {time}"
    return data, MixedModelSpec(fixed, subject, random, random_correlated=kind != "uncorr")


def mmrm_case(dataset: str, structure: str) -> tuple[pd.DataFrame, MixedModelSpec]:
    """Table and specification behind an mmrm reference."""
    residual, own, _ = structure.partition("_grouped")
    if dataset == "fev_data":
        fixed = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"
        spec = MixedModelSpec(fixed, "USUBJID", residual=residual, visit="AVISIT", groups="ARMCD" if own else None)
    elif structure == "sp_exp":
        spec = MixedModelSpec("y ~ baseline + arm * visit", "patient_id", residual="car1", time="day")
    else:
        spec = MixedModelSpec(
            "y ~ baseline + arm * visit",
            "patient_id",
            residual=residual,
            visit="visit",
            groups="arm" if own else None,
        )
    return table(dataset), spec


def positions(fit: MixedModelFit, names: list[str]) -> list[int]:
    """Where R's coefficients stand among ours."""
    own = [_plain(name) for name in fit.names]
    return [own.index(_plain(name)) for name in names]


def _plain(name: str) -> str:
    return name.replace("(Intercept)", "Intercept").replace("[T.", "").replace("]", "").replace("dayf", "day")
