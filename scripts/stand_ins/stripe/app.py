"""The stand-in, put together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stand_ins.stripe.api import Api
from stand_ins.stripe.control import Control
from stand_ins.stripe.demo_pages import DemoPages
from stand_ins.stripe.minimal import smallest
from stand_ins.stripe.object_check import problems_of
from stand_ins.stripe.pages import Pages
from stand_ins.stripe.request_check import find_operation
from stand_ins.stripe.resources import (
    account,
    catalog,
    customers,
    event_log,
    invoices,
    payments,
    sessions,
    subscriptions,
)
from stand_ins.stripe.resources.endpoints import Endpoints
from stand_ins.stripe.snapshot import Snapshot
from stand_ins.stripe.webhook_sender import WebhookSender
from stand_ins.stripe.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from stand_ins.stripe.call import Routes
    from stand_ins.stripe.config import StandInConfig

_FAMILIES = (
    *(account, catalog, customers, event_log),
    *(invoices, payments, sessions, subscriptions),
)


def api_routes(sender: WebhookSender) -> Routes:
    """Return the handler of every operation."""
    routes: Routes = {}
    for family in _FAMILIES:
        routes |= family.ROUTES
    return routes | Endpoints(sender).routes()


def create_app(config: StandInConfig) -> Starlette:
    """Return the stand-in as an ASGI application."""
    world = World(config)
    # Environment proxies must not see loopback traffic.
    http = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=64))
    sender = WebhookSender(http, config, world.faults)
    world.events.listeners.append(sender.announce)
    api = Api(world, api_routes(sender))
    kept = Snapshot(config.state_file, world, api.keys, sender) if config.state_file else None
    if kept is not None:
        kept.load()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # Reading the specification takes a moment: do it before anybody waits for an answer.
        find_operation("GET", "/v1/customers")
        problems_of(smallest("customer"))
        if kept is not None:
            kept.start()
        yield
        await sender.close()
        if kept is not None:
            await kept.close()
        await http.aclose()

    methods = ["GET", "POST", "DELETE"]

    async def answer(request: Request) -> Response:
        return await api(request)

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"ready": True})

    return Starlette(
        routes=[
            Route("/v1/{path:path}", answer, methods=methods),
            Route("/v2/{path:path}", answer, methods=methods),
            Route("/healthz", healthz),
            *Control(world, sender).routes(),
            *Pages(world).routes(),
            *DemoPages(world).routes(),
        ],
        lifespan=lifespan,
    )
