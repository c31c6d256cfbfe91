"""Turn a bare PostgreSQL 17 into what hosted Supabase provides: runs `sql/platform`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import psycopg
from psycopg import sql

from local_stack import node
from local_stack.paths import NODE_DIR, PLATFORM_SQL
from thumbsmith.project.passwords import hashed

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD_PRIVILEGES_SQL = PLATFORM_SQL / "optional" / "old_default_privileges.sql"

# Files from this number on need the tables of Auth and Storage.
_AFTER_SERVICES = "100"

_Service = Literal["auth", "storage"]


def platform_files() -> list[Path]:
    """Return the numbered files, in order."""
    return sorted(PLATFORM_SQL.glob("[0-9]*.sql"))


def has_platform(admin: psycopg.Connection) -> bool:
    """Return whether a database already looks like a Supabase project's."""
    row = admin.execute(
        "select to_regclass('auth.users') is not null"
        " and to_regclass('storage.objects') is not null"
        " and to_regprocedure('auth.uid()') is not null"
    ).fetchone()
    return bool(row and row[0])


def bootstrap(admin_url: str, *, password: str = "postgres", old_privileges: bool = False) -> None:  # noqa: S107
    """Run all of it; `admin_url` logs in as the superuser supabase_admin."""
    files = platform_files()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        secret = hashed(admin, password)
        admin.execute("select set_config('platform.password', %s, false)", [secret])
        _run_files(admin, [file for file in files if file.name < _AFTER_SERVICES])
        for service in get_args(_Service):
            _create_service_tables(admin, service)
        _run_files(admin, [file for file in files if file.name >= _AFTER_SERVICES])
        if old_privileges:
            _run_files(admin, [OLD_PRIVILEGES_SQL])


def _run_files(admin: psycopg.Connection, files: Sequence[Path]) -> None:
    for file in files:
        with admin.transaction():
            admin.execute(file.read_bytes())


def _create_service_tables(admin: psycopg.Connection, service: _Service) -> None:
    """Run a service's own schema as its admin role, so that this role owns the tables."""
    role = sql.Identifier(f"supabase_{service}_admin")
    statements = node.service_schema(service)
    with admin.transaction():
        admin.execute(sql.SQL("set local role {}").format(role))
        admin.execute(sql.SQL("set local search_path = {}").format(sql.Identifier(service)))
        admin.execute(statements.encode())


def fingerprint() -> str:
    """Name the content of everything that makes a bootstrapped cluster what it is."""
    digest = hashlib.sha256()
    scripts = [
        file
        for file in NODE_DIR.rglob("*.mjs")
        if "node_modules" not in file.relative_to(NODE_DIR).parts
    ]
    sources = [*sorted(PLATFORM_SQL.rglob("*.sql")), *sorted(scripts)]
    for file in [*sources, NODE_DIR / "package-lock.json", Path(__file__)]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
