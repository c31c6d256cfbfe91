"""Databases for the questions of who may touch what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from local_stack import bootstrap, databases, migrate
from local_stack.postgres import ADMIN, Postgres
from tests.support.database import TEMPLATE, Connection, Database
from tests.support.security.http_world import HttpWorld, caller, inhabited
from tests.support.security.populated import PopulatedDatabase, build


@pytest.fixture(scope="session")
def migrated(server: Postgres) -> Iterator[Database]:
    """Yield a migrated database; tests leave it as it is."""
    with (
        databases.cloned(server, TEMPLATE, "as_migrated") as url,
        closing(Database(url)) as database,
    ):
        yield database


@pytest.fixture(scope="session")
def old_defaults(server: Postgres) -> Iterator[Database]:
    """Apply the migrations where the platform opens new tables to everybody, as it once did.

    What new objects get by themselves is a matter of the database, so this needs no other server.
    """
    name = "old_defaults"
    with databases.cloned(server, "postgres", name) as url, closing(Database(url)) as database:
        with psycopg.connect(server.url(ADMIN, name)) as admin:
            admin.execute(bootstrap.OLD_PRIVILEGES_SQL.read_bytes())
        database.rows("create table public.made_before (id integer primary key)")
        migrate.migrate(url)
        yield database


@pytest.fixture(scope="session")
def world(server: Postgres) -> Iterator[PopulatedDatabase]:
    """Yield a database in which people have rows everywhere; tests leave it as it is."""
    with (
        databases.cloned(server, TEMPLATE, "inhabited") as url,
        closing(Database(url)) as database,
    ):
        yield build(database)


@pytest.fixture
def admin(world: PopulatedDatabase) -> Iterator[Connection]:
    """Log in as the superuser, who may become anybody; everything is rolled back."""
    with world.db.session(ADMIN) as connection, connection.transaction(force_rollback=True):
        yield connection


@pytest.fixture(scope="session")
def http_world() -> Iterator[HttpWorld]:
    """Let the people of a world come over HTTP; tests leave it as it is."""
    with inhabited() as (stack, world), ExitStack() as opened:
        callers = {
            who: opened.enter_context(caller(stack, world, who))
            for who in ("anon", "owner", "other", "guest", "service")
        }
        yield HttpWorld(world, callers, stack)
