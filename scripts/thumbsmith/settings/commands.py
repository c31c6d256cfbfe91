"""`thumbsmith settings`: see and change the numbers that an operator may turn."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from thumbsmith.console.columns import print_columns
from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import print_json, say
from thumbsmith.operator.arguments import DRY_RUN, Who, Why, Yes, user_name
from thumbsmith.operator.transaction import Connection, call, operator_transaction
from thumbsmith.settings import columns

app = Commands(help="The numbers that an operator may turn: docs/settings.md.")


@app.command("list")
def list_settings() -> None:
    """Show every setting, its value and its default."""
    with operator_transaction() as connection:
        settings, values = columns.read(connection), _values(connection)
    rows = [
        {
            "name": one.name,
            "value": values[one.name],
            "default": one.default,
            "type": one.type,
            "is_required": one.is_required,
            "meaning": one.meaning,
        }
        for one in settings
    ]
    if current().as_json:
        print_json({"ok": True, "settings": rows})
        return
    names = ["name", "value", "default", "meaning"]
    cells = [(r["name"], _shown(r["value"]), _shown(r["default"]), r["meaning"]) for r in rows]
    print_columns("Settings", names, cells)


@app.command("set")
def set_value(
    name: Annotated[str, typer.Argument(metavar="NAME", help="See `settings list`.")],
    value: Annotated[
        str | None, typer.Argument(metavar="[VALUE]", help="Such as 5, true or '7 days'.")
    ] = None,
    *,
    why: Why,
    who: Who = None,
    null: Annotated[bool, typer.Option("--null", help="No value: no limit, no address.")] = False,
    yes: Yes = False,
) -> None:
    """Change a setting, from the next transaction on. A dry run without --yes."""
    if (value is None) is not null:
        raise CommandError("usage", "give a value or --null, and not both", code=Exit.USAGE)
    arguments = {"setting": name, "value": value, "who": user_name(who), "why": why}
    with operator_transaction(commit=yes) as connection:
        _values(connection)
        change: dict[str, Any] = call(connection, "operator_set_setting", arguments)
    is_changed = change["before"] != change["after"]
    if current().as_json:
        state = {"dry_run": not yes, "done": yes and is_changed}
        print_json({"ok": True, "name": name, **change, **state})
        return
    before, after = _shown(change["before"]), _shown(change["after"])
    lines = [f"{name} {before} → {after}" if is_changed else f"{name} was {after} before"]
    say(*lines, *([] if yes else [DRY_RUN]))


def _values(connection: Connection) -> dict[str, Any]:
    """Return the values by name; the table has one row, from the migration that makes it."""
    row = connection.execute("select to_jsonb(s) as settings from private.settings as s").fetchone()
    if row is None:
        hint = "Put the defaults back: insert into private.settings default values"
        raise CommandError("settings_missing", "private.settings has no row.", hint)
    values: dict[str, Any] = row["settings"]
    return values


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
