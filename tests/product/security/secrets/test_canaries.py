"""The search for secrets is itself tried: what is leaked on purpose is found, wherever it is."""

from __future__ import annotations

import base64
import json
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import typer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from functions_py.config import Settings
from local_stack import key_files
from local_stack.blueprint import Blueprint
from local_stack.postgres import Postgres
from local_stack.sidecar import sidecar_environment
from local_stack.stack import SERVICES, Stack
from tests.support import canaries, watch
from tests.support.canaries import MARK, Needles, look, planted
from tests.support.database import Database
from tests.support.places import short_lived
from tests.support.sidecar.helpers import serving
from thumbsmith.project import config
from thumbsmith.project.process import Service, base_environment

SAID = f"Bearer {canaries.secret('sk_test_', 48)}"
# Twice the word itself in base64 would be the same letters: these begin at each of three places.
SPELLINGS = {
    "plain": SAID,
    "cut at the end": SAID[: SAID.index(MARK) + 15],
    "cut at the front": MARK[-15:] + "rest",
    "url": urllib.parse.quote(f"key={SAID}&"),
    "url, every letter": "".join(f"%{byte:02X}" for byte in SAID.encode()),
    "json": json.dumps({"a": json.dumps({"key": SAID})}),
    "hex": SAID.encode().hex(),
    "upper hex": f"\\x{SAID.encode().hex().upper()}",
    **{f"base64 at {n}": base64.b64encode(b"x" * n + SAID.encode()).decode() for n in range(3)},
    "base64 for urls": base64.urlsafe_b64encode(f"~~{SAID}??".encode()).decode(),
    "repr": repr(SAID.encode()),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found_in_every_spelling(spelling: str) -> None:
    text = f"before {SPELLINGS[spelling]} after"
    with planted() as found:
        assert look("a text", text)
    assert len(found) == 1
    # Positive control: the same text about nothing is passed by.
    assert not look("a text", text.replace(SPELLINGS[spelling], "nothing"))


def test_a_secret_of_any_characters_is_found_too() -> None:
    value = "p@ss word/ä+=é?&%\"'0123456789"
    needles = Needles(value)
    for said in (value, urllib.parse.quote(value), value.encode().hex()):
        assert needles.places(f"a {said} b".encode())
    assert needles.places(base64.urlsafe_b64encode(f"xy{value}z".encode()))
    assert not needles.places(b"p@ss w0rd")


def test_every_secret_of_a_stack_carries_the_word(tmp_path: Path) -> None:
    """A setting that is added and gets no canary fails here."""
    made = key_files.load_or_create(tmp_path / "keys")
    ports = {name: 5000 + number for number, name in enumerate(SERVICES)}
    plan = Blueprint(tmp_path, ports, made, config.load())
    database = "postgresql://postgres:postgres@127.0.0.1:5432/postgres"
    given = sidecar_environment(database, plan.api_url, plan.replicate_url, made, 8787)
    given |= plan.stripe.sidecar_env
    values: dict[str, Any] = {name.lower(): value for name, value in given.items()}
    held = Settings(**values).secrets
    fields = {name for name, field in Settings.model_fields.items() if "Secret" in str(field)}
    # One secret of Replicate's is enough on a machine of one's own.
    assert fields - {"replicate_webhook_secret_previous"} == set(held)
    tokens = vars(made.tokens) | {"signing": json.loads(made.signing_key_file.read_text())["d"]}
    public = {"anon_key"}
    for name, value in {**held, **tokens}.items():
        with planted() as found:
            look(name, value)
        assert bool(found) is (name not in public), name
    assert len({*held.values()}) == len(held)


def test_the_database_keeps_one_secret_of_its_own(db: Database) -> None:
    """One that is added has to be looked for in the dump and the logs of the life of a person."""
    assert set(canaries.vault(db.url)) == {"thumbsmith_hash_key"}


def service(folder: Path, *argv: str, **env: str) -> Service:
    return Service("leak", argv, base_environment() | env, folder / "leak.log", lambda: True, 0)


def test_logs_and_arguments_of_servers_are_looked_at(tmp_path: Path) -> None:
    said = "import os; print(os.environ['SAID'], flush=True)"
    with planted() as found:
        one = service(tmp_path, sys.executable, "-c", said, SAID=SAID)
        one.start()
        assert one.process is not None
        one.process.wait(20)
        one.stop()
    assert [where for where in found if "leak.log" in where]
    (tmp_path / "leak.log").unlink()
    with planted() as found:
        one = service(tmp_path, sys.executable, "-c", "input()", SAID)
        one.start()
        pid = one.pid
        canaries.look_at_processes()
        one.stop()
    wheres = " ".join(found)
    assert "the arguments of leak" in wheres
    assert "the arguments of a process" in wheres
    assert f"the arguments of process {pid}:" in wheres
    with planted() as found:
        one = service(tmp_path, sys.executable, "-c", "input()", SAID=SAID)
        one.start()
        canaries.look_at_processes()
        one.stop()
    assert found == []


@contextmanager
def bare_stack() -> Iterator[Stack]:
    with (
        short_lived() as folder,
        Stack(folder, services=(), database_url="", stripe_key="", migrate=False) as stack,
    ):
        yield stack


def test_dumps_files_and_raw_tables_of_a_stack_are_looked_at() -> None:
    with planted() as found, bare_stack() as stack:
        with psycopg.connect(stack.db_url) as connection:
            connection.execute("create table public.leaks (told text)")
            coded = base64.b64encode(f"xy{SAID}".encode()).decode()
            connection.execute("insert into public.leaks values (%s)", (coded,))
            # A row that is gone is in the files all the same.
            connection.execute("create table public.gone (told text)")
            connection.execute("insert into public.gone values (%s)", (SAID,))
            connection.execute("delete from public.gone")
        (stack.data_dir / "storage" / "note.txt").write_text(SAID)
        assert found == []
    wheres = "\n".join(found)
    assert "a dump of the database" in wheres
    assert "of a cluster" in wheres
    assert "storage/note.txt" in wheres
    assert "tokens.json" not in wheres
    assert "state.json" not in wheres


def test_a_file_of_keys_has_to_be_closed_to_others(tmp_path: Path) -> None:
    key_files.load_or_create(tmp_path)
    assert canaries.look_at_folder(tmp_path) == []
    (tmp_path / "tokens.json").chmod(0o640)
    with planted() as found:
        canaries.look_at_folder(tmp_path)
    assert found
    (tmp_path / "tokens.json").chmod(0o600)


def test_a_stack_that_leaks_nothing_passes() -> None:
    """Positive control of the one before."""
    with planted() as found, bare_stack() as stack:
        assert MARK in stack.keys.secret_key
        assert watch.look_at_stack(stack) == []
    assert found == []


def test_answers_are_looked_at_but_for_those_that_are_there_to_tell() -> None:
    async def answer(request: Request) -> Response:
        return Response(SAID.encode().hex(), headers={"x-said": SAID})

    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as url:
        with planted() as found, httpx.Client(trust_env=False) as http:
            http.get(f"{url}/rest/v1/things")
            assert len(found) == 2
            http.get(f"{url}/v1/webhooks/default/secret")
            assert len(found) == 2
        with planted() as found, httpx.Client(trust_env=False) as http:
            http.get(f"{url}/rest/v1/things")
    assert ["the answer of" in found[0], "the headers of" in found[1]] == [True, True]


def test_what_commands_print_is_looked_at() -> None:
    app = typer.Typer()

    @app.command()
    def tell(what: list[str]) -> None:
        typer.echo(SAID)

    @app.command()
    def fail() -> None:
        raise ValueError(SAID)

    for words in (["tell", "x"], ["fail"]):
        with planted() as found:
            CliRunner().invoke(app, words)
        assert len(found) == 1
    with planted() as found:
        for telling in watch.TELLING_COMMANDS:
            watch.look_at_command(telling, SAID)
        assert found == []
        watch.look_at_command(("stack", "status"), SAID)
    assert len(found) == 1


def test_a_test_that_shows_a_secret_fails() -> None:
    def judged(said: str) -> pytest.TestReport:
        sections = [("Captured stdout call", said)]
        report = pytest.TestReport(
            "x.py::test", ("x.py", 1, "test"), {}, "passed", None, "call", sections
        )
        with planted():
            watch.judge(report)
        return report

    assert (judged("fine").outcome, judged(f"key {SAID}").outcome) == ("passed", "failed")
    assert "A secret got out" in str(judged(SAID).longrepr)


def test_the_files_of_a_server_without_a_stack_are_looked_at(server: Postgres) -> None:
    """The databases of most tests are on it, each dropped when its test is over."""
    assert canaries.look_at_cluster(server.folder) == []
