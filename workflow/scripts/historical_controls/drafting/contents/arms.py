"""Which rows are of treated patients: by a column, by ids, or by what only one column can say."""

from __future__ import annotations

from collections import Counter
from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting.codes import CONTROL, FLAG, SEX, TREATED, arm_codes, other_arms
from historical_controls.drafting.contents.columns import describes_patients
from historical_controls.drafting.draft import EVENT, Draft
from historical_controls.drafting.headings import ARMS, first_of
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.redcap.forms import arms_of_events


def arm_in(name: str) -> str | None:
    """The arm that the name of a file or folder tells."""
    words = set(name.split())
    if words & set(CONTROL):
        return "historical"
    return "treated" if words & set(TREATED) else None


def arm_of(drafts: list[Draft]) -> dict[str, Any]:
    """The keys of a source that say whose rows its files hold, where neither folder nor file is named so."""
    column = _arm_column(drafts)
    if column:
        return {"arm": column}
    if treated := _treated_ids(drafts):
        return {"arm": "historical", "treated_subjects": treated}
    # Nothing tells two groups apart: a study without treated patients has nothing to say.
    return {"arm": Guess("treated", "were all patients of these files treated?")}


def _arm_heading(draft: Draft) -> tuple[str | None, bool]:
    """The column of arms by its name; else the first of two words that are neither a sex nor yes and no."""
    free = [name for name in draft.sheet.columns if name not in draft.used]
    named = first_of(ARMS, free)
    if named or draft.subject is None:
        return named, True
    for name in draft.free:
        words = {fold(text) for text in draft.column(name) if text}
        told = len(words) == 2 and not words <= {*SEX, *FLAG} and all(any(c.isalpha() for c in w) for w in words)
        if told and describes_patients(draft, name):
            return name, False
    return None, False


def _codes(draft: Draft, column: str, named: bool) -> tuple[list[str], bool]:
    """Codes that mean treated; of two words that say nothing the rarer one: few are treated, many compared."""
    texts = draft.column(column)
    codes, sure = arm_codes(texts)
    words = {word for text in texts for word in fold(text).split()}
    if sure or (named and words & {*TREATED, *CONTROL}):
        return codes, sure and named
    counts = _patients_by_word(draft, texts)
    if len(counts) < 2 or (not named and len(counts) > 2):
        return codes, False
    (_, most), (rarer, fewest) = counts.most_common(2)
    return (sorted({text for text in texts if fold(text) == rarer}) if fewest < most else codes), False


def _patients_by_word(draft: Draft, texts: list[str]) -> Counter[str]:
    """Patients of each word; spellings of one word count together: 'PTA' and 'Pta '."""
    patients = dict(zip(draft.column(plain(draft.subject)), texts, strict=True))
    return Counter(fold(text) for text in patients.values() if text)


def _by_events(draft: Draft) -> tuple[str, dict[str, list[str]]]:
    """The arm of a REDCap project that is treated, the one of fewest patients unless words say so; events by arm."""
    arms = arms_of_events(draft.sheet)
    if not arms or draft.subject is None:
        return "", {}
    rows = list(zip(draft.column(plain(draft.subject)), draft.column(EVENT), strict=True))
    patients = {arm: len({who for who, event in rows if event in events}) for arm, events in arms.items()}
    said = [arm for arm in arms if arm_in(fold(arm)) == "treated"]
    others = [arm for arm in arms if arm_in(fold(arm)) != "historical"]
    return (said or [min(others or list(arms), key=lambda arm: patients[arm])])[0], arms


def _arm_column(drafts: list[Draft]) -> Any:
    """The column that says the arm of every row, where one sheet is all there is; None where ids have to be listed."""
    if len(drafts) != 1 or drafts[0].subject is None:
        return None
    (draft,) = drafts
    treated, arms = _by_events(draft)
    if arms:
        rest = [event for arm, events in arms.items() if arm != treated for event in events]
        rest += [event for event in dict.fromkeys(draft.column(EVENT)) if event not in {*rest, *arms[treated]}]
        return Guess(
            {"column": EVENT, "treated": arms[treated], "historical": rest}, f"is {treated} the treated group?"
        )
    column, named = _arm_heading(draft)
    if column is None:
        return None
    texts = draft.column(column)
    codes, sure = _codes(draft, column, named)
    historical, neither = other_arms(texts, codes)
    if not codes or not historical or (not all(texts) and _arm_elsewhere(draft, texts)):
        return None
    draft.used.add(column)
    neither += [""] if not all(texts) else []
    arm = {"column": column, "treated": codes, "historical": historical, **({"neither": neither} if neither else {})}
    if sure and not neither:
        return arm
    doubts = [] if sure else [f"is {', '.join(codes)} the treatment?"]
    if neither:
        doubts.append(f"in neither arm: {', '.join(text or '(blank)' for text in neither)}?")
    elif len(historical) > 1 and not sure:
        doubts.append(f"a further arm among {', '.join(historical)} goes under 'neither'")
    return Guess(arm, "; ".join(doubts))


def _arm_elsewhere(draft: Draft, arms: list[str]) -> bool:
    """Whether a patient has rows with an arm and rows without: the arm then stands once, and holds for all."""
    patients = draft.column(plain(draft.subject))
    named = {patient for patient, arm in zip(patients, arms, strict=True) if arm}
    return any(patient in named for patient, arm in zip(patients, arms, strict=True) if not arm)


def _treated_ids(drafts: list[Draft]) -> Any:
    """Ids of a column that names the arm of each patient, where several files hold both."""
    for draft in drafts:
        treated, arms = _by_events(draft)
        if arms:
            pairs = zip(draft.column(plain(draft.subject)), draft.column(EVENT), strict=True)
            ids = sorted({who for who, event in pairs if event in arms[treated]})
            return Guess(ids, f"those of {treated} in '{EVENT}': are these the treated patients?")
        column, named = _arm_heading(draft)
        if column is None or draft.subject is None:
            continue
        codes, sure = _codes(draft, column, named)
        pairs = zip(draft.column(plain(draft.subject)), draft.column(column), strict=True)
        ids = sorted({patient for patient, arm in pairs if arm in codes and patient})
        if ids:
            draft.used.add(column)
            others = sorted({text for text in draft.column(column) if text and text not in codes})
            why = f"those with '{column}' {', '.join(codes)}, and not {', '.join(others)}"
            return ids if sure else Guess(ids, f"{why}: are these the treated patients?")
    return None
