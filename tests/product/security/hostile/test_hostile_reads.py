"""Every table and view that is served, read by everybody in whatever way a client can ask."""

from __future__ import annotations

from collections import Counter
from time import monotonic

import pytest
from hypothesis import given, seed, settings

from tests.product.security.access.access import read
from tests.product.security.hostile.judge import OF_READING, Judge, summary
from tests.product.security.hostile.queries import Relation, readings, relations
from tests.product.security.hostile.test_hostile_calls import HOW, SEED
from tests.product.security.hostile.visitors import NOBODY, Visitor, secrets_of, words_of
from tests.product.security.hostile.wire import Call, Line, Reply
from tests.product.security.stage import Stage, token_of
from tests.support.load import say

WHO = ("anon", "other", "guest")
SAID = read()
SHORT = settings(HOW, max_examples=60)
FULL = settings(HOW, max_examples=600)


def reader(stage: Stage, who: str) -> Visitor:
    """Give somebody who lives in this world; whoever is nobody speaks as the other one would."""
    world = stage.world
    me = getattr(world, "other" if who == "anon" else who)
    is_guest = who == "guest"
    token = "" if who == "anon" else token_of(stage.stack, me.id, is_anonymous=is_guest)
    words = words_of("owner", world.owner) | words_of("me", me)
    return Visitor(who, token, words | {"gone.id": str(world.gone), "nobody.id": str(NOBODY)})


class Readers:
    """Everybody reads, and every answer is judged."""

    def __init__(self, stage: Stage) -> None:
        self.reads: Counter[tuple[str, str]] = Counter()
        self.served: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[str] = Counter()
        self.heard = 0
        self.faults: list[str] = []
        self._people = [reader(stage, who) for who in (*WHO, "owner")]
        self._judge = Judge(secrets_of(stage.world), OF_READING)
        self._port = stage.stack.service("postgrest").port or 0

    def read(self, relation: Relation, others: list[Relation], how: settings, number: int) -> None:
        """Read a relation as often as that, each time as everybody."""

        @seed(number)
        @how
        @given(readings(relation, others))
        def play(call: Call) -> None:
            for visitor in self._people:
                spoken = call.spoken(visitor.words)
                self._note(relation.name, visitor.who, spoken, line.send(spoken, visitor.token))

        with Line(self._port) as line:
            play()

    def _note(self, relation: str, who: str, call: Call, reply: Reply) -> None:
        self.reads[relation, who] += 1
        if reply.status < 300:
            self.served[relation, who] += 1
        else:
            self.refused[str(reply.said.get("code"))] += 1
        if who == "owner":
            self.heard += bool(self._judge.told(call, reply))
            return
        for fault in self._judge.faults(call, reply, may=may_read(relation, who)):
            self.faults.append(f"{who}: {call}\n    {fault}")


def may_read(relation: str, who: str) -> bool:
    """Say whether the file lets somebody read this at all."""
    role = "anon" if who == "anon" else "authenticated"
    return any(c[1:] == (f"public.{relation}", "select", role) for c in SAID.grants)


def read_all(stage: Stage, how: settings) -> None:
    """Read everything, and look at what was told."""
    readers, start = Readers(stage), monotonic()
    found = relations(stage.world.db)
    for number, relation in enumerate(found):
        readers.read(relation, found, how, SEED + number)
    say(
        f"hostile reads: {readers.reads.total()} of {len(found)} relations,"
        f" {readers.served.total()} served, seed {SEED}, {monotonic() - start:.1f} s;"
        f" the owner was told of it {readers.heard} times; refused: {dict(readers.refused)}"
    )
    assert readers.faults == [], summary(readers.faults)
    assert min(readers.reads.values()) >= how.max_examples
    # The control: whoever may read was served, and the owner hears what nobody else does.
    for relation in found:
        for who in WHO:
            is_served = readers.served[relation.name, who] > how.max_examples / 20
            assert is_served is may_read(relation.name, who), (relation.name, who)
    assert readers.heard > how.max_examples


@pytest.mark.timeout(300)
def test_no_request_for_rows_breaks_anything_or_shows_anything(stage: Stage) -> None:
    read_all(stage, SHORT)


@pytest.mark.full
@pytest.mark.timeout(1_800)
def test_no_request_of_very_many_shows_anything(stage: Stage) -> None:
    read_all(stage, FULL)
