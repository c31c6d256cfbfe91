"""Sixty-four calls with one key at the same moment: one effect, and everybody learns of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Barrier
from typing import Any, LiteralString

import pytest

from tests.support.database import Connection, Database, Refusal, credits_of, lift_limits
from tests.support.economy import newcomer, subscribe
from tests.support.load import attempt, connections, run_as, say

CALLERS = 64
ASK = "select public.request_generation('thumbnail_draft', %s, %s)::text"


class ConcurrentCallers:
    """Many connections that make a call at the same moment."""

    def __init__(self, own: Sequence[Connection], pool: ThreadPoolExecutor) -> None:
        self._own = own
        self._pool = pool

    def call(self, *calls: Callable[[Connection], Any]) -> list[Any]:
        """Let each make one of the calls, in turn; return the replies and refusals."""
        start = Barrier(len(self._own))

        def run(turn: int) -> Any:
            start.wait(60)
            return attempt(partial(calls[turn % len(calls)], self._own[turn]))

        return list(self._pool.map(run, range(len(self._own))))


@contextmanager
def callers(db: Database) -> Iterator[ConcurrentCallers]:
    """Bring the callers together."""
    with connections(db, CALLERS) as own, ThreadPoolExecutor(CALLERS) as pool:
        yield ConcurrentCallers(own, pool)


def asking(person: uuid.UUID, prompt: str, key: uuid.UUID) -> Callable[[Connection], Any]:
    return lambda connection: run_as(connection, person, ASK, prompt, key)


def calling(statement: LiteralString, values: dict[str, Any]) -> Callable[[Connection], Any]:
    """Make a call as the owner of the functions."""

    def call(connection: Connection) -> Any:
        row = connection.execute(statement, values).fetchone()
        assert row is not None
        return next(iter(row.values()))

    return call


def rich(db: Database, credits_given: int) -> uuid.UUID:
    """Sign up somebody who has so much."""
    lift_limits(db)
    person = newcomer(db)
    db.rows(
        "select private.grant_credits(%s, %s, 'operator', %s)", person, credits_given, str(person)
    )
    return person


def repeat_requests(db: Database, keys: int) -> None:
    """Ask with each key from all sides at once, then ask for something else with it."""
    person = rich(db, 2 * keys)
    with callers(db) as everybody:
        for turn in range(keys):
            key = uuid.uuid4()
            replies = everybody.call(asking(person, "a cat", key))
            assert len(set(replies)) == 1
            assert str(key) in replies[0]
            other = db.refused(
                person,
                "select public.request_generation('thumbnail_draft', 'another cat', %s)",
                key,
            )
            assert (other.sqlstate, other.slug) == ("PT409", "idempotency_conflict")
            assert db.value("select credits from public.profiles where id = %s", person) == 2 * (
                keys - turn - 1
            )
    assert credits_of(db, person) == 0
    assert db.value("select count(*) from public.generations") == keys
    say(f"idempotency: {keys} keys, {keys * CALLERS} calls, {keys} effects, {keys} PT409")


def test_many_requests_with_one_key_are_one_request(db: Database) -> None:
    repeat_requests(db, 10)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_many_requests_with_each_of_many_keys_are_one_request(db: Database) -> None:
    repeat_requests(db, 500)


def test_two_requests_that_race_for_a_key_do_not_mix(db: Database) -> None:
    person = rich(db, 100)
    with callers(db) as everybody:
        for _ in range(3):
            key = uuid.uuid4()
            replies = everybody.call(asking(person, "a cat", key), asking(person, "a dog", key))
            seen = Counter(one.slug if isinstance(one, Refusal) else one for one in replies)
            assert seen.pop("idempotency_conflict") == CALLERS // 2
            assert list(seen.values()) == [CALLERS // 2]
    assert credits_of(db, person) == 100 - 3 * 2


@dataclass(frozen=True)
class Once:
    """A call with a key, what it answers the first time and later, and what it may change."""

    statement: LiteralString
    replies: tuple[Any, Any]
    credits: int
    other: LiteralString = ""


# On a person with 100 credits. None as both replies: all learn the same, whatever it is.
ONCE = {
    "grant": Once(
        "select private.grant_credits(%(person)s, 7, 'operator', %(key)s)", (True, False), 107
    ),
    "operator grant": Once(
        "select private.operator_grant(%(person)s, 7, 'ana', 'a test', %(key)s)",
        (True, False),
        107,
        "select private.operator_grant(%(person)s, 8, 'ana', 'a test', %(key)s)",
    ),
    "operator revoke": Once(
        "select private.operator_revoke(%(person)s, 60, 'ana', 'a test', %(key)s)",
        (True, False),
        40,
        "select private.operator_revoke(%(person)s, 1, 'ana', 'a test', %(key)s)",
    ),
    "operator freeze": Once(
        "select private.operator_freeze(%(person)s, null, 'ana', 'a test', %(key)s)",
        (1, 0),
        100,
        "select private.operator_grant(%(person)s, 1, 'ana', 'a test', %(key)s)",
    ),
    "payment": Once(
        "select private.apply_payment(%(person)s, %(key)s, 'pack', 'x', 900, 'usd', 7)",
        (None, None),
        107,
    ),
    "reversal": Once(
        "select private.apply_reversal(%(person)s, %(payment)s, %(key)s, 'refund', 500, 'taken')"
        "::text",
        (None, None),
        50,
    ),
    "period": Once(
        "select private.grant_period(%(person)s, %(plan)s, '2026-01-01', '2036-02-01')",
        (9, 0),
        109,
    ),
}


@pytest.mark.parametrize("name", ONCE)
def test_many_calls_with_one_key_have_one_effect(db: Database, name: str) -> None:
    once = ONCE[name]
    person = newcomer(db)
    values = {
        "person": person,
        "key": f"key of {name}",
        "plan": subscribe(db, person, monthly=9),
        "payment": db.value(
            "select private.apply_payment(%s, 'pi_first', 'pack', 'x', 1000, 'usd', 100)", person
        ),
    }
    with callers(db) as everybody:
        replies = everybody.call(calling(once.statement, values))
        first, later = once.replies
        if first == later:
            assert len(set(replies)) == 1
        else:
            assert Counter(replies) == {first: 1, later: CALLERS - 1}
        assert credits_of(db, person) == once.credits
        if once.other:
            refusals = everybody.call(calling(once.other, values))
            assert {said.sqlstate for said in refusals} == {"PT409"}
            assert {said.slug for said in refusals} == {"idempotency_conflict"}
    assert credits_of(db, person) == once.credits


def test_a_code_is_redeemed_once_by_each_person(db: Database) -> None:
    db.rows("select private.create_promo_code('WELCOME', 11, 'ana', 'a test')")
    ana, ben = newcomer(db), newcomer(db)
    redeem = "select public.redeem_code('WELCOME')"
    with callers(db) as everybody:
        replies = everybody.call(
            lambda connection: run_as(connection, ana, redeem),
            lambda connection: run_as(connection, ben, redeem),
        )
    seen = Counter(one.slug if isinstance(one, Refusal) else one["credits"] for one in replies)
    assert seen == {11: 2, "code_already_redeemed": CALLERS - 2}
    assert (credits_of(db, ana), credits_of(db, ben)) == (11, 11)


def test_a_cancel_gives_the_credits_back_once(db: Database) -> None:
    person = rich(db, 10)
    with callers(db) as everybody:
        for _ in range(3):
            generation_id = run_once(db, asking(person, "a cat", uuid.uuid4()))
            replies = everybody.call(partial(cancel, person, generation_id))
            assert len(set(replies)) == 1
            assert credits_of(db, person) == 10
    refunds = "select count(*) from public.credit_entries where kind = 'refund'"
    assert db.value(refunds) == 3


def cancel(person: uuid.UUID, generation_id: str, connection: Connection) -> Any:
    """Cancel a generation and return the row as text."""
    return run_as(connection, person, "select public.cancel_generation(%s)::text", generation_id)


def run_once(db: Database, call: Callable[[Connection], Any]) -> str:
    """Ask once and return the new generation's id: the first field of the row."""
    with db.connect() as connection:
        return str(call(connection)).strip("(").split(",")[0]
