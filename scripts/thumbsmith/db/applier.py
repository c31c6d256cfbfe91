"""Applies one migration file as the Supabase CLI does, in one transaction with its note.

Three kinds of files differ. A statement that PostgreSQL refuses inside a transaction runs by
itself, and what stands before it is committed first. A file whose first line is
`-- pg-delta: transaction=false`, or that begins and ends transactions itself, runs statement by
statement.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from thumbsmith.db import history, statements

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg.abc import Params

APART = "-- pg-delta: transaction=false"
_FILE_NAME = re.compile(r"([0-9]+)_(.*)\.sql")
# What PostgreSQL refuses inside a transaction.
_ALONE = re.compile(
    r"create (?:unique )?index concurrently\b|drop index concurrently\b|reindex\b.* concurrently\b"
    r"|vacuum\b|alter system\b|cluster\b",
    re.IGNORECASE,
)
_TRANSACTION = re.compile(
    r"(?:begin|start transaction|commit|end|abort|prepare transaction)\b"
    r"|rollback\b(?! (?:work |transaction )?to\b)",
    re.IGNORECASE,
)
_SHOWN = 300


@dataclass(frozen=True)
class Migration:
    """A file: its version and name, and its statements in order."""

    version: str
    name: str
    statements: list[str]
    is_apart: bool

    @classmethod
    def read(cls, file: Path) -> Migration:
        """Read a file whose name begins with its version."""
        version, name = _parts(file.name)
        # Not with `read_text`, which would change the ends of lines.
        content = file.read_bytes().decode()
        first = content.removeprefix("\ufeff").partition("\n")[0].removesuffix("\r")
        cut = statements.split(content)
        plain = [statements.without_comments(one) for one in cut]
        is_apart = first == APART or any(map(_TRANSACTION.match, plain))
        return cls(version, name, cut, is_apart)


class MigrationFailedError(Exception):
    """A statement of a file failed; the message says which, and why."""

    def __init__(self, file: Path, statement: str, number: int, error: psycopg.Error) -> None:
        self.sqlstate = error.sqlstate or ""
        shown = statement if len(statement) <= _SHOWN else f"{statement[:_SHOWN]} …"
        said = str(error).strip()
        super().__init__(
            f"{file.stem}, statement {number}: {said} (SQLSTATE {self.sqlstate})\n{shown}"
        )


def files(folder: Path) -> dict[str, Path]:
    """Return the migrations of a folder by their versions, in order."""
    found = (file for file in folder.glob("*.sql") if _FILE_NAME.fullmatch(file.name))
    return dict(sorted((_parts(file.name)[0], file) for file in found))


def apply(connection: psycopg.Connection, file: Path) -> None:
    """Apply a file and note it, on a session without a transaction of its own."""
    migration = Migration.read(file)
    # What the file before has set holds for that file alone.
    connection.execute("reset all")
    history.prepare(connection)
    run = _Run(connection, file, migration)
    if migration.is_apart:
        run.one_by_one()
    else:
        run.in_transactions()


class _Run:
    """The statements of one file on their way."""

    def __init__(self, connection: psycopg.Connection, file: Path, migration: Migration) -> None:
        self._connection, self._file, self._migration = connection, file, migration
        row = (migration.version, migration.name, migration.statements)
        self._note: tuple[str, Params | None] = (history.ADD, row)
        self._done = 0

    def one_by_one(self) -> None:
        """Run every statement by itself; an open transaction and settings end with a failure."""
        try:
            for statement in self._migration.statements:
                self._alone(statement)
            self._together([self._note])
        except MigrationFailedError:
            with suppress(psycopg.Error):
                self._connection.execute("rollback")
                self._connection.execute("reset all")
            raise

    def in_transactions(self) -> None:
        """Run the file as one transaction, but for statements that have to be alone."""
        waiting: list[tuple[str, Params | None]] = []
        for statement in self._migration.statements:
            if _ALONE.match(statements.without_comments(statement)):
                self._together(waiting)
                waiting = []
                self._alone(statement)
            else:
                waiting.append((statement, None))
        self._together([*waiting, self._note])

    def _alone(self, statement: str) -> None:
        try:
            self._connection.execute(statement.encode())
        except psycopg.Error as error:
            raise self._failed(statement, self._done, error) from error
        self._done += 1

    def _together(self, batch: list[tuple[str, Params | None]]) -> None:
        """Send all at once, so that locks are not held for a round trip a statement."""
        if not batch:
            return
        cursors: list[psycopg.Cursor] = []
        try:
            with self._connection.transaction(), self._connection.pipeline() as pipeline:
                try:
                    for statement, values in batch:
                        cursors.append(self._connection.cursor())
                        cursors[-1].execute(statement.encode(), values, prepare=False)
                    pipeline.sync()
                except psycopg.Error:
                    # Read what is left, or psycopg warns that the rest was given up.
                    with suppress(psycopg.Error):
                        pipeline.sync()
                    raise
        except psycopg.Error as error:
            # Those before the one that failed have an answer.
            number = sum(cursor.statusmessage is not None for cursor in cursors)
            statement = batch[min(number, len(batch) - 1)][0]
            raise self._failed(statement, self._done + number, error) from error
        self._done += len(batch)

    def _failed(self, statement: str, number: int, error: psycopg.Error) -> MigrationFailedError:
        return MigrationFailedError(self._file, statement, number + 1, error)


def _parts(name: str) -> tuple[str, str]:
    found = _FILE_NAME.fullmatch(name)
    if found is None:
        message = f"{name} is no name of a migration: it begins with a number and an underscore"
        raise ValueError(message)
    return found[1], found[2]
