"""The command `thumbsmith`: joins the groups of commands."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from thumbsmith import development
from thumbsmith.catalog import commands as catalog
from thumbsmith.checks import commands as check
from thumbsmith.codes import commands as codes
from thumbsmith.console.command import Commands, RootGroup
from thumbsmith.credits.commands import app as credits_app
from thumbsmith.db import commands as db
from thumbsmith.doctor import commands as doctor
from thumbsmith.generations import commands as generations
from thumbsmith.jobs import commands as jobs
from thumbsmith.models import commands as models
from thumbsmith.reports import commands as report
from thumbsmith.settings import commands as settings
from thumbsmith.sidecar import commands as sidecar
from thumbsmith.stripe import commands as stripe_commands


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(metadata.version("thumbsmith"))
        raise typer.Exit


app = Commands(
    cls=RootGroup,
    help="Thumbsmith: the backend of an AI thumbnail generator inside a Supabase project.",
    pretty_exceptions_show_locals=False,
)


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options of the tool itself."""


app.add_typer(db.app, name="db")
app.add_typer(credits_app, name="credits")
app.add_typer(codes.app, name="codes")
app.add_typer(catalog.app, name="catalog")
app.add_typer(models.app, name="models")
app.add_typer(stripe_commands.app, name="stripe")
app.add_typer(generations.app, name="generations")
app.add_typer(jobs.app, name="jobs")
app.add_typer(settings.app, name="settings")
app.command("report")(report.report)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.command("sidecar", shared=())(sidecar.sidecar)
development.mount(app, db.app)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
