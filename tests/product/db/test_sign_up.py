"""What a sign-up gives, and that nothing in it can stop it."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from tests.support.database import Database, credits_of, sign_up


def referral_code(db: Database, user_id: uuid.UUID) -> str:
    return str(db.value("select referral_code from public.profiles where id = %s", user_id))


def referral(db: Database, user_id: uuid.UUID) -> dict[str, Any] | None:
    rows = db.rows("select * from public.referrals where referred_id = %s", user_id)
    return rows[0] if rows else None


def test_a_new_person_gets_fifty_credits_and_a_code_that_reads_well(db: Database) -> None:
    ana = sign_up(db)
    assert credits_of(db, ana) == 50
    assert re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{8}", referral_code(db, ana))
    assert referral(db, ana) is None


def test_a_friend_with_the_code_brings_thirty_credits(db: Database) -> None:
    ana = sign_up(db)
    ben = sign_up(db, data={"referral": referral_code(db, ana)})
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 50)
    assert db.value("select referred_by from public.profiles where id = %s", ben) == ana


def test_a_code_is_taken_in_any_case_and_with_blanks_around_it(db: Database) -> None:
    ana = sign_up(db)
    sign_up(db, data={"referral": f"  {referral_code(db, ana).lower()} "})
    assert credits_of(db, ana) == 80


def test_the_bonus_waits_for_the_confirmed_address_and_is_paid_once(db: Database) -> None:
    ana = sign_up(db)
    ben = sign_up(db, data={"referral": referral_code(db, ana)}, is_confirmed=False)
    assert credits_of(db, ana) == 50
    for confirmed_at in ("now()", "null", "now()"):
        db.rows(
            f"update auth.users set email_confirmed_at = {confirmed_at} where id = %s",
            ben,
            role="supabase_auth_admin",
        )
        assert credits_of(db, ana) == 80
    assert credits_of(db, ben) == 50


@pytest.mark.parametrize(
    "data",
    [
        {"referral": ""},
        {"referral": None},
        {"referral": "   "},
        {},
        [],
        "text",
        7,
    ],
    ids=repr,
)
def test_no_code_is_no_referral(db: Database, data: Any) -> None:
    cy = sign_up(db, data=data)
    assert credits_of(db, cy) == 50
    assert referral(db, cy) is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("nonsense", "malformed_code"),
        ("22222222", "unknown_code"),
        ("'; drop table public.profiles; --", "malformed_code"),
        ("🦆" * 5000, "malformed_code"),
        ({"deep": [1, 2, {"er": None}]}, "malformed_code"),
        ([], "malformed_code"),
        (12345678, "malformed_code"),
        (True, "malformed_code"),
        ("\u0001\u202e\n", "malformed_code"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_useless_code_is_recorded_and_the_sign_up_goes_on(
    db: Database, code: Any, reason: str
) -> None:
    cy = sign_up(db, data={"referral": code})
    assert credits_of(db, cy) == 50
    row = referral(db, cy)
    assert row is not None
    assert (row["status"], row["reason"], row["referrer_id"]) == ("rejected", reason, None)


def test_the_code_of_a_deleted_person_is_unknown(db: Database) -> None:
    ana = sign_up(db)
    code = referral_code(db, ana)
    db.rows("delete from auth.users where id = %s", ana, role="supabase_auth_admin")
    ben = sign_up(db, data={"referral": code})
    row = referral(db, ben)
    assert row is not None
    assert row["reason"] == "unknown_code"
    assert credits_of(db, ana) == 50


def test_an_anonymous_sign_in_gets_its_credits_when_it_becomes_a_person(db: Database) -> None:
    ana = sign_up(db)
    guest = sign_up(db, data={"referral": referral_code(db, ana)}, is_anonymous=True)
    assert (credits_of(db, guest), credits_of(db, ana)) == (0, 50)
    db.rows(
        "update auth.users set is_anonymous = false, email = 'g@example.com',"
        " email_confirmed_at = now() where id = %s",
        guest,
        role="supabase_auth_admin",
    )
    assert (credits_of(db, guest), credits_of(db, ana)) == (50, 80)


def test_a_locked_referrer_postpones_the_bonus_and_not_the_sign_up(db: Database) -> None:
    ana = sign_up(db)
    code = referral_code(db, ana)
    with db.connect() as other, other.transaction():
        other.execute("select from public.profiles where id = %s for no key update", (ana,))
        ben = sign_up(db, data={"referral": code})
    assert (credits_of(db, ana), credits_of(db, ben)) == (50, 50)
    row = referral(db, ben)
    assert row is not None
    assert row["status"] == "pending"
    assert db.value("select private.sweep()")["rewarded"] == 1
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 50)
    assert db.value("select private.sweep()")["rewarded"] == 0


def test_the_amounts_are_settings_and_zero_gives_no_lot(db: Database) -> None:
    db.rows("update private.settings set sign_up_credits = 0, referral_bonus_credits = 7 where id")
    ana = sign_up(db)
    assert credits_of(db, ana) == 0
    sign_up(db, data={"referral": referral_code(db, ana)})
    assert credits_of(db, ana) == 7


def test_a_person_restored_under_the_same_id_finds_the_profile_again(db: Database) -> None:
    ana = sign_up(db)
    db.rows("delete from auth.users where id = %s", ana, role="supabase_auth_admin")
    assert db.value("select deleted_at is not null from public.profiles where id = %s", ana)
    db.rows(
        "insert into auth.users (id, email) values (%s, 'back@example.com')",
        ana,
        role="supabase_auth_admin",
    )
    assert db.value("select deleted_at is null from public.profiles where id = %s", ana)
    assert credits_of(db, ana) == 50
