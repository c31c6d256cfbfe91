"""The stack of one folder, stopped and started again: ports, people, pages and what is too new."""

from __future__ import annotations

import json
import pickle
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from devtools.stack import edges, summary
from local_stack import migrate, remembered_ports, remembered_site, return_pages
from local_stack.stack import Stack
from stand_ins.stripe import snapshot
from tests.support.places import short_lived
from tests.support.rest import Caller
from tests.support.stand_ins.stripe.stand_in import StandIn
from tests.support.waiting import eventually_is
from thumbsmith.catalog.publish import publish_catalog
from thumbsmith.console.errors import CommandError
from thumbsmith.project.errors import DatabaseIsNewerError, StackError

MONTH_SECONDS = 32 * 86_400
PLAN = {"item_kind": "subscription", "item_key": "monthly_25images"}
PACK = {"item_kind": "pack", "item_key": "starter"}
START, OF_PLAN, OF_PACK = 50, 250, 100


def stack_on(folder: Path, **more: object) -> Stack:
    given: dict[str, Any] = {"database_url": "", "stripe_key": "", "on_started": publish_catalog}
    return Stack(folder, **(given | more))


@contextmanager
def stand_in_of(stack: Stack) -> Iterator[StandIn]:
    stripe = StandIn(stack.stripe.api_base, stack.stripe.secret_key)
    with stripe.http:
        yield stripe


def prices_of(stripe: StandIn) -> list[str]:
    listed = stripe.raw("GET", "/v1/prices?limit=100").json()
    return [one["id"] for one in listed["data"]]


def available(caller: Caller) -> int:
    return int(caller.rpc("my_credits").json()["available"])


def return_pages_of(db_url: str) -> tuple[str, ...]:
    with psycopg.connect(db_url) as connection:
        row = connection.execute(
            "select checkout_success_url, checkout_cancel_url, portal_return_url"
            " from private.settings"
        ).fetchone()
    return row or pytest.fail("no settings")


def open_page(caller: Caller, item: dict[str, str]) -> dict[str, str]:
    asked = caller.rpc("start_checkout", **item, idempotency_key=str(uuid.uuid4())).json()

    def found() -> dict[str, str]:
        rows = caller.http.get(f"/rest/v1/checkouts?id=eq.{asked['id']}").json()
        return dict(rows[0])

    eventually_is("open", lambda: found()["status"], "the checkout")
    return found()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """Yield a folder that PostgreSQL's account can reach: else its data ends with the server."""
    with short_lived() as folder:
        yield folder


def test_people_prices_and_addresses_outlive_a_stop(reachable: Path) -> None:
    folder = reachable / "stack"
    stack = stack_on(folder)
    with stack, stand_in_of(stack) as stripe:
        env = dict(stack.env)
        ana = Caller.sign_up(stack.api_url, stack.keys.publishable_key, None)
        page = open_page(ana, PLAN)
        stripe.act("pay", session=page["stripe_session_id"])
        eventually_is(START + OF_PLAN, lambda: available(ana), "credits")
        # Without a site of one's own the way back is a page of the gateway.
        for address in return_pages_of(stack.db_url):
            assert address.startswith(f"{stack.api_url}/local/")
            assert httpx.get(address.partition("?")[0], trust_env=False).status_code == 200
        prices = prices_of(stripe)

    again = stack_on(folder, site_url="http://localhost:5173/app")
    with again, stand_in_of(again) as stripe:
        assert dict(again.env) == env
        assert prices_of(stripe) == prices
        # A month later Stripe renews for a customer of the first start, who also buys a pack.
        stripe.post("/_clock", advance_seconds=MONTH_SECONDS).raise_for_status()
        eventually_is(START + 2 * OF_PLAN, lambda: available(ana), "credits of the second month")
        stripe.act("pay", session=open_page(ana, PACK)["stripe_session_id"])
        with_pack = START + 2 * OF_PLAN + OF_PACK
        eventually_is(with_pack, lambda: available(ana), "credits of the pack")
        ana.http.close()
        check_ways_back(again)
    # The site holds for a later start that does not name it.
    with stack_on(folder, services=("node",), on_started=lambda _: None) as later:
        check_ways_back(later)


def check_ways_back(stack: Stack) -> None:
    """Stripe's pages and Auth's mails lead back to the site, and to no other."""
    site = "http://localhost:5173/app"
    paid, left, account = return_pages_of(stack.db_url)
    assert paid.startswith(f"{site}?checkout=paid&")
    assert (left, account) == (f"{site}?checkout=canceled", site)
    verify = f"{stack.api_url}/auth/v1/verify?token=none&type=signup&redirect_to="
    for wanted, leads_to in ((f"{site}/in", f"{site}/in"), ("https://evil.example.com", site)):
        answer = httpx.get(verify + wanted, trust_env=False, follow_redirects=False)
        assert answer.status_code == 303
        location = answer.headers["location"]
        assert location.partition("#")[0].partition("?")[0] == leads_to


