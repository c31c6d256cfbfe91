"""The questions of a folder of SQL files, one a file: what they promise, and what they find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.operator.transaction import not_migrated
from thumbsmith.project import paths

if TYPE_CHECKING:
    from pathlib import Path

THEN = "-- Then: "


@dataclass(frozen=True)
class Result:
    """What one question found: rows that should not be there, and what to do about one."""

    name: str
    promise: str
    then: str
    rows: list[dict[str, Any]]


def files_of(folder: Path) -> list[Path]:
    """Return the SQL files of a folder; a folder without any is an error."""
    files = sorted(folder.glob("*.sql"))
    if not files:
        detail = f"there is no question in {folder}"
        raise CommandError("nothing_to_ask", detail, code=Exit.USAGE)
    return files


def run_checks(url: str, folder: Path | None = None) -> list[Result]:
    """Ask every question in one read-only snapshot: work under way must not look like a fault."""
    files = files_of(folder or paths.checks_dir())
    with psycopg.connect(url, connect_timeout=5, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            return [_run(connection, file) for file in files]
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
            raise not_migrated(error) from error


def _run(connection: psycopg.Connection[dict[str, Any]], file: Path) -> Result:
    query = file.read_text()
    promise, then = promise_and_then(query)
    return Result(file.stem, promise, then, connection.execute(query.encode()).fetchall())


def promise_and_then(query: str) -> tuple[str, str]:
    """Return the first comment line of a question, and the instruction that may follow it."""
    first, *rest = query.splitlines()
    lines = []
    for line in rest:
        if not line.startswith("--"):
            break
        lines.append(line)
    said = " ".join(line.removeprefix("--").strip() for line in lines)
    is_instruction = bool(lines) and lines[0].startswith(THEN)
    return first.removeprefix("-- "), said.removeprefix("Then: ") if is_instruction else ""
