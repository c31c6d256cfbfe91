"""Databases for the questions of who may touch what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from local_stack import databases, platform, supabase_cli
from local_stack.postgres import ADMIN, Postgres
from tests.conftest import TEMPLATE
from tests.support.database import Database


@pytest.fixture(scope="session")
def migrated(server: Postgres) -> Iterator[Database]:
    """Give a migrated database; tests leave it as it is."""
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
            admin.execute(platform.OLD_PRIVILEGES_SQL.read_bytes())
        database.rows("create table public.made_before (id integer primary key)")
        supabase_cli.migrate(url)
        yield database
