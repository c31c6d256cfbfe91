"""The routes of the cloud, put together."""

from __future__ import annotations

import asyncio
import hmac
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from stand_ins.replicate import models
from stand_ins.replicate.cog_client import CogClient
from stand_ins.replicate.create import Creation
from stand_ins.replicate.faults import Faults
from stand_ins.replicate.lifecycle import Lifecycle
from stand_ins.replicate.replies import not_found, problem, unauthenticated
from stand_ins.replicate.state import State
from stand_ins.replicate.uploads import Uploads
from stand_ins.replicate.webhooks import WebhookSender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from stand_ins.replicate.config import StandInConfig

    Handler = Callable[[Request], Awaitable[Response]]

_REMEMBERED = 50
_PIECES = 40


class StandIn:
    """Everything the routes share."""

    def __init__(self, config: StandInConfig) -> None:
        self.config = config
        # Environment proxies must not see loopback traffic.
        self.http = httpx.AsyncClient(timeout=30, trust_env=False)
        self.faults = Faults()
        self.state = State(config.self_url)
        self.cog = CogClient(self.http, config.cog_url, config.self_url)
        sender = WebhookSender(self.http, config.webhook_secret, self.faults)
        self.life = Lifecycle(self.state, self.cog, sender, self.faults, config.output_seconds)
        self.download_headers: list[dict[str, str]] = []

    async def get(self, request: Request) -> Response:
        """GET /v1/predictions/{id}."""
        if self.faults.take("unavailable_get_next"):
            return problem(503, "Service unavailable", "Try again later (fault)")
        found = self.state.predictions.get(request.path_params["id"])
        shown = found and found.shown(self.faults.clock_ahead_seconds)
        return JSONResponse(shown) if shown else not_found()

    async def cancel(self, request: Request) -> Response:
        """POST /v1/predictions/{id}/cancel."""
        found = self.state.predictions.get(request.path_params["id"])
        if found is None:
            return not_found()
        await self.life.cancel(found)
        return JSONResponse(found.body)

    async def listing(self, request: Request) -> Response:
        """GET /v1/predictions."""
        cursor = request.query_params.get("cursor", "0")
        page, following = self.state.page(int(cursor) if cursor.isdigit() else 0)
        address = f"{self.config.self_url}/v1/predictions?cursor={following}"
        following_url = None if following is None else address
        return JSONResponse({"next": following_url, "previous": None, "results": page})

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{owner}/{name}."""
        found = models.find("{owner}/{name}".format(**request.path_params))
        return JSONResponse(models.describe(found)) if found else not_found()

    async def version(self, request: Request) -> Response:
        """GET /v1/models/{owner}/{name}/versions/{id}."""
        found = models.find("{owner}/{name}:{id}".format(**request.path_params))
        return JSONResponse(models.describe_version(found)) if found else not_found()

    async def webhook_secret(self, _request: Request) -> Response:
        """GET /v1/webhooks/default/secret."""
        return JSONResponse({"key": self.config.webhook_secret})

    async def delivery(self, request: Request) -> Response:
        """Serve outputs and uploads to whoever has the address, until they expire."""
        self.download_headers = [*self.download_headers, dict(request.headers)][-_REMEMBERED:]
        found = self.state.file(request.path_params["id"], self.faults.clock_ahead_seconds)
        if found is None:
            return Response("Not found", 404)
        if seconds := self.faults.drip_seconds:
            pieces = _dripping(found.data, seconds)
            length = {"content-length": str(len(found.data))}
            return StreamingResponse(pieces, headers=length, media_type=found.content_type)
        return Response(found.data, media_type=found.content_type)

    async def from_cog(self, request: Request) -> Response:
        """Take a report of cog's."""
        found = self.state.predictions.get(request.path_params["id"])
        if found:
            self.life.report(found, await request.json())
        return Response(status_code=200 if found else 404)

    async def healthz(self, _request: Request) -> Response:
        """Answer 200 once a prediction could run."""
        ready = await self.cog.is_ready()
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def switch_faults(self, request: Request) -> Response:
        """GET and POST /_faults: see and set what goes wrong, and what was seen."""
        if request.method == "POST":
            try:
                wanted = await request.json()
                self.faults.change(wanted if isinstance(wanted, dict) else {"": wanted})
            except ValueError as error:
                return problem(422, "Invalid faults", str(error))
        return JSONResponse(
            {
                "faults": self.faults.as_dict(),
                "predictions": len(self.state.predictions),
                "download_headers": self.download_headers,
            }
        )


def create_app(config: StandInConfig) -> Starlette:
    """Return the stand-in as an ASGI application."""
    stand_in = StandIn(config)
    creation = Creation(stand_in.state, stand_in.life, stand_in.faults)
    uploads = Uploads(stand_in.state)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await stand_in.life.close()
        await stand_in.http.aclose()

    def api(method: str, path: str, handler: Handler) -> Route:
        guarded = _authenticated(handler, config.api_token)
        return Route(f"/v1{path}", _reachable(guarded, stand_in.faults), methods=[method])

    routes = [
        api("POST", "/predictions", creation.by_version),
        api("GET", "/predictions", stand_in.listing),
        api("GET", "/predictions/{id}", stand_in.get),
        api("POST", "/predictions/{id}/cancel", stand_in.cancel),
        api("GET", "/models/{owner}/{name}", stand_in.model),
        api("GET", "/models/{owner}/{name}/versions/{id}", stand_in.version),
        api("POST", "/models/{owner}/{name}/predictions", creation.by_model),
        api("GET", "/webhooks/default/secret", stand_in.webhook_secret),
        api("POST", "/files", uploads.create),
        api("GET", "/files", uploads.listing),
        api("GET", "/files/{id}", uploads.get),
        api("DELETE", "/files/{id}", uploads.delete),
        Route("/delivery/{id}/{name}", _reachable(stand_in.delivery, stand_in.faults)),
        Route("/healthz", stand_in.healthz),
        Route("/_faults", stand_in.switch_faults, methods=["GET", "POST"]),
        Route("/_cog/{id}", stand_in.from_cog, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def _authenticated(handler: Handler, token: str) -> Handler:
    expected = f"Bearer {token}".encode()

    async def guarded(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            return unauthenticated()
        return await handler(request)

    return guarded


def _reachable(handler: Handler, faults: Faults) -> Handler:
    async def guarded(request: Request) -> Response:
        if faults.down:
            return problem(503, "Service unavailable", "Down (fault)")
        return await handler(request)

    return guarded


async def _dripping(data: bytes, seconds: float) -> AsyncIterator[bytes]:
    size = len(data) // _PIECES + 1
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(seconds / _PIECES)
