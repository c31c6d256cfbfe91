"""Hooks, anonymous sign-ins and confirmed addresses: a stack configured for them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import httpx
import jwt
import psycopg
import pytest

from local_stack.stack import Stack
from tests.support.local_stack.clients import PASSWORD, Json, new_email, run_js
from thumbsmith.project import config

if TYPE_CHECKING:
    from collections.abc import Iterator

HOOKS = """
create schema hooks;
grant usage on schema hooks to supabase_auth_admin;
create table hooks.calls (at timestamptz default clock_timestamp(), event jsonb);
grant insert on hooks.calls to supabase_auth_admin;
create function hooks.before_user(event jsonb) returns jsonb language plpgsql
set search_path = '' as $$
declare
    v_answer jsonb := event -> 'user' -> 'user_metadata' -> 'answer';
begin
    if event -> 'user' -> 'user_metadata' ? 'raise' then
        raise exception 'broken hook';
    end if;
    insert into hooks.calls (event) values (event);
    return coalesce(v_answer, '{}');
end $$;
create function hooks.token(event jsonb) returns jsonb language plpgsql stable
set search_path = '' as $$
begin
    if event -> 'claims' -> 'user_metadata' ? 'no_token' then
        return '{"error": {"http_code": 403, "message": "no token for you"}}';
    end if;
    return jsonb_build_object('claims', (event -> 'claims') || jsonb_build_object(
        'plan', 'pro', 'method', event -> 'authentication_method'
    ));
end $$;
revoke execute on all functions in schema hooks from public, anon, authenticated;
grant execute on all functions in schema hooks to supabase_auth_admin;
"""


@dataclasses.dataclass(frozen=True)
class Configured:
    """A stack with settings of its own."""

    api_url: str
    db_url: str
    publishable_key: str
    secret_key: str


def _stack(tmp_path_factory: pytest.TempPathFactory, **settings: object) -> Iterator[Configured]:
    changed = dataclasses.replace(config.load(), **settings)  # type: ignore[arg-type]
    folder = tmp_path_factory.mktemp("configured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "load", lambda: changed)
        services = ("postgres", "node", "postgrest")
        with Stack(
            folder, services=services, database_url="", stripe_key="", migrate=False
        ) as stack:
            yield _as_project(stack)


def _as_project(stack: Stack) -> Configured:
    return Configured(
        api_url=stack.api_url,
        db_url=stack.db_url,
        publishable_key=stack.keys.publishable_key,
        secret_key=stack.keys.secret_key,
    )


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Configured]:
    """Run a stack with both hooks and anonymous sign-ins."""
    for project in _stack(
        tmp_path_factory,
        anonymous_sign_ins=True,
        email_confirmations=False,
        before_user_created_hook="hooks.before_user",
        custom_access_token_hook="hooks.token",
    ):
        with psycopg.connect(project.db_url, autocommit=True) as connection:
            connection.execute(HOOKS)
        yield project


@pytest.fixture(scope="module")
def confirming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Configured]:
    """Run a stack in which an address must be confirmed."""
    yield from _stack(
        tmp_path_factory,
        email_confirmations=True,
        before_user_created_hook=None,
        custom_access_token_hook=None,
    )


def users(project: Configured, email: str) -> int:
    """Count the users with an address."""
    with psycopg.connect(project.db_url) as connection:
        query = "select count(*) from auth.users where email = %s"
        return int(connection.execute(query, [email]).fetchone()[0])  # type: ignore[index]


def sign_up(project: Configured, email: str, **data: Json) -> Json:
    """Sign somebody up with supabase-js."""
    return run_js(project, "auth", "signUp", email=email, password=PASSWORD, data=data)


def claims_of(answer: Json) -> dict[str, Json]:
    """Return the claims of a session's token."""
    token = answer["data"]["session"]["access_token"]
    return jwt.decode(token, options={"verify_signature": False})


def test_the_hook_before_a_user_is_created_sees_the_user(hooked: Configured) -> None:
    email = new_email()
    answer = sign_up(hooked, email, nick="Ann")
    with psycopg.connect(hooked.db_url) as connection:
        row = connection.execute(
            "select event from hooks.calls where event -> 'user' ->> 'email' = %s", [email]
        ).fetchone()
    assert answer["error"] is None
    assert row is not None
    event = row[0]
    assert event["metadata"]["name"] == "before-user-created"
    assert event["user"]["id"] == answer["data"]["user"]["id"]
    assert event["user"]["user_metadata"] == {"nick": "Ann"}
    assert event["user"]["app_metadata"]["provider"] == "email"


