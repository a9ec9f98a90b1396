"""Scripts as forks of one process: what they see, what is told of their ends, and who outlives whom."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from historical_controls import forked_scripts
from historical_controls.forked_scripts import (
    LOST,
    ONE_THREAD,
    ScriptRun,
    ScriptServer,
    Usage,
    forking,
    named,
    why_killed,
)

Write = Callable[[str], str]


@pytest.fixture(scope="module")
def server() -> ScriptServer:
    return ScriptServer(needed=["fractions"])


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> str:
        path = tmp_path / f"script{len(list(tmp_path.glob('script*')))}.py"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def alive(process: int) -> bool:
    """Whether a process runs; one that nobody has waited for has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def test_a_script_has_what_python_would_give_it(server: ScriptServer, write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    script = write(
        "import os, sys, atexit, pathlib\n"
        "value = 'written at the end'\n"
        "atexit.register(lambda: pathlib.Path('last').write_text(sys.modules['__main__'].value))\n"
        "seen = [os.getcwd(), os.environ['A'], *sys.argv, sys.path[0], __name__]\n"
        "pathlib.Path('seen').write_text('\\n'.join(seen))\n"
    )
    assert server.run(ScriptRun(script, folder, {"A": "b"})) == 0
    seen = (folder / "seen").read_text(encoding="utf-8").splitlines()
    assert seen == [str(folder), "b", script, str(tmp_path), "__main__"]
    assert (folder / "last").read_text(encoding="utf-8") == "written at the end"


def test_garbage_is_looked_for_rarely_in_a_script_but_looked_for(
    server: ScriptServer, write: Write, tmp_path: Path
) -> None:
    script = write("import gc, pathlib\npathlib.Path('seen').write_text(f'{gc.isenabled()} {gc.get_threshold()[0]}')\n")
    assert server.run(ScriptRun(script, tmp_path, {})) == 0
    assert (tmp_path / "seen").read_text(encoding="utf-8") == f"True {forked_scripts.GARBAGE}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pass", 0),
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('a message')", 1),
        ("raise ValueError", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import a_module_that_is_nowhere", 1),
        ("this is no Python", 1),
    ],
)
def test_exit_codes_are_those_of_a_process(server: ScriptServer, write: Write, text: str, code: int) -> None:
    script = write(text)
    assert subprocess.run([sys.executable, script], stderr=subprocess.DEVNULL, check=False).returncode == code
    assert server.run(ScriptRun(script, Path.cwd(), {})) == code


def test_modules_are_imported_once_and_not_by_the_script(server: ScriptServer, write: Write, tmp_path: Path) -> None:
    text = "import sys; early = 'fractions' in sys.modules and 'colorsys' in sys.modules\nimport colorsys\nassert early"
    assert server.run(ScriptRun(write(text), tmp_path, {})) == 0


def test_what_one_script_changes_no_other_sees(server: ScriptServer, write: Write, tmp_path: Path) -> None:
    assert server.run(ScriptRun(write("import colorsys; colorsys.changed = True"), tmp_path, {})) == 0
    assert server.run(ScriptRun(write("import colorsys; assert not hasattr(colorsys, 'changed')"), tmp_path, {})) == 0


def test_many_scripts_run_at_once(server: ScriptServer, write: Write, tmp_path: Path) -> None:
    scripts = [write(f"raise SystemExit({code})") for code in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: server.run(ScriptRun(one, tmp_path, {})), scripts)) == list(range(40))


def test_what_a_script_took_is_told(server: ScriptServer, write: Write, tmp_path: Path) -> None:
    seen: list[Usage] = []
    script = write(
        "import time\nheld = bytearray(200_000_000)\nend = time.process_time() + 0.3\n"
        "while time.process_time() < end: pass\ntime.sleep(0.3)"
    )
    assert server.run(ScriptRun(script, tmp_path, {}, seen.append)) == 0
    (usage,) = seen
    assert usage.seconds >= 0.6
    assert 0.3 <= usage.processor_seconds <= usage.seconds + 0.1
    assert 200_000_000 / 1024**2 <= usage.most_memory_mb < 2000


def test_scripts_end_with_the_process_that_asked(write: Write, tmp_path: Path) -> None:
    script = write("import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(60)")
    asks = (
        "import sys, pathlib; from historical_controls.forked_scripts import ScriptRun, ScriptServer\n"
        f"ScriptServer().run(ScriptRun({script!r}, pathlib.Path({str(tmp_path)!r}), {{}}))"
    )
    library = str(Path(forked_scripts.__file__).parents[1])
    asking = subprocess.Popen([sys.executable, "-c", asks], env=os.environ | {"PYTHONPATH": library})
    started = tmp_path / "pid"
    assert until(lambda: started.is_file() and started.read_text(encoding="utf-8") != "")
    process = int(started.read_text(encoding="utf-8"))
    assert alive(process)
    asking.kill()
    asking.wait()
    assert until(lambda: not alive(process))


