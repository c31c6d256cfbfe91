"""Calls to Storage, against a server that answers like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from functions_py.errors import RejectedError, TransientError
from functions_py.storage_gateway import StorageGateway
from tests.sidecar.helpers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

KEY = "sb_secret_aaaaaaaaaaaaaaaaaaaa"


class Storage:
    """Remembers requests; answers what it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, object]] = (200, {})

    async def handle(self, request: Request) -> Response:
        raw = request.scope["raw_path"].decode()
        self.seen.append((raw, dict(request.headers), await request.body()))
        status, body = self.answer
        return JSONResponse(body, status)


@pytest.fixture
def storage() -> Iterator[Storage]:
    server = Storage()
    route = Route("/{path:path}", server.handle, methods=["POST"])
    with serving(Starlette(routes=[route])) as server.url:
        yield server


async def sign(storage: Storage, path: str = "u1/face 1.png", key: str = KEY) -> str:
    gateway = StorageGateway(storage.url, key, trust_env=False)
    try:
        return await gateway.sign("faces", path, 60)
    finally:
        await gateway.close()


async def upload(storage: Storage) -> None:
    gateway = StorageGateway(storage.url, KEY, trust_env=False)
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
    gateway = StorageGateway("http://127.0.0.1:1", KEY, trust_env=False)
    with pytest.raises(TransientError, match="storage_unavailable"):
        await gateway.sign("faces", "u1/x.png", 60)
    await gateway.close()
    storage.answer = (200, {"signedURL": "https://elsewhere.example/x"})
    with pytest.raises(TransientError, match="storage_unavailable"):
        await sign(storage)