def test_a_site_is_remembered_until_it_is_taken_back(tmp_path: Path) -> None:
    def start(named: str | None) -> str | None:
        site = remembered_site.choose(tmp_path, named)
        remembered_site.remember(tmp_path, site)
        return site

    assert start(None) is None
    assert start("http://localhost:5173") == "http://localhost:5173"
    # A start that failed on its way is none.
    assert remembered_site.choose(tmp_path, "http://localhost:9999") == "http://localhost:9999"
    assert start(None) == "http://localhost:5173"
    assert start("") is None
    assert start(None) is None


def test_each_return_page_that_a_person_chose_stays(db_url_of_a_copy: str) -> None:
    # A site of one's own may be on this machine, and look much like the gateway.
    api, mine = "http://127.0.0.1:4321", "http://127.0.0.1:3000/local/canceled-here"

    return_pages.set_return_pages(db_url_of_a_copy, "http://127.0.0.1:1", None, is_chosen=False)
    with psycopg.connect(db_url_of_a_copy) as connection:
        connection.execute("update private.settings set checkout_cancel_url = %s", (mine,))
    return_pages.set_return_pages(db_url_of_a_copy, api, None, is_chosen=False)
    paid, canceled, account = return_pages_of(db_url_of_a_copy)
    assert paid.startswith(f"{api}/local/paid?")
    assert (canceled, account) == (mine, f"{api}/local/account")
    return_pages.set_return_pages(db_url_of_a_copy, api, "https://site.example", is_chosen=True)
    assert all(
        page.startswith("https://site.example") for page in return_pages_of(db_url_of_a_copy)
    )


def test_ports_are_remembered_and_a_taken_one_is_replaced(tmp_path: Path) -> None:
    said: list[str] = []
    first = remembered_ports.choose(tmp_path, ("node", "stripe"), {}, said.append)
    assert remembered_ports.choose(tmp_path, ("node", "stripe"), {}, said.append) == first
    wanted = remembered_ports.choose(tmp_path, ("node", "stripe"), {"node": 4321}, said.append)
    assert wanted == {"node": 4321, "stripe": first["stripe"]}
    assert said == []
    with socket.create_server(("127.0.0.1", first["stripe"])):
        other = remembered_ports.choose(tmp_path, ("node", "stripe"), {}, said.append)
    assert other["stripe"] != first["stripe"]
    assert said == [f"the port {first['stripe']} of stripe is taken: using {other['stripe']}"]
    (tmp_path / "ports.json").write_text("nonsense")
    assert set(remembered_ports.choose(tmp_path, ("node",), {}, said.append)) == {"node"}


def test_a_database_of_a_newer_checkout_is_told_apart(db_url_of_a_copy: str) -> None:
    assert migrate.migrate(db_url_of_a_copy) == []
    with psycopg.connect(db_url_of_a_copy) as connection:
        connection.execute(
            "insert into supabase_migrations.schema_migrations (version, name, statements)"
            " values ('99990101000000', 'of_tomorrow', '{}')"
        )
    with pytest.raises(DatabaseIsNewerError, match="thumbsmith stack reset --yes") as refused:
        migrate.migrate(db_url_of_a_copy)
    assert isinstance(refused.value, StackError)
    assert refused.value.slug == "database_is_newer"


@pytest.fixture
def db_url_of_a_copy(db: object) -> str:
    """Return the address of a migrated database of the test's own."""
    url: str = db.url  # type: ignore[attr-defined]
    return url


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nonsense", "is damaged"),
        (snapshot._FORMAT + b"\nnonsense", "is damaged"),
        (snapshot._NAME + b", format 9, API 2020-01-01\n", "is of another version"),
        (pickle.dumps(((snapshot._NAME.decode(), 1, "2020-01-01"), {})), "is of another version"),
    ],
)
def test_a_damaged_account_is_an_error_and_not_an_empty_one(
    tmp_path: Path, content: bytes, said: str
) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "stripe.account").write_bytes(content)
    with (
        pytest.raises(StackError, match=f"{said}: to begin anew"),
        Stack(folder, services=["stripe"], database_url="", stripe_key="", migrate=False),
    ):
        pass


def test_a_person_sees_where_things_are_and_what_is_not_here() -> None:
    env = {"API_URL": "http://127.0.0.1:1", "DB_URL": "postgresql://x"}
    env |= {"STRIPE_API_BASE": "http://127.0.0.1:2"}
    lines = dict(summary.lines(env))
    assert lines["Stripe's demo pages"] == "http://127.0.0.1:2/"
    assert "Studio" in lines["not here"]
    real = dict(summary.lines(env | {"STRIPE_API_BASE": "https://api.stripe.com"}))
    assert "test mode" in real["Stripe"]


@pytest.mark.parametrize(
    ("port", "site", "slug"),
    [
        (None, "localhost:5173", "site_url_malformed"),
        (None, "http://localhost/?a=b", "site_url_malformed"),
        (None, None, None),
        (None, "http://localhost:5173", None),
    ],
)
def test_what_cannot_work_is_said_before_anything_starts(
    tmp_path: Path, port: int | None, site: str | None, slug: str | None
) -> None:
    if slug is None:
        edges.check(tmp_path / "stack", port, site)
        return
    with pytest.raises(CommandError, match=slug):
        edges.check(tmp_path / "stack", port, site)


def test_a_folder_that_is_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(json.dumps({}))
    with pytest.raises(CommandError, match="not_a_folder"):
        edges.check(tmp_path / "file", None, None)
