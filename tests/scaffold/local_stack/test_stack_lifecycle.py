"""`thumbsmith stack`: up, status, env, down, and nothing left running whatever happens."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from local_stack.paths import PROJECT
from tests.support.cli.operating import invoke
from tests.support.local_stack.stack_process import all_gone, parsed, start, thumbsmith, wait_ready
from thumbsmith.project import state
from thumbsmith.project.account import Account, postgres_account

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = {"postgres", "node", "postgrest", "cog", "replicate", "stripe"}


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Lend a data folder; whatever still runs on it afterwards is stopped."""
    folder = tmp_path / "stack"
    yield folder
    invoke("stack", "down", "--data-dir", str(folder))


def _up(folder: Path, *more: str) -> list[str]:
    return ["stack", "up", "--no-sidecar", "--json", "--data-dir", str(folder), *more]


def _end(process: subprocess.Popen[str], running: state.StackState, sent: signal.Signals) -> None:
    """End a foreground stack with a signal; nothing of it is left."""
    assert {one.name for one in running.services} == SERVICES
    assert all(one.alive for one in running.services)
    process.send_signal(sent)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert all_gone(running.services)


def test_an_interrupt_ends_a_foreground_stack_without_leftovers(data_dir: Path) -> None:
    with start(*_up(data_dir)) as process:
        running = wait_ready(process, data_dir)
        _end(process, running, signal.SIGINT)
    assert state.load(data_dir) is None


def test_services_end_with_a_supervisor_that_is_killed_and_the_next_ends_on_a_signal(
    data_dir: Path,
) -> None:
    with start(*_up(data_dir)) as process:
        running = wait_ready(process, data_dir)
        process.kill()
        process.communicate(timeout=30)
    assert all_gone(running.services)
    assert parsed(invoke("stack", "status", "--json", "--data-dir", str(data_dir))) == {
        "running": False,
        "ready": True,
        "services": [
            {"name": one.name, "running": False, "pid": one.pid, "port": one.port}
            for one in running.services
        ],
    }
    with start(*_up(data_dir)) as process:
        again = wait_ready(process, data_dir)
        _end(process, again, signal.SIGTERM)
    assert state.load(data_dir) is None


@pytest.mark.parametrize("victim", ["postgrest", "postgres"])
def test_a_crash_is_reported_with_the_end_of_the_log_and_ends_the_stack(
    data_dir: Path, victim: str
) -> None:
    with start(*_up(data_dir)) as process:
        running = wait_ready(process, data_dir)
        pid = next(one.pid for one in running.services if one.name == victim)
        os.kill(pid, signal.SIGKILL)
        out, _ = process.communicate(timeout=45)
    assert process.returncode == 1
    assert f"{victim} ended with code -9" in out
    assert "The end of its log" in out
    assert all_gone(running.services)


