"""`thumbsmith codes`: promotional codes, shown once and kept nowhere in clear."""

from __future__ import annotations

import getpass
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import sql

from tests.support.cli.operating import START, commanded, invoke, report, run
from tests.support.database import Database, credits_of, sign_up
from tests.support.local_stack.stack_process import parsed


def redeemed(db: Database, user_id: uuid.UUID, code: str) -> Any:
    """Redeem a code as this person and give the answer."""
    return db.call(user_id, "select public.redeem_code(%s) as answer", code)["answer"]


def refusal_of(db: Database, user_id: uuid.UUID, code: str) -> str | None:
    """Give the reason why this person may not redeem a code."""
    return db.refused(user_id, "select public.redeem_code(%s)", code).slug


def places_of(db: Database, text: str) -> list[str]:
    """Give every table with a row that holds the text, whatever its case."""
    tables = db.rows(
        """
        select c.oid::regclass::text as name, n.nspname, c.relname
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'm')
            and n.nspname in ('public', 'private', 'vault', 'storage', 'auth')
            and has_table_privilege(c.oid, 'select')
        """
    )
    assert {"private.promo_codes", "private.audit_log"} <= {table["name"] for table in tables}
    found = []
    with db.connect() as connection:
        for table in tables:
            query = sql.SQL("select exists (select from {} as t where t::text ilike %s) as hit")
            name = sql.Identifier(table["nspname"], table["relname"])
            row = connection.execute(query.format(name), (f"%{text}%",)).fetchone()
            if row and row["hit"]:
                found.append(table["name"])
    return found


def test_a_code_is_made_and_redeemed(db: Database) -> None:
    ana = sign_up(db)
    made = report(db, "codes", "create", "--yes", "--credits=25", "--why=launch", "--who=Olga")
    assert list(made) == ["ok", "id", "code", "credits", "dry_run", "done"]
    assert made["id"] == report(db, "codes", "list")["codes"][0]["id"]
    assert made["credits"] == 25
    assert redeemed(db, ana, made["code"])["credits"] == 25
    assert credits_of(db, ana) == START + 25
    assert commanded(db) == [("create_promo_code", "Olga", "launch")]


def test_people_get_the_code_alone_on_one_line(db: Database) -> None:
    done = run(db, "codes", "create", "--yes", "SUMMER-SALE-2031", "--credits=5", "--why=summer")
    assert (done.returncode, done.stdout) == (0, "SUMMERSALE2031\n"), done.stderr
    assert redeemed(db, sign_up(db), "SUMMER-SALE-2031")["credits"] == 5
    assert commanded(db) == [("create_promo_code", getpass.getuser(), "summer")]


def test_a_dry_run_makes_no_code(db: Database) -> None:
    dry = report(db, "codes", "create", "SUMMER", "--credits=25", "--why=launch")
    assert (dry["dry_run"], dry["done"], dry["id"]) == (True, False, None)
    assert report(db, "codes", "list")["codes"] == []
    assert commanded(db) == []
    # Positive control: with --yes it is there.
    assert report(db, "codes", "create", "SUMMER", "--credits=25", "--why=launch", "--yes")["done"]
    assert len(report(db, "codes", "list")["codes"]) == 1


def test_random_codes_differ(db: Database) -> None:
    codes = {
        report(db, "codes", "create", "--yes", "--credits=5", "--why=x")["code"] for _ in range(3)
    }
    assert len(codes) == 3


def test_the_code_is_nowhere_in_the_database(db: Database) -> None:
    ana = sign_up(db)
    code = "QUITE-SECRET-WORD-77"
    report(db, "codes", "create", "--yes", code, "--credits=5", "--why=a canary in the log")
    assert redeemed(db, ana, code)["credits"] == 5
    assert refusal_of(db, ana, code) == "code_already_redeemed"
    assert places_of(db, code) == []
    assert places_of(db, code.replace("-", "")) == []
    assert places_of(db, code.encode().hex()) == []
    # Positive control: the search finds what is there.
    assert places_of(db, "a canary in the log") == ["private.audit_log"]


def test_the_limits_of_a_code_are_kept(db: Database) -> None:
    report(
        db,
        "codes",
        "create",
        "--yes",
        "TWICE-IN-ALL-31",
        "--credits=5",
        "--why=x",
        "--max-redemptions=3",
        "--per-person=2",
        "--starts-at=2020-01-01",
        "--ends-at=2100-01-01 12:00",
        "--credits-last=30 days",
    )
    row = db.rows("select * from private.promo_codes")[0]
    assert (row["max_redemptions"], row["max_per_person"]) == (3, 2)
    assert row["starts_at"] == datetime(2020, 1, 1, tzinfo=UTC)
    assert row["ends_at"] == datetime(2100, 1, 1, 12, tzinfo=UTC)
    assert row["credits_last"].days == 30
    ana, ben, cleo = (sign_up(db) for _ in range(3))
    for _ in range(2):
        assert redeemed(db, ana, "TWICE-IN-ALL-31")["credits"] == 5
    assert refusal_of(db, ana, "TWICE-IN-ALL-31") == "code_already_redeemed"
    assert redeemed(db, ben, "TWICE-IN-ALL-31")["credits"] == 5
    assert refusal_of(db, cleo, "TWICE-IN-ALL-31") == "code_exhausted"
    assert [credits_of(db, person) - START for person in (ana, ben, cleo)] == [10, 5, 0]


