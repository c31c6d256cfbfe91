"""Wait for something to become true: the only place where tests look again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.02


def eventually(
    check: Callable[[], Found | None],
    seconds: float = PATIENCE_SECONDS,
    pause: float = PAUSE_SECONDS,
    what: str = "what is waited for",
) -> Found:
    """Wait until a check gives something true, and return that."""
    ends = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < ends, f"{what} did not happen in {seconds:g} seconds: {found!r}"
        time.sleep(pause)
    return found


def eventually_is(wanted: Any, see: Callable[[], Any], what: str) -> None:
    """Wait until what is seen is what is wanted; show both if it never is."""
    seen: list[Any] = [None]

    def is_there() -> bool:
        seen[0] = see()
        return bool(seen[0] == wanted)

    try:
        eventually(is_there, pause=0.05)
    except AssertionError:
        assert seen[0] == wanted, what


async def eventually_async(check: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait on the event loop until a check is true."""
    ends = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < ends, f"did not happen in {seconds:g} seconds"
        await asyncio.sleep(0.005)
