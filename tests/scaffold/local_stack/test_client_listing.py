"""Listing, copying, moving and signed addresses through the client libraries."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import jwt
import pytest

from tests.support.local_stack.clients import Json, Project, User, browser, bucket, run_js, sign_up

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = ("select", "insert", "update", "delete")
FILES = ("b.txt", "A.txt", "faces/left.png", "faces/right.png", "faces/old/x.png", "fa.txt")


@pytest.fixture(scope="module")
def filled(platform: Project) -> Iterator[tuple[User, str]]:
    """Give a user a bucket with files in folders."""
    user = sign_up(platform)
    with bucket(platform, *ALL) as name:
        paths = [f"{user.id}/{file}" for file in FILES]
        answers = run_js(
            platform, "storage", "uploadMany", user=user.login, bucket=name, paths=paths
        )
        assert all(answer["error"] is None for answer in answers)
        yield user, name


def listed(project: Project, filled: tuple[User, str], folder: str = "", **options: Json) -> Json:
    """List a folder of the user's own."""
    user, name = filled
    path = f"{user.id}/{folder}".rstrip("/")
    answer = run_js(
        project, "storage", "list", user=user.login, bucket=name, folder=path, options=options
    )
    assert answer["error"] is None
    return answer["data"]


def names(entries: Json) -> list[str]:
    """Return the names of entries."""
    return [entry["name"] for entry in entries]


def test_a_listing_has_folders_and_relative_names(
    platform: Project, filled: tuple[User, str]
) -> None:
    entries = listed(platform, filled)
    assert names(entries) == ["A.txt", "b.txt", "fa.txt", "faces"]
    folder, file = entries[3], entries[0]
    assert folder == dict.fromkeys(folder, None) | {"name": "faces"}
    assert set(folder) >= {"id", "metadata", "created_at", "updated_at", "last_accessed_at"}
    assert file["id"]
    assert file["metadata"]["mimetype"] == "text/plain"
    assert file["created_at"].endswith("Z")
    assert names(listed(platform, filled, "faces")) == ["left.png", "old", "right.png"]
    assert listed(platform, filled, "nothing") == []


def test_a_listing_is_searched_sorted_and_paged(
    platform: Project, filled: tuple[User, str]
) -> None:
    assert names(listed(platform, filled, search="fa")) == ["fa.txt", "faces"]
    assert names(listed(platform, filled, search="a")) == ["A.txt"]
    assert names(listed(platform, filled, limit=2, offset=1)) == ["b.txt", "fa.txt"]
    descending = {"column": "name", "order": "desc"}
    assert names(listed(platform, filled, sortBy=descending)) == [
        "faces",
        "fa.txt",
        "b.txt",
        "A.txt",
    ]
    by_time = {"column": "created_at", "order": "desc"}
    assert names(listed(platform, filled, sortBy=by_time)) == ["faces", "fa.txt", "A.txt", "b.txt"]


def test_a_listing_by_cursor_walks_through_everything(
    platform: Project, filled: tuple[User, str]
) -> None:
    user, name = filled
    found: list[str] = []
    cursor = None
    for _ in range(10):
        options = {"prefix": f"{user.id}/", "limit": 4, "cursor": cursor}
        answer = run_js(
            platform, "storage", "listV2", user=user.login, bucket=name, options=options
        )
        found += names(answer["data"]["objects"])
        cursor = answer["data"].get("nextCursor")
        if not answer["data"]["hasNext"]:
            break
    assert found == sorted(f"{user.id}/{file}" for file in FILES)

    options = {"prefix": f"{user.id}/", "with_delimiter": True}
    answer = run_js(platform, "storage", "listV2", user=user.login, bucket=name, options=options)
    assert names(answer["data"]["folders"]) == [f"{user.id}/faces/"]
    assert names(answer["data"]["objects"]) == [
        f"{user.id}/{file}" for file in ("A.txt", "b.txt", "fa.txt")
    ]


def test_files_are_copied_and_moved_and_the_answer_says_where(platform: Project) -> None:
    user = sign_up(platform)
    source, copy, move = (f"{user.id}/{file}" for file in ("a", "copy/a", "moved/a"))
    with bucket(platform, *ALL) as name:
        where = {"user": user.login, "bucket": name}
        run_js(platform, "storage", "upload", path=source, content="text", **where)
        answer = run_js(
            platform,
            "storage",
            "copyAndMove",
            **{"from": source},
            copy=copy,
            move=move,
            **where,
        )
        with browser(platform, token=user.token) as http:
            body = {"bucketId": name, "sourceKey": move, "destinationKey": f"{user.id}/c"}
            raw = http.post("/storage/v1/object/copy", json=body).json()
            taken = http.post("/storage/v1/object/copy", json=body).json()
    assert answer["copied"]["data"]["path"] == f"{name}/{copy}"
    assert answer["moved"]["data"]["message"] == "Successfully moved"
    assert answer["atCopy"]["data"] == answer["atMove"]["data"] == "text"
    assert answer["atSource"]["error"] is not None
    assert raw["Key"] == f"{name}/{user.id}/c"
    assert raw["Id"]
    assert taken["statusCode"] == "409"


