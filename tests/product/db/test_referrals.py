"""Referrals: which codes count, when the bonus is paid, and what takes it back."""

from __future__ import annotations

import uuid
from itertools import pairwise

import pytest

from tests.support.database import Database, credits_of, sign_up
from tests.support.economy import entries, pay, reverse, spend, state, sweep
from tests.support.people import AUTH, code_of, confirm, delete
from tests.support.referrals import REFERRALS, apply, join, outcomes, said, set_to


def age(db: Database, person: uuid.UUID, interval: str) -> None:
    """Let time pass since the person's sign-up."""
    db.rows(
        "update public.profiles set created_at = now() - %s::interval where id = %s",
        interval,
        person,
    )


NOT_FOUND = ("PT404", "referral_code_not_found")
REFUSED = ("PT409", "referral_code_refused")


# Codes that do not count.


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "malformed_code"),
        ("", "malformed_code"),
        ("   ", "malformed_code"),
        ("ABC", "malformed_code"),
        ("ABCDEFGHJ", "malformed_code"),
        ("ABCDEF0I", "malformed_code"),
        ("２２２２２２２２", "malformed_code"),
        ("2222222\n2", "malformed_code"),
        ("%" * 8, "malformed_code"),
        ("'; drop table public.profiles; --", "malformed_code"),
        ("🦆" * 100_000, "malformed_code"),
        ("22222222", "unknown_code"),
        (" 2222222z ", "unknown_code"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_useless_code_is_404_and_is_recorded(db: Database, code: str | None, reason: str) -> None:
    ana = sign_up(db)
    answer = apply(db, ana, code)
    assert set(answer) == {"code", "message", "details", "hint"}
    assert said(answer) == NOT_FOUND
    (row,) = db.rows(REFERRALS, ana)
    assert (row["status"], row["reason"], row["referrer_id"]) == ("rejected", reason, None)
    assert row["code"] == (code or "")[:64]
    assert credits_of(db, ana) == 50


def test_a_good_code_is_rewarded_at_once_for_a_confirmed_person(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    code = code_of(db, ana)
    typed = f"  {code.lower()} "
    assert apply(db, ben, typed) == {"status": "rewarded", "code": typed}
    assert outcomes(db, ben) == [("rewarded", None)]
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 50)
    assert db.value("select referred_by from public.profiles where id = %s", ben) == ana


def test_nobody_brings_themselves(db: Database) -> None:
    ana = sign_up(db)
    answer = apply(db, ana, code_of(db, ana))
    assert said(answer) == REFUSED
    assert "own_code" in answer["details"]
    assert outcomes(db, ana) == [("rejected", "own_code")]
    assert credits_of(db, ana) == 50


@pytest.mark.parametrize("people", [2, 3, 4])
def test_a_circle_is_not_closed(db: Database, people: int) -> None:
    circle = [sign_up(db) for _ in range(people)]
    for person, friend in pairwise(circle):
        assert apply(db, person, code_of(db, friend))["status"] == "rewarded"
    answer = apply(db, circle[-1], code_of(db, circle[0]))
    assert said(answer) == REFUSED
    assert "circular" in answer["details"]
    assert outcomes(db, circle[-1]) == [("rejected", "circular")]
    assert [credits_of(db, person) for person in circle] == [50] + [80] * (people - 1)


def test_a_circle_that_began_with_a_sign_up_is_not_closed(db: Database) -> None:
    ana = sign_up(db)
    ben = join(db, ana)
    cleo = join(db, ben)
    assert said(apply(db, ana, code_of(db, cleo))) == REFUSED
    assert outcomes(db, ana) == [("rejected", "circular")]
    assert [credits_of(db, person) for person in (ana, ben, cleo)] == [80, 80, 50]


def test_a_pending_link_closes_no_circle_either(db: Database) -> None:
    ana = sign_up(db)
    ben = join(db, ana, is_confirmed=False)
    assert said(apply(db, ana, code_of(db, ben))) == REFUSED
    assert outcomes(db, ana) == [("rejected", "circular")]


def test_a_second_code_does_not_count(db: Database) -> None:
    ana, cleo = sign_up(db), sign_up(db)
    ben = join(db, ana)
    for friend in (cleo, ana, cleo):
        answer = apply(db, ben, code_of(db, friend))
        assert said(answer) == REFUSED
        assert "repeated" in answer["details"]
    assert outcomes(db, ben) == [("rewarded", None)] + [("rejected", "repeated")] * 3
    assert (credits_of(db, ana), credits_of(db, cleo), credits_of(db, ben)) == (80, 50, 50)


def test_a_second_code_while_the_first_is_pending_does_not_count(db: Database) -> None:
    ana, cleo = sign_up(db), sign_up(db)
    ben = join(db, ana, is_confirmed=False)
    assert said(apply(db, ben, code_of(db, cleo))) == REFUSED
    confirm(db, ben)
    assert outcomes(db, ben) == [("rewarded", None), ("rejected", "repeated")]
    assert (credits_of(db, ana), credits_of(db, cleo)) == (80, 50)


def test_a_wrong_code_at_the_sign_up_may_be_mended(db: Database) -> None:
    ana = sign_up(db)
    ben = sign_up(db, data={"referral": "22222222"})
    assert apply(db, ben, code_of(db, ana))["status"] == "rewarded"
    assert outcomes(db, ben) == [("rejected", "unknown_code"), ("rewarded", None)]
    assert credits_of(db, ana) == 80


@pytest.mark.parametrize(
    ("since", "outcome"),
    [
        ("6 days 23:59:00", ("rewarded", None)),
        ("7 days 00:00:01", ("rejected", "late")),
        ("10 years", ("rejected", "late")),
    ],
)
def test_a_code_is_taken_within_the_window_only(
    db: Database, since: str, outcome: tuple[str, str | None]
) -> None:
    ana, ben = sign_up(db), sign_up(db)
    age(db, ben, since)
    answer = apply(db, ben, code_of(db, ana))
    assert outcomes(db, ben) == [outcome]
    if outcome[1]:
        assert said(answer) == REFUSED
        assert "late" in answer["details"]
    assert credits_of(db, ana) == (50 if outcome[1] else 80)


def test_the_window_is_a_setting_and_the_referrer_may_be_old(db: Database) -> None:
    ana, ben, cleo = (sign_up(db) for _ in range(3))
    age(db, ana, "10 years")
    age(db, ben, "2 hours")
    set_to(db, referral_window="1 hour")
    assert said(apply(db, ben, code_of(db, ana))) == REFUSED
    assert apply(db, cleo, code_of(db, ana))["status"] == "rewarded"


def test_the_codes_of_deleted_people_are_unknown(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    delete(db, ana)
    assert said(apply(db, ben, code_of(db, ana))) == NOT_FOUND
    assert outcomes(db, ben) == [("rejected", "unknown_code")]


def test_a_deleted_person_with_a_live_token_applies_nothing(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    delete(db, ben)
    for function in ("apply_referral_code", "redeem_code"):
        refused = db.refused(ben, f"select public.{function}(%s)", code_of(db, ana))
        assert (refused.sqlstate, refused.slug) == ("PT401", "not_signed_in")
        assert db.refused(None, f"select public.{function}('22222222')").sqlstate == "42501"
    assert outcomes(db, ben) == []
    assert credits_of(db, ana) == 50


def test_both_sides_see_a_referral_and_nobody_else_does(db: Database) -> None:
    ana, cleo = sign_up(db), sign_up(db)
    ben = join(db, ana)
    count = "select count(*) as n from public.referrals"
    assert [db.call(who, count)["n"] for who in (ana, ben, cleo)] == [1, 1, 0]


# When it is paid.


def test_both_bonuses_wait_for_the_confirmed_address(db: Database) -> None:
    set_to(db, referred_bonus_credits=7)
    ana = sign_up(db)
    ben = join(db, ana, is_confirmed=False)
    assert (credits_of(db, ana), credits_of(db, ben)) == (50, 50)
    assert outcomes(db, ben) == [("pending", None)]
    assert sweep(db)["rewarded"] == 0
    confirm(db, ben)
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 57)
    confirm(db, ben)
    assert sweep(db)["rewarded"] == 0
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 57)


def test_an_applied_code_waits_for_the_confirmed_address_too(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db, is_confirmed=False)
    assert apply(db, ben, code_of(db, ana))["status"] == "pending"
    assert (credits_of(db, ana), outcomes(db, ben)) == (50, [("pending", None)])
    confirm(db, ben)
    assert (credits_of(db, ana), outcomes(db, ben)) == (80, [("rewarded", None)])


def test_a_guest_earns_nothing_for_a_friend_until_they_are_a_person(db: Database) -> None:
    set_to(db, referred_bonus_credits=7)
    ana, guest = sign_up(db), sign_up(db, is_anonymous=True)
    assert apply(db, guest, code_of(db, ana))["status"] == "pending"
    assert sweep(db)["rewarded"] == 0
    assert (credits_of(db, ana), credits_of(db, guest)) == (50, 0)
    db.rows(
        "update auth.users set is_anonymous = false, email = 'g@example.com',"
        " email_confirmed_at = now() where id = %s",
        guest,
        role=AUTH,
    )
    assert (credits_of(db, ana), credits_of(db, guest)) == (80, 57)


def test_a_referrer_who_left_before_the_confirmation_gets_nothing(db: Database) -> None:
    set_to(db, referred_bonus_credits=7)
    ana = sign_up(db)
    ben = join(db, ana, is_confirmed=False)
    delete(db, ana)
    confirm(db, ben)
    assert outcomes(db, ben) == [("rejected", "referrer_gone")]
    assert (credits_of(db, ana), credits_of(db, ben)) == (50, 50)


def test_a_friend_who_left_before_the_confirmation_earns_nothing(db: Database) -> None:
    ana = sign_up(db)
    ben = join(db, ana, is_confirmed=False)
    delete(db, ben)
    assert sweep(db)["rewarded"] == 0
    assert (credits_of(db, ana), outcomes(db, ben)) == (50, [("pending", None)])


def test_a_settled_referral_is_not_paid_twice_by_anything(db: Database) -> None:
    ana = sign_up(db)
    ben = join(db, ana)
    for _ in range(3):
        assert db.value("select private.settle_referral(%s)", ben) is False
        confirm(db, ben)
        pay(db, ben)
        sweep(db)
    assert credits_of(db, ana) == 80


def test_settling_somebody_without_a_referral_does_nothing(db: Database) -> None:
    assert db.value("select private.settle_referral(%s)", sign_up(db)) is False
    assert db.value("select private.settle_referral(%s)", uuid.uuid4()) is False


# The monthly cap.


def test_past_the_monthly_cap_a_referrer_is_not_paid(db: Database) -> None:
    set_to(db, max_referral_rewards_per_month=2, referred_bonus_credits=7)
    ana, cleo = sign_up(db), sign_up(db)
    friends = [join(db, ana) for _ in range(4)]
    paid = [("rewarded", None)]
    assert [outcomes(db, friend) for friend in friends] == [
        paid,
        paid,
        [("rejected", "monthly_cap")],
        [("rejected", "monthly_cap")],
    ]
    assert [credits_of(db, friend) for friend in friends] == [57, 57, 50, 50]
    assert credits_of(db, ana) == 110
    # The cap is each referrer's own.
    assert outcomes(db, join(db, cleo)) == paid


def test_next_month_counts_anew_and_pays_no_old_ones(db: Database) -> None:
    set_to(db, max_referral_rewards_per_month=2)
    ana = sign_up(db)
    for _ in range(3):
        join(db, ana)
    assert credits_of(db, ana) == 110
    db.rows(
        "update public.referrals set rewarded_at ="
        " date_trunc('month', now(), 'utc') - interval '1 microsecond'"
        " where rewarded_at is not null"
    )
    assert sweep(db)["rewarded"] == 0
    for _ in range(3):
        join(db, ana)
    assert credits_of(db, ana) == 170


def test_the_first_instant_of_the_month_counts_in_any_time_zone(db: Database) -> None:
    set_to(db, max_referral_rewards_per_month=1)
    ana = sign_up(db)
    first = join(db, ana)
    db.rows(
        "update public.referrals set rewarded_at = date_trunc('month', now(), 'utc')"
        " where referred_id = %s",
        first,
    )
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        ben = join(db, ana, is_confirmed=False)
        with db.connect(AUTH) as connection:
            connection.execute(f"set time zone '{zone}'")
            connection.execute(
                "update auth.users set email_confirmed_at = now() where id = %s", (ben,)
            )
        assert outcomes(db, ben) == [("rejected", "monthly_cap")]
    assert credits_of(db, ana) == 80


def test_a_reversed_reward_still_counts_for_the_cap(db: Database) -> None:
    set_to(db, max_referral_rewards_per_month=1, referral_policy="first_purchase")
    ana = sign_up(db)
    ben, cleo = join(db, ana), join(db, ana)
    payment, _ = pay(db, ben)
    reverse(db, payment, "taken")
    pay(db, cleo)
    assert outcomes(db, cleo) == [("rejected", "monthly_cap")]
    # Otherwise undoing the refund would pay past the cap.
    reverse(db, payment, "undone")
    assert credits_of(db, ana) == 80


def test_a_cap_of_zero_ends_all_rewards(db: Database) -> None:
    set_to(db, max_referral_rewards_per_month=0)
    ana = sign_up(db)
    assert outcomes(db, join(db, ana)) == [("rejected", "monthly_cap")]
    assert credits_of(db, ana) == 50


# The first purchase.


@pytest.fixture
def buyers(db: Database) -> tuple[uuid.UUID, uuid.UUID]:
    """Sign up Ana, and Ben with her code, where the first purchase pays her 30 and him 7."""
    set_to(db, referral_policy="first_purchase", referred_bonus_credits=7)
    ana = sign_up(db)
    return ana, join(db, ana)


def test_the_first_purchase_pays_once(db: Database, buyers: tuple[uuid.UUID, uuid.UUID]) -> None:
    ana, ben = buyers
    assert sweep(db)["rewarded"] == 0
    assert (credits_of(db, ana), credits_of(db, ben)) == (50, 50)
    assert outcomes(db, ben) == [("pending", None)]
    payment, _ = pay(db, ben, 100)
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 157)
    assert db.value("select payment_id from public.referrals") == payment
    pay(db, ben, 100)
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 257)


