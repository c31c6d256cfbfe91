"""A storm of Stripe's events: many times, in any order, by many, or lost; every credit is right."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from threading import Event, Lock
from typing import Any

import pytest

from tests.support.database import Connection, Database
from tests.support.economy import state, sweep
from tests.support.interleaving.connections import Move, stepped_connections
from tests.support.load import connections, run_together, say
from tests.support.sidecar import claim
from tests.support.stripe_account import (
    KEPT,
    LARGE,
    MONTHLY,
    SMALL,
    Account,
    Author,
    Purchase,
    Step,
    merged,
    thin,
)
from tests.support.stripe_world import Object, alarms, line, new_plan, tell
from thumbsmith.checks.questions import run_checks

SEED = 20261126
ROLE = "thumbsmith_sidecar"
DELIVERERS = 8
WORKERS = 4


@dataclass
class Storm:
    """What all who take part in a storm share."""

    account: Account
    deliveries: Iterator[Object]
    lock: Lock = field(default_factory=Lock)
    stop: Event = field(default_factory=Event)
    delivered: Event = field(default_factory=Event)
    delivering: int = DELIVERERS
    again: Counter[str] = field(default_factory=Counter)


def open_account(db: Database, seed: int, page_max: int = 100) -> Author:
    """Make the plans and an account that has them."""
    # Bonuses of nothing: referrers are locked along, and the model stays simple.
    db.rows(
        "update private.settings set sign_up_credits = 0, referral_bonus_credits = 0,"
        " referred_bonus_credits = 0, referral_policy = 'first_purchase' where id"
    )
    for name, monthly in MONTHLY.items():
        new_plan(db, name, monthly=monthly, rollover="all" if name == KEPT else "none")
    assert {SMALL, LARGE, KEPT} == set(MONTHLY)
    return Author(db, Account(page_max), seed)


def live(author: Author, people: int, events: int, *, upgrades: bool = True) -> list[Step]:
    """Let people who brought each other live at the same time."""
    lives = []
    code = None
    for number in range(people):
        one = author.new_customer(code)
        code = author.db.value(
            "select referral_code from public.profiles where id = %s",
            author.random.choice(author.customers).person,
        )
        lives.append(
            author.life(
                one,
                events * (number + 1) // people - events * number // people,
                upgrades=upgrades,
            )
        )
    return merged(author.random, lives)


def scattered(
    author: Author, steps: list[Step], copies: tuple[int, ...], lost: float = 0
) -> Iterator[Object]:
    """Make the steps, and yield each event some times, at times of its own after its step."""
    chance = random.Random(SEED)
    due: dict[int, list[Object]] = {}
    for place, step in enumerate(steps):
        for told in step():
            if chance.random() < lost:
                author.account.undelivered.add(told["id"])
                continue
            for _ in range(chance.choice(copies)):
                shape = thin(told) if chance.random() < 0.3 else told
                due.setdefault(place + chance.randint(0, 300), []).append(shape)
        yield from due.pop(place, [])
    rest = [told for when in sorted(due) for told in due[when]]
    chance.shuffle(rest)
    yield from rest


def deliver(storm: Storm, connection: Connection) -> Counter[str]:
    """Deliver events until there is nothing more to happen."""
    seen: Counter[str] = Counter()
    while not storm.stop.is_set():
        # What it tells of has happened by then.
        with storm.lock:
            told = next(storm.deliveries, None)
        if told is None:
            break
        row = connection.execute(
            "select private.report_stripe_event(%s::jsonb) as word", (json.dumps(told),)
        ).fetchone()
        assert row is not None
        seen[row["word"]] += 1
    with storm.lock:
        storm.delivering -= 1
        if storm.delivering == 0:
            storm.delivered.set()
    return seen


def work(storm: Storm, connection: Connection, owner: Connection, name: str) -> Counter[str]:
    """Claim jobs and report them until nothing more comes."""
    seen: Counter[str] = Counter()
    while not storm.stop.is_set():
        was_delivered = storm.delivered.is_set()
        jobs = connection.execute("select * from private.claim_jobs(%s, 8, 60)", (name,)).fetchall()
        # All are asked for before the first is reported: some of it is old by then.
        answers = [(job, storm.account.answer(job["payload"])) for job in jobs]
        for job, answer in answers:
            row = connection.execute(
                "select private.report_stripe(%s, %s, %s, %s::jsonb) as word",
                (job["profile_id"], job["job_id"], job["lease_token"], json.dumps(answer)),
            ).fetchone()
            assert row is not None
            seen[row["word"] if row["word"] in {"stale", "waiting"} else "done"] += 1
            if row["word"] in {"stale", "waiting"}:
                with storm.lock:
                    storm.again[job["payload"]["id"]] += 1
        if jobs:
            continue
        left = owner.execute(
            "select count(*) as jobs, count(*) filter (where lease_token is not null) as held"
            " from private.jobs"
        ).fetchone()
        assert left is not None
        if left["jobs"] == 0 and was_delivered:
            break
        if was_delivered and left["held"] == 0:
            # Nobody does anything but wait: the time of waiting passes.
            owner.execute(
                "update private.jobs set due_at = now() where lease_token is null"
                " and due_at > now()"
            )
        else:
            storm.stop.wait(0.02)
    return seen


def rage(
    db: Database,
    account: Account,
    deliveries: Iterator[Object],
    *others: Callable[[], Any],
    workers: int = WORKERS,
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Let all deliver and work at once until everything is through.

    Gives the words that they heard, and how often each object has to be fetched again.
    """
    storm = Storm(account, deliveries)
    with (
        connections(db, DELIVERERS, ROLE) as posts,
        connections(db, workers, ROLE) as hands,
        connections(db, workers) as owners,
    ):
        calls: list[Callable[[], Any]] = [partial(deliver, storm, post) for post in posts]
        calls += [
            partial(work, storm, hand, owner, f"worker {number}")
            for number, (hand, owner) in enumerate(zip(hands, owners, strict=True))
        ]
        done = run_together([*calls, *others], storm.stop, 1_000)
    told: Counter[str] = sum(done[:DELIVERERS], Counter())
    worked: Counter[str] = sum(done[DELIVERERS : DELIVERERS + workers], Counter())
    return told, worked, storm.again


