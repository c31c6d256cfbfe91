"""The sidecar's database calls on the real, migrated database, as the sidecar's own role."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from functions_py.db import Database as Pool
from functions_py.errors import DatabaseUnavailableError
from tests.support.database import request, sign_up
from tests.support.sidecar.connections import cut_connections, url_of
from tests.support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.database import Database


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Pool]:
    pool = Pool(url, 4)
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


async def test_a_request_is_claimed_and_reported(db: Database) -> None:
    generation = request(db, sign_up(db))
    async with connected(url_of(db)) as pool:
        assert await pool.value("sidecar_ready") is True
        (job,) = await pool.rows("claim_jobs", "w1", 5, 30)
        assert (job["kind"], job["generation_id"]) == ("submit", generation["id"])
        assert job["payload"]["model"] == "google/nano-banana-2"
        held = (job["profile_id"], job["job_id"], job["lease_token"])
        assert (
            await pool.value("report_submitted", *held, {"id": "p1", "status": "starting"}) == "ok"
        )
        assert await pool.value("report_submitted", *held, {"id": "p1"}) == "stale"
        assert (await pool.value("queue_metrics"))["jobs_dead"] == 0
        assert await pool.value("next_job_in_ms") > 0
        assert "expired" in await pool.value("sweep")


async def test_every_report_that_the_sidecar_makes_has_its_function(db: Database) -> None:
    nobody = (uuid.uuid4(), 1, uuid.uuid4())
    reports: list[tuple[str, tuple[object, ...]]] = [
        ("submitted", ({"id": "p1"},)),
        ("submit_refused", (429, "slowly", 3)),
        ("submit_refused", (422, "no", None)),
        ("submit_unknown", ("timeout",)),
        ("provider_job", ({"id": "p1", "status": "aborted"},)),
        ("stored", ({"object_path": "a/b.png", "bytes": 3},)),
        ("job_failed", ("output_gone", "HTTP 404", True)),
    ]
    async with connected(url_of(db)) as pool:
        for name, values in reports:
            assert await pool.value(f"report_{name}", *nobody, *values) == "stale"
        with pytest.raises(psycopg.errors.UndefinedFunction):
            await pool.value("record_nothing", *nobody)


async def test_a_webhook_is_stored_once(db: Database) -> None:
    webhook = ("msg_1", uuid.uuid4(), uuid.uuid4(), {"id": "p1", "status": "succeeded"})
    async with connected(url_of(db)) as pool:
        assert await pool.value("report_provider_webhook", *webhook) == "stored"
        assert await pool.value("report_provider_webhook", *webhook) == "duplicate"


async def test_tables_are_out_of_its_reach(db: Database) -> None:
    with (
        psycopg.connect(url_of(db)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from private.jobs")


async def test_a_request_wakes_a_worker_that_said_it_is_idle_and_no_other(db: Database) -> None:
    user = sign_up(db)
    woken: list[bool] = []
    async with connected(url_of(db)) as pool:
        listening = asyncio.create_task(pool.listen(lambda: woken.append(True)))
        await eventually_async(lambda: len(woken) == 1)
        await asyncio.to_thread(request, db, user)
        await pool.rows("claim_jobs", "w1", 5, 30)
        await pool.value("declare_idle", "w1")
        assert len(woken) == 1
        await asyncio.to_thread(request, db, user)
        await eventually_async(lambda: len(woken) == 2)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening


async def test_a_cut_connection_is_told_to_the_listener_and_mended_in_the_pool(
    db: Database,
) -> None:
    woken: list[bool] = []
    async with connected(url_of(db)) as pool:
        assert await pool.value("sidecar_ready") is True
        listening = asyncio.create_task(pool.listen(lambda: woken.append(True)))
        await eventually_async(lambda: len(woken) == 1)
        await asyncio.to_thread(cut_connections, db)
        with pytest.raises(DatabaseUnavailableError):
            await listening
        assert await pool.value("sidecar_ready") is True


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    async with connected("postgresql://x:hush@127.0.0.1:1/x") as pool:
        with pytest.raises(DatabaseUnavailableError):
            await asyncio.wait_for(pool.value("sidecar_ready"), 8)
        with pytest.raises(DatabaseUnavailableError, match="refused") as lost:
            await pool.listen(lambda: None)
        assert "hush" not in str(lost.value)