def test_a_gift_of_zero_money_earns_nothing(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    pay(db, ben, 100, amount=0)
    assert (outcomes(db, ben), credits_of(db, ana)) == ([("pending", None)], 50)
    payment, _ = pay(db, ben, 100, amount=1)
    assert (outcomes(db, ben), credits_of(db, ana)) == ([("rewarded", None)], 80)
    assert db.value("select payment_id from public.referrals") == payment


def test_the_purchase_of_the_referrer_earns_nothing(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    pay(db, ana, 100)
    assert (outcomes(db, ben), credits_of(db, ana)) == ([("pending", None)], 150)


def test_a_purchase_pays_only_with_a_confirmed_address(db: Database) -> None:
    set_to(db, referral_policy="first_purchase")
    ana = sign_up(db)
    ben, cleo = (join(db, ana, is_confirmed=False) for _ in range(2))
    pay(db, ben)
    returned, _ = pay(db, cleo)
    assert credits_of(db, ana) == 50
    reverse(db, returned, "taken")
    confirm(db, ben)
    confirm(db, cleo)
    assert outcomes(db, ben) == [("rewarded", None)]
    # Her money went back before the reward: there is nothing to reward.
    assert outcomes(db, cleo) == [("pending", None)]
    assert credits_of(db, ana) == 80


def test_a_purchase_before_the_code_counts(db: Database) -> None:
    set_to(db, referral_policy="first_purchase")
    ana, ben = sign_up(db), sign_up(db)
    pay(db, ben)
    assert apply(db, ben, code_of(db, ana))["status"] == "rewarded"
    assert credits_of(db, ana) == 80


def test_a_full_refund_takes_both_bonuses_back_and_undoing_it_gives_them_again(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    payment, _ = pay(db, ben, 100)
    for turn in range(3):
        # A refund that failed is over; the next try is another refund.
        reverse(db, payment, "taken", key=f"re_{turn}")
        assert (state(db, ana), state(db, ben)) == ((50, 0), (50, 0))
        assert outcomes(db, ben) == [("reversed", None)]
        reverse(db, payment, "undone", key=f"re_{turn}")
        assert (state(db, ana), state(db, ben)) == ((80, 0), (157, 0))
        assert outcomes(db, ben) == [("rewarded", None)]
        assert db.value("select reversed_at from public.referrals") is None


def test_a_partial_refund_leaves_the_bonus_until_the_last_cent(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    payment, _ = pay(db, ben, 100, amount=1000)
    reverse(db, payment, "taken", 999, key="most")
    assert credits_of(db, ana) == 80
    reverse(db, payment, "taken", 1, key="the rest")
    assert (state(db, ana), outcomes(db, ben)) == ((50, 0), [("reversed", None)])
    reverse(db, payment, "undone", 1, key="the rest")
    assert (state(db, ana), outcomes(db, ben)) == ((80, 0), [("rewarded", None)])


def test_a_lost_dispute_takes_the_bonus_back_and_an_open_one_does_not(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    payment, _ = pay(db, ben)
    reverse(db, payment, "open")
    assert outcomes(db, ben) == [("rewarded", None)]
    reverse(db, payment, "lost")
    assert (state(db, ana), outcomes(db, ben)) == ((50, 0), [("reversed", None)])


def test_a_spent_bonus_that_is_taken_back_is_debt_and_paid_by_the_next_grant(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    payment, _ = pay(db, ben)
    spend(db, ana, 75)
    reverse(db, payment, "taken")
    assert state(db, ana) == (0, 25)
    pay(db, ana, 20)
    assert state(db, ana) == (0, 5)
    pay(db, ana, 20)
    assert state(db, ana) == (15, 0)
    reverse(db, payment, "undone")
    assert state(db, ana) == (45, 0)
    assert outcomes(db, ben) == [("rewarded", None)]


def test_farming_with_one_card_that_is_refunded_each_time_leaves_nothing(db: Database) -> None:
    set_to(db, referral_policy="first_purchase", sign_up_credits=0)
    ana = sign_up(db)
    for turn in range(5):
        payment, _ = pay(db, join(db, ana))
        if turn == 0:
            spend(db, ana, 30)
        # From the second friend on, the bonus pays what the first one left owing.
        assert state(db, ana) == (0, 0)
        reverse(db, payment, "taken")
        assert state(db, ana) == (0, 30)
    assert len(entries(db, ana, "grant")) == 5


def test_a_second_purchase_keeps_no_bonus_that_the_first_one_earned(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    first, _ = pay(db, ben)
    second, _ = pay(db, ben)
    reverse(db, second, "taken")
    assert credits_of(db, ana) == 80
    reverse(db, first, "taken")
    assert credits_of(db, ana) == 50


def test_the_referrer_left_and_the_refund_still_balances(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    payment, _ = pay(db, ben)
    delete(db, ana)
    reverse(db, payment, "taken")
    assert (state(db, ana), outcomes(db, ben)) == ((50, 0), [("reversed", None)])


# A policy that changes.


def test_a_policy_made_milder_is_settled_by_the_sweep(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    waiting = join(db, ana, is_confirmed=False)
    set_to(db, referral_policy="confirmed")
    assert sweep(db)["rewarded"] == 1
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 57)
    assert outcomes(db, waiting) == [("pending", None)]
    # It was no purchase that earned it, so no refund takes it back.
    payment, _ = pay(db, ben)
    reverse(db, payment, "taken")
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 57)


def test_a_policy_made_stricter_lets_the_pending_wait_for_a_purchase(db: Database) -> None:
    ana = sign_up(db)
    paid, waiting = join(db, ana), join(db, ana, is_confirmed=False)
    set_to(db, referral_policy="first_purchase")
    confirm(db, waiting)
    assert sweep(db)["rewarded"] == 0
    assert (outcomes(db, paid), outcomes(db, waiting)) == (
        [("rewarded", None)],
        [("pending", None)],
    )
    pay(db, waiting)
    assert (outcomes(db, waiting), credits_of(db, ana)) == ([("rewarded", None)], 110)


def test_a_reward_earned_by_a_purchase_is_taken_back_under_the_milder_policy_too(
    db: Database, buyers: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = buyers
    payment, _ = pay(db, ben)
    set_to(db, referral_policy="confirmed", referral_bonus_credits=1)
    reverse(db, payment, "taken")
    assert (credits_of(db, ana), outcomes(db, ben)) == (50, [("reversed", None)])
    reverse(db, payment, "undone")
    assert credits_of(db, ana) == 80


def test_the_sweep_rewards_a_long_queue_and_ends(db: Database) -> None:
    set_to(
        db,
        referral_policy="first_purchase",
        max_referral_rewards_per_month=150,
        sign_up_credits=0,
    )
    ana = sign_up(db)
    db.rows(
        "insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)"
        " select gen_random_uuid(), n || '@example.com', now(),"
        " jsonb_build_object('referral', %s::text) from generate_series(1, 205) as n",
        code_of(db, ana),
        role=AUTH,
    )
    set_to(db, referral_policy="confirmed")
    assert sweep(db)["rewarded"] == 150
    assert credits_of(db, ana) == 150 * 30
    counts = db.rows("select status, reason, count(*) as n from public.referrals group by 1, 2")
    assert sorted((row["status"], row["reason"] or "", row["n"]) for row in counts) == [
        ("rejected", "monthly_cap", 55),
        ("rewarded", "", 150),
    ]


# Wrong codes.


def test_wrong_codes_are_counted_together_and_then_refused(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    tries = ["22222222", "nonsense", code_of(db, ben)]
    for turn in range(10):
        assert said(apply(db, ben, tries[turn % 3])) in {NOT_FOUND, REFUSED}
    answer = apply(db, ben, code_of(db, ana))
    assert said(answer) == ("PT429", "too_many_codes")
    assert len(outcomes(db, ben)) == 10
    assert credits_of(db, ana) == 50
    # Somebody else is not slowed down, and an hour later nobody is.
    assert apply(db, sign_up(db), code_of(db, ana))["status"] == "rewarded"
    db.rows("update private.code_failures set failed_at = failed_at - interval '1 hour'")
    assert apply(db, ben, code_of(db, ana))["status"] == "rewarded"
    assert credits_of(db, ana) == 110


def test_the_wait_ends_when_the_oldest_wrong_code_is_an_hour_old(db: Database) -> None:
    set_to(db, max_code_failures_per_hour=2)
    ben = sign_up(db)
    apply(db, ben, "22222222")
    db.rows("update private.code_failures set failed_at = failed_at - interval '59 minutes'")
    apply(db, ben, "22222222")
    with db.acting_as("authenticated", ben) as connection:
        connection.execute("select public.apply_referral_code('22222222')")
        headers = connection.execute(
            "select current_setting('response.headers')::jsonb as h,"
            " current_setting('response.status') as s"
        ).fetchone()
    assert headers is not None
    assert headers["s"] == "429"
    (header,) = headers["h"]
    assert 50 <= int(header["Retry-After"]) <= 60
    db.rows("update private.code_failures set failed_at = failed_at - interval '1 minute'")
    assert said(apply(db, ben, "22222222")) == NOT_FOUND
    # Only the last hour is kept.
    assert db.value("select count(*) from private.code_failures") == 2
