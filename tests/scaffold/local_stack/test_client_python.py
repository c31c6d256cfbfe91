"""The rest of supabase-py against Storage: buckets, signed addresses, copies."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import httpx
import pytest
from storage3.exceptions import StorageApiError

from tests.support.local_stack.clients import Project, bucket, python_client, sign_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage3 import SyncStorageClient


@pytest.fixture
def storage(platform: Project) -> Iterator[SyncStorageClient]:
    """Yield a client with the secret key."""
    with python_client(platform, platform.secret_key) as client:
        yield client.storage


def test_buckets_are_made_changed_and_removed(storage: SyncStorageClient) -> None:
    name = f"py-{uuid.uuid4().hex}"
    storage.create_bucket(name, options={"public": False, "file_size_limit": 1000})
    try:
        with pytest.raises(StorageApiError) as caught:
            storage.create_bucket(name)
        found = storage.get_bucket(name)
        storage.update_bucket(name, {"public": True})
        listed = {one.id: one for one in storage.list_buckets()}
    finally:
        storage.empty_bucket(name)
        storage.delete_bucket(name)
    assert int(caught.value.status) == 409
    assert (found.id, found.public, found.file_size_limit) == (name, False, 1000)
    assert listed[name].public is True
    with pytest.raises(StorageApiError, match="Bucket not found"):
        storage.get_bucket(name)


def test_files_are_replaced_copied_moved_and_described(
    platform: Project, storage: SyncStorageClient
) -> None:
    with bucket(platform) as name:
        files = storage.from_(name)
        files.upload("a/one.txt", b"one", {"content-type": "text/plain", "cache-control": "9"})
        files.update("a/one.txt", b"two", {"content-type": "text/plain"})
        files.copy("a/one.txt", "b/copy.txt")
        files.move("a/one.txt", "b/moved.txt")
        listed = [entry["name"] for entry in files.list("b")]
        content = files.download("b/copy.txt"), files.download("b/moved.txt")
        info = files.info("b/moved.txt")
        with pytest.raises(StorageApiError) as caught:
            files.download("a/one.txt")
        assert files.exists("a/one.txt") is False
    assert listed == ["copy.txt", "moved.txt"]
    assert content == (b"two", b"two")
    assert info["size"] == 3
    assert info["content_type"] == "text/plain"
    assert int(caught.value.status) == 404


def test_addresses_are_signed_for_reading_and_writing(
    platform: Project, storage: SyncStorageClient
) -> None:
    with bucket(platform) as name, python_client(platform) as anybody:
        files = storage.from_(name)
        signed = files.create_signed_upload_url("gift.txt")
        anybody.storage.from_(name).upload_to_signed_url("gift.txt", signed["token"], b"gift")
        many = files.create_signed_urls(["gift.txt", "none"], 60)
        answer = httpx.get(str(many[0]["signedURL"]))
        public = files.get_public_url("gift.txt")
        closed = httpx.get(public)
    assert answer.content == b"gift"
    assert many[1]["error"]
    assert closed.json()["statusCode"] == "404"


def test_a_user_is_refused_with_the_status_of_the_body(platform: Project) -> None:
    user = sign_up(platform)
    with bucket(platform, "select", "insert") as name, python_client(platform) as client:
        client.auth.sign_in_with_password({"email": user.email, "password": user.password})
        files = client.storage.from_(name)
        files.upload(f"{user.id}/mine", b"1")
        with pytest.raises(StorageApiError, match="row-level security") as caught:
            files.upload("others/file", b"1")
        removed = files.remove([f"{user.id}/mine"])
        client.auth.sign_out()
    assert int(caught.value.status) == 403
    assert removed == []
