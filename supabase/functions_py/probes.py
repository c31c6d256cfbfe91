"""GET /healthz, /readyz and /metrics: answered within a second, whatever the database does."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from starlette.responses import JSONResponse, Response

from functions_py.log import log, origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from functions_py.metrics import Metrics
    from functions_py.store import Store

_ANSWER_SECONDS = 0.8
_CONNECT_EVERY_SECONDS = 5.0
_Answer = TypeVar("_Answer")


class _Question(Generic[_Answer]):
    """A question to the database that is waited for shortly, and asked once at a time.

    Probes that overlap share one answer. It is not canceled when it is late: canceling a statement
    waits for the database as well.
    """

    def __init__(self, ask: Callable[[], Awaitable[_Answer]]) -> None:
        self._ask = ask
        self._task: asyncio.Task[_Answer] | None = None

    async def answer(self) -> _Answer:
        """Return the answer. Raises TimeoutError when it is late, or what asking raised."""
        task = self._task
        # An answer that came after everybody left is old by now.
        if task is None or task.done():
            task = self._task = asyncio.ensure_future(self._asked())
            task.add_done_callback(_retrieve)
        done, _ = await asyncio.wait({task}, timeout=_ANSWER_SECONDS)
        if not done:
            raise TimeoutError
        return task.result()

    async def _asked(self) -> _Answer:
        return await self._ask()


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Take the exception that nobody may be waiting for: asyncio would log it as forgotten."""
    if not task.cancelled():
        task.exception()


class Probes:
    """The routes of the operator."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._metrics = metrics
        self._ready = _Question(store.sidecar_ready)
        self._queue: _Question[dict[str, Any]] = _Question(store.queue_metrics)
        self._connect = _Question(store.can_connect)
        self._could_connect = False
        self._asked_at: float | None = None

    async def healthz(self, _request: Request) -> Response:
        """Return whether the process answers; the database is not asked."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _request: Request) -> Response:
        """Return whether webhooks can be stored, jobs claimed, and connections opened."""
        try:
            is_ready, can_connect = await asyncio.gather(self._ready.answer(), self._can_connect())
        except Exception as error:  # no database, or no migrations yet
            log.warning("not_ready", error=origin(error))
            is_ready = can_connect = False
        if is_ready and not can_connect:
            # Those that are open go on working until they are lost.
            log.error("connection_refused", detail="the role's password opens no new connection")
        ready = is_ready and can_connect
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def metrics(self, _request: Request) -> Response:
        """Return counters, and the queue as the database sees it right now."""
        try:
            self._metrics.set_queue(await self._queue.answer())
            self._metrics.database_up.set(1)
        except Exception:  # the counters are still worth showing
            self._metrics.database_up.set(0)
        return Response(self._metrics.render(), media_type="text/plain; version=0.0.4")

    async def _can_connect(self) -> bool:
        """Ask at most every few seconds: a connection is dear, and a probe comes often."""
        now = time.monotonic()
        if self._asked_at is None or now - self._asked_at >= _CONNECT_EVERY_SECONDS:
            self._could_connect = await self._connect.answer()
            self._asked_at = now
        return self._could_connect
