"""Referral and promotional codes through the gateway: statuses, bodies, and what guessing costs."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest

from local_stack.stack import Stack
from tests.support.database import Database, credits_of
from tests.support.promo_codes import create
from tests.support.rest import Caller, balance

SignUp = Callable[..., Caller]


@pytest.fixture
def database(stack: Stack) -> Iterator[Database]:
    """Yield the stack's database, as an operator has it."""
    with closing(Database(stack.db_url)) as database:
        yield database


@pytest.fixture
def code(database: Database) -> str:
    """Make a promotional code of ten credits."""
    name = f"CODE{uuid.uuid4().hex[:12].upper()}"
    create(database, name)
    return name


def wallet(database: Database, caller: Caller) -> int:
    """Return the balance, after checking that ledger, lots and profile agree."""
    return credits_of(database, uuid.UUID(caller.user_id))


def redeem(caller: Caller, code: Any) -> httpx.Response:
    return caller.rpc("redeem_code", code=code)


def apply(caller: Caller, code: Any) -> httpx.Response:
    return caller.rpc("apply_referral_code", code=code)


def code_of(caller: Caller) -> str:
    (row,) = caller.http.get("/rest/v1/profiles?select=referral_code").json()
    return str(row["referral_code"])


def assert_refused(answer: httpx.Response, status: int, slug: str) -> str:
    """Check status and body of a refusal and return its details."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"code", "message", "details", "hint"}
    assert (body["code"], body["message"]) == (f"PT{status}", slug)
    assert body["details"]
    assert body["hint"]
    return str(body["details"])


def guesses(database: Database, caller: Caller) -> int:
    """Return how many wrong codes of this person are counted."""
    counted = "select count(*) from private.code_failures where profile_id = %s"
    return int(database.value(counted, caller.user_id))


def test_a_code_is_redeemed_once(database: Database, ana: Caller, code: str) -> None:
    answer = redeem(ana, f" {code.lower()} ")
    assert (answer.status_code, answer.json()) == (200, {"credits": 10, "expires_at": None})
    assert_refused(redeem(ana, code), 409, "code_already_redeemed")
    assert wallet(database, ana) == 60


def test_a_code_that_ended_or_is_used_up_is_409(
    database: Database, ana: Caller, ben: Caller, code: str
) -> None:
    scarce = f"SCARCE{uuid.uuid4().hex[:8]}"
    create(database, scarce, max_redemptions=1)
    assert redeem(ana, scarce).status_code == 200
    assert_refused(redeem(ben, scarce), 409, "code_exhausted")
    database.rows(
        "update private.promo_codes set starts_at = '2020-01-01', ends_at = now()"
        " where code_hash = private.keyed_hash(%s)",
        code,
    )
    assert_refused(redeem(ben, code), 409, "code_expired")
    assert (wallet(database, ana), wallet(database, ben)) == (60, 50)


def test_an_unconfirmed_address_is_403(database: Database, ana: Caller, code: str) -> None:
    confirm = "update auth.users set email_confirmed_at = %s where id = %s"
    database.rows(confirm, None, ana.user_id)
    assert_refused(redeem(ana, code), 403, "confirmed_address_required")
    database.rows(confirm, "now", ana.user_id)
    assert redeem(ana, code).status_code == 200
    assert wallet(database, ana) == 60


def test_without_a_login_codes_are_401(nobody: Caller, ana: Caller, code: str) -> None:
    assert redeem(nobody, code).status_code == 401
    assert apply(nobody, code_of(ana)).status_code == 401
    assert redeem(ana, code).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        None,
        "",
        7,
        True,
        {"a": [1]},
        ["x"],
        "🦆" * 5000,
        "x" * 1_000_000,
        "' or 1=1 --",
        "\u202e\u0001",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_an_absurd_code_is_404(database: Database, ana: Caller, typed: Any) -> None:
    assert_refused(redeem(ana, typed), 404, "code_not_found")
    assert_refused(apply(ana, typed), 404, "referral_code_not_found")
    assert guesses(database, ana) == 2
    assert wallet(database, ana) == 50


def test_a_nul_character_and_a_wrong_shape_are_a_4xx(ana: Caller, code: str) -> None:
    for function in ("redeem_code", "apply_referral_code"):
        url = f"/rest/v1/rpc/{function}"
        assert ana.rpc(function, code=f"{code}\u0000").status_code == 400
        assert ana.rpc(function).status_code == 404
        assert ana.rpc(function, code=code, credits=1000).status_code == 404
        assert ana.http.post(url, content=b"{").status_code == 400
        assert ana.http.post(url, content=b"\xff\xfe").status_code == 400
    assert balance(ana) == 50


def test_a_referral_code_is_rewarded_and_then_refused(
    database: Database, ana: Caller, ben: Caller
) -> None:
    answer = apply(ben, code_of(ana))
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "rewarded", "code": code_of(ana)},
    )
    assert "repeated" in assert_refused(apply(ben, code_of(ana)), 409, "referral_code_refused")
    assert "circular" in assert_refused(apply(ana, code_of(ben)), 409, "referral_code_refused")
    assert "own_code" in assert_refused(apply(ana, code_of(ana)), 409, "referral_code_refused")
    assert_refused(apply(ana, "22222222"), 404, "referral_code_not_found")
    # Both see what became of it, the refusals too.
    seen = ana.http.get("/rest/v1/referrals?select=status,reason&order=id").json()
    assert [row["reason"] for row in seen] == [
        None,
        "repeated",
        "circular",
        "own_code",
        "unknown_code",
    ]
    assert (wallet(database, ana), wallet(database, ben)) == (80, 50)


def test_a_code_long_after_the_sign_up_is_late(
    database: Database, ana: Caller, ben: Caller
) -> None:
    database.rows(
        "update public.profiles set created_at = now() - interval '8 days' where id = %s",
        ben.user_id,
    )
    assert "late" in assert_refused(apply(ben, code_of(ana)), 409, "referral_code_refused")
    assert wallet(database, ana) == 50


def test_an_alias_of_a_known_person_is_refused(
    stack: Stack, database: Database, nobody: Caller, ana: Caller
) -> None:
    name = uuid.uuid4().hex
    answers = [
        nobody.http.post(
            "/auth/v1/signup",
            json={
                "email": f"{address}@example.com",
                "password": "correct horse battery",
                "data": {"referral": code_of(ana)},
            },
        )
        for address in (f"j.{name}", f"J{name}+2")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    people = [uuid.UUID(answer.json()["user"]["id"]) for answer in answers]
    assert [credits_of(database, person) for person in people] == [50, 0]
    assert wallet(database, ana) == 80


def test_the_eleventh_wrong_code_is_429_with_retry_after(
    database: Database, ana: Caller, ben: Caller, code: str
) -> None:
    for turn in range(10):
        answer = redeem(ana, "WRONG") if turn % 2 else apply(ana, "WRONG")
        assert answer.status_code == 404
        assert "retry-after" not in answer.headers
    for answer in (redeem(ana, code), apply(ana, code_of(ben)), redeem(ana, "WRONG")):
        details = assert_refused(answer, 429, "too_many_codes")
        wait = int(answer.headers["retry-after"])
        assert 3500 < wait <= 3600
        assert str(wait) in details
    assert guesses(database, ana) == 10
    assert redeem(ben, code).status_code == 200
    assert (wallet(database, ana), wallet(database, ben)) == (50, 60)


def test_many_wrong_codes_at_once_are_judged_ten_times(database: Database, ana: Caller) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda turn: redeem(ana, f"WRONG{turn}"), range(32)))
    assert Counter(answer.status_code for answer in answers) == {404: 10, 429: 22}
    assert guesses(database, ana) == 10


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"prefer": "tx=rollback"}),
        ("", {"prefer": "return=minimal"}),
        ("", {"prefer": "handling=strict, max-affected=0"}),
        ("", {"accept": "application/vnd.pgrst.object+json"}),
        ("", {"accept": "text/csv"}),
        ("?limit=0", {}),
        ("?select=pgrst_scalar::integer", {}),
        # Errors of the caller's own making, if and only if the code was wrong.
        ("?select=pgrst_scalar:pgrst_scalar->>message::integer", {}),
        ("?select=pgrst_scalar:pgrst_scalar->message::integer", {}),
        ("?select=pgrst_scalar:pgrst_scalar->>code::integer", {}),
        ("?pgrst_scalar->>message=match.(", {}),
        ("?pgrst_scalar->>message=like.code_not_found%5C", {}),
    ],
    ids=str,
)
@pytest.mark.parametrize("function", ["redeem_code", "apply_referral_code"])
def test_no_request_tells_a_wrong_code_without_counting_it(
    database: Database,
    ana: Caller,
    ben: Caller,
    code: str,
    function: str,
    query: str,
    headers: dict[str, str],
) -> None:
    url = f"/rest/v1/rpc/{function}{query}"
    right = code if function == "redeem_code" else code_of(ben)
    wrong = ana.http.post(url, json={"code": "WRONGCODE"}, headers=headers)
    is_counted = guesses(database, ana) == 1
    # Refused before the code was judged, the right one gets the same answer, and nothing else.
    answer = ana.http.post(url, json={"code": right}, headers=headers)
    is_judged = (answer.status_code, answer.content) != (wrong.status_code, wrong.content)
    is_judged |= wallet(database, ana) + wallet(database, ben) != 100
    assert is_counted or not is_judged, (wrong.text, answer.text)
    assert wrong.status_code < 500


@pytest.mark.parametrize("function", ["redeem_code", "apply_referral_code"])
def test_a_code_is_never_taken_by_get(
    database: Database, ana: Caller, code: str, function: str
) -> None:
    # A GET would leave the code in logs and histories, and prefetching would redeem it.
    for method in ("GET", "HEAD"):
        answer = ana.http.request(method, f"/rest/v1/rpc/{function}?code={code}")
        assert answer.status_code == 405
    assert (guesses(database, ana), wallet(database, ana)) == (0, 50)
    assert redeem(ana, code).status_code == 200


def test_a_batch_of_codes_is_one_guess(database: Database, ana: Caller, code: str) -> None:
    batch = [{"code": "WRONG1"}, {"code": "WRONG2"}, {"code": code}]
    answer = ana.http.post("/rest/v1/rpc/redeem_code", json=batch)
    assert 400 <= answer.status_code < 500
    assert (guesses(database, ana), wallet(database, ana)) == (1, 50)


def test_the_helpers_behind_the_codes_are_not_served(ana: Caller) -> None:
    for function in (
        "create_promo_code",
        "disable_promo_code",
        "keyed_hash",
        "settle_referral",
        "store_referral",
        "grant_credits",
    ):
        assert ana.rpc(function).status_code == 404, function
    for table in ("promo_codes", "promo_redemptions", "known_addresses", "code_failures"):
        assert ana.http.get(f"/rest/v1/{table}").status_code == 404, table


def test_nobody_writes_a_referral_directly(ana: Caller, ben: Caller) -> None:
    assert apply(ben, code_of(ana)).status_code == 200
    url = f"/rest/v1/referrals?referred_id=eq.{ben.user_id}"
    assert ben.http.patch(url, json={"status": "pending"}).status_code == 403
    assert ben.http.delete(url).status_code == 403
    row = {"referred_id": ben.user_id, "referrer_id": ana.user_id, "code": "x", "status": "pending"}
    assert ben.http.post("/rest/v1/referrals", json=row).status_code == 403
    profile = f"/rest/v1/profiles?id=eq.{ben.user_id}"
    for change in ({"referred_by": None}, {"referral_code": "AAAAAAAA"}, {"credits": 9}):
        assert ben.http.patch(profile, json=change).status_code == 403
    assert (balance(ana), balance(ben)) == (80, 50)
