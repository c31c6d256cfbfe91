"""The table that says which migrations a database has: the Supabase CLI's own.

Names, columns and rows are what CLI 3.1.0 writes, so that either can go on where the other ended.
"""

from __future__ import annotations

import psycopg

ADD = (
    "insert into supabase_migrations.schema_migrations (version, name, statements)"
    " values (%s, %s, %s::text[])"
)
_IS_COMPLETE = """
select count(*) = 3
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c on c.oid = a.attrelid
where
    a.attrelid = pg_catalog.to_regclass('supabase_migrations.schema_migrations')
    and c.relkind in ('r', 'p')
    and not a.attisdropped
    and a.attname in ('version', 'name', 'statements')
"""
# An older CLI made the table without the last two columns.
_CREATE = (
    "set local lock_timeout = '4s'",
    "create schema if not exists supabase_migrations",
    "create table if not exists supabase_migrations.schema_migrations"
    " (version text not null primary key)",
    "alter table supabase_migrations.schema_migrations add column if not exists statements text[]",
    "alter table supabase_migrations.schema_migrations add column if not exists name text",
)


def applied(connection: psycopg.Connection) -> list[str]:
    """Return the versions that a database has, in order."""
    try:
        rows = connection.execute(
            "select version from supabase_migrations.schema_migrations order by version"
        ).fetchall()
    except psycopg.errors.UndefinedTable:
        return []
    return [row[0] for row in rows]


def prepare(connection: psycopg.Connection) -> None:
    """Make the table where it is missing or older."""
    row = connection.execute(_IS_COMPLETE).fetchone()
    if row == (True,):
        return
    with connection.transaction():
        for statement in _CREATE:
            connection.execute(statement.encode())
