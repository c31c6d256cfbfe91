"""`thumbsmith stripe`: reconcile, replay, alarms."""

from __future__ import annotations

from typer.testing import CliRunner

from tests.support.cli.command_runner import CommandRunner
from tests.support.cli.operating import commanded
from tests.support.database import Database, sign_up
from thumbsmith.cli import app


def alarm(db: Database, object_id: str = "cs_test_odd", slug: str = "unknown_price") -> int:
    db.rows(
        "select private.raise_stripe_alarm(%s, %s, 'A price that is not ours.')", object_id, slug
    )
    return int(db.value("select max(id) from private.stripe_alarms"))


def jobs(db: Database) -> list[str]:
    rows = db.rows("select stripe_object_id from private.outbox where stripe_object_id is not null")
    return sorted(row["stripe_object_id"] for row in rows)


def paid(shop: CommandRunner) -> str:
    """Pay a pack at Stripe, so that no webhook tells us."""
    shop.report("catalog", "push", "--yes")
    person = sign_up(shop.db)
    customer = shop.stripe.customer()
    shop.db.rows(
        "insert into private.stripe_customers (profile_id, customer_id) values (%s, %s)",
        person,
        customer.id,
    )
    price_id = shop.price("pack_starter")["id"]
    session = shop.stripe.client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "customer": customer.id,
            "line_items": [{"price": price_id, "quantity": 1}],
            "success_url": "http://127.0.0.1:9/done",
        }
    )
    shop.stripe.act("pay", session=session.id)
    return str(session.id)


def test_what_stripe_has_and_we_have_not_is_found_and_left_to_the_worker(
    shop: CommandRunner,
) -> None:
    session_id = paid(shop)
    before = shop.at_stripe()
    found = shop.report("stripe", "reconcile")
    assert (found["ok"], found["dry_run"], found["mode"]) == (True, True, "test")
    rows = {one["object_id"]: one for one in found["differences"]}
    assert rows[session_id]["difference"] == "payment_missing"
    assert rows[session_id]["is_repairable"]
    assert found["seen"]["checkout.sessions.list"] == 1
    assert jobs(shop.db) == []

    real = shop.report("stripe", "reconcile", "--yes")
    assert real["dry_run"] is False
    assert {one["object_id"] for one in real["differences"]} == set(rows)
    assert session_id in jobs(shop.db)
    assert shop.at_stripe() == before
    # The events that were never delivered are known now.
    again = shop.report("stripe", "reconcile")
    assert {one["object_type"] for one in again["differences"]} == {"checkout.session"}


def test_what_only_a_person_can_decide_ends_with_1(shop: CommandRunner) -> None:
    session_id = paid(shop)
    alarm_id = alarm(shop.db, session_id)
    found = shop.report("stripe", "reconcile", "--yes", code=1)
    assert found["ok"] is False
    (row,) = [one for one in found["differences"] if not one["is_repairable"]]
    assert (row["object_id"], row["difference"]) == (session_id, "unknown_price")
    assert session_id in shop.run("stripe", "reconcile").stdout
    # Once resolved it is passed over.
    shop.report("stripe", "resolve", "--yes", alarm_id, "--why=refunded by hand")
    assert shop.report("stripe", "reconcile")["differences"] == []


def test_people_read_who_mends_what(shop: CommandRunner) -> None:
    session_id = paid(shop)
    text = shop.run("stripe", "reconcile").stdout
    assert session_id in text
    assert "the worker" in text
    assert "would be left to the worker" in text
    assert "--yes does it" in text


def test_only_what_is_young_enough_is_compared(shop: CommandRunner) -> None:
    paid(shop)
    assert shop.report("stripe", "reconcile", "--since=2099-01-01")["differences"] == []
    assert shop.report("stripe", "reconcile", "--since=yesterday")["differences"]
    done = shop.run("stripe", "reconcile", "--since=someday")
    assert done.exit_code == 2


def test_every_page_is_read_and_no_object_twice(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    customer = shop.stripe.customer()
    price_id = shop.price("pack_starter")["id"]
    for _ in range(101):
        shop.stripe.client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "customer": customer.id,
                "line_items": [{"price": price_id, "quantity": 1}],
                "success_url": "http://127.0.0.1:9/done",
            }
        )
    found = shop.report("stripe", "reconcile")
    assert found["seen"]["checkout.sessions.list"] == 101


def test_an_empty_account_has_no_difference(shop: CommandRunner) -> None:
    found = shop.report("stripe", "reconcile", "--yes")
    assert (found["ok"], found["differences"]) == (True, [])
    assert "0 objects" in shop.run("stripe", "reconcile").stdout


