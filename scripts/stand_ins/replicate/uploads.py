"""The files API: what people upload to use as input."""

from __future__ import annotations

import hashlib
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from stand_ins.replicate.replies import not_found, problem
from stand_ins.replicate.state import now

if TYPE_CHECKING:
    from starlette.requests import Request

    from stand_ins.replicate.state import State

_DAY = 86_400.0
_MAX_BYTES = 100 * 1024 * 1024


class Uploads:
    """Handlers of /v1/files."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._bodies: dict[str, dict[str, Any]] = {}

    async def create(self, request: Request) -> Response:
        """Take a multipart form with the file in `content`."""
        if int(request.headers.get("content-length", "0")) > _MAX_BYTES:
            return problem(413, "Too large", "A file may have 100 MiB.")
        found = _content_part(request.headers.get("content-type", ""), await request.body())
        if found is None:
            return problem(422, "Invalid file", "content is required")
        name, content_type, data = found
        file_id = self._state.add_file(content_type, data, _DAY)
        self._bodies[file_id] = {
            "id": file_id,
            "name": name,
            "content_type": content_type,
            "size": len(data),
            "etag": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "checksums": {"sha256": hashlib.sha256(data).hexdigest()},
            "metadata": {},
            "created_at": now(),
            "expires_at": now(),
            "urls": {"get": f"{self._state.self_url}/delivery/{file_id}/{name}"},
        }
        return JSONResponse(self._bodies[file_id], 201)

    async def get(self, request: Request) -> Response:
        """Describe one file."""
        body = self._bodies.get(request.path_params["id"])
        return JSONResponse(body) if body else not_found()

    async def delete(self, request: Request) -> Response:
        """Forget one file."""
        file_id = request.path_params["id"]
        self._state.files.pop(file_id, None)
        return Response(status_code=204) if self._bodies.pop(file_id, None) else not_found()

    async def listing(self, _request: Request) -> Response:
        """List all files, newest first."""
        results = list(reversed(self._bodies.values()))
        return JSONResponse({"next": None, "previous": None, "results": results})


def _content_part(content_type: str, body: bytes) -> tuple[str, str, bytes] | None:
    head = f"content-type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    for part in message.iter_parts():
        if part.get_param("name", header="content-disposition") == "content":
            data = part.get_payload(decode=True)
            name = (part.get_filename() or "file").replace("/", "_")
            return name, part.get_content_type(), data if isinstance(data, bytes) else b""
    return None
