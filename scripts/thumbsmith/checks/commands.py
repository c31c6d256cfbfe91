"""`thumbsmith check`: asks every question of sql/checks; healthy is no row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import typer
from psycopg.rows import dict_row

from thumbsmith.console.output import OUT, Exit, Json, fail, print_json, progress
from thumbsmith.db.commands import DataDir, DbUrl, address
from thumbsmith.project.paths import checks_dir

FOLDER = checks_dir()
SHOWN = 10


@dataclass(frozen=True)
class Result:
    """What one check found: rows that should not be there."""

    name: str
    promise: str
    rows: list[dict[str, Any]]


def run_checks(url: str, folder: Path = FOLDER) -> list[Result]:
    """Ask every question in one read-only snapshot: work under way must not look like a fault."""
    files = sorted(folder.glob("*.sql"))
    with psycopg.connect(url, connect_timeout=5, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return [_run(connection, file) for file in files]


def _run(connection: psycopg.Connection[dict[str, Any]], file: Path) -> Result:
    query = file.read_text()
    promise = query.splitlines()[0].removeprefix("-- ")
    return Result(file.stem, promise, connection.execute(query.encode()).fetchall())


def check(*, db_url: DbUrl = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Look for anything that breaks a promise; 1 when something is found."""
    url = address(db_url, data_dir, as_json=as_json)
    try:
        with progress("asking the database", quiet=as_json):
            results = run_checks(url)
    except psycopg.OperationalError as error:
        fail(f"cannot reach the database: {error}", Exit.TRY_AGAIN, as_json=as_json)
    is_ok = not any(result.rows for result in results)
    if as_json:
        checks = [{"name": r.name, "promise": r.promise, "rows": r.rows} for r in results]
        print_json({"ok": is_ok, "checks": checks})
    else:
        _show(results)
    if not is_ok:
        raise typer.Exit(Exit.FINDING)


def _show(results: list[Result]) -> None:
    for result in results:
        mark = "[red]✗[/]" if result.rows else "[green]✓[/]"
        OUT.print(f"{mark} {result.promise}", highlight=False)
        for row in result.rows[:SHOWN]:
            OUT.print(
                "  " + ", ".join(f"{key} {value}" for key, value in row.items()), markup=False
            )
        if len(result.rows) > SHOWN:
            OUT.print(f"  and {len(result.rows) - SHOWN} more; --json shows all", style="dim")
