"""No command is content with nothing: what it reads is taken away, and it says where it looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
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
