"""Moves of the credit economy, in a test's own words: grant, spend, pay, reverse, let time pass."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from tests.support.database import Database, credits_of, sign_up

OF_LOT = "from public.credit_lots as l where l.id = %s"


def newcomer(db: Database) -> uuid.UUID:
    """Sign up a person who starts without credits."""
    db.rows("update private.settings set sign_up_credits = 0 where id and sign_up_credits <> 0")
    return sign_up(db)


def grant(
    db: Database,
    person: uuid.UUID,
    amount: int,
    *,
    key: str | None = None,
    expires_in: str | None = None,
    priority: int = 100,
) -> int:
    """Grant a lot (expires_in is an interval) and return its id, also when the key was used."""
    key = key or f"test:{uuid.uuid4()}"
    db.rows(
        "select private.grant_credits(%s, %s, 'operator', %s, now() + %s::interval, %s)",
        person,
        amount,
        key,
        expires_in,
        priority,
    )
    return int(db.value("select id from public.credit_lots where grant_key = %s", key))


def lot(db: Database, lot_id: int) -> DictRow:
    """Return a lot's row."""
    return db.rows("select * from public.credit_lots where id = %s", lot_id)[0]


def spend(db: Database, person: uuid.UUID, amount: int) -> uuid.UUID:
    """Spend credits on a generation of exactly this price and return its id."""
    with db.session() as connection, connection.transaction():
        row = connection.execute(
            "insert into public.generations (profile_id, generation_type, prompt, credit_cost,"
            " idempotency_key, deadline_at) values (%s, 'thumbnail', 'a cat', %s,"
            " gen_random_uuid(), now() + interval '10 minutes') returning id",
            (person, amount),
        ).fetchone()
        assert row is not None
        generation_id: uuid.UUID = row["id"]
        connection.execute(
            "select private.spend_credits(%s, %s, %s)", (person, amount, generation_id)
        )
    return generation_id


def unspend(db: Database, generation_id: uuid.UUID) -> int:
    """Refund a spend and return the credits that went back."""
    return int(
        db.value(
            "select private.refund_generation(g.profile_id, g.id)"
            " from public.generations as g where g.id = %s",
            generation_id,
        )
    )


def pay(
    db: Database,
    person: uuid.UUID,
    size: int = 100,
    *,
    amount: int = 1000,
    expires_in: str | None = None,
) -> tuple[uuid.UUID, int]:
    """Buy a pack and return the ids of the payment and of its lot."""
    payment_id = db.value(
        "select private.apply_payment(%s, %s, 'pack', 'test', %s, 'usd', %s, now() + %s::interval)",
        person,
        f"pi_{uuid.uuid4().hex}",
        amount,
        size,
        expires_in,
    )
    lot_id = db.value("select id from public.credit_lots where payment_id = %s", payment_id)
    return payment_id, lot_id


def reverse(
    db: Database,
    payment_id: uuid.UUID,
    status: str,
    amount: int = 1000,
    *,
    key: str | None = None,
) -> None:
    """Tell that a refund ('taken', 'undone') or a dispute ('open', 'lost', 'won') is there now.

    Without a key, a payment has one refund and one dispute.
    """
    kind = "refund" if status in ("taken", "undone") else "dispute"
    # Of nobody when there is no such payment.
    person = db.value(
        "select coalesce((select p.profile_id from public.payments as p where p.id = %s),"
        " gen_random_uuid())",
        payment_id,
    )
    db.rows(
        "select private.apply_reversal(%s, %s, %s, %s, %s, %s)",
        person,
        payment_id,
        key or f"{kind}:{payment_id}",
        kind,
        amount,
        status,
    )


def claw_back(db: Database, lot_id: int, target: int) -> int:
    """Make this the number of credits of a lot that are taken back; give the balance's change."""
    call = f"select private.claw_back_lot(l.profile_id, l.id, %s, 'a test') {OF_LOT}"
    return int(db.value(call, target, lot_id))


