"""Calls to Storage, against a server that answers like it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from functions_py.errors import RejectedError, TransientError
from functions_py.supabase_gateway import SupabaseGateway
from tests.support import canaries
from tests.support.sidecar.helpers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

KEY = canaries.secret("sb_secret_", 31)


class Storage:
    """Remembers requests; answers what it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.methods: list[str] = []
        self.answer: tuple[int, object] = (200, {})

    async def handle(self, request: Request) -> Response:
        raw = request.scope["raw_path"].decode()
        self.seen.append((raw, dict(request.headers), await request.body()))
        self.methods.append(request.method)
        status, body = self.answer
        return JSONResponse(body, status)


@pytest.fixture
def storage() -> Iterator[Storage]:
    server = Storage()
    route = Route("/{path:path}", server.handle, methods=["POST", "DELETE"])
    with serving(Starlette(routes=[route])) as server.url:
        yield server


async def sign(storage: Storage, path: str = "u1/face 1.png", key: str = KEY) -> str:
    gateway = SupabaseGateway(storage.url, key, trust_env=False)
    try:
        return await gateway.sign("faces", path, 60)
    finally:
        await gateway.close()


async def upload(storage: Storage) -> None:
    gateway = SupabaseGateway(storage.url, KEY, trust_env=False)
    try:
        await gateway.upload("thumbnails", "u1/g1.png", b"png")
    finally:
        await gateway.close()


async def test_a_face_is_signed_with_the_secret_key_as_apikey_only(storage: Storage) -> None:
    storage.answer = (200, {"signedURL": "/object/sign/faces/u1/face%201.png?token=t"})
    signed = await sign(storage)
    assert signed == f"{storage.url}/storage/v1/object/sign/faces/u1/face%201.png?token=t"
    ((path, headers, body),) = storage.seen
    assert path == "/storage/v1/object/sign/faces/u1/face%201.png"
    assert headers["apikey"] == KEY
    assert "authorization" not in headers
    assert body == b'{"expiresIn":60}'


async def test_a_legacy_key_is_a_bearer_too(storage: Storage) -> None:
    storage.answer = (200, {"signedURL": "/object/sign/x"})
    await sign(storage, key="eyJa.b.c")
    assert storage.seen[0][1]["authorization"] == "Bearer eyJa.b.c"


async def test_an_upload_replaces_what_is_there(storage: Storage) -> None:
    await upload(storage)
    ((path, headers, body),) = storage.seen
    assert (path, body) == ("/storage/v1/object/thumbnails/u1/g1.png", b"png")
    assert (headers["x-upsert"], headers["content-type"]) == ("true", "image/png")


@pytest.mark.parametrize("status", [400, 404])
async def test_a_face_that_is_gone_is_told_from_a_storage_that_is_down(
    storage: Storage, status: int
) -> None:
    storage.answer = (status, {"statusCode": "404", "error": "not_found", "message": "hush"})
    with pytest.raises(RejectedError, match="face_missing"):
        await sign(storage)
    for down in (500, 503, 401, 403):
        storage.answer = (down, {})
        with pytest.raises(TransientError, match="storage_unavailable"):
            await sign(storage)


async def test_an_upload_the_bucket_does_not_take_is_final(storage: Storage) -> None:
    for meant in ("413", "415"):
        storage.answer = (400, {"statusCode": meant})
        with pytest.raises(RejectedError, match="storage_refused"):
            await upload(storage)
    storage.answer = (400, {"statusCode": "500"})
    with pytest.raises(TransientError, match="storage_unavailable"):
        await upload(storage)


@pytest.mark.parametrize("path", ["../other/face.png", "u1/../../x", "u1//x", "", "u1/."])
async def test_a_path_that_climbs_is_refused_before_it_is_sent(storage: Storage, path: str) -> None:
    storage.answer = (200, {"signedURL": "/object/sign/x"})
    with pytest.raises(RejectedError, match="storage_refused"):
        await sign(storage, path)
    assert storage.seen == []
    await sign(storage, "u1/..face.png")
    assert len(storage.seen) == 1


async def test_a_storage_that_does_not_answer_is_tried_again_later(storage: Storage) -> None:
    gateway = SupabaseGateway("http://127.0.0.1:1", KEY, trust_env=False)
    with pytest.raises(TransientError, match="storage_unavailable"):
        await gateway.sign("faces", "u1/x.png", 60)
    await gateway.close()
    storage.answer = (200, {"signedURL": "https://elsewhere.example/x"})
    with pytest.raises(TransientError, match="storage_unavailable"):
        await sign(storage)


