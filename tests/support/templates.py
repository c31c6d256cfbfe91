"""Clusters that are migrated already, kept as copies, so that a server or a stack starts quickly.

They are made again whenever the platform, a migration or the seed changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from local_stack import bootstrap, cluster, databases, migrate, programs
from local_stack.database import open_sidecar_role
from local_stack.paths import CACHE_DIR, SUPABASE_DIR
from local_stack.postgres import PASSWORD, Postgres
from local_stack.stack import SERVICES, Stack
from tests.support.database import TEMPLATE
from tests.support.places import short_lived
from thumbsmith.project import config
from thumbsmith.project.cache import settle

# Of each kind, the present one and one before.
KEPT = 2
# A server that nobody kills need not wait for the disk.
QUICK = {"fsync": "off", "max_wal_size": "128MB"}


def for_databases(server: Postgres) -> None:
    """Fill a server's folder: the platform in its own database, the product in a template."""
    _fill(server, "template", lambda made: _keep(databases.make_template(made, TEMPLATE)))


def for_stacks(server: Postgres) -> None:
    """Fill a server's folder: the product in its own database, as a stack has it."""
    _fill(server, "stack", _migrate)


class MigratedStack(Stack):
    """A stack whose cluster holds the product when it starts."""

    def _apply_migrations(self) -> None:
        # The cluster is from another process, and so is the password in it.
        open_sidecar_role(self.database.admin_url)


@contextmanager
def stack(
    services: tuple[str, ...] = SERVICES,
    on_started: Callable[[Mapping[str, str]], None] = lambda _: None,
) -> Iterator[Stack]:
    """Run a stack on a copy of a migrated cluster; how it migrates itself has tests of its own."""
    with short_lived() as folder:
        server = Postgres(folder / "postgres", folder / "postgres.log")
        kind = Stack if server.is_temporary else MigratedStack
        if server.is_temporary:
            # The server would lie elsewhere, and go away with this object.
            server.discard()
        else:
            for_stacks(server)
        with kind(
            folder, services=services, database_url="", stripe_key="", on_started=on_started
        ) as running:
            yield running


def _migrate(server: Postgres) -> None:
    migrate.migrate(server.url())
    migrate.seed(server.url(), config.load())
    with psycopg.connect(server.url()) as connection:
        # Most tests order drafts, and look at none: a whole one takes 0.4 s to paint and to store.
        connection.execute(
            "update private.generation_models set input_template = input_template"
            """ || '{"megapixels": "0.25"}'"""
            " where type_key = 'thumbnail_draft'"
        )


def _hash_quickly(server: Postgres) -> None:
    """Hash the passwords once instead of 4096 times: a test logs in a dozen times."""
    with psycopg.connect(server.admin_url) as admin:
        admin.execute("set local scram_iterations = 1")
        roles = admin.execute("select rolname from pg_authid where rolpassword is not null")
        for (role,) in roles.fetchall():
            statement = sql.SQL("alter role {} password {}")
            admin.execute(statement.format(sql.Identifier(role), sql.Literal(PASSWORD)))


def _keep(_name: str) -> None:
    """Need nothing more than the template."""


def _fill(server: Postgres, kind: str, fill: Callable[[Postgres], None]) -> None:
    """Copy the kept cluster; make it first, once for all who ask at the same time."""
    CACHE_DIR.mkdir(parents=True, exist_ok=True)
    place = CACHE_DIR / f"tests-{kind}-{programs.version()}-{fingerprint()}"
    with (CACHE_DIR / f"tests-{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _make(place, fill)
            _forget(place, kind)
    server.copy_from(place)


def _make(place: Path, fill: Callable[[Postgres], None]) -> None:
    with short_lived() as folder:
        made = Postgres(folder / "data", folder / "log", settings=QUICK)
        cluster.initialize(made)
        with made:
            fill(made)
            _hash_quickly(made)
            made.stop()
            work = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
            shutil.copytree(made.folder, work / "copy", symlinks=True)
            settle(work / "copy", place)
            shutil.rmtree(work, ignore_errors=True)


def _forget(place: Path, kind: str) -> None:
    others = [one for one in place.parent.glob(f"tests-{kind}-*") if one != place]
    for old in sorted(others, key=lambda one: one.stat().st_mtime)[: -(KEPT - 1)]:
        shutil.rmtree(old, ignore_errors=True)


def fingerprint() -> str:
    """Name the content of the platform, the migrations and the seed, and what is done here."""
    digest = hashlib.sha256(bootstrap.fingerprint().encode())
    files = [*sorted((SUPABASE_DIR / "migrations").glob("*.sql")), *config.load().seed_files]
    for file in [*files, SUPABASE_DIR / "config.toml", Path(__file__)]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
