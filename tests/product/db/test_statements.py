"""One whole picture, as PostgreSQL saw it: which statements named the person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import postgast
import psycopg
import pytest

from devtools.gates import named_person
from devtools.gates.person_statements import Reader
from devtools.gates.sql_functions import functions
from local_stack import cluster, databases
from local_stack.postgres import ADMIN, Postgres
from tests.support.database import Database, request, sign_up
from tests.support.files import add_face
from tests.support.places import short_lived
from tests.support.sidecar import claim_one, make_due, report, succeeded, webhook

# A statement is kept as it was written, with $1 for each constant. What the test itself sends is at
# the top level.
STATEMENTS = """
    select s.query, s.calls
    from extensions.pg_stat_statements as s
    where
        s.dbid = (select d.oid from pg_database as d where d.datname = current_database())
        and not s.toplevel
"""
# The queries of foreign keys are PostgreSQL's own.
OF_A_KEY = "OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x"


@pytest.fixture
def watched() -> Iterator[Database]:
    """Give a migrated database whose server counts every statement, inner ones too."""
    settings = {"fsync": "off", "pg_stat_statements.track": "all"}
    with short_lived() as folder:
        server = Postgres(folder / "data", folder / "log", settings=settings)
        cluster.initialize(server)
        with server:
            databases.make_template(server, "migrated")
            with (
                databases.cloned(server, "migrated", "watched") as url,
                closing(Database(url)) as database,
            ):
                yield database


def make_a_picture(db: Database) -> None:
    """Ask for a picture with a face, and make it as the sidecar does."""
    ana = sign_up(db)
    face = add_face(db, ana)
    db.rows("select extensions.pg_stat_statements_reset()", role=ADMIN)
    request(db, ana, generation_type="thumbnail_character", user_image_id=face)
    job = claim_one(db, "submit")
    prediction = {"id": "p1", "status": "processing"}
    assert report(db, "report_submitted", job, prediction) == "ok"
    assert webhook(db, "w1", job["payload"]["attempt_token"], prediction) == "stored"
    poll = claim_one(db, "poll")
    assert report(db, "report_provider_job", poll, succeeded()) == "ok"
    store = claim_one(db, "store")
    path = store["payload"]["object_path"]
    assert report(db, "report_stored", store, {"object_path": path}) == "ok"
    make_due(db)


def excepted(db: Database) -> set[str]:
    """Return the statements of the functions that need not name the person, as fingerprints."""
    names = {name for name, _ in named_person.exceptions()}
    with psycopg.connect(db.url) as connection:
        return {
            fingerprint(statement)
            for function in functions(connection)
            if function.name in names
            for text in function.texts()
            for statement in postgast.split(text)
        }


def fingerprint(statement: str) -> str:
    """Return what two statements share that differ in their constants alone."""
    # As the functions' bodies are read.
    return str(postgast.fingerprint(statement.replace("private.", "public.")).hex)


def parsable(text: str) -> str:
    """Return a statement as SQL: PL/pgSQL runs expressions and assignments as they stand there."""
    for form in (text, f"select {text}", "select " + text.partition("=")[2]):
        try:
            postgast.parse(form)
        except postgast.PgQueryError:
            continue
        return form
    raise AssertionError(text)


def test_a_whole_picture_names_its_person_in_every_statement(watched: Database) -> None:
    with psycopg.connect(watched.url) as connection:
        reader = Reader(named_person.tables(connection))
    watched.rows("create extension if not exists pg_stat_statements schema extensions", role=ADMIN)
    make_a_picture(watched)
    seen = [row["query"] for row in watched.rows(STATEMENTS, role=ADMIN)]
    ours = {parsable(text) for text in seen if not text.endswith(OF_A_KEY)}
    unnamed = {text for text in ours if reader.findings(text)}
    allowed = excepted(watched)
    assert {text for text in unnamed if fingerprint(text) not in allowed} == set()
    # Positive controls: the claim is among them, and so is what names the person.
    assert any("for update skip locked" in text for text in unnamed)
    assert any("lock_leased_generation_job.profile_id" in text for text in ours - unnamed)
    assert len(ours) > 60
