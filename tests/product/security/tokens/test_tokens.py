"""Forged, expired and misdirected tokens, at every endpoint: REST, RPC, Storage and Auth."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx
import pytest

from tests.support.rest import PASSWORD
from tests.support.security.http_world import HttpWorld, claims_of, signed
from tests.support.security.tokens.endpoints import OBJECT, ONE_EACH, PERSONAL, Endpoints
from tests.support.security.tokens.forged import FORGED
from tests.support.security.tokens.forgeries import Forge

ALL = set(ONE_EACH)
API = {"rest profile", "rpc credits"}
REST_OF_THEM = ALL - API
TIMES = {"exp", "nbf", "iat"}
NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")
# What a token opens that Auth itself signed, by what is changed in its claims. Times are seconds
# from now, with room for a slow machine: PostgREST forgives a clock that is 30 seconds off, Storage
# and Auth do not. Who signs is Auth alone, so none of these can be had: they tell which claim is
# looked at, and where.
SIGNED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "expired 27 seconds ago": ({"exp": -27}, API),
    "expired 31 seconds ago": ({"exp": -31}, set()),
    "expired a day ago": ({"exp": -86_400}, set()),
    "valid in 29 seconds": ({"nbf": 29}, API),
    "valid in 36 seconds": ({"nbf": 36}, set()),
    "made in 29 seconds": ({"iat": 29}, ALL),
    "made in 36 seconds": ({"iat": 36}, REST_OF_THEM),
    "for another audience": ({"aud": "somebody"}, REST_OF_THEM),
    "for an audience that begins alike": ({"aud": "authenticated.example"}, REST_OF_THEM),
    "for another audience in a list": ({"aud": ["somebody"]}, REST_OF_THEM),
    "for an audience in capitals": ({"aud": "AUTHENTICATED"}, REST_OF_THEM),
    "for an empty audience": ({"aud": ""}, REST_OF_THEM),
    "for an audience that is a number": ({"aud": 7}, REST_OF_THEM),
    "for the audience in a list": ({"aud": ["authenticated"]}, ALL),
    "for no audience": ({"aud": None}, ALL),
    "of another issuer": ({"iss": "https://elsewhere.example"}, ALL),
    "for nobody": ({"sub": None}, set()),
    "for an empty sub": ({"sub": ""}, set()),
    "for a sub that is no uuid": ({"sub": "1' or 1=1 --"}, set()),
    "for somebody who never was": ({"sub": str(NOBODY)}, set()),
    "without a role": ({"role": None}, {"auth user"}),
    "of the role anon": ({"role": "anon"}, {"auth user"}),
    "of a role that is not there": ({"role": "nobody"}, {"auth user"}),
    "of the role postgres": ({"role": "postgres"}, {"auth user"}),
    "of the sidecar's role": ({"role": "thumbsmith_sidecar"}, {"auth user"}),
    "of a list of roles": ({"role": ["authenticated"]}, {"auth user"}),
    "of a role in quotes": ({"role": '"authenticated"'}, {"auth user"}),
}


@pytest.fixture(scope="module")
def forge(http_world: HttpWorld) -> Forge:
    """Open a workshop for tokens."""
    return Forge(http_world)


@pytest.fixture(scope="module")
def bare(http_world: HttpWorld) -> set[str]:
    """Return what the public key alone opens."""
    return Endpoints.of(http_world).opened({"apikey": http_world.stack.keys.publishable_key})


@pytest.fixture(scope="module")
def endpoints(http_world: HttpWorld) -> Endpoints:
    """Put one file behind the endpoints: no test here is to take it away."""
    return Endpoints.of(http_world)


def with_token(http_world: HttpWorld, token: str, scheme: str = "Bearer") -> dict[str, str]:
    key = http_world.stack.keys.publishable_key
    return {"apikey": key, "authorization": f"{scheme} {token}"}


def test_there_are_many_forged_tokens() -> None:
    assert len(FORGED) >= 60


def test_the_token_that_is_forged_opens_all_that_is_a_persons(
    http_world: HttpWorld, forge: Forge, bare: set[str]
) -> None:
    endpoints = Endpoints.of(http_world)
    assert bare == {"rest catalog"}
    assert endpoints.opened(with_token(http_world, forge.good)) == PERSONAL
    assert not endpoints.is_whole()


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_opens_no_more_than_the_public_key(
    http_world: HttpWorld, endpoints: Endpoints, forge: Forge, bare: set[str], name: str
) -> None:
    before = endpoints.kept()
    assert endpoints.opened(with_token(http_world, FORGED[name](forge))) <= bare
    assert endpoints.kept() == before
    assert endpoints.is_whole()
    assert endpoints.opened(with_token(http_world, forge.good), *ONE_EACH) == ALL


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
def test_the_scheme_may_be_spelled_in_any_case_and_forges_nothing(
    http_world: HttpWorld, endpoints: Endpoints, forge: Forge, bare: set[str], scheme: str
) -> None:
    assert endpoints.opened(with_token(http_world, forge.mine(), scheme)) <= bare
    assert endpoints.opened(with_token(http_world, forge.good, scheme), *ONE_EACH) == ALL


@pytest.mark.parametrize("scheme", ["Basic", "Token", "JWT", "Bearer Bearer", "Bearer,"])
def test_another_scheme_opens_no_more_than_the_public_key(
    http_world: HttpWorld, endpoints: Endpoints, forge: Forge, bare: set[str], scheme: str
) -> None:
    assert endpoints.opened(with_token(http_world, forge.good, scheme)) <= bare
    assert endpoints.is_whole()
    assert endpoints.opened(with_token(http_world, forge.good), *ONE_EACH) == ALL


@pytest.mark.parametrize("size", [15_000, 1_000_000])
def test_a_token_that_is_too_large_is_refused_and_the_next_one_served(
    http_world: HttpWorld, forge: Forge, size: int
) -> None:
    token = forge.mine(forge.claims | {"more": "x" * size})
    url = f"{http_world.stack.api_url}/rest/v1/rpc/my_credits"
    try:
        status = httpx.post(url, headers=with_token(http_world, token), json={}).status_code
    except httpx.TransportError:
        # The server hung up while the header was on its way.
        status = 431
    assert 400 <= status < 500
    assert httpx.post(url, headers=with_token(http_world, forge.good), json={}).status_code == 200


def test_what_was_made_for_something_else_is_no_token(
    http_world: HttpWorld, forge: Forge, bare: set[str]
) -> None:
    endpoints = Endpoints.of(http_world)
    owner = http_world.callers["owner"]
    signed_url = owner.post(f"{OBJECT}/sign/faces/{endpoints.name}", json={"expiresIn": 60}).json()
    place = f"faces/{http_world.world.owner.id}/{uuid.uuid4()}.png"
    upload = owner.post(f"{OBJECT}/upload/sign/{place}").json()
    someone = {"email": f"{uuid.uuid4()}@example.com", "password": PASSWORD}
    session = http_world.callers["anon"].post("/auth/v1/signup", json=someone).json()
    before = endpoints.kept()
    for token in (
        signed_url["signedURL"].partition("token=")[2],
        upload["token"],
        session["refresh_token"],
        session["user"]["id"],
    ):
        assert token
        assert endpoints.opened(with_token(http_world, token)) <= bare
    assert endpoints.kept() == before
    # The controls: each is good for what it was made for.
    assert owner.get(f"/storage/v1{signed_url['signedURL']}").is_success
    assert endpoints.opened(with_token(http_world, session["access_token"]), "rpc credits")
    again = http_world.callers["anon"].post(
        "/auth/v1/token?grant_type=refresh_token", json={"refresh_token": session["refresh_token"]}
    )
    assert again.status_code == 200


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_token_opens_what_its_claims_allow_where_they_are_looked_at(
    http_world: HttpWorld, endpoints: Endpoints, name: str
) -> None:
    changes, expected = SIGNED[name]
    claims = claims_of(http_world.stack, http_world.world.owner.id)
    http_world.open_session(claims)
    found = set()
    for endpoint in ONE_EACH:
        # Signed anew for each endpoint, or a slow machine would take it over the edge.
        now = int(time.time())
        times = {claim: now + changes[claim] for claim in TIMES & set(changes)}
        said = claims | changes | times
        token = signed(
            http_world.stack, {c: value for c, value in said.items() if value is not None}
        )
        found |= endpoints.opened(with_token(http_world, token), endpoint)
    assert found == expected
    assert (
        endpoints.opened(with_token(http_world, signed(http_world.stack, claims)), *ONE_EACH) == ALL
    )
