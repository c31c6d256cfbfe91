"""The one way in for every call of the API: key, version, checks, idempotency, faults."""

from __future__ import annotations

import asyncio
import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from stand_ins.stripe import forms
from stand_ins.stripe.call import Call
from stand_ins.stripe.config import API_VERSION
from stand_ins.stripe.errors import StandInFaultError, StripeError, invalid
from stand_ins.stripe.events import Cause
from stand_ins.stripe.expand import render
from stand_ins.stripe.idempotency import Answer, IdempotencyKeys, key_headers
from stand_ins.stripe.ids import random_text
from stand_ins.stripe.object_check import check_object
from stand_ins.stripe.request_check import find_operation
from stand_ins.stripe.truncated_response import TruncatedResponse

if TYPE_CHECKING:
    from starlette.requests import Request

    from stand_ins.stripe.call import Handler, Routes
    from stand_ins.stripe.request_check import Operation
    from stand_ins.stripe.world import World

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.\w+)?")
# Older versions name things differently (ui_mode, current_period_end), and would be misled here.
_OLDEST = "2026-03-25"


class Api:
    """Answers the calls under /v1 and /v2."""

    def __init__(self, world: World, routes: Routes) -> None:
        self._world = world
        self._routes = routes
        self.keys = IdempotencyKeys()

    async def __call__(self, request: Request) -> Response:
        """Answer one call."""
        request_id = f"req_{random_text(14)}"
        faults = self._world.faults
        has_fault = faults.concerns(request.method, request.url.path)
        try:
            _check_key(request.headers.get("authorization", ""), self._world.config.secret_key)
            if has_fault:
                self._fault_before()
            response = await self._answer(request, request_id, has_fault=has_fault)
        except StripeError as error:
            response = JSONResponse(error.body(), error.status)
        response.headers["request-id"] = request_id
        response.headers["stripe-version"] = request.headers.get("stripe-version", API_VERSION)
        return await self._fault_after(response) if has_fault else response

    def _fault_before(self) -> None:
        if self._world.faults.take("rate_limit_next"):
            message = "Too many requests hit the API too quickly (fault)."
            raise StripeError(429, "invalid_request_error", message, code="rate_limit")
        if self._world.faults.take("error_before_next"):
            raise _api_error()

    async def _fault_after(self, response: Response) -> Response:
        faults = self._world.faults
        if faults.take("gateway_error_after_next"):
            return Response("<html>502 Bad Gateway</html>", 502, media_type="text/html")
        if faults.take("drop_after_next"):
            return TruncatedResponse()
        if faults.take("hang_after_next"):
            await asyncio.sleep(faults.hang_seconds)
        return response

    async def _answer(self, request: Request, request_id: str, *, has_fault: bool) -> Response:
        _check_version(request.headers.get("stripe-version", API_VERSION))
        path = request.url.path
        found = find_operation(request.method, path)
        if found is None:
            message = f"Unrecognized request URL ({request.method}: {path})."
            raise StripeError(404, "invalid_request_error", message)
        operation, ids = found
        given = await _read(request)
        # Keys mean nothing for GET and DELETE.
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        now = self._world.clock.now()
        if key and (earlier := self.keys.claim(key, path, given, now)):
            response = JSONResponse(earlier.body, earlier.status)
            key_headers(response, key, earlier, replayed=True)
            return response
        try:
            call = Call(path, ids, operation.read(given))
            if has_fault and self._world.faults.take("slow_next"):
                await asyncio.sleep(self._world.faults.slow_seconds)
            self._world.events.cause = Cause(request_id, key)
            answer = self._execute(operation, call, request_id, has_fault=has_fault)
        except StripeError as error:
            answer = Answer(error.status, error.body(), request_id)
            if key and not error.stored:
                self.keys.release(key)
                raise
        except BaseException:
            if key:
                self.keys.release(key)
            raise
        finally:
            self._world.events.cause = Cause()
        response = JSONResponse(answer.body, answer.status)
        if key:
            self.keys.keep(key, answer)
            key_headers(response, key, answer, replayed=False)
        return response

    def _execute(
        self, operation: Operation, call: Call, request_id: str, *, has_fault: bool
    ) -> Answer:
        handler: Handler = self._routes[operation.method, operation.path]
        try:
            with self._world.events.at_one_moment():
                made = handler(self._world, call)
            check_answer(made)
        except StandInFaultError as error:
            # Loud, because it is the stand-in that is wrong, and no test should pass over it.
            return Answer(500, StripeError(500, "api_error", str(error)).body(), request_id)
        shown = render(self._world, made, call.params.get("expand", []))
        if has_fault and self._world.faults.take("error_after_next"):
            return Answer(500, _api_error().body(), request_id)
        return Answer(200, shown, request_id)


def check_answer(made: dict[str, Any]) -> None:
    """Judge an answer: an object, or all objects of a list."""
    rows = made["data"] if made.get("object", "list") == "list" else [made]
    for row in rows:
        check_object(row)


async def _read(request: Request) -> dict[str, Any]:
    body = await request.body() if request.method == "POST" else b""
    try:
        text = body.decode() or request.url.query
        return forms.decode(text)
    except ValueError as error:
        raise invalid(f"Invalid request: {error}", stored=False) from error


def _check_key(header: str, expected: str) -> None:
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = b64decode(given).decode().partition(":")[0]
        except (Base64Error, UnicodeDecodeError):
            given = ""
    if not given:
        message = (
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer sk_test_...')."
        )
        raise StripeError(401, "invalid_request_error", message)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        hidden = f"{given[:8]}{'*' * 12}{given[-4:]}" if len(given) > 16 else "*" * 12
        raise StripeError(401, "invalid_request_error", f"Invalid API Key provided: {hidden}")


def _check_version(version: str) -> None:
    if not _VERSION.fullmatch(version):
        raise invalid(f"Invalid Stripe API version: {version}", stored=False)
    if version[:10] < _OLDEST:
        message = f"Local stand-in: speaks API versions since {_OLDEST} only, not {version}."
        raise invalid(message, stored=False)


def _api_error() -> StripeError:
    message = "Sorry! There was an error while talking to Stripe (fault)."
    return StripeError(500, "api_error", message)
