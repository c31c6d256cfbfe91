"""A server whose template holds the migrations, and a copy of it for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from local_stack import databases
from local_stack.database import open_sidecar_role
from local_stack.postgres import ADMIN, Postgres
from tests.support import templates
from tests.support.database import TEMPLATE, Database
from tests.support.places import short_lived


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """Run PostgreSQL with a template database that holds the migrations and the seed."""
    with short_lived() as folder:
        postgres = Postgres(folder / "data", folder / "log", settings=templates.QUICK)
        templates.for_databases(postgres)
        with postgres:
            # The cluster is from another process, and so is the password in it.
            open_sidecar_role(postgres.admin_url)
            # Its first session writes what each session of a copy would look up in the catalog.
            psycopg.connect(postgres.url(ADMIN, TEMPLATE)).close()
            yield postgres


@pytest.fixture
def db(server: Postgres) -> Iterator[Database]:
    """Give the test a database of its own: a copy of the migrated one, dropped afterwards."""
    with (
        databases.cloned(server, TEMPLATE, f"test_{uuid.uuid4().hex}") as url,
        closing(Database(url)) as database,
    ):
        yield database
