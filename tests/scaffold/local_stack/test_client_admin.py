"""The admin API of Auth through supabase-js and supabase-py."""

from __future__ import annotations

import pytest
from supabase import AuthApiError

from tests.support.local_stack.clients import (
    PASSWORD,
    Project,
    browser,
    new_email,
    python_client,
    run_js,
    sign_up,
)


def test_an_administrator_creates_changes_and_deletes_a_user(platform: Project) -> None:
    email = new_email()
    answer = run_js(platform, "auth", "administer", email=email, password=PASSWORD)
    created = answer["created"]["data"]["user"]
    assert created["email"] == email
    assert created["email_confirmed_at"]
    assert created["user_metadata"]["nick"] == "first"
    assert created["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "pro"}
    assert created["identities"][0]["provider"] == "email"
    assert answer["signedIn"]["error"] is None
    assert answer["duplicate"]["error"]["code"] == "email_exists"
    updated = answer["updated"]["data"]["user"]
    assert updated["user_metadata"]["nick"] == "second"
    assert "gone" not in updated["user_metadata"]
    assert updated["app_metadata"]["plan"] == "pro"
    assert updated["app_metadata"]["seats"] == 3
    found = answer["found"]["data"]["user"]
    assert found["user_metadata"] == updated["user_metadata"]
    assert found["last_sign_in_at"]
    assert answer["deleted"]["error"] is None
    assert answer["missing"]["error"]["code"] == "user_not_found"
    assert answer["missing"]["error"]["status"] == 404


def test_users_are_listed_in_pages(platform: Project) -> None:
    newest = [sign_up(platform).id for _ in range(3)]
    answer = run_js(platform, "auth", "listPages", perPage=2)
    first, second = answer["first"]["data"], answer["second"]["data"]
    assert [user["id"] for user in first["users"]] == [newest[2], newest[1]]
    assert second["users"][0]["id"] == newest[0]
    assert first["total"] >= 3
    assert first["nextPage"] == 2
    # supabase-js reads only the first digit of the last page's number.
    assert first["lastPage"] == int(str(-(-first["total"] // 2))[0])


@pytest.mark.parametrize("signed_in", [False, True])
def test_nobody_but_the_secret_key_may_administer(platform: Project, signed_in: bool) -> None:
    user = sign_up(platform).login if signed_in else None
    answer = run_js(platform, "auth", "administerAs", user=user)
    for refused in (answer["list"], answer["created"]):
        assert refused["error"]["code"] == "not_admin"
        assert refused["error"]["status"] == 403


def test_the_secret_key_may_administer_from_python(platform: Project) -> None:
    user = sign_up(platform)
    with python_client(platform, platform.secret_key) as client:
        found = client.auth.admin.get_user_by_id(user.id).user
        listed = {one.id for one in client.auth.admin.list_users(per_page=1000)}
        client.auth.admin.delete_user(user.id)
        with pytest.raises(AuthApiError, match="User not found"):
            client.auth.admin.get_user_by_id(user.id)
    assert found.email == user.email
    assert user.id in listed


def test_a_deleted_users_token_is_worth_nothing(platform: Project) -> None:
    user = sign_up(platform)
    with browser(platform, token=user.token) as http:
        before = http.get("/auth/v1/user")
        with python_client(platform, platform.secret_key) as client:
            client.auth.admin.delete_user(user.id)
        after = http.get("/auth/v1/user")
    assert before.status_code == 200
    assert (after.status_code, after.json()["error_code"]) == (403, "user_not_found")


def test_a_banned_user_cannot_sign_in(platform: Project) -> None:
    user = sign_up(platform)
    answer = run_js(platform, "auth", "ban", id=user.id, **user.login)
    assert answer["banned"]["error"]["code"] == "user_banned"
    assert answer["lifted"]["error"] is None
