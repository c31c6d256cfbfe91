"""Transactions that are led step by step: begun, blocked and committed in a chosen order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, LiteralString

import psycopg

from tests.support.database import Connection, Database, refusal

DONE = "done"
PATIENCE = 30.0
BLOCKED = "select cardinality(pg_blocking_pids(%s)) > 0 as is_blocked"


@dataclass(frozen=True)
class Move:
    """A statement that changes something; its values are named in it."""

    name: str
    statement: LiteralString
    # The value that holds the person who makes it; none: the owner of the database does.
    person: str = ""


class SteppedConnection:
    """One connection whose statements may wait for a lock while others go on."""

    def __init__(
        self, connection: Connection, watcher: Connection, pool: ThreadPoolExecutor
    ) -> None:
        self.connection = connection
        self._watcher = watcher
        self._pool = pool
        self._future: Future[str] | None = None

    def start(self, move: Move, values: Mapping[str, Any]) -> bool:
        """Begin a transaction and make the move in it; tell whether it waits for somebody."""
        self._future = self._pool.submit(self._run, move, values)
        return self.is_blocked()

    def is_blocked(self) -> bool:
        """Wait until the move is made or waits for a lock; tell whether it waits."""
        assert self._future is not None
        end = monotonic() + PATIENCE
        while monotonic() < end:
            try:
                self._future.exception(timeout=0.001)
            except NotYet:
                row = self._watcher.execute(BLOCKED, (self.connection.info.backend_pid,)).fetchone()
                if row is not None and row["is_blocked"]:
                    return True
            else:
                return False
        raise AssertionError("neither done nor blocked")

    def finish(self, *, commit: bool = True) -> str:
        """Wait for the move, end its transaction, and return how it went: done, or a slug."""
        assert self._future is not None
        try:
            end = self._future.result(timeout=PATIENCE)
        except BaseException:
            self.connection.rollback()
            raise
        # After a refusal a commit is a rollback.
        self.connection.execute("commit" if commit else "rollback")
        return end

    def _run(self, move: Move, values: Mapping[str, Any]) -> str:
        statement, claims = move.statement, ""
        if move.person:
            claims = json.dumps({"role": "authenticated", "sub": str(values[move.person])})
            statement = "set local role authenticated; " + move.statement
        with psycopg.ClientCursor(self.connection) as cursor:
            try:
                cursor.execute(
                    "begin; select set_config('request.jwt.claims', %(claims)s, true); "
                    + statement,
                    {**values, "claims": claims},
                )
            except psycopg.Error as error:
                return _slug(error)
            return DONE


def _slug(error: psycopg.Error) -> str:
    """Return the slug of a refusal; a deadlock or another fault of ours is raised."""
    said = refusal(error)
    if said.sqlstate is None or said.slug is None or not said.sqlstate.startswith("PT"):
        raise error
    return said.slug


def finish_all(*all_of_them: SteppedConnection) -> list[str]:
    """Let everybody finish and commit, whoever can go on first; return how each went."""
    ends: dict[SteppedConnection, str] = {}
    until = monotonic() + PATIENCE
    while len(ends) < len(all_of_them) and monotonic() < until:
        for connection in all_of_them:
            if connection not in ends and not connection.is_blocked():
                ends[connection] = connection.finish()
    assert len(ends) == len(all_of_them), "somebody waits for ever"
    return [ends[connection] for connection in all_of_them]


@contextmanager
def stepped_connections(db: Database, number: int) -> Iterator[list[SteppedConnection]]:
    """Open this many connections, and end what they left behind."""
    with ExitStack() as stack:
        watcher = stack.enter_context(db.connect())
        own = [stack.enter_context(db.connect()) for _ in range(number)]
        pool = stack.enter_context(ThreadPoolExecutor(number))
        stack.callback(_cancel, own)
        yield [SteppedConnection(connection, watcher, pool) for connection in own]


def _cancel(own: list[Connection]) -> None:
    for connection in own:
        connection.cancel_safe(timeout=5)
