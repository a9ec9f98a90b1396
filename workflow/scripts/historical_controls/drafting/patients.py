"""The part of a sheet that describes patients: characteristics, and events whose date stands in the row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.codes import ENDS, are_endings, ending_codes, flag_codes, sex_codes, unsaid_death
from historical_controls.drafting.contents.columns import has_visits, is_constant
from historical_controls.drafting.draft import Draft, note_missing, part_of
from historical_controls.drafting.headings import first_of
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.measured import likely_unit
from historical_controls.drafting.values import days_of, middle, numbers

# Years from which no median of ages is one of months or days of children.
ADULT = 18
# Words of how the follow-up of a patient at home ended, who was alive then.
FOLLOWED = {
    *("completo", "completed", "seguimiento", "follow", "followup", "lost", "perdida", "perdido", "retiro", "retirado"),
    *("withdrawn", "withdrawal", "seguimento", "perda", "completou", "suivi", "verloren", "abandono", "end"),
}
YEAR = re.compile(r"(?:18|19|20)\d\d")
# Cells in two units, by what they are of.
TWO_PARTS = {
    "HEIGHT": ("ft+in", re.compile(r"^\d\s*(?:'|’|′|ft\.?|feet|foot)\s*\d{1,2}(?:\D|$)", re.IGNORECASE)),
    "WEIGHT": ("lb+oz", re.compile(r"^\d+\s*lbs?\.?,?\s*\d{1,2}\s*oz", re.IGNORECASE)),
}


def draft_patients(draft: Draft, where: list[dict[str, Any]]) -> None:
    """Characteristics and dated events in a patient's row."""
    columns: dict[str, Any] = {name: found for name in draft.free if (found := _characteristic(draft, name))}
    # Before the events, which take the column that says how a stay ended.
    status = _status(draft)
    events = list(_events(draft, status))
    dated = any(event.get("only_if", {}).get("column") == status for event in map(plain, events))
    if status and not dated and (codes := plain(_endings(draft, status))).keys() >= {"death"}:
        meant = {text: "no" if event == "death" else "yes" for event, texts in codes.items() for text in texts}
        columns[status] = Guess({"characteristic": "SURVIVED", "values": meant}, "does it say who survived the stay?")
    draft.used |= set(columns)
    ends = [one for one in events if "only_if" in one]
    told = sorted({text for one in ends for text in plain(one["only_if"])["is_in"]})
    untold = sorted(set(filter(None, draft.column(status))) - set(told)) if status and told else []
    # Rows of stays on wards, most of which end in a move: their dates end nothing.
    moves = ends if status and untold and not is_constant(draft, status) else []
    rest = [one for one in events if one not in moves]
    if columns or rest:
        part = part_of(draft, "patients", where)
        draft.parts.append(part | ({"columns": columns} if columns else {}) | ({"events": rest} if rest else {}))
    if moves:
        asked = f"are {', '.join(untold[:8])} moves within the hospital?"
        ended = Guess([*where, {"column": status, "is_in": told}], asked)
        draft.parts.append(part_of(draft, "patients", where) | {"where": ended, "events": moves})


def share_codes(drafts: Sequence[Draft]) -> None:
    """Give columns of one name the codes of one another: few treated patients have only some of them.

    Without it an end of stay that only controls had so far would count as not recorded in treated patients.
    """
    parts = [part for draft in drafts for part in map(_bare, draft.parts) if plain(part["kind"]) == "patients"]
    told: dict[tuple[str, str], dict[str, None]] = {}
    values: dict[tuple[str, str], dict[str, Any]] = {}
    for part in parts:
        for event in map(plain, part.get("events", [])):
            if condition := event.get("only_if"):
                told.setdefault((condition["column"], event["event"]), {}).update(dict.fromkeys(condition["is_in"]))
        for name, own in part.get("columns", {}).items():
            if "values" in plain(own):
                values.setdefault((name, plain(own)["characteristic"]), {}).update(plain(own)["values"])
    for part in parts:
        _share_ends(part, told)
        for name, own in part.get("columns", {}).items():
            bare = own.value if isinstance(own, Guess) else own
            shared = values.get((name, plain(bare)["characteristic"]), {})
            if isinstance(bare.get("values"), dict):
                bare["values"] |= {text: meaning for text, meaning in shared.items() if text not in bare["values"]}


