"""A report and a webhook name the person; that of somebody else is refused."""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, credits_of, refusal, request, sign_up
from tests.support.sidecar import ROLE, claim_one, make_due, report, submit, succeeded

REPORTS: dict[str, tuple[Any, ...]] = {
    "report_submitted": ({"id": "p1"},),
    "report_submit_refused": (422, "no", None),
    "report_submit_unknown": ("timeout",),
    "report_provider_job": ({"id": "p1", "status": "processing"},),
    "report_stored": ({"object_path": "x/y.png"},),
    "report_job_failed": ("storage_error", "", False),
}
OF_NO_PICTURE: dict[str, tuple[Any, ...]] = {
    "report_stripe": ({"id": "cs_1", "object": "checkout.session"},),
    "report_removed": ({"status": 200},),
    "report_job_failed": ("stripe_unreachable", "", False),
}


def states(db: Database) -> list[Any]:
    """Return all that a report about a picture may change."""
    tables = ("public.generations", "private.generation_jobs", "private.generation_attempts")
    entries = db.rows("select t::text from public.credit_entries as t order by 1")
    return [*(db.rows(f"select t::text from {name} as t order by 1") for name in tables), entries]


def refused_report(db: Database, function: str, job: dict[str, Any], *values: Any) -> str:
    with pytest.raises(psycopg.Error) as error:
        report(db, function, job, *values)
    answer = refusal(error.value)
    assert answer.sqlstate == "PT403"
    return str(answer.slug)


@pytest.mark.parametrize("function", REPORTS)
def test_a_report_about_another_persons_picture_is_refused(db: Database, function: str) -> None:
    ana, bob = sign_up(db), sign_up(db)
    request(db, ana)
    if function.startswith("report_submit"):
        job = claim_one(db, "submit")
    elif function == "report_stored":
        tell_done = submit(db)
        report(db, "report_provider_job", tell_done, succeeded())
        make_due(db)
        job = claim_one(db, "store")
    else:
        job = submit(db)
    before = states(db)
    for person in (bob, None):
        slug = refused_report(db, function, job | {"profile_id": person}, *REPORTS[function])
        assert slug == "job_of_another_person"
    assert states(db) == before
    lost = job | {"lease_token": uuid.uuid4()}
    assert report(db, function, lost, *REPORTS[function]) == "stale"
    assert report(db, function, lost | {"profile_id": bob}, *REPORTS[function]) == "stale"
    assert states(db) == before
    # Positive control.
    assert job["profile_id"] == ana
    assert report(db, function, job, *REPORTS[function]) == "ok"
    assert states(db) != before
    assert credits_of(db, bob) == 50


@pytest.mark.parametrize("function", OF_NO_PICTURE)
def test_a_report_about_no_picture_names_nobody(db: Database, function: str) -> None:
    db.rows("select private.enqueue_fetch('cs_1')")
    job = claim_one(db, "fetch")
    assert job["profile_id"] is None
    wrong = job | {"profile_id": sign_up(db)}
    values = OF_NO_PICTURE[function]
    assert refused_report(db, function, wrong, *values) == "job_of_another_person"
    lost = wrong | {"lease_token": uuid.uuid4()}
    assert report(db, function, lost, *values) == "stale"
    if function == "report_job_failed":
        assert report(db, function, job, *values) == "ok"


def test_a_webhook_about_another_persons_attempt_is_refused(db: Database) -> None:
    ana, bob = sign_up(db), sign_up(db)
    request(db, ana)
    job = submit(db)
    token = db.value("select attempt_token from private.generation_attempts")
    call = "select private.report_provider_webhook(%s, %s, %s, %s)"
    body = json.dumps({"id": "p1"})
    before = states(db)
    assert db.value(call, "w1", bob, token, body, role=ROLE) == "attempt_of_another_person"
    assert states(db) == before
    assert db.value("select count(*) from private.provider_webhooks") == 0
    # Positive control: the same webhook, once the address is right.
    assert db.value(call, "w1", ana, token, body, role=ROLE) == "stored"
    assert db.value(call, "w1", ana, token, body, role=ROLE) == "duplicate"
    assert states(db) != before
    # The lease ended with the news.
    assert report(db, "report_provider_job", job, succeeded()) == "stale"


def test_every_row_of_a_picture_names_its_person(db: Database) -> None:
    ana = sign_up(db)
    request(db, ana)
    submit(db)
    for table in ("generation_jobs", "generation_attempts"):
        assert db.rows(f"select distinct profile_id from private.{table}") == [{"profile_id": ana}]