def test_the_hook_refuses_with_its_own_status_and_message(hooked: Configured) -> None:
    email = new_email()
    refusal = {"error": {"http_code": 422, "message": "not from there"}}
    answer = sign_up(hooked, email, answer=refusal)
    assert answer["error"]["status"] == 422
    assert answer["error"]["message"] == "not from there"
    assert users(hooked, email) == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"answer": {"error": {"message": "no status"}}}, "no status"),
        ({"raise": True}, "Error running hook"),
    ],
)
def test_a_hook_without_a_status_or_that_fails_is_a_server_error(
    hooked: Configured, data: dict[str, object], message: str
) -> None:
    email = new_email()
    answer = sign_up(hooked, email, **data)
    assert (answer["error"]["status"], answer["error"]["message"]) == (500, message)
    assert users(hooked, email) == 0


def test_a_refusal_without_a_message_is_none(hooked: Configured) -> None:
    email = new_email()
    assert sign_up(hooked, email, answer={"error": {"http_code": 422}})["error"] is None
    assert users(hooked, email) == 1


def test_the_token_hook_changes_the_claims_also_on_refresh(hooked: Configured) -> None:
    email = new_email()
    signed_up = claims_of(sign_up(hooked, email))
    assert (signed_up["plan"], signed_up["method"]) == ("pro", "password")
    answer = run_js(hooked, "auth", "refresh", email=email, password=PASSWORD)
    refreshed = jwt.decode(answer["after"]["access_token"], options={"verify_signature": False})
    assert (refreshed["plan"], refreshed["method"]) == ("pro", "token_refresh")


def test_a_refused_token_leaves_no_session(hooked: Configured) -> None:
    email = new_email()
    assert sign_up(hooked, email, no_token=True)["error"]["status"] == 403
    answer = run_js(hooked, "auth", "signIn", email=email, password=PASSWORD)
    assert answer["error"]["message"] == "no token for you"
    with psycopg.connect(hooked.db_url) as connection:
        sessions = connection.execute(
            "select count(*) from auth.sessions s join auth.users u on u.id = s.user_id"
            " where u.email = %s",
            [email],
        ).fetchone()
    assert users(hooked, email) == 1
    assert sessions == (0,)


def test_an_anonymous_user_says_so_in_the_token(hooked: Configured) -> None:
    answer = run_js(hooked, "auth", "signInAnonymously")
    assert answer["error"] is None
    user, claims = answer["data"]["user"], claims_of(answer)
    assert user["is_anonymous"] is True
    assert (claims["is_anonymous"], claims["role"]) == (True, "authenticated")
    assert claims["amr"][0]["method"] == "anonymous"
    assert user["email"] == ""


def test_an_address_must_be_confirmed_before_it_signs_in(confirming: Configured) -> None:
    email = new_email()
    answer = sign_up(confirming, email)
    early = run_js(confirming, "auth", "signIn", email=email, password=PASSWORD)
    headers = {"apikey": confirming.secret_key}
    mails = httpx.get(f"{confirming.api_url}/mailbox", params={"to": email}, headers=headers)
    code = mails.json()[-1]["code"]
    confirmed = run_js(confirming, "auth", "confirmSignUp", email=email, code=code)
    late = run_js(confirming, "auth", "signIn", email=email, password=PASSWORD)
    assert answer["data"]["session"] is None
    assert early["error"]["code"] == "email_not_confirmed"
    assert confirmed["error"] is None
    assert claims_of(confirmed)["email"] == email
    assert late["error"] is None


def test_nobody_learns_whether_an_address_is_known(confirming: Configured) -> None:
    email = new_email()
    first = sign_up(confirming, email)
    with psycopg.connect(confirming.db_url, autocommit=True) as connection:
        connection.execute(
            "update auth.users set email_confirmed_at = now() where email = %s", [email]
        )
    again = sign_up(confirming, email)
    assert again["error"] is None
    assert again["data"]["session"] is None
    assert again["data"]["user"]["id"] != first["data"]["user"]["id"]
    assert users(confirming, email) == 1


def test_asking_for_a_code_signs_up_through_the_hook(hooked: Configured) -> None:
    email = new_email()
    asked = run_js(hooked, "auth", "signInByCode", email=email)
    with psycopg.connect(hooked.db_url) as connection:
        calls = connection.execute(
            "select count(*) from hooks.calls where event -> 'user' ->> 'email' = %s", [email]
        ).fetchone()
    assert asked["error"] is None
    assert calls == (1,)
    assert users(hooked, email) == 1