def _share_ends(part: dict[str, Any], codes: dict[tuple[str, str], dict[str, None]]) -> None:
    events = part.get("events", [])
    own = [event for event in events if "only_if" in plain(event)]
    for event in own:
        condition = event["only_if"]
        if isinstance(condition, dict) and isinstance(condition["is_in"], list):
            known = codes[condition["column"], plain(event["event"])]
            condition["is_in"] = list(dict.fromkeys([*condition["is_in"], *known]))
    there = {plain(event["event"]) for event in own}
    for (column, ending), texts in codes.items():
        like = next((one for one in own if plain(one["only_if"])["column"] == column), None)
        if like is not None and ending not in there:
            events.append({**like, "event": ending, "only_if": {"column": column, "is_in": list(texts)}})


def ages_from_births(draft: Draft) -> None:
    """Add the age at the first dated event to the part of patients, where the sheet has a date of birth and no age."""
    part = next((one for one in map(_bare, draft.parts) if one["kind"] == "patients"), None)
    born = next((name for name in draft.sheet.columns if births_of(draft, name)), None)
    if part is None or born is None or _has_age(draft):
        return
    events = [plain(event) for event in part.get("events", [])]
    # The age at the end of a stay is not that at its beginning.
    dated = next((one["time"] for one in events if "formats" in one["time"] and one["event"] not in ENDS), None)
    start = first_of(known.STARTS, draft.sheet.columns)
    if dated is None and start and (formats := draft.dates(start)):
        dated = {"columns": [start], "formats": formats}
    dated = dated or _only_date(draft, born) or next((one["time"] for one in events if "formats" in one["time"]), None)
    if dated is None or dated["columns"] == [born]:
        return
    kept = part.pop("events", None)
    written = {"columns": [born], "formats": births_of(draft, born)}
    age = {"characteristic": "AGE", "unit": "years", "born": written, "as_of": dated}
    asked = f"the age on the date of '{dated['columns'][0]}'?"
    if _years(draft, born, dated) < ADULT:
        asked += " Of children, whole years are up to one too low: a characteristic of your own in months"
    # Columns before events, as a person writes them.
    part["columns"] = {**part.get("columns", {}), born: Guess(age, asked)}
    part |= {"events": kept} if kept else {}
    draft.used.add(born)


def births_of(draft: Draft, name: str) -> Any:
    """The formats of a column of births, which may be years alone; None of another column."""
    if not any(map(known.is_birth, filter(None, (name, draft.sheet.labels.get(name))))):
        return None
    years = [text for text in draft.column(name) if text]
    return ["%Y"] if years and all(YEAR.fullmatch(text) for text in years) else draft.dates(name)


def _only_date(draft: Draft, born: str) -> dict[str, Any] | None:
    """The one date of a sheet besides the birth, which dates its rows."""
    others = {name: formats for name in draft.free if name != born and (formats := draft.dates(name)) is not None}
    return {"columns": list(others), "formats": next(iter(others.values()))} if len(others) == 1 else None


def _years(draft: Draft, born: str, dated: dict[str, Any]) -> float:
    """The middle of births and of the dates of age, apart in years."""
    then = dated["columns"][0]
    births, dates = (
        days_of(draft.column(name), plain(formats))
        for name, formats in ((born, births_of(draft, born)), (then, plain(dated["formats"])))
    )
    return (middle([day.toordinal() for day in dates]) - middle([day.toordinal() for day in births])) / 365.25


def _bare(part: Any) -> dict[str, Any]:
    return part.value if isinstance(part, Guess) else part


def _has_age(draft: Draft) -> bool:
    return "AGE" in {found[0] for name in draft.sheet.columns if (found := _named(draft, name))}


def _characteristic(draft: Draft, name: str) -> dict[str, Any] | None:
    found = _named(draft, name)
    texts = draft.column(name)
    # What changes from visit to visit, such as a child's height, is measured and describes nobody.
    if found is None or not (has_visits(draft) is False or is_constant(draft, name)):
        return None
    code, unit = found
    if draft.dictionary.outcomes[code].kind != "number":
        read = sex_codes if code == "SEX" else flag_codes
        said = read(draft.in_words(name))
        meant = draft.coded(name, plain(said))
        return {"characteristic": code, "values": Guess(meant, said.why) if isinstance(said, Guess) else meant}
    if both := _two_parts(code, texts):
        return {"characteristic": code, "unit": both}
    note_missing(draft, name)
    return {"characteristic": code, "unit": unit or _likely(draft, code, middle(numbers(texts, *draft.decimal)))}


