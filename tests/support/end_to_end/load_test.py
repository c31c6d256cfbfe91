"""Many pictures for several people at once, and everything that has to be so when all is over."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.end_to_end.generations import download
from tests.support.end_to_end.sidecar_processes import SidecarProcesses
from tests.support.load import say
from tests.support.rest import Caller
from tests.support.waiting import eventually

PRICE = 2
# As many as the credits of a new account pay for.
EACH = 25


@dataclass
class LoadTest:
    """Some people, and what they have ordered."""

    world: SidecarProcesses
    people: list[Caller]
    ordered: list[str] = field(default_factory=list)

    @contextmanager
    def ordering(self, count: int) -> Iterator[None]:
        """Order so many drafts, everybody at the same time, while the caller does something."""
        shares = [count // len(self.people)] * len(self.people)
        shares[0] += count - sum(shares)
        with ThreadPoolExecutor(len(self.people)) as pool:
            orders = [
                pool.submit(self._order, *share) for share in zip(self.people, shares, strict=True)
            ]
            yield
            for one in orders:
                self.ordered += one.result()

    @staticmethod
    def _order(person: Caller, count: int) -> list[str]:
        """Order one after the other; whoever has too many under way tries again."""
        ordered: list[str] = []
        key = str(uuid.uuid4())
        while len(ordered) < count:
            answer = person.request(prompt="a cat", idempotency_key=key)
            if answer.status_code == 429:
                assert answer.json()["message"] == "too_many_running"
                time.sleep(0.4)
                continue
            assert answer.status_code == 200, answer.text
            ordered.append(str(answer.json()["id"]))
            key = str(uuid.uuid4())
        return ordered

    def count_finished(self) -> int:
        """Return how many of their pictures are over."""
        statement = (
            "select count(*) from public.generations"
            " where profile_id = any(%s::uuid[]) and finished_at is not null"
        )
        return int(self.world.db.value(statement, [person.user_id for person in self.people]))

    def rows(self) -> list[dict[str, Any]]:
        """Return all that was ordered."""
        statement = "select * from public.generations where id = any(%s::uuid[])"
        return self.world.db.rows(statement, self.ordered)

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until everything is over and no job is left; ask the questions of sql/checks."""
        eventually(lambda: self.count_finished() >= len(self.ordered), seconds)
        self.world.settle(seconds)

    def check(self) -> Counter[str]:
        """See that all is as it has to be, whatever happened; return how it ended."""
        rows = self.rows()
        assert len(rows) == len(self.ordered)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._check_person, self.people))
        ends = Counter(row["error"] or row["status"] for row in rows)
        doubts = sum(run["unknown_since"] is not None for run in self.runs().values())
        made = sum(map(len, self.made().values()))
        say(f"ends: {dict(ends)}, attempts in doubt: {doubts}, predictions: {made}")
        return ends

    def _check_person(self, person: Caller) -> None:
        rows = [row for row in self.rows() if str(row["profile_id"]) == person.user_id]
        done = [row for row in rows if row["status"] == "succeeded"]
        assert self.world.credits(person) == 50 - PRICE * len(done)
        moved: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for entry in self.world.db.rows(
            "select generation_id, kind, amount from public.credit_entries"
            " where profile_id = %s and generation_id is not null order by entry_number",
            person.user_id,
        ):
            moved[str(entry["generation_id"])].append((entry["kind"], entry["amount"]))
        paid, back = [("spend", -PRICE)], [("refund", PRICE)]
        for row in rows:
            is_done = row["status"] == "succeeded"
            assert moved[str(row["id"])] == (paid if is_done else paid + back)
        self._check_files(person, done)

    def _check_files(self, person: Caller, done: list[dict[str, Any]]) -> None:
        stored = Counter(
            file["name"]
            for file in self.world.db.rows(
                "select name from storage.objects"
                " where bucket_id = 'thumbnails' and starts_with(name, %s)",
                person.user_id,
            )
        )
        wanted = Counter(path for row in done for path in (row["output_path"], row["preview_path"]))
        assert stored == wanted
        for row in done:
            for name, size in (("output_path", (1280, 720)), ("preview_path", (320, 180))):
                picture = download(person, row[name])
                picture.load()
                assert (picture.format, picture.size) == ("PNG", size)

    def runs(self) -> dict[str, dict[str, Any]]:
        """Return the attempts at their pictures by token."""
        statement = (
            "select * from private.generation_attempts where generation_id = any(%s::uuid[])"
        )
        found = self.world.db.rows(statement, self.ordered)
        return {str(run["attempt_token"]): run for run in found}

    def made(self) -> dict[str, list[dict[str, Any]]]:
        """Return the provider's predictions by the picture that they were for."""
        runs = self.runs()
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for prediction in self.world.predictions():
            token = prediction["webhook"].rpartition("=")[2]
            if token in runs:
                found[str(runs[token]["generation_id"])].append(prediction)
        return found

    def check_provider(self, extra_max: int) -> None:
        """See that few pictures were made twice, and that we know of each and of its cost."""
        made = self.made()
        extra = sum(len(predictions) - 1 for predictions in made.values())
        assert extra <= extra_max
        by_id = {run["provider_job_id"]: run for run in self.runs().values()}
        for generation_id, predictions in made.items():
            known = [by_id[one["id"]] for one in predictions]
            assert all(str(run["generation_id"]) == generation_id for run in known)
            assert all(run["cost_micros"] is not None for run in known)
            used = [run for run in known if run["status"] == "succeeded"]
            assert len(used) <= 1
            for run in known:
                assert run in used or run["status"] in {"abandoned", "canceled", "failed"}


def jobs(world: SidecarProcesses) -> list[dict[str, Any]]:
    """Return all jobs that sidecars have logged, with the name of the sidecar."""
    return [
        line | {"sidecar": sidecar.name}
        for sidecar in world.sidecars
        for line in map(parsed, sidecar.said().splitlines())
        if line.get("event") == "job"
    ]


def parsed(line: str) -> dict[str, Any]:
    """Read a line of a log; a process that was killed may have left half of one."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
