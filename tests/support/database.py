"""A database of its own for a test, and the people who act on it."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from local_stack.sidecar import ROLE
from thumbsmith.project.keys import sidecar_password

Connection = psycopg.Connection[DictRow]
# So many sessions of a role wait to be used again; a server has room for 200 in all.
# The database that tests get a copy of.
TEMPLATE = "migrated"
IDLE_MAX = 8


@dataclass(frozen=True)
class Refusal:
    """What an error of ours says: its SQLSTATE, slug and detail."""

    sqlstate: str | None
    slug: str | None
    detail: str | None


def refusal(error: psycopg.Error) -> Refusal:
    """Read a database error as a refusal; PGRST is the form that carries HTTP headers."""
    message = error.diag.message_primary
    if error.sqlstate != "PGRST" or message is None:
        return Refusal(error.sqlstate, message, error.diag.message_detail)
    said = json.loads(message)
    return Refusal(said["code"], said["message"], said["details"])


@dataclass(frozen=True)
class Database:
    """One migrated database; `url` connects as postgres, the role that owns our objects.

    Its sessions are used again, since to open one takes longer than most statements: `close` it.
    """

    url: str
    _idle: defaultdict[str, list[Connection]] = field(
        default_factory=lambda: defaultdict(list), init=False, repr=False, compare=False
    )

    def connect(self, role: str = "postgres") -> Connection:
        """Open an autocommit connection as this login role."""
        password = sidecar_password() if role == ROLE else "postgres"
        url = make_conninfo(self.url, user=role, password=password)
        return psycopg.connect(url, autocommit=True, row_factory=dict_row)

    @contextmanager
    def session(self, role: str = "postgres") -> Iterator[Connection]:
        """Lend a session that may have been used before, and has the settings of a new one."""
        connection = self._resume(role) or self.connect(role)
        # A statement is planned anew each time: the tables of a test may change.
        connection.prepare_threshold = None
        try:
            yield connection
        finally:
            idle = self._idle[role]
            is_idle = connection.info.transaction_status == TransactionStatus.IDLE
            if is_idle and len(idle) < IDLE_MAX:
                idle.append(connection)
            else:
                connection.close()

    def _resume(self, role: str) -> Connection | None:
        while True:
            try:
                connection = self._idle[role].pop()
            except IndexError:
                return None
            try:
                connection.execute("reset role; reset all")
            except psycopg.OperationalError:
                # Somebody ended it.
                connection.close()
            else:
                return connection

    def close(self) -> None:
        """End the sessions that wait to be used again."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()

    def rows(self, statement: str, *values: Any, role: str = "postgres") -> list[DictRow]:
        """Run one statement in a transaction of its own and return its rows."""
        with self.session(role) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: Any, role: str = "postgres") -> Any:
        """Return the first column of the first row."""
        return next(iter(self.rows(statement, *values, role=role)[0].values()))

    @contextmanager
    def acting_as(self, role: str, user_id: uuid.UUID | None = None) -> Iterator[Connection]:
        """Act in one transaction as PostgREST makes a request of this role and person act."""
        claims = {"role": role} | ({"sub": str(user_id)} if user_id else {})
        with self.session("authenticator") as connection, connection.transaction():
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            connection.execute(
                "select set_config('request.jwt.claims', %s, true)", (json.dumps(claims),)
            )
            yield connection

    def call(self, user_id: uuid.UUID | None, statement: str, *values: Any) -> DictRow:
        """Run one statement as this signed-in person (or as anon) and return its first row."""
        role = "authenticated" if user_id else "anon"
        with self.acting_as(role, user_id) as connection:
            row = connection.execute(statement, values or None).fetchone()
            assert row is not None
            return row

    def refused(self, user_id: uuid.UUID | None, statement: str, *values: Any) -> Refusal:
        """Run a statement that must be refused and return the refusal."""
        try:
            self.call(user_id, statement, *values)
        except psycopg.Error as error:
            return refusal(error)
        raise AssertionError(f"not refused: {statement}")


def sign_up(
    database: Database,
    *,
    data: Any = None,
    is_confirmed: bool = True,
    is_anonymous: bool = False,
) -> uuid.UUID:
    """Sign a person up as Auth does it: insert unconfirmed, confirm by an UPDATE."""
    user_id = uuid.uuid4()
    email = None if is_anonymous else f"{user_id}@example.com"
    with database.session("supabase_auth_admin") as connection, connection.transaction():
        connection.execute(
            "insert into auth.users (id, aud, role, email, raw_user_meta_data, is_anonymous)"
            " values (%s, 'authenticated', 'authenticated', %s, %s, %s)",
            (user_id, email, json.dumps(data if data is not None else {}), is_anonymous),
        )
        if is_confirmed and not is_anonymous:
            connection.execute(
                "update auth.users set email_confirmed_at = now() where id = %s", (user_id,)
            )
    return user_id


def lift_limits(database: Database) -> None:
    """Let people ask for as much as a test wants."""
    database.rows(
        "update private.settings set max_running_generations = null,"
        " max_generations_per_minute = null, max_generations_per_day = null,"
        " max_provider_spend_per_day_micros = null, max_referral_rewards_per_month = 1000000"
        " where id"
    )


def put_face(database: Database, user_id: uuid.UUID, name: str = "face.png") -> str:
    """Make the row that Storage makes for an uploaded face and return its path."""
    path = f"{user_id}/{name}"
    database.rows(
        "insert into storage.objects (bucket_id, name, owner_id) values ('faces', %s, %s)",
        path,
        str(user_id),
    )
    return path


def request(database: Database, user_id: uuid.UUID, **changes: Any) -> DictRow:
    """Ask for a thumbnail with arguments that work, but for the changes."""
    arguments = {
        "generation_type": "thumbnail",
        "prompt": "a cat on a rocket",
        "idempotency_key": uuid.uuid4(),
        "user_image_id": None,
        "options": {},
    } | changes
    return database.call(
        user_id,
        "select * from public.request_generation(%s, %s, %s, %s, options => %s)",
        arguments["generation_type"],
        arguments["prompt"],
        arguments["idempotency_key"],
        arguments["user_image_id"],
        json.dumps(arguments["options"]),
    )


def credits_of(database: Database, user_id: uuid.UUID) -> int:
    """Return the person's balance after checking that ledger, lots and profile agree."""
    row = database.rows(
        """
        select
            p.credits,
            p.debt,
            p.entry_count,
            (select coalesce(sum(l.owed), 0) from public.credit_lots as l
             where l.profile_id = p.id) as lots_debt,
            (select coalesce(sum(e.debt), 0) from public.credit_entries as e
             where e.profile_id = p.id) as entries_debt,
            (select coalesce(sum(l.remaining), 0) from public.credit_lots as l
             where l.profile_id = p.id) as lots,
            (select coalesce(sum(e.amount), 0) from public.credit_entries as e
             where e.profile_id = p.id) as entries,
            (select count(*) from public.credit_entries as e
             where e.profile_id = p.id) as entry_rows,
            (select e.balance_after from public.credit_entries as e
             where e.profile_id = p.id order by e.entry_number desc limit 1) as last_balance
        from public.profiles as p where p.id = %s
        """,
        user_id,
    )[0]
    balance = int(row["credits"])
    assert balance == row["lots"] == row["entries"] == (row["last_balance"] or 0), row
    assert row["debt"] == row["lots_debt"] == row["entries_debt"], row
    assert row["entry_count"] == row["entry_rows"], row
    return balance
