"""One generation's five events in all of their orders: one end, one charge, one picture."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.database import Database, credits_of, lift_limits, request, sign_up
from tests.support.sidecar import claim, make_due, report, webhook
from thumbsmith.checks.questions import run_checks

if TYPE_CHECKING:
    from psycopg.rows import DictRow

ORDINARY = ("answer", "start webhook", "completed webhook", "poll", "old lease")
WITH_CANCEL = ("answer", "start webhook", "completed webhook", "poll", "cancel")
# Of the 120 orders of five events, how many are told in every run; the long tier tells all.
FEW, ALL = 24, 120
HOW_MANY = pytest.mark.parametrize("number", [FEW, pytest.param(ALL, marks=pytest.mark.full)])
SEED = 20261201
FAILING = ("answer", "start webhook", "failed webhook", "poll", "duplicate webhook")


@dataclass
class Story:
    """One person's thumbnail, whose submission has just reached the provider."""

    db: Database
    person: uuid.UUID
    ends: str = "succeeded"
    prediction: str = field(default_factory=lambda: uuid.uuid4().hex)
    is_over: bool = False
    stored: int = 0
    submissions: int = 1

    def __post_init__(self) -> None:
        self.generation = request(self.db, self.person)["id"]
        (self.job,) = claim(self.db)
        assert self.job["kind"] == "submit"

    def seen(self) -> dict[str, Any]:
        """Return the prediction as the provider shows it now."""
        status = self.ends if self.is_over else "processing"
        output = "https://replicate.delivery/x.png" if status == "succeeded" else None
        return {"id": self.prediction, "status": status, "output": output, "error": "CUDA"}

    def happen(self, event: str) -> None:
        """Let one event come in."""
        if event == "answer":
            report(self.db, "report_submitted", self.job, {"id": self.prediction})
        elif event == "cancel":
            self.cancel()
        elif event == "poll":
            self.work()
        elif event == "old lease":
            make_due(self.db)
        else:
            self.is_over = self.is_over or event in {"completed webhook", "failed webhook"}
            name = event.removeprefix("duplicate ")
            self.hear(f"{self.prediction}:{name}")

    def hear(self, webhook_id: str) -> None:
        token = self.job["payload"]["attempt_token"]
        webhook(self.db, webhook_id, token, self.seen())

    def cancel(self) -> None:
        with self.db.acting_as("authenticated", self.person) as connection:
            connection.execute(
                "select public.cancel_generation(%(id)s) from public.generations"
                " where id = %(id)s and status in ('queued', 'submitting', 'processing')",
                {"id": self.generation},
            )

    def work(self) -> None:
        """Let a worker take what is due, whoever had it before."""
        make_due(self.db)
        for job in claim(self.db):
            self.play(job)

    def play(self, job: DictRow) -> None:
        kind = job["kind"]
        if kind == "submit":
            # Sent again though the first one is there: nobody would find out but for a duplicate.
            self.submissions += 1
            report(self.db, "report_submitted", job, {"id": f"again-{self.prediction}"})
        elif kind == "store":
            paths = {"object_path": job["payload"]["object_path"]}
            self.stored += report(self.db, "report_stored", job, paths) == "ok"
        else:
            report(self.db, "report_provider_job", job, self.seen())

    def finish(self) -> DictRow:
        """Work until nothing is left to do, and return the generation."""
        self.is_over = True
        for _ in range(12):
            if self.db.value("select count(*) from private.all_jobs") == 0:
                break
            self.work()
        else:
            raise AssertionError("never done")
        (row,) = self.db.rows("select * from public.generations where id = %s", self.generation)
        return row


@pytest.fixture
def ready(db: Database) -> Database:
    lift_limits(db)
    db.rows("update private.generation_models set is_enabled = (preference = 1)")
    return db


def tell(db: Database, order: tuple[str, ...], ends: str) -> tuple[Story, DictRow]:
    story = Story(db, sign_up(db), ends)
    for event in order:
        story.happen(event)
    return story, story.finish()


def ends_of(db: Database, events: tuple[str, ...], ends: str, number: int) -> dict[str, int]:
    """Tell so many stories and count how they end; each must be settled to the credit."""
    counted: dict[str, int] = {}
    for order in random.Random(SEED).sample(list(permutations(events)), number):
        story, row = tell(db, order, ends)
        counted[row["status"]] = counted.get(row["status"], 0) + 1
        has_picture = row["status"] == "succeeded"
        assert credits_of(db, story.person) == (40 if has_picture else 50), order
        assert story.stored == has_picture, order
        # Nothing was sent twice: the lost answer was found each time.
        assert story.submissions == 1, order
    assert [found.name for found in run_checks(db.url) if found.rows] == []
    assert (
        db.value("select count(*) from private.generation_attempts where finished_at is null") == 0
    )
    assert sum(counted.values()) == number
    return counted


@HOW_MANY
def test_every_order_of_a_good_days_events_ends_with_one_picture(
    ready: Database, number: int
) -> None:
    assert ends_of(ready, ORDINARY, "succeeded", number) == {"succeeded": number}


@HOW_MANY
def test_every_order_of_a_failures_events_ends_with_one_refund(
    ready: Database, number: int
) -> None:
    assert ends_of(ready, FAILING, "failed", number) == {"failed": number}


@HOW_MANY
def test_every_order_with_a_cancel_ends_in_what_came_first(ready: Database, number: int) -> None:
    counted = ends_of(ready, WITH_CANCEL, "succeeded", number)
    # A cancel that comes before the picture is being stored wins, and no other does.
    assert set(counted) == {"canceled", "succeeded"}
    assert min(counted.values()) > 0
