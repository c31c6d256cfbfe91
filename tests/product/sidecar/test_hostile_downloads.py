"""Hostile downloads through the whole job: none is stored, and the report says why."""

from __future__ import annotations

import asyncio
import resource
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest

from functions_py.config import LOOPBACK_NAMES
from functions_py.download import Downloader, Limits
from functions_py.jobs import Jobs
from functions_py.metrics import Metrics
from functions_py.replicate_gateway import ReplicateGateway
from functions_py.worker import Pace, Worker
from tests.support.sidecar.helpers import FakeStore, FileStore, raw_server
from tests.support.sidecar.hostile_answers import ANSWERS, GOOD, MAX_BYTES, says
from tests.support.sidecar.pictures import HARMLESS, MARK, chunk_names, facts
from tests.support.sidecar.wire import Wire
from tests.support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.support.sidecar.hostile_answers import Sends

QUICK = Limits(max_bytes=MAX_BYTES, total_seconds=1.2, connect_seconds=0.6, read_seconds=0.6)
SIZE = (1280, 720)
HEAD = "200 OK\r\ncontent-type: image/png"


class DownloadScenario:
    """A worker, its Storage, and a server with an answer of each name."""

    def __init__(self, answers: Mapping[str, Sends], patch: pytest.MonkeyPatch) -> None:
        self.answers = answers
        self.store = FakeStore()
        self.shelf = FileStore()
        self.wire = Wire(patch, lambda _host: [])
        self.asked: list[str] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a request by its path."""
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked.append(unquote(path[1:]))
        await self.answers[self.asked[-1]](writer)

    async def run(self, name: str) -> tuple[str, tuple[object, ...]]:
        """Let the worker store one output; return its report."""
        before = len(self.store.reports())
        small = {"object_path": f"{name}, small", "width": 320, "height": 180}
        place = {"bucket": "thumbnails", "object_path": name, "preview": small}
        size = {"width": SIZE[0], "height": SIZE[1]}
        url = {"output_url": f"http://127.0.0.1:{self.port}/{quote(name, safe='')}"}
        self.store.add_job("store", {**url, **place, **size})
        assert self.store.on_wake
        self.store.on_wake()
        await eventually_async(lambda: len(self.store.reports()) > before, 20)
        return self.store.reports()[-1]

    async def prove_it_stores(self) -> None:
        """Store a good picture, and see that it is one."""
        assert (await self.run("good"))[0] == "report_stored"
        assert facts(self.shelf.kept["thumbnails/good"]) == ("PNG", "RGB", SIZE)


@asynccontextmanager
async def scene(
    patch: pytest.MonkeyPatch, answers: Mapping[str, Sends], limits: Limits = QUICK
) -> AsyncIterator[DownloadScenario]:
    """Run the worker against a server that gives these answers, and a good picture."""
    made = DownloadScenario({"good": says(HEAD), **answers}, patch)
    provider = ReplicateGateway("r8_x", "http://127.0.0.1:1", trust_env=False)
    downloader = Downloader(LOOPBACK_NAMES, loopback=True, limits=limits)
    handlers = Jobs(provider, made.shelf, downloader, "https://sidecar.example.com").handlers
    worker = Worker("w1", made.store, handlers, Metrics(), Pace(idle_seconds=5, drain_seconds=1))
    async with raw_server(made.answer) as made.port:
        made.wire.route("127.0.0.1", made.port, made.port)
        worker.start()
        try:
            await eventually_async(lambda: made.store.on_wake is not None)
            yield made
        finally:
            await worker.stop()
            await provider.close()
            await made.shelf.close()


def megabytes() -> float:
    """Return how large this process was at its largest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_the_corpus_is_as_large_as_it_says() -> None:
    refused = sum(hostile.permanent for hostile in ANSWERS.values())
    print("hostile downloads:", len(ANSWERS), "of which for good:", refused)  # noqa: T201
    print("odd and harmless:", len(HARMLESS))  # noqa: T201
    assert len(ANSWERS) >= 25


@pytest.mark.parametrize(
    ("slug", "permanent"), {(h.slug, h.permanent): 0 for h in ANSWERS.values()}
)
async def test_no_hostile_download_is_stored_and_the_report_says_why(
    slug: str, permanent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {k: h.sends for k, h in ANSWERS.items() if (h.slug, h.permanent) == (slug, permanent)}
    async with scene(monkeypatch, here) as made:
        reports = {}
        for name in here:
            size, began = megabytes(), time.monotonic()
            report, values = await made.run(name)
            reports[name] = (report, values[0], values[-1])
            assert time.monotonic() - began < 5, name
            assert megabytes() - size < 100, name
        assert reports == dict.fromkeys(here, ("report_job_failed", slug, permanent))
        assert made.shelf.kept == {}
        # One request, one connection each: nothing was followed or asked again.
        assert made.asked == list(here)
        assert made.wire.connected == [f"127.0.0.1:{made.port}"] * len(here)
        await made.prove_it_stores()


async def test_of_an_odd_picture_only_the_pixels_are_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene(monkeypatch, {k: says(HEAD, body) for k, body in HARMLESS.items()}) as made:
        reports = {name: (await made.run(name))[0] for name in HARMLESS}
    assert reports == dict.fromkeys(HARMLESS, "report_stored")
    assert sum(MARK in body for body in HARMLESS.values()) > 5
    for name in HARMLESS:
        assert facts(made.shelf.kept[f"thumbnails/{name}"]) == ("PNG", "RGB", SIZE)
    for name, picture in made.shelf.kept.items():
        assert MARK not in picture, name
        assert chunk_names(picture) == {b"IHDR", b"IDAT", b"IEND"}, name


async def test_the_limits_are_25_megabytes_and_30_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits()
    assert (limits.max_bytes, limits.total_seconds) == (25 * 1024 * 1024, 30)
    # Zeros behind a picture are no part of it.
    full = GOOD + bytes(limits.max_bytes - len(GOOD))
    answers = {
        "full": says(HEAD, full),
        "full, without a length": says(HEAD, full, length=False),
        "over": says(HEAD, full + b"\0"),
        "over, without a length": says(HEAD, full + b"\0", length=False),
    }
    async with scene(monkeypatch, answers, limits) as made:
        reports = {name: await made.run(name) for name in answers}
    stored = {name for name, (report, _) in reports.items() if report == "report_stored"}
    assert stored == {"full", "full, without a length"}, reports
    assert not any("over" in name for name in made.shelf.kept)
    for name in answers.keys() - stored:
        assert reports[name] == ("report_job_failed", ("output_too_large", "", True))
