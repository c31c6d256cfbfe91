"""Claims that name nobody, over HTTP; and what people may write of themselves at Auth."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import jwt
import pytest

from tests.support.rest import PASSWORD
from tests.support.security.access.engine import Claims
from tests.support.security.http_world import HttpWorld, claims_of, signed
from tests.support.security.tokens.claims import BOASTS, NAMES, malformed
from tests.support.security.tokens.endpoints import OBJECT

COLUMNS = "role, aud, is_super_admin, is_anonymous, raw_app_meta_data, email_confirmed_at, phone"
ASK = {
    "generation_type": "thumbnail_draft",
    "prompt": "a cat",
    "idempotency_key": "00000000-0000-4000-8000-000000000001",
}


def answers(http_world: HttpWorld, claims: Claims) -> list[httpx.Response]:
    """Try to read, to be told, to ask, to write and to list with a token that says this."""
    text = claims
    if isinstance(claims, dict):
        text = claims_of(http_world.stack, uuid.uuid4()) | claims
    headers = {
        "apikey": http_world.stack.keys.publishable_key,
        "authorization": f"Bearer {signed(http_world.stack, text)}",
    }
    owner = http_world.world.owner
    with httpx.Client(base_url=http_world.stack.api_url, headers=headers, timeout=30) as http:
        return [
            http.get("/rest/v1/profiles"),
            http.get("/rest/v1/generation_receipts"),
            http.post("/rest/v1/rpc/my_credits", json={}),
            http.post("/rest/v1/rpc/export_my_data", json={}),
            http.post("/rest/v1/rpc/request_generation", json=ASK),
            http.post("/rest/v1/rpc/add_user_image", json={"object_path": f"{owner.id}/spare.png"}),
            http.post(f"{OBJECT}/list/faces", json={"prefix": str(owner.id)}),
            http.get(f"{OBJECT}/faces/{owner.id}/spare.png"),
            http.get("/auth/v1/user"),
        ]


def test_a_signed_token_that_names_nobody_is_refused_cleanly(http_world: HttpWorld) -> None:
    for name, claims in malformed(http_world.world.owner).items():
        for answer in answers(http_world, claims):
            seen = (name, answer.request.url.path, answer.status_code, answer.text)
            nothing = answer.is_success and answer.content == b"[]"
            assert nothing or 400 <= answer.status_code < 500, seen
            assert "canary" not in answer.text, seen
    # The control: the same with somebody in it.
    good = claims_of(http_world.stack, http_world.world.other.id)
    assert [a.status_code for a in answers(http_world, good)[:5]] == [200] * 5


@pytest.mark.parametrize("place", ["data", "app_metadata", "user_metadata", ""])
def test_what_people_write_of_themselves_at_auth_changes_no_right(
    http_world: HttpWorld, place: str
) -> None:
    friend = http_world.world.other
    boasts = BOASTS | {name: str(http_world.world.owner.id) for name in NAMES}
    boasts |= {"referral": friend.code, "name": "boaster", "is_sso_user": True, "aud": "admin"}
    written: dict[str, Any] = {"data": {"name": "boaster"}} | ({place: boasts} if place else boasts)
    http = http_world.callers["anon"]
    someone = {"email": f"{uuid.uuid4()}@example.com", "password": PASSWORD}
    session = http.post("/auth/v1/signup", json=someone).json()
    before = rights(http_world, session["user"]["id"], friend.id)
    bearer = {"authorization": f"Bearer {session['access_token']}"}
    changed = http.put("/auth/v1/user", json=written, headers=bearer)
    assert changed.status_code < 500, changed.text
    fresh = http.post(
        "/auth/v1/token?grant_type=refresh_token", json={"refresh_token": session["refresh_token"]}
    ).json()
    assert rights(http_world, session["user"]["id"], friend.id) == before
    told = claims_in(fresh["access_token"])
    assert told["user_metadata"]["name"] == "boaster"
    trusted = ("sub", "role", "aud", "aal", "is_anonymous", "app_metadata", "email")
    was = claims_in(session["access_token"])
    assert {name: told[name] for name in trusted} == {name: was[name] for name in trusted}
    # What they may read and call is the same.
    bearer = {"authorization": f"Bearer {fresh['access_token']}"}
    assert http.get("/rest/v1/profiles", headers=bearer).json()[0]["credits"] == 50
    assert http.get("/auth/v1/admin/users", headers=bearer).status_code == 403


def test_at_sign_up_a_code_counts_and_a_boast_does_not(http_world: HttpWorld) -> None:
    friend = http_world.world.other
    http = http_world.callers["anon"]
    boasts = BOASTS | {"referral": friend.code}
    body = {"email": f"{uuid.uuid4()}@example.com", "password": PASSWORD, "data": boasts}
    body |= {"app_metadata": BOASTS, "role": "service_role", "aud": "admin"}
    session = http.post("/auth/v1/signup", json=body).json()
    person = session["user"]["id"]
    told = claims_in(session["access_token"])
    assert told["user_metadata"]["role"] == "service_role"
    assert (told["role"], told["aud"], told["is_anonymous"]) == (
        "authenticated",
        "authenticated",
        False,
    )
    assert set(told["app_metadata"]) == {"provider", "providers"}
    (profile,) = http_world.world.db.rows(
        "select credits, referred_by from public.profiles where id = %s", person
    )
    assert profile == {"credits": 50, "referred_by": friend.id}


def rights(http_world: HttpWorld, person: str, friend: uuid.UUID) -> list[Any]:
    """Return what a person may, has and is owed, and what the friend has who would gain by it."""
    db = http_world.world.db
    return [
        db.rows(f"select {COLUMNS} from auth.users where id = %s", person),
        db.rows("select * from public.profiles where id = %s", person),
        db.rows("select * from public.credit_entries where profile_id = %s", person),
        db.rows("select * from public.subscriptions where profile_id = %s", person),
        db.rows("select * from public.referrals where referrer_id = %s order by id", friend),
        db.rows("select credits, debt from public.profiles where id = %s", friend),
    ]


def claims_in(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found
