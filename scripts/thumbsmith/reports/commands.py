"""`thumbsmith report`: asks a question of sql/reports."""

from __future__ import annotations

from typing import Annotated

import typer

from thumbsmith.console.columns import print_columns
from thumbsmith.console.output import OUT, Exit, Json, fail, print_json
from thumbsmith.db.commands import DataDir, DbUrl
from thumbsmith.operator import acting
from thumbsmith.project.paths import reports_dir

FOLDER = reports_dir()


def report(
    name: Annotated[
        str | None, typer.Argument(metavar="REPORT", help="Name of a report; none lists them.")
    ] = None,
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back it looks.")] = 30,
    db_url: DbUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Answer what pictures brought in and cost: by picture, person, plan, day or model."""
    files = {file.stem: file.read_text() for file in sorted(FOLDER.glob("*.sql"))}
    questions = {key: text.splitlines()[0].removeprefix("-- ") for key, text in files.items()}
    if name is None:
        _list(questions, as_json=as_json)
        return
    if name not in files:
        known = ", ".join(files)
        fail(f"there is no report {name}; there are {known}", Exit.USAGE, as_json=as_json)
    with acting.operating(db_url, data_dir, yes=False, as_json=as_json) as connection:
        connection.execute("set transaction read only")
        connection.execute("select set_config('thumbsmith.report_days', %s, true)", (str(days),))
        rows = connection.execute(files[name].encode()).fetchall()
    if as_json:
        print_json({"ok": True, "report": name, "days": days, "rows": rows})
    elif rows:
        lines = [list(row.values()) for row in rows]
        print_columns(questions[name], list(rows[0]), lines)
    else:
        OUT.print(f"nothing in the last {days} days")


def _list(questions: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": True, "reports": questions})
    else:
        print_columns("Reports", ["name", "answers"], list(questions.items()))
