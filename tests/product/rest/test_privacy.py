"""A person's own data over HTTP: removing a photo, taking everything along, leaving for good."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.support.rest import Caller, picture

WORDS = "delete my account"


def test_without_a_login_nothing_is_removed_exported_or_deleted(
    nobody: Caller, ana: Caller
) -> None:
    face = ana.add_face()
    calls: dict[str, dict[str, Any]] = {
        "export_my_data": {},
        "remove_user_image": {"id": face},
        "delete_my_account": {"confirmation": WORDS},
    }
    for function, arguments in calls.items():
        assert nobody.rpc(function, **arguments).status_code == 401, function
    for function, arguments in calls.items():
        assert ana.rpc(function, **arguments).status_code == 200, function


def test_a_foreign_and_an_absent_photo_get_the_same_404(ana: Caller, ben: Caller) -> None:
    face = ana.add_face()
    answers = [ben.rpc("remove_user_image", id=one) for one in (face, str(uuid.uuid4()), None)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == {
        "code": "PT404",
        "message": "user_image_not_found",
        "details": "There is no such face photo.",
        "hint": "Use the id of one of your own user_images.",
    }
    for nonsense in ("nonsense", "", 7, ["x"], {"a": 1}):
        assert 400 <= ana.rpc("remove_user_image", id=nonsense).status_code < 500
    assert ana.rpc("remove_user_image").status_code == 404
    (kept,) = ana.http.get("/rest/v1/user_images").json()
    assert kept["removed_at"] is None
    first = ana.rpc("remove_user_image", id=face)
    assert (first.status_code, first.json()["removal_reason"]) == (200, "asked")
    again = ana.rpc("remove_user_image", id=face).json()
    assert (again["id"], again["removed_at"]) == (face, first.json()["removed_at"])


def test_nobody_writes_when_a_photo_was_removed(ana: Caller, nobody: Caller) -> None:
    ana.add_face()
    for caller, status in ((ana, 403), (nobody, 401)):
        for column in ("removed_at", "deleted_at", "deletion_answer", "expires_at"):
            answer = caller.http.patch(
                "/rest/v1/user_images", params={"id": "not.is.null"}, json={column: None}
            )
            assert answer.status_code == status, column
        assert caller.http.get("/rest/v1/erasures").status_code in {401, 404}
    assert len(ana.http.get("/rest/v1/user_images").json()) == 1


@pytest.mark.parametrize("confirmation", ["", "yes", "DELETE MY ACCOUNT", None, 1, True])
def test_an_account_is_not_deleted_by_accident(ana: Caller, confirmation: Any) -> None:
    answer = ana.rpc("delete_my_account", confirmation=confirmation)
    assert (answer.status_code, answer.json()["message"]) == (422, "confirmation_required")
    assert ana.rpc("delete_my_account").status_code == 404
    assert ana.rpc("delete_my_account", confirmation=WORDS, surprise=1).status_code == 404
    # A link cannot do it: it writes, so a GET is refused.
    linked = ana.http.get("/rest/v1/rpc/delete_my_account", params={"confirmation": WORDS})
    assert linked.status_code == 405
    assert ana.rpc("my_credits").json()["available"] == 50


def test_after_the_deletion_every_call_is_401_and_nothing_is_uploaded(
    ana: Caller, ben: Caller
) -> None:
    deleted = ana.rpc("delete_my_account", confirmation=WORDS)
    assert deleted.status_code == 200, deleted.text
    assert set(deleted.json()) == {"deleted_at"}
    generation = {
        "generation_type": "thumbnail_draft",
        "prompt": "a cat",
        "idempotency_key": str(uuid.uuid4()),
    }
    calls: dict[str, dict[str, Any]] = {
        "my_credits": {},
        "export_my_data": {},
        "request_generation": generation,
        "quote_generation": {"generation_type": "thumbnail"},
    }
    for function, arguments in calls.items():
        refused = ana.rpc(function, **arguments)
        assert (refused.status_code, refused.json()["message"]) == (401, "not_signed_in")
        assert ben.rpc(function, **arguments).status_code == 200, function
    again = ana.rpc("delete_my_account", confirmation=WORDS)
    assert (again.status_code, again.json()["message"]) == (401, "not_signed_in")
    for caller, allowed in ((ana, False), (ben, True)):
        answer = caller.http.post(
            f"/storage/v1/object/faces/{caller.user_id}/late.png",
            content=picture(),
            headers={"content-type": "image/png"},
        )
        assert answer.is_success is allowed, answer.text


def test_the_export_holds_what_is_ones_own(ana: Caller, ben: Caller) -> None:
    his = ben.add_face("ben-face.png")
    assert ben.request(prompt="ben wants a dog").status_code == 200
    hers = ana.add_face("ana-face.png")
    assert ana.request(prompt="ana wants a cat").status_code == 200
    answer = ana.rpc("export_my_data")
    assert answer.status_code == 200
    given = answer.json()
    assert given["account"]["id"] == ana.user_id
    assert given["account"]["email"].endswith("@example.com")
    assert [one["id"] for one in given["user_images"]] == [hers]
    assert [one["name"] for one in given["files"] if one["bucket"] == "faces"] == [
        f"{ana.user_id}/ana-face.png"
    ]
    assert given["generations"][0]["prompt"] == "ana wants a cat"
    assert given["profiles"][0]["credits"] == 48
    for foreign in (his, ben.user_id, "ben-face.png", "ben wants a dog"):
        assert foreign not in answer.text
    # It reads, so a link does as well.
    same = ana.http.get("/rest/v1/rpc/export_my_data")
    assert (same.status_code, set(same.json())) == (200, set(given))
