"""Each move of a generation is broadcast to its person, and to nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.database import Database, request, sign_up
from tests.support.sidecar import claim_one, report, submit, succeeded

if TYPE_CHECKING:
    import uuid


def messages(db: Database) -> list[dict[str, Any]]:
    return [
        dict(row)
        for row in db.rows("select * from realtime.messages order by inserted_at, payload ->> 'id'")
    ]


def heard(db: Database, role: str, person: uuid.UUID | None, topic: str) -> int:
    """Count what a client that joins this private topic would be shown."""
    with db.acting_as(role, person) as connection:
        connection.execute("select set_config('realtime.topic', %s, true)", (topic,))
        row = connection.execute("select count(*) as n from realtime.messages").fetchone()
        assert row is not None
        return int(row["n"])


def test_every_move_is_told_on_the_persons_private_topic(db: Database) -> None:
    ana = sign_up(db)
    generation = request(db, ana)["id"]
    assert messages(db) == []
    report(db, "report_provider_job", submit(db), succeeded())
    store = claim_one(db, "store")
    paths = {"object_path": "a/b.png", "preview_path": "a/b.preview.png"}
    report(db, "report_stored", store, paths)
    told = messages(db)
    moves = ["submitting", "processing", "storing", "succeeded"]
    assert [message["payload"]["status"] for message in told] == moves
    for message in told:
        assert message["topic"] == f"profile:{ana}"
        assert (message["event"], message["extension"]) == ("generation", "broadcast")
        assert message["private"] is True
        assert message["payload"]["id"] == str(generation)
    last = told[-1]["payload"]
    assert (last["output_path"], last["preview_path"]) == ("a/b.png", "a/b.preview.png")
    # The prompt and the face are nobody's business on a wire.
    assert set(last) == {"id", "status", "error", "output_path", "preview_path", "finished_at"}
    assert "cat" not in json.dumps(last)


def test_only_the_person_hears_their_topic(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    request(db, ana)
    submit(db)
    topic = f"profile:{ana}"
    assert heard(db, "authenticated", ana, topic) == 2
    assert heard(db, "authenticated", ben, topic) == 0
    assert heard(db, "authenticated", ben, f"profile:{ben}") == 2
    assert heard(db, "anon", None, topic) == 0


def test_nobody_may_speak_on_a_topic(db: Database) -> None:
    ana = sign_up(db)
    statement = (
        "insert into realtime.messages (topic, extension, payload, event)"
        f" values ('profile:{ana}', 'broadcast', '{{}}', 'generation')"
    )
    assert db.refused(ana, statement).sqlstate == "42501"
    assert db.refused(None, statement).sqlstate == "42501"


def test_a_realtime_that_fails_stops_no_generation(db: Database) -> None:
    ana = sign_up(db)
    request(db, ana)
    with db.connect("supabase_admin") as connection:
        connection.execute("alter table realtime.messages rename to gone")
    submit(db)
    assert db.value("select status from public.generations") == "processing"
