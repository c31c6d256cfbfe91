"""Every function that is served, called by everybody with whatever a hostile client may send."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from time import monotonic, sleep

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.product.security.access.access import read
from tests.product.security.hostile.judge import Judge, documented, is_served, summary
from tests.product.security.hostile.shapes import (
    JSON,
    UNREADABLE,
    Argument,
    Function,
    calls,
    functions,
)
from tests.product.security.hostile.visitors import WHO, House, Visitor, secrets_of
from tests.product.security.hostile.wire import NO_ANSWER, Call, Line, Reply
from tests.product.security.stage import inhabited
from tests.support.load import say

SEED = int(os.environ.get("HOSTILE_SEED", "20261125"))
SAID = read()
# What was sent before stays sent, so nothing is made shorter: the call itself is printed.
HOW = settings(
    max_examples=125,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
FULL = settings(HOW, max_examples=1_000)


class Siege:
    """Everybody calls, and every answer is judged."""

    def __init__(self, house: House) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.served: Counter[tuple[str, str]] = Counter()
        self.slugs: Counter[str] = Counter()
        self.faults: list[str] = []
        self._house = house
        self._judge = Judge(secrets_of(house.world))

    def lay(self, function: Function, how: settings, number: int) -> None:
        """Call a function as often as that, each time as everybody."""
        people = {who: self._house.visitor(who) for who in WHO}

        @seed(number)
        @how
        @given(calls(function))
        def play(call: Call) -> None:
            for who in WHO:
                people[who] = self._try(function.name, call, people[who])

        with Line(self._house.port) as self._line:
            play()

    def _try(self, function: str, call: Call, visitor: Visitor) -> Visitor:
        """Call as somebody; give who calls next, for accounts end."""
        who = visitor.who
        reply, spoken = self._send(call, visitor)
        if who in {"other", "guest"} and reply.said.get("message") == "not_signed_in":
            visitor = self._house.visitor(who)
            reply, spoken = self._send(call, visitor)
        self.calls[function, who] += 1
        if is_served(call, reply):
            self.served[function, who] += 1
        elif reply.status >= 400:
            said = reply.said
            is_ours = str(said.get("code")).startswith("PT")
            self.slugs[str(said.get("message" if is_ours else "code"))] += 1
        for fault in self._judge.faults(spoken, reply, may=may(function, who)):
            self.faults.append(f"{who}: {spoken}\n    {fault}")
        return visitor

    def _send(self, call: Call, visitor: Visitor) -> tuple[Reply, Call]:
        spoken = call.spoken(visitor.words)
        return self._line.send(spoken, visitor.token), spoken


def may(function: str, who: str) -> bool:
    """Say whether the file lets somebody call this."""
    role = {"anon": "anon", "service": "service_role"}.get(who, "authenticated")
    return any(c[:2] == ("functions", f"public.{function}") and c.who == role for c in SAID.grants)


GOSSIP = """
create function public.gossip(id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
    case get_byte(uuid_send(gossip.id), 15) % 4
        when 0 then raise sqlstate 'PT409' using message = 'never_heard_of';
        when 1 then raise sqlstate 'XX000' using message = 'broken';
        else return (select jsonb_agg(g) from public.generations as g);
    end case;
end;
$$;
grant execute on function public.gossip(uuid) to authenticated
"""


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Let the hostile in: what they call is committed, so nobody else lives here."""
    with inhabited() as (stack, world):
        yield House(stack, world)


def besiege(house: House, how: settings) -> None:
    """Call everything, and look at what is left."""
    kept, found = house.kept(), house.faults()
    siege, start = Siege(house), monotonic()
    served = functions(house.db)
    for number, function in enumerate(served):
        siege.lay(function, how, SEED + number)
    say(
        f"hostile calls: {siege.calls.total()} of {len(served)} functions by {len(WHO)} roles, "
        f"{siege.served.total()} served, seed {SEED}, {monotonic() - start:.1f} s\n"
        f"served: {dict(siege.served)}\nrefused: {dict(siege.slugs)}"
    )
    assert siege.faults == [], summary(siege.faults)
    assert min(siege.calls[one.name, who] for one in served for who in WHO) >= how.max_examples
    # The control: whoever may call it was served now and then.
    for one in served:
        for cell in SAID.cells:
            if cell[:2] == ("functions", f"public.{one.name}"):
                who = "other" if cell.who == "owner" else cell.who
                assert siege.served[one.name, who] > 0, f"{who} was never served by {one.name}"
    assert len(set(siege.slugs) & set(documented())) > 8
    # And of those who took no part, everything is as it was.
    assert house.kept() == kept
    assert len(kept) > 100
    assert house.faults() == found


def test_bytes_that_are_no_text_come_to_nothing(house: House) -> None:
    visitor, kept = house.visitor("other"), house.kept()
    with Line(house.port) as line:
        for call in UNREADABLE:
            reply = line.send(call, visitor.token)
            assert reply.status in {500, 599}, reply
            assert reply.body in {b"Something went wrong", NO_ANSWER.body}
            # The control: the next one is served, on the same connection or on another.
            assert line.send(Call("POST", "/rpc/my_credits"), visitor.token).status == 200
    assert house.kept() == kept


@pytest.mark.timeout(300)
def test_no_call_breaks_anything_or_is_told_anything(house: House) -> None:
    besiege(house, HOW)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_no_call_of_very_many_breaks_anything(house: House) -> None:
    besiege(house, FULL)


def test_what_breaks_or_gossips_is_noticed(house: House) -> None:
    for statement in GOSSIP.split(";\ngrant"):
        house.db.rows(statement if "create" in statement else f"grant{statement}")
    ask, start = Call("POST", "/rpc/gossip", (JSON,), b'{"id": "~nobody.id~"}'), monotonic()
    visitor = house.visitor("other")
    try:
        with Line(house.port) as line:
            while line.send(ask.spoken(visitor.words), visitor.token).status == 404:
                assert monotonic() - start < 10
                sleep(0.05)
        siege = Siege(house)
        siege.lay(Function("gossip", (Argument("id", "uuid", is_optional=False),)), HOW, SEED)
    finally:
        house.db.rows("drop function public.gossip")
    found = {fault.split("\n")[1].split(":")[0].split("[")[0].strip() for fault in siege.faults}
    assert found == {"500", "not a listed error", "tells", "served"}


def test_an_argument_of_a_new_type_has_to_be_thought_of(house: House) -> None:
    for function in functions(house.db):
        for argument in function.arguments:
            assert argument.any() is not None
    with pytest.raises(NotImplementedError, match="no values of type money for price"):
        Argument("price", "money", is_optional=False).any()