def test_nobody_waits_for_a_server_that_is_gone(write: Write, tmp_path: Path) -> None:
    server = ScriptServer()
    script = write("import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    assert server.run(ScriptRun(script, tmp_path, {})) == LOST
    assert until(lambda: server.run(ScriptRun(script, tmp_path, {})) == LOST)


KILLED = [("SIGKILL", "memory ran out", "--cores 1"), ("SIGTERM", "ended by SIGTERM", "Finished jobs are kept")]
KILLED += [("SIGSEGV", "crashed (SIGSEGV)", "please report it")]


@pytest.mark.parametrize(("name", "said", "remedy"), KILLED)
def test_a_killed_script_is_told_why_on_the_terminal_and_in_its_log(
    server: ScriptServer,
    write: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    said: str,
    remedy: str,
) -> None:
    log = tmp_path / "job.log"
    log.write_text("what the job said\n", encoding="utf-8")
    script = write(f"import os, signal; os.kill(os.getpid(), signal.{name})")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        server.check_run(ScriptRun(script, tmp_path, {}, log=log))
    assert failed.value.returncode == -signal.Signals[name]
    told = capsys.readouterr().err
    assert name in told and said in told and remedy in told
    assert log.read_text(encoding="utf-8") == f"what the job said\n{told}"


def test_a_script_that_fails_by_itself_has_said_why(
    server: ScriptServer, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(subprocess.CalledProcessError, match="status 3"):
        server.check_run(ScriptRun(write("raise SystemExit(3)"), tmp_path, {}, log=tmp_path / "none"))
    assert capsys.readouterr().err == ""
    assert not (tmp_path / "none").exists()
    assert why_killed(-signal.SIGINT) == why_killed(0) == ""


def test_scripts_end_with_a_server_that_is_killed_and_are_told_so(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = ScriptServer()
    script = write(
        "import os, pathlib, signal, time; pathlib.Path('pid').write_text(str(os.getpid()))\n"
        "os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    )
    log = tmp_path / "job.log"
    with pytest.raises(subprocess.CalledProcessError, match="status 1"):
        server.check_run(ScriptRun(script, tmp_path, {}, log=log))
    told = capsys.readouterr().err
    assert "killed by SIGKILL" in told and "--cores 1" in told and "FORK_JOBS=no" in told
    assert log.read_text(encoding="utf-8") == told
    assert until(lambda: not alive(int((tmp_path / "pid").read_text(encoding="utf-8"))))


def test_the_failure_of_a_fork_has_no_frame_of_who_made_the_function(
    server: ScriptServer, write: Write, tmp_path: Path
) -> None:
    script, others = write("raise SystemExit(2)"), []
    runs = {"fork": ScriptRun(script, tmp_path, {})}
    execute = forking(server, others.append, lambda name: runs.get(name))
    with pytest.raises(subprocess.CalledProcessError) as failed:
        execute("fork")
    assert {Path(frame.path).name for frame in failed.traceback} == {Path(__file__).name, "forked_scripts.py"}
    assert [frame.name for frame in failed.traceback if frame.path == Path(__file__)] == [
        "test_the_failure_of_a_fork_has_no_frame_of_who_made_the_function"
    ]
    execute("process")
    assert others == ["process"]


def test_blas_has_one_thread_as_snakemake_sees_to(write: Write, tmp_path: Path) -> None:
    server = ScriptServer()
    # What libraries read when they are imported: the environment at the server's start, and that of the script.
    text = (
        "import os; text = open(f'/proc/{os.getppid()}/environ').read()\n"
        f"assert all(name + '=1' in text and os.environ[name] == '1' for name in {list(ONE_THREAD)})"
    )
    assert server.run(ScriptRun(write(text), tmp_path, {"OMP_NUM_THREADS": "8"})) == 0


def test_what_one_script_imports_on_the_way_the_next_one_has(write: Write, tmp_path: Path) -> None:
    server = ScriptServer()
    late = write("def late():\n    import colorsys, wsgiref.headers\nlate()\n")
    has = write("import sys; sys.exit(not {'colorsys', 'wsgiref.headers'} <= sys.modules.keys())")
    assert server.run(ScriptRun(has, tmp_path, {})) == 1
    assert server.run(ScriptRun(late, tmp_path, {})) == 0
    assert until(lambda: server.run(ScriptRun(has, tmp_path, {})) == 0)


def test_named_modules_are_those_of_the_top_level(write: Write) -> None:
    text = "import a.b, c; from d.e import f\nfrom . import g\nif True:\n    import h\ndef i():\n    import j\n"
    assert named(write(text)) == ["a.b", "c", "d.e"]
    assert named(write("no Python")) == named("nowhere.py") == []
