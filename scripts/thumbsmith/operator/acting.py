"""What the commands of the operator share: one transaction, a dry run, refusals in words.

The rules live in SQL. This only finds the person, calls a function of `private`, and prints.
"""

from __future__ import annotations

import getpass
import json
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import psycopg
import typer
from psycopg import sql
from psycopg.adapt import Buffer, Loader
from psycopg.rows import DictRow, dict_row
from psycopg.types.datetime import TimestamptzLoader

from thumbsmith.console.output import Exit, fail
from thumbsmith.db.commands import address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Connection = psycopg.Connection[DictRow]

# The functions of the operator keep a key with this before it.
KEY_PREFIX = "operator:"

Why = Annotated[str, typer.Option(help="The reason, kept in the audit log.")]
Who = Annotated[str | None, typer.Option(help="Who does it.", show_default="your user name here")]
Yes = Annotated[bool, typer.Option("--yes", help="Really do it, instead of a dry run.")]


@dataclass(frozen=True)
class Person:
    """A profile, and the address it signs in with while its account is there."""

    id: uuid.UUID
    email: str | None

    def __str__(self) -> str:
        return self.email or str(self.id)


class _InstantLoader(Loader):
    """Reads an instant; what Python has no date for, such as infinity, stays text."""

    def load(self, data: Buffer) -> Any:
        try:
            return TimestamptzLoader(self.oid, self.connection).load(data)
        except psycopg.DataError:
            return bytes(data).decode()


@contextmanager
def operating(
    db_url: str | None,
    data_dir: Path | None,
    *,
    yes: bool = True,
    key: str | None = None,
    as_json: bool,
) -> Iterator[Connection]:
    """Open one transaction: kept at the end with `yes`, else taken back; refusals are printed."""
    url = address(db_url, data_dir, as_json=as_json)
    try:
        with psycopg.connect(url, connect_timeout=5, row_factory=dict_row) as connection:
            connection.adapters.register_loader("timestamptz", _InstantLoader)
            # A time without a zone means UTC, whatever the server is set to.
            connection.execute("set local time zone 'UTC'")
            yield connection
            # What is only checked at the end must refuse a dry run too.
            connection.execute("set constraints all immediate")
            if not yes:
                connection.rollback()
    except psycopg.OperationalError as error:
        # The connection may be lost while it commits: with the key a repeat does no harm.
        known = {} if key is None else {"key": key}
        again = "" if key is None or as_json else f"\nto try again safely: --key {key}"
        text = f"cannot reach the database, or it is busy: {error}{again}"
        fail(text, Exit.TRY_AGAIN, as_json=as_json, **known)
    except psycopg.DataError as error:
        fail(error.diag.message_primary or str(error), Exit.USAGE, as_json=as_json)
    except psycopg.DatabaseError as error:
        said = error.diag
        slug = said.message_primary or str(error)
        # The detail of a violated constraint repeats the row.
        is_constraint = isinstance(error, psycopg.IntegrityError)
        detail = None if is_constraint else said.message_detail
        refuse(slug, detail, said.message_hint, as_json=as_json)


def refuse(slug: str, detail: str | None, hint: str | None = None, *, as_json: bool) -> NoReturn:
    """Print a refusal: what, with which numbers, and what to do next."""
    if as_json:
        fail(slug, as_json=True, detail=detail, hint=hint)
    fail("\n".join([f"{slug}: {detail}" if detail else slug, *([hint] if hint else [])]))


def find_person(connection: Connection, person: str, *, as_json: bool) -> Person:
    """Find a profile by its id, or by the address of its account."""
    # A profile outlives its account; the id finds it then, the address does not.
    query = """
        select p.id, u.email::text as email
        from public.profiles as p
        left join auth.users as u on u.id = p.id
        where {}
    """
    profile_id = _as_uuid(person)
    if profile_id:
        rows = connection.execute(query.format("p.id = %s"), (profile_id,)).fetchall()
    else:
        rows = connection.execute(
            query.format("lower(u.email) = lower(%s)"), (person.strip(),)
        ).fetchall()
    if len(rows) > 1:  # accounts of single sign-on may share an address
        ids = ", ".join(str(row["id"]) for row in rows)
        refuse("many_profiles", f"{person} belongs to {ids}.", "Give the id.", as_json=as_json)
    if not rows:
        detail = f"There is no profile with the {'id' if profile_id else 'address'} {person}."
        hint = "Give the id of a profile, or the e-mail address of its account."
        refuse("profile_not_found", detail, hint, as_json=as_json)
    return Person(**rows[0])


def call(connection: Connection, function: str, arguments: dict[str, Any]) -> Any:
    """Call a function of `private` with named arguments and give what it returns."""
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


def balance(connection: Connection, person: Person) -> DictRow:
    """Give what the person owns, and what my_credits() tells them."""
    claims = "select set_config('request.jwt.claims', %s, true)"
    connection.execute(claims, (json.dumps({"sub": str(person.id)}),))
    row = connection.execute(
        """
        select p.credits, c.available, c.held, c.frozen, p.debt
        from public.profiles as p
        cross join public.my_credits() as c
        where p.id = %s
        """,
        (person.id,),
    ).fetchone()
    connection.execute(claims, ("",))
    if row is None:
        raise LookupError(person.id)
    return row


def user_name(who: str | None, *, as_json: bool) -> str:
    """Give the name that goes into the audit log."""
    try:
        return who if who is not None else getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        fail("this user has no name: give --who", Exit.USAGE, as_json=as_json)


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
