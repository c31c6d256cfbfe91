"""`thumbsmith db`: the migrations of a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import Exit
from thumbsmith.console.output import note, print_json, print_table, progress, say
from thumbsmith.db import migrations
from thumbsmith.operator.database import database_url

app = Commands(help="Migrations of a database.")

Workdir = Annotated[
    Path | None,
    typer.Option(help="The folder that holds supabase/migrations.", show_default="our own"),
]
Tries = Annotated[int, typer.Option(min=1, help="How often a file is tried while others are busy.")]


@app.command()
def up(*, workdir: Workdir = None, tries: Tries = migrations.TRIES) -> None:
    """Apply the migrations that the database does not have yet; 3 when it is worth another try."""
    url = database_url()
    with progress("applying the migrations"):
        new = migrations.bring_up(url, workdir, note, tries=tries)
    if current().as_json:
        print_json({"ok": True, "applied": new})
    else:
        say(f"applied: {', '.join(new) if new else 'nothing, all were there'}")


@app.command()
def status(*, workdir: Workdir = None) -> None:
    """List the migrations here and there; 1 when they differ."""
    here = migrations.versions(workdir)
    there = set(migrations.applied(database_url()))
    rows = [
        {
            "version": version,
            "name": here.get(version, ""),
            "local": version in here,
            "applied": version in there,
        }
        for version in sorted(set(here) | there)
    ]
    counts = {
        "applied": len(here.keys() & there),
        "pending": len(here.keys() - there),
        "unknown": len(there - here.keys()),
    }
    is_same = here.keys() == there
    if current().as_json:
        print_json({"ok": is_same, **counts, "migrations": rows})
    else:
        cells = [(r["name"] or r["version"], _mark(r["local"]), _mark(r["applied"])) for r in rows]
        print_table("Migrations", ["migration", "file", "applied"], cells)
        unknown = f", {counts['unknown']} of no version known here" if counts["unknown"] else ""
        say(f"{counts['applied']} applied, {counts['pending']} pending{unknown}")
    if not is_same:
        raise typer.Exit(Exit.FINDING)


def _mark(value: object) -> str:
    return "yes" if value else "no"
