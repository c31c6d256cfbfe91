"""What is looked at before the sidecar starts. A database that is away decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from functions_py.database_address import is_transaction_pooler
from functions_py.db import CONNECT
from functions_py.errors import ConfigError
from functions_py.log import log, origin

if TYPE_CHECKING:
    from functions_py.config import Settings

# What the role may do beside calling functions; its own database says so.
_PRIVILEGES = """
    select
        r.rolsuper as is_superuser,
        r.rolbypassrls as bypasses_rls,
        (
            select min(c.oid::regclass::text)
            from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            where n.nspname !~ '^(pg_|information_schema$)'
                and c.relkind in ('r', 'p', 'v', 'm', 'f')
                -- Extensions grant some of their views to everybody.
                and not exists (
                    select
                    from pg_depend as d
                    where d.classid = 'pg_class'::regclass
                        and d.objid = c.oid
                        and d.deptype = 'e'
                )
                and (
                    has_table_privilege(
                        c.oid, 'select, insert, update, delete, truncate, references, trigger'
                    )
                    or has_any_column_privilege(c.oid, 'select, insert, update, references')
                )
        ) as table_name
    from pg_roles as r
    where r.rolname = current_user
"""
_MODE = "select private.stripe_livemode()"
_NOT_MIGRATED = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.InsufficientPrivilege,
)


def check(settings: Settings) -> None:
    """Raise ConfigError for a role with too many rights, or a key of the other mode of Stripe."""
    url = settings.sidecar_database_url.get_secret_value()
    if is_transaction_pooler(url):
        log.warning(
            "transaction_pooler",
            detail="LISTEN needs a session: use port 5432, see docs/sidecar.md",
        )
    _check_role(settings, _asked(url, _PRIVILEGES))
    _check_mode(settings, _asked(url, _MODE))


def _check_role(settings: Settings, row: tuple[Any, ...] | None) -> None:
    if row is None or settings.allow_privileged_role:
        return
    is_superuser, bypasses_rls, table_name = row
    reason = (
        "is a superuser"
        if is_superuser
        else "bypasses row level security"
        if bypasses_rls
        else f"has a privilege on {table_name}"
        if table_name
        else None
    )
    if reason:
        raise ConfigError(
            f"SIDECAR_DATABASE_URL: its role {reason}, and may only call functions"
            " (privileged_role; use thumbsmith_sidecar)"
        )


def _check_mode(settings: Settings, row: tuple[Any, ...] | None) -> None:
    """Compare the mode of the key with the mode of the database."""
    if (
        row is None
        or settings.stripe_secret_key is None
        or bool(row[0]) == settings.stripe_livemode
    ):
        return
    own, other = ("live", "test") if settings.stripe_livemode else ("test", "live")
    raise ConfigError(
        f"STRIPE_SECRET_KEY: is of {own} mode, and this database of {other} mode"
        " (settings.stripe_livemode says which)"
    )


def _asked(url: str, query: str) -> tuple[Any, ...] | None:
    """Return the one row of a query; None when the database is away, or not migrated yet."""
    try:
        with psycopg.connect(url, **CONNECT) as connection:
            return connection.execute(query.encode()).fetchone()
    except (psycopg.OperationalError, *_NOT_MIGRATED) as error:
        log.warning("start_check_skipped", error=origin(error))
        return None
