"""Leaving while anything else happens to one's credits, photos and files."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any

import psycopg

from tests.support.database import Database, credits_of, lift_limits, refusal, request, sign_up
from tests.support.files import add_face, answer
from tests.support.interleaving.connections import Move
from tests.support.interleaving.interleaver import interleaver, names
from tests.support.interleaving.scenario import MOVES
from tests.support.sidecar import ROLE, claim, make_due, report
from thumbsmith.checks.questions import run_checks

LEAVE = Move("leave", "select public.delete_my_account('delete my account')", "person")


def test_leaving_and_any_other_move_end_as_one_after_another(db: Database) -> None:
    pairs = [pair for move in MOVES for pair in ((LEAVE, move), (move, LEAVE))]
    with interleaver(db) as on:
        assert names([pair for pair in [*pairs, (LEAVE, LEAVE)] if on.differs(*pair)]) == []
    # Nobody was closed only because somebody else gave way.
    assert on.waits > len(pairs) // 2


def test_people_leave_while_workers_and_sweeps_are_at_it(db: Database) -> None:
    lift_limits(db)
    people = [sign_up(db) for _ in range(6)]
    over = Event()
    wrong: list[str] = []

    def until_over(step: Any) -> None:
        while not over.is_set():
            try:
                step()
            except psycopg.Error as error:
                wrong.append(str(error))

    def work() -> None:
        """Do whatever is due, as a sidecar would."""
        for job in claim(db, max_jobs=3):
            kind = job["kind"]
            if kind in {"erase", "remove_user_image"}:
                report(db, "report_removed", job, answer(db, job["payload"]))
            elif kind == "submit":
                report(db, "report_submitted", job, {"id": f"p{job['job_id']}{uuid.uuid4().hex}"})
            elif kind == "cancel":
                report(db, "report_provider_job", job, {"status": "canceled"})
            else:
                report(db, "report_job_failed", job, "provider_unreachable", "", False)

    def live(person: uuid.UUID) -> str:
        """Upload, ask, remove a photo, and leave; give how often it was refused."""
        face = add_face(db, person)
        request(db, person, user_image_id=face)
        request(db, person, generation_type="thumbnail_draft")
        calls = (
            "select public.request_generation('thumbnail_draft', 'a', gen_random_uuid())",
            "select public.remove_user_image(id) from public.user_images",
            "select public.cancel_generation(id) from public.generations limit 1",
            "select public.delete_my_account('delete my account')",
            "select public.delete_my_account('delete my account')",
        )

        def call(statement: str) -> str:
            try:
                db.call(person, statement)
            except psycopg.Error as error:
                return str(refusal(error).slug)
            return "ok"

        with ThreadPoolExecutor(len(calls)) as pool:
            said = list(pool.map(call, calls))
        assert sorted(said[3:]) == ["not_signed_in", "ok"]
        allowed = {"ok", "not_signed_in", "wrong_state", "user_image_not_found"}
        assert set(said) <= allowed, said
        return "left"

    with ThreadPoolExecutor(9) as pool:
        background = [
            pool.submit(until_over, step)
            for step in (
                work,
                work,
                partial(db.value, "select private.sweep()", role=ROLE),
            )
        ]
        assert list(pool.map(live, people)) == ["left"] * len(people)
        unfinished = "select count(*) from private.erasures where finished_at is null"
        for _ in range(200):
            if db.value(unfinished) == 0:
                break
            make_due(db)
        over.set()
        for future in background:
            future.result()
    assert wrong == []
    assert db.value(unfinished) == 0
    assert [credits_of(db, person) for person in people] == [50] * len(people)
    assert db.value("select count(*) from storage.objects") == 0
    assert db.value("select count(*) from auth.users") == 0
    found = {result.name for result in run_checks(db.url) if result.rows}
    assert found == set()
