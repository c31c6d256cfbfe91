"""Small things that several resources need."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from stand_ins.stripe.errors import invalid

_MAX_KEYS, _MAX_NAME, _MAX_VALUE = 50, 40, 500


def merged_metadata(old: dict[str, str], given: dict[str, str] | str | None) -> dict[str, str]:
    """Apply metadata: an empty value drops its key, an empty text drops them all."""
    if given is None:
        return old
    if isinstance(given, str):
        return {}
    for name, value in given.items():
        if len(name) > _MAX_NAME or len(value) > _MAX_VALUE:
            message = (
                f"Metadata keys can be up to {_MAX_NAME} characters, values up to {_MAX_VALUE}."
            )
            raise invalid(message, f"metadata[{name}]", stored=False)
    merged = {name: value for name, value in (old | given).items() if value != ""}
    if len(merged) > _MAX_KEYS:
        raise invalid(f"Metadata can have up to {_MAX_KEYS} keys.", "metadata", stored=False)
    return merged


def emptied(value: Any) -> Any:
    """Read an empty text as Stripe does: unset."""
    return None if value == "" else value


def checked_url(url: str, param: str) -> str:
    """Return a web address, or refuse one that is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise invalid("Not a valid URL", param, "url_invalid", stored=False)
    return url
