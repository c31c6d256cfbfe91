"""Whole stories at random: after each step the database says what a plain model says."""

from __future__ import annotations

from collections import Counter
from time import monotonic

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.database import Database
from tests.support.load import say
from tests.support.state_machine.database_side import DatabaseSide, prepare
from tests.support.state_machine.money_rules import Economy

SEED = 20261124
SHORT = settings(
    max_examples=80,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    # Every step asks a real database, and most rules wait for something to act on.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
FULL = settings(SHORT, max_examples=2_000, stateful_step_count=50)
# Whether there is a difference is asked here, not which story is the shortest that shows it.
FIRST = settings(SHORT, max_examples=200, phases=[Phase.generate], report_multiple_bugs=False)
FULL_FIRST = settings(FULL, phases=[Phase.generate], report_multiple_bugs=False)

# Stories that are always refused, or never get into trouble, would prove nothing.
WORTH_WHILE = {
    *("sign_up", "confirm", "grant", "spend", "cancel", "succeeded", "failed", "revoke", "redeem"),
    *("wait", "sweep", "told again", "buy pack", "buy subscription", "begin_month", "claw_back"),
    *("refund taken", "refund undone", "dispute open", "dispute lost", "dispute won"),
    *("freeze", "release", "spend: insufficient_credits", "in debt", "debt repaid", "held"),
}
RARE = WORTH_WHILE | {
    *("revoke: insufficient_credits", "cancel: wrong_state", "cancel: generation_not_found"),
    *("grant: amount_not_positive", "grant: expiry_not_ahead", "revoke: amount_not_positive"),
    *("redeem: code_expired", "redeem: code_already_redeemed", "redeem: code_not_found"),
    *("redeem: code_exhausted", "redeem: confirmed_address_required"),
    *("two debts", "two payers", "repaid by itself", "lost before it was clawed back"),
    *("held twice", "held past its time", "ends now"),
}

# One line of a function, and how it would break a promise.
FAULTS = {
    "priority forgotten": (
        "private.burn_lots",
        "order by l.priority, l.expires_at, l.created_at, l.id",
        "order by l.expires_at, l.id",
    ),
    "debts not repaid": (
        "private.repay_debts",
        "exit when coalesce(v_left, 0) = 0",
        "exit",
    ),
    "refund of more than there is": (
        "private.settle_payment",
        "floor(",
        "ceil(",
    ),
    "a lot's own debt forgotten": (
        "private.return_to_lot",
        "if v_lot.owed > 0 then",
        "if false then",
    ),
}
MORE_FAULTS = {
    "expiry forgotten": (
        "private.burn_lots",
        "order by l.priority, l.expires_at, l.created_at, l.id",
        "order by l.priority, l.created_at, l.id",
    ),
    "burned in its last instant": (
        "private.burn_lots",
        "l.expires_at > now()",
        "l.expires_at >= now()",
    ),
    "youngest debt first": (
        "private.repay_debts",
        "order by l.created_at, l.id",
        "order by l.created_at desc, l.id desc",
    ),
    "hold released without time": (
        "private.release_lot",
        "and l.expires_at <= now();",
        "and false;",
    ),
    "no time for what comes back": (
        "private.return_to_lot",
        "now() + v_grace",
        "l.expires_at",
    ),
    "lost credits owed again": (
        "private.claw_back_more",
        "greatest(claw_back_more.amount - v_lot.remaining, 0)",
        "0",
    ),
    "lost credits given back": (
        "private.claw_back_less",
        "where v_restored > 0",
        "where false",
    ),
    "first payer first": (
        "private.claw_back_less",
        "order by max(e.entry_number) desc",
        "order by max(e.entry_number)",
    ),
    "held credits expire": (
        "private.expire_profile_lots",
        "and l.frozen_at is null",
        "",
    ),
    "due credits clawed back": (
        "private.claw_back_lot",
        "perform private.expire_profile_lots(claw_back_lot.profile_id);",
        "",
    ),
    "closed dispute opens again": (
        "private.apply_reversal",
        "and excluded.status <> 'open'",
        "",
    ),
    "failed refund taken again": (
        "private.apply_reversal",
        "and (excluded.status <> 'taken' or r.status <> 'undone')",
        "",
    ),
    "cap forgotten": (
        "private.grant_month",
        "least(v_plan.rollover_cap, v_granted)",
        "v_granted",
    ),
    "carried credits stay longer": (
        "private.end_carried_lots",
        "interval '4 days'",
        "interval '0 days'",
    ),
    "code given twice": (
        "private.check_promo_code",
        "used >= check_promo_code.promo_code.max_per_person",
        "used > check_promo_code.promo_code.max_per_person",
    ),
    "known person gets a gift": (
        "private.is_known_person",
        "where k.profile_id = is_known_person.user_id",
        "where true",
    ),
    "held credits available": (
        "private.my_credits_for",
        "filter (where l.frozen_at is null), 0)",
        ", 0)",
    ),
    "deadline forgotten": (
        "private.expire_if_overdue",
        "and g.deadline_at <= now()",
        "and g.deadline_at < now()",
    ),
}


def live(db: Database, how: settings, wanted: set[str]) -> None:
    """Live through as many stories as that; all that is wanted has to happen in them."""
    prepare(db)
    seen: Counter[str] = Counter()
    start = monotonic()
    with db.connect() as connection:
        teller = DatabaseSide(connection)

        def machine() -> Economy:
            return Economy(teller, seen)

        run_state_machine_as_test(seed(SEED)(machine), settings=how)  # type: ignore[arg-type]
    say(
        f"twins: {how.max_examples} stories of {how.stateful_step_count} steps, {seen['compared']}"
        f" comparisons, no difference, seed {SEED}, {monotonic() - start:.1f} s: {dict(seen)}"
    )
    assert seen["stories"] >= how.max_examples
    never = wanted - set(seen)
    assert not never, f"never happened: {never}"


def source_of(db: Database, function: str) -> str:
    return str(db.value("select pg_get_functiondef(%s::regproc)", function))


def spoil(db: Database, function: str, line: str, instead: str) -> None:
    """Break one line of a function."""
    source = source_of(db, function)
    assert line in source
    db.rows(source.replace(line, instead).replace("%", "%%"))


# Long enough to shorten the story that shows a difference.
@pytest.mark.timeout(600)
def test_the_database_says_what_the_model_says(db: Database) -> None:
    live(db, SHORT, WORTH_WHILE)


@pytest.mark.full
@pytest.mark.timeout(2_400)
def test_the_database_says_what_the_model_says_in_long_stories(db: Database) -> None:
    live(db, FULL, RARE)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_broken_promise_is_a_difference(db: Database, fault: tuple[str, str, str]) -> None:
    spoil(db, *fault)
    with pytest.raises(AssertionError, match="database"):
        live(db, FIRST, set())


def test_every_fault_breaks_a_line_that_there_is(db: Database) -> None:
    # Most faults are tried by scripts/test --full alone, and a line may move before that.
    for function, line, _ in [*FAULTS.values(), *MORE_FAULTS.values()]:
        assert line in source_of(db, function), (function, line)


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", MORE_FAULTS.values(), ids=MORE_FAULTS)
def test_any_broken_promise_is_a_difference(db: Database, fault: tuple[str, str, str]) -> None:
    spoil(db, *fault)
    with pytest.raises(AssertionError, match="database"):
        live(db, FULL_FIRST, set())
