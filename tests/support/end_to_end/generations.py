"""Asking for a picture through the real API, waiting for it, and looking at it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from PIL import Image

from local_stack.stack import Stack
from tests.support.rest import Caller
from tests.support.waiting import eventually


def wait(caller: Caller, generation_id: str, *, until: set[str] | None = None) -> dict[str, Any]:
    """Poll a generation until its status is one of these, by default a final one."""
    wanted = until or {"succeeded", "failed", "canceled", "expired"}

    def arrived() -> dict[str, Any] | None:
        (row,) = caller.http.get(f"/rest/v1/generations?id=eq.{generation_id}").json()
        return dict(row) if row["status"] in wanted else None

    row = eventually(arrived, pause=0.05, what=f"generation {generation_id} to be in {wanted}")
    assert row is not None
    return row


@contextmanager
def faults(stack: Stack, **switches: Any) -> Iterator[None]:
    """Make the provider misbehave for a while."""
    url = f"{stack.replicate_url}/_faults"
    assert httpx.post(url, json=switches).is_success
    try:
        yield
    finally:
        assert httpx.post(url, json={"reset": True}).is_success


def download(caller: Caller, path: str) -> Image.Image:
    """Return a picture of the person's own folder."""
    answer = caller.http.get(f"/storage/v1/object/authenticated/thumbnails/{path}")
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))
