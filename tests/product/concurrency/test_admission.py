"""Many requests at the same moment: exactly as many are admitted as there is room for."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from tests.support.database import Database, credits_of, lift_limits, refusal, sign_up

ASK = "select * from public.request_generation(%s, 'a cat', gen_random_uuid())"
ADMITTED = "admitted"
AT_ONCE = 32
NEXT_TRY = "daily_capacity_reached, next try"
DRAFT = 3_000
DEAREST = 150_000
RESERVE = 16 * DEAREST
# Who is first is chance: the long tier tries once more.
TURNS = [0, pytest.param(1, marks=pytest.mark.full)]
SPENT = "select coalesce(sum(micros), 0)::bigint from private.provider_spend"


def ask(
    db: Database, person: uuid.UUID, generation_type: str, start: Barrier | None, tries: int
) -> str:
    """Ask when everybody is ready, again while told to try again in a second; return the end."""
    try:
        with db.acting_as("authenticated", person) as connection:
            if start is not None:
                start.wait(60)
            connection.execute(ASK, (generation_type,))
    except psycopg.Error as error:
        end = end_of(error)
    else:
        end = ADMITTED
    if end == NEXT_TRY and tries > 1:
        return ask(db, person, generation_type, None, tries - 1)
    return end


def end_of(error: psycopg.Error) -> str:
    """Return the slug of a refusal; another error is no end."""
    said = refusal(error)
    # A deadlock or any other fault of ours is no refusal: it must not pass as one.
    if said.slug is None or said.sqlstate not in {"PT402", "PT429"}:
        raise error
    if said.sqlstate == "PT402":
        return said.slug
    retry_after = json.loads(error.diag.message_detail or "")["headers"]["Retry-After"]
    return f"{said.slug}, next try" if retry_after == "1" else said.slug


def ask_at_once(
    db: Database,
    people: Sequence[uuid.UUID],
    generation_type: str = "thumbnail_draft",
    tries: int = 1,
) -> Counter[str]:
    """Let all ask at the same moment, each on a connection of its own; count how it ended."""
    start = Barrier(len(people))
    with ThreadPoolExecutor(len(people)) as pool:
        asked = [pool.submit(ask, db, person, generation_type, start, tries) for person in people]
        return Counter(one.result() for one in asked)


def sign_up_many(db: Database, number: int) -> list[uuid.UUID]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: sign_up(db), range(number)))


def set_limit(db: Database, column: str, value: int) -> None:
    db.rows(f"update private.settings set {column} = %s where id", value)


@pytest.mark.parametrize(
    ("column", "slug"),
    [
        ("max_running_generations", "too_many_running"),
        ("max_generations_per_minute", "too_many_per_minute"),
        ("max_generations_per_day", "too_many_per_day"),
    ],
)
def test_as_many_requests_of_one_person_are_admitted_as_allowed(
    db: Database, column: str, slug: str
) -> None:
    lift_limits(db)
    set_limit(db, column, 7)
    ana = sign_up(db)
    ended = ask_at_once(db, [ana] * AT_ONCE)
    assert ended == {ADMITTED: 7, slug: AT_ONCE - 7}
    assert credits_of(db, ana) == 50 - 7 * 2
    assert db.value("select count(*) from public.generations") == 7
    assert db.value("select count(*) from private.generation_jobs") == 7


def test_a_covered_person_gets_exactly_what_fair_use_has_left(db: Database) -> None:
    lift_limits(db)
    ana = sign_up(db)
    db.rows(
        "insert into public.plans (plan_name, title, price_amount, is_unlimited, fair_use_per_day,"
        " fair_use_per_month) values ('all_in', 'All in', 0, true, 10, 100)"
    )
    db.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
        " values (%s, 'all_in', 'active', true)",
        ana,
    )
    ended = ask_at_once(db, [ana] * AT_ONCE)
    assert ended == {ADMITTED: 10, "fair_use_reached": AT_ONCE - 10}
    assert credits_of(db, ana) == 50
    assert db.value("select count(*) from public.plan_uses") == 10
    assert db.value("select sum(credit_cost) from public.generations") == 0


@pytest.mark.parametrize("turn", range(2))
def test_the_breaker_admits_exactly_its_room_of_many_people(db: Database, turn: int) -> None:
    lift_limits(db)
    people = sign_up_many(db, 64)
    set_limit(db, "max_provider_spend_per_day_micros", 20 * DRAFT + turn)
    ended = ask_at_once(db, people)
    assert ended == {ADMITTED: 20, "daily_capacity_reached": 44}
    assert db.value(SPENT) == 20 * DRAFT
    assert db.value("select count(*) from public.generations") == 20
    assert sum(credits_of(db, person) for person in people) == 64 * 50 - 20 * 2


@pytest.mark.parametrize("turn", TURNS)
def test_from_far_away_the_breaker_never_admits_too_much(db: Database, turn: int) -> None:
    # The first go to a row each, and the last have to be exact.
    lift_limits(db)
    people = sign_up_many(db, 100)
    db.rows("update private.generation_models set expected_cost_micros = %s", DRAFT)
    limit = 60 * DRAFT + turn
    set_limit(db, "max_provider_spend_per_day_micros", limit)
    ended = ask_at_once(db, people)
    assert set(ended) <= {ADMITTED, "daily_capacity_reached", NEXT_TRY}
    assert ended[ADMITTED] <= 60
    assert db.value(SPENT) == ended[ADMITTED] * DRAFT
    assert db.value("select count(*) from public.generations") == ended[ADMITTED]
    # Whoever is told so may try again, and then all the room is used.
    ended += ask_at_once(db, people[:64], tries=3)
    assert ended[ADMITTED] == 60
    assert db.value(SPENT) == 60 * DRAFT


def test_those_who_try_again_use_all_the_room(db: Database) -> None:
    lift_limits(db)
    people = sign_up_many(db, 100)
    db.rows("update private.generation_models set expected_cost_micros = %s", DRAFT)
    set_limit(db, "max_provider_spend_per_day_micros", 60 * DRAFT)
    ended = ask_at_once(db, people, tries=50)
    assert ended == {ADMITTED: 60, "daily_capacity_reached": 40}
    assert db.value(SPENT) == 60 * DRAFT
    assert sum(credits_of(db, person) for person in people) == 100 * 50 - 60 * 2


def test_dear_and_cheap_requests_at_once_stay_below_the_limit(db: Database) -> None:
    lift_limits(db)
    people = sign_up_many(db, 64)
    limit = RESERVE + 4 * DEAREST
    set_limit(db, "max_provider_spend_per_day_micros", limit)
    types = ["thumbnail_premium", "thumbnail", "thumbnail_draft", "thumbnail_premium"] * 16
    start = Barrier(len(people))
    with ThreadPoolExecutor(len(people)) as pool:
        asked = [
            pool.submit(ask, db, person, type_key, start, 50)
            for person, type_key in zip(people, types, strict=True)
        ]
        ended = Counter(one.result() for one in asked)
    assert set(ended) == {ADMITTED, "daily_capacity_reached"}
    admitted = db.value(
        "select sum(m.expected_cost_micros)::bigint from public.generations as g"
        " join private.generation_models as m on m.type_key = g.generation_type"
        " and m.preference = 1"
    )
    assert db.value(SPENT) == admitted
    # Nothing that was asked for and refused would have fitted.
    assert limit - DEAREST < admitted <= limit


def test_requests_that_are_rolled_back_leave_no_spend(db: Database) -> None:
    db.rows("update private.settings set sign_up_credits = 0 where id")
    lift_limits(db)
    set_limit(db, "max_provider_spend_per_day_micros", 1_000 * DRAFT)
    rich, *poor = sign_up_many(db, AT_ONCE)
    db.rows("select private.grant_credits(%s, 50, 'operator', 'rich')", rich)
    ended = ask_at_once(db, [rich, *poor])
    assert ended == {ADMITTED: 1, "insufficient_credits": AT_ONCE - 1}
    assert db.value(SPENT) == DRAFT


@pytest.mark.parametrize("turn", TURNS)
def test_the_first_requests_of_a_day_do_not_lose_their_spend(db: Database, turn: int) -> None:
    # Each finds no row of the day and wants to make them.
    lift_limits(db)
    set_limit(db, "max_provider_spend_per_day_micros", 1_000_000_000 + turn)
    people = sign_up_many(db, 64)
    assert ask_at_once(db, people) == {ADMITTED: 64}
    assert db.value(SPENT) == 64 * DRAFT
    shards = db.rows("select micros from private.provider_spend")
    assert len(shards) == 16
    # More than one session wrote to a row of its own: nobody waited for everybody.
    assert sum(row["micros"] > 0 for row in shards) > 1
