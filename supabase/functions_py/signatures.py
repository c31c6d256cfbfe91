"""Checks the signatures of webhooks: Standard Webhooks for Replicate, and Stripe's own way."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from standardwebhooks import Webhook
from stripe import WebhookSignature

from functions_py.errors import InvalidSignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_TOLERANCE_SECONDS = 300
_MAX_STRIPE_HEADER = 4096
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_MAC = re.compile(r"[0-9a-f]{64}")


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


def verify_stripe(body: bytes, header: str, secrets: Sequence[str]) -> None:
    """Return when one of the secrets signed the body within five minutes of now.

    Raises InvalidSignatureError for every other case. The SDK works out the signature but takes the
    first of several timestamps, digits of any script, and any time in the future: it gets a header
    that was read here.
    """
    parts = header.split(",") if len(header) <= _MAX_STRIPE_HEADER else []
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in parts)]
    times = [value for name, value in pairs if name == "t"]
    macs = [f"v1={value}" for name, value in pairs if name == "v1" and _MAC.fullmatch(value)]
    if len(times) != 1 or not _TIMESTAMP.fullmatch(times[0]):
        raise InvalidSignatureError
    if abs(time.time() - int(times[0])) > _TOLERANCE_SECONDS:
        raise InvalidSignatureError
    read = ",".join([f"t={times[0]}", *macs])
    for secret in secrets:
        try:
            if WebhookSignature.verify_header(body, read, secret, _TOLERANCE_SECONDS):
                return
        except Exception:  # noqa: S112 a body that is no text, or an empty secret
            continue
    raise InvalidSignatureError
