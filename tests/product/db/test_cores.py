"""The cores of what people call: for a named person, the same as the call itself."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.support.database import Connection, Database, Refusal, refusal, sign_up
from tests.support.database import request as ask
from tests.support.sidecar import submit
from tests.support.stripe_world import link_all

KEY = uuid.UUID("11111111-1111-4111-8111-111111111111")
USED = uuid.UUID("22222222-2222-4222-8222-222222222222")
NOBODY = uuid.UUID("33333333-3333-4333-8333-333333333333")

STATE = """
    select
        p.credits, p.debt, p.entry_count,
        (select jsonb_agg(jsonb_build_array(
            g.generation_type, g.prompt, g.options, g.status, g.credit_cost, g.idempotency_key,
            g.finished_at is null, g.deadline_at - g.created_at
        ) order by g.id) from public.generations as g where g.profile_id = p.id) as generations,
        (select jsonb_agg(jsonb_build_array(e.kind, e.amount, e.balance_after, e.lot_id)
            order by e.entry_number)
            from public.credit_entries as e where e.profile_id = p.id) as entries,
        (select jsonb_agg(jsonb_build_array(j.kind, j.generation_id is null, j.tries)
            order by j.kind) from private.all_jobs as j where j.profile_id = p.id) as jobs,
        (select jsonb_agg(jsonb_build_array(
            c.item_kind, c.item_key, c.quantity, c.credits, c.status, c.idempotency_key
        ) order by c.id) from public.checkouts as c where c.profile_id = p.id) as checkouts,
        (select count(*) from public.plan_uses as u where u.profile_id = p.id) as plan_uses
    from public.profiles as p
    where p.id = %s
"""


@dataclass(frozen=True)
class Call:
    """One call of a person: its name, and arguments by name; those that are not said are null."""

    name: str
    given: dict[str, Any] = field(default_factory=dict)


REQUEST: dict[str, Any] = {
    "generation_type": "thumbnail",
    "prompt": "a cat",
    "idempotency_key": KEY,
    "user_image_id": None,
    "pay_with_credits": False,
    "options": "{}",
}
PAGE: dict[str, Any] = {
    "item_kind": "pack",
    "item_key": "starter",
    "idempotency_key": KEY,
    "quantity": 1,
}


def request(**changes: Any) -> Call:
    return Call("request_generation", REQUEST | changes)


def page(**changes: Any) -> Call:
    return Call("start_checkout", PAGE | changes)


# Several have two faults: then the order of the refusals shows.
CALLS = {
    "a request": request(),
    "a request again": request(idempotency_key=USED, prompt="a cat on a rocket"),
    "another request with a used key": request(idempotency_key=USED),
    "no key": request(idempotency_key=None),
    "no prompt and no key": request(prompt=" ", idempotency_key=None),
    "a blank prompt and an unknown type": request(prompt=" ", generation_type="x"),
    "a control character": request(prompt="a\x07b"),
    "an unknown type, a wrong option": request(generation_type="x", options='{"x": 1}'),
    "a face of nobody": request(user_image_id=NOBODY),
    "a face of nobody and a wrong option": request(user_image_id=NOBODY, options='{"x": 1}'),
    "a face that is needed": request(generation_type="thumbnail_character"),
    "an unknown option": request(options='{"x": 1}'),
    "a wrong option and too many running": request(options='{"x": 1}'),
    "too many running": request(),
    "too many running and too expensive": request(generation_type="thumbnail_premium"),
    "too expensive": request(generation_type="thumbnail_premium", prompt="too expensive"),
    "a cancel": Call("cancel_generation", {"generation_id": "mine"}),
    "a cancel of somebody else's": Call("cancel_generation", {"generation_id": "theirs"}),
    "a cancel of nothing": Call("cancel_generation", {"generation_id": None}),
    "the credits": Call("my_credits"),
    "a page": page(),
    "a page for nothing": page(item_key="x"),
    "an unknown kind and no key": page(item_kind="x", idempotency_key=None),
    "too many": page(quantity=1000),
    "a subscription": page(item_kind="subscription", item_key="monthly_25images"),
    "a portal of nobody who bought": Call("start_portal", {"idempotency_key": KEY}),
    "a portal without a key": Call("start_portal", {"idempotency_key": None}),
}

# What each of them is refused with; the first of two faults that are looked for.
REFUSED = {
    "another request with a used key": "idempotency_conflict",
    "no key": "idempotency_key_required",
    "no prompt and no key": "prompt_empty",
    "a blank prompt and an unknown type": "prompt_empty",
    "a control character": "prompt_has_control_characters",
    "an unknown type, a wrong option": "generation_type_not_found",
    "a face of nobody": "user_image_not_found",
    "a face of nobody and a wrong option": "user_image_not_found",
    "a face that is needed": "user_image_required",
    "an unknown option": "options_invalid",
    "a wrong option and too many running": "options_invalid",
    "too many running": "too_many_running",
    "too many running and too expensive": "too_many_running",
    "too expensive": "insufficient_credits",
    "a cancel of somebody else's": "generation_not_found",
    "a cancel of nothing": "generation_not_found",
    "a page for nothing": "item_not_found",
    "an unknown kind and no key": "idempotency_key_required",
    "too many": "quantity_out_of_range",
    "a portal of nobody who bought": "nothing_bought",
    "a portal without a key": "idempotency_key_required",
}
FULL = "update private.settings set max_running_generations = 1 where id"


@dataclass(frozen=True)
class Outcome:
    """What a call came to: a refusal or its answer, and all that is the person's afterwards."""

    refused: Refusal | None
    answer: list[Any]
    state: Any


