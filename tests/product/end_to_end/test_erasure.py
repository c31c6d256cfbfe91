"""Leaving, on the whole stack: files go through the Storage API, the customer, then the login."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from local_stack.stack import Stack
from tests.support.database import Database, credits_of
from tests.support.end_to_end.checkout_driver import (
    OF_PACK,
    OF_PLAN,
    PACK,
    PLAN,
    START,
    CheckoutDriver,
)
from tests.support.end_to_end.generations import wait
from tests.support.rest import PASSWORD, Caller, picture
from tests.support.waiting import eventually_is
from thumbsmith.checks.questions import run_checks

WORDS = "delete my account"


class OperatorView:
    """The operator's view of the stack."""

    def __init__(self, stack: Stack) -> None:
        self.db = Database(stack.db_url)
        key = stack.keys.secret_key
        self.http = httpx.Client(base_url=stack.api_url, headers={"apikey": key}, timeout=30)

    def names(self, bucket: str, person: str) -> list[str]:
        """List a person's folder through the Storage API."""
        answer = self.http.post(
            f"/storage/v1/object/list-v2/{bucket}", json={"prefix": f"{person}/"}
        )
        assert answer.status_code == 200, answer.text
        return [one["name"].partition("/")[2] for one in answer.json()["objects"]]

    def erased(self, person: str) -> dict[str, Any]:
        """Wait until an account is erased and return the proof."""
        statement = "select * from private.erasures where profile_id = %s"

        def is_finished() -> bool:
            return any(row["finished_at"] for row in self.db.rows(statement, person))

        eventually_is(True, is_finished, "the erasure")
        return dict(self.db.rows(statement, person)[0])

    def findings(self) -> set[str]:
        """Return the checks on removal that find something."""
        ours = {
            "closed_account_is_erased",
            "erased_account_is_empty",
            "user_image_is_removed_in_time",
            "removed_user_image_is_deleted",
            "job_is_not_dead",
            "person_has_a_profile",
        }
        return {result.name for result in run_checks(self.db.url) if result.rows} & ours


@pytest.fixture
def operator_view(stack: Stack) -> Iterator[OperatorView]:
    made = OperatorView(stack)
    with made.http, closing(made.db):
        yield made


def upload(caller: Caller, name: str) -> None:
    answer = caller.http.post(
        f"/storage/v1/object/faces/{caller.user_id}/{name}",
        content=picture(),
        headers={"content-type": "image/png"},
    )
    assert answer.status_code == 200, answer.text


def photo(caller: Caller, image_id: str) -> dict[str, Any]:
    (row,) = caller.http.get("/rest/v1/user_images", params={"id": f"eq.{image_id}"}).json()
    return dict(row)


def thumbnail(caller: Caller, **arguments: Any) -> dict[str, Any]:
    """Ask for a thumbnail and wait for the picture."""
    asked = caller.request(**arguments).json()["id"]
    row = wait(caller, asked)
    assert row["status"] == "succeeded", row
    return row


def is_readable(caller: Caller, bucket: str, name: str) -> bool:
    url = f"/storage/v1/object/authenticated/{bucket}/{caller.user_id}/{name}"
    return caller.http.get(url).is_success


def test_a_removed_photo_is_gone_from_storage_and_its_person_sees_the_proof(
    operator_view: OperatorView, ana: Caller, ben: Caller
) -> None:
    face, kept, his = ana.add_face("a.png"), ana.add_face("a.png.png"), ben.add_face("a.png")
    assert is_readable(ana, "faces", "a.png")
    link = ana.http.post(
        f"/storage/v1/object/sign/faces/{ana.user_id}/a.png", json={"expiresIn": 600}
    ).json()["signedURL"]
    assert ana.http.get(f"/storage/v1{link}").status_code == 200
    assert ana.rpc("remove_user_image", id=face).status_code == 200
    eventually_is(True, lambda: photo(ana, face)["deleted_at"] is not None, "the deletion")
    assert photo(ana, face)["deletion_answer"] == {
        "bucket": "faces",
        "status": 200,
        "removed": [f"{ana.user_id}/a.png"],
    }
    assert not is_readable(ana, "faces", "a.png")
    # An address that was signed before shows nothing any more.
    assert not ana.http.get(f"/storage/v1{link}").is_success
    assert operator_view.names("faces", ana.user_id) == ["a.png.png"]
    assert operator_view.names("faces", ben.user_id) == ["a.png"]
    assert (photo(ana, kept)["removed_at"], photo(ben, his)["removed_at"]) == (None, None)
    # The name is free again, for another photo with another consent.
    assert ana.add_face("a.png") != face
    assert operator_view.findings() == set()


