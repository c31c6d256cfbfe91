"""Every function that is served, called by everybody with whatever a hostile client may send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from time import monotonic

import pytest
from hypothesis import given, seed, settings

from tests.support.load import say
from tests.support.security.access.access import read
from tests.support.security.hostile.clients import WHO, AttackTarget, Client, secrets_of
from tests.support.security.hostile.reply_checker import (
    ReplyChecker,
    documented,
    is_served,
    summary,
)
from tests.support.security.hostile.shapes import (
    JSON,
    UNREADABLE,
    Argument,
    Function,
    calls,
    functions,
)
from tests.support.security.hostile.tiers import FULL, HOW, SEED
from tests.support.security.hostile.wire import NO_ANSWER, Call, Line, Reply
from tests.support.security.http_world import inhabited
from tests.support.waiting import eventually

SAID = read()


class FuzzRun:
    """Everybody calls, and every answer is judged."""

    def __init__(self, target: AttackTarget) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.served: Counter[tuple[str, str]] = Counter()
        self.slugs: Counter[str] = Counter()
        self.faults: list[str] = []
        self._house = target
        self._checker = ReplyChecker(secrets_of(target.world))

    def call_many(self, function: Function, how: settings, number: int) -> None:
        """Call a function as often as that, each time as everybody."""
        people = {who: self._house.client(who) for who in WHO}

        @seed(number)
        @how
        @given(calls(function))
        def play(call: Call) -> None:
            for who in WHO:
                people[who] = self._try(function.name, call, people[who])

        with Line(self._house.port) as self._line:
            play()

    def _try(self, function: str, call: Call, client: Client) -> Client:
        """Call as somebody; give who calls next, for accounts end."""
        who = client.who
        reply, spoken = self._send(call, client)
        if who in {"other", "guest"} and reply.said.get("message") == "not_signed_in":
            client = self._house.client(who)
            reply, spoken = self._send(call, client)
        self.calls[function, who] += 1
        if is_served(call, reply):
            self.served[function, who] += 1
        elif reply.status >= 400:
            said = reply.said
            is_ours = str(said.get("code")).startswith("PT")
            self.slugs[str(said.get("message" if is_ours else "code"))] += 1
        for fault in self._checker.faults(spoken, reply, may=may(function, who)):
            self.faults.append(f"{who}: {spoken}\n    {fault}")
        return client

    def _send(self, call: Call, client: Client) -> tuple[Reply, Call]:
        spoken = call.spoken(client.words)
        return self._line.send(spoken, client.token), spoken


def may(function: str, who: str) -> bool:
    """Return whether the file lets somebody call this."""
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
def target() -> Iterator[AttackTarget]:
    """Let the hostile in: what they call is committed, so nobody else lives here."""
    with inhabited() as (stack, world):
        yield AttackTarget(stack, world)


def fuzz(target: AttackTarget, how: settings) -> None:
    """Call everything, and look at what is left."""
    kept, found = target.kept(), target.faults()
    fuzz_run, start = FuzzRun(target), monotonic()
    served = functions(target.db)
    for number, function in enumerate(served):
        fuzz_run.call_many(function, how, SEED + number)
    say(
        f"hostile calls: {fuzz_run.calls.total()} of {len(served)} functions by {len(WHO)} roles, "
        f"{fuzz_run.served.total()} served, seed {SEED}, {monotonic() - start:.1f} s\n"
        f"served: {dict(fuzz_run.served)}\nrefused: {dict(fuzz_run.slugs)}"
    )
    assert fuzz_run.faults == [], summary(fuzz_run.faults)
    assert min(fuzz_run.calls[one.name, who] for one in served for who in WHO) >= how.max_examples
    # The control: whoever may call it was served now and then.
    for one in served:
        for cell in SAID.cells:
            if cell[:2] == ("functions", f"public.{one.name}"):
                who = "other" if cell.who == "owner" else cell.who
                assert fuzz_run.served[one.name, who] > 0, f"{who} was never served by {one.name}"
    assert len(set(fuzz_run.slugs) & set(documented())) > 8
    # And of those who took no part, everything is as it was.
    assert target.kept() == kept
    assert len(kept) > 100
    assert target.faults() == found


def test_bytes_that_are_no_text_come_to_nothing(target: AttackTarget) -> None:
    client, kept = target.client("other"), target.kept()
    with Line(target.port) as line:
        for call in UNREADABLE:
            reply = line.send(call, client.token)
            assert reply.status in {500, 599}, reply
            assert reply.body in {b"Something went wrong", NO_ANSWER.body}
            # The control: the next one is served, on the same connection or on another.
            assert line.send(Call("POST", "/rpc/my_credits"), client.token).status == 200
    assert target.kept() == kept


@pytest.mark.timeout(300)
def test_no_call_breaks_anything_or_is_told_anything(target: AttackTarget) -> None:
    fuzz(target, HOW)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_no_call_of_very_many_breaks_anything(target: AttackTarget) -> None:
    fuzz(target, FULL)


def test_what_breaks_or_gossips_is_noticed(target: AttackTarget) -> None:
    for statement in GOSSIP.split(";\ngrant"):
        target.db.rows(statement if "create" in statement else f"grant{statement}")
    ask = Call("POST", "/rpc/gossip", (JSON,), b'{"id": "~nobody.id~"}')
    client = target.client("other")
    try:
        with Line(target.port) as line:
            said = ask.spoken(client.words)
            eventually(lambda: line.send(said, client.token).status != 404, 10)
        fuzz_run = FuzzRun(target)
        fuzz_run.call_many(
            Function("gossip", (Argument("id", "uuid", is_optional=False),)), HOW, SEED
        )
    finally:
        target.db.rows("drop function public.gossip")
    found = {fault.split("\n")[1].split(":")[0].split("[")[0].strip() for fault in fuzz_run.faults}
    assert found == {"500", "not a listed error", "tells", "served"}


def test_an_argument_of_a_new_type_has_to_be_thought_of(target: AttackTarget) -> None:
    for function in functions(target.db):
        for argument in function.arguments:
            assert argument.any() is not None
    with pytest.raises(NotImplementedError, match="no values of type money for price"):
        Argument("price", "money", is_optional=False).any()
