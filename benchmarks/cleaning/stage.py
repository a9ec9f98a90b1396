"""One stage of cleaning in a process of its own: prints seconds of wall clock and processor, and the peak of memory."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow/scripts"))


def pandas_read(export: Path, folder: Path) -> None:
    import pandas as pd

    pd.read_csv(export, dtype=str, sep=";", encoding="latin-1")


def read(export: Path, folder: Path) -> None:
    from historical_controls.intake.reading import write_intake

    write_intake(export, _source(export).files["lab"], folder / "intake.parquet")


def clean(export: Path, folder: Path) -> None:
    from historical_controls.cleaning.records.outputs import write_cleaned_file
    from historical_controls.cleaning.records.stored_columns import stored_rows
    from historical_controls.cleaning.rows.files import FileInputs, clean_blocks

    blocks = stored_rows(folder / "intake.parquet", _source(export).files["lab"])
    pieces = clean_blocks(blocks, FileInputs("s", "lab", _source(export), _study(), _dictionary()))
    write_cleaned_file(pieces, folder / "by_file/lab")


def link(export: Path, folder: Path) -> None:
    from historical_controls.cleaning.people.identity import identity_facts, link_people
    from historical_controls.tables.parquet import read_distinct, read_tables, write_table
    from historical_controls.tables.registry import EVENTS_RAW, LEDGER, PATIENTS_RAW, PEOPLE

    own = folder / "by_file/lab"
    subjects = read_distinct([own / "ledger.parquet"], LEDGER, ["source", "subject"])
    facts = identity_facts(
        read_tables([own / "patients.parquet"], PATIENTS_RAW), read_tables([own / "events.parquet"], EVENTS_RAW)
    )
    write_table(link_people({"s": subjects}, {"s": _source(export)}, None, facts), folder / "people.parquet", PEOPLE)


def assemble(export: Path, folder: Path) -> None:
    from historical_controls.cleaning.people.assemble import SourceInputs
    from historical_controls.cleaning.people.joining import assemble_files
    from historical_controls.tables.parquet import read_table
    from historical_controls.tables.registry import PEOPLE

    people = read_table(folder / "people.parquet", PEOPLE)
    assemble_files([folder / "by_file/lab"], people, SourceInputs("s", _source(export), _dictionary()), folder)


def count(export: Path, folder: Path) -> None:
    from historical_controls.cleaning.ledger.counts import count_ledger, ledger_ard
    from historical_controls.tables.parquet import read_table, write_table
    from historical_controls.tables.registry import ARD, PATIENTS

    counts = count_ledger(folder / "ledger.parquet")
    patients = read_table(folder / "patients.parquet", PATIENTS)
    write_table(ledger_ard({"s": counts}, patients), folder / "ard.parquet", ARD)


def inspect(export: Path, folder: Path) -> None:
    from historical_controls.cleaning.findings.inspect import Inspected, inspect_source
    from historical_controls.tables.parquet import write_table
    from historical_controls.tables.registry import FINDINGS

    tables = {name: folder / f"{name}.parquet" for name in ("measurements", "events", "ledger")}
    found = inspect_source(Inspected("s", **tables, others={}), _source(export), _dictionary())
    write_table(found, folder / "findings.parquet", FINDINGS)


def losses(export: Path, folder: Path) -> None:
    from historical_controls.cleaning.ledger.losses import loss_tally, losses_ard
    from historical_controls.tables.parquet import read_table, write_table
    from historical_controls.tables.registry import ARD, PEOPLE

    people, sources = read_table(folder / "people.parquet", PEOPLE), {"s": _source(export)}
    tally = loss_tally([folder / "ledger.parquet"], people, sources, _dictionary().outcomes)
    write_table(losses_ard(tally, 0.95), folder / "losses.parquet", ARD)


def listed(export: Path, folder: Path) -> None:
    from historical_controls.cleaning.ledger.quarantine import held_records, quarantine_list

    held = held_records([folder / "ledger.parquet"])
    quarantine_list(held, {("s", "lab"): folder / "intake.parquet"}, str).to_csv(folder / "quarantine.csv", index=False)


def _source(export: Path):  # type: ignore[no-untyped-def]
    from historical_controls.config.sources.sources import Source

    file = json.loads(export.with_suffix(".json").read_text())
    label = {"en": "hospital", "es": "hospital"}
    zone = "America/Mexico_City"
    return Source.model_validate({"arm": "historical", "label": label, "timezone": zone, "files": {"lab": file}})


def _study():  # type: ignore[no-untyped-def]
    from historical_controls.config.study import RecordDates

    return RecordDates.model_validate({"first_date": "2020-01-01", "data_lock": "2021-12-31"})


def _dictionary():  # type: ignore[no-untyped-def]
    from historical_controls.dictionary.dictionary import load_dictionary

    return load_dictionary(Path(__file__).parents[2] / "data/dictionary")


def _peak() -> float:
    """MB. Of this program alone: the kernel's other figure starts with what the process before it had used."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


STAGES = {
    "pandas": pandas_read,
    "read": read,
    "clean": clean,
    "link": link,
    "assemble": assemble,
    "count": count,
    "inspect": inspect,
    "losses": losses,
    "listed": listed,
}

if __name__ == "__main__":
    name, export, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    started, worked = time.perf_counter(), time.process_time()
    STAGES[name](export, folder)
    wall, cpu = time.perf_counter() - started, time.process_time() - worked
    print(json.dumps({"stage": name, "wall": wall, "cpu": cpu, "peak_mb": _peak()}))
