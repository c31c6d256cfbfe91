"""What `thumbsmith doctor` asks: each question has an answer, also when asking fails."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from functions_py.config import Settings, load_settings
from functions_py.errors import ConfigError
from thumbsmith.db import migrations
from thumbsmith.project import paths

if TYPE_CHECKING:
    from collections.abc import Callable

_PYTHONS = ((3, 11), (3, 14))
_PLATFORM = """
select
    current_setting('server_version_num')::integer / 10000 as major,
    to_regclass('auth.users') is not null and to_regclass('storage.objects') is not null as known
"""


@dataclass(frozen=True)
class Check:
    """The outcome of one question."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def ask(name: str, question: Callable[[], Check]) -> Check:
    """Return the answer; a question that fails is a finding, and never the end of the command."""
    try:
        return question()
    except Exception as error:
        # One line, since libpq repeats itself for each address of a name.
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        return Check(name, ok=False, detail=f"{type(error).__name__}: {said}")


def of_the_tool(url: str | None) -> list[tuple[str, Callable[[], Check]]]:
    """Return the questions about this machine, and about the database where there is one."""
    return [
        ("python", _python),
        ("psycopg", _psycopg),
        ("files", _files),
        ("sidecar settings", _settings),
        ("database", lambda: _database(url)),
        ("migrations", lambda: _migrations(url)),
    ]


def _python() -> Check:
    found = platform.python_version()
    ok = _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]
    return Check("python", ok, found, "" if ok else "install Python 3.11, 3.12 or 3.13")


def _psycopg() -> Check:
    return Check("psycopg", ok=True, detail=f"{psycopg.__version__}, {psycopg.pq.__impl__}")


def _files() -> Check:
    """Count the SQL files that commands read: a package without them was built wrongly."""
    counts = {
        "checks": len(list(paths.checks_dir().glob("*.sql"))),
        "reports": len(list(paths.reports_dir().glob("*.sql"))),
        "migrations": len(migrations.versions()),
    }
    ok = all(counts.values())
    detail = ", ".join(f"{count} {name}" for name, count in counts.items())
    return Check("files", ok, detail, "" if ok else "install the package again")


def _settings() -> Check:
    name = "sidecar settings"
    given = [field.upper() for field in Settings.model_fields if field.upper() in os.environ]
    if not given:
        return Check(name, ok=True, detail="none in the environment")
    try:
        load_settings()
    except ConfigError as error:
        return Check(name, ok=False, detail=str(error), advice="see docs/sidecar.md")
    return Check(name, ok=True, detail=f"{len(given)} in the environment, as they have to be")


def _database(url: str | None) -> Check:
    if url is None:
        return Check("database", ok=True, detail="none was named", advice="--db-url or DB_URL")
    with psycopg.connect(url, connect_timeout=5) as connection:
        major, is_known = connection.execute(_PLATFORM).fetchone() or (0, False)
    detail = f"PostgreSQL {major}, {'a' if is_known else 'no'} Supabase project"
    ok = is_known and major >= 17
    return Check("database", ok, detail, "" if ok else "a project with PostgreSQL 17 is needed")


def _migrations(url: str | None) -> Check:
    if url is None:
        return Check("migrations", ok=True, detail="not asked")
    here, there = set(migrations.versions()), set(migrations.applied(url))
    detail = f"{len(here & there)} applied, {len(here - there)} pending"
    if there - here:
        detail += f", {len(there - here)} not of this version"
    ok = here == there
    return Check("migrations", ok, detail, "" if ok else "thumbsmith db up")
