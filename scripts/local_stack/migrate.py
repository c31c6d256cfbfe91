"""The product's migrations and its seed on a local database, as `thumbsmith db up` applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from thumbsmith.console.errors import CommandError
from thumbsmith.db import migrations
from thumbsmith.project.errors import DatabaseIsNewerError, StackError

if TYPE_CHECKING:
    from pathlib import Path

    from thumbsmith.project.config import ProjectConfig

_ANEW = "thumbsmith stack reset --yes"


def migrate(database_url: str, project: Path | None = None) -> list[str]:
    """Apply the migrations that the database does not have yet and return their versions."""
    try:
        return migrations.bring_up(database_url, project)
    except CommandError as error:
        if error.slug == "database_is_newer":
            raise DatabaseIsNewerError(f"{error.detail}, or begin anew: {_ANEW}") from error
        raise StackError(str(error)) from error


def seed(database_url: str, config: ProjectConfig) -> None:
    """Run the seed files of config.toml, each in one transaction."""
    for file in config.seed_files:
        with psycopg.connect(database_url) as connection:
            connection.execute(file.read_bytes())
