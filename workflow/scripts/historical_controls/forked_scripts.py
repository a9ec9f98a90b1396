"""Runs scripts as forks of one process that imports what they need once, instead of each by itself.

    server = ScriptServer()
    code = server.run(ScriptRun("script.py", Path.cwd(), dict(os.environ)))

A script of a study spends about a second on imports, and a run has eighty of them. The server imports what the text of
a script names when it first meets it, and what scripts have imported besides while they ran; then it forks itself. It
starts no thread, so that a fork is safe: Arrow's allocator has one, and provides for forks. It ends with the process
that asks, and its scripts with it, also where it is killed.
"""

from __future__ import annotations

import ast
import atexit
import ctypes
import gc
import importlib
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

# Libraries of linear algebra read these when they are imported: by the server, or later by a script. With more threads
# their last digits would depend on the computer.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "GOTO", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")}
MOST_TOLD = 65536  # bytes of names
GARBAGE = 50_000  # objects that a script makes before Python looks for what it can drop
LOST = 256  # of a script whose server is gone; no process ends with it
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
CRASHES = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT")
KEPT = "Finished jobs are kept."
Request = dict[str, Any]


@dataclass(frozen=True)
class Usage:
    """What a script and the processes that it waited for took, as the kernel counted it (wait4(2))."""

    seconds: float
    processor_seconds: float
    most_memory_mb: float


@dataclass(frozen=True)
class ScriptRun:
    """A script to run as `python script` would in a folder, with an environment.

    used: told what the script took when it has ended. log: file that is told why the script was killed, besides the
    terminal.
    """

    script: str
    folder: Path
    environment: dict[str, str]
    used: Callable[[Usage], object] = lambda _: None
    log: Path | None = None


def spawned() -> tuple[socket.socket, subprocess.Popen[bytes] | None]:
    """Start a server in an interpreter of its own; returns the socket on which it is asked, and its process."""
    ours, theirs = socket.socketpair()
    server = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        env=os.environ | ONE_THREAD,
    )
    theirs.close()
    return ours, server


