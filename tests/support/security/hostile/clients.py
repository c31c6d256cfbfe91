"""People who come to a world to do harm, and what each of them may speak of."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import count
from typing import Any

from local_stack.stack import Stack
from tests.support.database import Database, lift_limits, sign_up
from tests.support.files import add_face
from tests.support.security.access.access import read
from tests.support.security.access.sessions import TABLES
from tests.support.security.http_world import token_of
from tests.support.security.populated import PopulatedDatabase, know_at_stripe, live
from thumbsmith.checks.questions import run_checks

WHO = ("anon", "other", "guest", "service")
# A code that gives something each time.
GENEROUS = "GENEROUS"
NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")
NO_LIMITS = """
update private.settings
set
    max_code_failures_per_hour = 1000000, max_checkouts_per_hour = 1000000,
    max_user_images = 1000000
where id
"""
_NUMBERS = count(1)


@dataclass(frozen=True)
class Client:
    """Somebody with a token, and the words for what is theirs and for what is not."""

    who: str
    token: str
    words: dict[str, str]


def words_of(name: str, person: Any) -> dict[str, str]:
    """Name what somebody has: their ids, key, code and paths."""
    found = {part: str(getattr(person, part)) for part in ("id", "face", "running", "key", "code")}
    found |= {
        "checkout_key": str(person.checkout_key),
        "path": f"{person.id}/{person.mark}.png",
        "spare": f"{person.id}/spare.png",
    }
    return {f"{name}.{part}": value for part, value in found.items()}


def secrets_of(world: PopulatedDatabase) -> tuple[str, ...]:
    """Return what only the owner may be told."""
    owner = world.owner
    ids = (owner.id, owner.face, owner.running, owner.key)
    return ("canary", owner.code, *map(str, ids))


class AttackTarget:
    """A world that lets in whoever comes, and remembers how it was before."""

    def __init__(self, stack: Stack, world: PopulatedDatabase) -> None:
        self.world = world
        self.port = stack.service("postgrest").port or 0
        self._stack = stack
        self._came: list[str] = []
        lift_limits(world.db)
        world.db.rows(NO_LIMITS)
        world.db.rows(
            "select private.create_promo_code(%s, 5, 'ops', 'tests', max_per_person => 1000000)",
            GENEROUS,
        )
        gone = live(world.db, sign_up(world.db), f"gone-{next(_NUMBERS)}")
        world.db.call(gone.id, "select public.delete_my_account('delete my account')")
        patron = live(world.db, sign_up(world.db), f"patron-{next(_NUMBERS)}")
        self._words = (
            words_of("owner", world.owner)
            | words_of("gone", gone)
            | {"nobody.id": str(NOBODY), "patron.code": patron.code}
        )

    @property
    def db(self) -> Database:
        """Return the database of the world."""
        return self.world.db

    def client(self, who: str) -> Client:
        """Let somebody in; who is signed in is new here, and has all that people have."""
        if who in {"anon", "service"}:
            token = self._stack.keys.tokens.service_role_key if who == "service" else ""
            return Client(who, token, self._words | words_of("me", self.world.other))
        is_guest = who == "guest"
        person = sign_up(self.db, is_anonymous=is_guest)
        self._came.append(str(person))
        me = live(self.db, person, f"client-{next(_NUMBERS)}")
        know_at_stripe(self.db, person)
        self.db.rows(
            "select private.grant_credits(%s, 1000000, 'operator', %s)", person, f"rich-{person}"
        )
        removed = add_face(self.db, person, "removed.png")
        self.db.call(person, "select public.remove_user_image(%s)", removed)
        mine = words_of("me", me) | {"me.removed": str(removed)}
        token = token_of(self._stack, person, is_anonymous=is_guest)
        return Client(who, token, self._words | mine)

    def kept(self) -> list[str]:
        """Return the price list, and all rows that name those who live here and take no part."""
        world, said = self.world, read()
        people = [str(one) for one in (world.owner.id, world.other.id, world.guest.id, world.twin)]
        named = "t::text ~ array_to_string(%(people)s::text[], '|')"
        parts = []
        for row in self.db.rows(TABLES):
            is_free = "anon" in said.may("tables", row["name"], "select")
            kept = "true" if is_free or row["name"] == "private.settings" else named
            name = row["name"]
            parts.append(f"select '{name} ' || t::text as said from {name} as t where {kept}")
        with self.db.session() as connection:
            found = connection.execute(" union all ".join(parts).encode(), {"people": people})
            rows = sorted(row["said"] for row in found)
        # Whoever comes may write somebody else's id into what is their own, as a key.
        return [row for row in rows if not any(one in row for one in self._came)]

    def faults(self) -> list[str]:
        """Ask every question of sql/checks, and give what was found, but for gifts of the tests."""
        return [
            f"{one.name}: {row}"
            for one in run_checks(self.db.url)
            for row in one.rows
            if not str(row.get("grant_key")).startswith(("gift-", "rich-"))
        ]
