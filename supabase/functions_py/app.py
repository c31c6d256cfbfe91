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
from starlette.routing import Route

from functions_py import start_checks
from functions_py.config import Settings, is_loopback, load_settings
from functions_py.db import Database
from functions_py.download import Downloader
from functions_py.errors import ConfigError
from functions_py.inbox import Inbox, ReplicateInbox, StripeInbox
from functions_py.jobs import Jobs
from functions_py.log import configure_logging, log
from functions_py.metrics import Metrics
from functions_py.probes import Probes
from functions_py.replicate_gateway import ReplicateGateway
from functions_py.store import Store
from functions_py.stripe_gateway import TOTAL_SECONDS, StripeGateway
from functions_py.supabase_gateway import SupabaseGateway
from functions_py.worker import Pace, Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(
    store: Store,
    webhook_secrets: Sequence[str],
    metrics: Metrics,
    lifespan: Lifespan | None = None,
    stripe_secrets: Sequence[str] = (),
) -> Starlette:
    """Return the routes on any Store; the Stripe route exists only with a Stripe secret."""
    inbox = ReplicateInbox(store, webhook_secrets, metrics)
    probes = Probes(store, metrics)
    routes = [
        *_webhook("/webhooks/replicate", inbox),
        Route("/healthz", probes.healthz),
        Route("/readyz", probes.readyz),
        Route("/metrics", probes.metrics),
    ]
    if stripe_secrets:
        events = StripeInbox(store, stripe_secrets, metrics)
        routes += _webhook("/webhooks/stripe", events)
    return Starlette(routes=routes, lifespan=lifespan)


def _webhook(path: str, inbox: Inbox) -> list[Route]:
    # With a slash at its end too: a provider takes a redirect for a failure.
    return [Route(one, inbox.receive, methods=["POST"]) for one in (path, f"{path}/")]


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
        files = SupabaseGateway(
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


def run() -> None:
    """Serve until SIGTERM or SIGINT, then drain: at most 2 s for requests, then 7 s for jobs."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        start_checks.check(settings)
    except ConfigError as error:
        sys.stderr.write(f"The sidecar cannot start:\n{error}\n")
        raise SystemExit(2) from None
    uvicorn.run(
        build(settings),
        host=settings.sidecar_host,
        port=settings.sidecar_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
