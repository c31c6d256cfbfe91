"""`thumbsmith credits`: what the operator does to a person's credits."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.cli.operating import START, audited, available, invoke, report, run
from tests.support.database import Database, credits_of, sign_up

if TYPE_CHECKING:
    pass


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    """Sign Ana up."""
    user_id = sign_up(db)
    assert credits_of(db, user_id) == START
    return user_id


def test_a_grant_gives_credits_and_keeps_who_and_why(db: Database, ana: uuid.UUID) -> None:
    done = report(db, "credits", "grant", ana, 20, "--why=a lost picture", "--who=Olga", "--yes")
    assert credits_of(db, ana) == START + 20
    assert available(db, ana) == START + 20
    rows = db.rows("select actor, reason from private.audit_log where profile_id = %s", ana)
    assert rows == [{"actor": "Olga", "reason": "a lost picture"}]
    lot = db.rows("select * from public.credit_lots where source = 'operator'")[0]
    assert (lot["profile_id"], lot["amount"], lot["expires_at"]) == (ana, 20, None)
    numbers = {"credits": START, "available": START, "held": 0, "frozen": 0, "debt": 0}
    assert done == {
        "ok": True,
        "action": "grant",
        "person": {"id": str(ana), "email": f"{ana}@example.com"},
        "amount": 20,
        "key": done["key"],
        "dry_run": False,
        "done": True,
        "done_before": None,
        "before": numbers,
        "after": numbers | {"credits": START + 20, "available": START + 20},
    }
    assert uuid.UUID(done["key"])


def test_a_key_grants_once(db: Database, ana: uuid.UUID) -> None:
    order = ["grant", ana, 20, "--why=first", "--key=ticket-7", "--yes"]
    first = report(db, "credits", *order)
    again = report(db, "credits", *order)
    assert (first["done"], again["done"]) == (True, False)
    assert again["done_before"]["reason"] == "first"
    assert again["before"] == again["after"] == first["after"]
    assert "nothing done" in run(db, "credits", *order).stdout
    assert credits_of(db, ana) == START + 20
    # Positive control: another key grants again.
    assert report(db, "credits", "grant", ana, 20, "--why=second", "--yes")["done"]
    assert credits_of(db, ana) == START + 40


@pytest.mark.parametrize(
    ("action", "change"), [("grant", 20), ("revoke", -20), ("freeze", 0), ("release", 0)]
)
def test_without_yes_a_change_is_only_shown(
    db: Database, ana: uuid.UUID, action: str, change: int
) -> None:
    amount = [20] if change else []
    if action == "release":
        report(db, "credits", "freeze", ana, "--why=suspicious", "--yes")
    before = (credits_of(db, ana), available(db, ana), audited(db, ana))
    order = [action, ana, *amount, "--why=a try", "--key=try"]

    dry = report(db, "credits", *order)
    assert (dry["dry_run"], dry["done"]) == (True, False)
    assert (credits_of(db, ana), available(db, ana), audited(db, ana)) == before

    # Positive control: the same key is still free, and brings what the dry run showed.
    real = report(db, "credits", *order, "--yes")
    assert (real["dry_run"], real["done"]) == (False, True)
    assert (real["before"], real["after"]) == (dry["before"], dry["after"])
    assert real["before"] != real["after"]
    assert credits_of(db, ana) == START + change == dry["after"]["credits"]
    assert available(db, ana) == dry["after"]["available"]


def test_a_dry_run_says_so_and_shows_the_balance(db: Database, ana: uuid.UUID) -> None:
    done = run(db, "credits", "revoke", ana, 20, "--why=a try", "--key=try")
    assert done.returncode == 0
    assert f"20 credits would be revoked: {ana}@example.com" in done.stdout
    assert "credits 50 → 30" in done.stdout
    assert "key try" in done.stdout
    assert "--yes" in done.stdout
    real = run(db, "credits", "revoke", ana, 20, "--why=a try", "--key=try", "--yes")
    assert f"20 credits revoked: {ana}@example.com" in real.stdout
    assert "--yes" not in real.stdout


def test_freezing_takes_from_what_is_available_and_release_gives_it_back(
    db: Database, ana: uuid.UUID
) -> None:
    frozen = report(db, "credits", "freeze", ana, "--why=chargeback rumor", "--yes")
    assert (frozen["lots"], frozen["after"]["frozen"]) == (1, START)
    assert (credits_of(db, ana), available(db, ana)) == (START, 0)
    released = report(db, "credits", "release", ana, "--why=all is well", "--yes")
    assert (released["freezes"], released["after"]["frozen"]) == (1, 0)
    assert (credits_of(db, ana), available(db, ana)) == (START, START)


def test_freezes_are_released_together(db: Database, ana: uuid.UUID) -> None:
    for why in ("first doubt", "second doubt"):
        assert report(db, "credits", "freeze", ana, f"--why={why}", "--yes")["lots"] == 1
    released = report(db, "credits", "release", ana, "--why=no doubt", "--yes")
    assert (released["freezes"], available(db, ana)) == (2, START)
    again = report(db, "credits", "release", ana, "--why=no doubt", "--yes")
    assert (again["freezes"], again["done"], available(db, ana)) == (0, False, START)


def test_one_lot_can_be_frozen_alone(db: Database, ana: uuid.UUID) -> None:
    report(db, "credits", "grant", ana, 20, "--why=gift", "--yes")
    lot = db.value("select id from public.credit_lots where source = 'operator'")
    frozen = report(db, "credits", "freeze", ana, "--lot", lot, "--why=in doubt", "--yes")
    assert (frozen["lots"], credits_of(db, ana), available(db, ana)) == (1, START + 20, START)
    released = report(db, "credits", "release", ana, "--lot", lot, "--why=settled", "--yes")
    assert (released["freezes"], available(db, ana)) == (1, START + 20)


def test_a_grant_can_expire_and_burn_first(db: Database, ana: uuid.UUID) -> None:
    report(db, "credits", "grant", ana, 5, "--why=a", "--expires-at=2100-01-02 03:04", "--yes")
    report(
        db, "credits", "grant", ana, 7, "--why=b", "--expires-in=30 days", "--priority=10", "--yes"
    )
    rows = db.rows(
        "select amount, expires_at, priority from public.credit_lots"
        " where source = 'operator' order by id"
    )
    usual, soon = rows
    assert usual["expires_at"] == datetime(2100, 1, 2, 3, 4, tzinfo=UTC)
    assert usual["priority"] == 100
    left = soon["expires_at"] - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
    assert soon["priority"] == 10


def test_a_person_is_found_by_address_whatever_its_case(db: Database, ana: uuid.UUID) -> None:
    done = report(db, "credits", "grant", f"{ana}@Example.COM", 20, "--why=by address", "--yes")
    assert done["person"]["id"] == str(ana)
    assert credits_of(db, ana) == START + 20


def test_every_command_explains_itself() -> None:
    for command in ("grant", "revoke", "freeze", "release", "history"):
        done = invoke("credits", command, "--help")
        assert done.returncode == 0
        assert ("without --yes" in done.stdout) == (command != "history")
