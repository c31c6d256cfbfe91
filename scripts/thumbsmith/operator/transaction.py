"""One transaction of the operator: taken back unless it is to be kept, refusals in words.

The rules live in SQL. A command calls a function of `private`, and prints what it returns.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.adapt import Buffer, Loader
from psycopg.rows import DictRow, dict_row
from psycopg.types.datetime import TimestamptzLoader

from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.operator.database import database_url

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = psycopg.Connection[DictRow]

# The functions of the operator keep a key with this before it.
KEY_PREFIX = "operator:"


class _InstantLoader(Loader):
    """Reads an instant; what Python has no date for, such as infinity, stays text."""

    def load(self, data: Buffer) -> Any:
        try:
            return TimestamptzLoader(self.oid, self.connection).load(data)
        except psycopg.DataError:
            return bytes(data).decode()


@contextmanager
def operator_transaction(*, commit: bool = False) -> Iterator[Connection]:
    """Open one transaction: kept at the end with `commit`, else taken back.

    Raises CommandError for what the database refuses.
    """
    try:
        with psycopg.connect(database_url(), connect_timeout=5, row_factory=dict_row) as connection:
            connection.adapters.register_loader("timestamptz", _InstantLoader)
            # A time without a zone means UTC, whatever the server is set to.
            connection.execute("set local time zone 'UTC'")
            yield connection
            # What is only checked at the end must refuse a dry run too.
            connection.execute("set constraints all immediate")
            if not commit:
                connection.rollback()
    except psycopg.OperationalError:
        raise
    except psycopg.DataError as error:
        detail = error.diag.message_primary or str(error)
        raise CommandError("value_malformed", detail, code=Exit.USAGE) from error
    except psycopg.errors.UndefinedTable as error:
        raise not_migrated(error) from error
    except psycopg.errors.UndefinedFunction as error:
        raise not_migrated(error) from error
    except psycopg.DatabaseError as error:
        said = error.diag
        # The detail of a violated constraint repeats the row.
        is_constraint = isinstance(error, psycopg.IntegrityError)
        detail = "" if is_constraint else said.message_detail or ""
        slug = said.message_primary or str(error)
        raise CommandError(slug, detail, said.message_hint or "") from error


def not_migrated(error: psycopg.Error) -> CommandError:
    """Return the error for a database that lacks our tables or functions."""
    detail = f"{error.diag.message_primary}: this database lacks migrations of this version"
    return CommandError("database_not_migrated", detail, "See `thumbsmith db status`.", Exit.USAGE)


def call(connection: Connection, function: str, arguments: dict[str, Any]) -> Any:
    """Call a function of `private` with named arguments and return what it returns."""
    named = [
        sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name))
        for name in arguments
    ]
    statement = sql.SQL("select {}({}) as result").format(
        sql.Identifier("private", function), sql.SQL(", ").join(named)
    )
    # Values travel as text, so that each takes the type of its argument.
    values = {name: None if v is None else str(v) for name, v in arguments.items()}
    row = connection.execute(statement, values).fetchone()
    return row["result"] if row else None
