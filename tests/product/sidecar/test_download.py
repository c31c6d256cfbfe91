"""What a download sends, whom it trusts, and when it stops; enemies are in test_hostile_*.py."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from functions_py.addresses import is_public, resolve
from functions_py.config import LOOPBACK_NAMES
from functions_py.download import Downloader, Limits
from functions_py.errors import RejectedError, TransientError
from tests.support.sidecar.helpers import PNG, certificate, raw_server, replying

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Limits(max_bytes=1000, total_seconds=1.0, connect_seconds=0.5, read_seconds=0.5)

# A name that no resolver but ours knows: only the address we checked can be what is connected to.
NAME = "pictures.invalid"


def local(**options: object) -> Downloader:
    return Downloader((*LOOPBACK_NAMES, NAME), loopback=True, limits=SMALL, **options)  # type: ignore[arg-type]


OK = "200 OK\r\ncontent-type: image/png"


async def refusal(downloader: Downloader, url: str) -> tuple[str, str]:
    with pytest.raises(RejectedError) as refused:
        await downloader.fetch(url)
    return refused.value.slug, refused.value.detail


async def test_an_image_is_fetched_without_any_credential() -> None:
    seen: list[bytes] = []
    async with raw_server(replying(OK, seen=seen)) as port:
        assert await local().fetch(f"http://127.0.0.1:{port}/out.png") == PNG
    head = seen[0].decode().lower()
    assert f"host: 127.0.0.1:{port}" in head
    assert "accept-encoding: identity" in head
    for name in ("authorization", "cookie", "apikey", "referer"):
        assert f"{name}:" not in head


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("0.0.0.0", False),  # noqa: S104
        ("100.64.0.1", False),
        ("172.31.255.255", False),
        ("172.32.0.1", True),
        ("198.19.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::ffff:93.184.216.34", False),
        ("2001:db8::1", False),
        ("2001::1", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_the_checked_address_is_the_one_connected_to() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    seen: list[bytes] = []
    async with raw_server(replying(OK, seen=seen)) as port:
        url = f"http://{NAME}:{port}/out.png"
        assert await local(resolver=rebinding).fetch(url) == PNG
        assert asked == [NAME]
        assert f"host: {NAME}:".encode() in seen[0].lower()
        # Now the name leads elsewhere, and is looked up anew.
        assert await refusal(local(resolver=rebinding), url) == ("output_url_refused", "address")
    assert len(seen) == 1


async def test_loopback_means_loopback_only() -> None:
    async def outside(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34"]

    slug = "output_url_refused"
    assert await refusal(local(resolver=outside), "http://localhost/x") == (slug, "address")
    assert await refusal(local(), "https://replicate.delivery/x") == (slug, "host")


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def two(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    async with raw_server(replying(OK)) as port:
        assert await local(resolver=two).fetch(f"http://localhost:{port}/") == PNG


async def test_the_system_resolver_gives_plain_addresses() -> None:
    assert "127.0.0.1" in await resolve("localhost", 80)


async def test_a_body_without_a_length_is_cut_off_at_the_limit() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {OK}\r\n\r\n".encode())
        for _ in range(100_000):
            writer.write(bytes(100))
            sent += 100
            await writer.drain()

    async with raw_server(endless) as port:
        assert await refusal(local(), f"http://127.0.0.1:{port}/") == ("output_too_large", "")
    assert sent < 10_000_000
    async with raw_server(replying(OK, bytes(1000))) as port:
        assert len(await local().fetch(f"http://127.0.0.1:{port}/")) == 1000


async def test_the_certificate_is_checked_against_the_name_not_the_address(tmp_path: Path) -> None:
    async def here(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    for name, fits in ((NAME, True), ("evil.example", False)):
        server, client = certificate(tmp_path, name)
        async with raw_server(replying(OK), ssl=server) as port:
            url = f"https://{NAME}:{port}/out.png"
            if fits:
                assert await local(tls=client, resolver=here).fetch(url) == PNG
                with pytest.raises(TransientError, match="output_unreachable"):
                    await local(resolver=here).fetch(url)
            else:
                with pytest.raises(TransientError, match="output_unreachable"):
                    await local(tls=client, resolver=here).fetch(url)
