"""People as Auth keeps them: signed up, confirmed, moved and deleted."""

from __future__ import annotations

import uuid

from psycopg import sql
from psycopg.types.json import Jsonb

from tests.support.database import Database

AUTH = "supabase_auth_admin"


def enroll(
    db: Database,
    email: str | None = None,
    *,
    phone: str | None = None,
    code: str | None = None,
    is_confirmed: bool = True,
) -> uuid.UUID:
    """Sign somebody up with an address of their own choice, as Auth does it."""
    person = uuid.uuid4()
    data = Jsonb({"referral": code} if code else {})
    with db.connect(AUTH) as connection, connection.transaction():
        connection.execute(
            "insert into auth.users (id, aud, role, email, phone, raw_user_meta_data)"
            " values (%s, 'authenticated', 'authenticated', %s, %s, %s)",
            (person, email, phone, data),
        )
        if is_confirmed:
            confirm_in = "email_confirmed_at" if email else "phone_confirmed_at"
            connection.execute(
                f"update auth.users set {confirm_in} = now() where id = %s", (person,)
            )
    return person


def confirm(db: Database, person: uuid.UUID) -> None:
    """Confirm the person's e-mail address."""
    db.rows("update auth.users set email_confirmed_at = now() where id = %s", person, role=AUTH)


def move(db: Database, person: uuid.UUID, email: str) -> None:
    """Give a confirmed person another address, which Auth does once it is confirmed too."""
    db.rows("update auth.users set email = %s where id = %s", email, person, role=AUTH)


def delete(db: Database, person: uuid.UUID) -> None:
    """Delete the account."""
    db.rows("delete from auth.users where id = %s", person, role=AUTH)


def code_of(db: Database, person: uuid.UUID) -> str:
    """Return the person's referral code."""
    return str(db.value("select referral_code from public.profiles where id = %s", person))


def referral_of(db: Database, person: uuid.UUID) -> tuple[str, str | None]:
    """Return status and reason of the only referral of this person."""
    (row,) = db.rows("select status, reason from public.referrals where referred_id = %s", person)
    return row["status"], row["reason"]


def places_of(db: Database, text: str) -> list[str]:
    """Return every table of ours with a row that holds the text in any column, in any case."""
    tables = db.rows(
        "select n.nspname, c.relname from pg_class as c"
        " inner join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p', 'm') and n.nspname in ('public', 'private')"
    )
    assert {"profiles", "known_addresses", "audit_log"} <= {row["relname"] for row in tables}
    found = []
    with db.connect() as connection:
        for table in tables:
            name = sql.Identifier(table["nspname"], table["relname"])
            query = sql.SQL("select exists (select from {} as t where t::text ilike %s) as hit")
            row = connection.execute(query.format(name), (f"%{text}%",)).fetchone()
            assert row is not None
            if row["hit"]:
                found.append(table["relname"])
    return found