def test_nobody_copies_or_moves_what_is_not_theirs(platform: Project) -> None:
    ann, bob = sign_up(platform), sign_up(platform)
    with bucket(platform, *ALL) as name:
        path = f"{ann.id}/a"
        run_js(
            platform, "storage", "upload", user=ann.login, bucket=name, path=path, content="text"
        )
        with browser(platform, token=bob.token) as http:
            body = {"bucketId": name, "sourceKey": path, "destinationKey": f"{bob.id}/a"}
            copied = http.post("/storage/v1/object/copy", json=body).json()
            moved = http.post("/storage/v1/object/move", json=body).json()
            removed = http.delete(f"/storage/v1/object/{name}/{path}").json()
        with browser(platform, token=ann.token) as http:
            into_others = http.post(
                "/storage/v1/object/move",
                json={"bucketId": name, "sourceKey": path, "destinationKey": f"{bob.id}/a"},
            ).json()
            kept = http.get(f"/storage/v1/object/{name}/{path}")
    assert copied["statusCode"] == moved["statusCode"] == "404"
    assert removed["statusCode"] == "403"
    assert into_others["statusCode"] == "403"
    assert kept.text == "text"


def test_a_signed_address_works_for_anybody_until_it_expires(
    platform: Project, filled: tuple[User, str]
) -> None:
    user, name = filled
    path = f"{user.id}/faces/left.png"
    where = {"user": user.login, "bucket": name, "path": path}
    long = run_js(platform, "storage", "signedUrl", seconds=60, **where)["data"]["signedUrl"]
    short = run_js(platform, "storage", "signedUrl", seconds=1, **where)["data"]["signedUrl"]
    saved = run_js(
        platform, "storage", "signedUrl", seconds=60, options={"download": "x.png"}, **where
    )["data"]["signedUrl"]
    time.sleep(2.1)
    answer, part = httpx.get(long), httpx.get(long, headers={"range": "bytes=0-3"})
    expired = httpx.get(short)
    other = httpx.get(long.replace("left.png", "right.png"))
    forged = httpx.get(long[:-3] + ("abc" if not long.endswith("abc") else "abd"))
    bare = httpx.get(long.split("?")[0])
    assert long.startswith(f"{platform.api_url}/storage/v1/object/sign/{name}/")
    assert (answer.status_code, answer.text) == (200, path)
    assert (part.status_code, part.text) == (206, path[:4])
    assert "expires" in answer.headers
    assert "x.png" in httpx.get(saved).headers["content-disposition"]
    assert (expired.status_code, expired.json()["error"]) == (400, "InvalidJWT")
    assert '"exp" claim timestamp check failed' in expired.json()["message"]
    assert (other.status_code, other.json()["error"]) == (400, "InvalidSignature")
    assert forged.json()["error"] == "InvalidJWT"
    assert bare.status_code == 400


def test_a_signed_address_is_no_token_and_a_token_no_signed_address(
    platform: Project, filled: tuple[User, str]
) -> None:
    user, name = filled
    path = f"{user.id}/b.txt"
    url = run_js(
        platform, "storage", "signedUrl", user=user.login, bucket=name, path=path, seconds=60
    )["data"]["signedUrl"]
    base, _, token = url.partition("?token=")
    assert jwt.decode(token, options={"verify_signature": False})["scope"] == "download"
    with browser(platform, token=token) as http:
        as_token = http.get(f"/storage/v1/object/{name}/{path}")
        as_upload = http.put(
            f"/storage/v1/object/upload/sign/{name}/{path}", params={"token": token}, content=b"x"
        )
    with browser(platform, token=user.token) as http:
        right = http.get(f"/storage/v1/object/{name}/{path}")
    assert as_token.status_code == 400
    assert as_upload.json()["error"] == "InvalidSignature"
    assert httpx.get(base, params={"token": user.token}).json()["error"] == "InvalidJWT"
    assert right.status_code == 200


def test_many_addresses_are_signed_at_once(platform: Project, filled: tuple[User, str]) -> None:
    user, name = filled
    mine, missing = f"{user.id}/b.txt", f"{user.id}/none"
    answer = run_js(
        platform,
        "storage",
        "signedUrls",
        user=user.login,
        bucket=name,
        paths=[mine, missing],
        seconds=60,
    )
    assert answer["error"] is None
    first, second = answer["data"]
    assert (first["path"], first["error"]) == (mine, None)
    assert httpx.get(first["signedUrl"]).text == mine
    assert (second["path"], second["signedURL"]) == (missing, None)
    assert "does not exist" in second["error"]


def test_somebody_else_may_upload_to_a_signed_address_once(platform: Project) -> None:
    user = sign_up(platform)
    path, other = f"{user.id}/gift", f"{user.id}/other"
    with bucket(platform, *ALL) as name:
        where = {"bucket": name, "user": user.login, "path": path, "otherPath": other}
        answer = run_js(platform, "storage", "uploadToSignedUrl", content="gift", **where)
        foreign = run_js(
            platform,
            "storage",
            "uploadToSignedUrl",
            bucket=name,
            user=sign_up(platform).login,
            path=other,
            otherPath=other,
            content="x",
        )
    assert answer["made"]["data"]["path"] == path
    assert answer["elsewhere"]["error"]["statusCode"] == "400"
    assert answer["used"]["data"]["fullPath"] == f"{name}/{path}"
    assert answer["again"]["error"]["statusCode"] == "409"
    assert answer["content"]["data"] == "gift"
    assert foreign["made"]["error"]["statusCode"] == "403"
