"""The command `thumbsmith`: joins the groups of commands."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from thumbsmith import development
from thumbsmith.catalog import commands as catalog
from thumbsmith.checks import commands as check
from thumbsmith.codes import commands as codes
from thumbsmith.console.errors import CommandError
from thumbsmith.console.output import Exit, stop
from thumbsmith.credits.commands import app as credits_app
from thumbsmith.db import commands as db
from thumbsmith.doctor import commands as doctor
from thumbsmith.generations import commands as generations
from thumbsmith.jobs import commands as jobs
from thumbsmith.models import commands as models
from thumbsmith.reports import commands as report
from thumbsmith.sidecar import commands as sidecar
from thumbsmith.stripe import commands as stripe_commands

if TYPE_CHECKING:
    from collections.abc import Sequence


class Commands(TyperGroup):
    """All commands, and the one place where their errors are shown."""

    def parse_args(self, ctx: Any, args: Sequence[str]) -> Any:
        """Note whether JSON is wanted, before the words are taken apart."""
        ctx.meta["as_json"] = "--json" in args
        return super().parse_args(ctx, list(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; show an error of it as text or as JSON."""
        try:
            return super().invoke(ctx)
        except CommandError as error:
            stop(
                error.slug,
                error.detail,
                Exit(error.code),
                as_json=ctx.meta["as_json"],
                **error.more,
            )


app = typer.Typer(
    cls=Commands,
    help="Thumbsmith: the backend of an AI thumbnail generator inside a Supabase project.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(version_of("thumbsmith"))
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Read the options of the tool itself."""


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
app.command("doctor")(doctor.doctor)
app.command("sidecar")(sidecar.sidecar)
development.mount(app, db.app)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
