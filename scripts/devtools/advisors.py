"""`thumbsmith db lint`: Supabase's advisors, by the Supabase CLI."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from local_stack import supabase_cli
from thumbsmith.console.context import current
from thumbsmith.console.errors import Exit
from thumbsmith.console.output import print_json, progress
from thumbsmith.operator.database import database_url


def lint(
    *,
    level: Annotated[
        str, typer.Option(help="The least level shown: info, warn or error.")
    ] = "warn",
) -> None:
    """Run the security and performance advisors; 1 when they find something."""
    url = database_url()
    arguments = ["db", "advisors", "--type=all", f"--level={level}"]
    arguments += [f"--fail-on={level}", *(["--output-format=json"] if current().as_json else [])]
    with progress("running the advisors"):
        done = supabase_cli.supabase(*arguments, remote=url, check=False)
    if current().as_json:
        print_json({"ok": done.returncode == 0, "findings": _parsed(done.stdout)})
    else:
        typer.echo(done.stdout.strip() or done.stderr.strip())
    if done.returncode != 0:
        raise typer.Exit(Exit.FINDING)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()
