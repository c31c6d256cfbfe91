"""Signed addresses of Storage: each is for one file, one bucket and one purpose, for some time."""

from __future__ import annotations

import json
import time
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.rest import picture
from tests.support.security.files.stored_files import BASE, TYPE, BucketFiles
from tests.support.security.http_world import HttpWorld
from tests.support.security.tokens.forged import LOCAL
from tests.support.security.tokens.forgeries import Forge, encoded

PICTURE = picture()
LIFETIMES: tuple[Any, ...] = (0, -1, 1.5, "x", "", None, [], {}, True, 10**18, 1e300, "1e3")


@pytest.fixture
def shelf(http_world: HttpWorld) -> BucketFiles:
    """Let the other one stand before the faces, with a file of their own."""
    return BucketFiles.of(http_world, "other", "faces", PICTURE)


def payload(token: str) -> dict[str, Any]:
    """Read what a token says."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def download_token(shelf: BucketFiles, seconds: int = 60) -> str:
    """Sign an own file."""
    answer = shelf.ask("POST", f"sign/faces/{shelf.mine}", expiresIn=seconds)
    return str(answer.json()["signedURL"].partition("token=")[2])


def upload_token(shelf: BucketFiles, name: str) -> str:
    """Sign an upload."""
    answer = shelf.ask("POST", f"upload/sign/faces/{name}")
    assert answer.is_success, answer.text
    return str(answer.json()["token"])


def tampered(shelf: BucketFiles, token: str, claims: dict[str, Any]) -> dict[str, str]:
    """Return tokens that say what they were not signed for."""
    forge = Forge(shelf.http_world)
    head, _, signature = token.split(".")
    said = payload(token) | claims
    forged = Forge(shelf.http_world)
    forged.claims = said
    key = shelf.http_world.stack.keys
    return {
        "another payload": f"{head}.{encoded(said)}.{signature}",
        "no signature": f"{head}.{encoded(said)}.",
        "alg none": forged.unsigned("none"),
        "the secret of every local stack": forged.shared(LOCAL),
        "the public key": forged.shared(forge.public("PEM")),
        "the publishable key": forged.shared(key.publishable_key),
        "an own key": forged.mine(),
        "the token of a person": forge.of_other,
        "the anon key": key.tokens.anon_key,
        "nothing": "",
        "a word": "nonsense",
    }


def test_a_signed_address_shows_its_own_file_alone(shelf: BucketFiles) -> None:
    token = download_token(shelf)
    anybody = shelf.http_world.callers["anon"]
    me, theirs = shelf.me, shelf.theirs
    for place in (
        f"faces/{theirs}",
        f"thumbnails/{shelf.mine}",
        f"thumbnails/{theirs}",
        f"faces/{me}/../{theirs}",
        f"faces/{me}/%2e%2e/{theirs}",
        f"faces/{me}/..%2f{theirs}",
        f"faces/{shelf.mine}/../../{theirs}",
        f"faces/{shelf.mine}%00",
        f"faces/{shelf.mine}x",
        f"faces//{shelf.mine}",
        f"Faces/{shelf.mine}",
        f"faces/{shelf.mine.upper()}",
        f"faces%2f{shelf.mine}/x",
    ):
        answer = shelf.send("GET", f"sign/{place}?token={token}")
        assert 400 <= answer.status_code < 500, (place, answer.text)
        assert shelf.secret not in answer.content
    right = anybody.get(f"{BASE}/sign/faces/{shelf.mine}?token={token}")
    assert right.content == PICTURE


def test_a_changed_token_shows_nothing(shelf: BucketFiles) -> None:
    token = download_token(shelf)
    tries = tampered(shelf, token, {"url": f"faces/{shelf.theirs}"})
    for kind, forged in tries.items():
        answer = shelf.send("GET", f"sign/faces/{shelf.theirs}?token={forged}")
        assert answer.status_code == 400, (kind, answer.text)
        assert shelf.secret not in answer.content, kind
    assert shelf.send("GET", f"sign/faces/{shelf.mine}?token={token}").content == PICTURE


def test_an_address_ends_and_a_lifetime_that_is_none_is_refused(shelf: BucketFiles) -> None:
    token = download_token(shelf, 4)
    address = f"sign/faces/{shelf.mine}?token={token}"
    assert shelf.send("GET", address).content == PICTURE
    for seconds in LIFETIMES:
        answer = shelf.ask("POST", f"sign/faces/{shelf.mine}", expiresIn=seconds)
        assert answer.status_code < 500, (seconds, answer.text)
        many = shelf.ask("POST", "sign/faces", paths=[shelf.theirs], expiresIn=seconds)
        assert many.status_code < 500, (seconds, many.text)
        assert "token=" not in many.text
    time.sleep(max(0.0, payload(token)["exp"] - time.time() + 0.2))
    ended = shelf.send("GET", address)
    assert (ended.status_code, ended.json()["code"]) == (400, "InvalidJWT")


def test_an_upload_goes_where_it_was_signed_for_and_once(shelf: BucketFiles) -> None:
    name = f"{shelf.me}/{uuid.uuid4()}.png"
    token = upload_token(shelf, name)
    before = shelf.others()

    def put(place: str, with_token: str) -> httpx.Response:
        address = f"upload/sign/{place}?token={with_token}"
        return shelf.send("PUT", address, content=b"taken", headers=TYPE | {"x-upsert": "true"})

    places = (
        f"faces/{shelf.theirs}",
        f"faces/{shelf.victim}/new.png",
        f"thumbnails/{name}",
        f"faces/{shelf.me}/../{shelf.theirs}",
        f"faces/{shelf.me}/..%2f{shelf.theirs}",
        f"faces/{name}.png",
        f"faces/{shelf.mine}",
    )
    for place in places:
        assert put(place, token).status_code == 400, place
    for kind, forged in tampered(shelf, token, {"url": f"faces/{shelf.theirs}"}).items():
        assert put(f"faces/{shelf.theirs}", forged).status_code == 400, kind
    # What shows does not write, and what writes does not show.
    assert put(f"faces/{shelf.mine}", download_token(shelf)).status_code == 400
    assert shelf.send("GET", f"sign/faces/{name}?token={token}").status_code == 400
    # The control; a second time there is a file already, and upsert was not signed.
    assert put(f"faces/{name}", token).is_success
    assert put(f"faces/{name}", token).json()["statusCode"] == "409"
    assert shelf.others() == before
    assert shelf.is_whole()


Upload = Callable[[BucketFiles, str], httpx.Response]
OWNERS = ("owner", "owner_id", "user_id", "bucket_id", "name", "version", "x-upsert")


def plain(shelf: BucketFiles, name: str) -> httpx.Response:
    """Send the file alone, with headers that name somebody else."""
    headers = TYPE | {f"x-{word}": str(shelf.victim) for word in OWNERS}
    metadata = encoded({word: str(shelf.victim) for word in OWNERS})
    headers |= {"x-metadata": metadata, "cache-control": "public, max-age=1"}
    address = f"faces/{name}?owner={shelf.victim}&owner_id={shelf.victim}"
    return shelf.send("POST", address, content=PICTURE, headers=headers)


def form(shelf: BucketFiles, name: str) -> httpx.Response:
    """Send a form whose fields name somebody else."""
    fields = {word: str(shelf.victim) for word in OWNERS}
    metadata = json.dumps(fields | {"mimetype": "text/html"})
    files = {"": ("../../x.png", PICTURE, "image/png")}
    return shelf.send("POST", f"faces/{name}", data=fields | {"metadata": metadata}, files=files)


def signed_upload(shelf: BucketFiles, name: str) -> httpx.Response:
    """Send it to an address that was signed."""
    address = f"upload/sign/faces/{name}?token={upload_token(shelf, name)}&owner={shelf.victim}"
    return shelf.send("PUT", address, content=PICTURE, headers=TYPE)


def copied(shelf: BucketFiles, name: str) -> httpx.Response:
    """Copy an own file, and say whose the copy is."""
    keys = {"bucketId": "faces", "sourceKey": shelf.mine, "destinationKey": name}
    owner = {"owner": str(shelf.victim), "owner_id": str(shelf.victim)}
    return shelf.ask("POST", "copy", **keys, **owner, metadata=owner, copyMetadata=False)


@pytest.mark.parametrize("upload", [plain, form, signed_upload, copied], ids=lambda u: u.__name__)
def test_a_file_is_of_who_uploaded_it_whatever_they_say(shelf: BucketFiles, upload: Upload) -> None:
    name = f"{shelf.me}/{uuid.uuid4()}.png"
    before = shelf.others()
    answer = upload(shelf, name)
    assert answer.is_success, answer.text
    (row,) = shelf.http_world.world.db.rows(
        "select bucket_id, owner, owner_id, metadata ->> 'mimetype' as type"
        " from storage.objects where name = %s",
        name,
    )
    mine = {"bucket_id": "faces", "owner": shelf.me, "owner_id": str(shelf.me)}
    assert row == mine | {"type": "image/png"}
    assert shelf.others() == before


@pytest.mark.parametrize(
    "kind",
    [
        "text/html",
        "image/svg+xml",
        "image/*",
        "image/png, text/html",
        "image/png;text/html",
        "IMAGE/PNG",
        "image/png/html",
        "png",
        "application/json",
        "multipart/form-data",
    ],
)
def test_a_type_that_the_bucket_does_not_take_is_refused(shelf: BucketFiles, kind: str) -> None:
    name = f"{shelf.me}/{uuid.uuid4()}.png"
    own, others = shelf.own(), shelf.others()
    headers = {"content-type": kind}
    answer = shelf.send("POST", f"faces/{name}", content=b"<script>", headers=headers)
    assert answer.status_code == 400, answer.text
    files = {"": ("x.png", b"<script>", kind)}
    formed = shelf.send("POST", f"faces/{name}", files=files, data={"contentType": kind})
    assert formed.status_code == 400, formed.text
    assert (shelf.own(), shelf.others()) == (own, others)
    # What lies about its bytes is served as what it says it is: a picture that is none.
    assert shelf.send("POST", f"faces/{name}", content=b"<script>", headers=TYPE).is_success
    assert shelf.send("GET", f"faces/{name}").headers["content-type"] == "image/png"
