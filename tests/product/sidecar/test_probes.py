"""Readiness and metrics: within a second, and red when the password opens no new connection."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from functions_py import probes
from functions_py.app import create_app
from functions_py.db import Database as Pool
from functions_py.metrics import Metrics
from local_stack.postgres import ADMIN
from tests.support.database import Database
from tests.support.sidecar import helpers
from tests.support.sidecar.helpers import FakeStore, serving
from thumbsmith.project.addresses import with_role

WITHIN_SECONDS = 1.0


class Slow(FakeStore):
    """A database that takes its time for one function."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self.slow = function

    async def value(self, function: str, *values: object) -> Any:
        if function == self.slow:
            await asyncio.sleep(5)
        return await super().value(function, *values)


class Counting(FakeStore):
    """A database that counts the new connections it is asked for."""

    def __init__(self, *, answer: bool = True, seconds: float = 0.02) -> None:
        super().__init__()
        self.asks = 0
        self.answer = answer
        self.seconds = seconds

    async def can_connect(self) -> bool:
        self.asks += 1
        answer = self.answer
        await asyncio.sleep(self.seconds)
        return answer


@asynccontextmanager
async def asked(store: FakeStore) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the routes to a client in this process."""
    transport = httpx.ASGITransport(app=create_app(store, [helpers.SECRET], Metrics()))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
        yield http


def get(url: str, path: str) -> tuple[int, float]:
    began = time.monotonic()
    answer = httpx.get(url + path, trust_env=False, timeout=10)
    return answer.status_code, time.monotonic() - began


@pytest.mark.parametrize(
    ("function", "path", "status"),
    [("sidecar_ready", "/readyz", 503), ("can_connect", "/readyz", 503),
     ("queue_metrics", "/metrics", 200)],
)  # fmt: skip
def test_a_slow_database_does_not_slow_a_probe(function: str, path: str, status: int) -> None:
    with serving(create_app(Slow(function), [helpers.SECRET], Metrics())) as url:
        for _ in range(2):
            found, seconds = get(url, path)
            assert found == status
            assert seconds < WITHIN_SECONDS
        # Positive control: what is not slow is as it should be.
        assert get(url, "/healthz")[0] == 200
    with serving(create_app(FakeStore(), [helpers.SECRET], Metrics())) as url:
        assert get(url, "/readyz")[0] == 200


async def test_probes_that_overlap_share_one_answer() -> None:
    store = Counting()
    async with asked(store) as http:
        answers = await asyncio.gather(*(http.get("/readyz") for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert store.asks == 1


async def test_a_red_probe_opens_no_connection_each_time() -> None:
    store = Counting(answer=False)
    async with asked(store) as http:
        for _ in range(5):
            assert (await http.get("/readyz")).status_code == 503
        assert store.asks == 1
    # Positive control: a green one asks as rarely.
    store = Counting()
    async with asked(store) as http:
        for _ in range(5):
            assert (await http.get("/readyz")).status_code == 200
        assert store.asks == 1


async def test_an_answer_that_came_late_is_not_given_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "_ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(probes, "_CONNECT_EVERY_SECONDS", 0.0)
    store = Counting(answer=False, seconds=0.1)
    async with asked(store) as http:
        assert (await http.get("/readyz")).status_code == 503
        await asyncio.sleep(0.15)
        # The answer that came meanwhile was a no; now it is a yes.
        store.answer, store.seconds = True, 0.0
        assert (await http.get("/readyz")).status_code == 200


@pytest.fixture
def role(db: Database) -> Iterator[str]:
    """Make a role of the sidecar's with a password of its own."""
    name = f"sidecar_{uuid.uuid4().hex[:8]}"
    db.rows(
        f"create role {name} login password 'first-word' in role thumbsmith_sidecar", role=ADMIN
    )
    try:
        yield name
    finally:
        db.rows(f"drop role {name}", role=ADMIN)


async def test_it_turns_red_when_the_password_opens_no_new_connection(
    db: Database, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "_CONNECT_EVERY_SECONDS", 0.0)
    pool = Pool(with_role(db.url, role, "first-word"), 2)
    await pool.open()
    app = create_app(pool, [helpers.SECRET], Metrics())
    transport = httpx.ASGITransport(app=app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
            assert (await http.get("/readyz")).status_code == 200
            db.rows(f"alter role {role} password 'second-word'", role=ADMIN)
            # The pool's own connections go on working.
            assert await pool.sidecar_ready() is True
            assert (await http.get("/readyz")).status_code == 503
            db.rows(f"alter role {role} password 'first-word'", role=ADMIN)
            assert (await http.get("/readyz")).status_code == 200
    finally:
        await pool.close()
