"""What is left of a key when a service repeats it: nothing in errors, reprs, reports and logs."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from functions_py.app import build
from functions_py.config import Settings
from functions_py.errors import SubmitRefusedError
from functions_py.jobs import failure
from functions_py.log import origin
from functions_py.replicate_gateway import ReplicateGateway
from functions_py.store import Job
from functions_py.stripe_gateway import StripeGateway
from functions_py.supabase_gateway import SupabaseGateway
from tests.support.canaries import Needles
from tests.support.echo import Echo, echoing

# Other words than those of the run: here they are to be repeated.
WORD = "parrot" + secrets.token_hex(8)
HEARD = Needles(WORD)
TOKEN, KEY, PAID = f"r8_{WORD}0123456789", f"sb_secret_{WORD}", f"sk_test_{WORD}"
STATUSES = [200, 302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 503]

Call = Callable[[str], Awaitable[Any]]


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with echoing() as running:
        yield running


async def replicate(url: str, call: Callable[[ReplicateGateway], Awaitable[Any]]) -> Any:
    gateway = ReplicateGateway(TOKEN, url, trust_env=False)
    assert not HEARD.places(repr(gateway).encode())
    try:
        return await call(gateway)
    finally:
        await gateway.close()


async def storage(url: str, call: Callable[[SupabaseGateway], Awaitable[Any]]) -> Any:
    gateway = SupabaseGateway(url, KEY, trust_env=False)
    assert not HEARD.places(repr(gateway).encode())
    try:
        return await call(gateway)
    finally:
        await gateway.close()


async def stripe(url: str, call: dict[str, Any]) -> Any:
    gateway = StripeGateway(PAID, url, livemode=False, trust_env=False, total_seconds=0.3)
    assert not HEARD.places(repr(gateway).encode())
    try:
        return await gateway.call(call)
    finally:
        await gateway.close()


CALLS: dict[str, Call] = {
    "create": lambda url: replicate(url, lambda one: one.create("a/b", {}, "https://x.co", 60)),
    "get": lambda url: replicate(url, lambda one: one.get("p1")),
    "find": lambda url: replicate(url, lambda one: one.find("?attempt=x", "2026")),
    "cancel": lambda url: replicate(url, lambda one: one.cancel("p1")),
    "sign": lambda url: storage(url, lambda one: one.sign("faces", "u1/a.png", 60)),
    "upload": lambda url: storage(url, lambda one: one.upload("faces", "u1/a.png", b"x")),
    "remove": lambda url: storage(url, lambda one: one.remove("faces", ["u1/a.png"])),
    "delete user": lambda url: storage(url, lambda one: one.delete_user("u1")),
    "customer": lambda url: stripe(
        url, {"call": "customers.create", "params": {}, "idempotency_key": "k1"}
    ),
    "invoice": lambda url: stripe(url, {"call": "invoices.retrieve", "id": "in_1"}),
}


def told(error: BaseException) -> str:
    """Return all that anybody could print of an error."""
    job = Job(None, 1, None, "poll", None, 1, {})  # type: ignore[arg-type]
    report = failure(job, error) if isinstance(error, Exception) else None
    lines = [repr(error), str(error), origin(error), repr(report), repr(vars(error))]
    if isinstance(error, SubmitRefusedError):
        lines.append(error.detail)
    chain = [error, error.__cause__, error.__context__]
    lines += ["".join(traceback.format_exception(one)) for one in chain if one is not None]
    return "\n".join(lines)


@pytest.mark.parametrize("name", CALLS)
async def test_a_key_that_is_repeated_gets_no_further(
    echo: Echo, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for echo.status in STATUSES:
        echo.keys.clear()
        try:
            shown = repr(await CALLS[name](echo.url))
        except Exception as error:  # whichever it is
            shown = told(error)
        assert HEARD.places(" ".join(echo.keys).encode()), "the service was not even asked"
        assert HEARD.places(shown.encode()) == [], echo.status
    assert HEARD.places(caplog.text.encode()) == []


async def test_what_is_left_of_a_refusal_says_that_something_was_removed(echo: Echo) -> None:
    """Positive control: the words around the key do arrive."""
    echo.status = 422
    with pytest.raises(SubmitRefusedError) as refused:
        await CALLS["create"](echo.url)
    assert refused.value.detail == "Authorization: Bearer [removed]"
    echo.status = 200
    found = await CALLS["get"](echo.url)
    assert (found["id"], found["version"]) == ("echo1", "[removed]")


def test_neither_settings_nor_what_is_built_of_them_shows_a_key() -> None:
    given = {
        "sidecar_database_url": f"postgresql://u:{WORD}@127.0.0.1:1/x",
        "supabase_url": "http://127.0.0.1:1",
        "supabase_secret_key": KEY,
        "replicate_api_token": TOKEN,
        "replicate_webhook_secret": f"whsec_{WORD}0123456789",
        "replicate_base_url": "http://127.0.0.1:1",
        "stripe_secret_key": PAID,
        "stripe_webhook_secret": f"whsec_{WORD}987654",
        "stripe_api_base": "http://127.0.0.1:1",
        "sidecar_public_url": "http://127.0.0.1:1",
        "allow_loopback": True,
    }
    settings = Settings(**given)  # type: ignore[arg-type]
    app = build(settings)
    assert len(settings.secrets) == 6
    assert all(HEARD.places(value.encode()) for value in settings.secrets.values())
    shown = [settings, app, app.routes, settings.model_dump(), settings.model_dump_json()]
    shown += [route.endpoint for route in app.routes if hasattr(route, "endpoint")]
    assert HEARD.places(" ".join(f"{one!r} {one}" for one in shown).encode()) == []
