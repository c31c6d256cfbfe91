"""Limits, plans and quotes over HTTP: the status, the header and the body a client gets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local_stack.stack import Stack
from tests.support.database import Database
from tests.support.rest import Caller

COLUMNS = (
    "max_running_generations",
    "max_generations_per_minute",
    "max_generations_per_day",
    "max_provider_spend_per_day_micros",
)


class Limits:
    """The settings of the stack, for the time of a test."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before = database.rows(f"select {', '.join(COLUMNS)} from private.settings")[0]

    def set(self, **columns: int | None) -> None:
        """Change some."""
        for column, value in columns.items():
            assert column in COLUMNS
            self._database.rows(f"update private.settings set {column} = %s where id", value)

    def restore(self) -> None:
        """Put all back."""
        self.set(**self._before)


@pytest.fixture
def database(stack: Stack) -> Iterator[Database]:
    """Yield the stack's database."""
    with closing(Database(stack.db_url)) as database:
        yield database


@pytest.fixture
def limits(database: Database) -> Iterator[Limits]:
    """Lend the settings; other tests of the stack find them as they were."""
    lent = Limits(database)
    try:
        yield lent
    finally:
        lent.restore()


def check_refusal(answer: httpx.Response, slug: str) -> int:
    """Check a 429 to the last key; return its Retry-After."""
    assert answer.status_code == 429, answer.text
    body = answer.json()
    assert set(body) == {"code", "message", "details", "hint"}
    assert (body["code"], body["message"]) == ("PT429", slug)
    assert body["details"]
    assert "same idempotency_key" in body["hint"]
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["retry-after"].isdigit()
    return int(answer.headers["retry-after"])


def balance(caller: Caller) -> dict[str, Any]:
    answer = caller.rpc("my_credits")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("column", "slug", "longest"),
    [
        ("max_generations_per_minute", "too_many_per_minute", 60),
        ("max_generations_per_day", "too_many_per_day", 86_400),
    ],
)
def test_a_rate_past_its_limit_is_429_with_retry_after(
    limits: Limits, ana: Caller, ben: Caller, column: str, slug: str, longest: int
) -> None:
    limits.set(**{column: 1})
    key = str(uuid.uuid4())
    first = ana.request(idempotency_key=key)
    assert first.status_code == 200, first.text
    retry_after = check_refusal(ana.request(), slug)
    assert longest - 30 <= retry_after <= longest
    assert balance(ana)["available"] == 48
    assert len(ana.http.get("/rest/v1/generations").json()) == 1
    # The answer to what was accepted is not limited, and neither is anybody else.
    again = ana.request(idempotency_key=key)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert ben.request().status_code == 200


def test_too_many_at_once_are_429_until_one_is_over(limits: Limits, ana: Caller) -> None:
    limits.set(max_running_generations=1)
    first = ana.request(prompt="a cat [slow]").json()["id"]
    assert check_refusal(ana.request(), "too_many_running") == 10
    assert ana.rpc("cancel_generation", generation_id=first).status_code == 200
    assert ana.request().status_code == 200


def test_the_closed_breaker_is_429_until_the_next_utc_day(limits: Limits, ana: Caller) -> None:
    limits.set(max_provider_spend_per_day_micros=0)
    before = datetime.now(UTC)
    retry_after = check_refusal(ana.request(), "daily_capacity_reached")
    midnight = datetime.combine(before.date() + timedelta(days=1), datetime.min.time(), UTC)
    assert abs((midnight - before).total_seconds() - retry_after) < 30
    assert balance(ana)["available"] == 50
    limits.set(max_provider_spend_per_day_micros=None)
    assert ana.request().status_code == 200


@pytest.fixture
def covered(database: Database, ana: Caller) -> Iterator[Caller]:
    """Yield Ana a plan that covers one picture a day."""
    name = f"p_{uuid.uuid4().hex}"
    database.rows(
        "insert into public.plans (plan_name, title, price_amount, is_unlimited,"
        " fair_use_per_day, fair_use_per_month) values (%s, 'All in', 0, true, 1, 9)",
        name,
    )
    database.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
        " values (%s, %s, 'active', true)",
        ana.user_id,
        name,
    )
    yield ana
    database.rows("update public.subscriptions set is_active = false where plan_name = %s", name)
    database.rows("update public.plans set is_enabled = false where plan_name = %s", name)


def test_past_fair_use_is_402_and_credits_pay_if_asked_to(covered: Caller) -> None:
    first = covered.request()
    assert (first.status_code, first.json()["credit_cost"]) == (200, 0)
    answer = covered.request()
    assert answer.status_code == 402
    body = answer.json()
    assert (body["code"], body["message"]) == ("PT402", "fair_use_reached")
    assert "This costs 2 credits now." in body["details"]
    assert "pay_with_credits" in body["hint"]
    assert balance(covered)["available"] == 50
    paid = covered.request(pay_with_credits=True)
    assert (paid.status_code, paid.json()["credit_cost"]) == (200, 2)
    assert balance(covered)["available"] == 48
    receipts = covered.http.get("/rest/v1/generation_receipts?order=generation_id").json()
    assert [(row["source"], row["credits_spent"]) for row in receipts] == [
        ("plan", 0),
        ("sign_up", 2),
    ]


