"""Brings a database up to date: by one at a time, and again when a table was busy."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.db import applier, history
from thumbsmith.project import paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Say = Callable[[str], None]

OTHERS_SECONDS = 600
TRIES = 8
PAUSE_MAX_SECONDS = 8.0
_LOOK_SECONDS = 0.25
# Somebody held a lock for too long, or waited for ours in turn: nothing is wrong with the file.
_BUSY = {"55P03", "40P01"}
# What hosted Supabase brings, and our migrations build on.
_MISSING_PARTS = """
    select p.part
    from (
        values
            ('the table auth.users', to_regclass('auth.users') is null),
            ('the table storage.objects', to_regclass('storage.objects') is null),
            ('the role authenticated', to_regrole('authenticated') is null)
    ) as p (part, is_missing)
    where p.is_missing
"""
LOCK = "pg_try_advisory_lock(hashtextextended('thumbsmith db up', 0))"


def versions(workdir: Path | None = None) -> dict[str, str]:
    """Return the migrations of `workdir`, or our own: the names of files by their versions."""
    return {version: file.stem for version, file in _files(workdir).items()}


def applied(url: str) -> list[str]:
    """Return the versions that a database has."""
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        return history.applied(connection)


def bring_up(
    url: str,
    workdir: Path | None = None,
    say: Say = lambda _: None,
    *,
    tries: int = TRIES,
) -> list[str]:
    """Apply what is missing and return its versions."""
    files = _files(workdir)
    with _alone(url, say) as connection:
        _check_project(connection)
        missing = _missing(files, history.applied(connection))
        for version in missing:
            _apply(connection, files[version], say, tries)
    return missing


def _files(workdir: Path | None) -> dict[str, Path]:
    """Return the migrations by their versions; a folder without any is an error."""
    folder = paths.migrations_dir(workdir)
    files = applier.files(folder)
    if not files:
        detail = f"there is no migration in {folder}"
        raise CommandError("no_migrations", detail, code=Exit.USAGE)
    return files


def _check_project(connection: psycopg.Connection) -> None:
    """Refuse a database that is no Supabase project, before anything is changed."""
    missing = [row[0] for row in connection.execute(_MISSING_PARTS).fetchall()]
    if missing:
        raise CommandError(
            "not_a_supabase_project",
            f"this database is no Supabase project, it lacks {', '.join(missing)}:"
            " nothing was changed",
            code=Exit.USAGE,
        )


def _missing(files: dict[str, Path], before: list[str]) -> list[str]:
    """Return what is to be applied, unless the database has something else or something later."""
    if unknown := sorted(set(before) - set(files)):
        raise CommandError(
            "database_is_newer",
            "the database is newer than this code, which does not have"
            f" {', '.join(unknown)}: nothing was changed; bring the code up to date",
        )
    missing = [version for version in files if version not in before]
    if late := [version for version in missing if before and version < before[-1]]:
        raise CommandError(
            "migration_is_late",
            f"{', '.join(late)} would be applied after {before[-1]}, which is later by its name:"
            " nothing was changed; give the file a later time",
        )
    return missing


def _apply(connection: psycopg.Connection, file: Path, say: Say, tries: int) -> None:
    for left in reversed(range(tries)):
        try:
            applier.apply(connection, file)
        except applier.MigrationFailedError as error:
            is_busy = error.sqlstate in _BUSY
            if not is_busy or left == 0:
                code = Exit.TRY_AGAIN if is_busy else Exit.FINDING
                slug = "database_is_busy" if is_busy else "migration_failed"
                raise CommandError(slug, str(error), code=code) from error
            pause = min(0.5 * 2 ** (tries - 1 - left), PAUSE_MAX_SECONDS)
            say(f"{file.stem}: busy, and nothing of it done; again in {pause:g} s")
            time.sleep(pause)
        else:
            return


@contextmanager
def _alone(url: str, say: Say) -> Iterator[psycopg.Connection]:
    """Wait until nobody else applies migrations to this database, and return the session for it.

    By looking again and again: who waits inside of a statement holds a snapshot, and an index that
    is built concurrently waits for all snapshots.
    """
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        connection.prepare_threshold = None
        began = time.monotonic()
        is_told = False
        while connection.execute(f"select {LOCK}").fetchone() != (True,):
            if time.monotonic() - began > OTHERS_SECONDS:
                raise CommandError(
                    "others_at_work",
                    f"another `db up` has been at work for {OTHERS_SECONDS} s",
                    code=Exit.TRY_AGAIN,
                )
            if not is_told:
                say("another `db up` is at work: waiting for it")
                is_told = True
            time.sleep(_LOOK_SECONDS)
        # The session that works holds the lock: when this process is killed, until its statement
        # has ended too.
        yield connection
