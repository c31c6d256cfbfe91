"""The command `thumbsmith`: joins the groups of commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devtools import bench, doctor
from devtools.stack import commands as stack
from thumbsmith.catalog import commands as catalog
from thumbsmith.checks import commands as check
from thumbsmith.codes import commands as codes
from thumbsmith.console.output import Json
from thumbsmith.credits.commands import app as credits_app
from thumbsmith.db import commands as db
from thumbsmith.generations import commands as generations
from thumbsmith.jobs import commands as jobs
from thumbsmith.models import commands as models
from thumbsmith.reports import commands as report
from thumbsmith.sidecar import commands as sidecar
from thumbsmith.stripe import commands as stripe_commands

app = typer.Typer(
    help="Thumbsmith: the backend of an AI thumbnail generator inside a Supabase project.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(stack.app, name="stack")
app.add_typer(db.app, name="db")
app.add_typer(credits_app, name="credits")
app.add_typer(codes.app, name="codes")
app.add_typer(catalog.app, name="catalog")
app.add_typer(models.app, name="models")
app.add_typer(stripe_commands.app, name="stripe")
app.add_typer(generations.app, name="generations")
app.add_typer(jobs.app, name="jobs")
app.command("report")(report.report)
app.command("check")(check.check)
app.command("bench")(bench.bench)
app.command("doctor")(doctor.doctor)
app.command("sidecar")(sidecar.sidecar)


@app.command()
def demo(
    *,
    as_json: Json = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the stack keeps its data.", show_default="temporary")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the data afterwards.")] = False,
) -> None:
    """Start everything, and go through the product from sign-up to a thumbnail."""
    from devtools.demo import run_demo  # only this command needs it

    raise typer.Exit(run_demo(json=as_json, data_dir=data_dir, keep=keep))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
