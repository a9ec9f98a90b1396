"""Which ids of all sources are the same person, and which contradict each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pandas as pd

from historical_controls.cleaning.cells.times import is_midnight
from historical_controls.cleaning.people.odd_ids import unlike_others
from historical_controls.config.reading.arm_column import name_of_both_arms
from historical_controls.config.sources.sources import Source
from historical_controls.errors import UserError, did_you_mean, nearest, raise_all
from historical_controls.tables.registry import PEOPLE
from historical_controls.tables.schema import conform

# Shorter numbers ('7' and '0007') meet by chance, such as study numbers and the first folios of a hospital.
TELLING_DIGITS = 4
# Fewer characteristics in common are no sign that two ids are one person.
TELLING_FACTS = 3
# One '12.0' may be a name; so many are what a column with blanks becomes in a program that knows no whole numbers.
TELLING_FRACTIONS = 3
MARKS = r"[\s\-./_]"
CHECK_DIGIT = r"^(.*\d{3,})-\d$"
# What spreadsheets make of long ids, their last digits lost, and of short ones in a column with blanks.
SCIENTIFIC = r"^(?:\d(?:[.,]\d+)?[eE]\+\d+|\d[.,]\d+[eE]\d+)$"
POWER = r"^\d[eE]\d+$"
HEXADECIMAL = r"^(?=.*[a-fA-F])[0-9a-fA-F]+$"
# Thousands, as a spreadsheet shows them.
GROUPED = r"^\d{1,3}(?:,\d{3})+$"
# The same with points, which may also part a site from its patient.
POINTED = r"^\d{1,3}(?:\.\d{3})+$"
# Letters of other scripts that nobody tells from Latin ones: a Cyrillic 'A' typed by another keyboard is another id.
LOOKALIKES = str.maketrans("АВЕКМНОРСТУХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXaeopcyxijsABEZHIKMNOPTYXo")
AS_FRACTION = r"^(\d+)[.,]0+$"
WHO_IS_WHO = "a line for each id in the crosswalk (source,subject,person) says who is who"


def link_people(
    ledgers: dict[str, pd.DataFrame],
    sources: dict[str, Source],
    crosswalk: pd.DataFrame | None = None,
    facts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return table people: every id of every source, its patient, and the reason if it is held.

    Ids of a source that differ by spaces or lost leading zeros only are one person, and '12345.0' is 12345 where at
    least TELLING_FRACTIONS ids are written so. Held are: ids that may be one person or two (ID_CONFLICT: '123-4' beside
    '123', 'A-1' beside 'A1', a Cyrillic 'А1' beside a Latin one, '12.0' beside '12', '1.2E+07', or two ids whose
    characteristics and hour of admission all agree), ids that occur among the treated and among the controls
    (ID_BOTH_ARMS), words among ids of digits (ID_INVALID), and a person whom the crosswalk finds in a second historical
    source (ID_TWO_SOURCES). crosswalk (source, subject, person) settles what it names: same person, same name. It may
    name a source of both arms as written, for the id in the arm, or arms, that have it. facts: see `identity_facts`.

    Raises UserError(s) for ids of the crosswalk, and ids declared as treated, that no file has.
    """
    written = {name: name_of_both_arms(name, source) for name, source in sources.items()}
    raise_all(_unknown_treated(ledgers, sources, written))
    frames = [_source_people(name, ledger, sources[name]) for name, ledger in ledgers.items()]
    people = pd.concat(frames, ignore_index=True) if frames else PEOPLE.empty()
    people = people.assign(treated=_is_treated(people, sources))
    people = _treated_by_name(_with_persons(people, crosswalk, written))
    people = _hold(people, _alike(people, facts, sources), "ID_CONFLICT")
    people = _hold(people, _in_both_arms(people), "ID_BOTH_ARMS")
    return conform(_settled(people).drop(columns=["treated", "person"]), PEOPLE)


def _unknown_treated(
    ledgers: dict[str, pd.DataFrame], sources: dict[str, Source], written: dict[str, str]
) -> Iterator[UserError]:
    """Ids listed as treated that no file of the source has: whoever is meant would be analysed as a control.

    written: the name of each source in config.yaml; what one arm of a source lacks may be the other's.
    """
    for name in dict.fromkeys(written[own] for own in ledgers):
        arms = [own for own in ledgers if written[own] == name]
        known = sorted({subject for own in arms for subject in ledgers[own]["subject"].unique()} - {""})
        for subject in sources[arms[0]].treated_subjects:
            if subject not in known:
                near = nearest(subject, known)
                hint = f"Did you mean '{near}'?" if near else "Write ids as the files have them."
                yield UserError(f"no file has the id '{subject}'", f"sources.{name}.treated_subjects", hint)


