"""What access.txt says of the schema public, over HTTP: PostgREST behind the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.security.access.access import Cell, difference, read
from tests.support.security.http_world import HttpWorld

SAID = read()
VERBS = ("select", "insert", "update", "delete")
PUBLIC = [
    (kind, name.removeprefix("public."))
    for kind in ("tables", "views")
    for name in SAID.named(kind)
    if name.startswith("public.")
]
ARGUMENTS = """
select p.proname as name, coalesce(p.proargnames[1 : p.pronargs], '{}') as names
from pg_proc as p where p.pronamespace = 'public'::regnamespace
"""


def is_refused(answer: httpx.Response) -> bool:
    """Return whether a privilege refused it."""
    return answer.status_code in {401, 403} and answer.json().get("code") == "42501"


def attempts(http: httpx.Client, name: str, column: str, value: Any) -> Iterator[Any]:
    """Try to read, to write, to change and to delete."""
    url = f"/rest/v1/{name}"
    some = {column: "not.is.null"}
    yield "select", http.get(url)
    yield "insert", http.post(url, json={column: value})
    yield "update", http.patch(url, params=some, json={column: value})
    yield "delete", http.delete(url, params=some)


@pytest.mark.parametrize(("kind", "name"), PUBLIC, ids=lambda part: part)
def test_a_relation_opens_to_whom_the_file_says(
    http_world: HttpWorld, kind: str, name: str
) -> None:
    relation = f"public.{name}"
    first = http_world.world.db.rows(f"select * from {relation} limit 1")[0]
    # A bigint id writes itself, and is refused to everybody for that.
    column, value = next(part for part in first.items() if not isinstance(part[1], int))
    before = http_world.world.db.rows(f"select to_jsonb(t) from {relation} as t")
    found = set()
    for who, http in http_world.callers.items():
        about = str(http_world.about(who))
        is_personal = bool(
            http_world.world.db.rows(
                f"select 1 from {relation} as t where t::text like %s limit 1", f"%{about}%"
            )
        )
        for verb, answer in attempts(http, name, column, str(value)):
            assert answer.status_code < 500, answer.text
            if verb == "select" and answer.status_code == 200:
                is_open = about in answer.text if is_personal else answer.json() != []
            else:
                is_open = not is_refused(answer)
            if is_open:
                found.add(Cell(kind, relation, verb, who))
        if who in {"anon", "other"}:
            assert "canary" not in http.get(f"/rest/v1/{name}").text
    said = {c for c in SAID.cells if c[:2] == (kind, relation) and c.who in http_world.callers}
    assert difference(frozenset(said), frozenset(found)) == []
    assert http_world.world.db.rows(f"select to_jsonb(t) from {relation} as t") == before


def test_a_function_is_called_by_whom_the_file_says(http_world: HttpWorld) -> None:
    functions = http_world.world.db.rows(ARGUMENTS)
    assert {f"public.{row['name']}" for row in functions} == {
        name for name in SAID.named("functions") if name.startswith("public.")
    }
    for row in functions:
        may = {c.who for c in SAID.grants if c[:2] == ("functions", f"public.{row['name']}")}
        for who, http in http_world.callers.items():
            answer = http.post(f"/rest/v1/rpc/{row['name']}", json=dict.fromkeys(row["names"]))
            assert answer.status_code < 500, (row["name"], who, answer.text)
            role = {"anon": "anon", "service": "service_role"}.get(who, "authenticated")
            assert is_refused(answer) is (role not in may), (row["name"], who, answer.text)


@pytest.mark.parametrize("who", ["anon", "owner", "other", "guest", "service"])
def test_no_other_schema_is_served(http_world: HttpWorld, who: str) -> None:
    http = http_world.callers[who]
    for schema in ("private", "auth", "storage", "vault", "realtime", "extensions"):
        answer = http.get("/rest/v1/settings", headers={"accept-profile": schema})
        assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106"), schema
        written = http.post("/rest/v1/rpc/sweep", json={}, headers={"content-profile": schema})
        assert (written.status_code, written.json()["code"]) == (406, "PGRST106"), schema
    for name in SAID.named("tables"):
        if name.startswith("private."):
            url = f"/rest/v1/{name.removeprefix('private.')}"
            assert http.get(url).status_code == 404, name
    # The control: the schema that is served.
    assert http.get("/rest/v1/plans").status_code == (403 if who == "service" else 200)
