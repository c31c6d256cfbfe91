"""How the worker claims, reports, sleeps, wakes, survives and stops."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from functions_py.errors import RefusedError, RejectedError
from functions_py.metrics import Metrics
from functions_py.reports import ProviderJob, Report
from functions_py.worker import Pace, Worker
from tests.support.sidecar.helpers import FakeStore
from tests.support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from functions_py.jobs import Handler


async def done(_payload: dict[str, Any]) -> Report:
    return ProviderJob({"id": "p1"})


@asynccontextmanager
async def working(
    store: FakeStore,
    handler: Handler = done,
    metrics: Metrics | None = None,
    **pace: Any,
) -> AsyncIterator[Worker]:
    handlers = {"poll": handler, "submit": handler}
    settings = {"idle_seconds": 5.0, "drain_seconds": 1.0} | pace
    worker = Worker("w1", store, handlers, metrics or Metrics(), Pace(**settings))
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def asleep(store: FakeStore) -> None:
    """Wait until the worker has nothing more to ask."""
    await eventually_async(lambda: store.calls[-1:] == [("next_job_in_ms", ())])


async def test_queued_jobs_are_run_and_reported_with_their_lease() -> None:
    store = FakeStore()
    ids = [store.add_job("poll") for _ in range(3)]
    people = [job["profile_id"] for job in store.queue]
    leases = [job["lease_token"] for job in store.queue]
    async with working(store):
        await eventually_async(lambda: len(store.reports()) == 3)
    reported = store.asked("report_provider_job")
    assert {values[0] for values in reported} == set(people)
    assert sorted(values[1] for values in reported if isinstance(values[1], int)) == ids
    assert {values[2] for values in reported} == set(leases)
    assert {str(values[3]) for values in reported} == {"{'id': 'p1'}"}


async def test_the_log_names_the_subject_of_each_job_and_nothing_else_of_it() -> None:
    store = FakeStore()
    store.add_job("poll")
    generation_id = str(store.queue[0]["generation_id"])
    payload = {"call": "disputes.retrieve", "id": "du_1", "params": {"email": "ana@example.com"}}
    store.add_job("submit", payload, generation=False)
    with capture_logs() as logged:
        async with working(store):
            await eventually_async(lambda: len(store.reports()) == 2)
    lines = {line["kind"]: line for line in logged if line["event"] == "job"}
    assert lines["poll"]["generation_id"] == generation_id
    assert "stripe_id" not in lines["poll"]
    assert lines["submit"]["stripe_id"] == "du_1"
    assert "generation_id" not in lines["submit"]
    assert "ana@example.com" not in str(logged)


async def test_before_it_sleeps_it_says_so_and_looks_once_more() -> None:
    store = FakeStore()
    async with working(store):
        await asleep(store)
    names = [name for name, _ in store.calls if name not in {"listen", "sweep"}]
    while names[:4] != ["claim_jobs", "declare_idle", "claim_jobs", "next_job_in_ms"]:
        names.pop(0)
    assert store.asked("declare_idle")[0] == ("w1",)


async def test_a_job_that_comes_between_the_two_looks_is_not_missed() -> None:
    class Late(FakeStore):
        async def value(self, function: str, *values: object) -> Any:
            if function == "declare_idle" and not self.reports():
                self.add_job("poll")
            return await super().value(function, *values)

    store = Late()
    async with working(store):
        await eventually_async(lambda: len(store.reports()) >= 1, 1)


async def test_a_notification_wakes_it_at_once() -> None:
    store = FakeStore()
    async with working(store, idle_seconds=30.0):
        await asleep(store)
        store.add_job("poll")
        started = time.monotonic()
        assert store.on_wake
        store.on_wake()
        await eventually_async(lambda: len(store.reports()) == 1)
    assert time.monotonic() - started < 1


async def test_without_a_notification_it_looks_when_the_next_job_is_due() -> None:
    store = FakeStore()
    store.answers["next_job_in_ms"] = 100
    async with working(store, idle_seconds=30.0):
        await asleep(store)
        store.add_job("poll")
        await eventually_async(lambda: len(store.reports()) == 1, 2)


async def test_without_anything_it_looks_again_after_a_while() -> None:
    store = FakeStore()
    async with working(store, idle_seconds=0.2):
        await asleep(store)
        store.add_job("poll")
        await eventually_async(lambda: len(store.reports()) == 1, 2)


async def test_a_due_job_that_others_hold_does_not_make_it_spin() -> None:
    store = FakeStore()
    store.answers["next_job_in_ms"] = 0
    async with working(store):
        await asyncio.sleep(0.5)
    assert len(store.asked("claim_jobs")) < 80


async def test_no_more_run_at_once_than_allowed_and_none_is_claimed_for_nothing() -> None:
    store = FakeStore()
    for _ in range(7):
        store.add_job("poll")
    running = most = 0

    async def slow(_payload: dict[str, Any]) -> Report:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return ProviderJob({})

    async with working(store, slow, concurrency=3):
        await eventually_async(lambda: len(store.reports()) == 7)
    assert most == 3
    assert all(int(str(values[1])) <= 3 for values in store.asked("claim_jobs"))


async def test_an_error_of_a_job_is_reported_and_the_next_one_runs() -> None:
    store = FakeStore()
    errors: list[Exception] = [RejectedError("output_gone", "HTTP 404"), ZeroDivisionError()]
    for _ in range(3):
        store.add_job("poll")

    async def fail(_payload: dict[str, Any]) -> Report:
        if errors:
            raise errors.pop(0)
        return ProviderJob({})

    async with working(store, fail, concurrency=1):
        await eventually_async(lambda: len(store.reports()) == 3)
    first, second, third = store.reports()
    assert first == ("report_job_failed", ("output_gone", "HTTP 404", True))
    assert second[1][0] == "internal_error"
    assert third[0] == "report_provider_job"


async def test_a_kind_it_does_not_know_is_reported_too() -> None:
    store = FakeStore()
    store.add_job("dance")
    async with working(store):
        await eventually_async(lambda: len(store.reports()) == 1)
    assert store.reports()[0][1][0] == "internal_error"


async def test_a_job_ends_before_its_lease() -> None:
    store = FakeStore()
    store.add_job("submit")

    async def forever(_payload: dict[str, Any]) -> Report:
        await asyncio.sleep(60)
        raise AssertionError

    started = time.monotonic()
    async with working(store, forever, lease_seconds=1):
        await eventually_async(lambda: len(store.reports()) == 1)
    assert time.monotonic() - started < 1
    assert store.reports() == [("report_submit_unknown", ("timeout",))]


async def test_a_report_is_repeated_until_the_database_is_back() -> None:
    store = FakeStore()
    store.outages["report_provider_job"] = 3
    store.add_job("poll")
    async with working(store):
        await eventually_async(lambda: len(store.asked("report_provider_job")) == 4)
    assert len({values[0] for values in store.asked("report_provider_job")}) == 1


async def test_a_report_that_is_stale_or_refused_is_not_repeated() -> None:
    store = FakeStore()
    store.answers["report_provider_job"] = "stale"
    store.add_job("poll")
    async with working(store):
        await eventually_async(lambda: len(store.reports()) == 1)
        store.answers["report_provider_job"] = RuntimeError("hush")
        store.add_job("poll")
        assert store.on_wake
        store.on_wake()
        await eventually_async(lambda: len(store.reports()) == 2)
        await asyncio.sleep(0.3)
    assert len(store.reports()) == 2


async def test_a_report_that_a_rule_refuses_is_counted_by_its_slug() -> None:
    store, metrics = FakeStore(), Metrics()
    store.answers["report_provider_job"] = RefusedError("job_of_another_person")
    store.add_job("poll")
    with capture_logs() as logged:
        async with working(store, metrics=metrics):
            await eventually_async(lambda: len(store.reports()) == 1)
    (answer,) = [line["answer"] for line in logged if line["event"] == "job"]
    assert answer == "job_of_another_person"
    counted = b'thumbsmith_reports_refused_total{slug="job_of_another_person"} 1.0'
    assert counted in metrics.render()


@pytest.mark.parametrize("function", ["claim_jobs", "declare_idle", "next_job_in_ms"])
async def test_it_survives_a_database_that_is_away_for_a_moment(function: str) -> None:
    store = FakeStore()
    store.outages[function] = 2
    async with working(store):
        await asleep(store)
        store.add_job("poll")
        assert store.on_wake
        store.on_wake()
        await eventually_async(lambda: len(store.reports()) == 1)


async def test_it_survives_its_own_bugs() -> None:
    store = FakeStore()
    store.answers["next_job_in_ms"] = RuntimeError("hush")
    async with working(store):
        await eventually_async(lambda: len(store.asked("next_job_in_ms")) >= 2)
        store.add_job("poll")
        await eventually_async(lambda: len(store.reports()) == 1)


async def test_a_lost_listener_connects_again_and_looks_at_once() -> None:
    store = FakeStore()
    async with working(store, idle_seconds=30.0):
        await asleep(store)
        store.add_job("poll")
        store.cut_connection()
        await eventually_async(lambda: store.listeners == 2)
        await eventually_async(lambda: len(store.reports()) == 1)


async def test_it_sweeps_at_once_and_again() -> None:
    store = FakeStore()
    store.answers["sweep"] = {"expired": 1}
    async with working(store, sweep_seconds=0.1):
        await eventually_async(lambda: len(store.asked("sweep")) >= 3)


async def test_when_stopped_it_finishes_what_runs_and_takes_nothing_more() -> None:
    store = FakeStore()
    store.add_job("poll")
    begun = asyncio.Event()

    async def slow(_payload: dict[str, Any]) -> Report:
        begun.set()
        await asyncio.sleep(0.3)
        return ProviderJob({})

    async with working(store, slow, concurrency=1) as worker:
        await begun.wait()
        store.add_job("poll")
        await worker.stop()
        assert len(store.reports()) == 1
        assert len(store.queue) == 1


async def test_what_takes_too_long_when_stopped_is_left_to_its_lease() -> None:
    store = FakeStore()
    store.add_job("poll")
    begun = asyncio.Event()

    async def forever(_payload: dict[str, Any]) -> Report:
        begun.set()
        await asyncio.sleep(60)
        raise AssertionError

    async with working(store, forever, drain_seconds=0.2) as worker:
        await begun.wait()
        started = time.monotonic()
        await worker.stop()
        assert time.monotonic() - started < 1
    assert store.reports() == []
