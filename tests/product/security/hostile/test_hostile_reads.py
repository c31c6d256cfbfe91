"""Every table and view that is served, read by everybody in whatever way a client can ask."""

from __future__ import annotations

from collections import Counter
from time import monotonic

import pytest
from hypothesis import given, seed, settings

from tests.support.load import say
from tests.support.security.access.access import read
from tests.support.security.hostile.clients import NOBODY, Client, secrets_of, words_of
from tests.support.security.hostile.queries import Relation, readings, relations
from tests.support.security.hostile.reply_checker import OF_READING, ReplyChecker, summary
from tests.support.security.hostile.tiers import HOW, SEED
from tests.support.security.hostile.wire import Call, Line, Reply
from tests.support.security.http_world import HttpWorld, token_of

WHO = ("anon", "other", "guest")
SAID = read()
SHORT = settings(HOW, max_examples=15)
FULL = settings(HOW, max_examples=600)


def reader(http_world: HttpWorld, who: str) -> Client:
    """Return somebody who lives in this world; whoever is nobody speaks as the other one would."""
    world = http_world.world
    me = getattr(world, "other" if who == "anon" else who)
    is_guest = who == "guest"
    token = "" if who == "anon" else token_of(http_world.stack, me.id, is_anonymous=is_guest)
    words = words_of("owner", world.owner) | words_of("me", me)
    return Client(who, token, words | {"gone.id": str(world.gone), "nobody.id": str(NOBODY)})


class Readers:
    """Everybody reads, and every answer is judged."""

    def __init__(self, http_world: HttpWorld) -> None:
        self.reads: Counter[tuple[str, str]] = Counter()
        self.served: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[str] = Counter()
        self.heard = 0
        self.faults: list[str] = []
        self._people = [reader(http_world, who) for who in (*WHO, "owner")]
        self._checker = ReplyChecker(secrets_of(http_world.world), OF_READING)
        self._port = http_world.stack.service("postgrest").port or 0

    def read(self, relation: Relation, others: list[Relation], how: settings, number: int) -> None:
        """Read a relation as often as that, each time as everybody."""

        @seed(number)
        @how
        @given(readings(relation, others))
        def play(call: Call) -> None:
            for client in self._people:
                spoken = call.spoken(client.words)
                self._note(relation.name, client.who, spoken, line.send(spoken, client.token))

        with Line(self._port) as line:
            play()

    def _note(self, relation: str, who: str, call: Call, reply: Reply) -> None:
        self.reads[relation, who] += 1
        if reply.status < 300:
            self.served[relation, who] += 1
        else:
            self.refused[str(reply.said.get("code"))] += 1
        if who == "owner":
            self.heard += bool(self._checker.told(call, reply))
            return
        for fault in self._checker.faults(call, reply, may=may_read(relation, who)):
            self.faults.append(f"{who}: {call}\n    {fault}")


def may_read(relation: str, who: str) -> bool:
    """Return whether the file lets somebody read this at all."""
    role = "anon" if who == "anon" else "authenticated"
    return any(c[1:] == (f"public.{relation}", "select", role) for c in SAID.grants)


def read_all(http_world: HttpWorld, how: settings) -> None:
    """Read everything, and look at what was told."""
    readers, start = Readers(http_world), monotonic()
    found = relations(http_world.world.db)
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
def test_no_request_for_rows_breaks_anything_or_shows_anything(http_world: HttpWorld) -> None:
    read_all(http_world, SHORT)


@pytest.mark.full
@pytest.mark.timeout(1_800)
def test_no_request_of_very_many_shows_anything(http_world: HttpWorld) -> None:
    read_all(http_world, FULL)
