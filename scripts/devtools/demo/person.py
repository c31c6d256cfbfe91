"""A person in front of the product: everything goes through supabase-py and the gateway."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any, Self

from supabase import Client, create_client
from supabase.client import ClientOptions

FINAL = {"succeeded", "failed", "canceled", "expired"}
_POLL_SECONDS = 0.05
_GIVE_UP_SECONDS = 60


@dataclass(frozen=True)
class Person:
    """A signed-in person."""

    name: str
    user_id: str
    client: Client

    @classmethod
    def sign_up(cls, api_url: str, key: str, name: str, referral: str | None = None) -> Self:
        """Sign a new person up, with a friend's code if there is one."""
        client = create_client(api_url, key, ClientOptions(auto_refresh_token=False))
        answer = client.auth.sign_up(
            {
                "email": f"{name.lower()}.{uuid.uuid4().hex[:8]}@example.com",
                "password": uuid.uuid4().hex,
                "options": {"data": {"referral": referral} if referral is not None else {}},
            }
        )
        if answer.user is None:
            message = f"{name} was not signed up"
            raise RuntimeError(message)
        return cls(name, answer.user.id, client)

    def profile(self) -> dict[str, Any]:
        """Read the person's own profile."""
        return dict(self.rows("profiles")[0])

    def credits(self) -> int:
        """Ask what can be spent now."""
        return int(self.call("my_credits")["available"])

    def ledger(self) -> list[dict[str, Any]]:
        """Read the person's ledger, oldest entry first."""
        rows = self.client.table("credit_entries").select("*").order("entry_number").execute()
        return [dict(row) for row in rows.data]  # type: ignore[arg-type]

    def receipt(self, generation_id: str) -> list[tuple[str, int]]:
        """Read which credits paid for a picture: source and number."""
        rows = self.rows("generation_receipts", generation_id=generation_id)
        return [(row["source"], row["credits_spent"]) for row in rows]

    def upload_face(self, photo: bytes, file_name: str = "face.png") -> str:
        """Upload a photo to the person's own folder and return its path."""
        path = f"{self.user_id}/{file_name}"
        self.client.storage.from_("faces").upload(path, photo, {"content-type": "image/png"})
        return path

    def request(
        self,
        generation_type: str,
        prompt: str,
        *,
        key: str | None = None,
        user_image_id: str | None = None,
    ) -> dict[str, Any]:
        """Ask for a thumbnail."""
        return self.call(
            "request_generation",
            generation_type=generation_type,
            prompt=prompt,
            idempotency_key=key or str(uuid.uuid4()),
            user_image_id=user_image_id,
        )

    def checkout(self, item_kind: str, item_key: str) -> dict[str, Any]:
        """Ask for a page of Stripe where something is paid, and wait until it is there."""
        key = str(uuid.uuid4())
        asked = self.call(
            "start_checkout", item_kind=item_kind, item_key=item_key, idempotency_key=key
        )
        give_up_at = time.monotonic() + _GIVE_UP_SECONDS
        while asked["status"] == "requested" and time.monotonic() < give_up_at:
            time.sleep(_POLL_SECONDS)
            asked = self.rows("checkouts", id=str(asked["id"]))[0]
        if asked["status"] != "open":
            message = f"the page is {asked['status']}: {asked['error']}"
            raise RuntimeError(message)
        return asked

    def watch(self, generation_id: str) -> tuple[dict[str, Any], list[str]]:
        """Poll a generation until it is over; return its row and the statuses that were seen."""
        seen: list[str] = []
        give_up_at = time.monotonic() + _GIVE_UP_SECONDS
        while time.monotonic() < give_up_at:
            row = dict(self.rows("generations", id=generation_id)[0])
            if row["status"] not in seen:
                seen.append(str(row["status"]))
            if row["status"] in FINAL:
                return row, seen
            time.sleep(_POLL_SECONDS)
        message = f"still {seen[-1]} after {_GIVE_UP_SECONDS} s"
        raise TimeoutError(message)

    def call(self, function: str, **arguments: Any) -> dict[str, Any]:
        """Call an RPC that gives one row."""
        return dict(self.client.rpc(function, arguments).execute().data)  # type: ignore[arg-type]

    def rows(self, table: str, **equal: str) -> list[dict[str, Any]]:
        """Read what the person may see of a table."""
        query = self.client.table(table).select("*")
        for column, value in equal.items():
            query = query.eq(column, value)
        return query.execute().data  # type: ignore[return-value]
