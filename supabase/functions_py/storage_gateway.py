"""The calls to Supabase: sign a face, put a thumbnail, delete files, delete a person."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from functions_py.errors import RejectedError, TransientError

_STORAGE = "/storage/v1"
_USERS = "/auth/v1/admin/users"


class StorageGateway:
    """Storage, and one call of Auth's, over plain HTTP with the project's secret key."""

    def __init__(self, url: str, secret_key: str, *, trust_env: bool = True) -> None:
        headers = {"apikey": secret_key}
        # New keys are no JWTs: the gateway exchanges them, and Storage refuses them as a Bearer.
        if not secret_key.startswith("sb_"):
            headers["authorization"] = f"Bearer {secret_key}"
        self._base = url.rstrip("/")
        self._http = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(20.0, connect=5.0), trust_env=trust_env
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def sign(self, bucket: str, object_path: str, expires_in: int) -> str:
        """Return a URL that shows a private object to whoever has it, for some seconds."""
        path = f"{_STORAGE}/object/sign/{_quoted(bucket, object_path)}"
        response = await self._send("POST", path, timeout=10.0, json={"expiresIn": expires_in})
        _raise_for_problem(response, missing="face_missing")
        signed = response.json().get("signedURL")
        if not isinstance(signed, str) or not signed.startswith("/object/sign/"):
            raise TransientError("storage_unavailable", "unexpected answer")
        return self._base + _STORAGE + signed

    async def upload(self, bucket: str, object_path: str, data: bytes) -> None:
        """Put a PNG; the same path again replaces it, so a repeated job does no harm."""
        headers = {"content-type": "image/png", "x-upsert": "true", "cache-control": "max-age=3600"}
        path = f"{_STORAGE}/object/{_quoted(bucket, object_path)}"
        response = await self._send("POST", path, headers=headers, content=data)
        _raise_for_problem(response, missing="storage_refused")

    async def remove(self, bucket: str, names: list[str]) -> dict[str, Any]:
        """Delete objects. What was gone before is no error, and not among those removed."""
        path = f"{_STORAGE}/object/{_quoted(bucket)}"
        response = await self._send("DELETE", path, json={"prefixes": names})
        _raise_for_problem(response, missing="storage_refused")
        try:
            said = {str(one["name"]) for one in response.json()}
        except (ValueError, TypeError, KeyError):
            raise TransientError("storage_unavailable", "unexpected answer") from None
        # The answer is kept as proof: nothing else that it says gets into it.
        removed = [name for name in names if name in said]
        return {"bucket": bucket, "status": response.status_code, "removed": removed}

    async def delete_user(self, user_id: str) -> dict[str, Any]:
        """Delete a person at Auth, for good. Who was gone before is no error."""
        response = await self._send("DELETE", f"{_USERS}/{_quoted(user_id)}")
        if not response.is_success and response.status_code != 404:
            # A wrong key too: an operator can mend it while the job waits.
            raise TransientError("auth_unavailable", f"HTTP {response.status_code}")
        return {"user_id": user_id, "status": response.status_code}

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = self._base + path
        try:
            return await self._http.request(method, url, follow_redirects=False, **options)
        except httpx.HTTPError as error:
            slug = "auth_unavailable" if path.startswith(_USERS) else "storage_unavailable"
            raise TransientError(slug, type(error).__name__) from None


def _quoted(*names: str) -> str:
    parts = "/".join(names).split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise RejectedError("storage_refused", "path")
    return "/".join(quote(part, safe="") for part in parts)


def _raise_for_problem(response: httpx.Response, missing: str) -> None:
    if response.is_success:
        return
    # Most errors are HTTP 400; what they mean is in the body's statusCode.
    status = response.status_code
    try:
        meant = int(response.json().get("statusCode", status))
    except (ValueError, TypeError, AttributeError):
        meant = status
    if meant == 404:
        raise RejectedError(missing, "HTTP 404")
    if meant in {413, 415, 422}:
        raise RejectedError("storage_refused", f"HTTP {meant}")
    # A wrong key too: an operator can mend it while the job waits.
    raise TransientError("storage_unavailable", f"HTTP {meant}")
