"""The people of a world, as they come over HTTP."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import httpx
import jwt

from local_stack.stack import Stack
from tests.security.world import World, build
from tests.support.database import Database
from tests.support.places import short_lived

AN_HOUR = 3600


@dataclass(frozen=True)
class Stage:
    """A world behind the gateway, and a client of everybody who can come that way."""

    world: World
    callers: dict[str, httpx.Client]

    def about(self, who: str) -> uuid.UUID:
        """Say whose rows it is about when somebody comes."""
        return self.world.guest.id if who == "guest" else self.world.owner.id

    def person(self, who: str) -> uuid.UUID:
        """Say who comes: whoever is nobody speaks of the owner."""
        people = {"other": self.world.other, "guest": self.world.guest}
        return people.get(who, self.world.owner).id


@contextmanager
def inhabited() -> Iterator[tuple[Stack, World]]:
    """Run PostgreSQL, Auth, Storage and PostgREST, and let the people of a world live there."""
    services = ("postgres", "node", "postgrest")
    with (
        short_lived() as folder,
        Stack(folder, services=services, database_url="", stripe_key="") as stack,
        closing(Database(stack.db_url)) as database,
    ):
        yield stack, build(database)


def caller(stack: Stack, world: World, who: str) -> httpx.Client:
    """Open a client with the key and the token that somebody has."""
    key = stack.keys.secret_key if who == "service" else stack.keys.publishable_key
    headers = {"apikey": key}
    if who in {"owner", "other", "guest"}:
        person = getattr(world, who).id
        headers["authorization"] = f"Bearer {token_of(stack, person, is_anonymous=who == 'guest')}"
    return httpx.Client(base_url=stack.api_url, headers=headers, timeout=30)


def token_of(stack: Stack, person: uuid.UUID, *, is_anonymous: bool) -> str:
    """Sign what Auth signs when somebody signs in."""
    signing = json.loads(stack.keys.signing_key_file.read_text())
    now = int(time.time())
    claims = {
        "iss": f"{stack.api_url}/auth/v1",
        "aud": "authenticated",
        "role": "authenticated",
        "sub": str(person),
        "is_anonymous": is_anonymous,
        "session_id": str(uuid.uuid4()),
        "iat": now,
        "exp": now + AN_HOUR,
    }
    key = jwt.PyJWK.from_dict(signing).key
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": signing["kid"]})
