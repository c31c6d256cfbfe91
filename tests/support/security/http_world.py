"""The people of a world, as they come over HTTP."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from jwt.api_jws import PyJWS

from local_stack.stack import Stack
from tests.support import templates
from tests.support.database import Database
from tests.support.security.populated import PopulatedDatabase, build

AN_HOUR = 3600
jws = PyJWS()


@dataclass(frozen=True)
class HttpWorld:
    """A world behind the gateway, and a client of everybody who can come that way."""

    world: PopulatedDatabase
    callers: dict[str, httpx.Client]
    stack: Stack

    def about(self, who: str) -> uuid.UUID:
        """Say whose rows it is about when somebody comes."""
        return self.world.guest.id if who == "guest" else self.world.owner.id

    def open_session(self, claims: dict[str, Any]) -> None:
        """Let Auth know the session that a token is of."""
        self.world.db.rows(
            "insert into auth.sessions (id, user_id, aal, created_at, updated_at)"
            " values (%s, %s, 'aal1', now(), now())",
            claims["session_id"],
            claims["sub"],
            role="supabase_auth_admin",
        )

    def person(self, who: str) -> uuid.UUID:
        """Return who comes: whoever is nobody speaks of the owner."""
        people = {"other": self.world.other, "guest": self.world.guest}
        return people.get(who, self.world.owner).id


@contextmanager
def inhabited() -> Iterator[tuple[Stack, PopulatedDatabase]]:
    """Run PostgreSQL, Auth, Storage and PostgREST, and let the people of a world live there."""
    services = ("postgres", "node", "postgrest")
    with (
        templates.stack(services) as stack,
        closing(Database(stack.db_url)) as database,
    ):
        yield stack, build(database)


def caller(stack: Stack, world: PopulatedDatabase, who: str) -> httpx.Client:
    """Open a client with the key and the token that somebody has."""
    key = stack.keys.secret_key if who == "service" else stack.keys.publishable_key
    headers = {"apikey": key}
    if who in {"owner", "other", "guest"}:
        person = getattr(world, who).id
        headers["authorization"] = f"Bearer {token_of(stack, person, is_anonymous=who == 'guest')}"
    return httpx.Client(base_url=stack.api_url, headers=headers, timeout=30)


def token_of(stack: Stack, person: uuid.UUID, *, is_anonymous: bool) -> str:
    """Sign what Auth signs when somebody signs in."""
    return signed(stack, claims_of(stack, person, is_anonymous=is_anonymous))


def claims_of(stack: Stack, person: uuid.UUID, *, is_anonymous: bool = False) -> dict[str, Any]:
    """Write what Auth writes of somebody who signs in."""
    now = int(time.time())
    return {
        "iss": f"{stack.api_url}/auth/v1",
        "aud": "authenticated",
        "role": "authenticated",
        "sub": str(person),
        "is_anonymous": is_anonymous,
        "session_id": str(uuid.uuid4()),
        "iat": now,
        "exp": now + AN_HOUR,
    }


def signed(stack: Stack, claims: dict[str, Any] | str) -> str:
    """Sign claims as Auth does, whatever they say; a text need not be JSON."""
    text = claims if isinstance(claims, str) else json.dumps(claims)
    signing = json.loads(stack.keys.signing_key_file.read_text())
    key = jwt.PyJWK.from_dict(signing).key
    return jws.encode(text.encode(), key, "ES256", headers={"kid": signing["kid"]})
