"""The calls to Supabase: Storage signs, keeps and deletes files, Auth deletes people."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from functions_py.errors import RejectedError, TransientError


class _Service:
    """One service behind the project's address, by its own path and with its own slug."""

    def __init__(self, http: httpx.AsyncClient, base: str, slug: str) -> None:
        self._http, self._base, self._slug = http, base, slug

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Make a call; a lost connection is worth another try."""
        try:
            return await self._http.request(
                method, self._base + path, follow_redirects=False, **options
            )
        except httpx.HTTPError as error:
            raise self.unavailable(type(error).__name__) from None

    def unavailable(self, detail: str) -> TransientError:
        """Return the error of a call that an operator, or time, can mend: a wrong key too."""
        return TransientError(self._slug, detail)


class SupabaseGateway:
    """Storage and Auth over plain HTTP, with the project's secret key."""

    def __init__(self, url: str, secret_key: str, *, trust_env: bool = True) -> None:
        headers = {"apikey": secret_key}
        # New keys are no JWTs: the gateway exchanges them, and Storage refuses them as a Bearer.
        if not secret_key.startswith("sb_"):
            headers["authorization"] = f"Bearer {secret_key}"
        self._http = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(20.0, connect=5.0), trust_env=trust_env
        )
        base = url.rstrip("/")
        self._files_url = f"{base}/storage/v1"
        self._storage = _Service(self._http, self._files_url, "storage_unavailable")
        self._auth = _Service(self._http, f"{base}/auth/v1", "auth_unavailable")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def sign(self, bucket: str, object_path: str, expires_in: int) -> str:
        """Return a URL that shows a private object to whoever has it, for some seconds."""
        path = f"/object/sign/{_quoted(bucket, object_path)}"
        asked = {"expiresIn": expires_in}
        response = await self._storage.send("POST", path, timeout=10.0, json=asked)
        self._raise_for_problem(response, missing="face_missing")
        signed = response.json().get("signedURL")
        if not isinstance(signed, str) or not signed.startswith("/object/sign/"):
            raise self._storage.unavailable("unexpected answer")
        return self._files_url + signed

    async def upload(self, bucket: str, object_path: str, data: bytes) -> None:
        """Put a PNG; the same path again replaces it, so a repeated job does no harm."""
        headers = {"content-type": "image/png", "x-upsert": "true", "cache-control": "max-age=3600"}
        path = f"/object/{_quoted(bucket, object_path)}"
        response = await self._storage.send("POST", path, headers=headers, content=data)
        self._raise_for_problem(response, missing="storage_refused")

    async def remove(self, bucket: str, names: list[str]) -> dict[str, Any]:
        """Delete objects. What was gone before is no error, and not among those removed."""
        path = f"/object/{_quoted(bucket)}"
        response = await self._storage.send("DELETE", path, json={"prefixes": names})
        self._raise_for_problem(response, missing="storage_refused")
        try:
            said = {str(one["name"]) for one in response.json()}
        except (ValueError, TypeError, KeyError):
            raise self._storage.unavailable("unexpected answer") from None
        # The answer is kept as proof: nothing else that it says gets into it.
        removed = [name for name in names if name in said]
        return {"bucket": bucket, "status": response.status_code, "removed": removed}

    async def delete_user(self, user_id: str) -> dict[str, Any]:
        """Delete a person at Auth permanently. Who was gone before is no error."""
        response = await self._auth.send("DELETE", f"/admin/users/{_quoted(user_id)}")
        if not response.is_success and response.status_code != 404:
            raise self._auth.unavailable(f"HTTP {response.status_code}")
        return {"user_id": user_id, "status": response.status_code}

    def _raise_for_problem(self, response: httpx.Response, missing: str) -> None:
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
        raise self._storage.unavailable(f"HTTP {meant}")


def _quoted(*names: str) -> str:
    parts = "/".join(names).split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise RejectedError("storage_refused", "path")
    return "/".join(quote(part, safe="") for part in parts)
