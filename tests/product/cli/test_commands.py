"""The command line: help, exit codes, JSON everywhere, progress on stderr."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from local_stack import databases
from local_stack.paths import SUPABASE_DIR
from tests.support.cli.operating import invoke
from tests.support.local_stack.stack_process import parsed, thumbsmith

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.postgres import Postgres


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["stack"],
        ["stack", "up"],
        ["stack", "down"],
        ["stack", "status"],
        ["stack", "env"],
        ["stack", "logs"],
        ["stack", "reset"],
        ["db"],
        ["db", "up"],
        ["db", "status"],
        ["db", "lint"],
        ["doctor"],
        ["sidecar"],
        ["demo"],
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = invoke(*command, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["stack", "up", "--port=70000"], ["stack", "nonsense"], ["doctor", "--nonsense"]],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert invoke(*arguments).returncode == 2


def test_without_a_stack_the_commands_say_so(tmp_path: Path) -> None:
    folder = f"--data-dir={tmp_path}"
    env = invoke("stack", "env", "--json", folder)
    assert (env.returncode, parsed(env)["error"]) == (1, "no_stack")
    status = thumbsmith("stack", "status", "--json", folder)
    assert (status.returncode, parsed(status)["services"]) == (1, [])
    down = invoke("stack", "down", "--json", folder)
    assert (down.returncode, parsed(down)["was_running"]) == (0, False)
    logs = invoke("stack", "logs", "node", "--json", folder)
    assert logs.returncode == 2
    db = invoke("db", "status", "--json", folder)
    assert db.returncode == 2


def test_the_data_folder_comes_from_the_flag_then_the_environment(tmp_path: Path) -> None:
    (tmp_path / "flag" / "logs").mkdir(parents=True)
    (tmp_path / "flag" / "logs" / "node.log").write_text("from the flag\n")
    (tmp_path / "env" / "logs").mkdir(parents=True)
    (tmp_path / "env" / "logs" / "node.log").write_text("from the environment\n")
    env = {"THUMBSMITH_DATA_DIR": str(tmp_path / "env")}
    assert "from the environment" in invoke("stack", "logs", env=env).stdout
    flag = invoke("stack", "logs", f"--data-dir={tmp_path / 'flag'}", env=env)
    assert "from the flag" in flag.stdout


def test_reset_only_says_what_it_would_delete_until_told(tmp_path: Path) -> None:
    stack = tmp_path / "stack"
    (stack / "keys").mkdir(parents=True)
    dry = invoke("stack", "reset", "--json", f"--data-dir={stack}")
    assert parsed(dry) == {"ok": True, "folder": str(stack), "deleted": False}
    assert stack.exists()
    assert invoke("stack", "reset", "--yes", f"--data-dir={stack}").returncode == 0
    assert not stack.exists()


def test_reset_refuses_a_folder_that_is_no_stack(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    done = thumbsmith("stack", "reset", "--yes", f"--data-dir={tmp_path}")
    assert done.returncode == 2
    assert (tmp_path / "precious.txt").exists()


def test_doctor_finds_this_machine_fit(tmp_path: Path) -> None:
    done = invoke("doctor", "--json", f"--data-dir={tmp_path}")
    report = parsed(done)
    assert (done.returncode, report["ok"]) == (0, True), report
    assert [check["name"] for check in report["checks"]] == [
        "python",
        "psycopg",
        "files",
        "sidecar settings",
        "database",
        "migrations",
        "postgres",
        "node",
        "node_modules",
        "postgrest",
        "disk",
        "data folder",
        "ports",
    ]


def test_doctor_finds_a_taken_port(empty_project: Postgres, tmp_path: Path) -> None:
    done = invoke("doctor", "--json", f"--data-dir={tmp_path}", f"--port={empty_project.port}")
    findings = [check["name"] for check in parsed(done)["checks"] if not check["ok"]]
    assert (done.returncode, findings) == (1, ["ports"])


def test_db_up_applies_what_is_missing_and_status_shows_the_difference(
    empty_project: Postgres,
) -> None:
    versions = [file.name.split("_")[0] for file in sorted((SUPABASE_DIR / "migrations").iterdir())]
    with databases.cloned(empty_project, "postgres", "fresh") as url:
        before = invoke("db", "status", "--json", f"--db-url={url}")
        assert before.returncode == 1
        assert not any(one["applied"] for one in parsed(before)["migrations"])

        up = invoke("db", "up", "--json", f"--db-url={url}")
        assert (up.returncode, parsed(up)) == (0, {"ok": True, "applied": versions}), up.stderr
        again = invoke("db", "up", "--json", env={"DB_URL": url})
        assert (again.returncode, parsed(again)["applied"]) == (0, [])

        after = invoke("db", "status", "--json", f"--db-url={url}")
        assert (after.returncode, parsed(after)["ok"]) == (0, True)


def test_db_lint_ends_with_1_when_the_advisors_find_something(empty_project: Postgres) -> None:
    with databases.cloned(empty_project, "postgres", "lint") as url:
        clean = invoke("db", "lint", "--json", f"--db-url={url}")
        assert (clean.returncode, parsed(clean)["ok"]) == (0, True), clean.stdout
        with psycopg.connect(url) as connection:
            connection.execute("create table public.open (id bigint primary key)")
            connection.execute("grant select on public.open to anon")
        done = invoke("db", "lint", "--json", f"--db-url={url}")
        assert done.returncode == 1
        assert "rls_disabled_in_public" in json.dumps(parsed(done)["findings"])


def test_an_unreachable_database_is_worth_another_try() -> None:
    # As programs, so that the codes and both outputs are those of a process: this one,
    # a refused reset (2) and a status (1).
    url = "postgresql://postgres:secret-word@127.0.0.1:1/postgres"
    done = thumbsmith("db", "status", "--json", f"--db-url={url}")
    assert (done.returncode, parsed(done)["ok"]) == (3, False)
    assert "secret-word" not in done.stdout + done.stderr


def test_a_migration_that_fails_is_a_finding_with_its_reason(empty_project: Postgres) -> None:
    with databases.cloned(empty_project, "postgres", "broken") as url:
        with psycopg.connect(url) as connection:
            connection.execute("create schema private")
        done = invoke("db", "up", "--json", f"--db-url={url}")
        assert done.returncode == 1
        assert parsed(done)["error"] == "migration_failed"
        assert "already exists" in parsed(done)["detail"]
        assert "postgres:postgres@" not in done.stdout
