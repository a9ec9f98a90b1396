"""Types of the names that a person types into config.yaml.

A field that takes a name says so in its type, and nothing else is needed to have it checked:

    outcome: MeasuredOutcome                       # one name
    treatments: list[TreatmentCode]                # a list of names; none may be listed twice
    assay_limits: dict[Assay, dict[MeasuredOutcome, AssayLimit]]   # names as keys
    historical_event: EventName | None = None      # a name or nothing
    value: float | ResultName                      # a number, or a name where it is text

`config/names.py` walks the types and the values of the config together and compares every name with what is allowed:
the dictionary's files, or what another part of the config declares. A unit or a result belongs to an outcome: to the
one that a field of the same section names, else to the outcome under whose key it is written.

A part of the config that introduces names of its own (rules, readings, assays, ...) says so with `Declares`:

    rules: dict[DeclaredRule, Rule]                # its keys are what a RuleName may be

A new kind of name is one `Named("...")` here and one entry in `names.KINDS` that says what is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from historical_controls.config.base import Code, Slug, Text


@dataclass(frozen=True)
class Named:
    """Marks a text or number as a name.

    kind: key of names.KINDS; topic: what units, results and options within belong to; after: only texts that begin so
    are names.
    """

    kind: str
    topic: str = ""
    after: str = ""


@dataclass(frozen=True)
class Declares:
    """Marks a text or number as the place that introduces a name of this kind, known only within these topics."""

    kind: str
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class EveryLanguage:
    """Marks a mapping by language that needs a text in every language of the reports."""


Timing = Literal["days_from_onset", "hours_from_admission", "calendar_week"]
BalanceMethod = Literal["entropy", "matching", "overlap"]

# Outcomes, by what the place can use of them.
OutcomeCode = Annotated[Code, Named("outcome", "outcome")]
MeasuredOutcome = Annotated[Code, Named("measured_outcome", "outcome")]
NumericOutcome = Annotated[Code, Named("numeric_outcome", "outcome")]
ResultOutcome = Annotated[Code, Named("result_outcome", "outcome")]
Characteristic = Annotated[Code, Named("characteristic", "outcome")]
EarlierCharacteristic = Annotated[Code, Named("earlier_characteristic", "outcome")]
MatchedCharacteristic = Annotated[Code, Named("matched_characteristic")]
Covariate = Annotated[Code, Named("covariate")]
AnalysedOutcome = Annotated[Code, Named("analysed_outcome")]
CalibratedOutcome = Annotated[Code, Named("calibrated_outcome")]
SofaScore = Annotated[Code, Named("sofa_score", "outcome")]
DeclaredOutcome = Annotated[Code, Named("compared_outcome", "outcome"), Declares("analysed_outcome")]
# Two members: a timing is no code of the dictionary, but declares a key covariate as well.
KeyCovariate = (
    Annotated[Code, Named("covariate"), Declares("key_covariate")] | Annotated[Timing, Declares("key_covariate")]
)
# A time before time zero may be adjusted for like any other covariate.
ModelCovariate = Covariate | Timing
CaliperCovariate = Annotated[Code | Timing, Named("key_covariate")]

# What happens to patients and to samples.
EventName = Annotated[Text, Named("event")]
# '=infusion' is an event; 'Evento' is a heading of the file, of which nothing can be checked here.
EventOrColumn = Annotated[Text, Named("event", after="=")]
TreatmentCode = Annotated[Text, Named("treatment")]
Specimen = Annotated[Text, Named("specimen")]
SpecimenName = Annotated[Text, Named("specimen_name")]
Assay = Annotated[Text, Named("assay")]
DeclaredAssay = Annotated[Text, Declares("assay")]
Unit = Annotated[Text, Named("unit")]
ResultName = Annotated[Text, Named("result")]
Flag = Annotated[Text, Named("flag")]
Reason = Annotated[Text, Named("reason")]

# Days of follow-up.
StudyDay = Annotated[int, Field(ge=1), Named("study_day")]
DeclaredContrastDay = Annotated[int, Field(ge=1), Named("study_day"), Declares("contrast_day")]
ContrastDay = Annotated[int, Field(ge=1), Named("contrast_day")]

# What the config itself introduces.
SourceName = Annotated[Slug, Named("source")]
DeclaredSource = Annotated[Slug, Declares("source")]
RuleName = Annotated[Text, Named("rule")]
DeclaredRule = Annotated[Text, Declares("rule")]
RuleOfOption = Annotated[Text, Declares("rule_of_option", within=("reading", "option"))]
ReadingName = Annotated[Slug, Named("reading", "reading")]
DeclaredReading = Annotated[Slug, Declares("reading")]
OptionName = Annotated[Slug, Named("option")]
DeclaredOption = Annotated[Slug, Declares("option", within=("reading",))]
RungId = Annotated[Slug, Named("rung")]
DeclaredRung = Annotated[Slug, Declares("rung")]
Weighting = Annotated[BalanceMethod, Named("weighting")]
DeclaredWeighting = Annotated[BalanceMethod, Declares("weighting")]
IntercurrentEvent = Annotated[Slug, Named("intercurrent_event")]
DeclaredIntercurrentEvent = Annotated[Slug, Declares("intercurrent_event")]

Language = Literal["en", "es"]
DeclaredLanguage = Annotated[Language, Declares("language")]
Texts = Annotated[dict[Language, Text], EveryLanguage()]
