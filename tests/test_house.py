"""The house itself: lock files, environments and generated files in step; rooms, layers and names as declared."""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from historical_controls.ard.keys.statistics import Statistic
from historical_controls.generate.files import generated_files

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"snakemake-minimal": "snakemake", "matplotlib-base": "matplotlib", "lazy_loader": "lazy-loader"}


def locked(name: str) -> dict[str, str]:
    """Pinned versions that hold for Python 3.11."""
    pins: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        found = re.match(r"^([a-z0-9-]+)==([^ ;\\]+)\s*(;[^\\]*)?", line)
        if found and ">= '3.12'" not in (found[3] or ""):
            pins[found[1]] = found[2]
    return pins


@pytest.mark.parametrize("path", sorted(generated_files()))
def test_generated_file_is_in_step(path: str) -> None:
    made = generated_files()[path].splitlines(keepends=True)
    kept = (ROOT / path).read_text(encoding="utf-8").splitlines(keepends=True)
    diff = "".join(difflib.unified_diff(kept, made, path, "generated"))
    assert not diff, f"run `make docs`\n{diff}"


def test_conda_environment_has_the_locked_versions() -> None:
    pins = locked("requirements.lock")
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(item["pip"] for item in listed if isinstance(item, dict))
    conda = [item.split("=") for item in listed if isinstance(item, str) and "=" in item]
    wanted = {CONDA_NAMES.get(name, name): found for name, found in conda if name != "python"}
    wanted |= dict(item.split("==") for item in pip)
    assert wanted == {name: pins[name] for name in wanted}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.match(r"[a-z0-9-]+", item)[0] for item in project["dependencies"]} == set(wanted)


def test_test_environment_contains_the_product_environment() -> None:
    product, everything = locked("requirements.lock"), locked("requirements-dev.lock")
    assert product.items() <= everything.items()
    assert product.items() <= locked("requirements-slurm.lock").items()


def test_every_pin_is_hashed_and_names_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-slurm.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert len(re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)) <= text.count("--hash=sha256:")
        assert "http" not in text


def test_readme_prints_the_commands_behind_make() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("--require-hashes -r requirements.lock", "snakemake --cores 4", 'pytest -m "not slow"', "mypy"):
        assert command in readme
        assert command.replace("--cores 4", "--cores $(CORES)") in (ROOT / "Makefile").read_text(encoding="utf-8")


# ---- the rooms -------------------------------------------------------------------------------------------------------

LIBRARY = ROOT / "workflow" / "scripts" / "historical_controls"
LIBRARIES = ("mixed_model", "inference")  # their packages are public faces, loaded when a name is asked for
MOST_FILES, MOST_LINES, MOST_PARAMETERS = 12, 350, 6
NO_NAMES = {"found", "who", "seen", "told", "compared"}  # they say nothing of what they hold
LONG_FILES = {"tables/registry.py"}  # declarations only: one after the other, in the order of the stages


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef):
                yield f"{named(path)}:{node.lineno} {node.name}", node


def parameters(function: ast.FunctionDef) -> list[str]:
    listed = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [item.arg for item in listed if item.arg not in ("self", "cls")]


def test_a_folder_is_small_and_says_what_question_it_answers() -> None:
    folders = {path.parent for path in modules()}
    for folder in folders:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= MOST_FILES, f"{named(folder)}: {len(files)} files"
        opening = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
        assert ast.get_docstring(opening), named(folder)
        if named(folder).split("/")[0] not in (*LIBRARIES, "."):
            assert len(opening.body) == 1, f"{named(folder)}/__init__.py imports or defines something"


def test_a_file_can_be_read_in_one_sitting() -> None:
    long = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES and name not in LONG_FILES} == {}


