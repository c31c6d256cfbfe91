"""A bank at work: many writers move credits at random, and no reader ever sees a wrong total."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Any

import pytest

from tests.support.database import Connection, Database, lift_limits, sign_up
from tests.support.economy import subscribe, sweep
from tests.support.load import (
    attempt,
    connections,
    count_wrong,
    is_refused,
    run_as,
    run_together,
    say,
)
from thumbsmith.checks.questions import run_checks

SEED = 20261124
READERS = 4


@dataclass
class Bank:
    """What the writers share: the people, and what there is to cancel, reverse and grant."""

    db: Database
    people: list[uuid.UUID]
    subscriptions: list[uuid.UUID]
    codes: list[str] = field(default_factory=list)
    running: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)
    payments: list[uuid.UUID] = field(default_factory=list)
    stop: Event = field(default_factory=Event)


class Writer:
    """One connection that makes random moves."""

    def __init__(self, bank: Bank, connection: Connection, seed: int) -> None:
        self.bank = bank
        self.connection = connection
        self.random = random.Random(seed)
        self.seen: Counter[str] = Counter()

    def work(self, writes: int) -> Counter[str]:
        """Make this many moves and return how often each was made and how often refused."""
        moves, weights = zip(*MOVES.items(), strict=True)
        for _ in range(writes):
            if self.bank.stop.is_set():
                break
            move = self.random.choices(moves, weights)[0]
            answer = attempt(partial(move, self))
            self.seen[move.__name__ + (" refused" if is_refused(answer) else "")] += 1
        return self.seen

    def value(self, statement: str, *values: Any, **named: Any) -> Any:
        row = self.connection.execute(statement, values or named or None).fetchone()
        return next(iter(row.values())) if row else None

    def someone(self) -> uuid.UUID:
        return self.random.choice(self.bank.people)

    def key(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128)))

    def some_lot(self, source: str = "") -> int:
        return int(
            self.value(
                "select coalesce((select id from public.credit_lots where profile_id = %s"
                " and source like %s || '%%' order by random() limit 1), 0)",
                self.someone(),
                source,
            )
        )

    def grant(self) -> Any:
        # Some of them run out while the others are at work.
        return self.value(
            "select private.operator_grant(%s, %s, 'bank', 'a test', %s,"
            " now() + %s * interval '1 millisecond', %s)",
            self.someone(),
            self.random.randint(1, 60),
            self.key(),
            self.random.choice([None, 50, 400, 2_000, 60_000]),
            self.random.choice([50, 100, 150]),
        )

    def ask(self) -> Any:
        person = self.someone()
        generation_id = run_as(
            self.connection,
            person,
            "select (public.request_generation(%s, 'a cat', %s)).id",
            self.random.choice(["thumbnail", "thumbnail_draft", "thumbnail_premium"]),
            self.key(),
        )
        self.bank.running.append((person, generation_id))
        return generation_id

    def cancel(self) -> Any:
        if not self.bank.running:
            return self.ask()
        person, generation_id = self.random.choice(self.bank.running)
        return run_as(
            self.connection, person, "select (public.cancel_generation(%s)).status", generation_id
        )

    def miss_deadline(self) -> Any:
        if not self.bank.running:
            return self.ask()
        return self.value(
            "update public.generations set deadline_at = now()"
            " where id = %s and finished_at is null returning status",
            self.random.choice(self.bank.running)[1],
        )

    def spend_for_good(self) -> Any:
        return self.value(
            "with g as (insert into public.generations (profile_id, generation_type, status,"
            " prompt, credit_cost, idempotency_key, output_path, deadline_at, finished_at)"
            " values (%(person)s, 'thumbnail', 'succeeded', 'a cat', %(cost)s, %(key)s,"
            " 'a/b.png', now(), now()) returning id)"
            " select private.spend_credits(%(person)s, %(cost)s, g.id)::text from g",
            person=self.someone(),
            cost=self.random.randint(1, 25),
            key=self.key(),
        )

    def sweep(self) -> Any:
        return self.value("select private.sweep()")

    def pay(self) -> Any:
        payment_id = self.value(
            "select private.apply_payment(%s, %s, 'pack', 'test', %s, 'usd', %s)",
            self.someone(),
            f"pi_{self.key()}",
            self.random.choice([900, 1_000]),
            self.random.randint(1, 80),
        )
        self.bank.payments.append(payment_id)
        return payment_id

    def reverse(self) -> Any:
        if not self.bank.payments:
            return self.pay()
        payment_id = self.random.choice(self.bank.payments)
        status = self.random.choice(["taken", "taken", "undone", "open", "lost", "won"])
        kind = "refund" if status in {"taken", "undone"} else "dispute"
        return self.value(
            "select private.apply_reversal(p.profile_id, p.id, %s, %s, %s, %s)"
            " from public.payments as p where p.id = %s",
            f"{kind}:{payment_id}:{self.random.randint(1, 2)}",
            kind,
            self.random.choice([100, 333, 900]),
            status,
            payment_id,
        )

    def claw_back(self) -> Any:
        # Only what was given for nothing: the claw-back of a payment follows from its reversals.
        return self.value(
            "select private.claw_back_lot(profile_id, id, (amount * %s)::bigint, 'bank')"
            " from public.credit_lots where id = %s",
            self.random.choice([0, 0, 0.3, 0.6, 1]),
            self.some_lot("operator"),
        )

    def freeze(self) -> Any:
        return self.value(
            "select private.freeze_lot(profile_id, id, %s, 'bank')"
            " from public.credit_lots where id = %s",
            f"bank:{self.random.randint(1, 3)}",
            self.some_lot(),
        )

    def release(self) -> Any:
        return self.value(
            "select private.release_lot(l.profile_id, l.id, f.freeze_key)"
            " from public.credit_lots as l"
            " join private.credit_freezes as f on f.lot_id = l.id and f.released_at is null"
            " where l.profile_id = %s and f.freeze_key like 'bank:%%' order by random() limit 1",
            self.someone(),
        )

    def operate(self) -> Any:
        """Freeze or release all that a person has, or revoke some of it."""
        what = self.random.choice(["freeze", "release", "release", "revoke"])
        argument = self.random.randint(1, 40) if what == "revoke" else None
        return self.value(
            f"select private.operator_{what}(%s, %s, 'bank', 'a test', %s)",
            self.someone(),
            argument,
            self.key(),
        )

    def redeem(self) -> Any:
        code = self.random.choice(self.bank.codes)
        return run_as(self.connection, self.someone(), "select public.redeem_code(%s)", code)

    def grant_period(self) -> Any:
        return self.value(
            "select private.grant_period(s.profile_id, s.id, now() + %s * interval '1 day',"
            " now() + %s * interval '1 day') from public.subscriptions as s where s.id = %s",
            *(day := self.random.randint(0, 3), day + 30),
            self.random.choice(self.bank.subscriptions),
        )

    def bring_a_friend(self) -> Any:
        if len(self.bank.people) >= 2 * len(self.bank.subscriptions):
            return self.sweep()
        friend = sign_up(self.bank.db, data={"referral": self._code_of(self.someone())})
        self.bank.people.append(friend)
        return friend

    def apply_a_code(self) -> Any:
        code = self._code_of(self.someone())
        statement = "select public.apply_referral_code(%s)"
        return run_as(self.connection, self.someone(), statement, code)

    def change_the_policy(self) -> Any:
        # Rewards that waited for a purchase are due at once, and the next sweep pays them.
        return self.value(
            "update private.settings set referral_policy = %s where id returning true",
            self.random.choice(["confirmed", "first_purchase", "first_purchase"]),
        )

    def leave(self) -> Any:
        return self.value("delete from auth.users where id = %s returning id", self.someone())

    def _code_of(self, person: uuid.UUID) -> str:
        return str(self.value("select referral_code from public.profiles where id = %s", person))


MOVES: dict[Callable[[Writer], Any], float] = {
    Writer.grant: 14,
    Writer.ask: 16,
    Writer.cancel: 10,
    Writer.miss_deadline: 2,
    Writer.spend_for_good: 8,
    Writer.sweep: 4,
    Writer.pay: 8,
    Writer.reverse: 10,
    Writer.claw_back: 6,
    Writer.freeze: 3,
    Writer.release: 5,
    Writer.operate: 4,
    Writer.redeem: 3,
    Writer.grant_period: 3,
    Writer.bring_a_friend: 2,
    Writer.apply_a_code: 2,
    Writer.change_the_policy: 1,
    Writer.leave: 0.05,
}


def read(bank: Bank, connection: Connection, at_least: int) -> int:
    """Read until the writers are done, and at least this often; nothing may ever be wrong."""
    reads = 0
    try:
        while reads < at_least or not bank.stop.is_set():
            profiles, wrong = count_wrong(connection)
            assert profiles >= len(bank.subscriptions)
            assert wrong == 0, f"{wrong} of {profiles} profiles do not add up"
            reads += 1
            # The processors are there for the writers too.
            bank.stop.wait(0.02)
    finally:
        bank.stop.set()
    return reads


def open_bank(db: Database, people: int) -> Bank:
    """Sign people up, subscribe them all, and print codes."""
    lift_limits(db)
    db.rows("update private.settings set max_code_failures_per_hour = 1000000 where id")
    customers = [sign_up(db) for _ in range(people)]
    subscriptions = [
        subscribe(db, person, monthly=40, rollover="capped", cap=15) for person in customers
    ]
    codes = [
        db.value(
            "select private.create_promo_code(null, 25, 'bank', 'a test', max_per_person => 3,"
            " max_redemptions => %s, credits_last => %s::interval)",
            *limits,
        )
        for limits in [(20, None), (None, "300 milliseconds"), (None, None)]
    ]
    return Bank(db, customers, subscriptions, codes)


def work(db: Database, people: int, writers: int, writes: int, reads: int) -> Counter[str]:
    """Let all write and read at once; then nothing may be left that any check finds."""
    bank = open_bank(db, people)
    with (
        connections(db, writers) as writing,
        connections(db, READERS) as reading,
        ThreadPoolExecutor(READERS) as pool,
    ):
        readers = [pool.submit(read, bank, connection, reads // READERS) for connection in reading]
        staff = [Writer(bank, connection, SEED + n) for n, connection in enumerate(writing)]
        seen = sum(
            run_together([partial(one.work, writes // writers) for one in staff], bank.stop, 1_000),
            Counter[str](),
        )
    made = sum(reader.result() for reader in readers)
    sweep(db)
    assert {found.name: found.rows for found in run_checks(db.url) if found.rows} == {}
    say(f"bank: {seen.total()} writes, {made} reads, seed {SEED}: {dict(seen)}")
    assert seen.total() == writes
    assert made >= reads
    return seen


def test_no_reader_ever_sees_a_wrong_total(db: Database) -> None:
    seen = work(db, people=16, writers=8, writes=2_400, reads=100)
    # Whatever can happen has happened: a move that is always refused would prove nothing.
    assert {move.__name__ for move in MOVES if move != Writer.leave} <= set(seen)


@pytest.mark.full
@pytest.mark.timeout(1_200)
def test_no_reader_of_a_large_bank_ever_sees_a_wrong_total(db: Database) -> None:
    work(db, people=64, writers=16, writes=50_000, reads=5_000)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("profiles", "credits = credits + 1"),
        ("profiles", "debt = debt + 1"),
        ("profiles", "entry_count = entry_count + 1"),
        ("credit_lots", "remaining = remaining - 1"),
        ("credit_lots", "clawed_back = 1, owed = 1"),
    ],
)
def test_a_reader_sees_a_wrong_total(db: Database, table: str, change: str) -> None:
    sign_up(db)
    sign_up(db)
    with db.connect("supabase_admin") as connection:
        assert count_wrong(connection) == (2, 0)
        connection.execute("set session_replication_role = replica")
        connection.execute(
            f"update public.{table} set {change} where ctid in"
            f" (select ctid from public.{table} limit 1)"
        )
        assert count_wrong(connection) == (2, 1)
