"""Idempotency keys: the same answer for the same request, for whoever asks again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.errors import StripeError, invalid

if TYPE_CHECKING:
    from starlette.responses import Response

_MAX_KEY = 255
_REMEMBERED_SECONDS = 86_400


@dataclass
class Answer:
    """What a call answered."""

    status: int
    body: dict[str, Any]
    request_id: str


@dataclass
class _Kept:
    path: str
    params: dict[str, Any]
    since: int
    answer: Answer | None = None


class IdempotencyKeys:
    """Remembers the first use of every key, for a day."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        # Grows with each change of what kept() returns.
        self.revision = 0

    def claim(self, key: str, path: str, params: dict[str, Any], now: int) -> Answer | None:
        """Return the answer of an earlier use; None when this is the first and may go on."""
        if len(key) > _MAX_KEY:
            message = f"Idempotency keys can be at most {_MAX_KEY} characters."
            raise invalid(message, code="idempotency_key_too_long", stored=False)
        kept = self._kept.get(key)
        if kept is None or (kept.answer and now - kept.since > _REMEMBERED_SECONDS):
            self._kept[key] = _Kept(path, params, now)
            self.revision += 1
            return None
        if kept.path != path:
            raise _misused(f"for the same endpoint they were first used for ('{kept.path}')", key)
        if kept.params != params:
            raise _misused("with the same parameters they were first used with", key)
        if kept.answer is None:
            raise _in_use(key)
        return kept.answer

    def keep(self, key: str, answer: Answer) -> None:
        """Remember how the first use ended."""
        self._kept[key].answer = answer
        self.revision += 1

    def kept(self) -> dict[str, Any]:
        """Return what has to outlive the process: uses that have ended."""
        return {key: one for key, one in self._kept.items() if one.answer is not None}

    def restore(self, kept: dict[str, Any]) -> None:
        """Go on with what `kept` returned."""
        self._kept = kept

    def release(self, key: str) -> None:
        """Forget a use that never began, so that a mended one may follow."""
        self._kept.pop(key, None)


def _misused(how: str, key: str) -> StripeError:
    message = (
        f"Keys for idempotent requests can only be used {how}. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return StripeError(400, "idempotency_error", message, stored=False)


def _in_use(key: str) -> StripeError:
    message = (
        "There is currently another in-progress request using this Idempotent Key "
        f"(that probably means you submitted twice, and the other request is still going): {key}"
    )
    code = "idempotency_key_in_use"
    return StripeError(409, "idempotency_error", message, code=code, stored=False)


def key_headers(response: Response, key: str, answer: Answer, *, replayed: bool) -> None:
    """Say in the headers what became of a key."""
    response.headers["idempotency-key"] = key
    response.headers["original-request"] = answer.request_id
    if replayed:
        response.headers["idempotent-replayed"] = "true"
