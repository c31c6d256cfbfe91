"""The sidecar's side of the database contract: each call is one statement of its own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from functions_py.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from uuid import UUID

CHANNEL = "thumbsmith_jobs"
_CONNECT: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 5,
    "application_name": "thumbsmith_sidecar",
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_LOST = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, OSError)
_RECORDS = {
    "submitted": "select private.record_submitted(%s, %s, %s)",
    "submit_refused": "select private.record_submit_refused(%s, %s, %s, %s, %s)",
    "submit_unknown": "select private.record_submit_unknown(%s, %s, %s)",
    "prediction": "select private.record_prediction(%s, %s, %s)",
    "stored": "select private.record_stored(%s, %s, %s)",
    "job_failed": "select private.record_job_failed(%s, %s, %s, %s, %s)",
}


@dataclass(frozen=True)
class Job:
    """Work taken from the queue, held until its lease ends."""

    job_id: int
    lease_token: UUID
    kind: str
    generation_id: UUID
    attempt: int
    payload: dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What became of a job: the name of a record_* function and its last arguments."""

    name: str
    values: tuple[object, ...]


class Store(Protocol):
    """What the rest of the sidecar asks of the database."""

    async def claim(self, worker_id: str, max_jobs: int, lease_seconds: int) -> list[Job]:
        """Take due jobs."""

    async def record(self, job: Job, report: Report) -> str:
        """Report a job: ok, or stale when its lease had ended."""

    async def declare_idle(self, worker_id: str) -> None:
        """Ask to be woken by NOTIFY; claim once more before sleeping."""

    async def next_job_in_ms(self) -> int | None:
        """Return when the next job is due."""

    async def sweep(self) -> dict[str, Any]:
        """Do what time alone makes due."""

    async def listen(self, on_wake: Callable[[], None]) -> None:
        """Call back at once and for each NOTIFY, until the connection is lost."""

    async def record_replicate_webhook(
        self, webhook_id: str, attempt_token: UUID, body: dict[str, Any]
    ) -> str:
        """Store a webhook: stored, or duplicate."""

    async def queue_metrics(self) -> dict[str, Any]:
        """Return numbers about the queue."""

    async def ready(self) -> bool:
        """Whether the schema is in place."""


class Database:
    """A Store on PostgreSQL. Raises DatabaseUnavailableError whenever it does not answer."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=5,
            kwargs={**_CONNECT, "row_factory": dict_row},
            configure=_set_limits,
            check=AsyncConnectionPool.check_connection,
            reconnect_timeout=30,
        )

    async def open(self) -> None:
        """Start connecting, without waiting for it: a sidecar may start before its database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close(timeout=2)

    async def claim(self, worker_id: str, max_jobs: int, lease_seconds: int) -> list[Job]:
        """Take due jobs."""
        statement = "select * from private.claim_jobs(%s, %s, %s)"
        return [Job(**row) for row in await self._rows(statement, worker_id, max_jobs, lease_seconds)]

    async def record(self, job: Job, report: Report) -> str:
        """Report a job: ok, or stale when its lease had ended."""
        values = [Jsonb(value) if isinstance(value, dict) else value for value in report.values]
        statement = _RECORDS[report.name]
        return str(await self._value(statement, job.job_id, job.lease_token, *values))

    async def declare_idle(self, worker_id: str) -> None:
        """Ask to be woken by NOTIFY; claim once more before sleeping."""
        await self._rows("select private.declare_idle(%s)", worker_id)

    async def next_job_in_ms(self) -> int | None:
        """Return when the next job is due."""
        value = await self._value("select private.next_job_in_ms()")
        return None if value is None else int(str(value))

    async def sweep(self) -> dict[str, Any]:
        """Do what time alone makes due."""
        value = await self._value("select private.sweep()")
        return value if isinstance(value, dict) else {}

    async def record_replicate_webhook(
        self, webhook_id: str, attempt_token: UUID, body: dict[str, Any]
    ) -> str:
        """Store a webhook: stored, or duplicate."""
        statement = "select private.record_replicate_webhook(%s, %s, %s)"
        return str(await self._value(statement, webhook_id, attempt_token, Jsonb(body)))

    async def queue_metrics(self) -> dict[str, Any]:
        """Return numbers about the queue."""
        value = await self._value("select private.queue_metrics()")
        return value if isinstance(value, dict) else {}

    async def ready(self) -> bool:
        """Whether the schema is in place."""
        return await self._value("select private.sidecar_ready()") is True

    async def listen(self, on_wake: Callable[[], None]) -> None:
        """Call back at once and for each NOTIFY, until the connection is lost."""
        async with _lost_is_unavailable():
            # A connection of its own: LISTEN belongs to a session, and a pool shares sessions.
            connection = await psycopg.AsyncConnection.connect(self._url, **_CONNECT)
            async with connection:
                await connection.execute(f"listen {CHANNEL}")
                on_wake()
                async for _ in connection.notifies():
                    on_wake()

    async def _rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        async with _lost_is_unavailable(), self._pool.connection() as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall()

    async def _value(self, statement: str, *values: object) -> object:
        rows = await self._rows(statement, *values)
        return next(iter(rows[0].values()))


@asynccontextmanager
async def _lost_is_unavailable() -> AsyncIterator[None]:
    try:
        yield
    except _LOST as error:
        raise DatabaseUnavailableError from error


async def _set_limits(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute("set statement_timeout = '10s'")