def test_codes_are_listed_without_the_code(db: Database) -> None:
    assert report(db, "codes", "list") == {"ok": True, "codes": []}
    report(db, "codes", "create", "--yes", "OLDER-CODE-XY", "--credits=5", "--why=x")
    report(
        db,
        "codes",
        "create",
        "--yes",
        "NEWER-CODE-ZW",
        "--credits=7",
        "--why=x",
        "--max-redemptions=9",
    )
    redeemed(db, sign_up(db), "OLDER-CODE-XY")
    listed = report(db, "codes", "list")["codes"]
    assert [(one["hint"], one["credits"], one["redemptions"]) for one in listed] == [
        ("ZW", 7, 0),
        ("XY", 5, 1),
    ]
    assert [one["max_redemptions"] for one in listed] == [9, None]
    assert "code_hash" not in listed[0]
    text = run(db, "codes", "list").stdout
    assert "…ZW" in text
    assert listed[0]["id"] in text
    assert "NEWER-CODE" not in text


def test_a_disabled_code_is_not_redeemed(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    code = report(db, "codes", "create", "--yes", "--credits=5", "--why=x")["code"]
    code_id = report(db, "codes", "list")["codes"][0]["id"]

    dry = report(db, "codes", "disable", code_id, "--why=leaked")
    assert (dry["dry_run"], dry["done"]) == (True, False)
    assert report(db, "codes", "list")["codes"][0]["disabled_at"] is None
    assert redeemed(db, ana, code)["credits"] == 5

    real = report(db, "codes", "disable", code_id, "--why=leaked", "--who=Piet", "--yes")
    assert real == {
        "ok": True,
        "id": code_id,
        "dry_run": False,
        "done": True,
        "redemptions": 1,
    }
    assert report(db, "codes", "list")["codes"][0]["disabled_at"] is not None
    assert redeemed(db, ben, code)["message"] == "code_not_found"
    assert credits_of(db, ben) == START
    last = db.rows("select actor, reason from private.audit_log order by id desc limit 1")
    assert last == [{"actor": "Piet", "reason": "leaked"}]
    again = report(db, "codes", "disable", code_id, "--why=leaked", "--yes")
    assert again["done"] is False
    assert "disabled before" in run(db, "codes", "disable", code_id, "--why=leaked", "--yes").stdout


def test_a_code_that_is_not_there_cannot_be_disabled(db: Database) -> None:
    refused = run(db, "codes", "disable", uuid.uuid4(), "--why=x", "--yes", "--json")
    assert (refused.returncode, parsed(refused)["error"]) == (1, "code_not_found")
    assert run(db, "codes", "disable", "no-id", "--why=x", "--yes").returncode == 2
    report(db, "codes", "create", "--yes", "--credits=5", "--why=x")
    code_id = report(db, "codes", "list")["codes"][0]["id"]
    assert report(db, "codes", "disable", code_id, "--why=x", "--yes")["done"]


def test_a_reason_must_be_given(db: Database) -> None:
    assert run(db, "codes", "create", "--yes", "--credits=5").returncode == 2
    blank = run(db, "codes", "create", "--yes", "--credits=5", "--why= ", "--json")
    assert (blank.returncode, parsed(blank)["error"]) == (1, "reason_required")
    assert report(db, "codes", "list")["codes"] == []
    report(db, "codes", "create", "--yes", "--credits=5", "--why=a reason")
    code_id = report(db, "codes", "list")["codes"][0]["id"]
    assert run(db, "codes", "disable", code_id, "--yes").returncode == 2
    blank = run(db, "codes", "disable", code_id, "--why= ", "--yes", "--json")
    assert (blank.returncode, parsed(blank)["error"]) == (1, "reason_required")
    assert report(db, "codes", "list")["codes"][0]["disabled_at"] is None


def test_the_same_code_is_not_made_twice(db: Database) -> None:
    order = ["create", "--yes", "ONLY-ONE-OF-IT-5", "--credits=5", "--why=x"]
    assert report(db, "codes", *order)["ok"]
    refused = run(db, "codes", *order, "--json")
    assert (refused.returncode, parsed(refused)["ok"]) == (1, False)
    assert parsed(refused)["error"] == "code_exists"
    assert len(report(db, "codes", "list")["codes"]) == 1


@pytest.mark.parametrize(
    "wrong", [["--credits=5", "--ends-at=someday"], ["--credits=many"], []], ids=str
)
def test_wrong_usage_ends_with_2(db: Database, wrong: list[str]) -> None:
    assert run(db, "codes", "create", "--yes", "--why=x", *wrong).returncode == 2
    assert report(db, "codes", "list")["codes"] == []
    assert report(db, "codes", "create", "--yes", "--why=x", "--credits=5")["ok"]


def test_a_code_worth_nothing_is_refused_without_repeating_its_hash(db: Database) -> None:
    refused = run(db, "codes", "create", "--yes", "--why=x", "--credits=0", "--json")
    assert refused.returncode == 1
    assert "\\\\x" not in refused.stdout
    assert report(db, "codes", "list")["codes"] == []
    assert report(db, "codes", "create", "--yes", "--why=x", "--credits=1")["ok"]


def test_every_command_explains_itself() -> None:
    for command in ("create", "list", "disable"):
        done = invoke("codes", command, "--help")
        assert done.returncode == 0
        assert "Usage:" in done.stdout
