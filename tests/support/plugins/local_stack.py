"""Fixtures for the parts of the local stack itself, without the product's migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from local_stack import cluster
from local_stack.postgres import Postgres
from local_stack.stack import Stack
from tests.support.local_stack.node_client import NODE
from tests.support.local_stack.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _node_ends() -> Iterator[None]:
    """End the process that calls supabase-js with the run, where a test has started it."""
    yield
    NODE.close()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Run PostgreSQL, Node.js and PostgREST for the whole session."""
    folder = tmp_path_factory.mktemp("platform")
    services = ("postgres", "node", "postgrest")
    with Stack(folder, services=services, database_url="", stripe_key="", migrate=False) as stack:
        yield Platform(
            api_url=stack.api_url,
            db_url=stack.db_url,
            admin_url=stack.admin_url,
            publishable_key=stack.keys.publishable_key,
            secret_key=stack.keys.secret_key,
            jwks_url=stack.jwks_url,
            anon_key=stack.keys.tokens.anon_key,
            service_role_key=stack.keys.tokens.service_role_key,
        )


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Run PostgreSQL alone, with the platform in its database."""
    folder = tmp_path_factory.mktemp("server")
    server = Postgres(folder / "data", folder / "log")
    cluster.initialize(server)
    with server:
        yield server


@pytest.fixture
def as_postgres(bare_server: Postgres) -> Iterator[psycopg.Connection]:
    """Log in as the role that runs migrations; everything is rolled back."""
    with psycopg.connect(bare_server.url()) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def as_admin(bare_server: Postgres) -> Iterator[psycopg.Connection]:
    """Log in as the superuser; everything is rolled back."""
    with psycopg.connect(bare_server.admin_url) as connection:
        yield connection
        connection.rollback()
