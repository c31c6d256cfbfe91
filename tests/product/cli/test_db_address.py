"""The address of a database holds a password: what commands say and start when it does not work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from local_stack import supabase_cli
from local_stack.postgres import ADMIN, Postgres
from tests.support.canaries import MARK, runs
from tests.support.cli.operating import invoke
from tests.support.database import Database
from tests.support.local_stack.stack_process import parsed, thumbsmith
from thumbsmith.project.addresses import password_of, with_role, without_password
from thumbsmith.project.passwords import hashed
from thumbsmith.project.ports import HOST, free_ports

COMMANDS = [
    *(("check",), ("report", "margin_by_plan"), ("db", "status"), ("db", "up"), ("db", "lint")),
    *(
        ("jobs", "list"),
        ("codes", "list"),
        ("credits", "history", "ana@example.com"),
        ("models", "check"),
    ),
    *(("catalog", "diff"), ("stripe", "alarms"), ("stripe", "reconcile")),
]
# Signs that somebody forgot to escape; each is a password that works where it is escaped.
SPECIAL = [f"{MARK}@{MARK}", f"{MARK}/{MARK}", f"{MARK}%zz", f"{MARK} {MARK}", f"{MARK}:{MARK}@x"]


@pytest.fixture
def operator(db: Database, server: Postgres) -> Iterator[str]:
    """Yield the address for an operator whose password carries the word of this run."""
    with psycopg.connect(server.url(ADMIN), autocommit=True) as admin:
        statement = sql.SQL("create role operator superuser login password {}")
        admin.execute(statement.format(sql.Literal(hashed(admin, MARK))))
        try:
            yield with_role(db.url, "operator", MARK)
        finally:
            admin.execute("drop role operator")


def shown(command: tuple[str, ...], url: str, *more: str) -> tuple[int, str]:
    """Run a command in this process and return its code and all that it prints."""
    done = invoke(*command, f"--db-url={url}", *more)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_address_that_does_not_work_is_not_shown(db: Database, command: tuple[str, ...]) -> None:
    (port,) = free_ports(1)
    for place, *more in ((f"{HOST}:{port}",), ("nobody.invalid:5432", "--json")):
        code, said = shown(command, f"postgresql://postgres:{MARK}@{place}/postgres", *more)
        assert code in {1, 2, 3}, said
        assert len(said) > 20
        assert MARK not in said
    wrong = shown(command, with_role(db.url, "postgres", MARK))[1]
    assert MARK not in wrong
    for password in SPECIAL:
        code, said = shown(command, f"postgresql://postgres:{password}@{HOST}:{port}/postgres")
        assert (code, "the database's address must be" in said) == (2, True), (password, said)
        assert not runs(MARK) & runs(said)


def test_a_wrong_password_is_said_to_be_wrong(db: Database, operator: str) -> None:
    """Positive control: with the right one the same command works."""
    code, said = shown(("check",), with_role(db.url, "operator", f"{MARK}x"))
    assert (code, "authentication failed" in said) == (3, True)
    assert shown(("check",), operator, "--json")[0] == 0


@pytest.mark.parametrize("place", ["host", "password", "form"])
def test_the_program_itself_shows_no_address(db: Database, place: str) -> None:
    (port,) = free_ports(1)
    url = {
        "host": f"postgresql://postgres:{MARK}@{HOST}:{port}/postgres",
        "password": with_role(db.url, "postgres", MARK),
        "form": f"postgresql://postgres:{MARK}@{MARK}@{HOST}:{port}/postgres",
    }[place]
    done = thumbsmith("check", env={"DB_URL": url})
    assert done.returncode == (2 if place == "form" else 3)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not runs(MARK) & runs(done.stderr)


def test_no_process_has_the_password_among_its_arguments(
    server: Postgres, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Supabase CLI gets it in its environment, which only its owner can read."""
    seen: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # it has ended
                    seen.append(file.read_bytes().replace(b"\0", b" ").decode())
            time.sleep(0.02)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        done = thumbsmith("db", "lint", "--json", env={"DB_URL": operator})
    finally:
        over.set()
        watcher.join()
    assert (done.returncode, parsed(done)["ok"]) == (0, True), done.stdout
    # Positive control: the CLI was seen at work, with the address.
    at_work = [line for line in seen if "advisors" in line]
    assert [line for line in at_work if f"operator@{HOST}" in line]
    assert not [line for line in seen if MARK in line]


def test_the_cli_logs_in_with_the_password_it_was_given(operator: str) -> None:
    good = supabase_cli.supabase("migration", "list", remote=operator, check=False)
    assert good.returncode == 0, good.stderr
    wrong = with_role(operator, "operator", "wrong-password")
    bad = supabase_cli.supabase("migration", "list", remote=wrong, check=False)
    assert bad.returncode != 0


@pytest.mark.parametrize(
    ("url", "bare", "password"),
    [
        ("postgresql://u:p%40ss@h:1/d", "postgresql://u@h:1/d", "p@ss"),
        ("postgresql://u@h/d", "postgresql://u@h/d", None),
        ("postgresql://h/d?password=pw&sslmode=disable", "postgresql://h/d?sslmode=disable", "pw"),
        ("postgresql://u:p@h/d?password=q", "postgresql://u@h/d", "q"),
    ],
)
def test_an_address_is_parted_from_its_password(url: str, bare: str, password: str | None) -> None:
    assert without_password(url) == (bare, password)
    if password and "?" not in url:
        assert password_of(with_role(bare, "u", password)) == password
