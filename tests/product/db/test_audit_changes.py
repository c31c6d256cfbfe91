"""Settings, plans and prices: each change by hand leaves a row in the audit log."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cli.operating import changes
from tests.support.database import Database

# A change of each audited table, the columns of its key, and a column that it changes.
CHANGES = {
    "private.settings": ("update {} set refund_grace = interval '1 day'", [], "refund_grace"),
    "public.plans": (
        "update {} set price_amount = price_amount + 1 where plan_name = 'monthly_25images'",
        ["plan_name"],
        "price_amount",
    ),
    "public.credit_packs": (
        "update {} set credits = credits + 1 where pack_key = 'starter'",
        ["pack_key"],
        "credits",
    ),
    "public.generation_types": (
        "update {} set cost_credits = cost_credits + 1 where type_key = 'thumbnail'",
        ["type_key"],
        "cost_credits",
    ),
    "private.generation_models": (
        "update {} set expected_cost_micros = expected_cost_micros + 1"
        " where type_key = 'thumbnail' and preference = 1",
        ["type_key", "preference"],
        "expected_cost_micros",
    ),
    "private.stripe_prices": (
        "insert into {} (price_id, item_kind, item_key, product_id, amount, currency)"
        " values ('price_1', 'pack', 'starter', 'prod_1', 900, 'usd')",
        ["price_id"],
        "amount",
    ),
}


def last_id(db: Database) -> int:
    """Return the id of the newest row of the audit log."""
    return int(db.value("select coalesce(max(id), 0) from private.audit_log"))


@pytest.mark.parametrize("table", CHANGES)
def test_a_change_by_hand_is_written_down(db: Database, table: str) -> None:
    statement, key, column = CHANGES[table]
    before = last_id(db)
    db.rows(statement.format(table))
    (row,) = changes(db, before)
    assert row["action"] == f"change_{table.split('.')[1]}"
    assert (row["actor"], row["reason"]) == (
        db.value("select session_user"),
        "no reason given",
    )
    details = row["details"]
    assert sorted(details["key"] or {}) == sorted(key)
    assert column in details["after"]
    if details["operation"] == "update":
        assert list(details["before"]) == list(details["after"]) == [column]
        assert details["before"] != details["after"]


def test_all_that_has_a_price_is_audited(db: Database) -> None:
    triggers = db.rows(
        """
        select format('%s.%s', n.nspname, c.relname) as name
        from pg_trigger as t
        inner join pg_class as c on t.tgrelid = c.oid
        inner join pg_namespace as n on c.relnamespace = n.oid
        where t.tgfoid = 'private.tg__audit_change()'::regprocedure
        """
    )
    assert {row["name"] for row in triggers} == set(CHANGES)


def test_what_leaves_a_row_as_it_was_is_no_change(db: Database) -> None:
    before = last_id(db)
    db.rows("update public.plans set price_amount = price_amount")
    assert changes(db, before) == []
    db.rows("update public.plans set is_enabled = not is_enabled")
    assert len(changes(db, before)) == db.value("select count(*) from public.plans")


def test_a_plan_that_comes_or_goes_is_written_down(db: Database) -> None:
    before = last_id(db)
    db.rows(
        "insert into public.plans (plan_name, title, credits_per_month, price_amount)"
        " values ('brief', 'Brief', 1, 1)"
    )
    db.rows("delete from public.plans where plan_name = 'brief'")
    made, gone = (row["details"] for row in changes(db, before))
    assert (made["operation"], made["key"], made["before"]) == (
        "insert",
        {"plan_name": "brief"},
        {},
    )
    assert (gone["operation"], gone["key"], gone["after"]) == ("delete", {"plan_name": "brief"}, {})
    assert made["after"]["price_amount"] == gone["before"]["price_amount"] == 1


def test_who_and_why_are_those_of_the_transaction(db: Database) -> None:
    before = last_id(db)
    change = "update public.plans set price_amount = price_amount + 1"
    with db.connect() as connection:
        with connection.transaction():
            connection.execute("set local thumbsmith.who = 'Olga'")
            connection.execute("set local thumbsmith.why = 'dearer'")
            connection.execute(f"{change} where plan_name = 'monthly_25images'")
        # The next transaction says nothing.
        connection.execute(f"{change} where plan_name = 'monthly_25images'")
    said: list[Any] = [(row["actor"], row["reason"]) for row in changes(db, before)]
    assert said == [("Olga", "dearer"), (db.value("select session_user"), "no reason given")]