def freeze(db: Database, lot_id: int, key: str = "hold") -> bool:
    """Freeze a lot."""
    call = f"select private.freeze_lot(l.profile_id, l.id, %s, 'a test') {OF_LOT}"
    return bool(db.value(call, key, lot_id))


def release(db: Database, lot_id: int, key: str = "hold") -> bool:
    """End one freeze of a lot."""
    call = f"select private.release_lot(l.profile_id, l.id, %s) {OF_LOT}"
    return bool(db.value(call, key, lot_id))


def subscribe(
    db: Database,
    person: uuid.UUID,
    *,
    monthly: int = 100,
    rollover: str = "none",
    cap: int | None = None,
) -> uuid.UUID:
    """Subscribe a person to a plan of their own and return the subscription's id."""
    plan = f"plan_{uuid.uuid4().hex}"
    db.rows(
        "insert into public.plans (plan_name, title, credits_per_month, price_amount, rollover,"
        " rollover_cap) values (%s, 'A plan', %s, 1000, %s, %s)",
        plan,
        monthly,
        rollover,
        cap,
    )
    subscription_id: uuid.UUID = db.value(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
        " values (%s, %s, 'active', true) returning id",
        person,
        plan,
    )
    return subscription_id


def grant_period(
    db: Database,
    subscription_id: uuid.UUID,
    start: datetime,
    end: datetime,
    payment_id: uuid.UUID | None = None,
) -> int:
    """Grant a plan's period and return the credits granted now."""
    return int(
        db.value(
            "select private.grant_period(s.profile_id, s.id, %s, %s, %s)"
            " from public.subscriptions as s where s.id = %s",
            start,
            end,
            payment_id,
            subscription_id,
        )
    )


def pass_time(db: Database, person: uuid.UUID, interval: str) -> None:
    """Let time pass for a person's credits: every instant of theirs moves back by this much."""
    period = ("start_date", "end_date", "current_period_start", "current_period_end")
    own = "id in (select id from public.subscriptions where profile_id = %(person)s)"
    for table, columns, whose in (
        ("public.credit_lots", ("created_at", "expires_at", "frozen_at"), None),
        ("public.subscriptions", period, None),
        ("private.subscription_months", ("month_start", "month_end"), f"subscription_{own}"),
    ):
        moves = ", ".join(f"{column} = {column} - %(interval)s::interval" for column in columns)
        with db.session() as connection:
            connection.execute(
                f"update {table} set {moves} where {whose or 'profile_id = %(person)s'}".encode(),
                {"interval": interval, "person": person},
            )


def expire(db: Database, *lot_ids: int) -> None:
    """Let the time of these lots run out a second ago; no sweep has seen it yet."""
    db.rows(
        "update public.credit_lots set expires_at = now() - interval '1 second' where id = any(%s)",
        list(lot_ids),
    )


def sweep(db: Database) -> dict[str, int]:
    """Sweep until nothing is due and return how many of each there were."""
    done = {"expired": 0, "expired_lots": 0, "rewarded": 0}
    for _ in range(20):
        found: dict[str, int] = db.value("select private.sweep()")
        done = {kind: done[kind] + found[kind] for kind in done}
        if not any(found.values()):
            return done
    raise AssertionError(f"the sweep does not end: {done}")


def available(db: Database, person: uuid.UUID) -> int:
    """Return what the person can spend now."""
    return int(db.call(person, "select available from public.my_credits()")["available"])


def state(db: Database, person: uuid.UUID) -> tuple[int, int]:
    """Return balance and debt, after checking that ledger, lots and profile agree."""
    balance = credits_of(db, person)
    return balance, int(db.value("select debt from public.profiles where id = %s", person))


def entries(db: Database, person: uuid.UUID, *kinds: str) -> list[tuple[Any, ...]]:
    """Return the person's entries of these kinds, oldest first: kind, lot, amount, debt."""
    rows = db.rows(
        "select kind, lot_id, amount, debt from public.credit_entries"
        " where profile_id = %s and kind = any(%s) order by entry_number",
        person,
        list(kinds),
    )
    return [(row["kind"], row["lot_id"], row["amount"], row["debt"]) for row in rows]
