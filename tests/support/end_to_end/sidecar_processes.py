"""A stack whose sidecars are the test's own: started, killed and counted one by one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from local_stack.sidecar import sidecar_environment, sidecar_service
from local_stack.stack import Stack
from tests.support import templates
from tests.support.database import Database, credits_of, lift_limits
from tests.support.rest import Caller
from tests.support.waiting import eventually
from thumbsmith.checks.questions import run_checks
from thumbsmith.project.ports import HOST, free_ports
from thumbsmith.project.process import Service, wait_until_ready

SERVICES = ("postgres", "node", "postgrest", "cog", "replicate")
LEASE_SECONDS = 5
# What waits for a person, or for a crowd to spread out, waits less here.
QUICK = {
    "submit_unknown_grace": timedelta(seconds=2),
    "submit_find_after": timedelta(seconds=0.3),
    "first_retry_wait": timedelta(seconds=0.2),
}


@dataclass
class Sidecar:
    """One sidecar, its processes one after the other, and a log of each."""

    stack: Stack
    name: str
    port: int
    logs: list[Path] = field(default_factory=list)
    service: Service | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start a new process; it is ready a little later."""
        self.logs.append(self.stack.data_dir / "logs" / f"{self.name}.{len(self.logs)}.log")
        env = sidecar_environment(
            self.stack.db_url,
            self.stack.api_url,
            self.stack.replicate_url,
            self.stack.keys,
            self.port,
        )
        env["WORKER_LEASE_SECONDS"] = str(LEASE_SECONDS)
        self.service = sidecar_service(env, self.logs[-1], self.port)
        self.service.start()

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        assert self.service is not None
        wait_until_ready([self.service])

    def end(self, how: signal.Signals) -> float:
        """Send a signal and return the seconds until the process is gone."""
        assert self.service is not None
        assert self.service.process is not None
        started = time.monotonic()
        os.kill(self.service.process.pid, how)
        self.service.process.wait(30)
        return time.monotonic() - started

    def stop(self) -> None:
        """End whatever is left of it."""
        if self.service is not None:
            self.service.stop()

    def said(self) -> str:
        """Return all that its processes have logged."""
        return "".join(log.read_text(errors="replace") for log in self.logs)


@dataclass
class SidecarProcesses:
    """A stack, its database, its sidecars, and what the provider has seen."""

    stack: Stack
    db: Database
    sidecars: list[Sidecar]

    def sign_up(self) -> Caller:
        """Sign a person up; close its client."""
        return Caller.sign_up(self.stack.api_url, self.stack.keys.publishable_key)

    def faults(self, **switches: Any) -> None:
        """Make the provider misbehave, or no longer."""
        url = f"{self.stack.replicate_url}/_faults"
        answer = httpx.post(url, json=switches, trust_env=False)
        assert answer.is_success, answer.text

    def predictions(self) -> list[dict[str, Any]]:
        """Return every prediction that the provider ever made."""
        token = self.stack.keys.tokens.replicate_api_token
        url: str | None = f"{self.stack.replicate_url}/v1/predictions"
        found: list[dict[str, Any]] = []
        with httpx.Client(headers={"authorization": f"Bearer {token}"}, trust_env=False) as http:
            while url:
                page = http.get(url).json()
                found += page["results"]
                url = page["next"]
        return found

    def made_for(self, generation_id: str) -> list[dict[str, Any]]:
        """Return the predictions that the provider made for a picture."""
        tokens = [str(run["attempt_token"]) for run in self.runs(generation_id)]
        return [
            one
            for one in self.predictions()
            if any(token in one.get("webhook", "") for token in tokens)
        ]

    def runs(self, generation_id: str) -> list[dict[str, Any]]:
        """Return the attempts at a picture, first to last."""
        statement = "select * from private.generation_attempts where generation_id = %s"
        return self.db.rows(f"{statement} order by attempt_number", generation_id)

    def row(self, generation_id: str) -> dict[str, Any]:
        """Return a picture's row."""
        statement = "select * from public.generations where id = %s"
        return self.db.rows(statement, generation_id)[0]

    def wait(self, generation_id: str, *statuses: str, seconds: float = 30.0) -> dict[str, Any]:
        """Wait until a picture is in one of these states, or over."""

        def arrived() -> dict[str, Any] | None:
            row = self.row(generation_id)
            is_there = row["status"] in statuses or row["finished_at"] is not None
            return row if is_there else None

        found: dict[str, Any] = eventually(arrived, seconds)
        return found

    def sweep(self) -> Any:
        """Sweep, as the clock of the database does."""
        return self.db.value("select private.sweep()")

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until no job is left, and ask every question of sql/checks."""
        eventually(lambda: self.db.value("select count(*) from private.all_jobs") == 0, seconds)
        findings = {result.name: result.rows for result in run_checks(self.stack.db_url)}
        assert {name: rows for name, rows in findings.items() if rows} == {}

    def credits(self, person: Caller) -> int:
        """Return the person's credits, which API, profile, lots and ledger agree on."""
        statement = "select id from public.profiles where id = %s"
        found = credits_of(self.db, self.db.value(statement, person.user_id))
        assert person.rpc("my_credits").json()["available"] == found
        return found

    @contextmanager
    def settings(self, **changes: Any) -> Iterator[None]:
        """Change settings for a while."""
        if not changes:
            yield
            return
        names = list(changes)
        (before,) = self.db.rows(f"select {', '.join(names)} from private.settings")
        assignments = ", ".join(f"{name} = %s" for name in names)
        change = partial(self.db.rows, f"update private.settings set {assignments} where id")
        change(*changes.values())
        try:
            yield
        finally:
            change(*before.values())


@contextmanager
def running(sidecars: int) -> Iterator[SidecarProcesses]:
    """Run a stack with this many sidecars on ports of their own."""
    with (
        templates.stack(SERVICES) as stack,
        closing(Database(stack.db_url)) as db,
        ExitStack() as closed,
    ):
        lift_limits(db)
        started = [Sidecar(stack, f"sidecar_{port}", port) for port in free_ports(sidecars)]
        for one in started:
            closed.callback(one.stop)
            one.start()
        for one in started:
            one.wait_until_ready()
        world = SidecarProcesses(stack, db, started)
        with world.settings(**QUICK):
            yield world
