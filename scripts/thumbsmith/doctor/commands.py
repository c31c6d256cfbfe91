"""`thumbsmith doctor`: says what is wrong with a machine, a database or the settings."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from thumbsmith import development
from thumbsmith.console.output import Exit, Json, print_json, print_table, progress
from thumbsmith.db.commands import DataDir, DbUrl
from thumbsmith.doctor import checks
from thumbsmith.project import state
from thumbsmith.project.paths import DEFAULT_DATA_DIR


def doctor(
    *,
    db_url: DbUrl = None,
    data_dir: DataDir = None,
    port: Annotated[
        int | None, typer.Option(help="A port that the API of a local stack shall get.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at everything that is needed; 1 when something is missing."""
    folder = (data_dir or DEFAULT_DATA_DIR).absolute()
    found = state.load(folder)
    running = found.env.get("DB_URL") if found is not None and found.alive else None
    questions = checks.of_the_tool(db_url or os.environ.get("DB_URL") or running)
    if (local := development.local_checks()) is not None:
        questions += local(folder, port)
    with progress("looking around", quiet=as_json):
        answers = [checks.ask(name, question) for name, question in questions]
    is_ok = all(answer.ok for answer in answers)
    if as_json:
        print_json({"ok": is_ok, "checks": [asdict(answer) for answer in answers]})
    else:
        rows = [(a.name, "ok" if a.ok else "FINDING", a.detail, a.advice) for a in answers]
        print_table("Doctor", ["what", "state", "found", "advice"], rows)
    if not is_ok:
        raise typer.Exit(Exit.FINDING)
