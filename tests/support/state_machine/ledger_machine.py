"""A state machine in which the database and the plain model live through the same, and agree.

Here is how they are told and compared; what can happen is in twins_everyday and twins_money.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from tests.support.state_machine.database_side import DatabaseSide
from tests.support.state_machine.model import Payment, Picture, RefusedError
from tests.support.state_machine.model_world import Member, ModelState, Plan

T = TypeVar("T")


class Paid(NamedTuple):
    """A payment on both sides."""

    id: uuid.UUID
    payer: Member
    model: Payment


class Asked(NamedTuple):
    """A picture on both sides."""

    id: uuid.UUID
    owner: Member
    model: Picture


def some(things: list[T], number: int) -> T:
    return things[number % len(things)]


class LedgerMachine(RuleBasedStateMachine):
    """One story, told to the database and to the model."""

    def __init__(self, teller: DatabaseSide, seen: Counter[str]) -> None:
        super().__init__()
        self.teller = teller
        self.seen = seen
        self.world = ModelState()
        self.ids: dict[Member, uuid.UUID] = {}
        self.pictures: list[Asked] = []
        self.payments: list[Paid] = []
        self.plans: dict[Member, tuple[uuid.UUID, Plan]] = {}
        # What may be told again at any time, and changes nothing then.
        self.told: list[Callable[[], Any]] = []
        self.keys = 0
        self.is_sound = True
        self.teller.begin()

    def key(self) -> str:
        self.keys += 1
        return str(uuid.UUID(int=self.keys))

    def id_of(self, person: Member) -> uuid.UUID:
        return self.ids[person]

    def both(
        self,
        name: str,
        promised: Callable[[], Any],
        statement: str,
        *values: Any,
        named: dict[str, Any] | None = None,
        by: Member | None = None,
        repeatable: bool = False,
    ) -> Any:
        """Make a move on both sides, compare all there is, and return what the database gave."""
        self.is_sound = False
        person = self.id_of(by) if by else None
        move = partial(self.teller.tell, statement, *values, named=named, person=person)
        expected = _outcome(promised)[0]
        outcome, answer = _outcome(move)
        assert outcome == expected, f"the database: {outcome}, the model: {expected}"
        self.seen[name if outcome == "done" else f"{name}: {outcome}"] += 1
        if repeatable and outcome == "done":
            self.told.append(move)
        self.compare()
        return None if outcome != "done" else answer

    def compare(self) -> int:
        """Look at everybody: there must be no difference. Give what waits to be written off."""
        people = self.world.people
        found = self.teller.see([self.id_of(person) for person in people])
        assert len(found) == len(people)
        for number, (person, seen) in enumerate(zip(people, found, strict=True)):
            promised = self.promised(person)
            differences = {
                name: {"database": seen[name], "model": value}
                for name, value in promised.items()
                if seen[name] != value
            }
            assert not differences, f"person {number}: {differences}"
            self.seen.update(_stand_of(person, self.world.now))
        self.is_sound = True
        return sum(one["due"] for one in found)

    def promised(self, person: Member) -> dict[str, Any]:
        """Return what this person has to see."""
        now = self.world.now
        return {
            "credits": person.credits,
            "debt": person.debt,
            "adds_up": True,
            "lots": [
                [
                    lot.remaining,
                    lot.clawed_back,
                    lot.owed,
                    None if lot.expires is None else lot.expires - now,
                    bool(lot.holds),
                ]
                for lot in person.lots
            ],
            "summary": person.summary(now),
        }

    def teardown(self) -> None:
        try:
            if self.is_sound:
                self.sweep()
                found = self.teller.check()
                assert not found, f"the checks of the database: {found}"
                self.seen["stories"] += 1
        finally:
            self.teller.end()

    def sweep(self) -> None:
        self.both("sweep", self.world.sweep, "select private.sweep()")
        while any(self.teller.tell("select private.sweep()").values()):
            pass
        assert self.compare() == 0


def _stand_of(person: Member, now: int) -> Iterator[str]:
    """Name what makes this comparison worth while."""
    yield "compared"
    for name, is_so in {
        "in debt": person.debt,
        "two debts": sum(lot.owed > 0 for lot in person.lots) > 1,
        "two payers": any(sum(n > 0 for n in lot.payers.values()) > 1 for lot in person.lots),
        "debt repaid": any(any(lot.payers.values()) for lot in person.lots),
        "repaid by itself": any(lot.payers.get(lot) for lot in person.lots),
        "lost before it was clawed back": any(lot.claimed for lot in person.lots),
        "held": any(lot.holds for lot in person.lots),
        "held twice": any(len(lot.holds) > 1 for lot in person.lots),
        "held past its time": any(lot.holds and lot.is_due(now) for lot in person.lots),
        "ends now": any(lot.expires == now for lot in person.lots),
    }.items():
        if is_so:
            yield name


def _outcome(move: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "done", move()
    except RefusedError as refused:
        return str(refused), None
