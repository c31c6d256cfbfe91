"""How much a person, and all people in a day, may ask for: at each limit and one past it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import psycopg
import pytest

from tests.support.database import (
    Connection,
    Database,
    credits_of,
    lift_limits,
    refusal,
    request,
    sign_up,
)

ASK = "select * from public.request_generation(%s, 'a cat', %s)"
COST = {"thumbnail": 67_000, "thumbnail_premium": 150_000, "thumbnail_draft": 3_000}
TABLES = (
    "public.profiles",
    "public.credit_lots",
    "public.credit_entries",
    "public.generations",
    "public.plan_uses",
    "private.generation_jobs",
    "private.provider_spend",
)


@dataclass(frozen=True)
class Limit:
    """A limit per person: its slug, its default, and what counts towards it."""

    slug: str
    most: int
    age: str
    status: str
    retry_after: int


LIMITS = [
    Limit("too_many_running", 5, "2 days", "processing", 10),
    Limit("too_many_per_minute", 10, "20 seconds", "canceled", 40),
    Limit("too_many_per_day", 200, "1 hour", "canceled", 23 * 3600),
]
each_limit = pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.slug)


def everything(db: Database) -> dict[str, Any]:
    """Return a fingerprint of each table that a request writes to."""
    return {
        table: db.value(f"select md5(string_agg(t::text, ';' order by t::text)) from {table} as t")
        for table in TABLES
    }


def put_past(
    connection: Connection, person: uuid.UUID, times: int, age: str, status: str = "canceled"
) -> None:
    """Insert generations that were asked for this long ago, with the keys of that time."""
    connection.execute(
        "insert into public.generations (id, profile_id, generation_type, status, prompt,"
        " credit_cost, idempotency_key, deadline_at, created_at, finished_at)"
        " select overlay(gen_random_uuid()::text placing"
        "    left(private.uuid_v7_floor(t.instant)::text, 15) from 1)::uuid,"
        "  %s, 'thumbnail_draft', %s, 'a cat', 0, gen_random_uuid(), now(), t.instant,"
        "  case when %s = 'canceled' then t.instant end"
        " from generate_series(1, %s), (select now() - %s::interval as instant) as t",
        (person, status, status, times, age),
    )


def fill(db: Database, person: uuid.UUID, limit: Limit, times: int) -> None:
    """Use up this much of a limit."""
    with db.connect() as connection:
        put_past(connection, person, times, limit.age, limit.status)


def be(connection: Connection, person: uuid.UUID) -> None:
    """Go on in this transaction as this signed-in person."""
    connection.execute("set local role authenticated")
    claims = json.dumps({"role": "authenticated", "sub": str(person)})
    connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))


def wait_of(error: psycopg.Error) -> tuple[str | None, str | None, int]:
    """Return SQLSTATE, slug and Retry-After of a refusal, whose status must be 429."""
    said = refusal(error)
    answer = json.loads(error.diag.message_detail or "")
    assert answer["status"] == 429
    assert set(answer["headers"]) == {"Retry-After"}
    return said.sqlstate, said.slug, int(answer["headers"]["Retry-After"])


def refused_ask(
    db: Database, person: uuid.UUID, generation_type: str = "thumbnail_draft"
) -> tuple[str | None, str | None, int]:
    """Ask for what must be refused for now."""
    with pytest.raises(psycopg.Error) as caught:
        db.call(person, ASK, generation_type, uuid.uuid4())
    return wait_of(caught.value)


def draft(db: Database, person: uuid.UUID, **changes: Any) -> Any:
    return request(db, person, generation_type="thumbnail_draft", **changes)


@each_limit
def test_the_last_one_within_the_limit_is_taken_and_the_next_is_not(
    db: Database, limit: Limit
) -> None:
    ana = sign_up(db)
    fill(db, ana, limit, limit.most - 1)
    assert draft(db, ana)["status"] == "queued"
    sqlstate, slug, retry_after = refused_ask(db, ana)
    assert (sqlstate, slug) == ("PT429", limit.slug)
    assert limit.retry_after - 20 <= retry_after <= limit.retry_after
    assert credits_of(db, ana) == 48


@each_limit
def test_a_refused_request_changes_nothing_and_does_not_count(db: Database, limit: Limit) -> None:
    ana = sign_up(db)
    fill(db, ana, limit, limit.most)
    before = everything(db)
    for _ in range(3):
        assert refused_ask(db, ana)[1] == limit.slug
    assert everything(db) == before
    assert draft(db, sign_up(db))["status"] == "queued"
    assert everything(db) != before


@each_limit
def test_other_people_are_not_held_up(db: Database, limit: Limit) -> None:
    ana, ben = sign_up(db), sign_up(db)
    fill(db, ana, limit, limit.most)
    assert draft(db, ben)["status"] == "queued"
    assert refused_ask(db, ana)[1] == limit.slug


@each_limit
def test_a_repeat_of_an_accepted_request_is_answered_at_the_limit(
    db: Database, limit: Limit
) -> None:
    ana, key = sign_up(db), uuid.uuid4()
    first = draft(db, ana, idempotency_key=key)
    fill(db, ana, limit, limit.most)
    assert refused_ask(db, ana)[1] == limit.slug
    assert draft(db, ana, idempotency_key=key) == first
    assert credits_of(db, ana) == 48


@each_limit
def test_a_limit_that_is_null_is_none(db: Database, limit: Limit) -> None:
    ana = sign_up(db)
    fill(db, ana, limit, limit.most + 5)
    assert refused_ask(db, ana)[1] == limit.slug
    window = limit.slug.removeprefix("too_many_")
    column = "max_running_generations" if window == "running" else f"max_generations_{window}"
    db.rows(f"update private.settings set {column} = null where id")
    assert draft(db, ana)["status"] == "queued"


def test_a_refused_key_may_be_used_again_later(db: Database) -> None:
    ana, key = sign_up(db), uuid.uuid4()
    db.rows("update private.settings set max_running_generations = 1 where id")
    first = draft(db, ana)["id"]
    assert db.refused(ana, ASK, "thumbnail_draft", key).slug == "too_many_running"
    db.call(ana, "select public.cancel_generation(%s)", first)
    assert draft(db, ana, prompt="a cat", idempotency_key=key)["idempotency_key"] == key


def test_a_finished_picture_is_not_running_but_was_asked_for(db: Database) -> None:
    ana = sign_up(db)
    for _ in range(10):
        db.call(ana, "select public.cancel_generation(%s)", draft(db, ana)["id"])
    assert refused_ask(db, ana)[1] == "too_many_per_minute"
    assert credits_of(db, ana) == 50


def ask_after(db: Database, limit: Limit, age: str) -> tuple[str, int]:
    """Ask when the limit was used up this long ago, to the microsecond: give slug and wait."""
    ana = sign_up(db)
    with db.connect() as connection, connection.transaction(force_rollback=True):
        put_past(connection, ana, limit.most, age)
        be(connection, ana)
        try:
            connection.execute(ASK, ("thumbnail_draft", uuid.uuid4()))
        except psycopg.Error as error:
            _, slug, retry_after = wait_of(error)
            return str(slug), retry_after
    return "queued", 0


@pytest.mark.parametrize("left", [0.01, 0.5, 1, 1.5, 29.75, 50])
@pytest.mark.parametrize("limit", LIMITS[1:], ids=lambda limit: limit.slug)
def test_retry_after_is_exact_and_then_the_window_has_moved_on(
    db: Database, limit: Limit, left: float
) -> None:
    period = 60 if limit.slug == "too_many_per_minute" else 86_400
    slug, retry_after = ask_after(db, limit, f"{period - left} seconds")
    assert (slug, retry_after) == (limit.slug, ceil(left))
    # The window is kept in milliseconds, as the key is.
    later = period - left + retry_after + 0.002
    assert ask_after(db, limit, f"{later} seconds") == ("queued", 0)


def test_the_window_frees_one_place_at_a_time(db: Database) -> None:
    ana = sign_up(db)
    with db.connect() as connection:
        put_past(connection, ana, 1, "61 seconds")
        put_past(connection, ana, 1, "50 seconds")
        put_past(connection, ana, 8, "30 seconds")
    draft(db, ana)
    sqlstate, slug, retry_after = refused_ask(db, ana)
    assert (sqlstate, slug) == ("PT429", "too_many_per_minute")
    assert retry_after <= 10


def set_breaker(db: Database, micros: int | None) -> None:
    db.rows("update private.settings set max_provider_spend_per_day_micros = %s where id", micros)


def spent(db: Database) -> int:
    return int(db.value("select coalesce(sum(micros), 0) from private.provider_spend"))


def test_the_breaker_admits_its_budget_and_no_more(db: Database) -> None:
    ana = sign_up(db)
    set_breaker(db, 3 * COST["thumbnail"] + COST["thumbnail_draft"])
    for _ in range(3):
        request(db, ana)
    before = everything(db)
    assert refused_ask(db, ana, "thumbnail")[:2] == ("PT429", "daily_capacity_reached")
    assert everything(db) == before
    # What is cheap enough still fits.
    assert draft(db, ana)["status"] == "queued"
    assert refused_ask(db, sign_up(db))[1] == "daily_capacity_reached"
    assert spent(db) == 3 * COST["thumbnail"] + COST["thumbnail_draft"]
    assert credits_of(db, ana) == 18


def test_the_breaker_names_the_seconds_until_the_next_utc_day(db: Database) -> None:
    ana = sign_up(db)
    set_breaker(db, 0)
    with db.connect() as connection, connection.transaction(force_rollback=True):
        row = connection.execute("select now() at time zone 'utc' as now").fetchone()
        assert row is not None
        now: datetime = row["now"]
        be(connection, ana)
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(ASK, ("thumbnail", uuid.uuid4()))
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time())
    seconds = ceil((midnight - now).total_seconds())
    assert wait_of(caught.value) == ("PT429", "daily_capacity_reached", seconds)
    assert 0 < seconds <= 86_400


def test_the_next_utc_day_starts_anew(db: Database) -> None:
    ana = sign_up(db)
    set_breaker(db, COST["thumbnail"])
    request(db, ana)
    assert refused_ask(db, ana, "thumbnail")[1] == "daily_capacity_reached"
    db.rows("update private.provider_spend set day = day - 1")
    assert request(db, ana)["status"] == "queued"
    assert refused_ask(db, ana, "thumbnail")[1] == "daily_capacity_reached"
    days = db.rows("select sum(micros) as micros from private.provider_spend group by day")
    assert [row["micros"] for row in days] == [COST["thumbnail"]] * 2


def test_without_a_breaker_nothing_is_counted(db: Database) -> None:
    ana = sign_up(db)
    set_breaker(db, None)
    request(db, ana)
    assert spent(db) == 0
    set_breaker(db, 0)
    assert refused_ask(db, ana, "thumbnail")[1] == "daily_capacity_reached"


def test_a_type_that_costs_nothing_at_the_provider_passes_a_closed_breaker(db: Database) -> None:
    ana = sign_up(db)
    set_breaker(db, 0)
    assert refused_ask(db, ana, "thumbnail")[1] == "daily_capacity_reached"
    db.rows("update private.generation_models set expected_cost_micros = 0")
    assert request(db, ana)["status"] == "queued"


def test_a_request_without_credits_leaves_no_spend(db: Database) -> None:
    db.rows("update private.settings set sign_up_credits = 9 where id")
    ana = sign_up(db)
    before = everything(db)
    said = db.refused(ana, ASK, "thumbnail", uuid.uuid4())
    assert said.slug == "insufficient_credits"
    assert everything(db) == before
    draft(db, ana)
    assert spent(db) == COST["thumbnail_draft"]


@pytest.mark.parametrize(
    ("own", "dearest"), [(150_000, 150_000), (67_000, 150_000), (3_000, 9_000), (1, 7)]
)
def test_one_after_another_the_whole_budget_is_used(db: Database, own: int, dearest: int) -> None:
    ana = sign_up(db)
    lift_limits(db)
    db.rows("update private.generation_models set expected_cost_micros = %s", dearest)
    own_model = "update private.generation_models set expected_cost_micros = %s where type_key = %s"
    db.rows(own_model, own, "thumbnail_draft")
    # Some runs beyond the reserve that is kept for sixteen requests in flight, and a remainder.
    limit = 16 * dearest + 5 * own + own // 2
    set_breaker(db, limit)
    db.rows("select private.grant_credits(%s, 1000, 'operator', 'much')", ana)
    for _ in range(limit // own):
        draft(db, ana)
    assert spent(db) == limit - limit % own
    sqlstate, slug, retry_after = refused_ask(db, ana)
    assert (sqlstate, slug) == ("PT429", "daily_capacity_reached")
    assert retry_after > 1
