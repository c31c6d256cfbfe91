"""The sidecar's side of the database contract: each call is one statement of its own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from functions_py.errors import DatabaseUnavailableError, RefusedError
from functions_py.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CONNECT: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 5,
    "application_name": "thumbsmith_sidecar",
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_LOST = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, OSError)


class Database(Store):
    """A Store on PostgreSQL.

    Raises DatabaseUnavailableError whenever it does not answer, RefusedError when a rule refuses.
    """

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=5,
            kwargs={**CONNECT, "row_factory": dict_row},
            configure=_set_limits,
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self) -> None:
        """Start connecting, without waiting for it: a sidecar may start before its database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close(timeout=2)

    async def rows(self, function: str, *values: object) -> list[dict[str, Any]]:
        """Call a function that returns a table."""
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(values))
        statement = sql.SQL("select * from private.{}({})").format(sql.Identifier(function), marks)
        given = [Jsonb(value) if isinstance(value, dict) else value for value in values]
        async with _plain_errors(), self._pool.connection() as connection:
            cursor = await connection.execute(statement, given)
            return await cursor.fetchall()

    async def value(self, function: str, *values: object) -> Any:
        """Call a function that returns one value."""
        rows = await self.rows(function, *values)
        return next(iter(rows[0].values()))

    async def can_connect(self) -> bool:
        """Return whether the role's password still opens a new connection."""
        try:
            async with await psycopg.AsyncConnection.connect(self._url, **CONNECT):
                return True
        except _LOST:
            return False

    async def listen(self, on_wake: Callable[[], None]) -> None:
        """Call back at once and for each NOTIFY, until the connection is lost."""
        async with _plain_errors():
            # A connection of its own: LISTEN belongs to a session, and a pool shares sessions.
            connection = await psycopg.AsyncConnection.connect(self._url, **CONNECT)
            async with connection:
                await connection.execute("listen thumbsmith_jobs")
                on_wake()
                async for _ in connection.notifies():
                    on_wake()


@asynccontextmanager
async def _plain_errors() -> AsyncIterator[None]:
    """Raise DatabaseUnavailableError for a lost connection, RefusedError for a broken rule."""
    try:
        yield
    except _LOST as error:
        raise DatabaseUnavailableError(str(error).partition("\n")[0][:200]) from error
    except psycopg.Error as error:
        # Our rules raise PT and an HTTP status, with the slug as message.
        if (error.sqlstate or "").startswith("PT"):
            raise RefusedError(error.diag.message_primary) from error
        raise


async def _set_limits(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute("set statement_timeout = '10s'")