def test_imports_are_absolute_and_take_names_from_the_modules_that_define_them() -> None:
    """A job reruns for the modules that its script's imports name: a name taken from a package would hide its own."""
    for path in [*modules(), *(ROOT / "workflow" / "scripts").glob("*.py")]:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path.name}:{node.lineno}"
                if (node.module or "").startswith("historical_controls."):
                    place = LIBRARY.joinpath(*str(node.module).split(".")[1:])
                    sources = [place, *(place / alias.name for alias in node.names)]
                    leaves = [source.with_suffix(".py").is_file() for source in sources]
                    assert leaves[0] or all(leaves[1:]), f"{path.name}:{node.lineno} takes a name from a package"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_public_face_shows_what_its_modules_define(library: str) -> None:
    """A module of the same name would take a name's place once it has been imported."""
    face = importlib.import_module(f"historical_controls.{library}")
    assert face.__all__ == sorted(face.__all__)
    for name in face.__all__:
        assert not inspect.ismodule(getattr(face, name)), name
    assert not {path.stem for path in (LIBRARY / library).iterdir()} & set(face.__all__)


def test_the_mixed_model_knows_groups_and_subjects_alone() -> None:
    """It is a library of its own: a table and a formula in, estimates out, and no clinical word."""
    for path in sorted((LIBRARY / "mixed_model").rglob("*.py")):
        clinical = re.findall(r"(?i)\b(?:arms?|patients?|treated|controls|deaths?)\b", path.read_text(encoding="utf-8"))
        assert clinical == [], named(path)