def test_a_quote_says_what_it_costs_and_what_covers_it(covered: Caller, ben: Caller) -> None:
    answer = ben.rpc("quote_generation", generation_type="thumbnail_premium")
    assert answer.status_code == 200
    assert answer.json() == {
        "cost_credits": 30,
        "is_covered": False,
        "is_affordable": True,
        "missing_credits": 0,
        "fair_use_left": None,
        "fair_use_resets_at": None,
    }
    quote = covered.rpc("quote_generation", generation_type="thumbnail").json()
    assert (quote["cost_credits"], quote["is_covered"], quote["fair_use_left"]) == (0, True, 1)
    assert covered.request().status_code == 200
    quote = covered.rpc("quote_generation", generation_type="thumbnail").json()
    assert (quote["cost_credits"], quote["is_covered"], quote["fair_use_left"]) == (10, False, 0)
    resets_at = datetime.fromisoformat(quote["fair_use_resets_at"])
    assert timedelta(hours=23) < resets_at - datetime.now(UTC) <= timedelta(hours=24, minutes=1)
    # Nothing was reserved: it is a read, and a GET does as well.
    same = covered.http.get("/rest/v1/rpc/quote_generation?generation_type=thumbnail")
    assert (same.status_code, same.json()) == (200, quote)


def test_my_credits_over_http_is_one_object(ana: Caller) -> None:
    assert balance(ana) == {
        "available": 50,
        "held": 0,
        "frozen": 0,
        "debt": 0,
        "expiring_soon": 0,
        "expiring_at": None,
        "next_grant_credits": 0,
        "next_grant_at": None,
    }


def test_without_a_login_there_is_no_quote_and_no_balance(nobody: Caller, ana: Caller) -> None:
    for function, arguments in (
        ("quote_generation", {"generation_type": "thumbnail"}),
        ("my_credits", {}),
    ):
        assert nobody.rpc(function, **arguments).status_code == 401, function
        assert ana.rpc(function, **arguments).status_code == 200, function


PRIVATE = (
    "generation_receipts",
    "purchase_uses",
    "credit_history",
    "plan_uses",
    "subscriptions",
    "payments",
)


@pytest.mark.parametrize("relation", PRIVATE)
def test_ones_money_is_read_by_nobody_else(
    database: Database, covered: Caller, ben: Caller, nobody: Caller, relation: str
) -> None:
    database.rows(
        "select private.apply_payment(%s, %s, 'pack', 'pack_small', 500, 'usd', 30)",
        covered.user_id,
        uuid.uuid4().hex,
    )
    assert covered.request().status_code == 200
    # The plan leaves this type out: both the sign-up and the pack pay.
    for _ in range(2):
        assert covered.request(generation_type="thumbnail_premium").status_code == 200
    url = f"/rest/v1/{relation}"
    mine = covered.http.get(url).json()
    assert {row["profile_id"] for row in mine} == {covered.user_id}
    others = ben.http.get(url)
    assert others.status_code == 200
    assert {row["profile_id"] for row in others.json()} <= {ben.user_id}
    assert ben.http.get(f"{url}?profile_id=eq.{covered.user_id}").json() == []
    assert nobody.http.get(url).status_code == 401
    assert covered.http.get(url).json()


@pytest.mark.parametrize("relation", [*PRIVATE, "plans"])
def test_what_is_read_is_not_written(ana: Caller, nobody: Caller, relation: str) -> None:
    url = f"/rest/v1/{relation}"
    column = "title" if relation == "plans" else "profile_id"
    every = {column: "not.is.null"}
    body = {column: str(uuid.uuid4())}
    for caller, status in ((ana, 403), (nobody, 401)):
        answers = [
            caller.http.post(url, json=body),
            caller.http.patch(url, params=every, json=body),
            caller.http.delete(url, params=every),
            caller.http.put(url, params={column: f"eq.{body[column]}"}, json=body),
        ]
        assert [answer.status_code for answer in answers[:3]] == [status] * 3
        assert 400 <= answers[3].status_code < 500
    assert ana.http.get(url).status_code == 200


def test_the_price_list_of_plans_is_public(nobody: Caller, ana: Caller) -> None:
    for caller in (nobody, ana):
        answer = caller.http.get("/rest/v1/plans?plan_name=eq.monthly_unlimited")
        assert answer.status_code == 200
        (plan,) = answer.json()
        assert (plan["fair_use_per_day"], plan["fair_use_per_month"]) == (40, 500)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"generation_type": "nonsense"}, 404),
        ({"generation_type": None}, 404),
        ({"generation_type": ""}, 404),
        ({"generation_type": ["thumbnail"]}, 404),
        ({"generation_type": {"a": 1}}, 404),
        ({"generation_type": 7}, 404),
        ({"generation_type": "x" * 100_000}, 404),
        ({"generation_type": "a\u0000b"}, 400),
        ({}, 404),
        ({"generation_type": "thumbnail", "surprise": 1}, 404),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_quote_of_nonsense_is_a_4xx(ana: Caller, arguments: dict[str, Any], status: int) -> None:
    assert ana.rpc("quote_generation", **arguments).status_code == status
    assert ana.rpc("quote_generation", generation_type="thumbnail").status_code == 200


@pytest.mark.parametrize("value", ["nonsense", [True], {"a": 1}, 7, ""], ids=str)
def test_an_agreement_to_pay_that_is_none_is_a_400(ana: Caller, value: Any) -> None:
    answer = ana.request(pay_with_credits=value)
    assert answer.status_code == 400, answer.text
    assert balance(ana)["available"] == 50
    assert ana.request(pay_with_credits=None).status_code == 200


@pytest.mark.parametrize("arguments", [{"surprise": 1}, {"profile_id": str(uuid.UUID(int=0))}])
def test_my_credits_takes_no_argument(ana: Caller, arguments: dict[str, Any]) -> None:
    assert ana.rpc("my_credits", **arguments).status_code == 404
    assert ana.rpc("my_credits").status_code == 200
