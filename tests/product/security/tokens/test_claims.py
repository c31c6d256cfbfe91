"""What a token says beside who somebody is changes nothing; and who is not named is nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.support.database import Connection
from tests.support.security.access.engine import Claims, Outcome, Try, run
from tests.support.security.access.sessions import Sessions, Transcript, in_order
from tests.support.security.populated import PopulatedDatabase
from tests.support.security.tokens.claims import at_once, games, guest_games, malformed

RELATIONS = """
select format('%I.%I', n.nspname, c.relname) as name
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname in ('public', 'private', 'storage', 'auth', 'realtime') and c.relkind in ('r', 'v')
order by 1
"""
# They repeat to a person what their own token says.
ECHOES = ("export",)
# The refusals of PostgreSQL itself: no uuid, no JSON, and a sign that a text cannot hold.
UNREADABLE = {"22P02", "22P05", "22021"}
SHARE = 5


class Table:
    """Where claims are played: one transaction, and what came of it without a game."""

    def __init__(self, world: PopulatedDatabase, connection: Connection) -> None:
        self.world = world
        self.connection = connection
        self._before: dict[str, tuple[dict[str, str], list[Outcome]]] = {}

    def plain(self, who: str) -> tuple[dict[str, str], list[Outcome]]:
        """Return what somebody is told, and shown, without a game."""
        if who not in self._before:
            self._before[who] = (self.told(who).said, self.shown(who, None))
        return self._before[who]

    def told(self, who: str, claims: Claims | None = None) -> Transcript:
        """Let somebody call everything."""
        return Sessions(self.world).play(self.connection, who, claims=claims)

    def shown(self, who: str, claims: Claims | None) -> list[Outcome]:
        """Let somebody look at everything, and listen to the owner's topic."""
        person = None if who == "nobody" else getattr(self.world, who).id
        names = [row["name"] for row in self.connection.execute(RELATIONS)]
        tries = [
            Try(
                "authenticated",
                f"select coalesce(jsonb_agg(to_jsonb(t) order by t::text), '[]') from {name} as t",
                person,
                topic=f"profile:{self.world.owner.id}",
                reads=True,
                claims={} if claims is None else claims,
            )
            for name in names
        ]
        return run(self.connection, tries)


@pytest.fixture
def table(world: PopulatedDatabase, admin: Connection) -> Table:
    """Sit down to play."""
    return Table(world, admin)


def differences(table: Table, who: str, claims: Claims) -> list[str]:
    """Name what is answered otherwise with these claims."""
    said, shown = table.plain(who)
    told = table.told(who, claims).said
    changed = [name for name in said if told[name] != said[name] and not name.endswith(ECHOES)]
    looks = zip(table.shown(who, claims), shown, strict=True)
    return changed + [f"{now} {before}" for now, before in looks if now != before]


def chosen(request: pytest.FixtureRequest, played: Mapping[str, Claims]) -> dict[str, Claims]:
    """Take some of them, or all in the long tier."""
    step = 1 if request.config.getoption("--full") else SHARE
    return dict(list(played.items())[::step])


def won(table: Table, who: str, played: Mapping[str, Claims]) -> dict[str, list[str]]:
    """Name the games that changed something, and what."""
    found = {name: differences(table, who, claims) for name, claims in played.items()}
    return {name: changed for name, changed in found.items() if changed}


@pytest.mark.timeout(300)
def test_what_others_say_about_themselves_changes_nothing(
    request: pytest.FixtureRequest, table: Table
) -> None:
    every = games(table.world.owner)
    assert len(every) >= 50
    # All at once each time, and one by one.
    played = chosen(request, every) | {"all of it": at_once(every)}
    assert won(table, "other", played) == {}
    # The control: the one claim that is believed.
    sub = {"sub": str(table.world.owner.id)}
    assert len(differences(table, "other", sub)) > 20


def test_what_a_guest_says_makes_no_person_of_them(
    request: pytest.FixtureRequest, table: Table
) -> None:
    every = guest_games()
    played = chosen(request, every) | {"all of it": at_once(every)}
    assert won(table, "guest", played) == {}
    sub = {"sub": str(table.world.other.id)}
    assert len(differences(table, "guest", sub)) > 20


def test_an_export_repeats_a_token_in_the_account_alone(table: Table) -> None:
    other = table.world.other
    played = games(table.world.owner)
    tries = [
        Try("authenticated", "select public.export_my_data()", other.id, reads=True, claims=claims)
        for claims in ({}, *played.values())
    ]
    plain, *found = (in_order(outcome.said) for outcome in run(table.connection, tries))
    del plain["account"]
    for name, exported in zip(played, found, strict=True):
        assert exported.pop("account")["id"] == str(other.id), name
        assert exported == plain, name
    assert plain["profiles"][0]["id"] == str(other.id)


def test_claims_that_name_nobody_get_what_nobody_gets(
    request: pytest.FixtureRequest, table: Table
) -> None:
    said, shown = table.plain("nobody")
    for name, claims in chosen(request, malformed(table.world.owner)).items():
        told = table.told("other", claims)
        for call, outcome in told.outcomes.items():
            as_nobody = told.said[call] == said.get(call.replace("other:", "nobody:"))
            # Only the other one knows a stranger's code.
            assert as_nobody or outcome.error in {*UNREADABLE, "PT401"}, (name, call, outcome)
        for now, before in zip(table.shown("other", claims), shown, strict=True):
            assert now == before or now.error in UNREADABLE, (name, now, before)
            assert "canary-owner" not in json.dumps(now.said), name
    # The control: somebody who is named is told more.
    assert differences(table, "nobody", {"sub": str(table.world.other.id)})