def test_an_event_is_taken_once_more(shop: CommandRunner) -> None:
    session_id = paid(shop)
    (event,) = shop.stripe.client.v1.events.list({"type": "checkout.session.completed"}).data
    dry = shop.report("stripe", "replay", event.id)
    assert (dry["result"], dry["is_fetched"], dry["done"]) == ("stored", True, False)
    assert dry["object_id"] == session_id
    assert jobs(shop.db) == []
    assert shop.db.rows("select from private.stripe_events") == []

    real = shop.report("stripe", "replay", event.id, "--yes")
    assert (real["result"], real["dry_run"], real["done"]) == ("stored", False, True)
    assert jobs(shop.db) == [session_id]
    shop.db.rows("delete from private.outbox")
    assert shop.report("stripe", "replay", event.id, "--yes")["result"] == "replayed"
    assert jobs(shop.db) == [session_id]
    text = shop.run("stripe", "replay", event.id).stdout
    assert f"{session_id} would be fetched" in text


def test_a_thin_event_is_the_same_event(shop: CommandRunner) -> None:
    session_id = paid(shop)
    (snapshot,) = shop.stripe.client.v1.events.list({"type": "checkout.session.completed"}).data
    thin = next(
        one
        for one in shop.stripe.client.v2.core.events.list().data
        if one.type == "v1.checkout.session.completed"
    )
    assert thin.id != snapshot.id
    assert shop.report("stripe", "replay", thin.id, "--yes")["object_id"] == session_id
    assert jobs(shop.db) == [session_id]
    assert shop.report("stripe", "replay", snapshot.id, "--yes")["result"] == "replayed"


def test_an_event_that_concerns_nobody_leads_to_nothing(shop: CommandRunner) -> None:
    shop.stripe.customer()
    (event,) = shop.stripe.client.v1.events.list({"type": "customer.created"}).data
    taken = shop.report("stripe", "replay", event.id, "--yes")
    assert (taken["result"], taken["is_fetched"]) == ("stored", False)
    assert jobs(shop.db) == []
    assert "nothing follows" in shop.run("stripe", "replay", event.id).stdout


def test_an_event_that_is_not_there(shop: CommandRunner) -> None:
    report = shop.report("stripe", "replay", "evt_1NoSuchEvent", "--yes", code=1)
    assert report["error"] == "event_not_found"
    for wrong in ("cs_test_1", "evt_../customers", ""):
        assert shop.report("stripe", "replay", wrong, code=2)["error"] == "event_malformed"
    assert shop.db.rows("select from private.stripe_events") == []
    shop.stripe.customer()
    (event,) = shop.stripe.client.v1.events.list().data
    assert shop.report("stripe", "replay", event.id, "--yes")["ok"]


def test_alarms_are_listed_until_somebody_resolves_them(shop: CommandRunner) -> None:
    # No key is needed: nothing is asked of Stripe.
    shop.env["STRIPE_SECRET_KEY"] = None
    db = shop.db
    assert shop.report("stripe", "alarms") == {"ok": True, "alarms": []}
    assert "no open alarm" in shop.run("stripe", "alarms").stdout
    first, second = alarm(db), alarm(db, "in_odd", "unknown_customer")
    alarm(db)
    listed = shop.report("stripe", "alarms")["alarms"]
    assert [(one["id"], one["object_id"], one["times"]) for one in listed] == [
        (first, "cs_test_odd", 2),
        (second, "in_odd", 1),
    ]
    text = shop.run("stripe", "alarms").stdout
    assert "cs_test_odd" in text
    assert "A price that is not ours." in text

    dry = shop.report("stripe", "resolve", first, "--why=refunded by hand", "--who=Olga")
    assert (dry["dry_run"], dry["done"]) == (True, False)
    assert len(shop.report("stripe", "alarms")["alarms"]) == 2
    done = shop.report("stripe", "resolve", "--yes", first, "--why=refunded by hand", "--who=Olga")
    assert done == {"ok": True, "id": first, "dry_run": False, "done": True}
    assert [one["id"] for one in shop.report("stripe", "alarms")["alarms"]] == [second]
    assert commanded(db) == [("resolve_stripe_alarm", "Olga", "refunded by hand")]
    assert shop.report("stripe", "resolve", "--yes", first, "--why=again")["done"] is False
    assert "was resolved" in shop.run("stripe", "resolve", "--yes", first, "--why=again").stdout


def test_an_alarm_needs_to_be_there_and_a_reason(shop: CommandRunner) -> None:
    alarm_id = alarm(shop.db)
    absent = shop.report("stripe", "resolve", "--yes", alarm_id + 1, "--why=x", code=1)
    assert absent["error"] == "alarm_not_found"
    blank = shop.report("stripe", "resolve", "--yes", alarm_id, "--why= ", code=1)
    assert blank["error"] == "reason_required"
    assert shop.run("stripe", "resolve", "--yes", alarm_id).exit_code == 2
    assert shop.run("stripe", "resolve", "--yes", "first", "--why=x").exit_code == 2
    assert len(shop.report("stripe", "alarms")["alarms"]) == 1
    assert shop.report("stripe", "resolve", "--yes", alarm_id, "--why=x")["done"]


def test_every_command_explains_itself() -> None:
    commands = {
        "catalog": ("diff", "push", "pull"),
        "stripe": ("reconcile", "replay", "alarms", "resolve"),
    }
    for group, names in commands.items():
        for name in names:
            done = CliRunner().invoke(app, [group, name, "--help"])
            assert done.exit_code == 0
            assert "Usage:" in done.output