def test_a_taken_port_is_reported_and_nothing_is_left(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = invoke(*_up(data_dir, f"--port={port}"))
    assert (done.returncode, parsed(done)["error"]) == (2, "port_taken")
    assert state.load(data_dir) is None


def check_environment(data_dir: Path) -> None:
    """`stack env` prints lines that a shell and the Supabase tools understand."""
    done = invoke("stack", "env", "--data-dir", str(data_dir))
    assert done.returncode == 0
    pairs = dict(re.findall(r'^([A-Z_]+)="([^"]*)"$', done.stdout, re.MULTILINE))
    assert len(pairs) == len(done.stdout.splitlines())
    assert set(pairs) == {
        "API_URL",
        "DB_URL",
        "PUBLISHABLE_KEY",
        "SECRET_KEY",
        "JWKS_URL",
        "ANON_KEY",
        "SERVICE_ROLE_KEY",
        "REPLICATE_BASE_URL",
        "REPLICATE_API_TOKEN",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_API_BASE",
    }
    assert parsed(invoke("stack", "env", "--json", "--data-dir", str(data_dir))) == pairs
    headers = {"apikey": pairs["PUBLISHABLE_KEY"]}
    with httpx.Client(trust_env=False, headers=headers) as client:
        assert client.get(f"{pairs['API_URL']}/rest/v1/").status_code == 200
        assert len(client.get(pairs["JWKS_URL"]).json()["keys"]) == 1


def test_a_detached_stack_lives_until_it_is_told(data_dir: Path) -> None:
    # Two who start it at once get the same one.
    detached = _up(data_dir, "--detach")
    with start(*detached) as one_up, start(*detached) as other_up:
        up, other = (json.loads(one.communicate(timeout=60)[0]) for one in (one_up, other_up))
    assert up["ok"] is True
    assert other["env"] == up["env"]
    running = state.load(data_dir)
    # Ready means ready to sell: the catalog is there for a detached stack too.
    with psycopg.connect(up["env"]["DB_URL"]) as connection:
        prices = connection.execute("select count(*) from private.stripe_prices").fetchone()
    assert prices is not None
    assert prices[0] >= 4

    status = invoke("stack", "status", "--json", "--data-dir", str(data_dir))
    assert status.returncode == 0
    assert {one["name"] for one in parsed(status)["services"]} == SERVICES

    # Again, in the foreground too: its environment, and nothing is started.
    for more in ((), ("--detach",)):
        second = invoke(*_up(data_dir, *more))
        assert (second.returncode, parsed(second)["env"]) == (0, up["env"])
    assert state.load(data_dir) == running

    check_environment(data_dir)

    logs = parsed(invoke("stack", "logs", "--json", "--data-dir", str(data_dir)))
    assert set(logs) == {*SERVICES, "supervisor"}
    assert any("ready to accept connections" in line for line in logs["postgres"])

    with psycopg.connect(up["env"]["DB_URL"]) as connection:
        connection.execute("create table public.kept (id bigint)")
    services = (state.load(data_dir) or pytest.fail("no state")).services
    down = thumbsmith("stack", "down", "--json", "--data-dir", str(data_dir))
    assert parsed(down) == {"ok": True, "was_running": True}
    assert all_gone(services)
    gone = invoke("stack", "status", "--json", "--data-dir", str(data_dir))
    assert (gone.returncode, parsed(gone)["running"]) == (1, False)


@dataclass(frozen=True)
class OrdinaryUser:
    """Somebody who is not root, and a Python that they may run; ourselves when there is none."""

    python: str
    account: Account | None

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for `subprocess`."""
        return self.account.popen_options() if self.account else {}


@pytest.fixture
def somebody() -> OrdinaryUser:
    """Find an account and an interpreter of our version that it can reach."""
    account = postgres_account()
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        real = Path(python).resolve()
        if account and account.can("x", real) and account.can("r", PROJECT / "pyproject.toml"):
            return OrdinaryUser(python, account)
    return OrdinaryUser(sys.executable, None)


def test_an_ordinary_user_can_run_the_stack(somebody: OrdinaryUser) -> None:
    # not below pytest's own folder, which is closed to other users
    folder = Path(tempfile.mkdtemp(prefix="thumbsmith-test-"))
    if somebody.account:
        somebody.account.own(folder)
    packages = [PROJECT / "scripts", PROJECT / "supabase", sysconfig.get_path("purelib")]
    env = {"HOME": str(folder), "PYTHONPATH": os.pathsep.join(map(str, packages))}
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(somebody.python)
    options = somebody.options | {"cwd": folder}
    run = partial(thumbsmith, python=str(python), options=options, env=env)
    data = folder / "data"
    try:
        up = run(*_up(data, "--detach"))
        assert up.returncode == 0, up.stdout + up.stderr
        running = state.load(data) or pytest.fail("no state")
        owners = {one.name: Path(f"/proc/{one.pid}").stat().st_uid for one in running.services}
        runner = somebody.account.uid if somebody.account else os.getuid()
        # Where nobody else can reach this folder the runner is root, and PostgreSQL still is not.
        server = postgres_account() if runner == 0 else None
        assert owners.pop("postgres") == (server.uid if server else runner)
        assert set(owners.values()) == {runner}
        with psycopg.connect(parsed(up)["env"]["DB_URL"]) as connection:
            assert connection.execute("select current_user").fetchone() == ("postgres",)
    finally:
        down = run("stack", "down", "--data-dir", str(data))
        shutil.rmtree(folder)
    assert down.returncode == 0
    assert all_gone(running.services)
