"""Bad input through the gateway and PostgREST: a clear 4xx with a stable slug, and nothing lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.rest import Caller, balance


def test_without_a_login_every_rpc_is_401(nobody: Caller, ana: Caller) -> None:
    calls = {
        "request_generation": {
            "generation_type": "thumbnail",
            "prompt": "a cat",
            "idempotency_key": str(uuid.uuid4()),
        },
        "cancel_generation": {"generation_id": str(uuid.uuid4())},
        "add_user_image": {"object_path": "x"},
        "my_credits": {},
    }
    for function, arguments in calls.items():
        assert nobody.rpc(function, **arguments).status_code == 401, function
        assert ana.rpc(function, **arguments).status_code != 401, function


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"], ids=repr)
def test_a_token_that_is_none_is_401(nobody: Caller, ana: Caller, token: str) -> None:
    nobody.http.headers["authorization"] = f"Bearer {token}"
    assert nobody.rpc("my_credits").status_code == 401
    assert ana.rpc("my_credits").status_code == 200


def test_an_unknown_generation_type_is_404(ana: Caller) -> None:
    answer = ana.request(generation_type="nonsense")
    assert answer.status_code == 404
    assert (answer.json()["code"], answer.json()["message"]) == (
        "PT404",
        "generation_type_not_found",
    )
    assert ana.request().status_code == 200


@pytest.mark.parametrize(
    ("prompt", "slug"),
    [
        ("", "prompt_empty"),
        (None, "prompt_empty"),
        (" \t\n\u3000 ", "prompt_empty"),
        ("beep\u0007", "prompt_has_control_characters"),
        ("x" * 1001, "prompt_too_long"),
        ("x" * 1_000_000, "prompt_too_long"),
    ],
    ids=["empty", "null", "blank", "control", "long", "huge"],
)
def test_a_bad_prompt_is_422(ana: Caller, prompt: str | None, slug: str) -> None:
    answer = ana.request(prompt=prompt)
    assert (answer.status_code, answer.json()["message"]) == (422, slug)
    assert answer.json()["code"] == "PT422"
    assert balance(ana) == 50


def test_a_nul_character_is_a_400_of_the_platform(ana: Caller) -> None:
    # PostgreSQL's text has no NUL: the JSON is refused before any function sees it.
    assert ana.request(prompt="a\u0000b").status_code == 400
    assert balance(ana) == 50


def test_a_foreign_a_deleted_and_an_absent_face_get_the_same_404(ana: Caller, ben: Caller) -> None:
    foreign, mine, deleted = ben.add_face(), ana.add_face("mine.png"), ana.add_face("gone.png")
    answer = ana.http.delete(f"/storage/v1/object/faces/{ana.user_id}/gone.png")
    assert answer.status_code == 200, answer.text
    answers = [
        ana.request(generation_type="thumbnail", user_image_id=face)
        for face in (foreign, deleted, str(uuid.uuid4()))
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["message"] == "user_image_not_found"
    assert ana.request(generation_type="thumbnail", user_image_id=mine).status_code == 200


def test_too_few_credits_are_402_with_the_missing_amount(ana: Caller) -> None:
    assert ana.request(generation_type="thumbnail_premium").status_code == 200
    answer = ana.request(generation_type="thumbnail_premium")
    assert answer.status_code == 402
    assert answer.json() == {
        "code": "PT402",
        "message": "insufficient_credits",
        "details": "It costs 30 credits and 10 are missing.",
        "hint": "Buy credits, or ask for a cheaper generation type.",
    }


def test_a_key_with_other_arguments_is_409_and_with_the_same_the_same(ana: Caller) -> None:
    key = str(uuid.uuid4())
    first = ana.request(idempotency_key=key)
    assert ana.request(idempotency_key=key).json()["id"] == first.json()["id"]
    answer = ana.request(idempotency_key=key, prompt="a dog")
    assert (answer.status_code, answer.json()["message"]) == (409, "idempotency_conflict")
    assert balance(ana) == 48


@pytest.mark.parametrize(
    "changes",
    [
        {"idempotency_key": "nonsense"},
        {"idempotency_key": None},
        {"idempotency_key": ""},
        {"user_image_id": "nonsense"},
        {"surprise": 1},
        {"generation_type": ["x"]},
    ],
    ids=str,
)
def test_arguments_of_the_wrong_shape_are_a_4xx(ana: Caller, changes: dict[str, Any]) -> None:
    answer = ana.request(**changes)
    assert 400 <= answer.status_code < 500, answer.text
    assert balance(ana) == 50


TABLES = (
    "profiles",
    "credit_lots",
    "credit_entries",
    "referrals",
    "user_images",
    "generation_types",
    "generations",
)


@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_written_directly(ana: Caller, table: str) -> None:
    url = f"/rest/v1/{table}"
    assert ana.http.get(url).status_code == 200
    column = {"profiles": "credits", "generation_types": "cost_credits"}.get(table, "created_at")
    own = {"select": "*", column: "not.is.null"}
    assert ana.http.post(url, json={column: 1}).status_code == 403
    assert ana.http.patch(url, params=own, json={column: 1}).status_code == 403
    assert ana.http.delete(url, params=own).status_code == 403
    assert balance(ana) == 50


def test_a_person_reads_only_their_own_rows(ana: Caller, ben: Caller) -> None:
    ben.add_face()
    assert ben.request().status_code == 200
    for table in ("profiles", "credit_lots", "credit_entries", "user_images", "generations"):
        mine, his = (caller.http.get(f"/rest/v1/{table}").json() for caller in (ana, ben))
        assert his, table
        key = "id" if table == "profiles" else "profile_id"
        assert {row[key] for row in his} == {ben.user_id}
        assert {row[key] for row in mine} <= {ana.user_id}


def test_the_private_schema_is_not_served(ana: Caller) -> None:
    answer = ana.http.get("/rest/v1/settings", headers={"accept-profile": "private"})
    assert answer.status_code == 406
    assert ana.http.get("/rest/v1/settings").status_code == 404
    assert ana.rpc("claim_jobs").status_code == 404
    assert ana.http.get("/rest/v1/generation_types").status_code == 200


@pytest.mark.parametrize(
    "code",
    ["nonsense", "", None, 7, True, {"a": [1]}, ["x"], "🦆" * 200, "' or 1=1 --", "22222222"],
    ids=lambda code: repr(code)[:20],
)
def test_a_sign_up_never_fails_because_of_a_code(sign_up: Callable[..., Caller], code: Any) -> None:
    assert balance(sign_up({"referral": code})) == 50
