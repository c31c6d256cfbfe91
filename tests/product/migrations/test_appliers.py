"""Many who apply the migrations at once, the same one again, and one who comes with older code."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devtools.gates import generated
from local_stack import databases, supabase_cli
from local_stack.paths import PROJECT
from local_stack.postgres import Postgres
from tests.support.cli.operating import invoke
from tests.support.database import TEMPLATE, Database
from tests.support.load import say
from tests.support.local_stack.stack_process import parsed, start
from tests.support.migrations.projects import ours, project
from thumbsmith.db import migrations

NOTED = "select version from supabase_migrations.schema_migrations order by version"


@pytest.fixture
def empty(server: Postgres) -> Iterator[Database]:
    """Yield a database with the platform and no migration."""
    with (
        databases.cloned(server, "postgres", f"empty_{uuid.uuid4().hex}") as url,
        closing(Database(url)) as database,
    ):
        yield database


@pytest.mark.timeout(300)
@pytest.mark.parametrize("appliers", [6, pytest.param(20, marks=pytest.mark.full)])
def test_many_appliers_end_well_and_as_one(
    server: Postgres, empty: Database, appliers: int
) -> None:
    versions = list(migrations.versions(PROJECT))
    of_one = generated.schema(server, server.url(database=TEMPLATE))
    at_work = [start("db", "up", "--json", f"--db-url={empty.url}") for _ in range(appliers)]
    ended = [(one.communicate(timeout=240), one.returncode) for one in at_work]
    assert [code for _, code in ended] == [0] * appliers, ended
    applied = [json.loads(out)["applied"] for (out, _), _ in ended]
    # One of them did it all, and the others waited and found it done.
    assert sorted(applied) == [[]] * (appliers - 1) + [versions]
    waited = sum("at work: waiting" in err for (_, err), _ in ended)
    say(f"{waited} of {appliers} waited for another")
    assert waited > 0
    assert [row["version"] for row in empty.rows(NOTED)] == versions
    assert generated.schema(server, empty.url) == of_one

    # And once more changes nothing, nor does the CLI by itself.
    assert parsed(invoke("db", "up", "--json", f"--db-url={empty.url}"))["applied"] == []
    supabase_cli.migrate(empty.url)
    assert [row["version"] for row in empty.rows(NOTED)] == versions
    assert generated.schema(server, empty.url) == of_one


def test_older_code_leaves_a_newer_database_alone(db: Database, tmp_path: Path) -> None:
    *older, last = ours()
    last_version = last.name.split("_")[0]
    place = project(tmp_path, older)
    arguments = ["db", "up", "--json", f"--db-url={db.url}", f"--workdir={place}"]
    # Something of its own is missing too, and is not applied either.
    file = place / "supabase" / "migrations" / "99990101000001_create_x.sql"
    file.write_text("create table public.x (id bigint);")
    refused = invoke(*arguments)
    said = parsed(refused)
    assert (refused.returncode, said["error"]) == (1, "database_is_newer")
    assert f"which does not have {last_version}: nothing was changed" in said["detail"]
    assert db.value("select to_regclass('public.x') is null")

    project(tmp_path, [last])
    done = invoke(*arguments)
    assert (done.returncode, parsed(done)["applied"]) == (0, ["99990101000001"])
    assert db.value("select to_regclass('public.x') is not null")