class ScriptServer:
    """The server as seen by the process that asks; any of its threads may ask.

    needed: modules that every script needs without naming them.
    """

    def __init__(self, needed: Sequence[str] = ()) -> None:
        self._requests, self._server = spawned()
        self._needed, self._numbers, self._sending = list(needed), itertools.count(), threading.Lock()
        # By number of the script: its exit code and what it took.
        self._ended: dict[int, Future[tuple[int, Usage | None]]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def check_run(self, run: ScriptRun) -> None:
        """Run a script; raises CalledProcessError where it fails, as `subprocess.check_call` does.

        Of a script that was killed, and so could not say why it ended, the terminal and its log are told.
        """
        code = self.run(run)
        why = self._why_lost() if code == LOST else why_killed(code)
        if why:
            sys.stderr.write(f"{why}\n")
            if run.log is not None:
                with suppress(OSError), run.log.open("a", encoding="utf-8") as log:
                    log.write(f"{why}\n")
        if code:
            raise subprocess.CalledProcessError(1 if code == LOST else code, [sys.executable, run.script])

    def _why_lost(self) -> str:
        """Why jobs cannot run: the end of the server, which cannot tell it itself."""
        code = None
        if self._server is not None:
            with suppress(subprocess.TimeoutExpired):
                code = self._server.wait(timeout=5)
        ended = "has ended" if code is None or code >= 0 else f"was killed by {signal_name(code)}"
        likely = "" if ended == "has ended" else ", most likely because memory ran out"
        return (
            f"The process that starts the jobs {ended}{likely}; its jobs ended with it. Run the same command with "
            "fewer cores (--cores 1), or with FORK_JOBS=no in the environment, so that each job is a process of its "
            f"own. {KEPT}"
        )

    def run(self, run: ScriptRun) -> int:
        """Run a script; returns its exit code, negative for a signal, LOST where the server is gone.

        Libraries of linear algebra have one thread, whatever the environment of the script says.
        """
        number = next(self._numbers)
        self._ended[number] = ended = Future[tuple[int, Usage | None]]()
        request = {"number": number, "script": run.script, "folder": str(run.folder)}
        request |= {"environment": run.environment | ONE_THREAD}
        try:
            with self._sending:
                self._requests.sendall(json.dumps(request | {"needed": self._needed}).encode() + b"\n")
        except OSError:
            return LOST
        code, usage = ended.result()
        if usage is not None:
            run.used(usage)
        return code

    def _listen(self) -> None:
        with suppress(OSError), self._requests.makefile(encoding="utf-8") as answers:
            for line in answers:
                number, code, *usage = json.loads(line)
                self._ended.pop(number).set_result((code, Usage(*usage)))
        # Nobody waits for a server that is gone.
        for future in list(self._ended.values()):
            future.set_result((LOST, None))


def forking(
    server: ScriptServer, as_process: Callable[..., None], run_of: Callable[..., ScriptRun | None]
) -> Callable[..., None]:
    """Return a function with the arguments of `as_process` that runs the script which `run_of` makes of them as a fork.

    What `run_of` makes None of is left to `as_process`. Snakemake takes the deepest file of rules in a traceback for
    the place of a failure, which is that of the failed rule as long as this function is in none.
    """

    def execute(*arguments: Any, **keywords: Any) -> None:
        run = run_of(*arguments, **keywords)
        if run is None:
            as_process(*arguments, **keywords)
        else:
            server.check_run(run)

    return execute


def signal_name(code: int) -> str:
    """Return the name of the signal of a negative exit code: 'SIGKILL' of -9."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def why_killed(code: int) -> str:
    """Return what a negative exit code says of a script's end and what to do, '' of any other.

    Ctrl-C (SIGINT) needs no explanation.
    """
    name = signal_name(code) if code < 0 else "SIGINT"
    if name == "SIGINT":
        return ""
    if name == "SIGKILL":
        return (
            "The job was killed by SIGKILL, most likely because memory ran out. Run the same command with fewer cores "
            f"(--cores 1), so that fewer jobs share the memory. {KEPT}"
        )
    if name in CRASHES:
        return (
            f"The job crashed ({name}) in compiled code. Run the same command; if it crashes again, please report it."
        )
    return f"The job was ended by {name}: by a person, or by a limit of this computer. Run the same command. {KEPT}"


def serve(connection: socket.socket) -> Request | None:
    """Answer requests until the asking process is gone. Returns in every fork, with the request that it shall run."""
    # Ctrl-C reaches every process of a terminal: those that ask decide what becomes of their scripts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    # Datagrams: what several forks tell is never mixed.
    told, tells = socket.socketpair(type=socket.SOCK_DGRAM)
    # By process: the number of its script, and when it began.
    running: dict[int, tuple[int, float]] = {}
    rest = b""
    while True:
        ready, _, _ = select.select([connection, woken, told], [], [])
        if told in ready:
            _import(told.recv(MOST_TOLD).decode().split())
        if woken in ready:
            woken.recv(4096)
            for process, code, usage in _ended():
                # An import may have started a process of its own.
                if process in running:
                    number, began = running.pop(process)
                    _answer(connection, [number, code, time.monotonic() - began, *usage])
        if connection not in ready:
            continue
        received = connection.recv(65536)
        if not received:
            for process in running:
                os.kill(process, signal.SIGTERM)
            return None
        *lines, rest = (rest + received).split(b"\n")
        for request in map(json.loads, lines):
            _import([*request["needed"], *named(request["script"])])
            # Collectors of garbage would look at every module again in every fork, and copy its pages.
            gc.freeze()
            server, process = os.getpid(), os.fork()
            if not process:
                _end_with(server)
                _leave(connection, woken, wakes, told)
                return request | {"tells": tells}
            running[process] = request["number"], time.monotonic()


def _answer(connection: socket.socket, values: list[float]) -> None:
    # Who asked may be gone, which the next read tells.
    with suppress(OSError):
        connection.sendall(json.dumps(values).encode() + b"\n")


def _ended() -> Iterator[tuple[int, int, tuple[float, float]]]:
    """Of the forks that have ended: process id, exit code, and seconds of processors with the most memory in MB."""
    while True:
        try:
            process, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not process:
            return
        # Memory is counted in units of 1,024 bytes.
        yield process, os.waitstatus_to_exitcode(status), (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _end_with(server: int) -> None:
    """Let this fork be ended where its server is killed: Snakemake counts its job as failed, and may start it anew."""
    with suppress(AttributeError):  # of Linux alone
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGTERM)
    if os.getppid() != server:
        os._exit(1)


def _leave(*sockets: socket.socket) -> None:
    """Make a fork an ordinary process: the server's sockets and signals are not its own."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for one in sockets:
        one.close()


def _import(names: Iterable[str]) -> None:
    """Import modules; what cannot be imported is left for the script to say."""
    for name in names:
        with suppress(Exception):
            importlib.import_module(name)


def named(script: str) -> list[str]:
    """Modules that a script imports at its top level, those behind conditions left out; none if it cannot be read."""
    found: list[str] = []
    try:
        statements = ast.parse(Path(script).read_text(encoding="utf-8")).body
    except (OSError, ValueError, SyntaxError):
        return found
    for statement in statements:
        if isinstance(statement, ast.Import):
            found += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            found.append(statement.module)
    return found


def run_script(request: Request) -> None:
    """Run a script in this process as `python script` would, and tell what it imported. Raises what it raises."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [request["script"]]
    sys.path[0] = str(Path(request["script"]).resolve().parent)
    with suppress(OSError):  # what `top` shows; Snakemake puts a random word before the script's name
        Path("/proc/self/comm").write_text(Path(request["script"]).stem.rpartition(".")[2], encoding="utf-8")
    # Figures and pages make objects by the hundred thousand that live as long as the script: to look through them after
    # every 700th, as Python does, took a tenth of its time.
    gc.set_threshold(GARBAGE)
    before = set(sys.modules)
    # Not runpy, which puts the former main module back: functions that run at the end look for this one.
    main_module = ModuleType("__main__")
    main_module.__file__ = request["script"]
    sys.modules["__main__"] = main_module
    code = compile(Path(request["script"]).read_bytes(), request["script"], "exec", dont_inherit=True)
    exec(code, main_module.__dict__)
    # In the order in which they were imported.
    new = "\n".join(name for name in sys.modules if name not in before)
    with suppress(OSError):
        request["tells"].send(new.encode()[:MOST_TOLD])


def leave() -> NoReturn:
    """End a fork whose script has ended well: taking all modules apart would take longer than many scripts."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def main() -> None:
    # The library's own folder is no place to import from: its modules are named by the package.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        run_script(request)
        leave()


if __name__ == "__main__":
    main()
