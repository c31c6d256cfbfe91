"""The account on disk: what was bought is still there when the stand-in starts again.

A file of our own process in the stack's data folder, which only its owner may read: a line that
names its format, then the account. Objects refer to one another, and a price that changes does so
inside of subscriptions too: pickle keeps that.
"""

from __future__ import annotations

import asyncio
import os
import pickle
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.config import API_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from stand_ins.stripe.idempotency import IdempotencyKeys
    from stand_ins.stripe.webhook_sender import WebhookSender
    from stand_ins.stripe.world import World

_EVERY_SECONDS = 0.3
# Another layout of what is kept, or another version of the API, is another format.
_NAME = b"thumbsmith stand-in for Stripe"
_FORMAT = b"%s, format 2, API %s" % (_NAME, API_VERSION.encode())
_BEGINNING = 100
_PARTS = frozenset({"ahead", "store", "records", "keys", "endpoints"})


class UnreadableError(Exception):
    """The file is no account that this version can go on with."""


class Snapshot:
    """Keeps one account in one file, soon after each change and at the end."""

    def __init__(
        self, file: Path, world: World, keys: IdempotencyKeys, sender: WebhookSender
    ) -> None:
        self._file = file
        self._world, self._keys, self._sender = world, keys, sender
        self._saved: object = None
        self._task: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Go on with what is there, if anything is."""
        if not self._file.exists():
            return
        kept = self._unpickled(self._file.read_bytes())
        self._world.clock.ahead = kept["ahead"]
        self._world.store.restore(kept["store"])
        self._world.events.records = kept["records"]
        self._keys.restore(kept["keys"])
        self._sender.endpoints = kept["endpoints"]
        self._saved = self._revision()

    def start(self) -> None:
        """Deliver what nobody has taken yet, and begin to save."""
        for record in {id(one): one for one in self._world.events.records.values()}.values():
            if record.waiting:
                self._sender.announce(record)
        self._task = asyncio.create_task(self._go_on())

    async def close(self) -> None:
        """Save a last time."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self.save()

    def save(self) -> None:
        """Write the account in one step, unless it is as it was."""
        revision = self._revision()
        if revision == self._saved:
            return
        kept: dict[str, Any] = {
            "ahead": self._world.clock.ahead,
            "store": self._world.store.kept(),
            "records": self._world.events.records,
            "keys": self._keys.kept(),
            "endpoints": self._sender.endpoints,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_FORMAT + b"\n")
            pickle.dump(kept, file)
        temporary.replace(self._file)
        self._saved = revision

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            self.save()

    def _revision(self) -> object:
        world = self._world
        waiting = sum(len(one.waiting) for one in world.events.records.values())
        return (
            world.store.revision,
            world.clock.ahead,
            len(world.events.records),
            waiting,
            self._keys.revision,
            dict(self._sender.endpoints),
        )

    def _unpickled(self, content: bytes) -> dict[str, Any]:
        """Return what was kept; the format is judged first, because another could mislead."""
        kept_format, _, pickled = content.partition(b"\n")
        if kept_format != _FORMAT:
            # The first format was one pickle, which has its name near the beginning.
            is_ours = _NAME in content[:_BEGINNING]
            raise UnreadableError(
                self._problem("is of another version" if is_ours else "is damaged")
            )
        try:
            kept = pickle.loads(pickled)  # noqa: S301 (our own file)
        except Exception as error:
            raise UnreadableError(self._problem("is damaged")) from error
        if not isinstance(kept, dict) or kept.keys() != _PARTS:
            raise UnreadableError(self._problem("is damaged"))
        return kept

    def _problem(self, what: str) -> str:
        return f"{self._file} {what}: to begin anew, thumbsmith stack reset --yes"
