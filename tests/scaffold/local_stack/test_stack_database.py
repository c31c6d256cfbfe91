"""The stack's PostgreSQL: own, given by address, in unreachable places, and copied."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest

from local_stack import cluster, databases, external_database
from local_stack.paths import SUPABASE_DIR
from local_stack.postgres import ADMIN, Postgres
from local_stack.stack import Stack
from thumbsmith.project.account import Account
from thumbsmith.project.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.getuid() == 0


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Postgres]:
    """Run a server with nothing in it, whose superuser is called postgres, as most are."""
    server = Postgres(tmp_path / "data", tmp_path / "log", superuser="postgres")
    server.initdb()
    with server:
        yield server


def test_durability_is_on_and_only_this_machine_may_connect(bare_server: Postgres) -> None:
    with psycopg.connect(bare_server.admin_url) as admin:
        for name, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }.items():
            assert admin.execute(f"show {name}".encode()).fetchone() == (value,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(bare_server.url().replace(":postgres@", ":wrong@"))


def test_a_given_empty_server_is_turned_over_and_serves_the_stack(
    bare: Postgres, tmp_path: Path
) -> None:
    services = ("node", "postgrest")
    folder = tmp_path / "stack"
    for _ in range(2):
        with Stack(
            folder, services=services, database_url=bare.url(), stripe_key="", migrate=False
        ) as stack:
            headers = {"apikey": stack.keys.publishable_key}
            with httpx.Client(trust_env=False, headers=headers, base_url=stack.api_url) as client:
                assert client.get("/rest/v1/").status_code == 200
                assert client.get("/auth/v1/health").status_code == 200
    # still there, and postgres is an ordinary role now
    with psycopg.connect(bare.url()) as connection:
        row = connection.execute(
            "select rolsuper, rolbypassrls from pg_roles where rolname = current_user"
        ).fetchone()
    assert row == (False, True)


def test_a_given_server_that_is_in_use_keeps_its_superuser(bare: Postgres) -> None:
    with psycopg.connect(bare.url()) as connection:
        connection.execute("create table public.precious (id int)")
    with pytest.raises(StackError, match="not empty"):
        external_database.prepare(bare.url())
    with psycopg.connect(bare.url()) as connection:
        row = connection.execute(
            "select rolsuper from pg_roles where rolname = 'postgres'"
        ).fetchone()
        assert row == (True,)
        connection.execute("drop table public.precious")
    external_database.prepare(bare.url())
    with psycopg.connect(bare.url(ADMIN)) as admin:
        assert admin.execute("select auth.uid()").fetchone() == (None,)


def test_a_given_address_without_superuser_is_refused(bare: Postgres) -> None:
    with psycopg.connect(bare.url(), autocommit=True) as connection:
        connection.execute("create role weak login password 'postgres'")
    with pytest.raises(StackError, match="superuser"):
        external_database.prepare(bare.url("weak"))


def test_data_in_an_unreachable_folder_moves_to_a_temporary_place_and_goes_with_the_server() -> (
    None
):
    closed = Path(tempfile.mkdtemp(prefix="thumbsmith-test-"))
    server = Postgres(closed / "data", closed / "log")
    try:
        # Only root has to hand the server to somebody else.
        assert server.is_temporary is ROOT
        cluster.initialize(server)
        with server, psycopg.connect(server.url()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        place = server.folder
    finally:
        shutil.rmtree(closed)
    assert not place.exists()


def test_a_cluster_that_cannot_be_made_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    closed = Path(tempfile.mkdtemp(prefix="thumbsmith-test-"))
    server = Postgres(closed / "data", closed / "log")
    try:
        place = server.folder
        assert place.exists()
        monkeypatch.setattr(Postgres, "copy_from", fail)
        with pytest.raises(OSError, match="the disk is full"):
            cluster.initialize(server)
        assert server.is_temporary is False
        assert place.exists() is not ROOT
    finally:
        shutil.rmtree(closed)


def test_leftovers_of_a_killed_stack_are_removed_by_the_next(tmp_path: Path) -> None:
    made = Path(tempfile.mkdtemp(prefix="thumbsmith-postgres-"))
    innocent = tmp_path / "innocent"
    innocent.mkdir()
    note = tmp_path / "data.copy"
    note.write_text(str(made))
    Postgres(tmp_path / "data", tmp_path / "log").discard()
    assert not made.exists()
    note.write_text(str(innocent))
    Postgres(tmp_path / "data", tmp_path / "log").discard()
    assert innocent.exists()


def test_unreachable_binaries_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    can = Account.can

    def closed_to_binaries(self: Account, test: str, path: Path) -> bool:
        return "site-packages" not in path.parts and can(self, test, path)

    monkeypatch.setattr(Account, "can", closed_to_binaries)
    server = Postgres(tmp_path / "data", tmp_path / "log")
    try:
        assert ("site-packages" not in server.bin_dir.parts) is ROOT
        server.initdb()
        with server, psycopg.connect(server.admin_url) as admin:
            assert admin.execute("select 1").fetchone() == (1,)
    finally:
        server.discard()
    assert server.bin_dir.exists() is not ROOT


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Postgres]:
    """Run a server whose roles the test may change."""
    server = Postgres(tmp_path / "data", tmp_path / "log")
    cluster.initialize(server)
    with server:
        yield server


def test_a_template_has_every_migration_and_its_copies_are_apart(own_server: Postgres) -> None:
    count = len(list((SUPABASE_DIR / "migrations").glob("*.sql")))
    template = databases.make_template(own_server)
    with (
        databases.cloned(own_server, template, "one") as one,
        databases.cloned(own_server, template, "two") as two,
    ):
        for url in (one, two):
            with psycopg.connect(url) as connection:
                row = connection.execute(
                    "select count(*) from supabase_migrations.schema_migrations"
                ).fetchone()
                assert row == (count,)
                connection.execute("create table public.only_here (id int)")


def test_the_data_of_a_stack_outlives_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    # A folder that PostgreSQL's account can reach, unlike pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="thumbsmith-test-"))
    folder.chmod(0o755)
    try:
        with Stack(
            folder / "s", services=(), database_url="", stripe_key="", migrate=False
        ) as stack:
            with psycopg.connect(stack.db_url) as connection:
                connection.execute("create table public.kept (id bigint)")
            keys = stack.keys
        with Stack(
            folder / "s", services=(), database_url="", stripe_key="", migrate=False
        ) as stack:
            with psycopg.connect(stack.db_url) as connection:
                row = connection.execute("select to_regclass('public.kept') is not null").fetchone()
            assert row == (True,)
            assert stack.keys == keys
    finally:
        shutil.rmtree(folder)
