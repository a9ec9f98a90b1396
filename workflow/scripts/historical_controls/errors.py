"""Errors that a user can act on, apart from bugs (which keep their traceback)."""

from __future__ import annotations

import difflib
import errno
import logging
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

LONGEST_NAME = 80
# Faults of the machine, not of the program: a traceback would say nothing more.
MACHINE_FAULTS = {
    errno.ENOSPC: ("the disk is full", "Make room and run Snakemake again: finished files are kept."),
    errno.EFBIG: (
        "the file is larger than this disk or your limits allow",
        "Ask for more, or run the study elsewhere.",
    ),
    errno.EDQUOT: ("the disk quota is used up", "Make room and run Snakemake again: finished files are kept."),
    errno.EROFS: ("the disk is read-only", "Run the study in a folder that may be written."),
    errno.EACCES: (
        "you may not read or write this",
        "Ask for the right to, or run the study in your own folder.",
    ),
    errno.EPERM: ("you may not change this", "Ask for the right to, or run the study in your own folder."),
}


class UserError(Exception):
    """What was found, where (file, line, key or cell), and what to do; shown without a traceback."""

    def __init__(self, what: str, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        first = f"{self.where}: {self.what}" if self.where else self.what
        return f"{first}\n  {self.hint}" if self.hint else first

    # An exception is copied to another process by its first argument alone: where and hint would be lost.
    def __reduce__(self) -> tuple[type[UserError], tuple[str, str | None, str | None]]:
        return type(self), (self.what, self.where, self.hint)


class UserErrors(UserError):  # noqa: N818
    """Several faults at once, so that a user mends all of them in one go."""

    def __init__(self, faults: Sequence[UserError]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)

    def __reduce__(self) -> tuple[type[UserErrors], tuple[tuple[UserError, ...]]]:  # type: ignore[override]
        return type(self), (self.faults,)


def raise_all(faults: Iterable[UserError]) -> None:
    """Raise nothing, the one fault, or all of them together."""
    found = list(faults)
    if len(found) == 1:
        raise found[0]
    if found:
        raise UserErrors(found)


def distinct(faults: Iterable[UserError]) -> tuple[UserError, ...]:
    """The faults without those said before, in order."""
    return tuple({str(fault): fault for fault in faults}.values())


# Likenesses (0 to 1) of a word that may be meant, and of a slip of the pen: 'cells' is cell, oncology no virology.
NEAR, SLIP = 0.6, 0.85


def nearest(word: str, allowed: Iterable[str], cutoff: float = NEAR) -> str | None:
    """The allowed word that a typo most likely meant, if any is near."""
    # Names come from files as well, where a cell may hold a megabyte.
    words = [name for name in allowed if len(name) <= LONGEST_NAME]
    return next(iter(difflib.get_close_matches(word, words, n=1, cutoff=cutoff)), None)


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """A hint naming the nearest allowed word, or all of them when none is near."""
    # A set has another order in every process; the same fault must give the same lines.
    words = sorted(allowed)
    match = nearest(word, words)
    return f"Did you mean '{_shown(match)}'?" if match else f"Allowed: {', '.join(map(_shown, words))}."


def _shown(name: str) -> str:
    """A name on one plain line."""
    plain = "".join(c if c.isprintable() else "?" for c in name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[:LONGEST_NAME]}..."


def machine_fault(error: OSError, place: str | None = None) -> UserError | None:
    """Return what a full disk, a read-only folder or a missing right is in plain words; None for anything else.

    place: what is named where the error names no file, as when a disk is full in the middle of one.
    """
    known = MACHINE_FAULTS.get(error.errno or 0)
    return known and UserError(known[0], place if error.filename is None else str(error.filename), known[1])


class _Log(logging.FileHandler):
    """A log that a full disk may cut off: the terminal has what the job says, and needs no second traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):
            super().close()


@contextmanager
def reported(log: str | Path) -> Iterator[logging.Logger]:
    """Log into `log`; end the process with plain lines for a UserError, with the traceback for a bug.

    The same lines stand in the log and on the terminal, and the exit code is 1.
    """
    logger = logging.getLogger("historical_controls")
    handler = _opened(log)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield logger
    except UserError as error:
        _end(handler, error)
    except Exception as error:
        # Logs are kept beside what a job writes.
        fault = machine_fault(error, Path(log).parts[0]) if isinstance(error, OSError) else None
        if fault is not None:
            _end(handler, fault)
        _write(handler, traceback.format_exc())
        raise
    finally:
        logger.removeHandler(handler)
        handler.close()


def _opened(log: str | Path) -> logging.FileHandler:
    try:
        # Mode "w": the log of a job that is run again is that of its last run.
        return _Log(log, mode="w", encoding="utf-8")
    except OSError as error:
        fault = machine_fault(error)
        if fault is None:
            raise
        sys.stderr.write(f"{fault}\n")
        raise SystemExit(1) from None


def _end(handler: logging.FileHandler, error: UserError) -> NoReturn:
    # A full disk has no room for the log either; the terminal still has.
    sys.stderr.write(f"{error}\n")
    with suppress(OSError):
        _write(handler, f"{error}\n")
    raise SystemExit(1) from None


def _write(handler: logging.FileHandler, text: str) -> None:
    """Plain text into the log, without the level that a record would carry."""
    if handler.stream is not None:
        handler.stream.write(text)
