"""The stack's database: our own server, or one that was given by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import psycopg
from psycopg import sql

from local_stack import cluster, external_database
from local_stack.postgres import ADMIN, PASSWORD, Postgres
from local_stack.sidecar import ROLE
from thumbsmith.project import addresses
from thumbsmith.project.keys import sidecar_password
from thumbsmith.project.passwords import hashed
from thumbsmith.project.process import Service, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Database(Protocol):
    """What the other services need to know."""

    password: str

    @property
    def url(self) -> str:
        """Return the address for the role postgres."""

    @property
    def admin_url(self) -> str:
        """Return the address for the superuser."""

    def up(self, progress: Callable[[str], None]) -> list[Service]:
        """Make it ready; return what was started for it."""

    def down(self) -> None:
        """Stop what was started."""


class ManagedDatabase:
    """A PostgreSQL of our own."""

    password = PASSWORD

    def __init__(self, data_dir: Path, log: Path, port: int, *, old_privileges: bool) -> None:
        self._data_dir, self._log, self._port = data_dir, log, port
        self._old_privileges = old_privileges
        self._server: Postgres | None = None

    @property
    def url(self) -> str:
        """Return the address for the role postgres."""
        return self._running.url()

    @property
    def admin_url(self) -> str:
        """Return the address for the superuser."""
        return self._running.admin_url

    @property
    def _running(self) -> Postgres:
        if self._server is None:
            message = "the database is not running"
            raise RuntimeError(message)
        return self._server

    def up(self, progress: Callable[[str], None]) -> list[Service]:
        """Make the cluster where there is none, and start the server."""
        self._server = Postgres(self._data_dir, self._log, port=self._port)
        if not self._server.is_initialized:
            progress("making the database cluster")
            cluster.initialize(self._server, old_privileges=self._old_privileges)
        service = self._server.start()
        wait_until_ready([service])
        return [service]

    def down(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.stop()
            self._server.discard()
            self._server = None


class ExternalDatabase:
    """A server that somebody else runs: it is prepared once, never started or stopped."""

    def __init__(self, address: str, *, old_privileges: bool) -> None:
        self._address = addresses.without_tls_on_loopback(address)
        self._old_privileges = old_privileges
        self.password = addresses.password_of(address) or PASSWORD

    @property
    def url(self) -> str:
        """Return the address for the role postgres."""
        return addresses.with_role(self._address, "postgres", self.password)

    @property
    def admin_url(self) -> str:
        """Return the address for the superuser."""
        return addresses.with_role(self._address, ADMIN, self.password)

    def up(self, progress: Callable[[str], None]) -> list[Service]:
        """Bootstrap the platform where it is missing."""
        progress("preparing the given database")
        external_database.prepare(self._address, old_privileges=self._old_privileges)
        return []

    def down(self) -> None:
        """Leave it alone."""


def open_sidecar_role(admin_url: str) -> bool:
    """Let the sidecar's role log in, locally only; False when no migration has made that role."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        known = admin.execute("select from pg_roles where rolname = %s", [ROLE]).fetchone()
        if known is None:
            return False
        statement = sql.SQL("alter role {} with login password {}")
        secret = hashed(admin, sidecar_password())
        admin.execute(statement.format(sql.Identifier(ROLE), sql.Literal(secret)))
        return True
