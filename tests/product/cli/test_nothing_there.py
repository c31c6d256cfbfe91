"""No command is content with nothing: what it reads is taken away, and it says where it looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from local_stack import databases
from local_stack.postgres import ADMIN, Postgres
from tests.support.database import Database
from thumbsmith.cli import app
from thumbsmith.project import paths

FOLDERS = [
    (["check"], "sql/checks"),
    (["report"], "sql/reports"),
    (["report", "margin_by_day"], "sql/reports"),
    (["db", "up"], "supabase/migrations"),
    (["db", "status"], "supabase/migrations"),
]


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


@pytest.mark.parametrize(("words", "folder"), FOLDERS, ids=lambda one: str(one))
def test_a_folder_without_files_is_an_error(
    db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], folder: str
) -> None:
    address = f"--db-url={db.url}"
    code, said = run(*words, address)
    # Positive control: with its files it does not end with 2.
    assert code != 2, said
    (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    code, said = run(*words, address)
    assert (code, folder in said.replace("\n", "")) == (2, True), said


@pytest.mark.parametrize(
    ("words", "taken", "slug"),
    [
        (["models", "check"], "update private.generation_models set is_enabled = false",
         "no_models"),
        (["generations", "show", "00000000-0000-0000-0000-000000000000"], "select 1",
         "generation_not_found"),
    ],
)  # fmt: skip
def test_an_empty_selection_is_an_error(
    db: Database, words: list[str], taken: str, slug: str
) -> None:
    db.rows(taken)
    code, said = run(*words, f"--db-url={db.url}", "--json")
    assert code != 0
    assert slug in said


@pytest.mark.parametrize("words", [["stack", "logs"], ["stack", "env"], ["stack", "reset"]])
def test_a_folder_without_a_stack_is_an_error(tmp_path: Path, words: list[str]) -> None:
    code, said = run(*words, f"--data-dir={tmp_path / 'none'}")
    assert code != 0
    assert str(tmp_path / "none") in said.replace("\n", "")


@pytest.fixture
def bare(server: Postgres) -> Iterator[str]:
    """Give a database that is no Supabase project."""
    with databases.cloned(server, "template0", "bare"):
        yield server.url(ADMIN, "bare")


def test_a_database_that_is_no_project_is_left_alone(bare: str, db: Database) -> None:
    code, said = run("db", "up", f"--db-url={bare}")
    assert code == 2
    assert "not_a_supabase_project: this database is no Supabase project" in said
    with psycopg.connect(bare) as connection:
        made = connection.execute("select to_regnamespace('supabase_migrations')").fetchone()
    assert made == (None,)
    assert run("db", "up", f"--db-url={db.url}")[0] == 0
    code, said = run("check", f"--db-url={bare}")
    assert (code, "database_not_migrated: " in said) == (2, True), said


def test_check_and_status_count_what_they_looked_at(db: Database) -> None:
    code, said = run("check", f"--db-url={db.url}")
    questions = len(list(paths.checks_dir().glob("*.sql")))
    assert (code, said.splitlines()[-1]) == (0, f"{questions} questions, 0 findings")
    code, said = run("db", "status", f"--db-url={db.url}")
    migrations = len(list(paths.migrations_dir().glob("*.sql")))
    assert (code, said.splitlines()[-1]) == (0, f"{migrations} applied, 0 pending")


def test_a_finding_says_what_to_do_then(db: Database) -> None:
    db.rows(
        "insert into private.stripe_alarms (object_id, slug, detail) values ('x', 'odd', 'Odd.')"
    )
    code, said = run("check", f"--db-url={db.url}")
    assert (code, said.splitlines()[-1].endswith("1 findings")) == (1, True)
    assert "  Then: `thumbsmith stripe alarms` lists them" in said


# What a command does with nothing is shown above, or in the test that is named here.
SHOWN_ELSEWHERE = {
    **dict.fromkeys(
        ["catalog diff", "catalog push", "catalog pull"], "cli/test_catalog.py: catalog_empty"
    ),
    **dict.fromkeys(
        ["credits grant", "credits revoke", "credits freeze", "credits release", "credits history"],
        "cli/test_credits_refusals.py: profile_not_found",
    ),
    "codes create": "makes something, and needs nothing",
    "codes disable": "cli/test_codes.py: code_not_found",
    **dict.fromkeys(["settings list", "settings set"], "cli/test_settings.py: settings_missing"),
    "jobs retry": "cli/test_jobs.py: job_not_found",
    "jobs drop": "cli/test_jobs.py: job_not_found",
    "stripe replay": "cli/test_stripe_commands.py: event_not_found",
    "stripe resolve": "cli/test_stripe_commands.py: alarm_not_found",
    "stripe reconcile": "compares: an account without anything has no difference, and it says so",
    # Lists of what there is to do: none is an answer, and the command says that there is none.
    **dict.fromkeys(["codes list", "jobs list", "stripe alarms"], "an empty list is an answer"),
    "doctor": "asks fixed questions; scaffold/local_stack shows that it cannot crash",
    "sidecar": "sidecar/test_config.py: without settings it ends with 2",
    "stack up": "scaffold/local_stack: makes its folder",
    "stack down": "scaffold/local_stack: says that nothing was running",
    "stack status": "scaffold/local_stack: ends with 1",
    "demo": "needs nothing",
    "bench": "scaffold/bench: scripts that are missing",
    "db lint": "asks the advisors of the Supabase CLI",
}


def names(group: object, before: str = "") -> Iterator[str]:
    """Yield every command of the tool by its words."""
    commands: dict[str, object] = getattr(group, "commands", {})
    for name, command in commands.items():
        inner = getattr(command, "commands", None)
        yield from names(command, f"{before}{name} ") if inner else [f"{before}{name}"]


def test_every_command_is_shown_with_nothing() -> None:
    from devtools.stack.commands import app as stack

    found = {*names(typer.main.get_command(app)), *names(typer.main.get_command(stack), "stack ")}
    found.discard("stack")
    shown = {" ".join(words[:2]) for words, _ in FOLDERS} | {"report", "models check"}
    shown |= {"generations show", "stack logs", "stack env", "stack reset"}
    missing = found - {one.partition(" margin")[0] for one in shown} - SHOWN_ELSEWHERE.keys()
    assert missing == set()
    # Positive control: the tool has its commands, in groups and alone.
    assert {"check", "db up", "stack up"} <= found
