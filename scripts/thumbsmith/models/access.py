"""Replicate for the operator's commands: whose token, which address, and its errors in words.

The token comes from the environment, or from the running local stack; it is never printed, and
neither is what Replicate says about it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from functions_py.shapes import secret_problem
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import note
from thumbsmith.operator import credentials
from thumbsmith.project.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

REAL_BASE = "https://api.replicate.com"

_NAMES = ("REPLICATE_API_TOKEN", "REPLICATE_BASE_URL")
_SECONDS = 20.0
_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True)
class Version:
    """A version of a model: its id, and its openapi document as it came."""

    id: str
    document: Any


@dataclass(frozen=True)
class Replicate:
    """The provider. Errors end the command."""

    http: httpx.Client = field(repr=False)

    def version(self, reference: str) -> Version | None:
        """Return the version that owner/name, the newest, or owner/name:version means, if any."""
        name, _, pinned = reference.partition(":")
        found = self._get(f"/v1/models/{name}" + (f"/versions/{pinned}" if pinned else ""))
        body = found if pinned or found is None else found.get("latest_version")
        if not isinstance(body, dict):
            return None
        return Version(str(body.get("id", "")), body.get("openapi_schema"))

    def _get(self, path: str) -> dict[str, Any] | None:
        import httpx

        try:
            answer = self.http.get(path)
        except httpx.HTTPError as error:
            self._stop("replicate_unreachable", f"{type(error).__name__}: try again")
        status = answer.status_code
        if status == 404:
            return None
        if status in {401, 403}:
            self._stop("replicate_token_refused", "Replicate does not accept the token")
        if status == 429 or status >= 500:
            self._stop("replicate_unreachable", f"HTTP {status}: try again")
        if status != 200:
            self._stop("replicate_refused", f"HTTP {status} for {path}")
        try:
            body = answer.json() if len(answer.content) <= _BYTES_MAX else None
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            self._stop("replicate_unreachable", f"{path}: an answer that makes no sense")
        return body

    def _stop(self, slug: str, detail: str) -> NoReturn:
        codes = {"replicate_unreachable": Exit.TRY_AGAIN, "replicate_token_refused": Exit.USAGE}
        raise CommandError(slug, detail, code=codes.get(slug, Exit.FINDING))


@contextmanager
def open_replicate() -> Iterator[Replicate]:
    """Yield the provider whose token was given, and say where it is."""
    found = credentials.find(*_NAMES, REAL_BASE)
    if found is None:
        raise CommandError("replicate_token_missing", "give REPLICATE_API_TOKEN", code=Exit.USAGE)
    token, base = found
    if problem := secret_problem("replicate_api_token", token):
        detail = f"REPLICATE_API_TOKEN {problem}"
        raise CommandError("replicate_token_malformed", detail, code=Exit.USAGE)
    if problem := credentials.base_problem(base):
        detail = f"REPLICATE_BASE_URL {problem}"
        raise CommandError("replicate_base_malformed", detail, code=Exit.USAGE)
    note(f"Replicate: {base}")
    import httpx  # it takes its time to load

    # A redirect is not followed: the token is for this address.
    with httpx.Client(
        base_url=base,
        headers={"authorization": f"Bearer {token}"},
        timeout=_SECONDS,
        trust_env=not is_loopback(base),
    ) as http:
        yield Replicate(http)
