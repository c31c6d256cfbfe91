"""`thumbsmith credits`: what is refused, and that it changed nothing."""

from __future__ import annotations

import getpass
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support.cli.operating import START, audited, available, invoke, report, run
from tests.support.database import Database, credits_of, sign_up
from tests.support.local_stack.stack_process import parsed

if TYPE_CHECKING:
    from pathlib import Path


AUTH = "supabase_auth_admin"


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    """Sign Ana up."""
    user_id = sign_up(db)
    assert credits_of(db, user_id) == START
    return user_id


@pytest.mark.parametrize("yes", [[], ["--yes"]], ids=["dry run", "for real"])
def test_revoking_more_than_there_is_changes_nothing(
    db: Database, ana: uuid.UUID, yes: list[str]
) -> None:
    refused = run(db, "credits", "revoke", ana, START + 1, "--why=abuse", "--json", *yes)
    assert refused.returncode == 1
    answer = parsed(refused)
    assert (answer["ok"], answer["error"]) == (False, "insufficient_credits")
    assert answer["detail"]
    assert (credits_of(db, ana), audited(db, ana)) == (START, [])
    # Positive control: exactly what is there can be taken.
    assert report(db, "credits", "revoke", ana, START, "--why=abuse", "--yes")["done"]
    assert credits_of(db, ana) == 0
    assert len(audited(db, ana)) == 1


def test_a_refusal_is_told_to_people_too(db: Database, ana: uuid.UUID) -> None:
    refused = run(db, "credits", "revoke", ana, START + 1, "--why=abuse", "--yes")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("insufficient_credits: ")


def test_a_lot_of_somebody_else_is_not_found(db: Database, ana: uuid.UUID) -> None:
    ben = sign_up(db)
    lot = db.value("select id from public.credit_lots where profile_id = %s", ben)
    refused = run(db, "credits", "freeze", ana, "--lot", lot, "--why=mixed up", "--yes", "--json")
    assert (refused.returncode, parsed(refused)["error"]) == (1, "lot_not_found")
    assert available(db, ben) == START
    assert report(db, "credits", "freeze", ben, "--lot", lot, "--why=the right one", "--yes")[
        "done"
    ]


@pytest.mark.parametrize("person", [uuid.uuid4(), "nobody@example.com"], ids=["id", "address"])
@pytest.mark.parametrize(
    "order", [["grant", 5, "--why=x"], ["revoke", 5, "--why=x"], ["freeze", "--why=x"], ["history"]]
)
def test_somebody_unknown_is_refused(
    db: Database, ana: uuid.UUID, person: object, order: list[object]
) -> None:
    refused = run(db, "credits", order[0], person, *order[1:], "--json")
    answer = parsed(refused)
    assert (refused.returncode, answer["error"]) == (1, "profile_not_found")
    assert str(person) in answer["detail"]
    assert report(db, "credits", order[0], ana, *order[1:])["ok"]


def test_an_address_of_two_people_names_nobody(db: Database, ana: uuid.UUID) -> None:
    ben = sign_up(db)
    # Accounts of single sign-on may share an address.
    db.rows("update auth.users set is_sso_user = true where id = %s", ben, role=AUTH)
    db.rows("update auth.users set email = %s where id = %s", f"{ana}@example.com", ben, role=AUTH)
    order = ["grant", f"{ana}@example.com", 5, "--why=x", "--yes"]
    refused = run(db, "credits", *order, "--json")
    assert (refused.returncode, parsed(refused)["error"]) == (1, "many_profiles")
    assert str(ana) in parsed(refused)["detail"]
    assert str(ben) in parsed(refused)["detail"]
    assert (credits_of(db, ana), credits_of(db, ben)) == (START, START)
    assert report(db, "credits", "grant", ben, 5, "--why=x", "--yes")["done"]


def test_a_reason_must_be_given(db: Database, ana: uuid.UUID) -> None:
    missing = run(db, "credits", "grant", ana, 20, "--yes")
    assert missing.returncode == 2
    assert "--why" in missing.stderr
    blank = run(db, "credits", "grant", ana, 20, "--why= ", "--yes", "--json")
    assert (blank.returncode, parsed(blank)["error"]) == (1, "reason_required")
    assert credits_of(db, ana) == START
    assert report(db, "credits", "grant", ana, 20, "--why=a reason", "--yes")["done"]


def test_nobody_may_be_named_as_the_one_who_acts(db: Database, ana: uuid.UUID) -> None:
    blank = run(db, "credits", "grant", ana, 20, "--why=a reason", "--who= ", "--yes", "--json")
    assert blank.returncode == 1
    assert (credits_of(db, ana), audited(db, ana)) == (START, [])
    report(db, "credits", "grant", ana, 20, "--why=a reason", "--yes")
    assert [who for _, who, _ in audited(db, ana)] == [getpass.getuser()]


def test_an_amount_must_be_positive(db: Database, ana: uuid.UUID) -> None:
    for action in ("grant", "revoke"):
        zero = run(db, "credits", action, ana, 0, "--why=nothing", "--yes", "--json")
        assert (zero.returncode, parsed(zero)["error"]) == (1, "amount_not_positive")
        negative = run(db, "credits", action, "--why=x", "--yes", "--json", "--", ana, "-5")
        assert (negative.returncode, parsed(negative)["error"]) == (1, "amount_not_positive")
    assert (credits_of(db, ana), audited(db, ana)) == (START, [])
    assert report(db, "credits", "grant", ana, 1, "--why=something", "--yes")["done"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["10", "--expires-in=soon"],
        ["10", "--expires-at=never ever"],
        ["10", "--expires-in=1 day", "--expires-at=2100-01-01"],
        ["10", "--priority=3000000000"],
        ["99999999999999999999"],
        ["ten"],
        ["10", "--key="],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(db: Database, ana: uuid.UUID, wrong: list[str]) -> None:
    assert run(db, "credits", "grant", ana, *wrong, "--why=x", "--yes", "--json").returncode == 2
    assert credits_of(db, ana) == START
    assert report(db, "credits", "grant", ana, 10, "--expires-in=1 day", "--why=x", "--yes")["done"]


def test_an_unreachable_database_is_worth_another_try_with_the_key() -> None:
    url = "postgresql://postgres:secret-word@127.0.0.1:1/postgres"
    order = ["credits", "grant", str(uuid.uuid4()), "20", "--why=x", "--yes", f"--db-url={url}"]
    done = invoke(*order, "--key=ticket-8", "--json")
    answer = parsed(done)
    assert (done.returncode, answer["ok"], answer["key"]) == (3, False, "ticket-8")
    people = invoke(*order, "--key=ticket-8")
    assert (people.returncode, "--key ticket-8" in people.stderr) == (3, True)
    assert "secret-word" not in done.stdout + done.stderr + people.stdout + people.stderr


def test_what_is_no_address_is_not_repeated() -> None:
    url = "postgresql://postgres:secret-word@127.0.0.1:port:more/postgres?nonsense=1"
    done = invoke("credits", "history", "ana@example.com", f"--db-url={url}")
    assert done.returncode == 2
    assert "secret-word" not in done.stdout + done.stderr


def test_without_a_stack_the_command_says_so(tmp_path: Path) -> None:
    done = invoke("credits", "history", "x@example.com", "--json", f"--data-dir={tmp_path}")
    assert done.returncode == 2
    assert parsed(done)["error"] == "no_database"
    assert "--db-url" in parsed(done)["hint"]
