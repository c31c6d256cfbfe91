"""Arguments that the commands of the operator share."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from thumbsmith.console.errors import CommandError, Exit

Why = Annotated[str, typer.Option(help="The reason, kept in the audit log.")]
Who = Annotated[str | None, typer.Option(help="Who does it.", show_default="your user name here")]
Yes = Annotated[bool, typer.Option("--yes", help="Really do it, instead of a dry run.")]

DRY_RUN = "a dry run, nothing was changed: --yes does it"


def user_name(who: str | None) -> str:
    """Return the name that goes into the audit log."""
    try:
        return who if who is not None else getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        raise CommandError(
            "user_unnamed", "this user has no name: give --who", code=Exit.USAGE
        ) from None
