"""Codes and referrals on many connections at once: every limit holds to the last credit."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, credits_of, sign_up
from tests.support.economy import expire, pay, reverse, state, sweep
from tests.support.people import AUTH, code_of, confirm, delete, enroll, referral_of
from tests.support.promo_codes import create, redeem
from tests.support.races import at_once, repeat
from tests.support.referrals import apply, join, outcomes, set_to
from tests.support.waiting import eventually
from thumbsmith.checks.questions import run_checks

MANY = 32


def call_all(calls: Sequence[Callable[[], Any]]) -> Counter[str]:
    """Make all calls at the same moment and count the answers: the refusal's slug, or 'yes'."""
    answers = at_once(*calls)
    return Counter(
        answer if isinstance(answer, str) else str(answer.get("message", "yes"))
        for answer in answers
    )


def people(db: Database, number: int, **how: Any) -> list[uuid.UUID]:
    """Sign many people up."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: sign_up(db, **how), range(number)))


def assert_healthy(db: Database) -> None:
    """Find nothing wrong with the invariants."""
    found = run_checks(db.url)
    assert {check.name: check.rows for check in found if check.rows} == {}


def give(db: Database, person: uuid.UUID, amount: int) -> int:
    """Give credits as an operator does, and return the id of their lot."""
    key = f"test:{uuid.uuid4()}"
    db.rows("select private.operator_grant(%s, %s, 'Olga', 'a test', %s)", person, amount, key)
    lots = "select max(id) from public.credit_lots where profile_id = %s"
    return int(db.value(lots, person))


# Promotional codes.


def test_a_code_is_redeemed_exactly_as_often_as_it_may_be(db: Database) -> None:
    create(db, max_redemptions=10)
    crowd = people(db, MANY)
    answers = call_all([partial(redeem, db, person) for person in crowd])
    assert answers == {"yes": 10, "code_exhausted": MANY - 10}
    assert Counter(credits_of(db, person) for person in crowd) == {60: 10, 50: MANY - 10}
    assert db.value("select redemptions from private.promo_codes") == 10
    assert db.value("select count(*) from private.promo_redemptions") == 10


@pytest.mark.parametrize("limit", [1, 3])
def test_one_person_redeems_exactly_as_often_as_a_person_may(db: Database, limit: int) -> None:
    create(db, max_per_person=limit)
    ana = sign_up(db)
    answers = call_all(repeat(partial(redeem, db, ana), MANY))
    assert answers == {"yes": limit, "code_already_redeemed": MANY - limit}
    assert credits_of(db, ana) == 50 + 10 * limit


def test_the_aliases_of_one_person_redeem_once_together(db: Database) -> None:
    create(db)
    aliases = [enroll(db, f"far.mer+{n}@gmail.com") for n in range(16)]
    answers = call_all([partial(redeem, db, alias) for alias in aliases])
    assert answers == {"yes": 1, "code_already_redeemed": 15}
    assert sum(credits_of(db, alias) for alias in aliases) == 60


def test_a_code_that_is_disabled_meanwhile_pays_only_who_was_counted(db: Database) -> None:
    code_id = create(db)
    crowd = people(db, 16)
    disable = "select jsonb_build_object('disabled', private.disable_promo_code(%s, 'O', 'x'))"
    answers = call_all(
        [
            *(partial(redeem, db, person) for person in crowd),
            lambda: db.value(disable, code_id),
        ]
    )
    assert set(answers) <= {"yes", "code_not_found"}
    paid = answers["yes"] - 1
    assert paid == db.value("select redemptions from private.promo_codes")
    assert sum(credits_of(db, person) for person in crowd) == 50 * 16 + 10 * paid


def test_of_many_wrong_guesses_at_once_exactly_so_many_are_judged(db: Database) -> None:
    create(db, "RIGHTCODE")
    ana = sign_up(db)
    guesses: list[Callable[[], Any]] = [
        partial(redeem if n % 2 else apply, db, ana, f"WRONG{n:03}") for n in range(MANY)
    ]
    answers = call_all(guesses)
    assert answers.pop("too_many_codes") == MANY - 10
    assert set(answers) <= {"code_not_found", "referral_code_not_found"}
    assert db.value("select count(*) from private.code_failures") == 10
    assert redeem(db, ana, "RIGHTCODE")["message"] == "too_many_codes"
    assert credits_of(db, ana) == 50


# Referrals.


def test_the_monthly_cap_is_exact_under_many_confirmations_at_once(db: Database) -> None:
    set_to(db, max_referral_rewards_per_month=5, referred_bonus_credits=7)
    ana = sign_up(db)
    friends = [join(db, ana, is_confirmed=False) for _ in range(16)]
    at_once(*(partial(confirm, db, friend) for friend in friends))
    # A confirmation that waited too long for Ana's lock left its reward to the sweep.
    sweep(db)
    ends = Counter(referral_of(db, friend) for friend in friends)
    assert ends == {("rewarded", None): 5, ("rejected", "monthly_cap"): 11}
    assert credits_of(db, ana) == 50 + 5 * 30
    assert Counter(credits_of(db, friend) for friend in friends) == {57: 5, 50: 11}


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_circle_is_not_closed_at_one_moment(db: Database, number: int) -> None:
    for _ in range(4):
        circle = people(db, number)
        codes = [code_of(db, person) for person in circle]
        answers = call_all(
            [
                partial(apply, db, person, codes[(place + 1) % number])
                for place, person in enumerate(circle)
            ]
        )
        assert answers == {"yes": number - 1, "referral_code_refused": 1}
        reasons = Counter(referral_of(db, person)[1] for person in circle)
        assert reasons == {None: number - 1, "circular": 1}
        assert sum(credits_of(db, person) for person in circle) == 50 * number + 30 * (number - 1)
    assert_healthy(db)


def test_one_person_who_applies_many_codes_at_once_uses_one(db: Database) -> None:
    friends, ben = people(db, 8), sign_up(db)
    answers = call_all([partial(apply, db, ben, code_of(db, friend)) for friend in friends])
    assert answers == {"yes": 1, "referral_code_refused": 7}
    assert Counter(outcomes(db, ben)) == {("rewarded", None): 1, ("rejected", "repeated"): 7}
    assert Counter(credits_of(db, friend) for friend in friends) == {80: 1, 50: 7}


def test_of_many_aliases_confirmed_at_once_one_keeps_the_gift(db: Database) -> None:
    friend = sign_up(db)
    code = code_of(db, friend)
    aliases = [
        enroll(db, f"far.mer+{n}@gmail.com", code=code, is_confirmed=False) for n in range(16)
    ]
    at_once(*(partial(confirm, db, alias) for alias in aliases))
    sweep(db)
    assert Counter(credits_of(db, alias) for alias in aliases) == {50: 1, 0: 15}
    ends = Counter(referral_of(db, alias) for alias in aliases)
    assert ends == {("rewarded", None): 1, ("rejected", "known_person"): 15}
    assert credits_of(db, friend) == 80


def test_an_alias_waits_for_another_one_however_long_that_takes(db: Database) -> None:
    one, two = (enroll(db, f"far.mer+{n}@gmail.com", is_confirmed=False) for n in range(2))
    with db.connect(AUTH) as slow, ThreadPoolExecutor(1) as pool:
        with slow.transaction():
            slow.execute("update auth.users set email_confirmed_at = now() where id = %s", (one,))
            waiting = pool.submit(confirm, db, two)
            # Longer than a referrer's lock is waited for.
            time.sleep(2.5)
            assert not waiting.done()
        waiting.result(30)
    assert (credits_of(db, one), credits_of(db, two)) == (50, 0)


def test_everything_that_can_pay_a_referral_at_once_pays_it_once(db: Database) -> None:
    for policy in ("confirmed", "first_purchase"):
        set_to(db, referral_policy=policy)
        ana = sign_up(db)
        ben = join(db, ana, is_confirmed=False)
        at_once(
            partial(confirm, db, ben),
            partial(pay, db, ben),
            partial(pay, db, ben),
            *repeat(partial(db.value, "select private.settle_referral(%s)", ben), 4),
            *repeat(partial(db.value, "select private.sweep()"), 4),
        )
        sweep(db)
        assert outcomes(db, ben) == [("rewarded", None)]
        assert credits_of(db, ana) == 80
    assert_healthy(db)


def test_refunds_and_their_end_race_to_one_state(db: Database) -> None:
    set_to(db, referral_policy="first_purchase")
    ana = sign_up(db)
    ben = join(db, ana)
    payment, _ = pay(db, ben, 100)
    told = [(f"re_{turn}", status) for turn in range(3) for status in ("taken", "undone")]
    for key, status in told:
        left = 50 if status == "taken" else 80
        at_once(
            *repeat(partial(reverse, db, payment, status, key=key), 4),
            *repeat(partial(db.value, "select private.settle_referral(%s)", ben), 4),
        )
        assert state(db, ana) == (left, 0)
    assert_healthy(db)


def test_an_account_that_leaves_while_it_is_confirmed_stays_in_balance(db: Database) -> None:
    for _ in range(6):
        ana = sign_up(db)
        ben = join(db, ana, is_confirmed=False)
        at_once(partial(confirm, db, ben), partial(delete, db, ben), partial(delete, db, ana))
        sweep(db)
        status, reason = referral_of(db, ben)
        assert (status, reason) in {
            ("rewarded", None),
            ("pending", None),
            ("rejected", "referrer_gone"),
        }
        assert credits_of(db, ana) == (80 if status == "rewarded" else 50)
    assert_healthy(db)


# Locks are taken in id order, or two transactions wait for each other.


def pair(db: Database) -> tuple[uuid.UUID, uuid.UUID]:
    """Return a referrer whose id comes first, and the person they brought."""
    while True:
        ana = sign_up(db)
        ben = join(db, ana)
        if ana < ben:
            return ana, ben


def await_locks(db: Database, number: int, work: Future[Any] | None = None) -> None:
    """Wait until so many sessions wait for a lock, or the work is done."""
    waiting = (
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )

    def is_reached() -> bool:
        return db.value(waiting) >= number or (work is not None and work.done())

    eventually(is_reached, what=f"{number} sessions waiting for a lock")


def lock_in_turn(
    db: Database, first: uuid.UUID, second: uuid.UUID, meanwhile: Callable[[], Any]
) -> None:
    """Lock two profiles in id order, as a sweep does, with a call in between that may wait."""
    lock = "select from public.profiles where id = %s for no key update"
    with db.connect() as connection, ThreadPoolExecutor(1) as pool:
        connection.autocommit = False
        connection.execute(lock, (first,))
        waiting = pool.submit(meanwhile)
        # It waits for the first profile, or it is through already.
        await_locks(db, 1, waiting)
        connection.execute(lock, (second,))
        connection.commit()
        waiting.result(30)


def paid_twice(db: Database, policy: str) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    set_to(db, referral_policy=policy)
    ana, ben = pair(db)
    pay(db, ben)
    later, _ = pay(db, ben)
    return ana, ben, later


@pytest.mark.parametrize("policy", ["confirmed", "first_purchase"])
def test_a_refund_that_earned_no_reward_waits_in_order(db: Database, policy: str) -> None:
    ana, ben, later = paid_twice(db, policy)
    lock_in_turn(db, ana, ben, lambda: reverse(db, later, "taken"))
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 150)


@pytest.mark.parametrize("policy", ["confirmed", "first_purchase"])
def test_a_later_purchase_waits_in_order(db: Database, policy: str) -> None:
    ana, ben, _ = paid_twice(db, policy)
    lock_in_turn(db, ana, ben, lambda: pay(db, ben))
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 350)


def test_a_purchase_that_pays_the_reward_waits_in_order(db: Database) -> None:
    set_to(db, referral_policy="first_purchase")
    ana, ben = pair(db)
    lock_in_turn(db, ana, ben, lambda: pay(db, ben))
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 150)


def test_a_code_applied_later_waits_in_order(db: Database) -> None:
    ana, ben = sorted(people(db, 2))
    code = code_of(db, ana)
    lock_in_turn(db, ana, ben, lambda: apply(db, ben, code))
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 50)


def test_a_purchase_that_meets_a_code_just_applied_waits_in_order(db: Database) -> None:
    set_to(db, referral_policy="first_purchase")
    ana, ben = sorted(people(db, 2))
    lock = "select from public.profiles where id = %s for no key update"
    with ThreadPoolExecutor(2) as pool, db.connect() as sweeping:
        with db.acting_as("authenticated", ben) as applying:
            applying.execute("select public.apply_referral_code(%s)", (code_of(db, ana),))
            # Both wait for the code, each for one of the two profiles.
            bought = pool.submit(pay, db, ben)
            await_locks(db, 1)
            sweeping.autocommit = False
            locked = pool.submit(sweeping.execute, lock, (ana,))
            await_locks(db, 2)
        locked.result(30)
        sweeping.execute(lock, (ben,))
        sweeping.commit()
        bought.result(30)
    sweep(db)
    assert outcomes(db, ben) == [("rewarded", None)]
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 150)


def test_a_confirmation_waits_in_order(db: Database) -> None:
    ana = sign_up(db)
    ben = join(db, ana, is_confirmed=False)
    first, second = sorted((ana, ben))
    lock_in_turn(db, first, second, lambda: confirm(db, ben))
    sweep(db)
    assert (credits_of(db, ana), credits_of(db, ben)) == (80, 50)


def test_two_refunds_of_one_person_at_once_and_a_sweep_do_not_deadlock(db: Database) -> None:
    set_to(db, referral_policy="first_purchase")
    for _ in range(12):
        ana = sign_up(db)
        ben = join(db, ana)
        payments = [pay(db, ben)[0] for _ in range(3)]
        expire(db, *(give(db, person, 5) for person in (ana, ben)))
        at_once(
            *(partial(reverse, db, payment, "taken") for payment in payments),
            partial(pay, db, ben),
            *repeat(partial(db.value, "select private.sweep()"), 3),
        )
        sweep(db)
        assert (state(db, ana), outcomes(db, ben)) == ((50, 0), [("reversed", None)])
        assert state(db, ben) == (150, 0)
    assert_healthy(db)


def test_at_once_lets_no_fault_of_ours_pass_as_a_refusal(db: Database) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        at_once(partial(db.value, "select 1 / 0"))
    assert db.value("select count(*) from auth.users", role=AUTH) == 0
