"""One account that everybody spends from at once: exactly what it can pay is bought."""

from __future__ import annotations

import uuid
from collections import Counter
from functools import partial
from threading import Event

import pytest

from tests.support.database import Connection, Database, Refusal, credits_of, lift_limits
from tests.support.economy import grant, newcomer
from tests.support.load import attempt, connections, run_as, run_together, say
from thumbsmith.checks.questions import run_checks

ASK = "select (public.request_generation('thumbnail_draft', 'a cat', gen_random_uuid())).status"
PRICE = 2


def ask_often(
    connection: Connection, person: uuid.UUID, times: int, stop: Event
) -> Counter[str | None]:
    """Ask this often and count the answers."""
    seen: Counter[str | None] = Counter()
    for _ in range(times):
        if stop.is_set():
            break
        answer = attempt(partial(run_as, connection, person, ASK))
        seen[answer.slug if isinstance(answer, Refusal) else answer] += 1
    return seen


def spend_all(db: Database, writers: int, requests: int, affordable: int) -> None:
    """Let the writers make the requests, of which only some can be paid, from several lots."""
    lift_limits(db)
    person = newcomer(db)
    # An odd lot at a time, so that most pictures are paid from two.
    for size in [7, 13, affordable * PRICE - 7 - 13 - 1, 1]:
        grant(db, person, size)
    stop = Event()
    with connections(db, writers) as own:
        shares = [requests // writers + (turn < requests % writers) for turn in range(writers)]
        calls = [
            partial(ask_often, connection, person, share, stop)
            for connection, share in zip(own, shares, strict=True)
        ]
        seen = sum(run_together(calls, stop, seconds=600), Counter[str | None]())
    say(f"hot account: {writers} writers, {dict(seen)}")
    assert seen == {"queued": affordable, "insufficient_credits": requests - affordable}
    assert credits_of(db, person) == 0
    assert db.value("select count(*) from public.generations") == affordable
    assert db.value("select count(*) from private.generation_jobs") == affordable
    spent = "select -sum(amount) from public.credit_entries where kind = 'spend'"
    assert db.value(spent) == affordable * PRICE
    # The lots of this test follow from no operator's action, and no check but that one minds.
    found = {result.name for result in run_checks(db.url) if result.rows}
    assert found == {"lot_has_its_reason"}


def test_of_a_thousand_requests_a_hundred_are_paid(db: Database) -> None:
    spend_all(db, writers=16, requests=1_000, affordable=100)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_of_ten_thousand_requests_a_thousand_are_paid(db: Database) -> None:
    spend_all(db, writers=32, requests=10_000, affordable=1_000)
