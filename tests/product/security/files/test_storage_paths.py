"""Names of files that lead elsewhere, through the Storage API, by every verb it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.support.rest import picture
from tests.support.security.files.paths import is_within, names
from tests.support.security.files.stored_files import BASE, TYPE, BucketFiles
from tests.support.security.http_world import HttpWorld

PICTURE = picture()
# Half of the names each time; the other combinations take some of them, and all in the long tier.
FIRST = ("other", "faces")
WHO = ("other", "guest", "anon", "owner")
BUCKETS = ("faces", "thumbnails")
SHARE = 24
# A bucket that is one of the two, or seems to be.
BUCKET_NAMES = (
    "Faces",
    "FACES",
    "faces ",
    " faces",
    "faces.",
    "faces%00",
    "faces%2fx",
    "faces/../thumbnails",
    "faces%2f..%2fthumbnails",
    "faces/%2e%2e/thumbnails",
    "../faces",
    "fa%63es%20",
    "thumbnails/../faces",
    "*",
    "%25",
    "fac_s",
    "ｆaces",
    "faces,thumbnails",
    "public",
)
PREFIXES = (
    "",
    "/",
    "//",
    "%",
    "_",
    "*",
    ".",
    "..",
    "../",
    "./",
    "\\",
    "\0",
    "'",
    "' or 1=1 --",
    "{}",
)
# What a list may be asked for that makes no sense, and some of which a server would stumble over.
QUERIES: tuple[Any, ...] = (
    {"limit": 0},
    {"limit": -1},
    {"limit": 10**12},
    {"limit": "100"},
    {"limit": 1.5},
    {"limit": []},
    {"offset": -1},
    {"offset": 10**12},
    {"offset": "1; select 1"},
    {"offset": {}},
    {"search": "%"},
    {"search": "_"},
    {"search": "../"},
    {"search": 7},
    {"search": ["x"]},
    {"prefix": 7},
    {"prefix": ["x"]},
    {"prefix": {"x": 1}},
    {"prefix": None},
    {"sortBy": {"column": "name; drop table storage.objects", "order": "desc"}},
    {"sortBy": {"column": "owner_id", "order": "asc, (select 1)"}},
    {"sortBy": {"column": {}, "order": 7}},
    {"sortBy": "name"},
    {"sortBy": []},
    {"cursor": "nonsense"},
    {"cursor": 7},
    {"with_delimiter": "yes"},
    {"role": "service_role", "owner": None, "bucket_id": "thumbnails"},
)
NO_OBJECTS = (b"[]", b"null", b"7", b'"x"', b"{", b"", b"\xff")


def taken(shelf: BucketFiles, answer: httpx.Response) -> bool:
    """Return whether an answer holds, or lists, or opens what is the victim's."""
    if shelf.secret in answer.content:
        return True
    if not answer.is_success or answer.headers.get("content-type") != "application/json":
        return False
    said = answer.json()
    signed = said if isinstance(said, list) else [said]
    addresses = [one.get("signedURL") for one in signed if isinstance(one, dict)]
    opened = [shelf.http_world.callers["anon"].get(f"/storage/v1{a}") for a in addresses if a]
    return any(shelf.secret in one.content for one in opened)


def tried(shelf: BucketFiles, attempts: Iterator[tuple[str, httpx.Response]], name: str) -> int:
    """Try it all, and see that nothing of anybody else was touched."""
    before, number = shelf.others(), 0
    for verb, answer in attempts:
        number += 1
        assert answer.status_code < 500, (name, verb, answer.text)
        assert not taken(shelf, answer), (name, verb, answer.text)
    assert shelf.others() == before, name
    assert [one for one in shelf.own() if not is_within(one, shelf.me)] == [], name
    return number


# The long tier asks four thousand times.
@pytest.mark.timeout(300)
@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("who", WHO)
def test_no_name_leads_out_of_the_own_folder(
    request: pytest.FixtureRequest, http_world: HttpWorld, who: str, bucket: str
) -> None:
    shelf = BucketFiles.of(http_world, who, bucket, PICTURE)
    found = list(names(shelf.me, shelf.victim, shelf.theirs.partition("/")[2]).values())
    assert len(found) >= 110
    is_full = bool(request.config.getoption("--full"))
    step = 1 if is_full else 2 if (who, bucket) == FIRST else SHARE
    for name in found[::step]:
        assert tried(shelf, shelf.at(name, twice=is_full), name) > 10
    assert shelf.is_whole()
    if who == "anon":
        return
    # The controls: what is honest works, as far as the bucket lets a person.
    read = {"download", "download as a person", "exists", "info", "sign", "list", "sign many"}
    write = {"upload", "sign an upload", "copy", "remove", "remove one"}
    worked = {verb for verb, answer in honest(shelf) if answer.is_success}
    assert worked == (read | write if bucket == "faces" else read)
    shelf.tidy()


