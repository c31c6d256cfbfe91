"""How a step of the demo makes sure of what it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from postgrest.exceptions import APIError

_POLL_SECONDS = 0.05
_GIVE_UP_SECONDS = 30


def expect(wanted: Any, seen: Any, what: str) -> None:
    """Raise unless what was seen is what was wanted."""
    if seen != wanted:
        message = f"{what}: {seen!r} instead of {wanted!r}"
        raise AssertionError(message)


def expect_soon(wanted: Any, see: Callable[[], Any], what: str) -> None:
    """Look again and again, and raise when what is wanted does not come."""
    give_up_at = time.monotonic() + _GIVE_UP_SECONDS
    while (seen := see()) != wanted and time.monotonic() < give_up_at:
        time.sleep(_POLL_SECONDS)
    expect(wanted, seen, what)


def refusal(call: Callable[[], Any]) -> APIError:
    """Make a call that the database must refuse, and return its error."""
    try:
        call()
    except APIError as error:
        return error
    message = "the call was not refused"
    raise AssertionError(message)
