"""Stripe through its SDK: the database says which call to make, this makes it.

The SDK is given a transport of ours, since its own reads no proxy settings from a choice, warns on
every call and turns a header of Stripe's into a warning. It repeats what got no answer, with the
same idempotency key and inside our time limit; all other patience is the database's.
"""

from __future__ import annotations

import asyncio
import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import httpx
import stripe
from stripe import _util as stripe_util

from functions_py.errors import RejectedError, SidecarError, TransientError
from functions_py.log import origin
from functions_py.payloads import cleaned, headers_without, without

if TYPE_CHECKING:
    from collections.abc import Mapping

TOTAL_SECONDS = 25.0
_TRY_SECONDS = 10.0
_RETRIES = 2
_UNREACHABLE = "stripe_unreachable"
_REFUSED = "stripe_refused"
# Each is a method of the SDK's client; what is not listed cannot be called.
_CREATED = ("customers", "checkout.sessions", "billing_portal.sessions")
_CREATES = frozenset(f"{name}.create" for name in _CREATED)
_RESOURCES = ("checkout.sessions", "invoices", "subscriptions", "refunds", "disputes")
_RETRIEVES = frozenset(f"{name}.retrieve" for name in _RESOURCES)
# Done twice they do no harm, so they need no key.
_ENDS = frozenset({"checkout.sessions.expire", "customers.delete"})
_LISTS = frozenset(f"{name}.list" for name in (*_RESOURCES, "invoice_payments", "events"))
_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
# What a code or the name of a parameter looks like. Nothing else of an answer goes into a detail.
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")
# Another time the answer may be another; a key that does not work can be mended by an operator.
_PASSING = frozenset({401, 403, 408, 409, 424, 429})


class _Transport(stripe.HTTPClient):
    """One request over httpx; the SDK decides whether to repeat it."""

    name = "httpx"

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        super().__init__()
        self._http = http
        self._key = key

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send the request. Raises APIConnectionError with nothing but the kind of the error."""
        try:
            answer = await self._http.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            lost = stripe.APIConnectionError(type(error).__name__, should_retry=True)  # type: ignore[no-untyped-call]
            raise lost from None
        # The SDK would show it as a Python warning.
        headers = headers_without(answer.headers, self._key)
        headers.pop("stripe-notice", None)
        return without(answer.content, self._key), answer.status_code, headers

    async def sleep_async(self, secs: float) -> None:
        """Wait between two tries."""
        await asyncio.sleep(secs)


class StripeGateway:
    """Makes the calls of the database's Stripe jobs."""

    def __init__(
        self,
        key: str,
        base_url: str,
        *,
        livemode: bool,
        trust_env: bool = True,
        total_seconds: float = TOTAL_SECONDS,
        try_seconds: float = _TRY_SECONDS,
    ) -> None:
        # Switches of the whole SDK, off for the whole process. Telemetry tells Stripe about the
        # machine and leaves a file on it; STRIPE_LOG=debug would print people's addresses.
        stripe.enable_telemetry = False
        stripe.log = stripe_util.STRIPE_LOG = None
        self._livemode = livemode
        self._total_seconds = total_seconds
        timeout = httpx.Timeout(try_seconds, connect=min(5.0, try_seconds))
        self._http = httpx.AsyncClient(timeout=timeout, trust_env=trust_env)
        self._v1 = stripe.StripeClient(
            key,
            base_addresses={"api": base_url.rstrip("/")},
            max_network_retries=_RETRIES,
            http_client=_Transport(self._http, key),
        ).v1

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Make the call that a payload names and return the answer as plain JSON.

        Raises RejectedError when the same call would be refused again, else TransientError.
        """
        name, arguments = _checked(payload)
        method = attrgetter(f"{name}_async")(self._v1)
        try:
            async with asyncio.timeout(self._total_seconds):
                answer = _json(await method(*arguments))
                if name == "invoices.retrieve":
                    await self._complete(answer["lines"], answer["id"])
            modes = {one.get("livemode", self._livemode) for one in _objects(answer)}
        except stripe.StripeError as error:
            raise _problem(error) from None
        except Exception as error:  # out of time, or an answer that the SDK cannot read
            raise TransientError(_UNREACHABLE, origin(error)) from None
        if modes - {self._livemode}:
            raise RejectedError(_REFUSED, "livemode")
        return cleaned(answer)

    async def _complete(self, lines: dict[str, Any], invoice_id: str) -> None:
        """Fetch all lines: an invoice shows only the first few, and each may be worth credits."""
        if lines["has_more"]:
            page = await self._v1.invoices.line_items.list_async(invoice_id, {"limit": 100})
            lines |= _json(page)
            while page.has_more:
                page = await page.next_page_async()
                lines["data"] += _json(page)["data"]
            lines["has_more"] = False


def _checked(payload: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the name of a call that is allowed, and its arguments."""
    name, object_id, key = (payload.get(part) for part in ("call", "id", "idempotency_key"))
    params = payload.get("params") or {}
    if name in _LISTS:
        return name, [params]
    if name in _RETRIEVES | _ENDS:
        # An empty id would read a list, and dots another address.
        if not isinstance(object_id, str) or not _ID.fullmatch(object_id):
            raise RejectedError("stripe_missing", "id")
        return name, [object_id, params]
    # Without a key of ours the SDK makes up a new one each time, and a repeat would do it twice.
    if name in _CREATES and key:
        return name, [params, {"idempotency_key": key}]
    raise RejectedError("internal_error", "idempotency_key" if name in _CREATES else "call")


def _json(answer: Any) -> dict[str, Any]:
    """Return what Stripe sent: the SDK's objects are no dicts, and to_dict() changes decimals."""
    sent: dict[str, Any] = answer.last_response.data
    return sent


def _objects(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of an answer. Raises TypeError or KeyError for what is none."""
    if not isinstance(answer["object"], str):
        raise TypeError("not an object")
    return answer["data"] if answer["object"] == "list" else [answer]


def _problem(error: stripe.StripeError) -> SidecarError:
    """Say what an error means, in Stripe's codes but never in its words: those hold addresses."""
    if isinstance(error, stripe.APIConnectionError):
        return TransientError(_UNREACHABLE, str(error.user_message))
    status = error.http_status or 0
    said = error.json_body.get("error") if isinstance(error.json_body, dict) else None
    is_passing = status in _PASSING or isinstance(error, stripe.RateLimitError)
    # A refusal without Stripe's own body is somebody's on the way.
    if is_passing or not 400 <= status < 500 or not isinstance(said, dict):
        return TransientError(_UNREACHABLE, f"HTTP {status}")
    code = said.get("code") or said.get("type")
    words = (str(word or "") for word in (code, said.get("param")))
    is_missing = status == 404 or code == "resource_missing"
    return RejectedError(
        "stripe_missing" if is_missing else _REFUSED, " ".join(filter(_NAME.fullmatch, words))
    )