def _two_parts(code: str, texts: Sequence[str]) -> Any:
    """The unit of cells in two units, 5'11" or '180 lb 4 oz'; '' where most are written otherwise."""
    unit, form = TWO_PARTS.get(code, ("", None))
    filled = [text for text in texts if text]
    fits = [text for text in filled if form and form.search(text)]
    if not fits or len(fits) <= 0.5 * len(filled):
        return ""
    other = next((text for text in filled if text not in fits), "")
    return Guess(unit, f"'{other}' is not written so, and is held") if other else unit


def _named(draft: Draft, name: str) -> tuple[str, str] | None:
    """The characteristic that a heading names, and the unit that it states in brackets or as its last word."""
    for text in draft.spellings(name):
        folded = fold(text)
        words, _, last = folded.rpartition(" ")
        code = known.CHARACTERISTICS.get(folded)
        if code is None and (bare := known.CHARACTERISTICS.get(words)) and draft.dictionary.conversion(bare, last):
            code = bare
        if code is not None:
            units = [draft.dictionary.unit_in(one, code) for one in draft.spellings(name)]
            return code, _spelled(draft, code, next(filter(None, [*units, last if words else ""]), ""))
    return None


def _spelled(draft: Draft, code: str, unit: str) -> str:
    """A unit as the dictionary writes it; '' for a word that is none."""
    own, stated = (draft.dictionary.conversion(code, one) for one in (draft.dictionary.outcomes[code].unit, unit))
    if stated is None or not unit:
        return ""
    return draft.dictionary.outcomes[code].unit if stated == own else stated.unit or unit


def _likely(draft: Draft, code: str, median_sent: float) -> Any:
    """The unit of a number whose heading states none: an age of adults is in years, any other is for a person."""
    if code != "AGE":
        return likely_unit(draft, code, median_sent)
    if median_sent >= ADULT:
        return draft.dictionary.outcomes[code].unit
    return Guess("years", f"the file states no unit; median {median_sent:g}: years, months or days?")


def _status(draft: Draft) -> str | None:
    """The column that says how a stay ended: by its heading, else by its words."""
    spoken = [name for name in draft.free if known.is_ending(name)]
    telling = [name for name in spoken if ending_codes(draft.in_words(name))]
    named = first_of(known.ENDINGS, draft.free) or next(iter([*telling, *spoken]), None)
    told = (lambda texts: are_endings(texts), lambda texts: are_endings(texts, every=False))
    found = next((name for by in told for name in draft.free if by(draft.in_words(name))), None)
    # Of a form with its codes, one that means death is enough: 'completed', 'lost to follow-up', 'died'.
    coded = (name for name in draft.free if isinstance(_coded_endings(draft, name).get("death"), list))
    return named or found or next(coded, None)


def _end_date(draft: Draft) -> str | None:
    """The column of dates after all others of its row, where no heading says which date ended the stay."""
    days = {name: found for name in draft.free if (found := _days(draft, name))}
    if not days or any(draft.event(name) in ENDS for name in draft.sheet.columns):
        return None
    if len(days) == 1:
        # A form of the end alone has one date, which no heading of an arrival names.
        (only,) = days
        return only if draft.event(only) is None and not known.is_birth(only) and draft.sheet.forms else None
    last = max(days, key=lambda name: middle([float(day) for day in days[name].values()]))
    others = [own for name, own in days.items() if name != last]
    after = all(own[row] <= day for own in others for row, day in days[last].items() if row in own)
    return last if after else None


def _days(draft: Draft, name: str) -> dict[int, int]:
    """Days of a column of dates by row."""
    texts = draft.column(name)
    formats = plain(draft.dates(name))
    if formats is None:
        return {}
    return {row: day.toordinal() for row, text in enumerate(texts) for day in days_of([text], formats)}


