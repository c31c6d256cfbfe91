"""`thumbsmith credits history`: balance, lots, entries, and who did what and why."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support.cli.operating import START, report, run
from tests.support.database import Database, credits_of, request, sign_up

if TYPE_CHECKING:
    pass


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    """Sign Ana up."""
    user_id = sign_up(db)
    assert credits_of(db, user_id) == START
    return user_id


def test_history_shows_balance_lots_entries_and_acts(db: Database, ana: uuid.UUID) -> None:
    report(db, "credits", "grant", ana, 20, "--why=a gift", "--who=Olga", "--key=k1", "--yes")
    report(db, "credits", "revoke", ana, 30, "--why=a [mistake]", "--who=Piet", "--key=k2", "--yes")
    shown = report(db, "credits", "history", ana)
    assert list(shown) == ["ok", "person", "balance", "lots", "entries", "audit"]
    assert shown["person"] == {"id": str(ana), "email": f"{ana}@example.com"}
    assert shown["balance"]["credits"] == shown["balance"]["available"] == START - 10
    assert sum(lot["remaining"] for lot in shown["lots"]) == START - 10
    numbers = [entry["entry_number"] for entry in shown["entries"]]
    assert numbers == sorted(numbers, reverse=True)
    assert sum(entry["amount"] for entry in shown["entries"]) == START - 10
    assert shown["entries"][0]["kind"] == "revoke"
    causes = [(entry["why"], entry["done_by"]) for entry in shown["entries"]]
    assert causes[-2:] == [("a gift", "Olga"), (None, None)]
    assert causes[0] == ("a [mistake]", "Piet")
    acts = [(act["actor"], act["reason"], act["action_key"]) for act in shown["audit"]]
    assert acts == [("Piet", "a [mistake]", "operator:k2"), ("Olga", "a gift", "operator:k1")]

    text = run(db, "credits", "history", ana).stdout
    for word in (
        "credits 40",
        "Olga",
        "a gift",
        "Piet",
        "a [mistake]",
        "sign_up:",
        "+20",
        "a gift (Olga)",
    ):
        assert word in text


def test_history_shows_which_picture_took_credits(db: Database, ana: uuid.UUID) -> None:
    generation = request(db, ana)
    entry = report(db, "credits", "history", ana)["entries"][0]
    assert (entry["kind"], entry["generation_id"]) == ("spend", str(generation["id"]))
    assert f"picture {generation['id']}" in run(db, "credits", "history", ana).stdout


def test_history_shows_as_much_as_is_asked_for(db: Database, ana: uuid.UUID) -> None:
    for number in range(3):
        report(db, "credits", "grant", ana, 1, f"--why=number {number}", "--yes")
    short = report(db, "credits", "history", ana, "--limit=2")
    assert [act["reason"] for act in short["audit"]] == ["number 2", "number 1"]
    assert len(short["entries"]) == 2
    assert len(report(db, "credits", "history", ana)["entries"]) == 4


def test_history_shows_nobody_elses_acts(db: Database, ana: uuid.UUID) -> None:
    ben = sign_up(db)
    report(db, "credits", "grant", ben, 3, "--why=for ben", "--yes")
    assert report(db, "credits", "history", ana)["audit"] == []
    assert [act["reason"] for act in report(db, "credits", "history", ben)["audit"]] == ["for ben"]


def test_history_shows_instants_that_python_has_no_date_for(db: Database, ana: uuid.UUID) -> None:
    report(db, "credits", "grant", ana, 1, "--why=x", "--expires-at=infinity", "--yes")
    lots = report(db, "credits", "history", ana)["lots"]
    assert [lot["expires_at"] for lot in lots] == ["infinity", None]
    shown = run(db, "credits", "history", ana)
    assert (shown.returncode, "infinity" in shown.stdout) == (0, True)
