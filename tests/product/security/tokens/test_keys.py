"""The opaque keys at the gateway: a key that is not quite one opens nothing, and none is shown."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.support.security.http_world import HttpWorld
from tests.support.security.tokens.endpoints import PERSONAL, Endpoints
from tests.support.security.tokens.forgeries import Forge

Change = Callable[[str], str]
# What is done to a key that is right.
CHANGES: dict[str, Change] = {
    "empty": lambda _: "",
    "cut by one letter": lambda key: key[:-1],
    "cut to the prefix": lambda key: key[: key.rindex("_") + 1],
    "without its checksum": lambda key: key.rpartition("_")[0],
    "longer by one letter": lambda key: key + "x",
    "twice": lambda key: key + key,
    "two keys": lambda key: f"{key}, {key}",
    "in capitals": lambda key: key.upper(),
    "in small letters": lambda key: key.lower(),
    "in quotes": lambda key: f'"{key}"',
    "with a wildcard": lambda key: key[:20] + "%",
    "with another prefix": lambda key: key.replace("sb_", "sb_service_role_"),
    "of the other kind": lambda key: (
        key.replace("publishable", "secret")
        if "publishable" in key
        else key.replace("secret", "publishable")
    ),
    "as a Bearer": lambda key: f"Bearer {key}",
    "unknown": lambda _: "sb_publishable_unknown_00000000",
    "a word": lambda _: "anon",
    "a role": lambda _: "service_role",
}


def all_secrets(http_world: HttpWorld) -> list[str]:
    """Return what no answer and no log may hold."""
    keys = http_world.stack.keys
    tokens = keys.tokens
    return [
        keys.publishable_key,
        keys.secret_key,
        tokens.jwt_secret,
        tokens.anon_key,
        tokens.service_role_key,
    ]


def shown(http_world: HttpWorld, answer: httpx.Response) -> list[str]:
    """Name the secrets in an answer."""
    text = f"{answer.headers} {answer.text}"
    return [secret for secret in all_secrets(http_world) if secret in text]


@pytest.mark.parametrize("kind", ["publishable", "secret"])
@pytest.mark.parametrize("place", ["header", "address"])
def test_a_key_that_is_not_quite_one_opens_nothing(
    http_world: HttpWorld, kind: str, place: str
) -> None:
    endpoints = Endpoints.of(http_world)
    key = getattr(http_world.stack.keys, f"{kind}_key")
    before = endpoints.kept()
    for name, change in CHANGES.items():
        given = {"apikey": change(key)}
        if given["apikey"] == key:
            continue
        headers, params = ({}, given) if place == "address" else (given, {})
        for endpoint, answer in endpoints.answers(headers, params=params):
            # Storage asks for a token where there is no key.
            allowed = {400, 401} if name == "empty" else {401}
            assert answer.status_code in allowed, (name, endpoint, answer.text)
            assert shown(http_world, answer) == []
            assert not given["apikey"] or given["apikey"] not in answer.text
    assert endpoints.kept() == before
    # The control: the key as it is.
    opened = endpoints.opened({"apikey": http_world.stack.keys.publishable_key})
    assert opened == {"rest catalog"}


def test_without_a_key_the_token_of_a_person_reaches_storage_alone(http_world: HttpWorld) -> None:
    endpoints = Endpoints.of(http_world)
    token = {"authorization": f"Bearer {Forge(http_world).good}"}
    opened = endpoints.opened(token)
    assert opened == {name for name in PERSONAL if name.startswith("storage")}
    assert Endpoints.of(http_world).opened({}) == set()


def test_a_wrong_key_is_refused_whatever_token_is_beside_it(http_world: HttpWorld) -> None:
    endpoints = Endpoints.of(http_world)
    token = {"authorization": f"Bearer {Forge(http_world).good}"}
    right = http_world.stack.keys.publishable_key
    for wrong in (
        "sb_publishable_unknown",
        "sb_secret_unknown",
        right[:-1],
        Forge(http_world).good,
    ):
        assert endpoints.opened(token | {"apikey": wrong}) == set()
        # The header counts, not the address.
        assert endpoints.opened(token | {"apikey": wrong}, params={"apikey": right}) == set()
    assert endpoints.is_whole()
    assert endpoints.opened(token | {"apikey": right}) == PERSONAL


@pytest.mark.parametrize("kind", ["publishable", "secret"])
def test_a_forged_token_beside_a_key_is_not_the_key(http_world: HttpWorld, kind: str) -> None:
    endpoints = Endpoints.of(http_world)
    forge = Forge(http_world)
    key = {"apikey": getattr(http_world.stack.keys, f"{kind}_key")}
    for token in (forge.mine(), forge.unsigned("none"), "nonsense"):
        assert endpoints.opened(key | {"authorization": f"Bearer {token}"}) == set()
    assert endpoints.is_whole()
    assert endpoints.opened(key | {"authorization": f"Bearer {forge.good}"}) == PERSONAL


def test_the_secret_key_is_a_key_for_a_server_alone(http_world: HttpWorld) -> None:
    endpoints = Endpoints.of(http_world)
    keys = http_world.stack.keys
    secret = {"apikey": keys.secret_key}
    browser = {"user-agent": "Mozilla/5.0"}
    as_bearer = {"authorization": f"Bearer {keys.secret_key}"}
    assert endpoints.opened(secret | browser) == set()
    assert endpoints.opened(browser, params=secret) == set()
    # Beside the public key it is no token: the request stays anon's.
    assert endpoints.opened({"apikey": keys.publishable_key} | as_bearer) == {"rest catalog"}
    assert endpoints.is_whole()
    # The address counts as well, as the platform has it: it is for whoever has the secret.
    for headers, params in ((secret, {}), ({}, secret)):
        opened = Endpoints.of(http_world).opened(headers, params=params)
        assert {"storage file", "storage bucket", "auth admin"} <= opened


def test_no_answer_and_no_log_shows_a_key(http_world: HttpWorld) -> None:
    endpoints = Endpoints.of(http_world)
    keys = http_world.stack.keys
    ways = [
        ({"apikey": keys.publishable_key}, {}),
        ({}, {"apikey": keys.publishable_key}),
        ({"apikey": keys.secret_key}, {}),
        ({}, {"apikey": keys.secret_key}),
        ({"apikey": keys.publishable_key, "authorization": "Bearer nonsense"}, {}),
    ]
    for headers, params in ways:
        for name, answer in endpoints.answers(headers, params=params):
            assert shown(http_world, answer) == [], name
    logs = [file for file in (http_world.stack.data_dir / "logs").iterdir() if file.stat().st_size]
    assert logs
    for log in logs:
        text = log.read_text(errors="replace")
        assert [secret for secret in all_secrets(http_world) if secret in text] == [], log.name
