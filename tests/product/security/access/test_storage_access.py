"""What access.txt says of the buckets, through the Storage API, with files of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.rest import picture
from tests.support.security.access.access import VERBS, Cell, difference, read
from tests.support.security.http_world import HttpWorld

SAID = read()
PICTURE = picture()
BASE = "/storage/v1/object"
TYPE = {"content-type": "image/png"}
Attempt = Callable[[httpx.Client, str, str, str], httpx.Response]


def upload(http: httpx.Client, bucket: str, path: str, to: str) -> httpx.Response:
    return http.post(f"{BASE}/{bucket}/{path}.new", content=PICTURE, headers=TYPE)


def download(http: httpx.Client, bucket: str, path: str, to: str) -> httpx.Response:
    return http.get(f"{BASE}/{bucket}/{path}")


def listing(http: httpx.Client, bucket: str, path: str, to: str) -> httpx.Response:
    return http.post(f"{BASE}/list/{bucket}", json={"prefix": path.partition("/")[0]})


def sign(http: httpx.Client, bucket: str, path: str, to: str) -> httpx.Response:
    return http.post(f"{BASE}/sign/{bucket}/{path}", json={"expiresIn": 60})


def replace(http: httpx.Client, bucket: str, path: str, to: str) -> httpx.Response:
    headers = TYPE | {"x-upsert": "true"}
    upserted = http.post(f"{BASE}/{bucket}/{path}", content=PICTURE, headers=headers)
    updated = http.put(f"{BASE}/{bucket}/{path}", content=PICTURE, headers=TYPE)
    assert upserted.is_success is updated.is_success, (upserted.text, updated.text)
    return updated


def _transfer(kind: str) -> Attempt:
    def transfer(http: httpx.Client, bucket: str, path: str, to: str) -> httpx.Response:
        body = {"bucketId": bucket, "sourceKey": path, "destinationKey": to}
        return http.post(f"{BASE}/{kind}", json=body)

    return transfer


def remove(http: httpx.Client, bucket: str, path: str, to: str) -> httpx.Response:
    return http.request("DELETE", f"{BASE}/{bucket}", json={"prefixes": [path]})


ATTEMPTS: dict[str, Attempt] = {
    "upload": upload,
    "download": download,
    "list": listing,
    "sign": sign,
    "replace": replace,
    "move": _transfer("move"),
    "copy": _transfer("copy"),
    "remove": remove,
}


def exists(http_world: HttpWorld, bucket: str, path: str) -> bool:
    return http_world.callers["service"].get(f"{BASE}/{bucket}/{path}").is_success


def is_open(
    http_world: HttpWorld, verb: str, answer: httpx.Response, place: tuple[str, str, str]
) -> bool:
    """Return whether it was done: by the answer, and by what is there afterwards."""
    bucket, path, to = place
    assert answer.status_code < 500, answer.text
    if not answer.is_success:
        return False
    said: Any = answer.json() if verb in {"list", "remove"} else None
    if said is not None:
        return bool(said)
    if verb == "download":
        assert answer.content == PICTURE
    seen = {"upload": f"{path}.new", "move": to, "copy": to}.get(verb, path)
    assert exists(http_world, bucket, seen), (verb, answer.text)
    return True


def test_every_verb_is_tried() -> None:
    assert set(ATTEMPTS) == set(VERBS["buckets"])


@pytest.mark.parametrize("bucket", SAID.named("buckets"))
@pytest.mark.parametrize("verb", ATTEMPTS)
def test_a_bucket_opens_to_whom_the_file_says(
    http_world: HttpWorld, bucket: str, verb: str
) -> None:
    found = set()
    for who, http in http_world.callers.items():
        path = f"{http_world.about(who)}/{verb}-{who}.png"
        # Whoever takes somebody else's file takes it home.
        to = f"{http_world.person(who)}/{verb}-{who}-taken.png"
        put = http_world.callers["service"].post(
            f"{BASE}/{bucket}/{path}", content=PICTURE, headers=TYPE
        )
        assert put.is_success, put.text
        answer = ATTEMPTS[verb](http, bucket, path, to)
        if is_open(http_world, verb, answer, (bucket, path, to)):
            found.add(Cell("buckets", bucket, verb, who))
        elif verb in {"move", "remove", "replace"}:
            assert exists(http_world, bucket, path)
    said = {c for c in SAID.cells if c[:3] == ("buckets", bucket, verb)}
    assert difference(frozenset(said), frozenset(found)) == []


@pytest.mark.parametrize("who", ["anon", "owner", "other", "guest"])
def test_nobody_makes_or_opens_a_bucket(http_world: HttpWorld, who: str) -> None:
    http = http_world.callers[who]
    name = f"bucket-of-{who}"
    refused = [
        http.post("/storage/v1/bucket", json={"id": name, "name": name, "public": True}),
        http.put("/storage/v1/bucket/faces", json={"public": True}),
        http.post("/storage/v1/bucket/faces/empty"),
        http.delete("/storage/v1/bucket/faces"),
    ]
    assert [answer.status_code for answer in refused if answer.is_success] == []
    made = http_world.callers["service"].post("/storage/v1/bucket", json={"id": name, "name": name})
    assert made.is_success
    kept = http_world.callers["service"].get("/storage/v1/bucket/faces").json()
    assert kept["public"] is False
    http_world.callers["service"].delete(f"/storage/v1/bucket/{name}").raise_for_status()
