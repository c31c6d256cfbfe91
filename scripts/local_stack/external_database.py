"""Prepare a server that somebody else runs: `DATABASE_URL`.

Hosted projects have a superuser called supabase_admin and an ordinary role called postgres. On
most servers postgres is the superuser. A server that holds nothing yet is turned over; any other
is refused, because taking the superuser's rights away would be a surprise.
"""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

from local_stack import bootstrap
from local_stack.postgres import ADMIN, PASSWORD
from thumbsmith.project import addresses
from thumbsmith.project.errors import StackError
from thumbsmith.project.passwords import hashed

_IS_SUPERUSER = "select rolsuper from pg_roles where rolname = current_user"
_HOLDS_SOMETHING = """
    select
        exists (
            select from pg_class
            where oid >= 16384 and relnamespace <> 'pg_toast'::regnamespace
        )
        or exists (select from pg_roles where oid >= 16384)
        or exists (
            select from pg_database
            where datname not in ('postgres', 'template0', 'template1', current_database())
        )
"""


def prepare(address: str, *, old_privileges: bool = False) -> None:
    """Make the database of `address` look like a hosted project's, unless it does already."""
    password = addresses.password_of(address) or PASSWORD
    admin_url = addresses.with_role(address, ADMIN, password)
    if not _can_log_in(admin_url):
        _make_admin(address, password)
    with psycopg.connect(admin_url) as admin:
        if not _is_superuser(admin):
            message = f"the role {ADMIN} of the given server is not a superuser"
            raise StackError(message)
        done = bootstrap.has_platform(admin)
    if not done:
        bootstrap.bootstrap(admin_url, password=password, old_privileges=old_privileges)


def _can_log_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_admin(address: str, password: str) -> None:
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as given:
        if not _is_superuser(given):
            message = (
                f"DATABASE_URL must log in as a superuser, best as {ADMIN}, so that the platform's"
                " roles and schemas can be made"
            )
            raise StackError(message)
        if addresses.user_of(address) == "postgres":
            _turn_over(given, address)
            return
        statement = sql.SQL(
            "create role {} with superuser login createrole createdb replication bypassrls"
            " password {}"
        )
        given.execute(statement.format(sql.Identifier(ADMIN), sql.Literal(hashed(given, password))))


def _turn_over(given: psycopg.Connection, address: str) -> None:
    """Rename the superuser postgres to supabase_admin; it keeps its password."""
    row = given.execute(_HOLDS_SOMETHING).fetchone()
    if row is None or row[0]:
        message = (
            "the given server's superuser is called postgres and the server is not empty: postgres"
            f" must not be a superuser here. Use an empty server, or one whose superuser is {ADMIN}"
        )
        raise StackError(message)
    # A session cannot rename its own role, so a second superuser does it and goes away again.
    helper, password = f"thumbsmith_{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    name = sql.Identifier(helper)
    given.execute(
        sql.SQL("create role {} with superuser login password {}").format(
            name, sql.Literal(hashed(given, password))
        )
    )
    given.close()
    with psycopg.connect(addresses.with_role(address, helper, password), autocommit=True) as other:
        other.execute(sql.SQL("alter role postgres rename to {}").format(sql.Identifier(ADMIN)))
    own_password = addresses.password_of(address) or PASSWORD
    with psycopg.connect(
        addresses.with_role(address, ADMIN, own_password), autocommit=True
    ) as admin:
        admin.execute(sql.SQL("drop role {}").format(name))


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute(_IS_SUPERUSER).fetchone()
    return bool(row and row[0])
