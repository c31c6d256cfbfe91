"""`thumbsmith settings`: what can be turned, and that each change is written down."""

from __future__ import annotations

import getpass
from typing import Any

import pytest

from tests.support.cli.operating import changes, report, run
from tests.support.database import Database
from tests.support.local_stack.stack_process import parsed

WHY = "--why=a busy week"


def setting(db: Database, name: str) -> Any:
    """Return the value of a setting as JSON has it."""
    return db.value("select to_jsonb(s) -> %s from private.settings as s", name)


def last_id(db: Database) -> int:
    """Return the id of the newest row of the audit log."""
    return int(db.value("select coalesce(max(id), 0) from private.audit_log"))


def test_every_setting_is_listed_with_what_it_means(db: Database) -> None:
    listed = {one["name"]: one for one in report(db, "settings", "list")["settings"]}
    columns = db.rows("select jsonb_object_keys(to_jsonb(s)) as name from private.settings as s")
    assert set(listed) == {row["name"] for row in columns} - {"id"}
    assert len(listed) > 20
    assert all(one["meaning"] for one in listed.values())
    one = listed["refund_grace"]
    assert (one["value"], one["default"], one["type"]) == ("7 days", "7 days", "interval")
    assert (one["is_required"], listed["checkout_cancel_url"]["is_required"]) == (True, False)
    text = run(db, "settings", "list").stdout
    assert "sign_up_credits" in text
    assert "Credits of a new account." in text


def test_a_setting_is_changed_by_whom_and_why(db: Database) -> None:
    before = last_id(db)
    dry = report(db, "settings", "set", "sign_up_credits", 30, WHY)
    assert (dry["before"], dry["after"], dry["dry_run"], dry["done"]) == (50, 30, True, False)
    assert (setting(db, "sign_up_credits"), changes(db, before)) == (50, [])

    done = report(db, "settings", "set", "sign_up_credits", 30, WHY, "--who=Olga", "--yes")
    assert (done["before"], done["after"], done["dry_run"], done["done"]) == (50, 30, False, True)
    assert setting(db, "sign_up_credits") == 30
    assert changes(db, before) == [
        {
            "action": "change_settings",
            "actor": "Olga",
            "reason": "a busy week",
            "details": {
                "operation": "update",
                "key": None,
                "before": {"sign_up_credits": 50},
                "after": {"sign_up_credits": 30},
            },
        }
    ]


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("generation_deadline", "5 minutes", "00:05:00"),
        ("stripe_livemode", "true", True),
        ("micros_per_minor_unit", '{"eur": 11000}', {"eur": 11000}),
        ("checkout_success_url", "https://app.example.com/ok", "https://app.example.com/ok"),
        ("referral_policy", "first_purchase", "first_purchase"),
    ],
)
def test_each_type_of_value_is_taken(db: Database, name: str, value: str, kept: Any) -> None:
    report(db, "settings", "set", name, value, WHY, "--yes")
    assert setting(db, name) == kept


def test_a_limit_is_taken_away_and_told_to_people(db: Database) -> None:
    report(db, "settings", "set", "generations_per_day_max", 7, WHY, "--yes")
    done = run(db, "settings", "set", "generations_per_day_max", "--null", WHY, "--yes")
    assert (done.returncode, done.stdout) == (0, "generations_per_day_max 7 → none\n")
    assert setting(db, "generations_per_day_max") is None
    dry = run(db, "settings", "set", "generations_per_day_max", 9, WHY)
    assert dry.stdout.splitlines() == [
        "generations_per_day_max none → 9",
        "a dry run, nothing was changed: --yes does it",
    ]


def test_the_same_value_again_changes_nothing(db: Database) -> None:
    before = last_id(db)
    again = report(db, "settings", "set", "sign_up_credits", 50, WHY, "--yes")
    assert (again["before"], again["after"], again["done"]) == (50, 50, False)
    assert changes(db, before) == []
    # The control: another value does.
    assert report(db, "settings", "set", "sign_up_credits", 51, WHY, "--yes")["done"]
    assert [row["actor"] for row in changes(db, before)] == [getpass.getuser()]


@pytest.mark.parametrize(
    ("words", "slug", "code"),
    [
        (("sign_up_credit", "5", WHY), "setting_not_found", 1),
        (("id", "false", WHY), "setting_not_found", 1),
        (("sign_up_credits", "5.5", WHY), "value_malformed", 2),
        (("sign_up_credits", "many", WHY), "value_malformed", 2),
        (("sign_up_credits", "--null", WHY), "setting_out_of_range", 1),
        (("signed_url_seconds", "5", WHY), "setting_out_of_range", 1),
        (("referral_policy", "never", WHY), "setting_out_of_range", 1),
        (("sign_up_credits", "5", "--why= "), "reason_required", 1),
        (("sign_up_credits", "5", WHY, "--who= "), "reason_required", 1),
        (("sign_up_credits", "5", "--null", WHY), "usage", 2),
        (("sign_up_credits", WHY), "usage", 2),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_what_is_no_setting_or_no_value_is_refused(
    db: Database, words: tuple[str, ...], slug: str, code: int
) -> None:
    before = db.rows("select * from private.settings"), last_id(db)
    done = run(db, "settings", "set", *words, "--yes", "--json")
    said = parsed(done)
    assert (done.returncode, said["error"]) == (code, slug), said
    # The violated constraint of PostgreSQL would show the row.
    assert "Failing row" not in done.stdout
    assert (db.rows("select * from private.settings"), last_id(db)) == before
    # The control: the same command with a setting, a value and a reason.
    assert report(db, "settings", "set", "sign_up_credits", 5, WHY, "--yes")["done"]


@pytest.mark.parametrize("words", [("list",), ("set", "sign_up_credits", "5", WHY, "--yes")])
def test_a_table_without_its_row_is_an_error(db: Database, words: tuple[str, ...]) -> None:
    # The control: with its row there is something to show and to change.
    assert report(db, "settings", *words)["ok"]
    db.rows("delete from private.settings")
    done = run(db, "settings", *words, "--json")
    assert (done.returncode, parsed(done)["error"]) == (1, "settings_missing")
