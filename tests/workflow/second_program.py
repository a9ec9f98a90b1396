"""The example's answers once more, from the raw exports, in plain numpy, scipy and pandas: nothing of the library.

Who is compared, and from which hour, is read from the run (second_program_cohort.py finds the same from the exports);
everything after that is computed here from the files as the hospital sent them.
Written from docs/methods.md, not from the code.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, stats

ZONE = "America/Mexico_City"
LOW, HIGH = {"PAO2": 19.0, "FIO2": 0.21, "PF": 30.0}, {"PAO2": 600.0, "FIO2": 1.0, "PF": 700.0}


# ---------------------------------------------------------------- values
def number(text: pd.Series, decimal: str) -> pd.Series:
    plain = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False) if decimal == "," else text
    return pd.to_numeric(plain, errors="coerce")


def blood_gases(raw: Path) -> pd.DataFrame:
    """P/F of every arterial gas of both sources: person, time, value."""
    sent = pd.read_csv(raw / "historical/gasometrias.csv", sep=";", encoding="latin-1", dtype=str)
    sent = sent[sent["tipo_muestra"] == "arterial"]
    percent = sent["unidad_fio2"] == "%"
    fio2 = number(sent["fio2"], ",").where(sent["unidad_fio2"].isin(["%", "fracción"]))
    old = pd.DataFrame(
        {
            "person": "historical/" + sent["expediente"].str.strip(),
            "time": pd.to_datetime(sent["fecha_hora"], format="%d/%m/%Y %H:%M", errors="coerce"),
            "pao2": number(sent["po2_mmhg"], ","),
            "fio2": fio2.where(~percent, fio2 / 100),
        }
    )
    sent = pd.read_csv(raw / "treated/redcap_export.csv", dtype=str)
    sent = sent[sent["redcap_repeat_instrument"] == "blood_gas"]
    new = pd.DataFrame(
        {
            "person": "treated/" + sent["record_id"],
            "time": pd.to_datetime(sent["bg_dt"], format="%Y-%m-%d %H:%M", errors="coerce"),
            "pao2": number(sent["bg_pao2"], "."),
            "fio2": number(sent["bg_fio2"], "."),
        }
    )
    both = pd.concat([old, new]).drop_duplicates().dropna()
    both = both[both["pao2"].between(LOW["PAO2"], HIGH["PAO2"]) & both["fio2"].between(LOW["FIO2"], HIGH["FIO2"])]
    both = both.assign(value=both["pao2"] / both["fio2"])
    return both.loc[both["value"].between(LOW["PF"], HIGH["PF"]), ["person", "time", "value"]]


def laboratory(raw: Path, analyte: str, column: str, factors: dict[str, float]) -> pd.DataFrame:
    """An analyte of both sources: person, time, value, and `below` where only a limit above it was sent.

    A line with more cells than headings says nothing.
    """
    with (raw / "historical/laboratorio.csv").open(encoding="latin-1", newline="") as file:
        head, *lines = csv.reader(file, delimiter=";")
    sent = pd.DataFrame([line for line in lines if len(line) == len(head)], columns=head)
    sent = sent[sent["analito"] == analyte]
    limit = sent["resultado"].str.extract(r"^(?:<|menor a) ?([\d,]+)$")[0]
    old = pd.DataFrame(
        {
            "person": "historical/" + sent["expediente"].str.strip(),
            "time": pd.to_datetime(sent["fecha_toma"], format="%d/%m/%Y %H:%M", errors="coerce"),
            "value": number(sent["resultado"].where(limit.isna(), limit), ",") * sent["unidad"].map(factors),
            "below": limit.notna(),
        }
    )
    sent = pd.read_csv(raw / "treated/redcap_export.csv", dtype=str)
    sent = sent[sent["redcap_repeat_instrument"] == "labs"]
    new = pd.DataFrame(
        {
            "person": "treated/" + sent["record_id"],
            "time": pd.to_datetime(sent["lab_dt"], format="%Y-%m-%d %H:%M", errors="coerce"),
            "value": number(sent[column], "."),
            "below": False,
        }
    )
    return pd.concat([old, new]).drop_duplicates().dropna()


def platelets(raw: Path) -> pd.DataFrame:
    """Platelets in 10^9/L."""
    both = laboratory(raw, "Plaquetas", "lab_plt", {"10^3/uL": 1.0, "cels/uL": 1e-3})
    return both[both["value"].between(2, 1700)]


def procalcitonin(raw: Path) -> pd.DataFrame:
    """Procalcitonin in ng/mL, some of it known as below the limit alone."""
    both = laboratory(raw, "Procalcitonina", "lab_pct", {"ng/mL": 1.0})
    return both[both["value"].between(0, 1000, inclusive="right")]


def hours_since(values: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    """Values of the patients compared with `hours` since time zero, up to the end of follow-up."""
    own = values.merge(patients[["person", "arm", "time_zero", "end_day"]], on="person")
    local = own["time"].dt.tz_localize(ZONE, ambiguous=False, nonexistent="shift_forward")
    hours = (local - own["time_zero"]).dt.total_seconds() / 3600
    own = own.assign(hours=hours)
    return own[own["hours"] <= 24 * own["end_day"]]


def baseline(own: pd.DataFrame) -> pd.Series:
    """Median of the 24 hours up to time zero, by person (of log outcomes: of the logarithms)."""
    return own[(own["hours"] > -24) & (own["hours"] <= 0)].groupby("person")["value"].median()


def daily(own: pd.DataFrame) -> pd.DataFrame:
    """One median a study day; day d is hours 24 (d - 1) to 24 d."""
    after = own[own["hours"] > 0].assign(day=lambda rows: np.ceil(rows["hours"] / 24).astype(int))
    below = {"below": ("below", "all")} if "below" in after else {}
    return after.groupby(["person", "arm", "day"], as_index=False).agg(value=("value", "median"), **below)


# ---------------------------------------------------------------- mixed model
def model_rows(own: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    """Daily values with each person's baseline (missing ones: the mean of the others) and age."""
    rows, before = daily(own), baseline(own)
    known = before.reindex(rows["person"].unique())
    rows = rows.merge(patients[["person", "AGE"]], on="person")
    own = rows["person"].map(known)
    return rows.assign(baseline=own.fillna(known.mean()), known=own.notna())


