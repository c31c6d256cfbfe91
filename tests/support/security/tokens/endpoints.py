"""The endpoints of the stack, and what somebody gets through them with the headers they have."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.rest import picture
from tests.support.security.http_world import HttpWorld

OBJECT = "/storage/v1/object"
TYPE = {"content-type": "image/png"}
PICTURE = picture()
EMPTY = (b"", b"[]", b"{}", b"null")
KEPT = """
select md5(string_agg(t.said, '' order by t.said)) as said
from (
    select p::text from public.profiles as p
    union all select g::text from public.generations as g
    union all select e::text from public.credit_entries as e
    union all select i::text from public.user_images as i
    union all select u.raw_user_meta_data::text from auth.users as u
    union all select o.bucket_id || o.name || o.version from storage.objects as o
) as t (said)
"""


@dataclass(frozen=True)
class Request:
    """A request that needs to be somebody."""

    method: str
    path: str
    body: Any = None
    file: bytes | None = None

    def at(
        self, http: httpx.Client, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> httpx.Response:
        """Send it with these headers alone."""
        options: Any = {"json": self.body} if self.file is None else {"content": self.file}
        request = http.build_request(self.method, self.path, params=params or None, **options)
        del request.headers["apikey"]
        if self.file is not None:
            request.headers.update(TYPE)
        request.headers.update(headers)
        return http.send(request)


@dataclass(frozen=True)
class Endpoints:
    """All of them, with a file of the owner's behind one of them."""

    http_world: HttpWorld
    name: str

    @classmethod
    def of(cls, http_world: HttpWorld) -> Endpoints:
        """Put a file into the owner's folder, who may record as many as there are."""
        http_world.world.db.rows("update private.settings set max_user_images = 1000000 where id")
        name = f"{http_world.world.owner.id}/{uuid.uuid4()}.png"
        put = http_world.callers["owner"].post(
            f"{OBJECT}/faces/{name}", content=PICTURE, headers=TYPE
        )
        assert put.is_success, put.text
        return cls(http_world, name)

    @property
    def requests(self) -> dict[str, Request]:
        """Name what is tried, the endpoint first."""
        owner = self.http_world.world.owner
        return {
            "rest profile": Request("GET", "/rest/v1/profiles"),
            "rest generations": Request("GET", f"/rest/v1/generations?profile_id=eq.{owner.id}"),
            "rest catalog": Request("GET", "/rest/v1/plans"),
            "rpc credits": Request("POST", "/rest/v1/rpc/my_credits", {}),
            "rpc export": Request("POST", "/rest/v1/rpc/export_my_data", {}),
            "rpc face": Request("POST", "/rest/v1/rpc/add_user_image", {"object_path": self.name}),
            "storage file": Request("GET", f"{OBJECT}/faces/{self.name}"),
            "storage info": Request("GET", f"{OBJECT}/info/faces/{self.name}"),
            "storage list": Request("POST", f"{OBJECT}/list/faces", {"prefix": str(owner.id)}),
            "storage sign": Request("POST", f"{OBJECT}/sign/faces/{self.name}", {"expiresIn": 60}),
            "storage bucket": Request("GET", "/storage/v1/bucket"),
            "storage upload": Request(
                "POST", f"{OBJECT}/faces/{owner.id}/{uuid.uuid4()}.png", file=PICTURE
            ),
            "auth user": Request("GET", "/auth/v1/user"),
            "auth change": Request("PUT", "/auth/v1/user", {"data": {"nickname": "knock"}}),
            "auth admin": Request("GET", "/auth/v1/admin/users?per_page=1"),
            # Last: it takes the file away.
            "storage delete": Request("DELETE", f"{OBJECT}/faces", {"prefixes": [self.name]}),
        }

    def answers(
        self, headers: Mapping[str, str], *only: str, params: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, httpx.Response]]:
        """Request at all of them, or at these."""
        for name, knock in self.requests.items():
            if not only or name in only:
                # The client of anybody, since to make one takes longer than to ask.
                yield name, knock.at(self.http_world.callers["anon"], headers, params or {})

    def opened(
        self, headers: Mapping[str, str], *only: str, params: Mapping[str, str] | None = None
    ) -> set[str]:
        """Return which endpoints open to whoever has these headers, with something behind them."""
        found = set()
        for name, answer in self.answers(headers, *only, params=params):
            assert answer.status_code < 500, (name, answer.text)
            if answer.is_success and answer.content not in EMPTY:
                found.add(name)
            else:
                assert "canary" not in answer.text, name
        return found

    def is_whole(self) -> bool:
        """Return whether the file is still there, with its bytes."""
        answer = self.http_world.callers["service"].get(f"{OBJECT}/faces/{self.name}")
        return answer.content == PICTURE

    def kept(self) -> Any:
        """Return what may not change: a digest of all rows and of the names of all files."""
        return self.http_world.world.db.value(KEPT)


# All that is a person's; the rest is the operator's.
PERSONAL = {
    "rest profile",
    "rest generations",
    "rest catalog",
    "rpc credits",
    "rpc export",
    "rpc face",
    "storage file",
    "storage info",
    "storage list",
    "storage sign",
    "storage upload",
    "storage delete",
    "auth user",
    "auth change",
}
# One of each endpoint, for a control that changes nothing.
ONE_EACH = ("rest profile", "rpc credits", "storage file", "auth user")
