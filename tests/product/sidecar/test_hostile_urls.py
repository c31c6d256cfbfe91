"""Hostile addresses against the real downloader, judged by what reaches the socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from functions_py.config import LOOPBACK_NAMES
from functions_py.download import Downloader, Limits
from functions_py.errors import RejectedError, SidecarError
from tests.support.sidecar.helpers import PNG, certificate, raw_server, replying
from tests.support.sidecar.hostile_urls import ADDRESSES, LOCATIONS, URLS
from tests.support.sidecar.wire import Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from tests.support.sidecar.wire import Names

NAME = "replicate.delivery"
GOOD = f"https://{NAME}/x.png"
HOME, ENEMY = "93.184.216.34", "1.2.3.4"
REFUSED = "output_url_refused"
LIMITS = Limits(total_seconds=5.0, connect_seconds=1.0, read_seconds=1.0)


def everywhere(host: str) -> list[str]:
    """Know every name, so that a look-up too many shows as a connection to the enemy."""
    return [HOME if host == NAME or host.endswith(f".{NAME}") else ENEMY]


def always(*addresses: str) -> Names:
    return lambda _host: list(addresses)


class UrlScenario:
    """The downloader of a mode, the address it may reach, and a URL that leads there."""

    def __init__(self, wire: Wire, downloader: Downloader, allowed: str, good: str) -> None:
        self.wire = wire
        self.downloader = downloader
        self.allowed = allowed
        self.good = good

    async def outcome(self, url: str) -> str:
        """Return what came of a URL: a slug, or the word that no hostile one may get."""
        try:
            await self.downloader.fetch(url)
        except RejectedError as error:
            return error.slug
        except SidecarError as error:
            return f"{error.slug}, to be tried again"
        return "downloaded"

    async def prove_it_works(self) -> None:
        """Download from the allowed address."""
        self.wire.clear()
        assert await self.downloader.fetch(self.good) == PNG
        assert self.wire.connected == [self.allowed]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate(tmp_path_factory.mktemp("tls"), NAME, f"*.{NAME}")


@pytest.fixture
def answer() -> list[str]:
    """Return what the allowed host answers; nothing for a picture."""
    return []


@pytest.fixture
async def served(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], answer: list[str]
) -> AsyncIterator[tuple[int, int]]:
    """Yield the ports of two servers that answer alike, the first with TLS."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = answer[0] if answer else "200 OK\r\ncontent-type: image/png"
        await replying(head)(reader, writer)

    async with raw_server(reply, ssl=tls[0]) as secure, raw_server(reply) as plain:
        yield secure, plain