def covariates_of(rows: pd.DataFrame) -> list[str]:
    """Baseline and age; no baseline where more than half of an arm lack it."""
    share = rows.drop_duplicates("person").groupby("arm")["known"].mean()
    return ["baseline", "AGE"] if (share >= 0.5).all() else ["AGE"]


def natural_spline(day: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Columns day and k - 2 truncated cubics that are linear beyond the outer knots (Hastie et al. 2009, 5.4, 5.5)."""

    def d(j: int) -> np.ndarray:
        cubes = [np.maximum(day - knot, 0.0) ** 3 for knot in (knots[j], knots[-1])]
        return (cubes[0] - cubes[1]) / (knots[-1] - knots[j])

    last = d(len(knots) - 2)
    return np.column_stack([day, *(d(j) - last for j in range(len(knots) - 2))])


class MixedModel:
    """y ~ arm * spline(day) + covariates; random intercept (and slope), continuous AR(1), one or two scales per arm."""

    def __init__(self, rows: pd.DataFrame, covariates: list[str], slope: bool, two_scales: bool) -> None:
        self.slope, self.two_scales = slope, two_scales
        rows = rows.sort_values(["person", "day"])
        unique = np.unique(rows["day"])
        self.knots = np.quantile(unique, [0, 1 / 3, 2 / 3, 1])
        treated = (rows["arm"] == "treated").to_numpy(dtype=float)
        curve = natural_spline(rows["day"].to_numpy(dtype=float), self.knots)
        X = np.column_stack([np.ones(len(rows)), curve, treated, treated[:, None] * curve, rows[covariates]])
        y, day = rows["value"].to_numpy(dtype=float), rows["day"].to_numpy(dtype=float)
        places = rows.groupby("person", sort=False).indices
        self.names = list(places)
        self.people = [(X[at], y[at], day[at], bool(treated[at][0])) for at in places.values()]
        self.theta = self._fit(np.var(y))

    def L(self, day: float) -> np.ndarray:
        curve = natural_spline(np.array([day]), self.knots)[0]
        row = np.zeros(self.people[0][0].shape[1])
        row[len(curve) + 1] = 1.0
        row[len(curve) + 2 : 2 * len(curve) + 2] = curve
        return row

    def V(self, theta: np.ndarray, day: np.ndarray, treated: bool) -> np.ndarray:
        """theta: log SD of intercepts, of residuals, log range, log scale of the treated (of the residuals and, where
        two, of the random effects); with slopes their log SD and the atanh of the correlation."""
        a, s, range_, scale, *more = theta
        random = more.pop(0) if self.two_scales else scale
        Z, G = np.ones((len(day), 1)), np.array([[np.exp(2 * a)]])
        if self.slope:
            sd, r = np.exp([a, more[0]]), np.tanh(more[1])
            Z, G = np.column_stack([np.ones(len(day)), day]), np.outer(sd, sd) * np.array([[1, r], [r, 1]])
        R = np.exp(2 * s - np.abs(day[:, None] - day) / np.exp(range_))
        return Z @ G @ Z.T * np.exp(2 * random * treated) + R * np.exp(2 * scale * treated)

    def pieces(self, theta: np.ndarray, weights: list[float] | None = None) -> tuple[np.ndarray, np.ndarray, float]:
        XVX, XVy, rest = 0.0, 0.0, 0.0
        for (X, y, day, treated), weight in zip(self.people, weights or [1.0] * len(self.people), strict=True):
            V = self.V(theta, day, treated)
            inverse = weight * np.linalg.inv(V)
            XVX, XVy = XVX + X.T @ inverse @ X, XVy + X.T @ inverse @ y
            rest += y @ inverse @ y + np.linalg.slogdet(V)[1]
        return XVX, XVy, rest

    def deviance(self, theta: np.ndarray) -> float:
        """-2 restricted log-likelihood but for constants."""
        try:
            XVX, XVy, rest = self.pieces(theta)
            return float(rest - XVy @ np.linalg.solve(XVX, XVy) + np.linalg.slogdet(XVX)[1])
        except np.linalg.LinAlgError:
            return 1e10

    def _fit(self, variance: float) -> np.ndarray:
        half = 0.5 * np.log(variance / 2)
        extra = [0.0] * self.two_scales
        starts = [
            np.array(
                [half + shift, half - shift, 0.5 - shift, -0.3 * shift, *extra, *([half - 3 + shift, 0.0] * self.slope)]
            )
            for shift in (0.0, 1.0)
        ]
        found = min((optimize.minimize(self.deviance, x, method="BFGS") for x in starts), key=lambda one: one.fun)
        return np.asarray(found.x)

    def weighted(self, day: float, weights: pd.Series) -> float:
        """The contrast that solves the weighted equations with this fit's V (EE-1)."""
        XVX, XVy, _ = self.pieces(self.theta, [float(weights[name]) for name in self.names])
        return float(self.L(day) @ np.linalg.solve(XVX, XVy))

    def expected_below(self, rows: pd.DataFrame) -> pd.Series:
        """What is expected of each value below a limit, given the limit and the patient's other values."""
        beta = np.linalg.solve(*self.pieces(self.theta)[:2])
        rows = rows.sort_values(["person", "day"])
        out = {}
        for (X, y, day, treated), (_, own) in zip(self.people, rows.groupby("person", sort=False), strict=True):
            V, rest = self.V(self.theta, day, treated), y - X @ beta
            for at in np.flatnonzero(own["below"]):
                others = np.arange(len(y)) != at
                pull = np.linalg.solve(V[np.ix_(others, others)], V[others, at])
                mean, sd = X[at] @ beta + pull @ rest[others], np.sqrt(V[at, at] - pull @ V[others, at])
                z = (own["limit"].iloc[at] - mean) / sd
                out[own.index[at]] = mean - sd * np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z))
        return pd.Series(out)

    def contrast(self, day: float, level: float = 0.95) -> tuple[float, float, float]:
        """Estimate and limits by Kenward & Roger 1997 without second derivatives (their eq. 3.4, 5; as pbkrtest)."""
        XVX, XVy, _ = self.pieces(self.theta)
        phi = np.linalg.inv(XVX)
        q, p = len(self.theta), len(XVX)
        P, Q, traces = np.zeros((q, p, p)), np.zeros((q, q, p, p)), np.zeros((q, q))
        for X, _, own_day, treated in self.people:
            inverse = np.linalg.inv(self.V(self.theta, own_day, treated))
            slopes = []
            for i, h in enumerate(1e-5 * np.eye(q)):
                up, down = (self.V(self.theta + sign * h, own_day, treated) for sign in (1, -1))
                slopes.append(inverse @ (up - down) / 2e-5)
                P[i] -= X.T @ slopes[-1] @ inverse @ X
            for i in range(q):
                for j in range(q):
                    traces[i, j] += np.trace(slopes[i] @ slopes[j])
                    Q[i, j] += X.T @ slopes[i] @ slopes[j] @ inverse @ X
        information = 0.5 * np.array(
            [
                [traces[i, j] - 2 * np.trace(phi @ Q[i, j]) + np.trace(phi @ P[i] @ phi @ P[j]) for j in range(q)]
                for i in range(q)
            ]
        )
        W = np.linalg.inv(information)
        bias = sum(W[i, j] * (Q[i, j] - P[i] @ phi @ P[j]) for i in range(q) for j in range(q))
        adjusted = phi + 2 * phi @ bias @ phi
        L = self.L(day)
        gradient = np.array([L @ phi @ P[i] @ phi @ L for i in range(q)])
        df = 2 * (L @ phi @ L) ** 2 / (gradient @ W @ gradient)
        estimate, error = float(L @ phi @ XVy), float(np.sqrt(L @ adjusted @ L))
        half = stats.t.ppf(0.5 + level / 2, df) * error
        return estimate, estimate - half, estimate + half


