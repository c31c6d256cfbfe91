"""`thumbsmith doctor`: says what is wrong with a machine, a database or the settings."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from thumbsmith import development
from thumbsmith.console.context import current
from thumbsmith.console.errors import Exit
from thumbsmith.console.output import print_json, print_table, progress
from thumbsmith.operator.database import data_dir, running_stack


def doctor(
    *,
    port: Annotated[
        int | None, typer.Option(help="A port that the API of a local stack shall get.")
    ] = None,
) -> None:
    """Look at everything that is needed; 1 when something is missing."""
    from thumbsmith.doctor import checks  # the settings of the sidecar take their time to load

    folder = data_dir()
    stack = running_stack()
    running = stack.env.get("DB_URL") if stack is not None else None
    questions = checks.of_the_tool(current().db_url or os.environ.get("DB_URL") or running)
    if (local := development.local_checks()) is not None:
        questions += local(folder, port)
    with progress("looking around"):
        answers = [checks.ask(name, question) for name, question in questions]
    is_ok = all(answer.ok for answer in answers)
    if current().as_json:
        print_json({"ok": is_ok, "checks": [asdict(answer) for answer in answers]})
    else:
        rows = [(a.name, "ok" if a.ok else "FINDING", a.detail, a.advice) for a in answers]
        print_table("Doctor", ["what", "state", "found", "advice"], rows)
    if not is_ok:
        raise typer.Exit(Exit.FINDING)