@dataclass(frozen=True)
class World:
    """Two people, each with a picture under way."""

    db: Database
    ana: uuid.UUID
    bob: uuid.UUID
    pictures: dict[str, uuid.UUID]

    def arguments(self, call: Call) -> dict[str, Any]:
        return {name: self.pictures.get(str(v), v) for name, v in call.given.items()}

    def outcome(self, connection: Connection, statement: str, call: Call) -> Outcome:
        """Run a statement, and look at what is Ana's then."""
        refused, answer = None, []
        try:
            with connection.transaction():
                row = connection.execute(statement, self.arguments(call)).fetchone()
                assert row is not None
                # Ids and instants are new each time; what was said is not.
                answer = [v for v in row.values() if isinstance(v, (int, str, bool, dict))]
        except psycopg.Error as error:
            refused = refusal(error)
        connection.execute("reset role")
        state = connection.execute(STATE, (self.ana,)).fetchone()
        return Outcome(refused, answer, state)

    @contextmanager
    def rolled_back(self) -> Iterator[Connection]:
        with self.db.connect() as connection, connection.transaction(force_rollback=True):
            yield connection

    def publicly(self, call: Call) -> Outcome:
        """Call as Ana's browser does."""
        with self.rolled_back() as connection:
            claim(connection, self.ana)
            connection.execute("set local role authenticated")
            return self.outcome(connection, f"select * from public.{named(call)}", call)

    def by_core(self, call: Call, *, claims: uuid.UUID | None = None) -> Outcome:
        """Call the core for Ana, as the owner; with the claims of somebody else, if given."""
        with self.rolled_back() as connection:
            if claims:
                claim(connection, claims)
            core = named(call).replace("(", "_for(profile_id => %(person)s, ", 1)
            core = core.replace(", )", ")")
            more = Call(call.name, call.given | {"person": self.ana})
            return self.outcome(connection, f"select * from private.{core}", more)


def claim(connection: Connection, person: uuid.UUID) -> None:
    said = json.dumps({"sub": str(person), "role": "authenticated"})
    connection.execute("select set_config('request.jwt.claims', %s, true)", (said,))


def named(call: Call) -> str:
    return f"{call.name}({', '.join(f'{name} => %({name})s' for name in call.given)})"


@pytest.fixture
def world(db: Database) -> World:
    db.rows(
        "update private.settings set checkout_success_url = 'https://shop.example.com' where id"
    )
    link_all(db)
    ana, bob = sign_up(db), sign_up(db)
    mine = ask(db, ana, idempotency_key=USED)["id"]
    submit(db)
    theirs = ask(db, bob)["id"]
    # Enough for one more picture, and not for a dear one.
    db.rows("select private.operator_revoke(%s, 20, 'ana', 'a test', 'less')", ana)
    return World(db, ana, bob, {"mine": mine, "theirs": theirs})


@pytest.mark.parametrize("name", CALLS)
def test_a_core_does_for_a_person_what_the_call_does_for_its_caller(
    world: World, name: str
) -> None:
    call = CALLS[name]
    if "too many running" in name:
        world.db.rows(FULL)
    expected = world.publicly(call)
    assert (expected.refused.slug if expected.refused else None) == REFUSED.get(name)
    assert world.by_core(call) == expected
    # It reads no claims: those of somebody else change nothing.
    assert world.by_core(call, claims=world.bob) == expected


def test_the_calls_are_taken_and_refused_in_many_ways(world: World) -> None:
    outcomes = {name: world.by_core(call) for name, call in CALLS.items()}
    taken = {name for name, outcome in outcomes.items() if outcome.refused is None}
    assert {"a request", "a request again", "a cancel", "the credits", "a page"} <= taken
    slugs = {outcome.refused.slug for outcome in outcomes.values() if outcome.refused}
    assert len(slugs) >= 12


@pytest.mark.parametrize("name", ["a request", "a page", "a portal without a key"])
@pytest.mark.parametrize("who", ["nobody", "somebody who left"])
def test_a_core_is_for_people_who_are_there(
    db: Database, world: World, name: str, who: str
) -> None:
    person = NOBODY if who == "nobody" else world.ana
    if who != "nobody":
        db.rows("update public.profiles set deleted_at = now() where id = %s", person)
    gone = World(db, person, world.bob, world.pictures)
    outcome = gone.by_core(CALLS[name])
    assert outcome.refused
    assert (outcome.refused.sqlstate, outcome.refused.slug) == ("PT401", "not_signed_in")


def test_nobody_but_the_owner_executes_a_core(db: Database) -> None:
    rows = db.rows(
        r"""
        select p.proname as name, has_function_privilege(r.name, p.oid, 'execute') as may_execute
        from pg_proc as p
        cross join unnest(
            array['anon', 'authenticated', 'service_role', 'thumbsmith_sidecar']
        ) as r (name)
        where p.pronamespace = 'private'::regnamespace and p.proname like '%\_for'
        """.replace("%", "%%")
    )
    assert len({row["name"] for row in rows}) == 5
    assert not any(row["may_execute"] for row in rows)
    callable_ = "select has_function_privilege('authenticated', %s::regprocedure, 'execute')"
    assert db.value(callable_, "private.my_credits()")
