"""Claw-back: takes what is left, owes the rest, and can be undone exactly."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.database import Database
from tests.support.economy import (
    available,
    claw_back,
    entries,
    expire,
    grant,
    lot,
    newcomer,
    pay,
    reverse,
    spend,
    state,
    sweep,
    unspend,
)

# One database for all examples of a test; each example has people of its own.
examples = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def remaining(db: Database, *lot_ids: int) -> list[int]:
    return [lot(db, lot_id)["remaining"] for lot_id in lot_ids]


def owed(db: Database, *lot_ids: int) -> list[int]:
    return [lot(db, lot_id)["owed"] for lot_id in lot_ids]


def revoke(db: Database, person: uuid.UUID, amount: int) -> None:
    db.rows(
        "select private.operator_revoke(%s, %s, 'ops', 'a test', %s)",
        person,
        amount,
        str(uuid.uuid4()),
    )


def test_a_claw_back_takes_the_unspent_and_the_shortage_becomes_debt(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 70)
    assert claw_back(db, lot_id, 100) == -30
    assert state(db, person) == (0, 70)
    assert db.call(person, "select debt from public.my_credits()") == {"debt": 70}
    assert entries(db, person, "claw_back") == [("claw_back", lot_id, -30, 70)]


def test_a_claw_back_never_takes_what_other_lots_hold(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 100)
    other = grant(db, person, 40)
    assert claw_back(db, lot_id, 100) == 0
    assert (state(db, person), remaining(db, other)) == ((40, 100), [40])


def test_the_same_target_again_changes_nothing(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 50)
    assert [claw_back(db, lot_id, 80) for _ in range(3)] == [-50, 0, 0]
    assert state(db, person) == (0, 30)
    assert len(entries(db, person, "claw_back")) == 1


def test_the_next_grants_repay_the_debt_first(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 100)
    claw_back(db, lot_id, 100)
    first, second = grant(db, person, 60), grant(db, person, 60)
    assert (state(db, person), available(db, person)) == ((20, 0), 20)
    assert remaining(db, first, second) == [0, 20]
    assert entries(db, person, "repay") == [
        ("repay", first, -60, -60),
        ("repay", second, -40, -40),
    ]


def test_debts_of_two_purchases_are_repaid_oldest_first(db: Database) -> None:
    person = newcomer(db)
    old, young = grant(db, person, 30), grant(db, person, 50)
    spend(db, person, 80)
    # Whichever was clawed back first.
    claw_back(db, young, 50)
    claw_back(db, old, 30)
    grant(db, person, 20)
    assert (state(db, person), owed(db, old, young)) == ((0, 60), [10, 50])
    grant(db, person, 20)
    assert (state(db, person), owed(db, old, young)) == ((0, 40), [0, 40])
    grant(db, person, 50)
    assert (state(db, person), owed(db, old, young)) == ((10, 0), [0, 0])


def test_a_refund_of_a_spend_into_a_clawed_back_lot_repays_that_lot(db: Database) -> None:
    person = newcomer(db)
    older, lot_id = grant(db, person, 10), grant(db, person, 100)
    spend(db, person, 10)
    generation = spend(db, person, 60)
    claw_back(db, older, 10)
    claw_back(db, lot_id, 100)
    assert (state(db, person), owed(db, older, lot_id)) == ((0, 70), [10, 60])
    # These credits went back with their own money: the older debt has no claim on them.
    assert unspend(db, generation) == 60
    assert (state(db, person), owed(db, older, lot_id)) == ((0, 10), [10, 0])
    # Undone, they are the person's again.
    claw_back(db, lot_id, 0)
    assert (state(db, person), remaining(db, lot_id)) == ((100, 10), [100])


def test_a_partly_clawed_back_lot_keeps_what_a_refund_brings_beyond_its_debt(
    db: Database,
) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    generation = spend(db, person, 90)
    claw_back(db, lot_id, 50)
    assert state(db, person) == (0, 40)
    unspend(db, generation)
    assert (state(db, person), available(db, person)) == ((50, 0), 50)


def test_an_undone_claw_back_returns_what_others_repaid_to_those_lots(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 70)
    claw_back(db, lot_id, 100)
    first, second = grant(db, person, 40), grant(db, person, 20, expires_in="9 days")
    assert (state(db, person), remaining(db, lot_id, first, second)) == ((0, 10), [0, 0, 0])
    # Forgiven first, then the last payer, then the first, then the lot itself.
    steps = [(claw_back(db, lot_id, target), state(db, person)) for target in (90, 75, 50, 30, 0)]
    assert steps == [
        (0, (0, 0)),
        (15, (15, 0)),
        (25, (40, 0)),
        (20, (60, 0)),
        (30, (90, 0)),
    ]
    assert remaining(db, lot_id, first, second) == [30, 40, 20]


def test_a_payer_that_was_clawed_back_itself_pays_its_own_debt_when_it_gets_back(
    db: Database,
) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 100)
    claw_back(db, lot_id, 100)
    payer = grant(db, person, 100)
    claw_back(db, payer, 100)
    assert (state(db, person), owed(db, lot_id, payer)) == ((0, 100), [0, 100])
    claw_back(db, lot_id, 0)
    assert (state(db, person), owed(db, lot_id, payer)) == ((0, 0), [0, 0])
    claw_back(db, payer, 0)
    assert (state(db, person), remaining(db, lot_id, payer)) == ((100, 0), [0, 100])


@pytest.mark.parametrize("is_swept", [True, False])
def test_expired_credits_are_not_owed_again_when_their_purchase_is_refunded(
    db: Database, is_swept: bool
) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 30)
    expire(db, lot_id)
    if is_swept:
        sweep(db)
    claw_back(db, lot_id, 100)
    assert state(db, person) == (0, 30)


@pytest.mark.parametrize("is_swept", [True, False])
def test_a_claw_back_that_is_undone_revives_nothing_that_had_expired(
    db: Database, is_swept: bool
) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 30)
    expire(db, lot_id)
    if is_swept:
        sweep(db)
    for target in (100, 60, 80, 0):
        claw_back(db, lot_id, target)
    sweep(db)
    assert (state(db, person), available(db, person)) == ((0, 0), 0)


@pytest.mark.parametrize("is_swept", [True, False])
def test_a_partial_claw_back_of_an_expired_lot_owes_nothing(db: Database, is_swept: bool) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 30)
    expire(db, lot_id)
    if is_swept:
        sweep(db)
    claw_back(db, lot_id, 70)
    sweep(db)
    assert (state(db, person), lot(db, lot_id)["clawed_back"]) == ((0, 0), 70)
    # One more credit is one that was spent.
    claw_back(db, lot_id, 71)
    assert state(db, person) == (0, 1)


def test_revoked_credits_are_not_owed_again_when_their_purchase_is_refunded(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 30)
    revoke(db, person, 50)
    claw_back(db, lot_id, 100)
    assert state(db, person) == (0, 30)
    # Undone in part, exactly what a smaller claw-back would have left.
    claw_back(db, lot_id, 50)
    assert state(db, person) == (0, 0)
    claw_back(db, lot_id, 0)
    assert (state(db, person), remaining(db, lot_id)) == ((20, 0), [20])


def test_credits_that_were_clawed_back_while_they_lived_return_with_time_to_use_them(
    db: Database,
) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100, expires_in="1 day")
    claw_back(db, lot_id, 100)
    expire(db, lot_id)
    assert claw_back(db, lot_id, 0) == 100
    assert available(db, person) == 100
    expire(db, lot_id)
    assert (available(db, person), sweep(db)["expired_lots"], state(db, person)) == (0, 1, (0, 0))


def test_a_debt_does_not_expire_with_its_lot(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100, expires_in="1 day")
    spend(db, person, 100)
    claw_back(db, lot_id, 100)
    expire(db, lot_id)
    sweep(db)
    assert state(db, person) == (0, 100)
    grant(db, person, 130)
    assert state(db, person) == (30, 0)


@examples
@given(
    size=st.integers(1, 10**6),
    price=st.integers(1, 10**6),
    refunds=st.lists(st.integers(0, 10**6), min_size=1, max_size=4),
    share=st.floats(0, 1),
)
def test_a_claw_back_is_in_proportion_to_the_money_that_went_back(
    db: Database, size: int, price: int, refunds: list[int], share: float
) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, size, amount=price)
    spent = int(size * share)
    if spent:
        spend(db, person, spent)
    refunded = 0
    for number, amount in enumerate(refunds):
        reverse(db, payment, "taken", amount, key=f"{payment}:{number}")
        refunded = min(price, refunded + amount)
        # Rounded in the person's favor, on the sum and not on each part of it.
        target = size * refunded // price
        left = size - spent - target
        assert state(db, person) == (max(left, 0), max(-left, 0))
        assert lot(db, lot_id)["clawed_back"] == target
    for number, amount in enumerate(refunds):
        reverse(db, payment, "undone", amount, key=f"{payment}:{number}")
    assert state(db, person) == (size - spent, 0)


@examples
@given(
    spent=st.integers(0, 100),
    lost=st.integers(0, 100),
    targets=st.lists(st.integers(0, 100), min_size=1, max_size=6),
)
def test_only_the_last_target_counts(
    db: Database, spent: int, lost: int, targets: list[int]
) -> None:
    lost = min(lost, 100 - spent)
    outcomes = []
    for path in (targets, targets[-1:]):
        person = newcomer(db)
        lot_id = grant(db, person, 100)
        if spent:
            spend(db, person, spent)
        if lost:
            revoke(db, person, lost)
        moved = sum(claw_back(db, lot_id, target) for target in path)
        balance, debt = state(db, person)
        row = lot(db, lot_id)
        assert balance == 100 - spent - lost + moved
        outcomes.append((balance, debt, row["remaining"], row["clawed_back"], row["owed"]))
    assert outcomes[0] == outcomes[1]
    target = targets[-1]
    balance, debt = outcomes[0][:2]
    # What was revoked is taken back again before anything is owed.
    assert (balance, debt) == (max(100 - spent - lost - target, 0), max(target + spent - 100, 0))


step = st.one_of(
    st.tuples(st.just("claw"), st.integers(0, 5), st.integers(0, 50)),
    st.tuples(st.just("spend"), st.integers(1, 60), st.just(0)),
    st.tuples(st.just("unspend"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("grant"), st.just(50), st.just(0)),
)


@examples
@given(steps=st.lists(step, min_size=4, max_size=10))
def test_what_a_person_has_less_what_they_owe_follows_from_the_facts_alone(
    db: Database, steps: list[tuple[str, int, int]]
) -> None:
    person = newcomer(db)
    lots = {grant(db, person, 50): 0 for _ in range(2)}
    spends: dict[uuid.UUID, int] = {}
    balance = 100
    for what, number, target in steps:
        if what == "grant":
            lots[grant(db, person, number)] = 0
        elif what == "claw":
            lot_id = list(lots)[number % len(lots)]
            claw_back(db, lot_id, target)
            lots[lot_id] = target
        elif what == "spend" and number <= balance:
            spends[spend(db, person, number)] = number
        elif what == "unspend" and spends:
            generation = list(spends)[number % len(spends)]
            assert unspend(db, generation) == spends.pop(generation)
        balance, debt = state(db, person)
        worth = 50 * len(lots) - sum(lots.values()) - sum(spends.values())
        assert balance - debt == worth
        rows = db.rows("select * from public.credit_lots where profile_id = %s", person)
        assert {row["id"]: row["clawed_back"] for row in rows} == lots
        # Nobody owes for a lot that still has something to take.
        assert not [row for row in rows if row["owed"] and row["remaining"]]
    assert available(db, person) == balance
    # Everything undone, everything is there again, and in the lots it came from.
    for lot_id in lots:
        claw_back(db, lot_id, 0)
    for generation in spends:
        unspend(db, generation)
    assert state(db, person) == (50 * len(lots), 0)
    assert remaining(db, *lots) == [50] * len(lots)
