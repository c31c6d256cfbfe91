"""Puts the sidecar together: a few routes and a worker."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from functions_py.config import Settings, is_loopback, load_settings
from functions_py.db import Database, Store, sells_live
from functions_py.download import Downloader
from functions_py.errors import ConfigError
from functions_py.inbox import ReplicateInbox, StripeInbox
from functions_py.jobs import Jobs
from functions_py.log import configure_logging, log, origin
from functions_py.metrics import Metrics
from functions_py.replicate_gateway import ReplicateGateway
from functions_py.storage_gateway import StorageGateway
from functions_py.stripe_gateway import TOTAL_SECONDS, StripeGateway
from functions_py.worker import Pace, Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request

    Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]

_CHECK_SECONDS = 5.0


class Probes:
    """GET /healthz, /readyz and /metrics."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def healthz(self, _request: Request) -> Response:
        """Whether the process answers; the database is not asked."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _request: Request) -> Response:
        """Whether webhooks can be stored and jobs claimed."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                ready = await self._store.value("sidecar_ready") is True
        except Exception as error:  # no database, or no migrations yet
            log.warning("not_ready", error=origin(error))
            ready = False
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def metrics(self, _request: Request) -> Response:
        """Counters, and the queue as the database sees it right now."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                self._metrics.set_queue(await self._store.value("queue_metrics"))
            self._metrics.database_up.set(1)
        except Exception:  # the counters are still worth showing
            self._metrics.database_up.set(0)
        return Response(self._metrics.render(), media_type="text/plain; version=0.0.4")


def create_app(
    store: Store,
    webhook_secrets: Sequence[str],
    metrics: Metrics,
    lifespan: Lifespan | None = None,
    stripe_secrets: Sequence[str] = (),
) -> Starlette:
    """Return the routes on any Store; without a secret of Stripe's there is none for Stripe."""
    inbox = ReplicateInbox(store, webhook_secrets, metrics)
    probes = Probes(store, metrics)
    routes = [
        Route("/webhooks/replicate", inbox.receive, methods=["POST"]),
        Route("/healthz", probes.healthz),
        Route("/readyz", probes.readyz),
        Route("/metrics", probes.metrics),
    ]
    if stripe_secrets:
        events = StripeInbox(store, stripe_secrets, metrics)
        routes.append(Route("/webhooks/stripe", events.receive, methods=["POST"]))
    return Starlette(routes=routes, lifespan=lifespan)


def _stripe(settings: Settings) -> StripeGateway | None:
    if settings.stripe_secret_key is None:
        return None
    # The local stack may talk to the real test mode, which may be behind a proxy.
    host = urlsplit(settings.stripe_api_base).hostname or ""
    return StripeGateway(
        settings.stripe_secret_key.get_secret_value(),
        settings.stripe_api_base,
        livemode=settings.stripe_livemode,
        trust_env=not is_loopback(host),
        total_seconds=min(TOTAL_SECONDS, settings.worker_lease_seconds / 2),
    )


def build(settings: Settings) -> Starlette:
    """Return the whole sidecar: routes, and a worker that lives as long as the server."""
    database = Database(
        settings.sidecar_database_url.get_secret_value(), settings.worker_concurrency + 4
    )
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        trust_env = not settings.allow_loopback
        provider = ReplicateGateway(
            settings.replicate_api_token.get_secret_value(),
            settings.replicate_base_url,
            trust_env=trust_env,
        )
        files = StorageGateway(
            settings.supabase_url,
            settings.supabase_secret_key.get_secret_value(),
            trust_env=trust_env,
        )
        fetcher = Downloader(settings.download_hosts, loopback=settings.allow_loopback)
        stripe = _stripe(settings)
        jobs = Jobs(provider, files, fetcher, settings.sidecar_public_url, stripe)
        pace = Pace(settings.worker_concurrency, settings.worker_lease_seconds)
        worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        worker = Worker(worker_id, database, jobs.handlers, metrics, pace)
        await database.open()
        worker.start()
        log.info("started", worker_id=worker_id)
        yield
        await worker.stop()
        gateways = [gateway for gateway in (provider, files, stripe) if gateway]
        await asyncio.gather(*(one.close() for one in gateways), database.close())

    return create_app(
        database, settings.webhook_secrets, metrics, lifespan, settings.stripe_webhook_secrets
    )


def check_mode(settings: Settings) -> None:
    """Raise ConfigError when the key is of one mode and the database of the other.

    A database that is away decides nothing: the sidecar may start before it, and answers of the
    other mode are refused one by one.
    """
    if settings.stripe_secret_key is None:
        return
    sells = sells_live(settings.sidecar_database_url.get_secret_value())
    if sells is not None and sells != settings.stripe_livemode:
        own, other = ("live", "test") if settings.stripe_livemode else ("test", "live")
        raise ConfigError(
            f"STRIPE_SECRET_KEY: is of {own} mode, and this database of {other} mode"
            " (settings.stripe_livemode says which)"
        )


def run() -> None:
    """Serve until SIGTERM or SIGINT, then drain: at most 2 s for requests, then 7 s for jobs."""
    try:
        settings = load_settings()
        check_mode(settings)
    except ConfigError as error:
        sys.stderr.write(f"The sidecar cannot start:\n{error}\n")
        raise SystemExit(2) from None
    configure_logging(settings.log_level)
    uvicorn.run(
        build(settings),
        host=settings.sidecar_host,
        port=settings.sidecar_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
