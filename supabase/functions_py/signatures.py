"""Checks the signatures of webhooks (Standard Webhooks, as Replicate uses them)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standardwebhooks import Webhook

from functions_py.errors import InvalidSignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> str:
    """Return the webhook's id if one of the secrets signed it within five minutes of now.

    Raises InvalidSignatureError for every other case.
    """
    given = {name: headers.get(name, "") for name in _HEADERS}
    for secret in secrets:
        try:
            Webhook(secret).verify(body, given, json_parse=False)
        except Exception:  # noqa: S112 the library raises anything on odd input
            continue
        return given["webhook-id"]
    raise InvalidSignatureError
