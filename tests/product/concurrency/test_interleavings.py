"""Whatever changes a person's credits at once ends as if one thing came after another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

import pytest

from tests.support.database import Database
from tests.support.interleaving.connections import Move
from tests.support.interleaving.interleaver import interleaver, names
from tests.support.interleaving.scenario import BY_NAME, MOVES
from tests.support.load import say

SEED = 20261124
PAIRS = list(product(MOVES, repeat=2))
# Of all pairs, how many are tried in every run beside one for each move.
PAIRS_MORE = 25


def two_at_once(db: Database, pairs: Sequence[Sequence[Move]]) -> None:
    with interleaver(db) as on:
        assert names([pair for pair in pairs if on.differs(*pair)]) == []
        say(f"interleavings: {len(pairs)} pairs, {on.waits} waited for each other, seed {SEED}")
    # A sweep passes by those who are busy, and that is all that may.
    assert on.waits >= len(pairs) - 2 * len(MOVES)


def test_pairs_of_moves_end_as_in_one_of_the_serial_orders(db: Database) -> None:
    """Every move is in some pair; the long tier tries all pairs, whichever begins."""
    chance = random.Random(SEED)
    partners = chance.sample(MOVES, len(MOVES))
    pairs: list[Sequence[Move]] = list(zip(MOVES, partners, strict=True))
    pairs += chance.sample(PAIRS, PAIRS_MORE)
    two_at_once(db, pairs)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_every_pair_ends_so_whichever_begins(db: Database) -> None:
    two_at_once(db, PAIRS)


def test_a_move_that_is_rolled_back_has_never_been(db: Database) -> None:
    pairs = random.Random(SEED).sample(PAIRS, 8)
    with interleaver(db) as on:
        wrong = [
            pair for pair in pairs if on.interleaved(*pair, commit=False) != on.one_by_one(pair[1])
        ]
        assert names(wrong) == []


@pytest.mark.full
@pytest.mark.timeout(600)
def test_any_move_that_is_rolled_back_has_never_been(db: Database) -> None:
    with interleaver(db) as on:
        wrong = [
            pair for pair in PAIRS if on.interleaved(*pair, commit=False) != on.one_by_one(pair[1])
        ]
        assert names(wrong) == []


def three_at_once(db: Database, number: int) -> None:
    chance = random.Random(SEED)
    cases = [chance.sample(MOVES, 3) for _ in range(number)]
    with interleaver(db, 3) as on:
        assert names([case for case in cases if on.differs(*case)]) == []
        say(f"interleavings: {number} triples, {on.waits} waits, seed {SEED}")


def test_three_moves_end_as_in_one_of_the_serial_orders(db: Database) -> None:
    three_at_once(db, 3)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_many_three_moves_end_as_in_one_of_the_serial_orders(db: Database) -> None:
    three_at_once(db, 300)


def test_the_interleaver_finds_a_move_that_reads_before_it_locks(db: Database) -> None:
    db.rows(
        "create function public.double_credits(person uuid, key text) returns void"
        " language plpgsql as $$ declare v bigint; begin"
        "   select credits into v from public.profiles where id = person;"
        "   perform private.grant_credits(person, v, 'operator', key || person);"
        " end $$"
    )
    doubles = [
        Move(key, f"select public.double_credits(%(person)s, '{key}:')") for key in ("one", "two")
    ]
    with interleaver(db) as on:
        assert on.differs(*doubles)
        assert not on.differs(BY_NAME["buy"], BY_NAME["grant"])
