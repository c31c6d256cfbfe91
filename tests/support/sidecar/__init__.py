"""The sidecar's side of the database contract, driven by hand."""

from __future__ import annotations

import json
from typing import Any

from psycopg.rows import DictRow

from tests.support.database import Database

ROLE = "thumbsmith_sidecar"


def claim(database: Database, max_jobs: int = 10, lease_seconds: int = 60) -> list[DictRow]:
    """Claim due jobs as the sidecar's role."""
    return database.rows(
        "select * from private.claim_jobs('test', %s, %s)", max_jobs, lease_seconds, role=ROLE
    )


def claim_one(database: Database, kind: str) -> DictRow:
    """Claim the only due job, which must be of this kind."""
    (job,) = claim(database)
    assert job["kind"] == kind, job
    return job


def report(database: Database, function: str, job: DictRow, *values: Any) -> str:
    """Report a claimed job with a report_* function."""
    arguments = [job["profile_id"], job["job_id"], job["lease_token"]]
    arguments += [json.dumps(value) if isinstance(value, dict) else value for value in values]
    marks = ", ".join(["%s"] * len(arguments))
    return str(database.value(f"select private.{function}({marks})", *arguments, role=ROLE))


def submit(database: Database, provider_job_id: str = "p1") -> DictRow:
    """Take the one queued generation to processing and return its claimed poll job."""
    job = claim_one(database, "submit")
    assert report(database, "report_submitted", job, {"id": provider_job_id}) == "ok"
    make_due(database)
    return claim_one(database, "poll")


def webhook(database: Database, name: str, token: object, body: dict[str, Any]) -> str:
    """Take a webhook of the provider for the attempt of this token, as the sidecar's role.

    Of nobody when there is no such attempt.
    """
    person = database.value(
        "select coalesce((select a.profile_id from private.generation_attempts as a"
        " where a.attempt_token = %s), gen_random_uuid())",
        token,
    )
    call = "select private.report_provider_webhook(%s, %s, %s, %s)"
    return str(database.value(call, name, person, token, json.dumps(body), role=ROLE))


def make_due(database: Database) -> None:
    """Let the time pass that jobs wait for, leases included."""
    for table in ("generation_jobs", "jobs"):
        database.rows(f"update private.{table} set due_at = now() where dead_at is null")


def succeeded(provider_job_id: str = "p1") -> dict[str, Any]:
    """Return a prediction that succeeded, as the provider shows it."""
    return {
        "id": provider_job_id,
        "status": "succeeded",
        "output": "https://replicate.delivery/x/out.png",
        "metrics": {"predict_time": 1.25},
    }
