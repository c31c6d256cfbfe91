"""`thumbsmith report`: asks a question of sql/reports."""

from __future__ import annotations

from typing import Annotated

import typer

from thumbsmith.checks.questions import files_of, promise_and_then
from thumbsmith.console.columns import print_columns
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import print_json, say
from thumbsmith.operator.transaction import operator_transaction
from thumbsmith.project import paths


def report(
    name: Annotated[
        str | None, typer.Argument(metavar="REPORT", help="Name of a report; none lists them.")
    ] = None,
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back it looks.")] = 30,
) -> None:
    """Answer what pictures brought in and cost: by picture, person, plan, day or model."""
    files = {file.stem: file.read_text() for file in files_of(paths.reports_dir())}
    questions = {key: promise_and_then(text)[0] for key, text in files.items()}
    if name is None:
        _list(questions)
        return
    if name not in files:
        known = ", ".join(files)
        detail = f"there is no report {name}; there are {known}"
        raise CommandError("report_not_found", detail, code=Exit.USAGE)
    with operator_transaction() as connection:
        connection.execute("set transaction read only")
        connection.execute("select set_config('thumbsmith.report_days', %s, true)", (str(days),))
        rows = connection.execute(files[name].encode()).fetchall()
    if current().as_json:
        print_json({"ok": True, "report": name, "days": days, "rows": rows})
    elif rows:
        lines = [list(row.values()) for row in rows]
        print_columns(questions[name], list(rows[0]), lines)
    else:
        say(f"nothing in the last {days} days")


def _list(questions: dict[str, str]) -> None:
    if current().as_json:
        print_json({"ok": True, "reports": questions})
    else:
        print_columns("Reports", ["name", "answers"], list(questions.items()))
