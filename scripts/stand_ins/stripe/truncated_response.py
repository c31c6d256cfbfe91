"""An answer that never ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class TruncatedResponse(Response):
    """Begins an answer and stops, so that the server breaks the connection off."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the head of a body that does not follow."""
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