def _is_treated(people: pd.DataFrame, sources: dict[str, Source]) -> pd.Series:
    """Ids of a treated source, and every id of a person whom a historical source names as treated."""
    named = [
        source.arm == "treated" or subject in source.treated_subjects
        for source, subject in zip(people["source"].map(sources), people["subject"], strict=True)
    ]
    return pd.Series(named, people.index, dtype=bool).groupby(people["patient_id"]).transform("any").astype(bool)


def _source_people(name: str, ledger: pd.DataFrame, source: Source) -> pd.DataFrame:
    """The ids of one source: joined where only spaces or lost zeros differ, held where marks, case or zeros might.

    So are words among ids of digits, which name nobody.
    """
    ids = sorted(set(ledger["subject"].unique()) - {""})
    frame = pd.DataFrame({"subject": pd.Series(ids, dtype="str")})
    dense = _whole_numbers(_dense(frame["subject"]))
    bare = _bare(dense)
    zeros = dense.where(dense.str.startswith("0"))
    # Two different ids with zeros, '00123' and '0123', cannot be told apart: neither is guessed.
    unclear = (zeros.groupby(bare).transform("nunique") > 1) | (bare.groupby(_core(dense)).transform("nunique") > 1)
    unclear |= _beside_check_digit(dense) | _by_spreadsheet(dense)
    person = _fullest(frame["subject"], dense, bare).where(~unclear, frame["subject"])
    hold = pd.Series("", index=frame.index, dtype="str").mask(unclear, "ID_CONFLICT")
    hold = hold.mask(unlike_others(frame["subject"], source), "ID_INVALID")
    return frame.assign(source=name, patient_id=f"{name}/" + person, hold=hold)


def _dense(subjects: pd.Series) -> pd.Series:
    """Ids without spaces; '1,234' is 1234, and so is '1.234' where all such ids are found without the point."""
    dense = subjects.str.replace(r"\s", "", regex=True)
    dense = dense.where(~dense.str.fullmatch(GROUPED), dense.str.replace(",", ""))
    pointed = dense[dense.str.contains(".", regex=False)]
    # '12.000' may be 12 as a program writes it.
    pointed = pointed[~pointed.str.fullmatch(AS_FRACTION)]
    plain = pointed.str.replace(".", "")
    if not (plain.isin(dense) & pointed.str.fullmatch(POINTED)).all():
        return dense
    return dense.where(~dense.isin(pointed), dense.str.replace(".", ""))


def _whole_numbers(dense: pd.Series) -> pd.Series:
    """'12345.0' as 12345 where a program wrote whole numbers so: several ids end in '.0', and none in another part."""
    parted = dense[dense.str.fullmatch(AS_FRACTION)]
    others = dense.str.fullmatch(r"\d+[.,]\d+") & ~dense.str.fullmatch(AS_FRACTION)
    if len(parted) < TELLING_FRACTIONS or others.any():
        return dense
    return dense.str.replace(AS_FRACTION, r"\1", regex=True)


def _bare(dense: pd.Series) -> pd.Series:
    """Without leading zeros; an id of zeros only as it is."""
    bare = dense.str.lstrip("0")
    return bare.where(bare != "", dense)


def core_of(subjects: pd.Series) -> Iterator[tuple[str, str]]:
    """Yield each distinct id with what its other spellings have in common: no marks, leading zeros or case."""
    ids = pd.Series(sorted(set(subjects.unique()) - {""}), dtype="str")
    yield from zip(ids, _core(_dense(ids)), strict=True)


def _core(dense: pd.Series) -> pd.Series:
    """What two spellings of one id might share: no marks, leading zeros or case, one form of Unicode, one script."""
    plain = dense.map(lambda text: unicodedata.normalize("NFKC", text).translate(LOOKALIKES)).astype("str")
    return _bare(plain.str.replace(MARKS, "", regex=True)).str.casefold()


def _fullest(subjects: pd.Series, dense: pd.Series, bare: pd.Series) -> pd.Series:
    """Of ids that are one person, the one with most digits, then the one without spaces."""
    order = pd.DataFrame({"bare": bare, "digits": dense.str.len(), "spaces": -subjects.str.len(), "subject": subjects})
    best = order.sort_values(["digits", "spaces", "subject"]).drop_duplicates("bare", keep="last")
    return bare.map(best.set_index("bare")["subject"])