def assert_all_is_right(db: Database, author: Author) -> None:
    """Compare everybody with the model, and ask every check."""
    sweep(db)
    people = {one.id: one.person for one in author.customers}
    found = {customer: state(db, person) for customer, person in people.items()}
    expected = author.expected()
    assert {key: (found[key], expected[key]) for key in found if found[key] != expected[key]} == {}
    assert alarms(db) == []
    assert {one.name: one.rows for one in run_checks(db.url) if one.rows} == {}
    waiting = "select count(*) from private.stripe_events where applied_at is null"
    assert db.value(waiting) == 0
    assert db.value("select count(*) from private.jobs where kind <> 'reconcile'") == 0


def spend_for_good(connection: Connection, author: Author, spends: int) -> int:
    """Spend from lots that are given for nothing, while money comes and goes back."""
    chance = random.Random(SEED)
    spent = 0
    for _ in range(spends):
        one = chance.choice(author.customers)
        cost = chance.randint(1, 9)
        connection.execute(
            "with g as (insert into public.generations (profile_id, generation_type, status,"
            " prompt, credit_cost, idempotency_key, output_path, deadline_at, finished_at)"
            " values (%(person)s, 'thumbnail', 'succeeded', 'a cat', %(cost)s, gen_random_uuid(),"
            " 'a/b.png', now(), now()) returning id)"
            " select private.spend_credits(%(person)s, %(cost)s, g.id) from g",
            {"person": one.person, "cost": cost},
        )
        gift, *_ = author.purchases[one.id]
        gift.spent += cost
        spent += cost
    return spent


def be_short(db: Database, author: Author) -> list[Step]:
    """Let somebody spend of a pack before the money goes back: they owe what is missing."""
    one = author.new_customer()
    steps, session, bought = author.pack(one)
    rage(db, author.account, scattered(author, steps, (1,)))
    bought.spent = bought.credits * 3 // 5
    db.rows(
        "with g as (insert into public.generations (profile_id, generation_type, status,"
        " prompt, credit_cost, idempotency_key, output_path, deadline_at, finished_at)"
        " values (%s, 'thumbnail', 'succeeded', 'a cat', %s, gen_random_uuid(),"
        " 'a/b.png', now(), now()) returning *)"
        " select private.spend_credits(g.profile_id, g.credit_cost, g.id) from g",
        one.person,
        bought.spent,
    )
    more: list[Step] = []
    for _ in range(3):
        more += author.refund(session, bought) + author.dispute(session, bought)
    return more


def storm(db: Database, people: int, events: int, spends: int) -> None:
    began = time.monotonic()
    author = open_account(db, SEED)
    short = merged(author.random, [be_short(db, author) for _ in range(4)])
    debtors = list(author.customers)
    steps = live(author, people, events - len(author.account.events) - len(short))
    author.random.shuffle(author.customers)
    steps = merged(author.random, [steps, short])
    spenders = [one for one in author.customers if one not in debtors]
    for one in spenders:
        db.rows(
            "select private.operator_grant(%s, 10000, 'storm', 'a test', %s, null, 1)",
            one.person,
            one.id,
        )
        author.purchases[one.id].insert(0, Purchase(1, 10_000))
    with db.connect() as connection:
        author.customers = spenders
        told, worked, _ = rage(
            db,
            author.account,
            scattered(author, steps, (1, 2, 3, 4, 5)),
            partial(spend_for_good, connection, author, spends),
        )
    author.customers = spenders + debtors
    assert_all_is_right(db, author)
    logical = len(author.account.events)
    assert db.value("select count(*) from private.stripe_events") == logical
    assert set(told) == {"stored", "duplicate"}
    owed = sum(debt for _, debt in author.expected().values())
    say(
        f"storm: {logical} events of {len(author.customers)} people, {told.total()} deliveries"
        f" {dict(told)}, jobs {dict(worked)}, reads {author.account.reads.total()}, {owed} owed,"
        f" {time.monotonic() - began:.1f} s, seed {SEED}"
    )
    assert events <= logical
    assert worked["stale"] > 0
    assert worked["waiting"] > 0
    assert owed > 0


