"""Fixtures for every test: a migrated database, the whole stack, and people who call it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from local_stack import cluster, databases, install
from local_stack.postgres import Postgres
from local_stack.stack import Stack
from tests.support import canaries, watch
from tests.support.database import Database
from tests.support.places import short_lived
from tests.support.rest import Caller
from thumbsmith.catalog.publish import publish_catalog

TEMPLATE = "migrated"
TESTS = Path(__file__).parent
# These take longest, so they begin first: else one worker is alone with one of them at the end.
LONGEST = (
    "product/end_to_end/test_crash.py",
    "product/concurrency/test_interleavings.py",
    "scaffold/local_stack/test_stack_lifecycle.py",
    "product/end_to_end/test_faults.py",
    "product/end_to_end/test_outages.py",
    "product/security/hostile/test_hostile_calls.py",
    "product/migrations/test_busy.py",
    "product/migrations/test_upgrade.py",
    "product/db/test_state_machine.py",
    "product/sidecar/test_process.py",
    "scaffold/devtools/test_live_check.py",
    "scaffold/stand_ins/replicate/test_faults.py",
    "product/security/access/test_mutations.py",
    "product/security/hostile/test_hostile_reads.py",
    "product/end_to_end/test_secrets.py",
    "scaffold/bench/test_bench.py",
    "scaffold/gates/test_database_gates.py",
    "product/migrations/test_appliers.py",
)


@pytest.fixture(scope="session", autouse=True)
def _watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look for secrets in all that happens; the first to begin is the last to end."""
    with watch.watching():
        yield
        canaries.look_at_folder(tmp_path_factory.getbasetemp())
        canaries.look_at_processes()


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """Run PostgreSQL with a template database that holds the migrations and the seed."""
    with short_lived() as folder:
        # These tests kill no server, so they need not wait for the disk.
        settings = {"fsync": "off", "max_wal_size": "128MB"}
        postgres = Postgres(folder / "data", folder / "log", settings=settings)
        cluster.initialize(postgres)
        with postgres:
            databases.make_template(postgres, TEMPLATE)
            yield postgres


@pytest.fixture
def db(server: Postgres) -> Iterator[Database]:
    """Give the test a database of its own: a copy of the migrated one, dropped afterwards."""
    with (
        databases.cloned(server, TEMPLATE, f"test_{uuid.uuid4().hex}") as url,
        closing(Database(url)) as database,
    ):
        yield database


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Run the whole local stack, sidecar and providers included."""
    with (
        short_lived() as folder,
        Stack(folder, database_url="", stripe_key="", on_started=publish_catalog) as running,
    ):
        yield running


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Close every connection that the test opened."""
    with ExitStack() as closing:
        yield closing


@pytest.fixture
def sign_up(stack: Stack, opened: ExitStack) -> Callable[..., Caller]:
    """Sign people up."""

    def make(data: Any = None) -> Caller:
        caller = Caller.sign_up(stack.api_url, stack.keys.publishable_key, data)
        opened.callback(caller.http.close)
        return caller

    return make


@pytest.fixture
def ana(sign_up: Callable[..., Caller]) -> Caller:
    """Sign Ana up."""
    return sign_up()


@pytest.fixture
def ben(sign_up: Callable[..., Caller]) -> Caller:
    """Sign Ben up."""
    return sign_up()


@pytest.fixture
def nobody(stack: Stack, opened: ExitStack) -> Caller:
    """Give somebody who has only the public key."""
    caller = Caller.anonymous(stack.api_url, stack.keys.publishable_key)
    opened.callback(caller.http.close)
    return caller


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a test fail during which a secret was found where it should not be."""
    report = yield
    watch.judge(report)
    return report


def pytest_configure(config: pytest.Config) -> None:
    """Install the Node.js packages, once and before any worker starts."""
    if not hasattr(config, "workerinput"):
        install.ensure_node_modules()


def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are processors: many tests wait for something."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --full, which runs the long tests too."""
    parser.addoption("--full", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest files; leave the long tests out unless they are asked for."""
    items.sort(key=_turn)
    if config.getoption("--full"):
        return
    reason = pytest.mark.skip(reason="a long test: scripts/test --full runs it")
    for item in items:
        if "full" in item.keywords:
            item.add_marker(reason)


def _turn(item: pytest.Item) -> int:
    name = item.path.relative_to(TESTS).as_posix()
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