def honest(shelf: BucketFiles) -> Iterator[tuple[str, httpx.Response]]:
    """Do what a person does with files of their own."""
    place = f"{shelf.bucket}/{shelf.mine}"
    yield "download", shelf.send("GET", place)
    yield "download as a person", shelf.send("GET", f"authenticated/{place}")
    yield "exists", shelf.send("HEAD", place)
    yield "info", shelf.send("GET", f"info/{place}")
    yield "sign", shelf.ask("POST", f"sign/{place}", expiresIn=60)
    yield "sign many", shelf.ask("POST", f"sign/{shelf.bucket}", paths=[shelf.mine], expiresIn=60)
    yield "list", shelf.ask("POST", f"list/{shelf.bucket}", prefix=str(shelf.me))
    yield "upload", shelf.send("POST", f"{place}.new", content=PICTURE, headers=TYPE)
    yield "sign an upload", shelf.ask("POST", f"upload/sign/{place}.later")
    for verb in ("copy", "move"):
        keys = {"sourceKey": shelf.mine, "destinationKey": f"{shelf.mine}.{verb}"}
        yield verb, shelf.ask("POST", verb, bucketId=shelf.bucket, **keys)
    yield "update", shelf.send("PUT", place, content=PICTURE, headers=TYPE)
    removed = shelf.ask("DELETE", shelf.bucket, prefixes=[f"{shelf.mine}.new"])
    if removed.json() != []:
        yield "remove", removed
    yield "remove one", shelf.send("DELETE", place)


@pytest.mark.parametrize("who", ["other", "guest", "anon"])
def test_a_removal_of_many_takes_ones_own_alone(http_world: HttpWorld, who: str) -> None:
    shelf = BucketFiles.of(http_world, who, "faces", PICTURE)
    before = shelf.others()
    many = [shelf.theirs, shelf.mine, f"{shelf.victim}/", f"{shelf.victim}/%", "%", "", "\u200b"]
    for prefixes in ([*many, "\0"], [[shelf.theirs]], [7], shelf.theirs, [], ["x"] * 1001):
        refused = shelf.ask("DELETE", "faces", prefixes=prefixes)
        assert refused.status_code == 400, (prefixes, refused.text)
    removed = shelf.ask("DELETE", "faces", prefixes=many)
    assert [one["name"] for one in removed.json()] == ([] if who == "anon" else [shelf.mine])
    assert shelf.others() == before
    assert shelf.is_whole()


@pytest.mark.parametrize("who", ["other", "anon"])
def test_no_name_of_a_bucket_leads_into_another_one(http_world: HttpWorld, who: str) -> None:
    shelf = BucketFiles.of(http_world, who, "thumbnails", PICTURE)
    before = shelf.others()
    for bucket in BUCKET_NAMES:
        for name in (shelf.theirs, f"{shelf.me}/new.png"):
            place = f"{quote(bucket, safe='%/')}/{name}"
            for answer in (
                shelf.send("GET", place),
                shelf.ask("POST", f"sign/{place}", expiresIn=60),
                shelf.ask("POST", "copy", bucketId=bucket, sourceKey=name, destinationKey=name),
                shelf.ask(
                    "POST",
                    "copy",
                    bucketId="thumbnails",
                    sourceKey=name,
                    destinationKey=f"{shelf.me}/x.png",
                    destinationBucket=bucket,
                ),
            ):
                assert answer.status_code < 500, (bucket, answer.text)
                assert not taken(shelf, answer), bucket
        for verb in ("list", "list-v2"):
            listed = shelf.ask("POST", f"{verb}/{quote(bucket, safe='%/')}", prefix="")
            assert listed.status_code < 500, (bucket, listed.text)
            assert str(shelf.victim) not in listed.text
    assert shelf.others() == before
    assert shelf.is_whole()
    control = http_world.callers["other"].get(f"{BASE}/thumbnails/{shelf.mine}")
    assert control.content == PICTURE


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("who", WHO)
def test_a_list_shows_the_own_folder_whatever_is_asked(
    http_world: HttpWorld, who: str, bucket: str
) -> None:
    shelf = BucketFiles.of(http_world, who, bucket, PICTURE)
    victim = str(shelf.victim)
    is_first = (who, bucket) == FIRST
    more = (victim, f"{victim}/", victim.upper(), victim[:8], f"%{victim[1:]}", f"{victim[:-1]}_")
    climbs = (
        f"{shelf.me}/../{victim}/",
        f"{shelf.me}/%2e%2e/{victim}",
        f"./{victim}",
        f"/{victim}",
    )
    for verb in ("list", "list-v2"):
        for prefix in (*PREFIXES, *more, *climbs):
            for search in ("", "%", shelf.theirs.partition("/")[2]) if is_first else ("",):
                answer = shelf.ask("POST", f"{verb}/{bucket}", prefix=prefix, search=search)
                assert answer.status_code < 500, (prefix, answer.text)
                assert shelf.theirs.partition("/")[2] not in answer.text
                assert victim not in answer.text
        for query in QUERIES if is_first else ():
            asked = {"prefix": ""} | query
            answer = shelf.ask("POST", f"{verb}/{bucket}", **asked)
            assert answer.status_code < 500, (query, answer.text)
            assert victim not in answer.text, query
        for body in NO_OBJECTS:
            headers = {"content-type": "application/json"}
            answer = shelf.send("POST", f"{verb}/{bucket}", content=body, headers=headers)
            assert answer.status_code < 500, (body, answer.text)
            assert victim not in answer.text
    control = shelf.ask("POST", f"list/{bucket}", prefix=str(shelf.me))
    assert (shelf.mine.partition("/")[2] in control.text) is (who != "anon")
