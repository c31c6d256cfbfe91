"""How much one request may ask for: rows, bytes, depth and time, each at its limit and beyond."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep

import httpx
import pytest

from tests.support.database import sign_up
from tests.support.security.http_world import HttpWorld, token_of
from tests.support.security.populated import change
from tests.support.waiting import eventually
from thumbsmith.project import config

MAX_ROWS = 1000
MORE_ROWS = MAX_ROWS + 5
# How long a statement of theirs may take.
SECONDS = {"anon": 3, "other": 8}
MANY_ROWS = """
insert into public.generations (
    profile_id, generation_type, prompt, credit_cost, idempotency_key, deadline_at, status, error,
    finished_at
)
select '{person}', 'thumbnail', repeat('a', 1000), 0, gen_random_uuid(), now(), 'failed', 'timeout',
    now()
from generate_series(1, {rows})
"""
LINGER = """
create function public.linger(seconds double precision) returns text
language sql volatile security invoker set search_path = ''
as 'select ''waited'' from pg_catalog.pg_sleep(linger.seconds)'
"""


@contextmanager
def client(http_world: HttpWorld, person: uuid.UUID) -> Iterator[httpx.Client]:
    """Lend a client of somebody who is signed in."""
    token = token_of(http_world.stack, person, is_anonymous=False)
    headers = {
        "apikey": http_world.stack.keys.publishable_key,
        "authorization": f"Bearer {token}",
    }
    with httpx.Client(base_url=http_world.stack.api_url, headers=headers, timeout=30) as http:
        yield http


@pytest.fixture
def newcomer(http_world: HttpWorld) -> Iterator[httpx.Client]:
    """Yield somebody who has asked for nothing yet."""
    with client(http_world, sign_up(http_world.world.db)) as http:
        yield http


@pytest.fixture(scope="module")
def hoarder(http_world: HttpWorld) -> Iterator[httpx.Client]:
    """Yield somebody with more rows than a page holds."""
    person = sign_up(http_world.world.db)
    change(http_world.world.db, MANY_ROWS.format(person=person, rows=MORE_ROWS))
    with client(http_world, person) as http:
        yield http
    change(http_world.world.db, f"delete from public.generations where profile_id = '{person}'")


@pytest.fixture(scope="module")
def linger(http_world: HttpWorld) -> Iterator[None]:
    """Serve a function that takes as long as it is told to."""
    db, http = http_world.world.db, http_world.callers["anon"]

    def wait_until(is_served: bool) -> None:
        eventually(lambda: (ask(http, 0).status_code == 200) is is_served, 10)

    db.rows(LINGER)
    db.rows("grant execute on function public.linger(double precision) to anon, authenticated")
    wait_until(is_served=True)
    yield
    db.rows("drop function public.linger(double precision)")
    wait_until(is_served=False)


def ask(http: httpx.Client, seconds: float) -> httpx.Response:
    return http.post("/rest/v1/rpc/linger", json={"seconds": seconds})


def timed(http: httpx.Client, seconds: float) -> tuple[httpx.Response, float]:
    start = monotonic()
    return ask(http, seconds), monotonic() - start


@pytest.mark.parametrize(
    ("query", "headers", "rows"),
    [
        (f"limit={MAX_ROWS - 1}", {}, MAX_ROWS - 1),
        (f"limit={MAX_ROWS}", {}, MAX_ROWS),
        (f"limit={MAX_ROWS + 1}", {}, MAX_ROWS),
        ("limit=1000000000", {}, MAX_ROWS),
        ("", {}, MAX_ROWS),
        ("", {"range": f"0-{MAX_ROWS - 1}"}, MAX_ROWS),
        ("", {"range": f"0-{MAX_ROWS}"}, MAX_ROWS),
        # The control: the rest is there, on the next page.
        (f"offset={MAX_ROWS}", {}, MORE_ROWS - MAX_ROWS),
    ],
    ids=str,
)
def test_a_page_holds_so_many_rows_and_no_more(
    hoarder: httpx.Client, query: str, headers: dict[str, str], rows: int
) -> None:
    # What hosted is told by `supabase config push`, the local stack reads as well.
    assert config.load().max_rows == MAX_ROWS
    answer = hoarder.get(f"/rest/v1/generations?select=id&{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()) == rows


def test_rows_inside_of_a_row_are_no_way_around_the_page(hoarder: httpx.Client) -> None:
    (row,) = hoarder.get("/rest/v1/profiles?select=id,generations(id)").json()
    assert len(row["generations"]) == MAX_ROWS
    whole = hoarder.get("/rest/v1/generations?select=id", headers={"prefer": "count=exact"})
    assert whole.headers["content-range"] == f"0-{MAX_ROWS - 1}/{MORE_ROWS}"


def with_options(http: httpx.Client, options: str) -> httpx.Response:
    """Ask for a picture with options as they are written."""
    given = {"generation_type": "thumbnail", "prompt": "a", "idempotency_key": str(uuid.uuid4())}
    body = json.dumps(given)[:-1] + f', "options": {options}}}'
    headers = {"content-type": "application/json"}
    return http.post("/rest/v1/rpc/request_generation", content=body, headers=headers)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    said = answer.json()
    return answer.status_code, said["message"], said["details"]


@pytest.mark.parametrize("depth", [1, 100, 1_000, 10_000, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_deep_json_is_refused_as_what_it_is(
    http_world: HttpWorld, opened: str, closed: str, depth: int
) -> None:
    options = opened * depth + "1" + closed * depth
    answer = with_options(http_world.callers["other"], options)
    assert answer.status_code in {400, 413, 422}, answer.text


def test_options_are_small(http_world: HttpWorld) -> None:
    http = http_world.callers["other"]
    measure = "select pg_column_size(%s::jsonb)"
    bare = http_world.world.db.value(measure, json.dumps({"a": ""}))
    for length, detail in (
        (
            4096 - bare,
            "The option a is not one of this type, or has a value that it does not take.",
        ),
        (4097 - bare, "The options are not a small JSON object."),
        (5_000_000, "The options are not a small JSON object."),
    ):
        answer = with_options(http, json.dumps({"a": "x" * length}))
        assert refused(answer) == (422, "options_invalid", detail)


@pytest.mark.parametrize(
    ("prompt", "status", "slug"),
    [
        # The control: so much is taken, and the next rule is asked.
        ("x" * 1000, 404, "generation_type_not_found"),
        (" " * 10_000 + "x" * 1000 + " " * 10_000, 404, "generation_type_not_found"),
        ("x" * 1001, 422, "prompt_too_long"),
        ("x" * 5_000_000, 422, "prompt_too_long"),
        (" " * 5_000_000, 422, "prompt_empty"),
        ("x" + " " * 1_000_000 + "x ", 422, "prompt_too_long"),
        ("x " * 500_000, 422, "prompt_too_long"),
    ],
    ids=lambda part: str(part)[:10],
)
def test_a_big_body_is_refused_soon(
    http_world: HttpWorld, prompt: str, status: int, slug: str
) -> None:
    given = {"generation_type": "nonsense", "prompt": prompt, "idempotency_key": str(uuid.uuid4())}
    start = monotonic()
    answer = http_world.callers["other"].post("/rest/v1/rpc/request_generation", json=given)
    assert (answer.status_code, answer.json()["message"]) == (status, slug)
    assert monotonic() - start < SECONDS["other"] / 2


@pytest.mark.parametrize("function", ["redeem_code", "apply_referral_code", "add_user_image"])
def test_a_big_text_is_refused_soon(newcomer: httpx.Client, function: str) -> None:
    argument = "object_path" if function == "add_user_image" else "code"
    start = monotonic()
    answer = newcomer.post(f"/rest/v1/rpc/{function}", json={argument: "x" * 5_000_000})
    assert 400 <= answer.status_code < 500, answer.text
    assert monotonic() - start < SECONDS["other"] / 2


@pytest.mark.usefixtures("linger")
def test_what_takes_too_long_is_cut_off_and_holds_nobody_up(http_world: HttpWorld) -> None:
    with ThreadPoolExecutor(8) as pool:
        within = {
            who: pool.submit(timed, http_world.callers[who], limit - 1)
            for who, limit in SECONDS.items()
        }
        beyond = {
            who: pool.submit(timed, http_world.callers[who], limit * 3)
            for who, limit in SECONDS.items()
        }
        others = []
        while not all(one.done() for one in (*within.values(), *beyond.values())):
            start = monotonic()
            assert http_world.callers["guest"].post("/rest/v1/rpc/my_credits").status_code == 200
            others.append(monotonic() - start)
            sleep(0.2)
    for who, limit in SECONDS.items():
        answer, seconds = within[who].result()
        assert (answer.status_code, answer.json()) == (200, "waited"), answer.text
        answer, seconds = beyond[who].result()
        assert (answer.status_code, answer.json()["code"]) == (500, "57014"), answer.text
        assert limit <= seconds < limit + 2
    assert len(others) > 20
    assert max(others) < 2


@pytest.mark.full
@pytest.mark.usefixtures("linger")
def test_many_slow_requests_hold_others_up_no_longer_than_one(http_world: HttpWorld) -> None:
    # Twice as many as PostgREST has connections.
    with ThreadPoolExecutor(21) as pool:
        slow = [pool.submit(timed, http_world.callers["anon"], 60) for _ in range(20)]
        sleep(0.5)
        start = monotonic()
        answer = http_world.callers["guest"].post("/rest/v1/rpc/my_credits")
        waited = monotonic() - start
        codes = {one.result()[0].json()["code"] for one in slow}
    assert answer.status_code == 200, answer.text
    assert waited < 2 * SECONDS["anon"] + 2
    assert codes == {"57014"}


def nested(depth: int) -> str:
    """Ask for types in their options in their types, and so on."""
    inner = "type_key"
    for level in range(depth):
        outer = "type_key,generation_options" if level % 2 else "option_key,generation_types"
        inner = f"{outer}({inner})"
    return f"/rest/v1/generation_types?select={inner}"


def test_rows_inside_of_rows_without_end_are_cut_off(http_world: HttpWorld) -> None:
    http = http_world.callers["anon"]
    assert http.get(nested(4)).status_code == 200
    start = monotonic()
    answer = http.get(nested(60))
    assert (answer.status_code, answer.json()["code"]) == (500, "57014"), answer.text
    assert monotonic() - start < SECONDS["anon"] + 2


def test_a_code_of_megabytes_holds_nobody_up(http_world: HttpWorld, newcomer: httpx.Client) -> None:
    # Whoever applies a code waits for whoever does so now: one at a time in the whole database.
    db = http_world.world.db
    queue = "hashtext('thumbsmith.apply_referral_code')"
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    before = db.value(waiting)
    with ThreadPoolExecutor(1) as pool, db.connect() as first, db.connect() as third:
        first.execute(f"select pg_advisory_lock({queue})".encode())
        second = pool.submit(
            newcomer.post, "/rest/v1/rpc/apply_referral_code", json={"code": "x" * 20_000_000}
        )

        def is_waiting() -> bool:
            assert not second.done(), second.result().text
            return bool(db.value(waiting) != before)

        eventually(is_waiting, SECONDS["other"])
        # It has the code and waits: from here on, so does everybody else.
        first.execute(f"select pg_advisory_unlock({queue})".encode())
        start = monotonic()
        third.execute(f"select pg_advisory_lock({queue})".encode())
        held = monotonic() - start
    answer = second.result()
    assert (answer.status_code, answer.json()["message"]) == (404, "referral_code_not_found")
    assert held < 0.5
