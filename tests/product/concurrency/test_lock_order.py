"""Two people whose credits hang together: whoever changes both never waits in a circle."""

from __future__ import annotations

import uuid
from itertools import product
from typing import Any

import pytest

from tests.support.database import Database, lift_limits, sign_up
from tests.support.interleaving.connections import Move, finish_all, stepped_connections
from tests.support.load import count_wrong

PACK = "(select id from public.payments where stripe_payment_id = %(friend)s::text)"
BUY = "select private.apply_payment(%({who})s, %(key)s::text, 'pack', 'x', 900, 'usd', 5)"
CODE = "(select referral_code from public.profiles where id = %({whose})s)"

MOVES = [
    Move("friend buys", BUY.format(who="friend")),
    Move("referrer buys", BUY.format(who="referrer")),
    Move(
        "friend is refunded",
        f"select private.apply_reversal(%(friend)s, {PACK}, %(key)s::text, 'refund', 1, 'taken')",
    ),
    Move("friend gives a code", "select public.apply_referral_code(%(referrer_code)s)", "friend"),
    Move("referrer gives a code", "select public.apply_referral_code(%(friend_code)s)", "referrer"),
    Move(
        "friend has a new address",
        "update auth.users set email = %(key)s || '@example.com' where id = %(friend)s",
    ),
    Move("referral is settled", "select private.settle_referral(%(friend)s)"),
    Move("sweep", "select private.sweep()"),
]
HOLD = [
    Move(f"hold {who}", f"select private.lock_profiles(array[%({who})s])")
    for who in ("referrer", "friend")
]


def code_of(db: Database, person: uuid.UUID) -> str:
    return str(db.value("select referral_code from public.profiles where id = %s", person))


def bring(db: Database, referrer: uuid.UUID, *, is_above: bool | None = None) -> uuid.UUID:
    """Let somebody bring a friend, with an id above or below their own."""
    for _ in range(64):
        friend = sign_up(db, data={"referral": code_of(db, referrer)})
        if is_above in (None, friend > referrer):
            return friend
    raise AssertionError("64 times the same side")


@pytest.mark.parametrize("is_above", [True, False])
def test_no_two_moves_wait_for_each_other(db: Database, is_above: bool) -> None:
    lift_limits(db)
    referrer = sign_up(db)
    friend = bring(db, referrer, is_above=is_above)
    people: dict[str, Any] = {
        "referrer": referrer,
        "friend": friend,
        "referrer_code": code_of(db, referrer),
        "friend_code": code_of(db, friend),
    }
    pack = "select private.apply_payment(%s, %s::text, 'pack', 'x', 900, 'usd', 5)"
    db.rows(pack, friend, friend)
    postponed = [bring(db, referrer), bring(db, friend)]
    waits = 0
    with db.connect() as owner, stepped_connections(db, 3) as (gate, one, other):
        for hold, first, second in product(HOLD, MOVES, MOVES):
            # Rewards that are due, so that a sweep wants everybody.
            owner.execute(
                "update public.referrals set status = 'pending', rewarded_at = null"
                " where referred_id = any(%s)",
                (postponed,),
            )
            gate.start(hold, people)
            waits += one.start(first, people | {"key": uuid.uuid4()})
            waits += other.start(second, people | {"key": uuid.uuid4()})
            gate.finish()
            # A circle would be found by the server, and raised here.
            finish_all(one, other)
        assert count_wrong(owner)[1] == 0
    assert waits > 100