def _beside_check_digit(subjects: pd.Series) -> pd.Series:
    """'123-4' where there is a '123', and that one: a check digit, or another patient."""
    stem = subjects.str.extract(CHECK_DIGIT)[0]
    with_digit = stem.isin(subjects)
    return with_digit | subjects.isin(stem[with_digit])


def _by_spreadsheet(subjects: pd.Series) -> pd.Series:
    """'1.2E+07', which may be many ids; and '12.0' where there is a '12' or '0012', and that one.

    '3e10' is a power of ten unless the source has other ids of hexadecimal digits: '3e10a2', 'b07f'.
    """
    whole = _bare(subjects.str.extract(AS_FRACTION)[0])
    bare = _bare(subjects)
    fraction = whole.notna() & whole.isin(bare)
    power = subjects.str.match(POWER)
    hexadecimal = subjects.str.match(HEXADECIMAL) & ~power
    power &= ~subjects.str.len().isin(subjects[hexadecimal].str.len().unique())
    return subjects.str.match(SCIENTIFIC) | power | fraction | bare.isin(whole[fraction])


def _with_persons(people: pd.DataFrame, crosswalk: pd.DataFrame | None, written: dict[str, str]) -> pd.DataFrame:
    """Column person: the crosswalk's name of each id, null where it has none. A fault where it names an unknown id.

    written: see `_unknown_treated`.
    """
    if crosswalk is None or crosswalk.empty:
        return people.assign(person=None)
    there = people.groupby("source")["subject"].agg(set)
    known = {name: there.get(name, set()) for name in [*written, *written.values()]}
    # Of a source of both arms: the ids of either.
    arms = {name: [own for own in written if name in (own, written[own])] for name in known}
    known |= {name: set().union(*(there.get(own, set()) for own in arms[name])) for name in known}
    raise_all(
        UserError(
            f"no file of source '{row.source}' has the id '{row.subject}'",
            f"crosswalk, line {row.line}",
            did_you_mean(str(row.subject), known.get(str(row.source), set())),
        )
        for row in crosswalk.itertuples()
        if row.subject not in known.get(str(row.source), set())
    )
    own = crosswalk.assign(source=crosswalk["source"].map(arms)).explode("source")
    own = own.merge(people[["source", "subject"]], on=["source", "subject"])
    twice = own.groupby(["source", "subject"])["person"].transform("nunique") > 1
    raise_all(
        UserError(
            f"the id '{row.subject}' has two persons", f"crosswalk, line {row.line}", "Keep one line for each id."
        )
        for row in own[twice].itertuples()
    )
    named = own.drop_duplicates(["source", "subject"])[["source", "subject", "person"]]
    return people.merge(named, on=["source", "subject"], how="left")


def _treated_by_name(people: pd.DataFrame) -> pd.DataFrame:
    """Column treated: of a person whom the crosswalk names, every id of a source that has one of them as treated.

    One list of treated patients has one spelling of each; files of the same source may have others.
    """
    named = people["person"].notna()
    if not named.any():
        return people
    own = people.loc[named].groupby(["source", "person"])["treated"].transform("any").astype(bool)
    treated = own.reindex(people.index).fillna(False).astype(bool) | people["treated"]
    return people.assign(treated=treated.groupby(people["patient_id"]).transform("any").astype(bool))


