"""Whatever changes a person's credits at once ends as if one thing came after another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, permutations, product
from typing import Any

import pytest

from tests.support.database import Connection, Database
from tests.support.load import count_wrong, say
from tests.support.scene import BY_NAME, MOVES, STATE, new_scene, prepare
from tests.support.stepper import DONE, Actor, Move, actors, finish_all

SEED = 20261124
PAIRS = list(product(MOVES, repeat=2))


@dataclass
class Stage:
    """Where moves are made one after another, or interleaved."""

    owner: Connection
    actors: list[Actor]
    serial: dict[tuple[str, ...], Any] = field(default_factory=dict)
    waits: int = 0

    def one_by_one(self, *moves: Move) -> Any:
        """Make the moves one after another in a scene of their own; give how it ends."""
        names = tuple(move.name for move in moves)
        if names not in self.serial:
            values = new_scene(self.owner)
            ends = []
            for move in moves:
                assert not self.actors[0].start(move, values)
                ends.append(self.actors[0].finish())
            self.serial[names] = self.outcome(values, moves, ends)
        return self.serial[names]

    def interleaved(self, *moves: Move, commit: bool = True) -> Any:
        """Make each move before the one ahead of it is committed; give how it ends.

        Without commit, the first is rolled back.
        """
        values = new_scene(self.owner)
        for actor, move in zip(self.actors, moves, strict=False):
            self.waits += actor.start(move, values)
        first, *others = self.actors[: len(moves)]
        # Of three, the second may wait for the third: whoever can go on does.
        ends = (
            finish_all(first, *others)
            if commit
            else [first.finish(commit=False), *finish_all(*others)]
        )
        left = 0 if commit else 1
        return self.outcome(values, moves[left:], ends[left:])

    def outcome(self, values: dict[str, Any], moves: Sequence[Move], ends: list[str]) -> Any:
        """Give what is left, and how each move went."""
        # Whoever is busy is left for the next sweep.
        for _ in range(5):
            row = self.owner.execute("select private.sweep() as done").fetchone()
            if row is not None and not any(row["done"].values()):
                break
        state = self.owner.execute(STATE, values).fetchone()
        assert state is not None
        refused = sorted(
            (move.name, end) for move, end in zip(moves, ends, strict=True) if end != DONE
        )
        return state["state"], refused

    def differs(self, *moves: Move) -> bool:
        """Tell whether the moves, interleaved, end as in no serial order."""
        end = self.interleaved(*moves)
        return all(end != self.one_by_one(*order) for order in permutations(moves))


@contextmanager
def stage(db: Database, number: int = 2) -> Iterator[Stage]:
    """Set the rules of the scene, open the connections, and check every balance at the end."""
    prepare(db)
    with db.connect() as owner, actors(db, number) as own:
        yield Stage(owner, own)
        assert count_wrong(owner)[1] == 0


def names(cases: Sequence[Sequence[Move]]) -> list[str]:
    return [" | ".join(move.name for move in case) for case in cases]


def two_at_once(db: Database, pairs: Sequence[Sequence[Move]]) -> None:
    with stage(db) as on:
        assert names([pair for pair in pairs if on.differs(*pair)]) == []
        say(f"interleavings: {len(pairs)} pairs, {on.waits} waited for each other, seed {SEED}")
    # A sweep passes by those who are busy, and that is all that may.
    assert on.waits >= len(pairs) - 2 * len(MOVES)


@pytest.mark.timeout(300)
def test_every_pair_of_moves_ends_as_in_one_of_the_serial_orders(db: Database) -> None:
    """Either of a pair begins: the long tier lets the other one begin, too."""
    chance = random.Random(SEED)
    pairs = [chance.sample(pair, 2) for pair in combinations_with_replacement(MOVES, 2)]
    two_at_once(db, pairs)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_every_pair_ends_so_whichever_begins(db: Database) -> None:
    two_at_once(db, PAIRS)


def test_a_move_that_is_rolled_back_has_never_been(db: Database) -> None:
    pairs = random.Random(SEED).sample(PAIRS, 40)
    with stage(db) as on:
        wrong = [
            pair for pair in pairs if on.interleaved(*pair, commit=False) != on.one_by_one(pair[1])
        ]
        assert names(wrong) == []


@pytest.mark.full
@pytest.mark.timeout(600)
def test_any_move_that_is_rolled_back_has_never_been(db: Database) -> None:
    with stage(db) as on:
        wrong = [
            pair for pair in PAIRS if on.interleaved(*pair, commit=False) != on.one_by_one(pair[1])
        ]
        assert names(wrong) == []


def three_at_once(db: Database, number: int) -> None:
    chance = random.Random(SEED)
    cases = [chance.sample(MOVES, 3) for _ in range(number)]
    with stage(db, 3) as on:
        assert names([case for case in cases if on.differs(*case)]) == []
        say(f"interleavings: {number} triples, {on.waits} waits, seed {SEED}")


def test_three_moves_end_as_in_one_of_the_serial_orders(db: Database) -> None:
    three_at_once(db, 10)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_many_three_moves_end_as_in_one_of_the_serial_orders(db: Database) -> None:
    three_at_once(db, 300)


def test_the_stepper_finds_a_move_that_reads_before_it_locks(db: Database) -> None:
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
    with stage(db) as on:
        assert on.differs(*doubles)
        assert not on.differs(BY_NAME["buy"], BY_NAME["grant"])
