"""Requests byte by byte on a kept connection to PostgREST: quick, and nothing is put right."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from thumbsmith.project.ports import HOST

# A word that is known when it is said: ~me.face~ is the face of whoever speaks.
_WORD = re.compile(r"~(\w+\.\w+)~")
Headers = tuple[tuple[str, str], ...]


class Call:
    """A request; its path, headers and body may hold words to be filled in."""

    # No dataclass: that is written out in full, and some of these are very long.
    def __init__(
        self, method: str, path: str, headers: Headers = (), body: bytes | None = None
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    def spoken(self, words: Mapping[str, str]) -> Call:
        """Fill the words in."""

        def fill(text: str) -> str:
            return _WORD.sub(lambda found: words.get(found[1], found[0]), text)

        body = self.body
        if body is not None and b"~" in body:
            body = fill(body.decode("latin-1")).encode("latin-1")
        return Call(self.method, fill(self.path), self.headers, body)

    def holds(self, text: str) -> bool:
        """Return whether whoever sent it knew this already."""
        return text in self.path or (self.body is not None and text.encode() in self.body)

    def __repr__(self) -> str:
        headers = "".join(f" -H {name}:{value!r}" for name, value in self.headers)
        body = "" if self.body is None else f" -d {self.body[:300]!r}"
        return f"{self.method} {self.path[:300]}{headers}{body}"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Return the body of an error; nothing when it is none of PostgREST's."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def holds(self, text: str) -> bool:
        """Return whether this is anywhere in it."""
        return text.encode() in self.body or any(text in value for _, value in self.headers)


# As bad as any other fault of a server.
NO_ANSWER = Reply(599, (), b"no answer")


class Line:
    """A connection that is used again and again."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=30)

    def send(self, call: Call, token: str = "") -> Reply:
        """Send a request as whoever has this token; a connection that was closed is opened anew."""
        for _ in range(2):
            try:
                return self._send(call, token)
            except (OSError, http.client.HTTPException):
                self._connection.close()
        return NO_ANSWER

    def _send(self, call: Call, token: str) -> Reply:
        line = self._connection
        line.putrequest(call.method, call.path, skip_accept_encoding=True)
        if token:
            line.putheader("Authorization", f"Bearer {token}")
        for name, value in call.headers:
            line.putheader(name, value)
        if call.body is not None:
            line.putheader("Content-Length", str(len(call.body)))
        line.endheaders(call.body)
        answer = line.getresponse()
        body = answer.read()
        headers = tuple((name.lower(), value) for name, value in answer.getheaders())
        return Reply(answer.status, headers, body)

    def __enter__(self) -> Self:
        """Lend the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._connection.close()
