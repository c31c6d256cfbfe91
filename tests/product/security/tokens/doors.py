"""The doors of the stack, and what somebody gets through them with the headers they have."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.product.security.stage import Stage
from tests.support.rest import picture

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
class Knock:
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
class Doors:
    """All of them, with a file of the owner's behind one of them."""

    stage: Stage
    name: str

    @classmethod
    def of(cls, stage: Stage) -> Doors:
        """Put a file into the owner's folder, who may record as many as there are."""
        stage.world.db.rows("update private.settings set user_images_max = 1000000 where id")
        name = f"{stage.world.owner.id}/{uuid.uuid4()}.png"
        put = stage.callers["owner"].post(f"{OBJECT}/faces/{name}", content=PICTURE, headers=TYPE)
        assert put.is_success, put.text
        return cls(stage, name)

    @property
    def knocks(self) -> dict[str, Knock]:
        """Name what is tried, the door first."""
        owner = self.stage.world.owner
        return {
            "rest profile": Knock("GET", "/rest/v1/profiles"),
            "rest generations": Knock("GET", f"/rest/v1/generations?profile_id=eq.{owner.id}"),
            "rest catalogue": Knock("GET", "/rest/v1/plans"),
            "rpc credits": Knock("POST", "/rest/v1/rpc/my_credits", {}),
            "rpc export": Knock("POST", "/rest/v1/rpc/export_my_data", {}),
            "rpc face": Knock("POST", "/rest/v1/rpc/add_user_image", {"object_path": self.name}),
            "storage file": Knock("GET", f"{OBJECT}/faces/{self.name}"),
            "storage info": Knock("GET", f"{OBJECT}/info/faces/{self.name}"),
            "storage list": Knock("POST", f"{OBJECT}/list/faces", {"prefix": str(owner.id)}),
            "storage sign": Knock("POST", f"{OBJECT}/sign/faces/{self.name}", {"expiresIn": 60}),
            "storage bucket": Knock("GET", "/storage/v1/bucket"),
            "storage upload": Knock(
                "POST", f"{OBJECT}/faces/{owner.id}/{uuid.uuid4()}.png", file=PICTURE
            ),
            "auth user": Knock("GET", "/auth/v1/user"),
            "auth change": Knock("PUT", "/auth/v1/user", {"data": {"nickname": "knock"}}),
            "auth admin": Knock("GET", "/auth/v1/admin/users?per_page=1"),
            # Last: it takes the file away.
            "storage delete": Knock("DELETE", f"{OBJECT}/faces", {"prefixes": [self.name]}),
        }

    def answers(
        self, headers: Mapping[str, str], *only: str, params: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, httpx.Response]]:
        """Knock at all of them, or at these."""
        for name, knock in self.knocks.items():
            if not only or name in only:
                # The client of anybody, since to make one takes longer than to ask.
                yield name, knock.at(self.stage.callers["anon"], headers, params or {})

    def opened(
        self, headers: Mapping[str, str], *only: str, params: Mapping[str, str] | None = None
    ) -> set[str]:
        """Say which doors open to whoever has these headers, with something behind them."""
        found = set()
        for name, answer in self.answers(headers, *only, params=params):
            assert answer.status_code < 500, (name, answer.text)
            if answer.is_success and answer.content not in EMPTY:
                found.add(name)
            else:
                assert "canary" not in answer.text, name
        return found

    def is_whole(self) -> bool:
        """Say whether the file is still there, with its bytes."""
        answer = self.stage.callers["service"].get(f"{OBJECT}/faces/{self.name}")
        return answer.content == PICTURE

    def kept(self) -> Any:
        """Give what may not change: a digest of all rows and of the names of all files."""
        return self.stage.world.db.value(KEPT)


# All that is a person's; the rest is the operator's.
PERSONAL = {
    "rest profile",
    "rest generations",
    "rest catalogue",
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
# One of each door, for a control that changes nothing.
ONE_EACH = ("rest profile", "rpc credits", "storage file", "auth user")