def identity_facts(patients: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return what two ids of one person would have in common (from tables patients_raw and events_raw).

    Columns source, subject, n (characteristics known), facts (all of them as one text), admission (UTC).
    """
    said = patients.sort_values(["source", "subject", "characteristic"])
    said = said.drop_duplicates(["source", "subject", "characteristic"])
    said = said.assign(fact=said["characteristic"] + "=" + said["result"].fillna(said["value"].astype("str")))
    facts = said.groupby(["source", "subject"])["fact"].agg(["size", ";".join])
    facts.columns = pd.Index(["n", "facts"])
    admitted = events.loc[(events["event"] == "admission") & events["time"].notna()]
    first = admitted.groupby(["source", "subject"])["time"].min().rename("admission")
    return facts.join(first, how="inner").reset_index()


def _alike(people: pd.DataFrame, facts: pd.DataFrame | None, sources: dict[str, Source]) -> pd.Series:
    """Ids of different persons of one source that agree in every known characteristic and the hour of admission."""
    if facts is None or facts.empty:
        return pd.Series(False, index=people.index)
    known = facts.loc[facts["n"] >= TELLING_FACTS]
    # A day without an hour is shared by everybody admitted on it, and says nothing.
    exact = [
        not is_midnight(pd.Series([time.tz_convert(sources[source].timezone)])).iloc[0]
        for source, time in zip(known["source"], known["admission"], strict=True)
    ]
    joined = people.merge(known.loc[exact], on=["source", "subject"], how="left")
    persons = joined.groupby(["source", "facts", "admission"])["patient_id"].transform("nunique")
    return (persons > 1).fillna(False).astype(bool)


def _in_both_arms(people: pd.DataFrame) -> pd.Series:
    """Ids that occur in both arms, their leading zeros aside, and every other id of the same person."""
    # '12345.0' of one file is 12345 of another: at worst a hold that the crosswalk lifts.
    core = _core(_dense(people["subject"]).str.replace(AS_FRACTION, r"\1", regex=True))
    # Short numbers meet by chance between sources: only the same text counts then.
    core = core.where(core.str.len() >= TELLING_DIGITS, people["subject"])
    both = people["treated"].groupby(core).transform("nunique") > 1
    return both.groupby(people["patient_id"]).transform("any").astype(bool)


def _hold(people: pd.DataFrame, where: pd.Series, reason: str) -> pd.DataFrame:
    return people.assign(hold=people["hold"].mask(where & (people["hold"] == ""), reason))


def hold_hints(ids: pd.DataFrame) -> dict[str, str]:
    """What would release each id on hold of one source (`ids`: its rows of table people), by id as sent."""
    held = ids.loc[ids["hold"] != ""]
    alike = _alike_by_spelling(ids["subject"]) if (held["hold"] == "ID_CONFLICT").any() else {}
    return {
        str(row.subject): _hold_hint(
            str(row.subject), str(row.hold), str(row.patient_id), alike.get(str(row.subject), [])
        )
        for row in held.itertuples()
    }


def _hold_hint(subject: str, hold: str, patient_id: str, alike: list[str]) -> str:
    if hold == "ID_INVALID":
        return f"'{subject}' is not a patient id; if it is one, list it under 'accepted_ids'"
    if hold == "ID_TWO_SOURCES":
        return f"the crosswalk names this person in another historical source: counted once, as {patient_id}"
    if hold == "ID_BOTH_ARMS":
        return f"the id is among treated patients and among controls, and nobody is his own control: {WHO_IS_WHO}"
    if alike:
        named = ", ".join(f"'{one}'" for one in alike)
        return f"the id may be that of {named}, or another person's: {WHO_IS_WHO}"
    return f"another id has the same characteristics and hour of admission, or a spreadsheet cut it: {WHO_IS_WHO}"


def _alike_by_spelling(subjects: pd.Series) -> dict[str, list[str]]:
    """The other ids of a source that each may be written for: without marks, zeros, a check digit or '.0'."""
    dense = _dense(subjects)
    whole = dense.str.replace(AS_FRACTION, r"\1", regex=True)
    stem = whole.str.extract(CHECK_DIGIT)[0]
    # A last digit after a mark is a check digit only beside the id without it.
    core = _core(stem.where(stem.isin(subjects), whole))
    groups = subjects.groupby(core).agg(list)
    return {one: sorted(set(group) - {one}) for group in groups if len(group) > 1 for one in group}


def _settled(people: pd.DataFrame) -> pd.DataFrame:
    """What the crosswalk says of the ids that it names: it joins, tells apart, and releases.

    A treated person's historical id stays held (nobody is his own control), and so does that of a second historical
    source, whose patients would count twice.
    """
    named = people["person"].notna()
    if not named.any():
        return people
    # Treated ids first: a patient's name and home source are those of the treated one.
    own = people.loc[named].sort_values(["person", "treated", "source", "subject"], ascending=[True, False, True, True])
    first = own.drop_duplicates("person").set_index("person")
    patient, home = own["person"].map(first["patient_id"]), own["person"].map(first["source"])
    as_control = own["person"].map(first["treated"]).astype(bool) & ~own["treated"]
    hold = pd.Series("", index=own.index, dtype="str").mask(own["source"] != home, "ID_TWO_SOURCES")
    hold = hold.mask(as_control, "ID_BOTH_ARMS")
    # The other ids that were one person with a named one go with it.
    renamed = dict(zip(own["patient_id"], patient, strict=True))
    out = people.assign(patient_id=people["patient_id"].map(renamed).fillna(people["patient_id"]))
    out.loc[own.index, "patient_id"] = patient
    out.loc[own.index, "hold"] = hold
    return out
