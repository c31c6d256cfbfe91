"""One run of pgbench, and what the server counted meanwhile."""

from __future__ import annotations

import os
import re
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from devtools.bench.server import SQL, environment
from local_stack.postgres import ADMIN
from thumbsmith.project import commands
from thumbsmith.project.errors import CommandFailedError

if TYPE_CHECKING:
    from local_stack.postgres import Postgres

_NAME = "thumbsmith-bench"
_NUMBERS = {
    "transactions": re.compile(r"number of transactions actually processed: (\d+)"),
    "failed": re.compile(r"number of failed transactions: (\d+)"),
    "latency": re.compile(r"latency average = ([\d.]+) ms"),
    "tps": re.compile(r"^tps = ([\d.]+)", re.MULTILINE),
}
_GRACE_SECONDS = 60
_WAIT_SECONDS = 10
_SETTLE_SECONDS = 0.1


@dataclass(frozen=True)
class Counters:
    """What sql/bench/counters.sql reads, in its order."""

    wal_records: int
    wal_page_images: int
    wal_bytes: int
    profile_updates: int
    profile_hot_updates: int
    lot_updates: int
    lot_hot_updates: int

    def since(self, before: Counters) -> Counters:
        """Return what was counted after another reading."""
        pairs = zip(astuple(self), astuple(before), strict=True)
        return Counters(*(now - then for now, then in pairs))


@dataclass(frozen=True)
class Outcome:
    """What one run measured."""

    transactions: int
    tps: float
    latency_ms: float
    counters: Counters
    # Processor time of the server's sessions, where the system tells.
    server_ms: float | None = None


def run(
    server: Postgres,
    database: str,
    script: Path,
    *,
    role: str,
    clients: int,
    length: tuple[str, int],
    persons: tuple[int, int],
) -> Outcome:
    """Run a script for so long, ("-T", seconds), or so often, ("-t", times).

    Raises when a single transaction failed.
    """
    argv = [str(server.bin_dir / "pgbench"), "-n", "-M", "prepared", "-c", str(clients)]
    argv += ["-j", str(min(clients, 2)), length[0], str(length[1]), "-f", str(script)]
    argv += ["-D", f"first={persons[0]}", "-D", f"last={persons[1]}"]
    env = environment(server, role, database) | {"PGAPPNAME": _NAME}
    with psycopg.connect(server.url(ADMIN, database), autocommit=True) as admin:
        before, used_before = _read(admin), _of_ended_sessions(server)
        done = commands.run(argv, env=env, timeout=length[1] + _GRACE_SECONDS)
        counters, used = _read(admin).since(before), _of_ended_sessions(server)
    numbers = _numbers(done.stdout)
    if numbers["failed"]:
        raise CommandFailedError("pgbench", 0, f"{numbers['failed']:.0f} transactions failed")
    server_ms = None if used is None or used_before is None else used - used_before
    return Outcome(
        int(numbers["transactions"]), numbers["tps"], numbers["latency"], counters, server_ms
    )


def _of_ended_sessions(server: Postgres) -> float | None:
    """Return the milliseconds of processor time of the sessions that the server has seen end.

    A session is counted once its process is gone, a moment after it has left the list of sessions.
    """
    pid = (server.folder / "postmaster.pid").read_text().split()[0]
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return None
    before, now = -1.0, _used_by_children(stat)
    while now != before:
        time.sleep(_SETTLE_SECONDS)
        before, now = now, _used_by_children(stat)
    return now


def _used_by_children(stat: Path) -> float:
    # Behind the name, which may hold blanks: user and system time of children that have ended.
    fields = stat.read_text().rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) * 1000 / os.sysconf("SC_CLK_TCK")


def _read(admin: psycopg.Connection) -> Counters:
    """Read the counters once the clients have gone: a session hands its counts in as it ends."""
    until = time.monotonic() + _WAIT_SECONDS
    question = "select count(*) from pg_stat_activity where application_name = %s"
    while (admin.execute(question, [_NAME]).fetchone() or (0,))[0]:
        if time.monotonic() > until:
            raise CommandFailedError("pgbench", 0, "its sessions do not end")
        time.sleep(0.01)
    row = admin.execute((SQL / "counters.sql").read_bytes()).fetchone()
    if row is None:
        raise CommandFailedError("pgbench", 0, "sql/bench/counters.sql gave no row")
    return Counters(*row)


def _numbers(output: str) -> dict[str, float]:
    found = {}
    for name, pattern in _NUMBERS.items():
        match = pattern.search(output)
        if match is None:
            raise CommandFailedError("pgbench", 0, output)
        found[name] = float(match.group(1))
    return found
