"""A service that answers with whatever it was sent, keys and all, in every place of an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.sidecar.helpers import serving

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


@dataclass
class Echo:
    """How it answers, and which keys came."""

    status: int = 401
    url: str = ""
    keys: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """Repeat the headers in all the fields that anybody might read or keep."""
        sent = request.headers.get("authorization") or request.headers.get("apikey", "")
        key = sent.removeprefix("Bearer ")
        self.keys.append(key)
        headers = dict.fromkeys(("x-echo", "request-id", "location", "retry-after"), sent)
        content = json.dumps(self._body(key, f"Authorization: {sent}", dict(request.headers)))
        return Response(content, self.status, headers, media_type="application/json")

    def _body(self, key: str, words: str, headers: dict[str, str]) -> dict[str, Any]:
        error = {"message": words, "code": key, "type": key, "param": key, "doc_url": words}
        return {
            "id": "echo1",
            "object": "customer",
            "status": "processing",
            "error": error if self.status >= 400 else words,
            "detail": words,
            "title": words,
            "message": words,
            "msg": words,
            "statusCode": str(self.status),
            "signedURL": f"/{words}",
            "livemode": False,
            "metadata": headers,
            "name": key,
            "logs": words,
            "urls": headers,
            "version": key,
            "results": [{"id": "echo1", "status": words, "webhook": words}],
        }


@contextmanager
def echoing(status: int = 401) -> Iterator[Echo]:
    """Run one on a free port."""
    echo = Echo(status)
    routes = [Route("/{path:path}", echo.answer, methods=METHODS)]
    with serving(Starlette(routes=routes)) as url:
        echo.url = url
        yield echo
