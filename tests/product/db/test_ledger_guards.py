"""Nobody moves credits past the ledger: not the owner of the tables, not the superuser."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, Refusal, refusal
from tests.support.economy import claw_back, freeze, grant, lot, newcomer, spend, state, unspend

ROLES = ("postgres", "supabase_admin")

ENTRY = (
    "insert into public.credit_entries"
    " (profile_id, lot_id, amount, kind, generation_id, debt, debt_lot_id, reason)"
    " values (%s, %s, %s, %s, %s, %s, %s, %s)"
)


def refused(db: Database, role: str, statement: str, *values: Any) -> Refusal:
    with pytest.raises(psycopg.Error) as caught:
        db.rows(statement, *values, role=role)
    return refusal(caught.value)


def append(
    db: Database,
    person: uuid.UUID,
    lot_id: int,
    amount: int,
    kind: str,
    *,
    role: str = "postgres",
    generation: uuid.UUID | None = None,
    debt: int = 0,
    debt_lot: int | None = None,
    tail: str = "",
) -> None:
    """Write an entry by hand, with the reason that a correction has to have."""
    reason = "by hand" if kind in ("revoke", "restore", "claw_back", "reinstate") else None
    db.rows(
        f"{ENTRY} {tail}",
        *(person, lot_id, amount, kind, generation, debt, debt_lot, reason),
        role=role,
    )


CHANGES = (
    "profiles set credits = credits + 1",
    "profiles set credits = credits - 1",
    "profiles set debt = debt + 1",
    "profiles set entry_count = entry_count + 1",
    "credit_lots set remaining = remaining - 1",
    "credit_lots set remaining = amount",
    "credit_lots set amount = amount + 1",
    "credit_lots set clawed_back = clawed_back + 1",
    "credit_lots set clawed_back = 5, owed = 5",
    "credit_lots set exhausted_at = now(), remaining = 0",
    "credit_lots set grant_key = 'another'",
    "credit_lots set source = 'purchase'",
    "credit_lots set profile_id = gen_random_uuid()",
)


@pytest.mark.parametrize("role", ROLES)
def test_a_balance_is_not_changed_by_hand(db: Database, role: str) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10, key="one")
    spend(db, person, 4)
    before = lot(db, lot_id)
    for change in CHANGES:
        said = refused(db, role, f"update public.{change}")
        assert (said.sqlstate, said.slug) == ("42501", "ledger_only"), change
        assert (state(db, person), lot(db, lot_id)) == ((6, 0), before), change
    # The same role changes what is not money, and money by an entry.
    db.rows("update public.profiles set credits = credits, deleted_at = null", role=role)
    db.rows("update public.credit_lots set expires_at = null, remaining = remaining", role=role)
    append(db, person, lot_id, -2, "revoke", role=role)
    assert state(db, person) == (4, 0)


@pytest.mark.parametrize("role", ROLES)
def test_a_lot_does_not_begin_half_used(db: Database, role: str) -> None:
    person = newcomer(db)
    whole = {"remaining": "10", "clawed_back": "0", "owed": "0", "exhausted_at": "null"}
    insert = (
        "insert into public.credit_lots (profile_id, source, grant_key, amount,"
        f" {', '.join(whole)}) values (%s, 'operator', 'by hand', 10, {{}})"
    )
    half: tuple[dict[str, str], ...] = (
        {"remaining": "5"},
        {"remaining": "11"},
        {"clawed_back": "1"},
        {"owed": "1"},
        {"exhausted_at": "now()"},
    )
    for change in half:
        values = ", ".join((whole | change).values())
        assert refused(db, role, insert.format(values), person).slug == "ledger_only", change
        assert state(db, person) == (0, 0), change
    # A whole lot brings its own grant entry, whoever inserts it.
    db.rows(insert.format(", ".join(whole.values())), person, role=role)
    assert state(db, person) == (10, 0)


@pytest.mark.parametrize("role", ROLES)
def test_a_profile_does_not_begin_with_money(db: Database, role: str) -> None:
    insert = (
        "insert into public.profiles (id, referral_code, credits, debt, entry_count)"
        " values (gen_random_uuid(), 'BYHAND22', %s, %s, %s) returning id"
    )
    for values in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert refused(db, role, insert, *values).slug == "ledger_only", values
    assert state(db, db.value(insert, 0, 0, 0, role=role)) == (0, 0)


REMOVALS = (
    ("delete from public.credit_lots", "ledger_only"),
    ("delete from public.credit_lots where false", "ledger_only"),
    ("truncate public.credit_lots cascade", "ledger_only"),
    ("truncate public.profiles cascade", "ledger_only"),
    (
        "merge into public.credit_lots as l using (values (1)) as v on true"
        " when matched then update set remaining = 0, exhausted_at = now()",
        "ledger_only",
    ),
    ("truncate public.credit_entries", "append_only"),
    ("delete from public.credit_entries where false", "append_only"),
    ("update public.credit_entries set reason = null where false", "append_only"),
    (
        "insert into public.credit_entries as e (profile_id, lot_id, amount, kind)"
        " select profile_id, id, -1, 'expire' from public.credit_lots"
        " on conflict (profile_id, entry_number) do update set amount = 0",
        "append_only",
    ),
)


@pytest.mark.parametrize("role", ROLES)
def test_money_rows_are_not_removed(db: Database, role: str) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    for statement, slug in REMOVALS:
        said = refused(db, role, statement)
        assert (said.sqlstate, said.slug) == ("42501", slug), statement
        assert state(db, person) == (10, 0), statement
    append(db, person, lot_id, -10, "expire", role=role)
    assert state(db, person) == (0, 0)


@pytest.mark.parametrize("role", ROLES)
def test_a_profile_with_money_is_not_deleted(db: Database, role: str) -> None:
    rich = newcomer(db)
    grant(db, rich, 10)
    delete = "delete from public.profiles where id = %s returning id"
    assert refused(db, role, delete, rich).sqlstate == "23503"
    poor = db.value(
        "insert into public.profiles (id, referral_code) values (gen_random_uuid(), 'BYHAND22')"
        " returning id"
    )
    assert db.value(delete, poor, role=role) == poor
    assert state(db, rich) == (10, 0)


@pytest.mark.parametrize("role", ROLES)
def test_a_lot_is_granted_once(db: Database, role: str) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    with pytest.raises(psycopg.Error):
        append(db, person, lot_id, 10, "grant", role=role)
    assert state(db, person) == (10, 0)
    append(db, person, lot_id, -1, "expire", role=role)
    assert state(db, person) == (9, 0)


def test_an_entry_that_conflicts_moves_nothing(db: Database) -> None:
    # Dropped after its trigger had moved the balance, it would leave the move without an entry.
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    generation = spend(db, person, 60)
    unspend(db, generation)
    spend(db, person, 50)
    for tail in ("", "(generation_id, lot_id, kind)", "(profile_id, entry_number)"):
        conflict = f"on conflict {tail} do nothing"
        with pytest.raises(psycopg.Error):
            append(db, person, lot_id, 50, "refund", generation=generation, tail=conflict)
        assert state(db, person) == (50, 0), conflict
    for tail in ("", "(lot_id) where kind = 'grant'"):
        with pytest.raises(psycopg.Error):
            append(db, person, lot_id, 100, "grant", tail=f"on conflict {tail} do nothing")
        assert state(db, person) == (50, 0), tail


@pytest.mark.parametrize("role", ROLES)
def test_an_entry_on_the_lot_of_another_is_refused(db: Database, role: str) -> None:
    ana, ben = newcomer(db), newcomer(db)
    owing, anas, bens = grant(db, ana, 10), grant(db, ana, 10), grant(db, ben, 10)
    spend(db, ana, 10)
    claw_back(db, owing, 10)
    said = refused(db, role, ENTRY, ana, bens, -1, "expire", None, 0, None, None)
    assert said.slug == "lot_of_another_profile"
    # Nor does Ana pay Ben's debt, or have his claw-back undone.
    spend(db, ben, 10)
    claw_back(db, bens, 10)
    for entry in ((-5, "repay", None, -5, bens, None), (0, "reinstate", None, -5, bens, "no")):
        said = refused(db, role, ENTRY, ana, anas, *entry)
        assert said.slug == "lot_of_another_profile"
    assert (state(db, ana), state(db, ben)) == ((10, 10), (0, 10))
    append(db, ana, anas, -4, "repay", debt=-4, debt_lot=owing, role=role)
    assert state(db, ana) == (6, 6)


def test_a_refund_is_at_most_the_spend(db: Database) -> None:
    person = newcomer(db)
    one, two = grant(db, person, 10), grant(db, person, 20)
    generation, other = spend(db, person, 12), spend(db, person, 8)
    for lot_id, amount, of in ((two, 3, generation), (one, 8, other), (two, 9, other)):
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            append(db, person, lot_id, amount, "refund", generation=of)
        assert refusal(caught.value).slug == "refund_exceeds_spend"
    append(db, person, two, 2, "refund", generation=generation)
    assert state(db, person) == (12, 0)
    with pytest.raises(psycopg.errors.UniqueViolation):
        append(db, person, two, 1, "refund", generation=generation)


def test_a_restore_is_at_most_what_had_left_the_lot(db: Database) -> None:
    # Into a lot that was spent, it would make credits of nothing.
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    append(db, person, lot_id, -10, "expire")
    spend(db, person, 90)
    with pytest.raises(psycopg.errors.CheckViolation):
        append(db, person, lot_id, 11, "restore")
    append(db, person, lot_id, 10, "restore")
    assert state(db, person) == (10, 0)


def test_a_reinstatement_is_at_most_what_was_taken_back(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    spend(db, person, 70)
    claw_back(db, lot_id, 40)
    for amount, debt in ((41, 0), (31, -10), (0, -11)):
        with pytest.raises(psycopg.errors.CheckViolation):
            append(db, person, lot_id, amount, "reinstate", debt=debt)
    append(db, person, lot_id, 30, "reinstate", debt=-10)
    assert (state(db, person), lot(db, lot_id)["clawed_back"]) == ((30, 0), 0)


def test_a_repayment_is_at_most_the_debt(db: Database) -> None:
    person = newcomer(db)
    owing = grant(db, person, 10)
    spend(db, person, 10)
    payer = grant(db, person, 20)
    claw_back(db, owing, 10)
    with pytest.raises(psycopg.errors.CheckViolation):
        append(db, person, payer, -11, "repay", debt=-11, debt_lot=owing)
    append(db, person, payer, -10, "repay", debt=-10, debt_lot=owing)
    assert state(db, person) == (10, 0)


WRONG_SIGNS = (
    ("grant", -5, 0),
    ("spend", 5, 0),
    ("refund", -5, 0),
    ("expire", 5, 0),
    ("revoke", 5, 0),
    ("restore", 0, 0),
    ("claw_back", 5, 0),
    ("claw_back", 0, 0),
    ("claw_back", -1, -1),
    ("repay", -5, 0),
    ("repay", -5, -4),
    ("repay", 5, 5),
    ("reinstate", -5, 0),
    ("reinstate", 0, 0),
    ("reinstate", 0, 1),
    ("gift", 5, 0),
)


def test_an_entry_of_the_wrong_sign_is_refused(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    generation = spend(db, person, 10)
    claw_back(db, lot_id, 50)
    for kind, amount, debt in WRONG_SIGNS:
        # A second grant, spend or refund is refused before its sign is looked at.
        with pytest.raises(psycopg.errors.IntegrityError):
            append(
                *(db, person, lot_id, amount, kind),
                debt=debt,
                generation=generation if kind in ("spend", "refund") else None,
                debt_lot=lot_id if kind == "repay" else None,
            )
        assert state(db, person) == (40, 0), (kind, amount, debt)
    append(db, person, lot_id, 50, "reinstate")
    assert state(db, person) == (90, 0)


def test_a_lot_never_gives_more_than_it_has(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    grant(db, person, 10)
    for kind in ("expire", "revoke", "claw_back"):
        with pytest.raises(psycopg.errors.CheckViolation):
            append(db, person, lot_id, -11, kind)
    assert state(db, person) == (20, 0)
    append(db, person, lot_id, -10, "revoke")
    assert state(db, person) == (10, 0)


def test_negative_amounts_move_nothing(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    for amount in (-1, -(2**63)):
        with pytest.raises(psycopg.Error):
            grant(db, person, amount)
        with pytest.raises(psycopg.errors.CheckViolation):
            spend(db, person, amount)
        with pytest.raises(psycopg.Error):
            claw_back(db, lot_id, amount)
    with pytest.raises(psycopg.errors.CheckViolation):
        claw_back(db, lot_id, 11)
    assert state(db, person) == (10, 0)
    assert lot(db, lot_id)["clawed_back"] == 0


def test_a_refused_spend_leaves_no_trace(db: Database) -> None:
    person = newcomer(db)
    for _ in range(3):
        grant(db, person, 10)
    with pytest.raises(psycopg.Error) as caught:
        spend(db, person, 31)
    assert refusal(caught.value).slug == "insufficient_credits"
    count = "select count(*) from public.credit_entries where profile_id = %s"
    assert (state(db, person), db.value(count, person)) == ((30, 0), 3)
    spend(db, person, 30)
    assert (state(db, person), db.value(count, person)) == ((0, 0), 6)


REACHES = (
    "insert into public.credit_entries (profile_id, lot_id, amount, kind)"
    " values (auth.uid(), 1, 5, 'grant')",
    "insert into public.credit_lots (profile_id, source, grant_key, amount, remaining)"
    " values (auth.uid(), 'operator', 'mine', 5, 5)",
    "update public.profiles set credits = 1000",
    "update public.credit_lots set expires_at = null, frozen_at = null",
    "delete from public.payments",
    "update public.subscriptions set is_active = true",
    "select private.grant_credits(auth.uid(), 5, 'operator', 'mine')",
    "select private.release_lot(auth.uid(), 1, 'hold')",
    "select private.claw_back_lot(auth.uid(), 1, 0, 'mine')",
    "select private.refund_generation(auth.uid(), gen_random_uuid())",
    "select * from private.payment_reversals",
)


def test_a_person_moves_no_credits_directly(db: Database) -> None:
    person = newcomer(db)
    grant(db, person, 10)
    for statement in REACHES:
        assert db.refused(person, statement).sqlstate == "42501", statement
        assert db.refused(None, statement).sqlstate == "42501", statement
    own = db.call(person, "select credits, debt from public.profiles")
    assert (own["credits"], own["debt"]) == state(db, person) == (10, 0)


SOURCES = ("sign_up", "referral", "purchase", "subscription", "promotion", "operator")


def test_grants_with_one_key_are_one_grant_for_every_source(db: Database) -> None:
    call = "select private.grant_credits(%s, %s, %s, %s)"
    for source in SOURCES:
        ana, ben = newcomer(db), newcomer(db)
        assert db.value(call, ana, 10, source, f"once:{source}") is True
        # Not with another amount, another source, or for somebody else.
        again = [(ana, 10, source), (ana, 99, source), (ana, 10, "operator"), (ben, 10, source)]
        given = [db.value(call, *values, f"once:{source}") for values in again]
        assert given == [False] * 4, source
        assert (state(db, ana), state(db, ben)) == ((10, 0), (0, 0)), source
        assert db.value(call, ben, 5, source, f"twice:{source}") is True
        assert state(db, ben) == (5, 0), source


def test_a_grant_of_nothing_or_for_nobody_grants_nothing(db: Database) -> None:
    person = newcomer(db)
    call = "select private.grant_credits(%s, %s, 'operator', 'a key')"
    assert db.value(call, person, 0) is False
    assert db.value(call, uuid.uuid4(), 10) is False
    # The key is still free.
    assert db.value(call, person, 10) is True
    assert state(db, person) == (10, 0)


def test_a_freeze_of_no_lot_is_refused(db: Database) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.rows("select private.freeze_lot(%s, 12345, 'hold', 'a test')", newcomer(db))
    assert freeze(db, grant(db, newcomer(db), 10)) is True
