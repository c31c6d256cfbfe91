"""The private server of a benchmark, and what has to be known about the machine below it."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from local_stack import cluster, databases
from local_stack.paths import PROJECT
from local_stack.postgres import ADMIN, PASSWORD, Postgres
from thumbsmith.project.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

SQL = PROJECT / "sql" / "bench"

# Durable as in production. Vacuum runs between the runs, not by chance within one.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
    "autovacuum": "off",
}
_SYNCS = 200
_PAGE = bytes(8192)


@dataclass(frozen=True)
class Side:
    """A checkout whose schema is measured, and the template database that has it."""

    title: str
    project: Path
    template: str

    @property
    def scripts(self) -> Path:
        """Return the folder of its scripts for pgbench."""
        return self.project / "sql" / "bench"

    @property
    def checks(self) -> Path:
        """Return the folder of its questions."""
        return self.project / "sql" / "checks"


HERE = Side("here", PROJECT, "migrated")


def there(project: Path) -> Side:
    """Return another checkout, that this one is compared with."""
    return Side("there", project, "migrated_there")


@dataclass(frozen=True)
class Machine:
    """What the figures depend on."""

    cores: int
    system: str
    postgres: str
    sync_ms: float
    load_average: float
    settings: dict[str, str]


@contextmanager
def started(other: Side | None = None) -> Iterator[Postgres]:
    """Run a server of our own with a template database for this checkout, and another one."""
    with tempfile.TemporaryDirectory(prefix="thumbsmith-bench-") as name:
        folder = Path(name)
        # the account PostgreSQL runs under has to pass through; its data folder stays closed
        folder.chmod(0o711)
        server = Postgres(folder / "data", folder / "log", settings=SETTINGS)
        cluster.initialize(server)
        with server:
            # A server has one set of roles, so the schema that is compared comes first.
            for side in filter(None, (other, HERE)):
                databases.make_template(server, side.template, project=side.project)
            yield server


def environment(server: Postgres, role: str, database: str) -> dict[str, str]:
    """Give a client program the address of a database; no password in its arguments."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PGHOST": HOST,
        "PGPORT": str(server.port),
        "PGUSER": role,
        "PGPASSWORD": PASSWORD,
        "PGDATABASE": database,
        "PGSSLMODE": "disable",
    }


def describe(server: Postgres) -> Machine:
    """Look at the machine and at the settings that the server really has."""
    with psycopg.connect(server.url(ADMIN)) as connection:
        rows = connection.execute(
            "select name, setting || coalesce(unit, '') from pg_settings where name = any(%s)",
            [[*SETTINGS, "wal_level", "server_version"]],
        ).fetchall()
    settings: dict[str, str] = dict(sorted(rows))
    return Machine(
        cores=_cores(),
        system=f"{platform.system()} {platform.machine()}",
        postgres=settings.pop("server_version"),
        sync_ms=sync_ms(server.folder.parent),
        load_average=os.getloadavg()[0],
        settings=settings,
    )


def sync_ms(folder: Path) -> float:
    """Measure what it takes to bring 8 kB to the disk: the median of many writes."""
    flush = getattr(os, "fdatasync", os.fsync)
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_SYNCS):
            file.seek(0)
            began = time.perf_counter()
            file.write(_PAGE)
            flush(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[_SYNCS // 2] * 1000


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
