"""What a person reads of their money: receipts, uses, history, plans; and of nobody else's."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.support.database import Database, credits_of, request, sign_up
from tests.support.economy import reverse

PAY = "select private.apply_payment(%s, %s, 'pack', 'pack_small', 500, 'usd', %s, priority => 1)"
VIEWS = ("generation_receipts", "purchase_uses", "credit_history")
OWN = (*VIEWS, "plan_uses", "subscriptions", "payments")


def read(db: Database, person: uuid.UUID | None, query: str) -> list[DictRow]:
    """Read as this person, or as anon."""
    with db.acting_as("authenticated" if person else "anon", person) as connection:
        return connection.execute(query).fetchall()


def buy(db: Database, person: uuid.UUID, name: str, credits_bought: int) -> uuid.UUID:
    """Buy a pack whose credits burn first."""
    payment = db.value(PAY, person, name, credits_bought)
    assert isinstance(payment, uuid.UUID)
    return payment


def bought(db: Database, person: uuid.UUID, payment: uuid.UUID) -> list[tuple[Any, ...]]:
    """Return what a purchase was used for, oldest picture first."""
    query = f"select * from public.purchase_uses where payment_id = '{payment}' order by 4"
    return [
        (row["generation_id"], row["credits_spent"], row["credits_returned"])
        for row in read(db, person, query)
    ]


def test_a_purchase_shows_which_pictures_it_bought(db: Database) -> None:
    ana = sign_up(db)
    first = buy(db, ana, "pi_1", 25)
    assert bought(db, ana, first) == []
    a, b, c = (request(db, ana)["id"] for _ in range(3))
    # The third picture took what was left of the pack, and the rest from the sign-up.
    assert bought(db, ana, first) == [(a, 10, 0), (b, 10, 0), (c, 5, 0)]
    assert credits_of(db, ana) == 45

    second = buy(db, ana, "pi_2", 10)
    d = request(db, ana)["id"]
    assert bought(db, ana, second) == [(d, 10, 0)]
    db.call(ana, "select public.cancel_generation(%s)", b)
    db.call(ana, "select public.cancel_generation(%s)", c)
    assert bought(db, ana, first) == [(a, 10, 0), (b, 10, 10), (c, 5, 5)]
    lots = db.rows("select id from public.credit_lots where payment_id = %s", first)
    uses = read(db, ana, "select distinct profile_id, payment_id, lot_id from purchase_uses")
    assert {"profile_id": ana, "payment_id": first, "lot_id": lots[0]["id"]} in uses
    assert len(uses) == 2


def test_the_receipt_and_the_use_of_a_purchase_tell_the_same(db: Database) -> None:
    ana = sign_up(db)
    payment = buy(db, ana, "pi_1", 15)
    request(db, ana)
    generation = request(db, ana)["id"]
    lines = read(
        db,
        ana,
        "select source, payment_id, credits_spent from public.generation_receipts"
        f" where generation_id = '{generation}' order by lot_id",
    )
    assert lines == [
        {"source": "sign_up", "payment_id": None, "credits_spent": 5},
        {"source": "purchase", "payment_id": payment, "credits_spent": 5},
    ]
    same = (
        "select profile_id, payment_id, lot_id, generation_id, credits_spent, credits_returned"
        " from public.{} where payment_id is not null order by generation_id"
    )
    uses = read(db, ana, same.format("purchase_uses"))
    assert uses == read(db, ana, same.format("generation_receipts"))
    assert len(uses) == 2


def test_the_month_of_a_plan_shows_which_pictures_it_bought(db: Database) -> None:
    ana = sign_up(db)
    subscription = subscribe(db, ana, "monthly_25images")
    payment = db.value(
        "select private.apply_payment(%s, 'in_1', 'subscription', 'monthly_25images', 1900,"
        " 'usd', 0, subscription_id => %s)",
        ana,
        subscription,
    )
    db.rows(
        "select private.grant_period(%s, %s, now(), now() + interval '1 month', %s)",
        ana,
        subscription,
        payment,
    )
    generation = request(db, ana)["id"]
    assert bought(db, ana, payment) == [(generation, 10, 0)]
    (line,) = read(db, ana, "select * from public.generation_receipts")
    assert (line["source"], line["subscription_id"]) == ("subscription", subscription)


def test_the_history_is_the_ledger_in_words(db: Database) -> None:
    ana = sign_up(db)
    payment = buy(db, ana, "pi_1", 15)
    generation = request(db, ana, generation_type="thumbnail_premium")["id"]
    db.call(ana, "select public.cancel_generation(%s)", generation)
    request(db, ana)
    reverse(db, payment, "taken", 500, key="re_1")
    db.rows("select private.operator_grant(%s, 20, 'op', 'sorry', 'grant_1')", ana)
    history = read(db, ana, "select * from public.credit_history order by entry_number")
    told = [(row["kind"], row["source"], row["amount"], row["debt"]) for row in history]
    assert told == [
        ("grant", "sign_up", 50, 0),
        ("grant", "purchase", 15, 0),
        ("spend", "purchase", -15, 0),
        ("spend", "sign_up", -15, 0),
        ("refund", "purchase", 15, 0),
        ("refund", "sign_up", 15, 0),
        ("spend", "purchase", -10, 0),
        ("claw_back", "purchase", -5, 10),
        ("grant", "operator", 20, 0),
        ("repay", "operator", -10, -10),
    ]
    assert [row["entry_number"] for row in history] == list(range(1, 11))
    assert {row["profile_id"] for row in history} == {ana}
    assert [row["generation_id"] for row in history[2:6]] == [generation] * 4
    assert history[7]["reason"] == "re_1"
    balance = 0
    for row in history:
        balance += row["amount"]
        assert row["balance_after"] == balance
    assert balance == credits_of(db, ana) == 60


def subscribe(db: Database, person: uuid.UUID, plan: str) -> uuid.UUID:
    row = db.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
        " values (%s, %s, 'active', true) returning id",
        person,
        plan,
    )
    assert isinstance(row[0]["id"], uuid.UUID)
    return row[0]["id"]


def customer(db: Database, name: str) -> uuid.UUID:
    """Return a person with a row in everything there is."""
    person = sign_up(db)
    buy(db, person, name, 10)
    request(db, person)
    subscribe(db, person, "monthly_unlimited")
    assert request(db, person)["credit_cost"] == 0
    return person


@pytest.mark.parametrize("relation", OWN)
def test_a_person_reads_their_own_rows_and_nobody_elses(db: Database, relation: str) -> None:
    ana, ben = customer(db, "pi_ana"), customer(db, "pi_ben")
    query = f"select profile_id from public.{relation}"
    everybody = db.rows(query, role="supabase_admin")
    assert {row["profile_id"] for row in everybody} == {ana, ben}
    for person in (ana, ben):
        rows = read(db, person, query)
        assert {row["profile_id"] for row in rows} == {person}
        assert len(rows) == len(everybody) / 2
    # Asking for another's by name finds nothing either.
    assert read(db, ana, f"{query} where profile_id = '{ben}'") == []
    assert read(db, uuid.uuid4(), query) == []


@pytest.mark.parametrize("relation", OWN)
def test_without_a_login_nothing_is_read(db: Database, relation: str) -> None:
    ana = customer(db, "pi_ana")
    query = f"select * from public.{relation}"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        read(db, None, query)
    assert read(db, ana, query)


@pytest.mark.parametrize("relation", [*OWN, "plans"])
@pytest.mark.parametrize(
    "statement",
    [
        "delete from public.{}",
        "update public.{} set {} = null",
        "insert into public.{} default values",
    ],
    ids=lambda statement: statement.split()[0],
)
def test_nobody_writes_what_they_read(db: Database, relation: str, statement: str) -> None:
    ana = customer(db, "pi_ana")
    column = "title" if relation == "plans" else "profile_id"
    for person in (ana, None):
        with pytest.raises(psycopg.Error) as caught:
            read(db, person, statement.format(relation, column))
        assert caught.value.sqlstate == "42501"
    assert read(db, ana, f"select * from public.{relation}")


def test_the_plans_are_public_and_say_whether_they_are_for_sale(db: Database) -> None:
    ana = sign_up(db)
    db.rows("update public.plans set is_enabled = false where plan_name = 'monthly_25images'")
    query = "select plan_name, is_enabled from public.plans order by plan_name"
    listed = read(db, None, query)
    assert listed == read(db, ana, query) == db.rows(query)
    assert {row["plan_name"]: row["is_enabled"] for row in listed} == {
        "monthly_100images": True,
        "monthly_25images": False,
        "monthly_unlimited": True,
        "yearly_25images": True,
    }