async def remove(storage: Storage, *names: str) -> dict[str, Any]:
    gateway = SupabaseGateway(storage.url, KEY, trust_env=False)
    try:
        return await gateway.remove("faces", list(names))
    finally:
        await gateway.close()


async def delete_user(storage: Storage, user_id: str = "u1") -> dict[str, Any]:
    gateway = SupabaseGateway(storage.url, KEY, trust_env=False)
    try:
        return await gateway.delete_user(user_id)
    finally:
        await gateway.close()


async def test_files_are_deleted_by_name_and_the_answer_is_passed_on(storage: Storage) -> None:
    storage.answer = (200, [{"name": "u1/a b.png", "id": "x", "bucket_id": "faces"}])
    told = await remove(storage, "u1/a b.png", "u1/gone.png")
    assert told == {"bucket": "faces", "status": 200, "removed": ["u1/a b.png"]}
    ((path, headers, body),) = storage.seen
    assert (storage.methods, path) == (["DELETE"], "/storage/v1/object/faces")
    assert json.loads(body) == {"prefixes": ["u1/a b.png", "u1/gone.png"]}
    assert headers["apikey"] == KEY
    assert "authorization" not in headers
    storage.answer = (200, [])
    assert (await remove(storage, "u1/gone.png"))["removed"] == []
    # Nothing that was not asked for becomes a part of the proof.
    storage.answer = (200, [{"name": KEY}, {"name": "u1/a b.png"}])
    assert (await remove(storage, "u1/a b.png"))["removed"] == ["u1/a b.png"]


@pytest.mark.parametrize("answer", [{}, {"removed": 1}, [{"id": "x"}], ["x"], "x", None, 7])
async def test_an_answer_to_a_deletion_that_is_none_is_no_proof(
    storage: Storage, answer: object
) -> None:
    storage.answer = (200, answer)
    if answer == {}:
        # A list without names and an object without any look the same from here.
        assert (await remove(storage, "u1/a.png"))["removed"] == []
    else:
        with pytest.raises(TransientError, match="storage_unavailable"):
            await remove(storage, "u1/a.png")
    storage.answer = (200, [{"name": "u1/a.png"}])
    assert (await remove(storage, "u1/a.png"))["removed"] == ["u1/a.png"]


async def test_a_deletion_that_failed_is_tried_again_unless_it_never_works(
    storage: Storage,
) -> None:
    for status, body in ((500, {}), (401, {}), (403, {}), (429, {}), (400, {"statusCode": "500"})):
        storage.answer = (status, body)
        with pytest.raises(TransientError, match="storage_unavailable"):
            await remove(storage, "u1/a.png")
    storage.answer = (400, {"statusCode": "404", "error": "Bucket not found"})
    with pytest.raises(RejectedError, match="storage_refused"):
        await remove(storage, "u1/a.png")


async def test_a_person_is_deleted_at_auth_and_may_be_gone_before(storage: Storage) -> None:
    for status, body in ((200, {}), (404, {"error_code": "user_not_found"})):
        storage.answer = (status, body)
        assert await delete_user(storage) == {"user_id": "u1", "status": status}
    assert storage.methods == ["DELETE", "DELETE"]
    path, headers, body_sent = storage.seen[0]
    assert (path, headers["apikey"], body_sent) == ("/auth/v1/admin/users/u1", KEY, b"")


async def test_an_auth_that_refuses_or_is_away_is_asked_again(storage: Storage) -> None:
    for status in (400, 401, 403, 422, 429, 500, 503):
        storage.answer = (status, {"msg": "hush"})
        with pytest.raises(TransientError) as caught:
            await delete_user(storage)
        assert (caught.value.slug, caught.value.detail) == ("auth_unavailable", f"HTTP {status}")
    for path in ("", "..", "u1/../u2", "u1/"):
        seen = len(storage.seen)
        with pytest.raises(RejectedError):
            await delete_user(storage, path)
        assert len(storage.seen) == seen
    gateway = SupabaseGateway("http://127.0.0.1:1", KEY, trust_env=False)
    with pytest.raises(TransientError, match="auth_unavailable"):
        await gateway.delete_user("u1")
    with pytest.raises(TransientError, match="storage_unavailable"):
        await gateway.remove("faces", ["u1/x.png"])
    await gateway.close()