# ---------------------------------------------------------------- without a model
def win_odds(patients: pd.DataFrame, values: pd.DataFrame, day: int) -> float:
    """Win odds where a death up to the day is worse than any value, an earlier one worse, and higher values better."""
    last = values[values["day"] <= day].sort_values("day").groupby("person")["value"].last()
    died = (patients["end_state"] == "death") & (patients["end_day"] <= day)
    key = np.where(died, patients["end_day"] - 1000, patients["person"].map(last))
    a, b = (key[(patients["arm"] == arm).to_numpy()] for arm in ("treated", "historical"))
    better = (np.sign(a[:, None] - b) + 1).mean() / 2
    return float(better / (1 - better))


def entropy_weights(X: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Weights of the controls that give them the treated patients' means, nearest to equal ones (Hainmueller 2012)."""
    Z = (X[~treated] - X[treated].mean(axis=0)) / X.std(axis=0)
    lagrange = optimize.minimize(
        lambda b: np.log(np.exp(Z @ b).sum()), np.zeros(Z.shape[1]), method="BFGS", tol=1e-12
    ).x
    weights = np.exp(Z @ lagrange)
    return weights / weights.sum() * treated.sum()


# ---------------------------------------------------------------- counts
def endings(raw: Path) -> pd.DataFrame:
    """How each stay ended, as the exports say: person, time, and whether it was a death."""
    sent = pd.read_csv(raw / "historical/pacientes.csv", sep=";", encoding="latin-1", dtype=str)
    old = pd.DataFrame(
        {
            "person": "historical/" + sent["expediente"].str.strip(),
            "time": pd.to_datetime(sent["egreso"], format="%d/%m/%Y %H:%M", errors="coerce"),
            "died": sent["motivo_egreso"] == "DEFUNCION",
        }
    )
    sent = pd.read_csv(raw / "treated/redcap_export.csv", dtype=str)
    sent = sent[sent["redcap_event_name"] == "end_of_stay_arm_1"]
    new = pd.DataFrame(
        {
            "person": "treated/" + sent["record_id"],
            "time": pd.to_datetime(sent["end_dt"], format="%Y-%m-%d %H:%M", errors="coerce"),
            "died": sent["end_status"] == "2",
        }
    )
    return pd.concat([old, new]).dropna().drop_duplicates("person")


def ages(raw: Path) -> pd.Series:
    """Age by person."""
    sent = pd.read_csv(raw / "historical/pacientes.csv", sep=";", encoding="latin-1", dtype=str)
    old = pd.Series(number(sent["edad"], ",").to_numpy(), index="historical/" + sent["expediente"].str.strip())
    sent = pd.read_csv(raw / "treated/redcap_export.csv", dtype=str)
    sent = sent[sent["redcap_event_name"] == "baseline_arm_1"]
    new = pd.Series(number(sent["age"], ".").to_numpy(), index="treated/" + sent["record_id"])
    both = pd.concat([old, new])
    return both[~both.index.duplicated()]


def clopper_pearson(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    tail = (1 - level) / 2
    lower = stats.beta.ppf(tail, count, n - count + 1) if count else 0.0
    return float(lower), float(stats.beta.ppf(1 - tail, count + 1, n - count) if count < n else 1.0)
