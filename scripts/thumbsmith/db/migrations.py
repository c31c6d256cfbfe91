"""Brings a database up to date: by one at a time, and again when a table was busy.

The Supabase CLI applies a file and notes it in one transaction, so a file that fails leaves
nothing. But it reads what is there only once, so two at work at the same time spoil each other's.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from local_stack import supabase_cli
from thumbsmith.project.errors import CommandFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Say = Callable[[str], None]

# A file says itself how long it may take.
FILE_SECONDS = 86_400
OTHERS_SECONDS = 600
TRIES = 8
PAUSE_MAX_SECONDS = 8.0
_LOOK_SECONDS = 0.25
# Somebody held a lock for too long, or waited for ours in turn: nothing is wrong with the file.
_BUSY = re.compile(r"\(SQLSTATE (?:55P03|40P01)\)")
LOCK = "pg_try_advisory_lock(hashtextextended('thumbsmith db up', 0))"


class NewerDatabaseError(Exception):
    """The database has migrations that this code does not know."""

    def __init__(self, versions: list[str]) -> None:
        super().__init__(
            "the database is newer than this code, which does not have"
            f" {', '.join(versions)}: nothing was changed; bring the code up to date"
        )


class OthersAtWorkError(Exception):
    """Somebody else has been applying migrations all the time."""

    def __init__(self) -> None:
        super().__init__(f"another `db up` has been at work for {OTHERS_SECONDS} s")


def versions(project: Path) -> dict[str, str]:
    """Give the migrations of a project: their names by their versions."""
    files = sorted((project / "supabase" / "migrations").glob("[0-9]*_*.sql"))
    return {file.name.split("_")[0]: file.stem for file in files}


def applied(url: str) -> list[str]:
    """Give the versions that a database has."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            rows = connection.execute(
                "select version from supabase_migrations.schema_migrations order by version"
            ).fetchall()
    except psycopg.errors.UndefinedTable:
        return []
    return [row[0] for row in rows]


def bring_up(url: str, project: Path, say: Say, *, tries: int = TRIES) -> list[str]:
    """Apply what is missing and give its versions."""
    known = versions(project)
    with _alone(url, say):
        before = applied(url)
        if unknown := sorted(set(before) - set(known)):
            raise NewerDatabaseError(unknown)
        missing = sorted(set(known) - set(before))
        left = tries
        while missing:
            left = left - 1
            try:
                supabase_cli.migrate(url, project, timeout=FILE_SECONDS)
            except CommandFailedError as error:
                still = sorted(set(known) - set(applied(url)))
                # A file that went in had its tries; the next one has its own.
                left = tries - 1 if len(still) < len(missing) else left
                if not is_busy(error) or left == 0:
                    raise
                pause = min(0.5 * 2 ** (tries - 1 - left), PAUSE_MAX_SECONDS)
                say(f"{known[still[0]]}: busy, and nothing of it done; again in {pause:g} s")
                time.sleep(pause)
                missing = still
            else:
                missing = []
        return sorted(set(applied(url)) - set(before))


def is_busy(error: CommandFailedError) -> bool:
    """Whether it failed because somebody else was at work, so that it is worth another try."""
    return bool(_BUSY.search(error.output))


@contextmanager
def _alone(url: str, say: Say) -> Iterator[None]:
    """Wait until nobody else applies migrations to this database.

    By looking again and again: who waits inside of a statement holds a snapshot, and an index that
    is built concurrently waits for all snapshots.
    """
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        began = time.monotonic()
        is_told = False
        while connection.execute(f"select {LOCK}").fetchone() != (True,):
            if time.monotonic() - began > OTHERS_SECONDS:
                raise OthersAtWorkError
            if not is_told:
                say("another `db up` is at work: waiting for it")
                is_told = True
            time.sleep(_LOOK_SECONDS)
        # The session holds the lock, and its end gives it back, also when this process is killed.
        yield
