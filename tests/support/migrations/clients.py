"""Eight clients who go on while the database is migrated, and what they have been told."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import psycopg

from tests.support.database import Connection, Database, Refusal
from tests.support.load import WRONG, attempt, run_as
from tests.support.sidecar import ROLE, succeeded
from tests.support.waiting import eventually

# What PostgreSQL rolled back whole, for the sake of somebody else: the same may be sent again. Not
# 57014: who meets a statement_timeout of seconds was kept waiting for longer than is promised.
RETRYABLE = {"40001": "serialization", "40P01": "deadlock", "55P03": "lock timeout"}
PAUSE_SECONDS = 0.02
REPORT_SECONDS = 0.7
# Else whoever asks would leave the sidecars far behind.
UNDER_WAY_MAX = 20
ASK = "select (public.request_generation('thumbnail_draft', 'a cat', %s)).id"
SIGN_UP = (
    "insert into auth.users (id, aud, role, email, email_confirmed_at, raw_user_meta_data)"
    " values (%s, 'authenticated', 'authenticated', %s, now(), '{}') returning id"
)
READS = (
    "select count(*) filter (where g.profile_id <> auth.uid()) from public.generations as g",
    "select count(*) filter (where e.profile_id <> auth.uid()) from public.credit_entries as e",
    "select count(*) filter (where p.id <> auth.uid()) from public.profiles as p",
    "select least(m.available, 0) from public.my_credits() as m",
)


@dataclass
class Workload:
    """What the clients share, and what they have been told."""

    people: list[uuid.UUID] = field(default_factory=list)
    asked: set[uuid.UUID] = field(default_factory=set)
    stored: set[uuid.UUID] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    retried: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    stop: Event = field(default_factory=Event)

    def go_on(self, moves: int) -> None:
        """Wait until each kind of client has made so many moves more, the reporter one."""
        aims = {kind: self.done[kind.__name__] + moves for kind in set(EIGHT)}
        aims[Reporter] = self.done[Reporter.__name__] + 1
        deadline = time.monotonic() + 60
        while not self.stop.wait(PAUSE_SECONDS):
            if all(self.done[kind.__name__] >= aim for kind, aim in aims.items()):
                return
            assert time.monotonic() < deadline, self.done


class Client:
    """One session, which stays open as those of a pool do."""

    def __init__(self, workload: Workload, connection: Connection, seed: int) -> None:
        self.workload = workload
        self.connection = connection
        self.random = random.Random(seed)

    def work(self) -> None:
        """Make one move after the other; whatever is not worth another try ends the test."""
        try:
            while not self.workload.stop.wait(PAUSE_SECONDS):
                self.move()
                self.workload.done[type(self).__name__] += 1
        finally:
            self.workload.stop.set()

    def move(self) -> None:
        raise NotImplementedError

    def send(self, statement: str, *values: Any) -> Any:
        """Send one statement, again and again while it is refused for the sake of others."""
        return self.again(lambda: self.connection.execute(statement, values).fetchall())

    def send_as(self, person: uuid.UUID, statement: str, *values: Any) -> Any:
        """Send one statement as this person."""

        def call() -> Any:
            return attempt(lambda: run_as(self.connection, person, statement, *values))

        return self.again(call)

    def again(self, call: Callable[[], Any], asleep: float = 0.0) -> Any:
        while True:
            began = time.monotonic()
            try:
                return call()
            except psycopg.Error as error:
                if error.sqlstate not in RETRYABLE:
                    raise
                self.workload.retried[RETRYABLE[error.sqlstate]] += 1
            finally:
                seconds = time.monotonic() - began - asleep
                self.workload.slowest = max(self.workload.slowest, seconds)


class Auth(Client):
    """Signs people up."""

    role = "supabase_auth_admin"

    def move(self) -> None:
        person = uuid.uuid4()
        self.send(SIGN_UP, person, f"{person}@example.com")
        self.workload.people.append(person)


class Asker(Client):
    """Asks for pictures for whoever is there, as long as their credits last."""

    role = "authenticator"

    def move(self) -> None:
        while len(self.workload.asked) - len(self.workload.stored) > UNDER_WAY_MAX:
            if self.workload.stop.wait(PAUSE_SECONDS):
                return
        person = self.random.choice(self.workload.people[-40:])
        answer = self.send_as(person, ASK, uuid.uuid4())
        if isinstance(answer, Refusal):
            assert answer.slug == "insufficient_credits"
        else:
            self.workload.asked.add(answer)


class Sidecar(Client):
    """Takes jobs and reports them done, as the sidecar does when all goes well."""

    role = ROLE

    def move(self) -> None:
        claimed = "select * from private.claim_jobs(%s, 5, 60)"
        for job in self.send(claimed, f"client {self.connection.info.backend_pid}"):
            getattr(self, job["kind"])(job)

    def submit(self, job: dict[str, Any]) -> None:
        prediction = {"id": f"p-{job['payload']['attempt_id']}", "status": "processing"}
        self.report("report_submitted", job, prediction)
        self.send(
            "select private.report_provider_webhook(%s, %s, %s, %s)",
            uuid.uuid4().hex,
            job["profile_id"],
            job["payload"]["attempt_token"],
            json.dumps(prediction),
        )

    def poll(self, job: dict[str, Any]) -> None:
        self.report("report_provider_job", job, succeeded(job["payload"]["provider_job_id"]))

    def store(self, job: dict[str, Any]) -> None:
        path = job["payload"]["object_path"]
        preview = job["payload"]["preview"]["object_path"]
        stored = {"object_path": path, "preview_path": preview}
        if self.report("report_stored", job, stored) == "ok":
            self.workload.stored.add(job["generation_id"])

    def report(self, function: str, job: dict[str, Any], answer: dict[str, Any]) -> str:
        (row,) = self.send(
            f"select private.{function}(%s, %s, %s, %s) as said",
            job["profile_id"],
            job["job_id"],
            job["lease_token"],
            json.dumps(answer),
        )
        # A webhook ends the lease of a poll that is under way.
        assert row["said"] in {"ok", "stale"}
        return str(row["said"])


class Reader(Client):
    """Reads what is theirs through row level security, and never sees more."""

    role = "authenticator"

    def move(self) -> None:
        person = self.random.choice(self.workload.people)
        assert self.send_as(person, self.random.choice(READS)) == 0


class Reporter(Client):
    """Adds everything up in one long look: whoever needs a table for themselves has to wait."""

    role = "postgres"

    def move(self) -> None:
        assert self.again(self.look, asleep=REPORT_SECONDS) == 0
        self.workload.stop.wait(REPORT_SECONDS)

    def look(self) -> Any:
        with self.connection.transaction():
            self.connection.execute("set transaction isolation level repeatable read, read only")
            (row,) = self.connection.execute(WRONG).fetchall()
            self.connection.execute("select count(*) from public.generations")
            self.connection.execute("select pg_sleep(%s)", (REPORT_SECONDS,))
        return row["wrong"]


EIGHT: list[type[Any]] = [Auth, Asker, Asker, Sidecar, Sidecar, Reader, Reader, Reporter]
FEW: list[type[Any]] = [Auth, Asker, Sidecar, Reader]


@contextmanager
def at_work(
    db: Database, kinds: list[type[Any]] = EIGHT, seed: int = 1
) -> Iterator[tuple[Workload, set[int]]]:
    """Let them work until the end of the block; yield what they share and their sessions."""
    workload = Workload()
    with ExitStack() as stack:
        clients = [
            kind(workload, stack.enter_context(db.connect(kind.role)), seed + number)
            for number, kind in enumerate(kinds)
        ]
        clients[0].move()
        with ThreadPoolExecutor(len(clients)) as pool:
            working = [pool.submit(client.work) for client in clients]
            try:
                yield workload, {client.connection.info.backend_pid for client in clients}
            finally:
                workload.stop.set()
        for one in working:
            one.result()
        finish(clients)


def finish(clients: list[Any]) -> None:
    """Let the sidecar do what is left."""
    sidecar = next(one for one in clients if isinstance(one, Sidecar))

    def is_finished() -> bool:
        sidecar.move()
        return not sidecar.workload.asked - sidecar.workload.stored

    eventually(is_finished, what="the end of every picture")
