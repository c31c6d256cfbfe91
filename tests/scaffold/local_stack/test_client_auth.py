"""Auth through supabase-js and supabase-py: sign-up, tokens and sessions as on hosted Supabase."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import jwt
import pytest

from tests.support.local_stack.clients import (
    PASSWORD,
    Project,
    browser,
    database,
    new_email,
    objects,
    python_client,
    run_js,
    sign_up,
)

if TYPE_CHECKING:
    from tests.support.local_stack.platform import Platform

WATCHED = """
create table public.seen (
    step bigint generated always as identity primary key,
    user_id uuid, operation text, referral text, provider text, confirmed boolean,
    role text, db_role text, path text
);
create function public.watch_users() returns trigger language plpgsql
security definer set search_path = '' as $$
begin
    insert into public.seen (user_id, operation, referral, provider, confirmed, role)
    values (
        new.id, tg_op, new.raw_user_meta_data ->> 'referral', new.raw_app_meta_data ->> 'provider',
        new.email_confirmed_at is not null, new.role
    );
    return null;
end $$;
create trigger watch_users after insert or update on auth.users
for each row execute function public.watch_users();
"""
UNWATCH = """
drop trigger watch_users on auth.users;
drop function public.watch_users();
drop table public.seen;
"""


def refusing(condition: str, errcode: str) -> str:
    """Return a trigger that refuses some sign-ups."""
    return f"""
    create function public.refuse_user() returns trigger language plpgsql
    security definer set search_path = '' as $$
    begin
        if {condition} then
            raise exception 'no more users' using errcode = '{errcode}', hint = 'try later';
        end if;
        return null;
    end $$;
    create trigger refuse_user after insert on auth.users
    for each row execute function public.refuse_user();
    """


UNREFUSE = "drop trigger refuse_user on auth.users; drop function public.refuse_user()"


def users_with(project: Project, email: str) -> int:
    """Count the users with an address."""
    with database(project) as connection:
        row = connection.execute("select count(*) from auth.users where email = %s", [email])
        return int(row.fetchone()[0])  # type: ignore[index]


def test_a_sign_up_trigger_reads_the_metadata_as_objects(platform: Project) -> None:
    with objects(platform, WATCHED, UNWATCH) as connection:
        answer = run_js(
            platform,
            "auth",
            "signUp",
            email=new_email(),
            password=PASSWORD,
            data={"referral": "ABC"},
        )
        seen = connection.execute(
            "select referral, provider from public.seen where operation = 'INSERT'"
        ).fetchall()
        types = connection.execute(
            "select jsonb_typeof(raw_user_meta_data), jsonb_typeof(raw_app_meta_data) "
            "from auth.users where id = %s",
            [answer["data"]["user"]["id"]],
        ).fetchall()
    assert answer["error"] is None
    assert seen == [("ABC", "email")]
    assert types == [("object", "object")]


def test_a_user_is_inserted_unconfirmed_and_confirmed_by_an_update(platform: Project) -> None:
    with objects(platform, WATCHED, UNWATCH) as connection:
        sign_up(platform)
        steps = connection.execute(
            "select operation, confirmed, role from public.seen order by step"
        ).fetchall()
    assert steps[0] == ("INSERT", False, "")
    assert steps[1] == ("UPDATE", False, "authenticated")
    assert steps[-1] == ("UPDATE", True, "authenticated")


def test_a_sign_up_trigger_runs_as_the_role_of_auth(platform: Project) -> None:
    create = """
    create table public.context (db_role text, path text);
    grant insert on public.context to supabase_auth_admin;
    create function public.note_context() returns trigger language plpgsql as $$
    begin
        insert into public.context values (current_user, current_setting('search_path'));
        return null;
    end $$;
    grant execute on function public.note_context() to supabase_auth_admin;
    create trigger note_context after insert on auth.users
    for each row execute function public.note_context();
    """
    drop = """
    drop trigger note_context on auth.users;
    drop function public.note_context();
    drop table public.context;
    """
    with objects(platform, create, drop) as connection:
        sign_up(platform)
        found = connection.execute("select db_role, path from public.context").fetchall()
    assert found == [("supabase_auth_admin", "auth")]


def test_serving_requests_grants_nothing_on_private_tables(platform: Project) -> None:
    create = """
    create schema hidden;
    create table hidden.secrets (id int);
    alter table hidden.secrets enable row level security;
    """
    with objects(platform, create, "drop schema hidden cascade") as connection:
        user = sign_up(platform)
        run_js(platform, "storage", "list", user=user.login, bucket="none", folder="")
        found = connection.execute(
            "select has_table_privilege(r, 'hidden.secrets', 'select'),"
            " has_schema_privilege(r, 'hidden', 'usage')"
            " from unnest(array['anon', 'authenticated', 'service_role']) as r"
        ).fetchall()
    assert found == [(False, False)] * 3


def test_a_token_carries_every_claim_and_a_signature_of_the_published_key(
    platform: Platform,
) -> None:
    user = sign_up(platform, nick="Ann")
    keys = httpx.get(platform.jwks_url).json()["keys"]
    header = jwt.get_unverified_header(user.token)
    assert (header["alg"], header["kid"]) == ("ES256", keys[0]["kid"])
    assert "d" not in keys[0]

    claims = jwt.decode(
        user.token,
        jwt.PyJWK.from_dict(keys[0]).key,
        algorithms=["ES256"],
        audience="authenticated",
        issuer=f"{platform.api_url}/auth/v1",
        options={"require": ["exp", "iat", "iss", "sub", "aud"]},
    )
    assert claims["sub"] == user.id
    assert claims["email"] == user.email
    assert claims["phone"] == ""
    assert claims["role"] == "authenticated"
    assert claims["aal"] == "aal1"
    assert claims["is_anonymous"] is False
    assert claims["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert claims["user_metadata"]["nick"] == "Ann"
    assert claims["amr"][0]["method"] == "password"
    assert abs(claims["amr"][0]["timestamp"] - time.time()) < 60
    assert claims["session_id"]


def test_supabase_js_verifies_a_token_by_itself(platform: Project) -> None:
    user = sign_up(platform)
    answer = run_js(platform, "auth", "claims", **user.login)
    assert answer["error"] is None
    assert answer["data"]["claims"]["sub"] == user.id
    assert answer["data"]["header"]["alg"] == "ES256"


def test_a_refreshed_token_keeps_session_and_method(platform: Project) -> None:
    user = sign_up(platform)
    answer = run_js(platform, "auth", "refresh", **user.login)
    before, after = (
        jwt.decode(answer[name]["access_token"], options={"verify_signature": False})
        for name in ("before", "after")
    )
    assert answer["after"]["refresh_token"] != answer["before"]["refresh_token"]
    assert after["session_id"] == before["session_id"]
    assert after["amr"] == before["amr"]
    assert jwt.get_unverified_header(answer["after"]["access_token"])["alg"] == "ES256"


def test_signing_out_ends_the_session(platform: Project) -> None:
    answer = run_js(platform, "auth", "signOutAndReuse", **sign_up(platform).login)
    assert answer["before"]["error"] is None
    assert answer["after"]["error"]["name"] == "AuthSessionMissingError"
    assert answer["refreshed"]["error"]["code"] == "refresh_token_not_found"


def test_a_failing_trigger_refuses_the_sign_up_and_leaves_nothing(platform: Project) -> None:
    refused, accepted = new_email(), new_email()
    create = refusing(f"new.email = '{refused}'", "P0001")
    with objects(platform, create, UNREFUSE):
        failed = run_js(platform, "auth", "signUp", email=refused, password=PASSWORD)
        passed = run_js(platform, "auth", "signUp", email=accepted, password=PASSWORD)
    assert failed["error"]["status"] == 500
    assert failed["error"]["message"] == "Database error saving new user"
    assert users_with(platform, refused) == 0
    assert passed["error"] is None
    assert users_with(platform, accepted) == 1


def test_supabase_py_sees_a_failing_trigger_too(platform: Project) -> None:
    email = new_email()
    with (
        objects(platform, refusing(f"new.email = '{email}'", "P0001"), UNREFUSE),
        python_client(platform) as client,
        pytest.raises(Exception, match="Database error saving new user") as caught,
    ):
        client.auth.sign_up({"email": email, "password": PASSWORD})
    assert caught.value.status == 500  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("errcode", "status"), [("P0001", 500), ("23514", 500), ("PT422", 422), ("PT403", 403)]
)
def test_without_an_api_version_the_error_of_a_trigger_is_shown(
    platform: Project, errcode: str, status: int
) -> None:
    email = new_email()
    with objects(platform, refusing(f"new.email = '{email}'", errcode), UNREFUSE):
        body = {"email": email, "password": PASSWORD}
        with browser(platform) as http:
            shown = http.post("/auth/v1/signup", json=body)
            version = {"X-Supabase-Api-Version": "2024-01-01"}
            hidden = http.post("/auth/v1/signup", json=body, headers=version)
    assert shown.status_code == status
    assert shown.json() == {"code": errcode, "message": "no more users", "hint": "try later"}
    assert hidden.status_code == 500
    assert hidden.json() == {
        "code": "unexpected_failure",
        "message": "Database error saving new user",
    }
    assert users_with(platform, email) == 0


def test_another_error_of_a_trigger_stays_hidden(platform: Project) -> None:
    email = new_email()
    with (
        objects(platform, refusing(f"new.email = '{email}'", "22012"), UNREFUSE),
        browser(platform) as http,
    ):
        answer = http.post("/auth/v1/signup", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 500
    assert answer.json() == {
        "code": 500,
        "error_code": "unexpected_failure",
        "msg": "Database error saving new user",
    }


def test_refusals_have_the_codes_of_hosted(platform: Project) -> None:
    user = sign_up(platform)
    known = run_js(platform, "auth", "signUp", **user.login)["error"]
    weak = run_js(platform, "auth", "signUp", email=new_email(), password="12345")["error"]
    wrong = run_js(platform, "auth", "signIn", email=user.email, password="wrong pass")["error"]
    no_address = run_js(platform, "auth", "signUp", email="nobody", password=PASSWORD)["error"]
    anonymous = run_js(platform, "auth", "signInAnonymously")["error"]
    assert (known["status"], known["code"]) == (422, "user_already_exists")
    assert (weak["name"], weak["reasons"]) == ("AuthWeakPasswordError", ["length"])
    assert (wrong["status"], wrong["code"]) == (400, "invalid_credentials")
    assert (no_address["status"], no_address["code"]) == (400, "validation_failed")
    assert (anonymous["status"], anonymous["code"]) == (422, "anonymous_provider_disabled")
    assert run_js(platform, "auth", "signIn", **user.login)["error"] is None


def test_an_address_signs_up_only_once_even_at_the_same_moment(platform: Project) -> None:
    email = new_email()

    def attempt(_: int) -> int:
        with browser(platform) as http:
            body = {"email": email, "password": PASSWORD}
            return http.post("/auth/v1/signup", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(attempt, range(4)))
    assert statuses == [200, 422, 422, 422]
    assert users_with(platform, email) == 1


def test_a_changed_address_holds_at_once_where_none_is_confirmed(platform: Project) -> None:
    user, address = sign_up(platform), new_email()
    answer = run_js(platform, "auth", "changeEmail", newEmail=address, **user.login)
    assert answer["error"] is None
    assert answer["data"]["user"]["email"] == address
    assert answer["data"]["user"]["user_metadata"]["nick"] == "new"
    signed_in = run_js(platform, "auth", "signIn", email=address, password=user.password)
    assert signed_in["error"] is None


def test_a_code_from_a_mail_signs_a_known_and_a_new_user_in(platform: Project) -> None:
    for email in (sign_up(platform).email, new_email()):
        asked = run_js(platform, "auth", "signInByCode", email=email)
        headers = {"apikey": platform.secret_key}
        mails = httpx.get(f"{platform.api_url}/mailbox", params={"to": email}, headers=headers)
        code = mails.json()[-1]["code"]
        other = f"{(int(code) + 1) % 1_000_000:06}"
        wrong = run_js(platform, "auth", "signInByCode", email=email, code=other)
        right = run_js(platform, "auth", "signInByCode", email=email, code=code)
        assert asked["error"] is None
        assert wrong["error"]["code"] == "otp_expired"
        assert right["error"] is None
        claims = jwt.decode(
            right["data"]["session"]["access_token"], options={"verify_signature": False}
        )
        assert [one["method"] for one in claims["amr"]] == ["otp"]


def test_the_mailbox_is_closed_without_the_secret_key(platform: Project) -> None:
    with browser(platform) as http:
        assert http.get("/mailbox").status_code == 401
    headers = {"apikey": platform.secret_key}
    assert httpx.get(f"{platform.api_url}/mailbox", headers=headers).status_code == 200


def test_supabase_py_signs_up_and_reads_the_times(platform: Project) -> None:
    email = new_email()
    with python_client(platform) as client:
        session = client.auth.sign_up({"email": email, "password": PASSWORD}).session
        user = client.auth.get_user()
        claims = client.auth.get_claims()
        client.auth.sign_out()
    assert session is not None
    assert user is not None
    assert user.user.email == email
    assert abs(user.user.created_at.timestamp() - time.time()) < 60
    assert user.user.created_at.tzinfo is not None
    assert claims is not None
    assert claims["claims"]["sub"] == user.user.id


def test_the_tables_of_auth_look_as_hosted(platform: Project) -> None:
    sign_up(platform)
    with database(platform) as connection:
        without_rls = connection.execute(
            "select relname from pg_class where relnamespace = 'auth'::regnamespace"
            " and relkind = 'r' and not relrowsecurity"
        ).fetchall()
        row = connection.execute(
            "select instance_id, aud, is_super_admin, is_sso_user from auth.users limit 1"
        ).fetchone()
        assert without_rls == []
        assert row is not None
        assert str(row[0]) == "00000000-0000-0000-0000-000000000000"
        assert row[1:] == ("authenticated", None, False)
        readers = connection.execute(
            "select r from unnest(array['anon', 'authenticated', 'service_role', 'postgres']) as r"
            " where has_table_privilege(r, 'auth.users', 'select')"
        ).fetchall()
        assert readers == [("postgres",)]
