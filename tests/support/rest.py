"""A person who talks plain HTTP to the gateway, to see statuses and bodies as they are."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from typing import Any, Self

import httpx
from PIL import Image

PASSWORD = "correct horse battery"


def picture() -> bytes:
    """Return a small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "orange").save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Caller:
    """Somebody with the public key, signed in or not."""

    http: httpx.Client
    user_id: str = ""

    @classmethod
    def anonymous(cls, api_url: str, key: str) -> Self:
        """Return somebody who has only the public key."""
        return cls(httpx.Client(base_url=api_url, headers={"apikey": key}, timeout=30))

    @classmethod
    def sign_up(cls, api_url: str, key: str, data: Any = None) -> Self:
        """Sign a new person up."""
        email = f"{uuid.uuid4().hex}@example.com"
        body = {"email": email, "password": PASSWORD, "data": data}
        http = httpx.Client(base_url=api_url, headers={"apikey": key}, timeout=30)
        answer = http.post("/auth/v1/signup", json=body)
        assert answer.status_code == 200, answer.text
        http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        return cls(http, str(answer.json()["user"]["id"]))

    def rpc(self, function: str, **arguments: Any) -> httpx.Response:
        """Call an RPC."""
        return self.http.post(f"/rest/v1/rpc/{function}", json=arguments)

    def request(self, **changes: Any) -> httpx.Response:
        """Ask for a thumbnail with arguments that work, but for the changes."""
        arguments = {
            "generation_type": "thumbnail_draft",
            "prompt": "a cat on a rocket",
            "idempotency_key": str(uuid.uuid4()),
        }
        return self.rpc("request_generation", **(arguments | changes))

    def add_face(self, name: str = "face.png") -> str:
        """Upload a tiny picture as a face and record it; return the id of its row."""
        path = f"{self.user_id}/{name}"
        answer = self.http.post(
            f"/storage/v1/object/faces/{path}",
            content=picture(),
            headers={"content-type": "image/png"},
        )
        assert answer.status_code == 200, answer.text
        answer = self.rpc("add_user_image", object_path=path)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])


def balance(caller: Caller) -> int:
    """Return what the person is told they can spend."""
    return int(caller.rpc("my_credits").json()["available"])
