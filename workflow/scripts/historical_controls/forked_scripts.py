"""Runs scripts as forks of one process that imports what they need once, instead of each by itself.

    server = ScriptServer()
    code = server.run("script.py", Path.cwd(), dict(os.environ))

A script of a study spends about a second on imports, and a run has eighty of them. The server imports what the text of
a script names when it first meets it, and what scripts have imported besides while they ran; then it forks itself. It
starts no thread, so that a fork is safe: Arrow's allocator has one, and provides for forks. It ends with the process
that asks, and its scripts with it.
"""

from __future__ import annotations

import ast
import atexit
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

# Libraries of linear algebra read these when they are imported: by the server, or later by a script. With more threads
# their last digits would depend on the computer.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "GOTO", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")}
MOST_TOLD = 65536  # bytes of names
LOST = 1  # exit code of a script whose server is gone
Request = dict[str, Any]


def spawned() -> socket.socket:
    """Start a server in an interpreter of its own; returns the socket on which it is asked."""
    ours, theirs = socket.socketpair()
    subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        env=os.environ | ONE_THREAD,
    )
    theirs.close()
    return ours


class ScriptServer:
    """The server as seen by the process that asks; any of its threads may ask.

    needed: modules that every script needs without naming them.
    """

    def __init__(self, needed: Sequence[str] = ()) -> None:
        self._requests = spawned()
        self._needed, self._numbers, self._sending = list(needed), itertools.count(), threading.Lock()
        # By number of the script: its process id, 0 if it has none, then its exit code.
        self._started: dict[int, Future[int]] = {}
        self._ended: dict[int, Future[int]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def run(
        self,
        script: str,
        folder: Path,
        environment: dict[str, str],
        meanwhile: Callable[[int], AbstractContextManager[object]] = lambda _: nullcontext(),
    ) -> int:
        """Run a script as `python script` would in a folder; returns its exit code, negative for a signal.

        environment: of the script; libraries of linear algebra have one thread, whatever it says.
        meanwhile: entered with the script's process id for as long as it runs.
        """
        number = next(self._numbers)
        self._started[number], self._ended[number] = started, ended = Future[int](), Future[int]()
        environment = environment | ONE_THREAD
        request = {"number": number, "script": script, "folder": str(folder), "environment": environment}
        try:
            with self._sending:
                self._requests.sendall(json.dumps(request | {"needed": self._needed}).encode() + b"\n")
        except OSError:
            return LOST
        process = started.result()
        if not process:
            return LOST
        with meanwhile(process):
            return ended.result()

    def _listen(self) -> None:
        with suppress(OSError), self._requests.makefile(encoding="utf-8") as answers:
            for line in answers:
                number, kind, value = json.loads(line)
                {"started": self._started, "ended": self._ended}[kind].pop(number).set_result(value)
        # Nobody waits for a server that is gone.
        for future in list(self._started.values()):
            future.set_result(0)
        for future in list(self._ended.values()):
            future.set_result(LOST)


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
    running: dict[int, int] = {}
    rest = b""
    while True:
        ready, _, _ = select.select([connection, woken, told], [], [])
        if told in ready:
            _import(told.recv(MOST_TOLD).decode().split())
        if woken in ready:
            woken.recv(4096)
            for process, code in _ended():
                # An import may have started a process of its own.
                if process in running:
                    _answer(connection, running.pop(process), "ended", code)
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
            process = os.fork()
            if not process:
                _leave(connection, woken, wakes, told)
                return request | {"tells": tells}
            running[process] = request["number"]
            _answer(connection, request["number"], "started", process)


def _answer(connection: socket.socket, number: int, kind: str, value: int) -> None:
    # Who asked may be gone, which the next read tells.
    with suppress(OSError):
        connection.sendall(json.dumps([number, kind, value]).encode() + b"\n")


def _ended() -> Iterator[tuple[int, int]]:
    """Process ids and exit codes of the forks that have ended."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not process:
            return
        yield process, os.waitstatus_to_exitcode(status)


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
