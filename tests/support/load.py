"""Many connections at work at once, and the readers who watch them."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from threading import Event
from typing import Any

import psycopg

from tests.support.database import Connection, Database, Refusal, refusal

# One statement, so one snapshot: every profile whose balance, debt or numbers do not add up.
WRONG = """
with entries as (
    select
        e.profile_id,
        sum(e.amount) as amount,
        sum(e.debt) as debt,
        count(*) as entries,
        max(e.entry_number) as last_number,
        min(e.balance_after) as least
    from public.credit_entries as e
    group by e.profile_id
),

lots as (
    select
        l.profile_id,
        sum(l.remaining) as remaining,
        sum(l.owed) as owed,
        least(min(l.remaining), min(l.owed), min(l.clawed_back)) as least
    from public.credit_lots as l
    group by l.profile_id
)

select
    count(*) as profiles,
    count(*) filter (where not (
        p.credits = coalesce(e.amount, 0)
        and p.credits = coalesce(l.remaining, 0)
        and p.debt = coalesce(e.debt, 0)
        and p.debt = coalesce(l.owed, 0)
        and p.entry_count = coalesce(e.entries, 0)
        and p.entry_count = coalesce(e.last_number, 0)
        and least(p.credits, p.debt, e.least, l.least) >= 0
    )) as wrong
from public.profiles as p
left join entries as e on p.id = e.profile_id
left join lots as l on p.id = l.profile_id
"""


def count_wrong(connection: Connection) -> tuple[int, int]:
    """Return how many profiles there are, and how many of them do not add up."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        row = connection.execute(WRONG).fetchone()
    assert row is not None
    return row["profiles"], row["wrong"]


def attempt(call: Callable[[], Any]) -> Any:
    """Return what a call gives, or its refusal; a deadlock or another fault of ours is raised."""
    try:
        return call()
    except psycopg.Error as error:
        said = refusal(error)
        if said.sqlstate is None or not said.sqlstate.startswith("PT"):
            raise
        return said


def run_as(connection: Connection, person: uuid.UUID, statement: str, *values: Any) -> Any:
    """Run one statement as this signed-in person, in one round trip; return its first value."""
    claims = json.dumps({"role": "authenticated", "sub": str(person)})
    with psycopg.ClientCursor(connection) as cursor:
        # Several statements in one message are one transaction.
        cursor.execute(
            "select set_config('request.jwt.claims', %s, true);"
            " set local role authenticated; " + statement,
            (claims, *values),
        )
        while cursor.nextset():
            pass
        row = cursor.fetchone()
    assert row is not None
    return next(iter(row.values()))


def is_refused(answer: Any) -> bool:
    """Return whether this was refused, by an error or in a reply."""
    if isinstance(answer, Refusal):
        return True
    return isinstance(answer, dict) and str(answer.get("code", "")).startswith("PT")


@contextmanager
def connections(db: Database, number: int, role: str = "postgres") -> Iterator[list[Connection]]:
    """Open this many connections."""
    with ExitStack() as stack:
        yield [stack.enter_context(db.connect(role)) for _ in range(number)]


def run_together(calls: Sequence[Callable[[], Any]], stop: Event, seconds: float) -> list[Any]:
    """Run each call on a thread of its own; one that fails, or the time, stops the others."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        try:
            wait(futures, timeout=seconds, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
        return [future.result() for future in futures]


def say(line: str) -> None:
    """Print what was counted: `pytest -rP` shows it of passed tests too."""
    sys.stdout.write(line + "\n")
