"""Who waits for a lock, how long, and whether a client is all they wait for.

A clock around a statement also shows how busy the machine is. PostgreSQL says of each lock that is
waited for since when, and for whom.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from tests.support.database import Connection, Database

EVERY_SECONDS = 0.02
WAITING = """
select
    l.pid,
    l.waitstart,
    extract(epoch from clock_timestamp() - l.waitstart)::float8 as seconds,
    pg_blocking_pids(l.pid) as behind,
    coalesce(l.relation::regclass::text, l.locktype) as what
from pg_locks as l
where not l.granted and l.waitstart is not null
"""


@dataclass
class Waits:
    """The longest of each wait that was seen: of clients, and behind somebody who is none."""

    clients: Collection[int]
    seconds: dict[tuple[int, Any], float] = field(default_factory=dict)
    what: set[str] = field(default_factory=set)

    @property
    def longest(self) -> float:
        """How long the longest of them lasted."""
        return max(self.seconds.values(), default=0.0)

    def look(self, connection: Connection) -> None:
        """Note who waits now."""
        waiting = {row["pid"]: row for row in connection.execute(WAITING).fetchall()}
        behind = {pid: row["behind"] for pid, row in waiting.items()}
        for pid, row in waiting.items():
            if pid in self.clients and _reached(pid, behind) - set(self.clients):
                wait = pid, row["waitstart"]
                self.seconds[wait] = max(row["seconds"], self.seconds.get(wait, 0.0))
                self.what.add(row["what"])


@contextmanager
def watched(db: Database, clients: Collection[int]) -> Iterator[Waits]:
    """Look again and again, until the end of the block."""
    waits, stop = Waits(clients), Event()
    with db.connect() as connection:

        def look() -> None:
            while not stop.wait(EVERY_SECONDS):
                waits.look(connection)

        looking = Thread(target=look)
        looking.start()
        try:
            yield waits
        finally:
            stop.set()
            looking.join()


def _reached(pid: int, behind: dict[int, list[int]]) -> set[int]:
    """Return all whom this one waits for, directly or behind another."""
    found: set[int] = set()
    todo = list(behind[pid])
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += behind.get(one, [])
    return found
