"""Every verb of the Storage API, sent byte by byte: an address is not put right on the way."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.security.files.paths import once, raw
from tests.support.security.http_world import HttpWorld

BASE = "/storage/v1/object"
TYPE = {"content-type": "image/png"}


@dataclass(frozen=True)
class BucketFiles:
    """Somebody before a bucket, with a file of their own in it, after the file of a victim."""

    http_world: HttpWorld
    who: str
    bucket: str
    me: uuid.UUID
    victim: uuid.UUID
    mine: str
    theirs: str
    secret: bytes

    @classmethod
    def of(cls, http_world: HttpWorld, who: str, bucket: str, content: bytes) -> BucketFiles:
        """Put both files there; what the victim's holds is nowhere else."""
        world = http_world.world
        me = {"guest": world.guest, "owner": world.owner}.get(who, world.other).id
        victim = world.other.id if who == "owner" else world.owner.id
        mine, theirs = (f"{folder}/{uuid.uuid4()}.png" for folder in (me, victim))
        secret = content + uuid.uuid4().bytes
        for file, data in ((mine, content), (theirs, secret)):
            http = http_world.callers["service"]
            http.post(f"{BASE}/{bucket}/{file}", content=data, headers=TYPE).raise_for_status()
        return cls(http_world, who, bucket, me, victim, mine, theirs, secret)

    @property
    def http(self) -> httpx.Client:
        """The client of whoever tries."""
        return self.http_world.callers[self.who]

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request to exactly this address."""
        target = {"target": f"{BASE}/{path}".encode()}
        return self.http.request(method, BASE, extensions=target, **options)

    def ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Send JSON to exactly this address."""
        return self.send(method, path, json=body)

    def at(self, name: str, *, twice: bool) -> Iterator[tuple[str, httpx.Response]]:
        """Try all that takes one name, which the address holds as it is, encoded once, or both."""
        forms = {raw(name), once(name)} if twice else {raw(name) if "." in name else once(name)}
        for form in forms - {""}:
            place = f"{self.bucket}/{form}"
            yield "download", self.send("GET", place)
            yield "download as a person", self.send("GET", f"authenticated/{place}")
            yield "download as anybody", self.send("GET", f"public/{place}")
            yield "exists", self.send("HEAD", place)
            yield "info", self.send("GET", f"info/{place}")
            yield "sign", self.ask("POST", f"sign/{place}", expiresIn=60)
            yield "sign an upload", self.ask("POST", f"upload/sign/{place}")
            yield "upload", self.send("POST", place, content=b"taken", headers=TYPE)
            upsert = TYPE | {"x-upsert": "true"}
            yield "upsert", self.send("POST", place, content=b"taken", headers=upsert)
            yield "update", self.send("PUT", place, content=b"taken", headers=TYPE)
            yield "remove one", self.send("DELETE", place)
        yield from self.between(name)

    def between(self, name: str) -> Iterator[tuple[str, httpx.Response]]:
        """Try all that takes a name in its body."""
        taken = f"{self.me}/{uuid.uuid4()}.png"
        other = "thumbnails" if self.bucket == "faces" else "faces"
        for verb in ("copy", "move"):
            for source, target in ((name, taken), (self.mine, name)):
                keys = {"bucketId": self.bucket, "sourceKey": source, "destinationKey": target}
                yield verb, self.ask("POST", verb, **keys)
                keys |= {"destinationBucket": other}
                yield f"{verb} to the other bucket", self.ask("POST", verb, **keys)
        yield "list", self.ask("POST", f"list/{self.bucket}", prefix=name)
        yield "search", self.ask("POST", f"list/{self.bucket}", prefix="", search=name)
        yield "list in pages", self.ask("POST", f"list-v2/{self.bucket}", prefix=name)
        yield "sign many", self.ask("POST", f"sign/{self.bucket}", paths=[name], expiresIn=60)
        yield "remove", self.ask("DELETE", self.bucket, prefixes=[name])

    def others(self) -> list[Any]:
        """Return all files that are not in the own folder."""
        return self.http_world.world.db.rows(
            "select bucket_id, name, version, owner_id from storage.objects"
            " where not starts_with(name, %s) order by id",
            f"{self.me}/",
        )

    def own(self) -> list[str]:
        """Return the names of what is in the own folder."""
        rows = self.http_world.world.db.rows(
            "select name from storage.objects where starts_with(name, %s)", f"{self.me}/"
        )
        return [row["name"] for row in rows]

    def tidy(self) -> None:
        """Take away what came into the own folder."""
        http = self.http_world.callers["service"]
        for bucket in ("faces", "thumbnails"):
            gone = http.request("DELETE", f"{BASE}/{bucket}", json={"prefixes": self.own()})
            assert gone.is_success, gone.text

    def is_whole(self) -> bool:
        """Return whether the victim's file holds what it held."""
        answer = self.http_world.callers["service"].get(f"{BASE}/{self.bucket}/{self.theirs}")
        return answer.content == self.secret
