"""`thumbsmith db`: the migrations of a database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict

from thumbsmith.console.output import (
    ERR,
    OUT,
    Exit,
    Json,
    fail,
    print_json,
    print_table,
    progress,
)
from thumbsmith.db import migrations
from thumbsmith.project import state
from thumbsmith.project.paths import DEFAULT_DATA_DIR

app = typer.Typer(help="Migrations of a database.", no_args_is_help=True)

DbUrl = Annotated[
    str | None,
    typer.Option(
        "--db-url", help="The database, as role postgres.", show_default="the running stack"
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="The stack's data folder.", envvar="THUMBSMITH_DATA_DIR"),
]
Workdir = Annotated[
    Path | None,
    typer.Option(help="The folder that holds supabase/migrations.", show_default="our own"),
]
Tries = Annotated[int, typer.Option(min=1, help="How often a file is tried while others are busy.")]


@app.command()
def up(
    *,
    db_url: DbUrl = None,
    data_dir: DataDir = None,
    workdir: Workdir = None,
    tries: Tries = migrations.TRIES,
    as_json: Json = False,
) -> None:
    """Apply the migrations that the database does not have yet; 3 when it is worth another try."""
    url = address(db_url, data_dir, as_json=as_json)
    try:
        with progress("applying the migrations", quiet=as_json):
            new = migrations.bring_up(url, workdir, _say, tries=tries)
    except psycopg.OperationalError as error:
        fail(f"cannot reach the database: {error}", Exit.TRY_AGAIN, as_json=as_json)
    if as_json:
        print_json({"ok": True, "applied": new})
    else:
        OUT.print(
            f"applied: {', '.join(new) if new else 'nothing, all were there'}", highlight=False
        )


@app.command()
def status(
    *,
    db_url: DbUrl = None,
    data_dir: DataDir = None,
    workdir: Workdir = None,
    as_json: Json = False,
) -> None:
    """List the migrations here and there; 1 when they differ."""
    url = address(db_url, data_dir, as_json=as_json)
    try:
        applied = set(migrations.applied(url))
    except psycopg.OperationalError as error:
        fail(f"cannot reach the database: {error}", Exit.TRY_AGAIN, as_json=as_json)
    here = migrations.versions(workdir)
    rows = [
        {
            "version": version,
            "name": here.get(version, ""),
            "local": version in here,
            "applied": version in applied,
        }
        for version in sorted(set(here) | applied)
    ]
    same = set(here) == applied
    if as_json:
        print_json({"ok": same, "migrations": rows})
    else:
        cells = [(r["name"] or r["version"], _mark(r["local"]), _mark(r["applied"])) for r in rows]
        print_table("Migrations", ["migration", "file", "applied"], cells)
    if not same:
        raise typer.Exit(Exit.FINDING)


def address(db_url: str | None, data_dir: Path | None, *, as_json: bool) -> str:
    """Flag, then environment, then the running stack."""
    if given := db_url or os.environ.get("DB_URL"):
        if not _is_address(given):
            fail("that is no address of a database: see --db-url", Exit.USAGE, as_json=as_json)
        return given
    found = state.load((data_dir or DEFAULT_DATA_DIR).absolute())
    if found is None or not found.alive or "DB_URL" not in found.env:
        fail("no stack is running; give --db-url", Exit.USAGE, as_json=as_json)
    return found.env["DB_URL"]


def _is_address(text: str) -> bool:
    """Say whether libpq will understand it: what it does not understand it repeats.

    With a sign in the password that was not escaped, a part of that would be taken for a host, a
    port or a database.
    """
    try:
        said = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        return False
    places = (str(said.get(name) or "") for name in ("host", "hostaddr", "dbname"))
    ports = str(said.get("port") or "").split(",")
    return not any("@" in place for place in places) and all(
        port == "" or port.isdecimal() for port in ports
    )


def _say(line: str) -> None:
    ERR.print(line, markup=False, highlight=False)


def _mark(value: object) -> str:
    return "yes" if value else "no"