def test_tests_mirror_the_rooms() -> None:
    rooms = {path.name for path in LIBRARY.iterdir() if path.is_dir()}
    folders = {
        path.name for path in (ROOT / "tests" / "unit").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert folders <= rooms


def test_files_of_tests_can_be_collected_together() -> None:
    """Outside packages a module is known by its name alone: a second one of that name is an error of the whole run."""
    files = (ROOT / "tests").rglob("*.py")
    alone = Counter(path.name for path in files if not (path.parent / "__init__.py").exists())
    assert [name for name, count in alone.items() if count > 1 and name != "conftest.py"] == []


def test_the_snakefile_imports_nothing_heavy() -> None:
    """Every job reads the Snakefile anew."""
    rules = (ROOT / "workflow" / "rules" / "common.smk").read_text(encoding="utf-8")
    imports = re.findall(r"^from historical_controls[.\w]* import (?:\([^)]*\)|.*)", rules, re.MULTILINE)
    assert len(imports) > 5
    heavy = "print([name for name in ('numpy', 'pandas', 'pyarrow', 'scipy', 'matplotlib') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(["import sys", *imports, heavy])],
        env={**os.environ, "PYTHONPATH": str(LIBRARY.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_longest_jobs_and_what_they_wait_for_begin_first() -> None:
    """One begun last runs on while the other processors have nothing left to do."""
    rules = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    parts = re.split(r"^(?:use )?rule .*?(\w+)(?: with)?:$", rules, flags=re.MULTILINE)[1:]
    declared = {
        name: re.search(r"^    priority: (\d+)$", text, re.MULTILINE)
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }
    priority = {name: int(found[1]) for name, found in declared.items() if found}
    before_grid = ("define_cohort", "redefine_cohorts", "balance_arms", "balance_grid")
    assert min(priority[name] for name in before_grid) > priority["analyse_grid"]
    long = ("assess_robustness", "analyse_specification", "analyse_placebos")
    assert priority["analyse_grid"] > max(priority[name] for name in long)
    # Findings may end the run, and everything else is before the figures.
    assert priority["check_findings"] == max(priority.values()) and priority["draw_figures"] == min(priority.values())
    assert "analyse_outcome" in declared and "analyse_outcome" not in priority


def test_scipy_stats_is_imported_where_it_is_used() -> None:
    """Importing it takes a job longer than all its other imports, and most jobs call none of it."""
    simulated = {"calibration", "simulation"}
    for path in modules():
        if named(path).split("/")[0] not in simulated:
            for node in tree(path).body:
                own = isinstance(node, ast.ImportFrom) and f"{node.module}.{node.names[0].name}"
                assert not (own or "").startswith("scipy.stats"), named(path)


# ---- the keys of the results table ---------------------------------------------------------------------------------

KEYS = LIBRARY / "ard" / "keys"
KEY_COLUMNS = {"analysis", "statistic", "output_id"}
NUMBER = re.compile(r"1[456]\.\d+(\.\d+)*")


def literals(node: ast.AST) -> list[str]:
    """Text written out in an expression that names something: a constant, or a row of them."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    parts = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else []
    parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else parts
    return [text for part in parts for text in literals(part)]


def column(node: ast.AST) -> str:
    """The column that `table["statistic"]` or `row.statistic` asks for; '' for anything else."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return node.attr if isinstance(node, ast.Attribute) else ""


def written_keys(node: ast.AST) -> list[str]:
    """Keys of the results table that a node writes out instead of naming their declaration.

    Arguments of Cell, number, text, one and all are not looked at here: their types refuse text (mypy).
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and NUMBER.fullmatch(node.value):
        return [node.value]
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        asked = any(column(side) in KEY_COLUMNS for side in sides)
        return [text for side in sides for text in literals(side)] if asked else []
    if isinstance(node, ast.Call):
        named = [k.value for k in node.keywords if k.arg in KEY_COLUMNS | {"output"}]
        picked = isinstance(node.func, ast.Attribute) and node.func.attr == "isin"
        if picked and column(node.func.value) in KEY_COLUMNS:
            named += node.args
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            # A value by a statistic's name: no other mapping of the library has keys of these names.
            return [text for text in literals(node.args[0]) if text in list(Statistic)] if node.args else []
        return [text for value in named for text in literals(value)]
    return []


def test_keys_of_the_results_table_are_written_where_they_are_declared() -> None:
    """An analysis, a statistic or an output number as plain text would be checked by nobody."""
    for path in [*modules(), *(ROOT / "workflow" / "scripts").glob("*.py")]:
        if path.parent == KEYS:
            continue
        for node in ast.walk(tree(path)):
            assert written_keys(node) == [], f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    "code",
    [
        'ard["statistic"] == "p_value"', 'row.analysis in ("deaths", x)', 'ard["analysis"].isin(["deaths"])',
        'cell.at(analysis="deaths")', 'HtmlTable("t", "14.2.10")', 'cell.at(output="14.2.3")',
        'values.get("p_value", nan)',
    ],
)  # fmt: skip
def test_a_written_key_is_found(code: str) -> None:
    assert [key for node in ast.walk(ast.parse(code)) for key in written_keys(node)]


def test_no_analysis_reads_what_is_printed() -> None:
    """Unit and format say how a number is printed; what another analysis needs is stored on the model's scale."""
    for path in (LIBRARY / "analysis").rglob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Subscript):
                assert column(node) not in {"unit", "format"}, f"{named(path)}:{node.lineno}"


def is_set(node: ast.expr) -> bool:
    """Whether an expression is a set, as far as its own writing says."""
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Call(func=ast.Attribute(attr="union" | "intersection" | "difference" | "symmetric_difference")):
            return True
        case ast.BinOp(left=left, right=right, op=ast.BitAnd() | ast.BitOr() | ast.Sub() | ast.BitXor()):
            return any(is_set(side) or ast.unparse(side).endswith(".keys()") for side in (left, right))
    return False


def test_nothing_is_done_in_the_order_of_a_set() -> None:
    """Texts hash anew in each process: a figure drew its lines in one of two orders, now one, now the other."""
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(tree(path)):
            ordered = node.generators if isinstance(node, ast.ListComp | ast.DictComp | ast.GeneratorExp) else []
            for loop in [node] if isinstance(node, ast.For) else ordered:
                assert not is_set(loop.iter), f"{named(path)}:{loop.iter.lineno}"


def test_layers_hold_and_no_room_depends_on_itself() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(LIBRARY.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_function_takes_six_parameters_at_most_and_names_say_what_they_hold() -> None:
    many = [place for place, function in functions() if len(parameters(function)) > MOST_PARAMETERS]
    nameless = [place for place, function in functions() if NO_NAMES & set(parameters(function))]
    assert (many, nameless) == ([], [])
