"""A server with the platform, for the commands that take a database."""

from __future__ import annotations

import uuid
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from local_stack import cluster, databases
from local_stack.postgres import Postgres
from tests.support.cli.command_runner import CommandRunner
from tests.support.database import TEMPLATE, Database
from tests.support.places import short_lived
from tests.support.stand_ins.stripe.stand_in import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Run PostgreSQL with the platform and no migration."""
    folder = tmp_path_factory.mktemp("empty-project")
    # It is thrown away: nothing has to wait for the disk.
    server = Postgres(folder / "data", folder / "log", settings={"fsync": "off"})
    cluster.initialize(server)
    with server:
        yield server


@pytest.fixture
def shop(db: Database, tmp_path: Path) -> Iterator[CommandRunner]:
    """Give the test a database and an empty account at Stripe."""
    with running(tmp_path) as stand_in:
        yield CommandRunner(db, stand_in)


@pytest.fixture(scope="module")
def refusing_shop(server: Postgres) -> Iterator[CommandRunner]:
    """Yield a shop to tests whose commands are all refused before they change anything."""
    name = f"refusing_{uuid.uuid4().hex}"
    with (
        databases.cloned(server, TEMPLATE, name) as url,
        closing(Database(url)) as database,
        short_lived() as folder,
        running(folder) as stand_in,
    ):
        yield CommandRunner(database, stand_in)
