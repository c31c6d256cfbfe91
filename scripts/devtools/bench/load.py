"""Databases full of history: made, and settled between two runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devtools.bench.server import HERE, Side, environment
from local_stack import databases
from local_stack.postgres import ADMIN
from thumbsmith.project import commands

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.postgres import Postgres

_MOST_PROFILES = 100_000
_ENTRIES_PER_PROFILE = 5
_HOT_SHARE = 10
_HOUR = 3600


@dataclass(frozen=True)
class Loaded:
    """A database with so many ledger rows, and the seconds it took to make."""

    name: str
    rows: int
    profiles: int
    seconds: float
    side: Side = HERE

    def persons(self, *, is_hot: bool) -> tuple[int, int]:
        """Give the first and last number of the people who act: one with a long history, or all."""
        return (1, 1) if is_hot else (1, self.profiles)


def load(server: Postgres, rows: int, side: Side = HERE) -> Loaded:
    """Make a database whose ledger has so many rows, a tenth of them one person's."""
    began = time.monotonic()
    profiles = max(2, min(_MOST_PROFILES, rows // _ENTRIES_PER_PROFILE))
    name = f"ledger_{rows}" if side == HERE else f"ledger_{rows}_{side.title}"
    databases.clone(server, side.template, name)
    run_file(server, name, side.scripts / "prepare.sql", profiles=profiles)
    run_file(server, name, side.scripts / "open_limits.sql")
    sizes = {"profiles": profiles, "rows": rows, "hot_rows": max(1, rows // _HOT_SHARE)}
    run_file(server, name, side.scripts / "load_ledger.sql", **sizes)
    return Loaded(name, rows, profiles, time.monotonic() - began, side)


def settle(server: Postgres, loaded: Loaded) -> None:
    """Finish what was asked for and clean up, so that the next run starts like this one."""
    run_file(server, loaded.name, loaded.side.scripts / "settle.sql")


def run_file(server: Postgres, database: str, script: Path, **variables: int) -> None:
    """Run a script of sql/bench as the superuser, each statement by itself."""
    argv = [str(server.bin_dir / "psql"), "-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1"]
    for name, value in variables.items():
        argv += ["-v", f"{name}={value}"]
    argv += ["-f", str(script)]
    commands.run(argv, env=environment(server, ADMIN, database), timeout=_HOUR)
