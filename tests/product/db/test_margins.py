"""What each picture brought in through its lots, what it cost, and the reports made of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.database import Database, lift_limits, request
from tests.support.sidecar import claim_one, make_due, report, submit, succeeded, webhook
from tests.support.stripe_world import Customer, apply, line, link_all, refund

if TYPE_CHECKING:
    from psycopg.rows import DictRow

REPORTS = Path(__file__).parents[3] / "sql" / "reports"
DAY = timedelta(days=1)


@pytest.fixture
def ana(db: Database) -> Customer:
    link_all(db)
    lift_limits(db)
    db.rows("update private.generation_models set is_enabled = (preference = 1)")
    return Customer.new(db)


def make(db: Database, person: Customer, *, fails: bool = False, **changes: Any) -> str:
    """Ask for a picture and see it to its end."""
    generation = request(db, person.person, **changes)["id"]
    job = submit(db, str(generation))
    if fails:
        db.rows("update private.generation_attempts set cost_per_second_micros = 1000")
        failed = {"status": "failed", "error": "x", "metrics": {"predict_time": 2}}
        report(db, "report_provider_job", job, failed)
    else:
        report(db, "report_provider_job", job, succeeded())
        store = claim_one(db, "store")
        report(db, "report_stored", store, {"object_path": store["payload"]["object_path"]})
    return str(generation)


def margins(db: Database, generation: str) -> list[tuple[Any, ...]]:
    rows = db.rows(
        "select source, credits, revenue_micros, cost_micros from private.generation_margins"
        " where generation_id = %s order by source",
        generation,
    )
    return [tuple(row.values()) for row in rows]


def ask(db: Database, name: str) -> list[DictRow]:
    return db.rows((REPORTS / f"{name}.sql").read_text())


def subscribe(db: Database, person: Customer, plan: str, amount: int, days: int) -> None:
    """Have a plan paid from ten days ago on."""
    start = datetime.now(UTC) - 10 * DAY
    end = start + days * DAY
    subscription = person.subscription(plan, start, end)
    apply(db, subscription)
    apply(db, person.invoice(subscription, line(plan, start, end, amount)))


def test_a_pack_brings_in_its_price_by_the_credit(db: Database, ana: Customer) -> None:
    apply(db, ana.session())
    # 100 credits for 9 dollars, ten of them for this picture; the model costs 0.067 dollars.
    assert margins(db, make(db, ana)) == [("pack: starter", 10, 900_000, 67_000)]


def test_a_refund_of_the_payment_takes_its_revenue_along(db: Database, ana: Customer) -> None:
    session = ana.session()
    apply(db, session)
    picture = make(db, ana)
    apply(db, refund(session, 450))
    assert margins(db, picture) == [("pack: starter", 10, 450_000, 67_000)]


def test_free_credits_bring_in_nothing_and_cost_the_same(db: Database, ana: Customer) -> None:
    db.value("select private.grant_credits(%s, 50, 'promotion', 'x')", ana.person)
    assert margins(db, make(db, ana)) == [("free: promotion", 10, 0, 67_000)]


def test_two_lots_share_the_revenue_and_the_cost(db: Database, ana: Customer) -> None:
    db.value(
        "select private.grant_credits(%s, 4, 'promotion', 'x', now() + interval '1 day')",
        ana.person,
    )
    apply(db, ana.session())
    assert margins(db, make(db, ana)) == [
        ("free: promotion", 4, 0, 26_800),
        ("pack: starter", 6, 540_000, 40_200),
    ]


def test_a_failure_brings_in_nothing_and_its_attempts_still_cost(
    db: Database, ana: Customer
) -> None:
    apply(db, ana.session())
    assert margins(db, make(db, ana, fails=True)) == [("pack: starter", 0, 0, 2_000)]


def test_a_year_is_worth_a_twelfth_a_month(db: Database, ana: Customer) -> None:
    subscribe(db, ana, "yearly_25images", 19_000, 365)
    # 3,000 credits for 190 dollars, though only the first 250 were granted.
    picture = make(db, ana)
    assert margins(db, picture) == [("subscription: yearly_25images", 10, 633_333, 67_000)]


def test_pictures_of_an_unlimited_plan_share_what_is_over_of_its_period(
    db: Database, ana: Customer
) -> None:
    subscribe(db, ana, "monthly_unlimited", 9_900, 30)
    pictures = [make(db, ana) for _ in range(3)]
    make(db, ana, fails=True)
    ((source, spent, revenue, cost),) = margins(db, pictures[0])
    assert (source, spent, cost) == ("unlimited: monthly_unlimited", 0, 67_000)
    # A third of the month is over: 33 of 99 dollars, for three pictures.
    assert revenue == pytest.approx(11_000_000, rel=1e-3)


def test_a_currency_without_a_rate_is_not_guessed(db: Database, ana: Customer) -> None:
    apply(db, ana.session(currency="eur"))
    picture = make(db, ana)
    assert margins(db, picture) == [("pack: starter", 10, None, 67_000)]
    db.rows("update private.settings set micros_per_minor_unit = '{\"eur\": 11000}' where id")
    assert margins(db, picture) == [("pack: starter", 10, 990_000, 67_000)]


def test_a_late_twin_costs_its_picture(db: Database, ana: Customer) -> None:
    apply(db, ana.session())
    picture = make(db, ana)
    token = db.value("select attempt_token from private.generation_attempts")
    webhook(db, "w", token, {"id": "twin"})
    make_due(db)
    report(db, "report_provider_job", claim_one(db, "cancel"), succeeded("twin"))
    assert margins(db, picture) == [("pack: starter", 10, 900_000, 134_000)]


def test_every_report_adds_up_to_the_same(db: Database, ana: Customer) -> None:
    ben = Customer.new(db)
    apply(db, ana.session())
    db.value("select private.grant_credits(%s, 50, 'promotion', 'x')", ben.person)
    for person in (ana, ben, ana):
        make(db, person)
    old = make(db, ana)
    db.rows(
        "update public.generations set created_at = now() - interval '40 days' where id = %s", old
    )
    names = ("margin_by_generation", "margin_by_person", "margin_by_plan", "margin_by_day")
    for name in names:
        rows = ask(db, name)
        assert float(sum(row["revenue"] for row in rows)) == pytest.approx(1.8)
        assert float(sum(row["cost"] for row in rows)) == pytest.approx(0.201)
        assert float(sum(row["margin"] for row in rows)) == pytest.approx(1.599)
    # Who costs more than they bring in comes first.
    assert [row["profile_id"] for row in ask(db, "margin_by_person")] == [ben.person, ana.person]
    assert {row["source"] for row in ask(db, "margin_by_plan")} == {
        "free: promotion",
        "pack: starter",
    }
    (model,) = ask(db, "provider_by_model")
    assert (model["attempts"], model["succeeded"], float(model["cost"])) == (4, 4, 0.268)
    assert {file.stem for file in REPORTS.glob("*.sql")} == {*names, "provider_by_model"}