@pytest.fixture
def wire(served: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Wire:
    # A proxy of the environment would be a way around every check.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://10.0.0.9:3128")
    return Wire(monkeypatch, everywhere)


@pytest.fixture
def hosted(
    wire: Wire, served: tuple[int, int], tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> UrlScenario:
    """Return the mode of production: one name, https, the public internet."""
    allowed = wire.route(HOME, 443, served[0])
    return UrlScenario(wire, Downloader((NAME,), limits=LIMITS, tls=tls[1]), allowed, GOOD)


@pytest.fixture
def local(
    wire: Wire, served: tuple[int, int], tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> UrlScenario:
    """Return the mode of the local stack: loopback, and only that."""
    allowed = wire.route("127.0.0.1", served[1], served[1])
    downloader = Downloader(LOOPBACK_NAMES, loopback=True, limits=LIMITS, tls=tls[1])
    return UrlScenario(wire, downloader, allowed, f"http://{allowed}/x.png")


def is_loopback(connected: str) -> bool:
    return connected.startswith(("127.", "::1:", "::ffff:127.0.0.1:"))


def test_the_corpus_is_as_large_as_it_says() -> None:
    urls = [url for group in URLS.values() for url in group]
    addresses = [address for group in ADDRESSES.values() for address in group]
    counts = (len(urls), len(addresses), len(LOCATIONS))
    print("hostile URLs, addresses, redirects:", counts)  # noqa: T201
    assert (len(set(urls)), len(set(addresses)), len(set(LOCATIONS))) == counts
    assert len(urls) >= 150


@pytest.mark.parametrize("why", URLS)
async def test_a_hostile_url_is_refused_before_anything_is_looked_up(
    why: str, hosted: UrlScenario
) -> None:
    outcomes = {url: await hosted.outcome(url) for url in URLS[why]}
    assert outcomes == dict.fromkeys(URLS[why], REFUSED)
    assert (hosted.wire.asked, hosted.wire.connected) == ([], [])
    await hosted.prove_it_works()


@pytest.mark.parametrize("why", URLS)
async def test_the_local_mode_follows_a_hostile_url_nowhere_but_to_loopback(
    why: str, local: UrlScenario
) -> None:
    outcomes = {url: await local.outcome(url) for url in URLS[why]}
    assert "downloaded" not in outcomes.values()
    reached = [url for url, outcome in outcomes.items() if outcome != REFUSED]
    # These are what the mode is for; nothing listens there.
    assert set(reached) <= {
        "https://127.0.0.1/x.png",
        "https://[::1]/x.png",
        "https://localhost/x.png",
    }
    assert all(map(is_loopback, local.wire.connected))
    await local.prove_it_works()


@pytest.mark.parametrize("host", [NAME, f"pbxt.{NAME}"])
@pytest.mark.parametrize("why", ADDRESSES)
async def test_an_allowed_name_that_leads_inside_is_refused(
    why: str, host: str, hosted: UrlScenario
) -> None:
    url = f"https://{host}/x.png"
    for address in ADDRESSES[why]:
        # Alone, and hidden among good ones.
        for answers in ([address], [HOME, address], [address, HOME], [HOME, HOME, HOME, address]):
            hosted.wire.names = always(*answers)
            assert await hosted.outcome(url) == REFUSED, answers
    assert hosted.wire.connected == []
    assert set(hosted.wire.asked) == {host}
    hosted.wire.names = everywhere
    await hosted.prove_it_works()


async def test_the_local_mode_goes_to_no_address_but_loopback(local: UrlScenario) -> None:
    url = local.good.replace("127.0.0.1", "localhost")
    outcomes = {}
    for address in (
        HOME,
        ENEMY,
        *(a for why in ADDRESSES if why != "no address" for a in ADDRESSES[why]),
    ):
        local.wire.names = always(address)
        outcomes[address] = await local.outcome(url)
    assert all(map(is_loopback, local.wire.connected))
    let_by = {address for address, outcome in outcomes.items() if outcome != REFUSED}
    # Whether the mapped one is loopback is a matter of the version of Python.
    assert let_by - {"::ffff:127.0.0.1"} == {"127.0.0.1", "127.255.255.254", "::1"}
    assert outcomes["127.0.0.1"] == "downloaded"


async def test_a_name_that_rebinds_is_looked_up_once_and_connected_to_as_checked(
    hosted: UrlScenario,
) -> None:
    # The enemy answers well once, then with the inside, whoever asks.
    answers = [[HOME], ["169.254.169.254"], ["127.0.0.1"]]
    hosted.wire.names = lambda _host: answers.pop(0)
    assert await hosted.outcome(GOOD) == "downloaded"
    assert (hosted.wire.asked, hosted.wire.connected) == ([NAME], [hosted.allowed])
    assert [await hosted.outcome(GOOD) for _ in range(2)] == [REFUSED] * 2
    assert hosted.wire.connected == [hosted.allowed]


async def test_a_name_without_an_answer_may_have_one_later(hosted: UrlScenario) -> None:
    hosted.wire.names = always()
    assert await hosted.outcome(GOOD) == "output_unreachable, to be tried again"
    assert hosted.wire.connected == []
    hosted.wire.names = everywhere
    await hosted.prove_it_works()


async def test_only_the_first_addresses_of_many_are_tried(hosted: UrlScenario) -> None:
    dead = ["8.8.8.8", "2606:4700::1111"]
    hosted.wire.names = always(*dead, HOME)
    # IPv4 goes first.
    assert await hosted.outcome(GOOD) == "downloaded"
    assert hosted.wire.connected == ["8.8.8.8:443", hosted.allowed]
    hosted.wire.clear()
    hosted.wire.names = always(*(f"8.8.8.{i}" for i in range(200)))
    assert await hosted.outcome(GOOD) == "output_unreachable, to be tried again"
    assert hosted.wire.connected == [f"8.8.8.{i}:443" for i in range(3)]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
async def test_a_redirect_is_refused_wherever_it_points(
    status: int, hosted: UrlScenario, local: UrlScenario, answer: list[str]
) -> None:
    for scene in (hosted, local):
        for location in LOCATIONS:
            answer[:] = [f"{status} Elsewhere\r\nlocation: {location}"]
            scene.wire.clear()
            assert await scene.outcome(scene.good) == "output_refused", location
            assert scene.wire.connected == [scene.allowed]
        answer.clear()
        await scene.prove_it_works()


@pytest.mark.parametrize(
    "header",
    [
        "location: https://evil.example/",
        "refresh: 0; url=https://evil.example/",
        'alt-svc: h2="evil.example:443"; ma=86400',
        "link: <https://evil.example/x.png>; rel=preload",
        "content-location: https://evil.example/x.png",
        "set-cookie: a=b; domain=evil.example; max-age=" + "9" * 5000,
        "www-authenticate: Basic realm=x",
    ],
)
async def test_a_header_leads_nowhere_and_is_forgotten(
    header: str, hosted: UrlScenario, answer: list[str]
) -> None:
    answer[:] = [f"200 OK\r\ncontent-type: image/png\r\n{header}"]
    assert [await hosted.outcome(GOOD) for _ in range(2)] == ["downloaded"] * 2
    assert hosted.wire.connected == [hosted.allowed] * 2
