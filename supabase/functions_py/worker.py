"""Takes jobs from the queue, runs a few at a time, reports each, sleeps until woken.

Correctness comes from claiming due jobs again and again; NOTIFY only makes it quick. What a killed
worker had taken comes back when its lease ends.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_py.errors import DatabaseUnavailableError, RefusedError
from functions_py.jobs import failure
from functions_py.log import log, origin
from functions_py.store import Job, Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from functions_py.jobs import Handler
    from functions_py.metrics import Metrics
    from functions_py.reports import Report


@dataclass(frozen=True)
class Pace:
    """How many, how long, how often."""

    concurrency: int = 4
    lease_seconds: int = 90
    idle_seconds: float = 1.5
    sweep_seconds: float = 15.0
    drain_seconds: float = 5.0


class Worker:
    """One sidecar's share of the work; several share a queue."""

    def __init__(
        self,
        worker_id: str,
        store: Store,
        handlers: Mapping[str, Handler],
        metrics: Metrics,
        pace: Pace,
    ) -> None:
        self._id = worker_id
        self._store = store
        self._handlers = handlers
        self._metrics = metrics
        self._pace = pace
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work in the background."""
        for step in (self._claim, self._listen, self._sweep):
            self._loops.append(asyncio.create_task(self._forever(step), name=step.__name__))

    async def stop(self) -> None:
        """Take nothing more, let what runs finish for a while, then drop it to its lease."""
        self._stopping.set()
        self._wake.set()
        # A claim under way first comes to its end: what it took is ours to run.
        await asyncio.wait(self._loops[:1], timeout=2.0)
        if self._running:
            await asyncio.wait(self._running, timeout=self._pace.drain_seconds)
        log.info("worker_stopped", dropped=len(self._running))
        left = [*self._loops, *self._running]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a step; a lost database, or a bug, only makes it slower."""
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await step()
                failures = 0
            except DatabaseUnavailableError as error:
                failures += 1
                if failures == 1:
                    log.warning("database_unavailable", step=step.__name__, reason=str(error))
            except Exception as error:  # the worker outlives its bugs
                failures += 1
                log.error("worker_bug", step=step.__name__, error=origin(error))
            if failures:
                failures = 1 if time.monotonic() - started > 30 else failures
                await self._pause(min(0.2 * 2**failures, 5.0) * random.uniform(0.5, 1))  # noqa: S311

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _listen(self) -> None:
        await self._store.listen(self._wake.set)

    async def _sweep(self) -> None:
        done = await self._store.sweep()
        if any(done.values()):
            log.info("swept", **done)
        await self._pause(self._pace.sweep_seconds)

    async def _claim(self) -> None:
        """Take as many jobs as there is room for; when there are none, sleep."""
        # Cleared before looking: a wake-up that comes while we look is not lost.
        self._wake.clear()
        room = self._pace.concurrency - len(self._running)
        if room <= 0:
            await self._wake.wait()
            return
        jobs = await self._take(room)
        if not jobs:
            # From here on a request sends NOTIFY; one that came just before shows in this claim.
            await self._store.declare_idle(self._id)
            jobs = await self._take(room)
        for job in jobs:
            task = asyncio.create_task(self._run(job))
            self._running.add(task)
            task.add_done_callback(self._finished)
        self._metrics.running.set(len(self._running))
        if not jobs:
            await self._sleep()

    async def _take(self, room: int) -> list[Job]:
        return await self._store.claim_jobs(self._id, room, self._pace.lease_seconds)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._metrics.running.set(len(self._running))
        self._wake.set()

    async def _sleep(self) -> None:
        due = await self._store.next_job_in_ms()
        limit = self._pace.idle_seconds
        # Never quite zero: a due job that another worker holds must not make us spin.
        seconds = limit if due is None else min(max(due / 1000, 0.02), limit)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def _run(self, job: Job) -> None:
        started = time.monotonic()
        try:
            # Over before the lease is, so that two workers never do the same job at once.
            async with asyncio.timeout(self._pace.lease_seconds * 0.8):
                report = await self._handlers[job.kind](job.payload)
        except Exception as error:  # each becomes a report
            report = failure(job, error)
        self._metrics.job_seconds.labels(job.kind).observe(time.monotonic() - started)
        self._metrics.jobs.labels(job.kind, report.name).inc()
        answer = await self._report(job, report, started + self._pace.lease_seconds)
        ids = {"generation_id": job.generation_id, "stripe_id": (job.payload or {}).get("id")}
        shown = {name: str(value) for name, value in ids.items() if value}
        what = {"kind": job.kind, "report": report.name, "slug": report.failure, "answer": answer}
        log.info("job", job_id=job.job_id, **what, **shown)

    async def _report(self, job: Job, report: Report, lease_ends: float) -> str:
        """Record the outcome, again and again while the lease lasts: the call was made for it."""
        pause = 0.1
        while True:
            try:
                return await report.send(self._store, job)
            except DatabaseUnavailableError:
                if time.monotonic() + pause >= lease_ends:
                    return "lost"
            except RefusedError as error:
                self._metrics.reports_refused.labels(str(error)).inc()
                log.error("report_refused", job_id=job.job_id, slug=str(error))
                return str(error)
            except Exception as error:  # the lease ends, the job comes back
                log.error("report_refused", job_id=job.job_id, error=origin(error))
                return "lost"
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