def test_every_credit_is_right_after_a_storm(db: Database) -> None:
    storm(db, people=20, events=400, spends=80)


@pytest.mark.full
@pytest.mark.timeout(1_200)
def test_every_credit_is_right_after_a_large_storm(db: Database) -> None:
    storm(db, people=60, events=10_000, spends=1_000)


def reconcile(db: Database, account: Account) -> tuple[Object, Counter[str], Counter[str]]:
    """Let the comparison be due and workers do all of it.

    Gives its run, the words they heard, and how often each object has to be fetched again.
    """
    db.rows("update private.reconcile_runs set started_at = started_at - interval '2 days'")
    assert db.value("select private.start_reconcile()") is True
    # One worker: what is compared while it is applied may be fetched once more.
    _, worked, again = rage(db, account, iter([]), workers=1)
    run = db.rows("select * from private.reconcile_runs order by id desc limit 1")[0]
    assert run["finished_at"] is not None
    return run, worked, again


@pytest.mark.parametrize(
    ("lost", "are_events_kept"),
    [(0.05, True), (1.0, True), (1.0, False)],
    ids=["some", "all", "all, and Stripe has forgotten the events"],
)
def test_the_comparison_repairs_all_that_was_lost(
    db: Database, lost: float, are_events_kept: bool
) -> None:
    began = time.monotonic()
    author = open_account(db, SEED, page_max=20)
    account = author.account
    steps = live(author, 16, 300)
    told, *_ = rage(db, account, scattered(author, steps, (1, 2), lost))
    lost_events = len(account.undelivered)
    if not are_events_kept:
        account.events.clear()
    account.reads.clear()
    account.pages.clear()
    run, worked, again = reconcile(db, account)
    reads, pages = account.reads.copy(), account.pages.total()
    assert_all_is_right(db, author)
    everything = json.dumps(account.everything())
    left = db.rows("select * from private.compare_stripe_objects(%s::jsonb)", everything)
    assert left == []
    second, *_ = reconcile(db, account)
    assert second["differing"] == 0
    # Each once, and once more when it had to wait; an event on a later page asks for it again.
    if are_events_kept and lost == 1:
        assert reads.total() <= lost_events + again.total()
    else:
        assert {one for one in reads if reads[one] > 1 + again[one]} == set()
    say(
        f"lost {lost:.0%}: {lost_events} events, {told.total()} deliveries,"
        f" {run['seen']} seen, {run['differing']} differing, jobs {dict(worked)}, {pages} pages,"
        f" {reads.total()} reads of {len(reads)} objects, {time.monotonic() - began:.1f} s"
    )
    assert lost_events > 0
    assert run["differing"] >= len(reads) > 0


REPAIR = Move("repair", "select count(*) from private.repair_stripe_objects(%(page)s::jsonb)")


def test_a_page_of_events_never_waits_in_a_circle_with_a_late_delivery(db: Database) -> None:
    author = open_account(db, SEED)
    session = author.new_customer().session()
    told = [author.event(session, f"checkout.session.{number}") for number in range(2)]
    with stepped_connections(db, 1) as (page,), db.connect() as post:
        with post.transaction():
            # The two halves of private.report_stripe_event().
            post.execute(
                "insert into private.stripe_events (event_id, event_type, object_id, object_type)"
                " values (%s, 'x', %s, 'checkout.session')",
                (told[1]["id"], session["id"]),
            )
            assert page.start(REPAIR, {"page": json.dumps(told)})
            post.execute("select private.fetch_stripe_object(%s)", (session["id"],))
        assert page.finish() == "done"


def test_a_page_of_events_never_waits_in_a_circle_with_a_worker(db: Database) -> None:
    author = open_account(db, SEED)
    one = author.new_customer()
    made = one.subscription(SMALL, author.now, author.now + timedelta(days=30))
    invoice = one.invoice(made, line(SMALL, author.now, author.now + timedelta(days=30)))
    for subject, kind in ((invoice, "invoice.paid"), (made, "customer.subscription.created")):
        tell(db, author.event(subject, kind))
    jobs = {job["payload"]["id"]: job for job in claim(db)}
    told = [author.event(subject, "x") for subject in (made, invoice)]
    with stepped_connections(db, 1) as (page,), db.connect() as worker:
        with worker.transaction():
            # The two halves of private.report_stripe().
            job = jobs[invoice["id"]]
            worker.execute(
                "select private.lock_leased_job(%s, %s)", (job["job_id"], job["lease_token"])
            )
            assert not page.start(REPAIR, {"page": json.dumps(told)})
            worker.execute("select private.apply_stripe_object(%s::jsonb)", (json.dumps(invoice),))
        assert page.finish() == "done"
