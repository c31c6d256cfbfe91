"""Moves that are made one after another, or each before the one ahead of it is committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from tests.support.database import Connection, Database
from tests.support.interleaving.connections import (
    DONE,
    Move,
    SteppedConnection,
    finish_all,
    stepped_connections,
)
from tests.support.interleaving.scenario import STATE, new_scenario, prepare
from tests.support.load import count_wrong


@dataclass
class Interleaver:
    """Where moves are made one after another, or interleaved."""

    owner: Connection
    connections: list[SteppedConnection]
    serial: dict[tuple[str, ...], Any] = field(default_factory=dict)
    waits: int = 0

    def one_by_one(self, *moves: Move) -> Any:
        """Make the moves one after another in a scene of their own; return how it ends."""
        names = tuple(move.name for move in moves)
        if names not in self.serial:
            values = new_scenario(self.owner)
            ends = []
            for move in moves:
                assert not self.connections[0].start(move, values)
                ends.append(self.connections[0].finish())
            self.serial[names] = self.outcome(values, moves, ends)
        return self.serial[names]

    def interleaved(self, *moves: Move, commit: bool = True) -> Any:
        """Make each move before the one ahead of it is committed; return how it ends.

        Without commit, the first is rolled back.
        """
        values = new_scenario(self.owner)
        for connection, move in zip(self.connections, moves, strict=False):
            self.waits += connection.start(move, values)
        first, *others = self.connections[: len(moves)]
        # Of three, the second may wait for the third: whoever can go on does.
        ends = (
            finish_all(first, *others)
            if commit
            else [first.finish(commit=False), *finish_all(*others)]
        )
        left = 0 if commit else 1
        return self.outcome(values, moves[left:], ends[left:])

    def outcome(self, values: dict[str, Any], moves: Sequence[Move], ends: list[str]) -> Any:
        """Return what is left, and how each move went."""
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
        """Return whether the moves, interleaved, end as in no serial order."""
        end = self.interleaved(*moves)
        return all(end != self.one_by_one(*order) for order in permutations(moves))


@contextmanager
def interleaver(db: Database, number: int = 2) -> Iterator[Interleaver]:
    """Set the rules of the scene, open the connections, and check every balance at the end."""
    prepare(db)
    with db.connect() as owner, stepped_connections(db, number) as own:
        yield Interleaver(owner, own)
        assert count_wrong(owner)[1] == 0


def names(cases: Sequence[Sequence[Move]]) -> list[str]:
    return [" | ".join(move.name for move in case) for case in cases]
