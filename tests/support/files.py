"""Storage, Stripe and Auth as far as deleting goes, on the rows that they keep in the database."""

from __future__ import annotations

import uuid
from typing import Any

from psycopg.rows import DictRow

from tests.support.database import Database, put_face
from tests.support.sidecar import claim, report

Answer = dict[str, Any]


def add_face(db: Database, person: uuid.UUID, name: str = "face.png") -> uuid.UUID:
    """Upload a face and record it; return the id of its row."""
    path = put_face(db, person, name)
    row = db.call(person, "select * from public.add_user_image(%s)", path)
    assert isinstance(row["id"], uuid.UUID)
    return row["id"]


def put_file(db: Database, bucket: str, name: str) -> None:
    """Make the row that Storage makes for any file."""
    db.rows("insert into storage.objects (bucket_id, name) values (%s, %s)", bucket, name)


def files(db: Database, bucket: str, person: uuid.UUID) -> list[str]:
    """Return the names of what is in a person's folder, without the folder."""
    found = db.rows(
        "select name from storage.objects where bucket_id = %s and starts_with(name, %s)"
        " order by name",
        bucket,
        f"{person}/",
    )
    return [row["name"].partition("/")[2] for row in found]


def storage_deletes(db: Database, payload: Answer) -> Answer:
    """Delete the files that a job names, as the Storage API does, and return its answer."""
    with db.connect() as connection:
        # The API's switch, or the delete protection refuses.
        connection.execute("set storage.allow_delete_query = 'true'")
        gone = connection.execute(
            "delete from storage.objects where bucket_id = %s and name = any(%s) returning name",
            (payload["bucket"], payload["names"]),
        ).fetchall()
    removed = sorted(row["name"] for row in gone)
    return {"bucket": payload["bucket"], "status": 200, "removed": removed}


def auth_deletes(db: Database, person: uuid.UUID) -> Answer:
    """Delete a person as Auth does, and return its answer."""
    gone = db.rows(
        "delete from auth.users where id = %s returning id", person, role="supabase_auth_admin"
    )
    return {"user_id": str(person), "status": 200 if gone else 404}


def answer(db: Database, payload: Answer) -> Answer:
    """Do what a job of deletion asks for and return what was answered."""
    if "names" in payload:
        return storage_deletes(db, payload)
    if "user_id" in payload:
        return auth_deletes(db, uuid.UUID(payload["user_id"]))
    if payload["call"] == "customers.delete":
        return {"object": "customer", "id": payload["id"], "deleted": True}
    return {"object": "checkout.session", "id": payload["id"], "status": "expired"}


def take(db: Database, kind: str) -> DictRow:
    """Let the time of the one job of this kind come, and claim it; others keep their leases."""
    db.rows("update private.jobs set due_at = now() where dead_at is null and kind = %s", kind)
    (job,) = (job for job in claim(db) if job["kind"] == kind)
    return job


def erase(db: Database) -> list[Answer]:
    """Erase the one account that waits for it, step by step; return what was asked for."""
    asked = []
    for _ in range(20):
        job = take(db, "erase")
        asked.append(job["payload"])
        said = report(db, "report_removed", job, answer(db, job["payload"]))
        if said == "erased":
            return asked
        assert said == "erasing", said
    raise AssertionError(f"no end: {asked}")
