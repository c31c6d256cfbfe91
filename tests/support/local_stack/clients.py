"""The real client libraries against the local stack: supabase-js in Node.js, supabase-py here."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import httpx
import psycopg
from psycopg import sql
from supabase import Client, ClientOptions, create_client

from tests.support.local_stack.node_client import NODE

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "correct horse"

# What came out of JSON: its shape is what the tests are about.
Json: TypeAlias = Any


class Project(Protocol):
    """What a client needs to know of a project."""

    @property
    def api_url(self) -> str: ...
    @property
    def db_url(self) -> str: ...
    @property
    def publishable_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...


@dataclass(frozen=True)
class User:
    """Somebody who has signed up."""

    id: str
    email: str
    password: str
    token: str

    @property
    def login(self) -> dict[str, str]:
        """What the scripts need to sign in."""
        return {"email": self.email, "password": self.password}


def new_email() -> str:
    """Return an address nobody has."""
    return f"{uuid.uuid4().hex}@example.com"


def run_js(project: Project, script: str, function: str, **arguments: Json) -> Json:
    """Call a function of `js/<script>.mjs`, which uses supabase-js, and return its result."""
    return NODE.call(
        {
            "script": script,
            "function": function,
            "arguments": arguments,
            "settings": {
                "API_URL": project.api_url,
                "PUBLISHABLE_KEY": project.publishable_key,
                "SECRET_KEY": project.secret_key,
            },
        }
    )


def sign_up(project: Project, **data: Json) -> User:
    """Sign somebody up over plain HTTP."""
    email = new_email()
    with browser(project) as http:
        answer = http.post(
            "/auth/v1/signup", json={"email": email, "password": PASSWORD, "data": data}
        )
    assert answer.status_code == 200, answer.text
    session = answer.json()
    return User(session["user"]["id"], email, PASSWORD, session["access_token"])


@contextmanager
def browser(project: Project, *, token: str = "") -> Iterator[httpx.Client]:
    """Open plain HTTP with the publishable key, as a signed-in user when there is a token."""
    headers = {"apikey": project.publishable_key}
    if token:
        headers["authorization"] = f"Bearer {token}"
    with httpx.Client(base_url=project.api_url, headers=headers, timeout=20) as client:
        yield client


@contextmanager
def python_client(project: Project, key: str | None = None) -> Iterator[Client]:
    """Open supabase-py, and close its connections afterwards."""
    with httpx.Client(timeout=20) as http:
        options = ClientOptions(httpx_client=http, persist_session=False, auto_refresh_token=False)
        yield create_client(project.api_url, key or project.publishable_key, options)


@contextmanager
def database(project: Project) -> Iterator[psycopg.Connection]:
    """Log in as postgres, the role that runs migrations; each statement commits."""
    with psycopg.connect(project.db_url, autocommit=True) as connection:
        yield connection


@contextmanager
def objects(project: Project, create: str, drop: str) -> Iterator[psycopg.Connection]:
    """Create tables, policies or triggers for one test, and drop them afterwards."""
    with database(project) as connection:
        connection.execute(create)
        connection.execute("notify pgrst, 'reload schema'")
        try:
            yield connection
        finally:
            connection.execute(drop)


OWN_FOLDER = "bucket_id = {bucket} and (storage.foldername(name))[1] = (select auth.uid())::text"


@contextmanager
def bucket(
    project: Project, *commands: str, public: bool = False, **columns: Json
) -> Iterator[str]:
    """Make a bucket where people may do the named commands in a folder with their own id."""
    name = f"test-{uuid.uuid4().hex}"
    condition = sql.SQL(OWN_FOLDER).format(bucket=sql.Literal(name))
    with database(project) as connection:
        row = {"id": name, "name": name, "public": public} | columns
        connection.execute(
            sql.SQL("insert into storage.buckets ({}) values ({})").format(
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(map(sql.Literal, row.values())),
            )
        )
        for command in commands:
            clause = "with check" if command == "insert" else "using"
            connection.execute(
                sql.SQL(
                    "create policy {} on storage.objects for {} to authenticated {} ({})"
                ).format(
                    sql.Identifier(f"{name} {command}"),
                    sql.SQL(command),
                    sql.SQL(clause),
                    condition,
                )
            )
        try:
            yield name
        finally:
            for command in commands:
                connection.execute(
                    sql.SQL("drop policy {} on storage.objects").format(
                        sql.Identifier(f"{name} {command}")
                    )
                )
            _remove_bucket(project, name)


def _remove_bucket(project: Project, name: str) -> None:
    headers = {"apikey": project.secret_key}
    with httpx.Client(base_url=f"{project.api_url}/storage/v1", headers=headers) as http:
        http.post(f"/bucket/{name}/empty").raise_for_status()
        http.delete(f"/bucket/{name}").raise_for_status()
