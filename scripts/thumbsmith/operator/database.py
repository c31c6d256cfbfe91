"""Which database a command works on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.project import state
from thumbsmith.project.paths import DEFAULT_DATA_DIR

if TYPE_CHECKING:
    from pathlib import Path


def data_dir() -> Path:
    """Return the data folder of the local stack."""
    return (current().data_dir or DEFAULT_DATA_DIR).absolute()


def running_stack() -> state.StackState | None:
    """Return the local stack that runs, or nothing."""
    found = state.load(data_dir())
    return found if found is not None and found.alive else None


def database_url() -> str:
    """Return the database's address: of the flag, else of DB_URL, else of the running stack."""
    if given := current().db_url or os.environ.get("DB_URL"):
        return _checked(given)
    stack = running_stack()
    if stack is None or "DB_URL" not in stack.env:
        raise CommandError(
            "no_database",
            f"no --db-url, no DB_URL, and no stack is running on {data_dir()}",
            "Give --db-url, or start a stack: thumbsmith stack up --detach",
            code=Exit.USAGE,
        )
    return stack.env["DB_URL"]


def _checked(text: str) -> str:
    """Return an address that libpq will understand: what it does not understand it repeats."""
    from functions_py import database_address  # psycopg takes its time to load

    if problem := database_address.problem(text):
        detail = f"the database's address {problem}"
        raise CommandError("address_malformed", detail, "See --db-url.", code=Exit.USAGE)
    return text