def test_a_photo_that_expires_is_deleted_without_anybody_asking(
    operator_view: OperatorView, ana: Caller
) -> None:
    face = ana.add_face()
    operator_view.db.rows(
        "update public.user_images set created_at = now() - interval '200 days',"
        " expires_at = now() - interval '1 second' where id = %s",
        face,
    )
    refused = ana.request(generation_type="thumbnail", user_image_id=face)
    assert (refused.status_code, refused.json()["message"]) == (404, "user_image_not_found")
    operator_view.db.value("select private.sweep()")
    eventually_is(True, lambda: photo(ana, face)["deleted_at"] is not None, "the deletion")
    assert photo(ana, face)["removal_reason"] == "expired"
    assert operator_view.names("faces", ana.user_id) == []


def test_a_deleted_account_leaves_money_and_nothing_personal(
    operator_view: OperatorView, checkout_driver: CheckoutDriver, ana: Caller, ben: Caller
) -> None:
    checkout_driver.buy(ana, **PACK)
    plan = checkout_driver.buy(ana, **PLAN).id("subscription")
    checkout_driver.has(ana, START + OF_PACK + OF_PLAN)
    page = checkout_driver.page(ana, item_kind="pack", item_key="starter")
    face = ana.add_face("me.png")
    upload(ana, "never recorded.png")
    upload(ana, "deep/er/still.png")
    made = thumbnail(ana, generation_type="thumbnail", prompt="ana's wish", user_image_id=face)
    ben.add_face("him.png")
    under_way = ana.request(prompt="a cat [slow]").json()["id"]
    email = ana.http.get("/auth/v1/user").json()["email"]
    assert len(operator_view.names("faces", ana.user_id)) == 3
    assert len(operator_view.names("thumbnails", ana.user_id)) == 2
    paid = operator_view.db.rows("select * from public.payments where profile_id = %s", ana.user_id)
    assert len(paid) == 2

    assert ana.rpc("delete_my_account", confirmation=WORDS).status_code == 200
    proof = operator_view.erased(ana.user_id)

    # The files first, then Stripe, and the login last.
    steps = [
        (one.get("bucket") or one.get("object") or "user", one.get("removed"))
        for one in proof["answers"]
    ]
    assert steps == [
        ("faces", 3),
        ("thumbnails", 2),
        ("checkout.session", None),
        ("customer", None),
        ("user", None),
    ]
    assert (
        operator_view.names("faces", ana.user_id)
        == operator_view.names("thumbnails", ana.user_id)
        == []
    )
    assert operator_view.names("faces", ben.user_id) == ["him.png"]
    login = ana.http.post(
        "/auth/v1/token?grant_type=password", json={"email": email, "password": PASSWORD}
    )
    assert (login.status_code, login.json()["error_code"]) == (400, "invalid_credentials")
    assert operator_view.http.get(f"/auth/v1/admin/users/{ana.user_id}").status_code == 404
    assert ana.rpc("my_credits").status_code == 401

    # At Stripe.
    client = checkout_driver.stripe.client.v1
    assert client.subscriptions.retrieve(plan).status == "canceled"
    (customer,) = operator_view.db.rows(
        "select * from private.stripe_customers where profile_id = %s", ana.user_id
    )
    assert client.customers.retrieve(customer["customer_id"]).to_dict()["deleted"] is True
    assert client.checkout.sessions.retrieve(page["stripe_session_id"]).status == "expired"
    mirror = "select status from public.subscriptions where profile_id = %s"
    eventually_is(
        "canceled", lambda: operator_view.db.value(mirror, ana.user_id), "our own row of it"
    )

    # Money stays, of a bare id.
    again = operator_view.db.rows(
        "select * from public.payments where profile_id = %s", ana.user_id
    )
    assert again == paid
    assert credits_of(operator_view.db, uuid.UUID(ana.user_id)) == START + OF_PACK + OF_PLAN - 10
    kept = {
        str(row["id"]): row
        for row in operator_view.db.rows(
            "select * from public.generations where profile_id = %s", ana.user_id
        )
    }
    assert (kept[made["id"]]["status"], kept[made["id"]]["prompt"]) == ("succeeded", "")
    assert (kept[under_way]["status"], kept[under_way]["prompt"]) == ("canceled", "")
    checkout_driver.idle()
    assert operator_view.findings() == set()
    assert ben.rpc("my_credits").json()["available"] == START


def test_somebody_deleted_in_the_dashboard_is_erased_too(
    operator_view: OperatorView, ana: Caller
) -> None:
    ana.add_face()
    thumbnail(ana)
    deleted = operator_view.http.delete(f"/auth/v1/admin/users/{ana.user_id}")
    assert deleted.status_code == 200, deleted.text
    proof = operator_view.erased(ana.user_id)
    assert proof["asked_by"] == "auth"
    assert proof["answers"][-1]["status"] == 404
    assert (
        operator_view.names("faces", ana.user_id)
        == operator_view.names("thumbnails", ana.user_id)
        == []
    )
    assert operator_view.findings() == set()


def test_an_account_that_never_bought_anything_needs_no_stripe(
    operator_view: OperatorView, ana: Caller
) -> None:
    assert ana.rpc("delete_my_account", confirmation=WORDS).status_code == 200
    proof = operator_view.erased(ana.user_id)
    assert [(one["user_id"], one["status"]) for one in proof["answers"]] == [(ana.user_id, 200)]
