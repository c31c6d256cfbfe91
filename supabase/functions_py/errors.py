"""Every way a job or a webhook can go wrong.

Slugs are stable: they end up in `generations.error` and are listed in docs/errors.md. Neither a
slug nor a detail ever carries input, a secret or a signed URL.
"""

from __future__ import annotations


class SidecarError(Exception):
    """Something went wrong."""

    def __init__(self, slug: str, detail: str = "") -> None:
        super().__init__(slug)
        self.slug = slug
        self.detail = detail


class RejectedError(SidecarError):
    """Refused for good: the same call would be refused again."""


class TransientError(SidecarError):
    """Did not work this time: the database decides when to try again."""


class SubmitRefusedError(Exception):
    """The provider certainly made nothing of the request."""

    def __init__(self, http_status: int, detail: str, retry_after: int | None) -> None:
        super().__init__(f"HTTP {http_status}")
        self.http_status = http_status
        self.detail = detail
        self.retry_after = retry_after


class SubmitUnknownError(Exception):
    """The provider may or may not have taken the request."""


class InvalidSignatureError(Exception):
    """The webhook was not signed by whom it claims."""


class InvalidBodyError(Exception):
    """What was sent or answered is not the JSON that it has to be."""


class DatabaseUnavailableError(Exception):
    """The database did not answer."""


class RefusedError(Exception):
    """The database refused a call by one of its rules; the text is the slug."""


class ConfigError(Exception):
    """A setting is missing or wrong. The text names the setting, never its value."""
