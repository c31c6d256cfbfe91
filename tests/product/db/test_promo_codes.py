"""Promotional codes: to whom they give credits, how often, and what is kept of them."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, credits_of, refusal, sign_up
from tests.support.economy import available, entries, sweep
from tests.support.people import delete, enroll, places_of
from tests.support.promo_codes import CODE, create, redeem
from tests.support.referrals import apply, said, set_to

NOT_FOUND = ("PT404", "code_not_found")


def refused(db: Database, person: uuid.UUID, code: str = CODE) -> tuple[str | None, str | None]:
    """Return state and slug of the refusal to redeem a code."""
    refusal = db.refused(person, "select public.redeem_code(%s)", code)
    return refusal.sqlstate, refusal.slug


def shift(db: Database, column: str, interval: str) -> None:
    """Move an instant of every code to this far from now."""
    db.rows(f"update private.promo_codes set {column} = now() + %s::interval", interval)


def test_a_code_gives_its_credits_once(db: Database) -> None:
    create(db)
    ana = sign_up(db)
    assert redeem(db, ana) == {"credits": 10, "expires_at": None}
    assert refused(db, ana) == ("PT409", "code_already_redeemed")
    assert credits_of(db, ana) == 60
    assert len(entries(db, ana, "grant")) == 2
    assert db.value("select redemptions from private.promo_codes") == 1


@pytest.mark.parametrize(
    "typed",
    ["summersale", "Summer-Sale", " SUMMER SALE\n", "s-u-m-m-e-r s a l e", "SUMMER\u00a0SALE"],
    ids=repr,
)
def test_a_code_is_forgiving_about_case_hyphens_and_blanks(db: Database, typed: str) -> None:
    create(db, "Summer-Sale")
    assert redeem(db, sign_up(db), typed)["credits"] == 10


@pytest.mark.parametrize(
    "typed",
    [
        None,
        "",
        " ",
        "-",
        "SUMMERSALE2",
        "SUMMERSAL",
        "SUMMER_SALE",
        "SUMMERSALE;",
        "ＳＵＭＭＥＲＳＡＬＥ",
        "%",
        "x" * 1_000_000,
        "🦆" * 10_000,
        "' or 1=1 --",
        "\u202e\u0001",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_anything_else_is_not_found_and_counts_as_a_guess(db: Database, typed: str | None) -> None:
    create(db)
    ana = sign_up(db)
    answer = redeem(db, ana, typed)
    assert set(answer) == {"code", "message", "details", "hint"}
    assert said(answer) == NOT_FOUND
    assert db.value("select count(*) from private.code_failures where profile_id = %s", ana) == 1
    assert credits_of(db, ana) == 50
    assert redeem(db, ana)["credits"] == 10


def test_a_code_of_a_person_is_no_promotional_code_and_the_other_way_round(db: Database) -> None:
    create(db, "22222222")
    ana = sign_up(db)
    code = str(db.value("select referral_code from public.profiles where id = %s", ana))
    assert said(redeem(db, sign_up(db), code)) == NOT_FOUND
    assert said(apply(db, sign_up(db), "22222222")) == ("PT404", "referral_code_not_found")


def test_a_code_works_within_its_window(db: Database) -> None:
    create(db)
    people = [sign_up(db) for _ in range(3)]
    shift(db, "starts_at", "1 minute")
    # Who tries early must not learn that there will be one.
    assert said(redeem(db, people[0])) == NOT_FOUND
    assert redeem(db, people[0]) == redeem(db, people[0], "NOSUCHCODE")
    shift(db, "starts_at", "-1 minute")
    shift(db, "ends_at", "1 minute")
    assert redeem(db, people[1])["credits"] == 10
    shift(db, "ends_at", "-1 second")
    assert refused(db, people[2]) == ("PT409", "code_expired")
    assert [credits_of(db, person) for person in people] == [50, 60, 50]


def test_a_disabled_code_is_not_found(db: Database) -> None:
    code_id = create(db)
    ana, ben = sign_up(db), sign_up(db)
    assert redeem(db, ana)["credits"] == 10
    disable = "select private.disable_promo_code(%s, 'Olga', 'leaked')"
    assert [db.value(disable, code_id) for _ in range(2)] == [True, False]
    assert db.value(disable, uuid.uuid4()) is False
    assert said(redeem(db, ben)) == said(redeem(db, ana)) == NOT_FOUND
    assert (credits_of(db, ana), credits_of(db, ben)) == (60, 50)


def test_the_credits_of_a_code_may_expire(db: Database) -> None:
    create(db, credits_last="30 days")
    ana = sign_up(db)
    assert redeem(db, ana)["expires_at"] is not None
    in_time = "select expires_at - created_at from public.credit_lots where source = 'promotion'"
    assert db.value(in_time).days == 30
    assert available(db, ana) == 60
    db.rows(
        "update public.credit_lots set expires_at = now() - interval '1 second'"
        " where source = 'promotion'"
    )
    assert available(db, ana) == 50
    assert sweep(db)["expired_lots"] == 1
    assert credits_of(db, ana) == 50
    # Expired credits are no reason to get new ones.
    assert refused(db, ana) == ("PT409", "code_already_redeemed")


def test_the_limit_of_the_code_and_of_the_person_are_kept(db: Database) -> None:
    create(db, max_redemptions=3, max_per_person=2)
    ana, ben, cleo = (sign_up(db) for _ in range(3))
    assert [redeem(db, ana)["credits"] for _ in range(2)] == [10, 10]
    assert refused(db, ana) == ("PT409", "code_already_redeemed")
    assert redeem(db, ben)["credits"] == 10
    assert refused(db, ben) == ("PT409", "code_exhausted")
    assert refused(db, cleo) == ("PT409", "code_exhausted")
    assert [credits_of(db, person) for person in (ana, ben, cleo)] == [70, 60, 50]
    assert db.value("select redemptions from private.promo_codes") == 3


def test_a_refused_right_code_is_no_guess(db: Database) -> None:
    create(db)
    ana = sign_up(db)
    redeem(db, ana)
    for _ in range(12):
        assert refused(db, ana) == ("PT409", "code_already_redeemed")
    assert db.value("select count(*) from private.code_failures") == 0


def test_signing_up_again_is_no_second_redemption(db: Database) -> None:
    create(db)
    for turn, address in enumerate(
        ["pro.mo@gmail.com", "promo@gmail.com", "PROMO+x@googlemail.com"]
    ):
        person = enroll(db, address)
        if turn == 0:
            assert redeem(db, person)["credits"] == 10
        else:
            assert refused(db, person) == ("PT409", "code_already_redeemed")
            assert credits_of(db, person) == 0
        delete(db, person)
    phil = enroll(db, phone="15551234567")
    assert redeem(db, phil)["credits"] == 10
    delete(db, phil)
    assert refused(db, enroll(db, phone="15551234567")) == ("PT409", "code_already_redeemed")
    assert redeem(db, enroll(db, "other@gmail.com"))["credits"] == 10


def test_redemptions_of_a_person_under_two_accounts_add_up(db: Database) -> None:
    create(db, max_per_person=3)
    first = enroll(db, "jo@gmail.com")
    redeem(db, first)
    delete(db, first)
    second = enroll(db, "j.o@gmail.com")
    assert [redeem(db, second)["credits"] for _ in range(2)] == [10, 10]
    assert refused(db, second) == ("PT409", "code_already_redeemed")
    assert (credits_of(db, first), credits_of(db, second)) == (60, 20)


def test_moving_to_another_address_is_no_second_redemption(db: Database) -> None:
    create(db)
    ana = enroll(db, "ana@gmail.com")
    redeem(db, ana)
    db.rows("update auth.users set email = 'x@example.com' where id = %s", ana)
    assert refused(db, ana) == ("PT409", "code_already_redeemed")


@pytest.mark.parametrize("who", ["unconfirmed", "anonymous"])
def test_a_code_needs_a_confirmed_address_and_nothing_is_learnt_without(
    db: Database, who: str
) -> None:
    create(db)
    guest = sign_up(db, is_confirmed=False, is_anonymous=who == "anonymous")
    before = credits_of(db, guest)
    for code in (CODE, "NOSUCHCODE"):
        assert refused(db, guest, code) == ("PT403", "confirmed_address_required")
    assert credits_of(db, guest) == before
    assert redeem(db, sign_up(db))["credits"] == 10


def test_a_code_is_kept_as_a_keyed_hash_only(db: Database) -> None:
    create(db, "QUITE-SECRET-WORD-77")
    ana = sign_up(db)
    assert redeem(db, ana, "quite secret word 77")["credits"] == 10
    said(redeem(db, ana, "QUITE-SECRET-WORD-78"))
    for text in ("QUITE-SECRET-WORD", "QUITESECRETWORD", "quite secret"):
        assert places_of(db, text) == []
        assert places_of(db, text.encode().hex()) == []
    kept = bytes(db.value("select code_hash from private.promo_codes"))
    assert len(kept) == 32
    assert kept != hashlib.sha256(b"QUITESECRETWORD77").digest()
    assert db.value("select code_hint from private.promo_codes") == "77"
    assert places_of(db, "launch") == ["audit_log"]


def test_a_random_code_is_long_and_never_the_same(db: Database) -> None:
    make = "select private.create_promo_code(null, 1, 'Olga', 'x') from generate_series(1, 50)"
    codes = {row["create_promo_code"] for row in db.rows(make)}
    assert len(codes) == 50
    assert {len(code) for code in codes} == {12}
    assert redeem(db, sign_up(db), codes.pop())["credits"] == 1


def test_guesses_of_both_kinds_are_counted_together(db: Database) -> None:
    set_to(db, max_code_failures_per_hour=4)
    create(db)
    ana = sign_up(db)
    for _ in range(2):
        assert said(redeem(db, ana, "WRONG")) == NOT_FOUND
        assert said(apply(db, ana, "WRONG")) == ("PT404", "referral_code_not_found")
    assert said(redeem(db, ana)) == ("PT429", "too_many_codes")
    assert said(apply(db, ana, "WRONG")) == ("PT429", "too_many_codes")
    assert credits_of(db, ana) == 50
    db.rows("update private.code_failures set failed_at = failed_at - interval '1 hour'")
    assert redeem(db, ana)["credits"] == 10


@pytest.mark.parametrize(
    ("code", "worth", "limits", "slug"),
    [
        ("ABC", 10, {}, "code_malformed"),
        ("A" * 41, 10, {}, "code_malformed"),
        ("ÄÖÜÄÖÜ", 10, {}, "code_malformed"),
        ("", 10, {}, "code_malformed"),
        ("GOODCODE", 0, {}, "amount_not_positive"),
        ("GOODCODE", -5, {}, "amount_not_positive"),
        ("GOODCODE", 10, {"max_redemptions": 0}, "amount_not_positive"),
        ("GOODCODE", 10, {"max_per_person": 0}, "amount_not_positive"),
        ("GOODCODE", 10, {"credits_last": "-1 day"}, "expiry_not_ahead"),
        ("GOODCODE", 10, {"ends_at": "2020-01-01"}, "expiry_not_ahead"),
    ],
    ids=str,
)
def test_a_code_that_makes_no_sense_is_not_made(
    db: Database, code: str, worth: int, limits: dict[str, Any], slug: str
) -> None:
    with pytest.raises(psycopg.Error) as raised:
        create(db, code, worth, **limits)
    assert (refusal(raised.value).sqlstate, refusal(raised.value).slug) == ("PT422", slug)
    assert db.value("select count(*) from private.promo_codes") == 0
    create(db, "GOODCODE")


def test_the_same_code_is_not_made_twice_in_any_spelling(db: Database) -> None:
    create(db, "Summer-Sale")
    with pytest.raises(psycopg.Error) as raised:
        create(db, " summersale ")
    assert refusal(raised.value).slug == "code_exists"
