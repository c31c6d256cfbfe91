"""What a hostile server may say to a download, and what has to come of it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.sidecar.pictures import NO_IMAGES, TOO_LARGE, encoded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Sends = Callable[[asyncio.StreamWriter], Awaitable[None]]

GOOD = encoded("PNG", (64, 36))
MAX_BYTES = 200_000
_ZEROS = bytes(20_000_000)
_TYPE = "content-type: image/png"
_OK = f"200 OK\r\n{_TYPE}"
_CHUNKED = f"{_OK}\r\ntransfer-encoding: chunked"


@dataclass(frozen=True)
class Hostile:
    """An answer, and the report it must lead to."""

    sends: Sends
    slug: str
    permanent: bool


def says(head: str, body: bytes = GOOD, *, length: bool = True) -> Sends:
    """Send one answer, by default with the length of its body."""
    counted = f"\r\ncontent-length: {len(body)}" if length else ""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {head}{counted}\r\n\r\n".encode("latin-1") + body)

    return send


def raw(content: bytes) -> Sends:
    """Send these bytes and nothing else."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return send


def endlessly(start: bytes, part: bytes, pause: float = 0.0) -> Sends:
    """Send a part again and again until nobody listens."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return send


def _head(head: str) -> bytes:
    return f"HTTP/1.1 {head}\r\n\r\n".encode()


async def _silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(2)


async def _reset(writer: asyncio.StreamWriter) -> None:
    writer.write(_head(f"{_OK}\r\ncontent-length: {len(GOOD)}") + GOOD[:50])
    await writer.drain()
    await asyncio.sleep(0.05)
    # Closed without waiting: the other side sees a reset, not an end.
    now = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
    writer.transport.abort()


def _each(slug: str, answers: dict[str, Sends], *, permanent: bool = True) -> dict[str, Hostile]:
    return {name: Hostile(sends, slug, permanent) for name, sends in answers.items()}


def _typed(*kinds: str) -> dict[str, Sends]:
    return {f"the type {kind}": says(f"200 OK\r\ncontent-type: {kind}") for kind in kinds}


def _statuses(*statuses: int) -> dict[str, Sends]:
    return {f"HTTP {status} with a picture": says(f"{status} X\r\n{_TYPE}") for status in statuses}


def _packed(body: bytes, *codings: str) -> dict[str, Sends]:
    return {f"encoded as {c}": says(f"{_OK}\r\ncontent-encoding: {c}", body) for c in codings}


# A picture is never here, though most of them send a good one along.
ANSWERS: dict[str, Hostile] = {
    **_each("output_gone", _statuses(403, 404, 410)),
    **_each("output_refused", _statuses(201, 203, 206, 300, 400, 401, 402, 407, 418, 451)),
    **_each("output_unreachable", _statuses(429, 500, 502, 503, 599, 999), permanent=False),
    **_each(
        "output_refused",
        {
            "204, which has no body": says("204 No Content", b"", length=False),
            "205, which has none either": says("205 Reset", b""),
            "304, though nothing was asked for again": says("304 Same", b"", length=False),
            "a part of what was not asked in parts": says(
                f"206 Part\r\n{_TYPE}\r\ncontent-range: bytes 0-9/99"
            ),
            "a redirect to a picture of the same host": says("302 Found\r\nlocation: /good"),
            "a redirect to itself": says("302 Found\r\nlocation: /bad"),
            "a gzip bomb of 1000:1": says(
                f"{_OK}\r\ncontent-encoding: gzip", gzip.compress(_ZEROS)
            ),
            "a deflate bomb of 1000:1": says(
                f"{_OK}\r\ncontent-encoding: deflate", zlib.compress(_ZEROS)
            ),
            **_packed(GOOD, "GZIP", "x-gzip", "br", "zstd", "identity, gzip", "gzip, gzip", "x"),
        },
    ),
    **_each(
        "output_not_an_image",
        {
            **_typed("text/html", "image/svg+xml", "IMAGE/SVG+XML; charset=utf-8"),
            **_typed("image/gif", "image/tiff", "image/x-icon", "image/avif", "image/*"),
            **_typed("application/pdf", "application/json", "text/plain"),
            **_typed("multipart/x-mixed-replace; boundary=x", "image/png, text/html", "png"),
            "two types": says(f"{_OK}\r\ncontent-type: text/html"),
            "gzip that does not say so": says(_OK, gzip.compress(GOOD)),
            "no type, and HTML": says("200 OK", b"<html>"),
            "a length that cuts the picture": says(
                f"{_OK}\r\ncontent-length: {len(GOOD) - 40}", length=False
            ),
            "an end before the end, without a length": says(_OK, GOOD[:-40], length=False),
            "a length of nothing": says(f"{_OK}\r\ncontent-length: 0", length=False),
            **{f"as image/png: {name}": says(_OK, body) for name, body in NO_IMAGES.items()},
        },
    ),
    **_each(
        "output_too_large",
        {
            "a length over the limit": says(
                f"{_OK}\r\ncontent-length: {MAX_BYTES + 1}", length=False
            ),
            "a length of 20 digits": says(f"{_OK}\r\ncontent-length: {'9' * 20}", length=False),
            "no length, no end": endlessly(_head(_OK), bytes(10_000)),
            "chunks without end": endlessly(_head(_CHUNKED), b"2710\r\n" + bytes(10_000) + b"\r\n"),
            "a chunk of 18 exabytes": endlessly(
                _head(_CHUNKED) + b"ffffffffffffffff\r\n", bytes(10_000)
            ),
            "a picture that goes on and on": endlessly(_head(_OK) + GOOD, bytes(10_000)),
            **{f"as image/png: {name}": says(_OK, body) for name, body in TOO_LARGE.items()},
        },
    ),
    **_each(
        "output_timeout",
        {
            "a drip of the body": endlessly(_head(_OK), b"x", 0.05),
            "a drip of the head": endlessly(b"HTTP/1.1 200 OK\r\nx: ", b"x", 0.05),
            "a drip of chunks": endlessly(_head(_CHUNKED), b"1\r\nx\r\n", 0.05),
            "a drip of answers that are not the last": endlessly(b"", _head("100 Continue"), 0.05),
        },
        permanent=False,
    ),
    **_each(
        "output_unreachable",
        {
            "silence": _silence,
            "another protocol": says("101 Switching\r\nupgrade: h2c", b"", length=False),
            "an end at once": raw(b""),
            "a reset midway": _reset,
            "a length beyond the picture": says(
                f"{_OK}\r\ncontent-length: {len(GOOD) + 20}", length=False
            ),
            "two lengths": says(f"{_OK}\r\ncontent-length: 10"),
            "a length below nothing": says(f"{_OK}\r\ncontent-length: -1", length=False),
            "a length in words": says(f"{_OK}\r\ncontent-length: ten", length=False),
            "a length of other digits": says(f"{_OK}\r\ncontent-length: \xb2\xb3", length=False),
            "a length of 5000 digits": says(f"{_OK}\r\ncontent-length: {'9' * 5000}", length=False),
            "a coding of the transfer": says(
                f"{_OK}\r\ntransfer-encoding: gzip, chunked", gzip.compress(GOOD), length=False
            ),
            "chunks that stop": raw(_head(_CHUNKED) + b"ff\r\n" + GOOD[:50]),
            "chunks without a number": raw(_head(_CHUNKED) + b"zz\r\n" + GOOD),
            "a chunk below nothing": raw(_head(_CHUNKED) + b"-1\r\n" + GOOD),
            "a remark on a chunk, without end": endlessly(_head(_CHUNKED) + b"1;", b"x" * 10_000),
            "headers after the body, without end": endlessly(
                _head(_CHUNKED) + b"0\r\n", b"x: " + b"x" * 10_000 + b"\r\n"
            ),
            "one header of megabytes": says(f"{_OK}\r\nx: {'x' * 3_000_000}"),
            "headers without end": endlessly(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 1000),
            "a header with a zero": says(f"{_OK}\r\nx: a\0b"),
            "a header with half a line's end": says(f"{_OK}\r\nx: a\rset-cookie: b"),
            "a header without a name": says(f"{_OK}\r\n: x"),
            "a space before the colon": says(f"{_OK}\r\ntransfer-encoding : chunked"),
            "a picture without a head": raw(GOOD),
            "another server's greeting": raw(b"SSH-2.0-OpenSSH_9.9\r\n"),
            "TLS where none was asked for": raw(b"\x15\x03\x03\x00\x02\x02\x28"),
        },
        permanent=False,
    ),
    "a second answer behind the first": Hostile(
        raw(
            _head("404 Gone\r\ncontent-length: 0")
            + _head(f"{_OK}\r\ncontent-length: {len(GOOD)}")
            + GOOD
        ),
        "output_gone",
        permanent=True,
    ),
    "a second answer split off by a header": Hostile(
        says(f"404 Gone\r\nx: y\r\n\r\nHTTP/1.1 {_OK}"), "output_gone", permanent=True
    ),
}
