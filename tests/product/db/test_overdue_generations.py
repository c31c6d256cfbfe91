"""Pictures past their deadline end with the credits back, whatever became of their job."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.support.database import Database, credits_of, lift_limits, request, sign_up
from tests.support.sidecar import ROLE, claim, report, submit

OVERDUE = "update public.generations set deadline_at = now() - interval '1 hour'"
LOST = "delete from private.generation_jobs"
ROUND = "update private.sweep_progress set finished_at = finished_at - interval '5 minutes'"


def sweep(db: Database) -> dict[str, int]:
    return dict(db.value("select private.sweep()", role=ROLE))


def statuses(db: Database) -> list[str]:
    rows = db.rows("select status from public.generations order by id")
    return [row["status"] for row in rows]


def lose_jobs_of(db: Database, count: int) -> list[uuid.UUID]:
    """Have people ask for one picture each, lose their jobs and let the deadlines pass."""
    people = [sign_up(db) for _ in range(count)]
    for person in people:
        request(db, person)
    db.rows(LOST)
    db.rows(OVERDUE)
    return people


def test_a_picture_whose_job_is_lost_ends_at_its_deadline(db: Database) -> None:
    (ana,) = lose_jobs_of(db, 1)
    assert (statuses(db), credits_of(db, ana)) == (["queued"], 40)
    assert sweep(db)["forgotten"] == 1
    assert (statuses(db), credits_of(db, ana)) == (["expired"], 50)
    # Once.
    db.rows(ROUND)
    assert sweep(db)["forgotten"] == 0
    assert credits_of(db, ana) == 50


def test_its_prediction_is_stopped_all_the_same(db: Database) -> None:
    ana = sign_up(db)
    request(db, ana)
    submit(db)
    db.rows(LOST)
    db.rows(OVERDUE)
    assert sweep(db)["forgotten"] == 1
    jobs = db.rows("select kind, profile_id from private.generation_jobs")
    assert jobs == [{"kind": "cancel", "profile_id": ana}]


def test_a_picture_with_a_job_takes_the_usual_way(db: Database) -> None:
    ana = sign_up(db)
    request(db, ana)
    db.rows(OVERDUE)
    counts = sweep(db)
    assert (counts["expired"], counts["forgotten"]) == (1, 0)
    assert (statuses(db), credits_of(db, ana)) == (["expired"], 50)


def test_a_picture_with_time_left_goes_on(db: Database) -> None:
    request(db, sign_up(db))
    db.rows(LOST)
    assert sweep(db)["forgotten"] == 0
    assert statuses(db) == ["queued"]
    # Positive control: the net came by, and comes again in the next round.
    db.rows(OVERDUE)
    assert sweep(db)["forgotten"] == 0
    db.rows(ROUND)
    assert sweep(db)["forgotten"] == 1


def test_the_way_round_goes_in_pieces_over_everybody(db: Database) -> None:
    people = lose_jobs_of(db, 5)
    after: list[Any] = [None, None]
    ended, pieces = [], 0
    while pieces == 0 or after[0] is not None:
        row = db.rows("select * from private.expire_unfinished_piece(2, %s, %s)", *after)[0]
        after = [row["after_profile_id"], row["after_generation_id"]]
        ended.append(row["expired"])
        pieces += 1
        assert pieces < 9
    assert ended == [2, 2, 1]
    assert [credits_of(db, person) for person in people] == [50] * 5


def test_a_piece_begins_behind_the_one_before_also_within_a_person(db: Database) -> None:
    lift_limits(db)
    ana = sign_up(db)
    for _ in range(3):
        request(db, ana)
    db.rows(LOST)
    read = "select * from private.expire_unfinished_piece(2, %s, %s)"
    first = db.rows(read, None, None)[0]
    db.rows(OVERDUE)
    second = db.rows(read, first["after_profile_id"], first["after_generation_id"])[0]
    assert (first["expired"], second["expired"]) == (0, 1)
    assert second["after_profile_id"] is None
    assert statuses(db) == ["queued", "queued", "expired"]


def test_a_round_that_is_full_goes_on_where_it_stopped(db: Database) -> None:
    lose_jobs_of(db, 3)
    # As many as end at once, so that this call stops after one piece.
    assert db.value("select private.expire_forgotten_generations(1)") == 3
    request(db, sign_up(db))
    db.rows(LOST)
    db.rows(OVERDUE)
    assert db.value("select private.expire_forgotten_generations(1)") == 0
    db.rows(ROUND)
    assert db.value("select private.expire_forgotten_generations(1)") == 1


def test_the_sweep_wakes_nobody_for_what_it_ends(db: Database) -> None:
    # It may touch many people, and a NOTIFY cannot leave a transaction on two nodes.
    people = [sign_up(db) for _ in range(2)]
    for person in people:
        request(db, person)
    for job in claim(db):
        assert report(db, "report_submitted", job, {"id": f"p{job['job_id']}"}) == "ok"
    with db.connect(ROLE) as worker:
        worker.execute("listen thumbsmith_jobs")
        worker.execute("select private.declare_idle('test')")
        db.rows(OVERDUE)
        assert sweep(db)["expired"] == 2
        kinds = db.rows("select kind from private.generation_jobs")
        assert [row["kind"] for row in kinds] == ["cancel", "cancel"]
        assert list(worker.notifies(timeout=0.2)) == []
        # Positive control.
        request(db, people[0])
        assert len(list(worker.notifies(timeout=5, stop_after=1))) == 1


@pytest.mark.parametrize("held", ["public.generations", "private.generation_jobs"])
def test_what_somebody_holds_is_left_to_them(db: Database, held: str) -> None:
    ana, bob = sign_up(db), sign_up(db)
    for person in (ana, bob):
        request(db, person)
    db.rows(OVERDUE)
    with db.connect() as holder, holder.transaction():
        holder.execute(f"select 1 from {held} where profile_id = %s for update", (ana,))
        assert sweep(db)["expired"] == 1
        assert (credits_of(db, ana), credits_of(db, bob)) == (40, 50)
    assert sweep(db)["expired"] == 1
    assert credits_of(db, ana) == 50