def _events(draft: Draft, status: str | None) -> Iterator[dict[str, Any]]:
    codes = _endings(draft, status) if status else {}
    dated = "death" in map(draft.event, draft.sheet.columns)
    if status and "discharge_alive" in codes and "death" not in codes and not dated:
        codes["death"] = unsaid_death(status)
    if status and "death" in codes and "discharge_alive" not in codes and not dated:
        told = [text for own in plain(codes).values() for text in own]
        words = draft.sheet.choices.get(status) or {text: text for text in draft.column(status) if text}
        rest = sorted(text for text in words if text not in told)
        followed = [text for text in rest if FOLLOWED & set(fold(words[text]).split())]
        rest = [text for text in rest if text not in followed]
        codes |= {"discharge_alive": Guess(rest, "did these leave alive?")} if rest else {}
        codes |= {"last_contact": Guess(followed, "were these known to be alive until then?")} if followed else {}
    untold = _untold(draft, status, codes) if status else []
    end = _end_date(draft) if status else None
    begun = _begun(draft)
    for name in draft.free:
        event, formats = draft.event(name), None
        if name == end and codes:
            draft.used.add(name)
            day = Guess({"columns": [name], "formats": plain(draft.dates(name))}, "did the stay end that day?")
            for ending, texts in codes.items():
                yield {"event": ending, "time": day, "only_if": _only_if(draft, str(status), texts, ending, untold)}
            continue
        if event and (formats := draft.dates(name)):
            draft.used.add(name)
            time = {"columns": [name], "formats": formats}
            if event == "discharge_alive" and status and codes:
                for ending, texts in codes.items():
                    yield {"event": ending, "time": time, "only_if": _only_if(draft, status, texts, ending, untold)}
            elif event == "discharge_alive" and "death" not in map(draft.event, draft.sheet.columns):
                yield {
                    "event": Guess(event, "do deaths have this date too? No column says how the stay ended"),
                    "time": time,
                }
            else:
                yield {"event": event, "time": time}
        elif (asked := _asked_of_treatment(name, begun)) and (formats := draft.dates(name)):
            draft.used.add(name)
            yield {"event": Guess("infusion", asked), "time": {"columns": [name], "formats": formats}}
    if status and codes:
        draft.used.add(status)


def _asked_of_treatment(name: str, begun: str | None) -> str:
    """What to ask of a column that may date the study's treatment; '' of others."""
    if known.event_of(name):
        return ""
    if known.names_infusion(name):
        return f"is the infusion of '{name}' the study's treatment?"
    return f"does the study's treatment begin at '{name}'?" if name == begun else ""


def _begun(draft: Draft) -> str | None:
    """The one column of dates that says that something began, where no heading names an infusion or an event of it."""
    if any(known.event_of(name) == "infusion" or known.names_infusion(name) for name in draft.sheet.columns):
        return None
    begun = [name for name in draft.free if known.event_of(name) is None and known.names_start(name)]
    dated = [name for name in begun if draft.dates(name)]
    return dated[0] if len(dated) == 1 else None


def _coded_endings(draft: Draft, name: str) -> dict[str, Any]:
    """What the file's own dictionary says of the codes of a column, those that no row has among them."""
    return ending_codes([*draft.sheet.choices.get(name, {}).values()])


def _endings(draft: Draft, name: str) -> dict[str, Any]:
    """The codes of a column by the end that they mean, read from their words where the file has these."""
    said = _coded_endings(draft, name) or ending_codes(draft.in_words(name))
    back = {word: code for code, word in draft.sheet.choices.get(name, {}).items()}
    bare = {event: [back.get(text, text) for text in plain(texts)] for event, texts in said.items()}
    return {
        event: Guess(bare[event], one.why) if isinstance(one, Guess) else bare[event] for event, one in said.items()
    }


def _untold(draft: Draft, status: str, codes: dict[str, Any]) -> list[str]:
    """Texts of a column of endings that no event takes: a stay that ended so would seem to go on."""
    told = [text for own in map(plain, codes.values()) for text in own]
    return sorted({text for text in draft.column(status) if text and text not in told})


def _only_if(draft: Draft, status: str, texts: Any, event: str, untold: list[str]) -> Any:
    """The condition of an event that a column of endings tells; those that it does not tell are asked for once."""
    condition = {"column": status, "is_in": texts}
    if event != "discharge_alive" or not untold or isinstance(texts, Guess) or not is_constant(draft, status):
        return condition
    return {**condition, "is_in": Guess(texts, f"which end, if any, is {', '.join(untold[:8])}?")}
