"""The gateway: keys, tokens, CORS and the way to PostgREST."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.local_stack.clients import (
    Project,
    browser,
    objects,
    python_client,
    run_js,
    sign_up,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.local_stack.platform import Platform

CREATE = """
create table public.notes (
    id bigint generated always as identity primary key,
    owner uuid not null default auth.uid(),
    body text
);
alter table public.notes enable row level security;
grant select, insert on public.notes to authenticated;
grant select on public.notes to service_role;
create policy own_select on public.notes for select to authenticated
using (owner = (select auth.uid()));
create policy own_insert on public.notes for insert to authenticated
with check (owner = (select auth.uid()));
create function public.who_am_i() returns jsonb language sql stable set search_path = '' as $$
    select jsonb_build_object('role', current_user, 'uid', auth.uid(), 'email', auth.email())
$$;
grant execute on function public.who_am_i() to anon, authenticated, service_role;
create function public.big() returns text language sql set search_path = ''
as $$ select repeat('x', 3000000) $$;
grant execute on function public.big() to anon;
"""
DROP = "drop table public.notes; drop function public.who_am_i(); drop function public.big()"


@pytest.fixture(scope="module")
def notes(platform: Project) -> Iterator[None]:
    """Make a table with row level security and some functions, seen by PostgREST."""
    with objects(platform, CREATE, DROP):
        with browser(platform) as http:
            for _ in range(100):
                if http.post("/rest/v1/rpc/who_am_i").status_code == 200:
                    break
        yield


def role_with(project: Project, headers: dict[str, str]) -> httpx.Response:
    """Ask PostgREST who a request is."""
    return httpx.post(f"{project.api_url}/rest/v1/rpc/who_am_i", headers=headers)


def test_policies_know_the_user_of_a_token(platform: Project, notes: None) -> None:
    ann, bob = sign_up(platform), sign_up(platform)
    made = run_js(platform, "data", "insert", user=ann.login, table="notes", row={"body": "hi"})
    assert made["error"] is None
    assert made["data"][0]["owner"] == ann.id
    mine = run_js(platform, "data", "select", user=ann.login, table="notes")
    theirs = run_js(platform, "data", "select", user=bob.login, table="notes")
    nobody = run_js(platform, "data", "select", table="notes")
    everything = run_js(platform, "data", "count", user="server", table="notes")
    assert [row["body"] for row in mine["data"]] == ["hi"]
    assert mine["count"] == 1
    assert theirs["data"] == []
    assert nobody["error"]["code"] == "42501"
    assert everything["count"] == 1
    forged = run_js(
        platform, "data", "insert", user=bob.login, table="notes", row={"owner": ann.id}
    )
    assert forged["error"]["code"] == "42501"


def test_a_key_stands_for_its_role(platform: Platform, notes: None) -> None:
    expected = {
        platform.publishable_key: "anon",
        platform.secret_key: "service_role",
        platform.anon_key: "anon",
        platform.service_role_key: "service_role",
    }
    for key, role in expected.items():
        for headers in ({"apikey": key}, {"apikey": key, "authorization": f"Bearer {key}"}):
            answer = role_with(platform, headers)
            assert answer.status_code == 200, answer.text
            assert answer.json()["role"] == role


def test_a_users_token_passes_beside_the_key(platform: Project, notes: None) -> None:
    user = sign_up(platform)
    headers = {"apikey": platform.publishable_key, "authorization": f"Bearer {user.token}"}
    assert role_with(platform, headers).json() == {
        "role": "authenticated",
        "uid": user.id,
        "email": user.email,
    }


def test_the_key_may_stand_in_the_address(platform: Project, notes: None) -> None:
    address = f"{platform.api_url}/rest/v1/rpc/who_am_i"
    answer = httpx.get(address, params={"apikey": platform.publishable_key})
    assert (answer.status_code, answer.json()["role"]) == (200, "anon")


@pytest.mark.parametrize("path", ["/rest/v1/", "/auth/v1/settings", "/auth/v1/user"])
def test_without_a_key_or_with_an_unknown_one_nothing_is_served(
    platform: Project, path: str
) -> None:
    user = sign_up(platform)
    bearer = {"authorization": f"Bearer {user.token}"}
    with httpx.Client(base_url=platform.api_url) as http:
        missing = http.get(path, headers=bearer)
        unknown = http.get(path, headers=bearer | {"apikey": "sb_publishable_unknown"})
        forged = http.get(path, headers=bearer | {"apikey": user.token})
        right = http.get(path, headers=bearer | {"apikey": platform.publishable_key})
    assert (missing.status_code, missing.json()["message"]) == (401, "No API key found in request")
    assert (unknown.status_code, unknown.json()["message"]) == (401, "Invalid API key")
    assert forged.status_code == 401
    assert right.status_code == 200


def test_a_secret_key_is_refused_to_a_browser(platform: Project, notes: None) -> None:
    agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    refused = role_with(platform, agent | {"apikey": platform.secret_key})
    allowed = role_with(platform, agent | {"apikey": platform.publishable_key})
    assert refused.status_code == 401
    assert "browser" in refused.json()["message"]
    assert allowed.status_code == 200


def test_a_forged_token_is_refused(platform: Project, notes: None) -> None:
    user = sign_up(platform)
    head, body, signature = user.token.split(".")
    swapped = signature[::-1]
    headers = {"apikey": platform.publishable_key}
    forged = role_with(platform, headers | {"authorization": f"Bearer {head}.{body}.{swapped}"})
    assert forged.status_code == 401
    with browser(platform, token=f"{head}.{body}.{swapped}") as http:
        user_answer = http.get("/auth/v1/user")
        assert (user_answer.status_code, user_answer.json()["error_code"]) == (403, "bad_jwt")
        assert http.get("/storage/v1/bucket").json()["statusCode"] == "403"


@pytest.mark.parametrize("path", ["/rest/v1/notes", "/auth/v1/signup", "/storage/v1/object/a/b"])
def test_a_browser_may_call_from_any_origin(platform: Project, path: str) -> None:
    asked = {
        "origin": "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "apikey, authorization, content-type, x-client-info",
    }
    with httpx.Client(base_url=platform.api_url) as http:
        preflight = http.options(path, headers=asked)
        refused = http.post(path, headers={"origin": "https://app.example"}, json={})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "x-client-info" in preflight.headers["access-control-allow-headers"]
    assert refused.status_code >= 400
    assert refused.headers.get_list("access-control-allow-origin") == ["*"]
    assert "content-range" in refused.headers["access-control-expose-headers"]


def test_a_large_answer_passes_whole(platform: Project, notes: None) -> None:
    answer = run_js(platform, "data", "rpc", name="big")
    assert answer["error"] is None
    assert answer["data"] == "x" * 3_000_000


def test_answers_of_postgrest_keep_their_headers_and_status(platform: Project, notes: None) -> None:
    user = sign_up(platform)
    with browser(platform, token=user.token) as http:
        made = http.post(
            "/rest/v1/notes", json={"body": "a"}, headers={"prefer": "return=headers-only"}
        )
        head = http.head("/rest/v1/notes", headers={"prefer": "count=exact"})
        missing = http.get("/rest/v1/no_such_table")
    assert made.status_code == 201
    assert made.headers["location"].startswith("/notes?id=eq.")
    assert head.headers["content-range"].endswith("/1")
    assert missing.status_code == 404


def test_supabase_py_reads_through_the_gateway(platform: Project, notes: None) -> None:
    user, text = sign_up(platform), uuid.uuid4().hex
    with python_client(platform) as client:
        client.auth.sign_in_with_password({"email": user.email, "password": user.password})
        client.table("notes").insert({"body": text}).execute()
        rows = client.table("notes").select("body").execute().data
        identity = client.rpc("who_am_i").execute().data
        client.auth.sign_out()
    assert rows == [{"body": text}]
    assert identity["uid"] == user.id  # type: ignore[index,call-overload]


def test_an_unknown_service_is_not_found(platform: Project) -> None:
    with browser(platform) as http:
        assert http.get("/functions/v1/hello").status_code == 404
        assert http.get("/restless/v1/").status_code == 404
        assert http.get("/healthz").json() == {"ready": True}
