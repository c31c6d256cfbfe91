"""A gift once in a life: aliases, deleted accounts and telephones are recognized, never kept."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from local_stack.postgres import ADMIN
from tests.support.database import Database, credits_of, sign_up
from tests.support.economy import entries, spend, state, sweep
from tests.support.people import (
    AUTH,
    code_of,
    confirm,
    delete,
    enroll,
    move,
    places_of,
    referral_of,
)

SECRET = "thumbsmith_hash_key"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("jo.doe@gmail.com", "jo.doe@gmail.com"),
        ("jo.doe@gmail.com", "JoDoe@GMail.com"),
        ("jo.doe@gmail.com", "j.o.d.o.e@gmail.com"),
        ("jo.doe@gmail.com", "jodoe+second@gmail.com"),
        ("jo.doe@gmail.com", "jodoe@googlemail.com"),
        ("jo.doe+a+b@googlemail.com", "JODOE+c@gmail.com"),
        ("jo.doe@example.com", "jodoe+x@example.com"),
    ],
    ids=lambda address: str(address),
)
def test_a_deleted_person_who_returns_in_another_spelling_gets_nothing(
    db: Database, first: str, second: str
) -> None:
    friend = sign_up(db)
    jo = enroll(db, first)
    assert credits_of(db, jo) == 50
    delete(db, jo)
    again = enroll(db, second, code=code_of(db, friend))
    assert state(db, again) == (0, 0)
    assert referral_of(db, again) == ("rejected", "known_person")
    assert credits_of(db, friend) == 50
    # What is left of the first account is untouched.
    assert credits_of(db, jo) == 50


@pytest.mark.parametrize(
    "other",
    [
        "jo.doe@example.com",
        "jodoe2@gmail.com",
        "jodoe@gmail.com.example.org",
        "jodoe@notgooglemail.com",
        "jodoe-x@gmail.com",
        "odoe@gmail.com",
    ],
)
def test_another_person_with_a_similar_address_is_welcome(db: Database, other: str) -> None:
    friend = sign_up(db)
    delete(db, enroll(db, "jo.doe@gmail.com"))
    assert credits_of(db, enroll(db, other, code=code_of(db, friend))) == 50
    assert credits_of(db, friend) == 80


def test_returning_again_and_again_never_pays(db: Database) -> None:
    friend = sign_up(db)
    code = code_of(db, friend)
    for turn in range(5):
        farmer = enroll(db, f"far.mer+{turn}@gmail.com", code=code)
        assert credits_of(db, farmer) == (50 if turn == 0 else 0)
        delete(db, farmer)
    assert credits_of(db, friend) == 80


def test_somebody_who_returns_as_a_referrer_is_not_paid_for_the_alias(db: Database) -> None:
    ana = enroll(db, "ana@gmail.com")
    alias = enroll(db, "an.a+me@googlemail.com", code=code_of(db, ana))
    assert referral_of(db, alias) == ("rejected", "known_person")
    assert (credits_of(db, ana), credits_of(db, alias)) == (50, 0)


def test_the_alias_cannot_apply_the_code_later_either(db: Database) -> None:
    ana = enroll(db, "ana@gmail.com")
    alias = enroll(db, "a.na@gmail.com")
    answer = db.call(alias, "select public.apply_referral_code(%s) as a", code_of(db, ana))["a"]
    assert (answer["code"], answer["message"]) == ("PT409", "referral_code_refused")
    assert "known_person" in answer["details"]
    assert (credits_of(db, ana), credits_of(db, alias)) == (50, 0)


def test_of_two_aliases_that_wait_for_confirmation_one_keeps_the_gift(db: Database) -> None:
    friend = sign_up(db)
    code = code_of(db, friend)
    one, two = (enroll(db, f"ja.ne+{n}@gmail.com", code=code, is_confirmed=False) for n in range(2))
    assert (credits_of(db, one), credits_of(db, two)) == (50, 50)
    confirm(db, two)
    confirm(db, one)
    assert (credits_of(db, one), credits_of(db, two)) == (0, 50)
    assert referral_of(db, two) == ("rewarded", None)
    assert referral_of(db, one) == ("rejected", "known_person")
    assert credits_of(db, friend) == 80
    # Confirming once more changes nothing.
    for person in (one, two):
        db.rows("update auth.users set email_confirmed_at = null where id = %s", person, role=AUTH)
        confirm(db, person)
    assert (credits_of(db, one), credits_of(db, two), credits_of(db, friend)) == (0, 50, 80)


def test_a_gift_that_an_alias_spent_too_early_becomes_debt(db: Database) -> None:
    enroll(db, "jane@gmail.com")
    alias = enroll(db, "j.ane@gmail.com", is_confirmed=False)
    # Known from the start: there was no gift to spend.
    assert state(db, alias) == (0, 0)
    one, two = (enroll(db, f"bo+{n}@gmail.com", is_confirmed=False) for n in range(2))
    spend(db, two, 20)
    confirm(db, one)
    confirm(db, two)
    assert state(db, one) == (50, 0)
    assert state(db, two) == (0, 20)


def test_an_address_is_claimed_by_its_confirmation_and_not_by_a_sign_up(db: Database) -> None:
    # Otherwise anybody could use up somebody else's gift.
    squatter = enroll(db, "vic.tim@gmail.com", is_confirmed=False)
    delete(db, squatter)
    assert db.value("select count(*) from private.known_addresses") == 0
    assert credits_of(db, enroll(db, "victim@gmail.com")) == 50
    assert db.value("select count(*) from private.known_addresses") == 1


def test_only_the_confirmed_one_of_two_addresses_is_claimed(db: Database) -> None:
    # A telephone that is theirs, and an e-mail address that is somebody else's.
    squatter = enroll(db, "victim@gmail.com", phone="15550001111", is_confirmed=False)
    db.rows("update auth.users set phone_confirmed_at = now() where id = %s", squatter, role=AUTH)
    delete(db, squatter)
    assert credits_of(db, enroll(db, "vic.tim@gmail.com")) == 50
    assert credits_of(db, enroll(db, phone="15550001111")) == 0


def test_who_was_first_with_an_address_may_move_and_both_stay_known(db: Database) -> None:
    friend = sign_up(db)
    code = code_of(db, friend)
    mia = enroll(db, "mia@gmail.com")
    move(db, mia, "mia@example.org")
    answer = db.call(mia, "select public.apply_referral_code(%s) as a", code)["a"]
    assert answer["status"] == "rewarded"
    assert (credits_of(db, mia), credits_of(db, friend)) == (50, 80)
    for address in ("m.i.a@googlemail.com", "mia+x@example.org"):
        again = enroll(db, address, code=code)
        assert credits_of(db, again) == 0
        assert referral_of(db, again) == ("rejected", "known_person")
    assert (credits_of(db, mia), credits_of(db, friend)) == (50, 80)


def test_moving_from_address_to_address_brings_no_second_gift(db: Database) -> None:
    mia = enroll(db, "mia@gmail.com")
    for turn in range(5):
        move(db, mia, f"mia{turn}@example.org")
    assert credits_of(db, mia) == 50
    assert len(entries(db, mia, "grant")) == 1


def test_a_person_with_a_telephone_only_is_known_by_it(db: Database) -> None:
    friend = sign_up(db)
    code = code_of(db, friend)
    phil = enroll(db, phone="15551234567", code=code)
    assert (credits_of(db, phil), credits_of(db, friend)) == (50, 80)
    delete(db, phil)
    again = enroll(db, phone="15551234567", code=code)
    assert credits_of(db, again) == 0
    assert referral_of(db, again) == ("rejected", "known_person")
    assert credits_of(db, enroll(db, phone="15551234568", code=code)) == 50
    assert credits_of(db, friend) == 110


def test_an_unconfirmed_telephone_earns_no_bonus(db: Database) -> None:
    friend = sign_up(db)
    phil = enroll(db, phone="15551234567", code=code_of(db, friend), is_confirmed=False)
    assert (referral_of(db, phil), credits_of(db, friend)) == (("pending", None), 50)
    db.rows("update auth.users set phone_confirmed_at = now() where id = %s", phil, role=AUTH)
    assert (referral_of(db, phil), credits_of(db, friend)) == (("rewarded", None), 80)


@pytest.mark.parametrize(("address", "gift"), [("p.at@gmail.com", 0), ("new@gmail.com", 50)])
def test_a_guest_who_becomes_a_person_is_recognized(db: Database, address: str, gift: int) -> None:
    friend = sign_up(db)
    delete(db, enroll(db, "pat@gmail.com"))
    guest = sign_up(db, data={"referral": code_of(db, friend)}, is_anonymous=True)
    assert credits_of(db, guest) == 0
    db.rows(
        "update auth.users set email = %s, email_confirmed_at = now(), is_anonymous = false"
        " where id = %s",
        address,
        guest,
        role=AUTH,
    )
    assert credits_of(db, guest) == gift
    assert referral_of(db, guest)[0] == ("rewarded" if gift else "rejected")
    assert credits_of(db, friend) == (80 if gift else 50)


def test_the_address_is_nowhere_in_our_tables(db: Database) -> None:
    address = "Very.Private.Person+tag@googlemail.com"
    person = enroll(db, address, code=code_of(db, sign_up(db)))
    move(db, person, "very.private.second@example.org")
    delete(db, person)
    again = enroll(db, address)
    assert credits_of(db, again) == 0
    for text in (address, "veryprivate", "very.private", "tag@", "@example.org"):
        assert places_of(db, text) == [], text
        assert places_of(db, text.lower().encode().hex()) == [], text
    # Positive control: the search finds what is there.
    assert places_of(db, str(person)) != []


def test_the_hash_is_keyed_and_its_key_is_not_in_our_tables(db: Database) -> None:
    enroll(db, "jo.doe@googlemail.com")
    kept = bytes(db.value("select address_hash from private.known_addresses"))
    key = db.value("select decrypted_secret from vault.decrypted_secrets where name = %s", SECRET)
    spellings = [b"jodoe@gmail.com", b"jo.doe@googlemail.com", b"jo.doe@gmail.com"]
    assert kept not in [hashlib.sha256(spelling).digest() for spelling in spellings]
    assert len(key) == 64
    assert places_of(db, key) == []
    assert kept == hashlib_hmac(key, b"jodoe@gmail.com")


def hashlib_hmac(key: str, content: bytes) -> bytes:
    """HMAC-SHA256 by its definition (RFC 2104), for a key of 64 bytes."""
    pads = [bytes(byte ^ pad for byte in key.encode()) for pad in (0x36, 0x5C)]
    inner = hashlib.sha256(pads[0] + content).digest()
    return hashlib.sha256(pads[1] + inner).digest()


def test_two_databases_have_two_keys(db: Database) -> None:
    fresh = "select encode(extensions.gen_random_bytes(32), 'hex')"
    enroll(db, "jo@example.com")
    secret = db.value("select id from vault.secrets where name = %s", SECRET)
    db.rows("select vault.update_secret(%s, %s)", secret, db.value(fresh))
    # With another key nobody is recognized: it is the key that knows, not the table.
    assert credits_of(db, enroll(db, "j.o@example.com")) == 50


def break_vault(db: Database, how: str) -> None:
    if how == "missing":
        db.rows("delete from vault.secrets where name = %s", SECRET)
        return
    garbage = "update vault.secrets set secret = 'garbage' where name = 'thumbsmith_hash_key'"
    db.rows(garbage, role=ADMIN)


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_without_its_key_nobody_is_recognized_and_everybody_signs_up(
    db: Database, how: str
) -> None:
    ana = enroll(db, "ana@gmail.com")
    waiting = enroll(db, "later@gmail.com", code=code_of(db, ana), is_confirmed=False)
    break_vault(db, how)
    confirm(db, waiting)
    ben = enroll(db, "a.na@gmail.com", code=code_of(db, ana))
    assert (credits_of(db, waiting), credits_of(db, ben), credits_of(db, ana)) == (50, 50, 110)
    delete(db, ben)
    assert db.value("select count(*) from private.known_addresses") == 1


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_without_its_key_a_warning_is_logged(db: Database, how: str) -> None:
    break_vault(db, how)
    warnings: list[str] = []
    with db.connect(AUTH) as connection:
        connection.add_notice_handler(lambda notice: warnings.append(str(notice.message_primary)))
        connection.execute(
            "insert into auth.users (id, email) values (gen_random_uuid(), 'x@gmail.com')"
        )
    assert any("no address can be recognized" in warning for warning in warnings)
    assert not any("x@gmail.com" in warning for warning in warnings)


def test_a_locked_referrer_does_not_undo_the_claim(db: Database) -> None:
    # Whoever keeps the friend's row busy while they confirm must not stay unknown.
    friend = sign_up(db)
    with db.connect() as busy, busy.transaction():
        busy.execute("select from public.profiles where id = %s for no key update", (friend,))
        first = enroll(db, "far.mer@gmail.com", code=code_of(db, friend))
    assert (credits_of(db, first), referral_of(db, first)) == (50, ("pending", None))
    assert sweep(db)["rewarded"] == 1
    delete(db, first)
    again = enroll(db, "farmer@gmail.com", code=code_of(db, friend))
    assert (credits_of(db, again), credits_of(db, friend)) == (0, 80)


def test_a_person_restored_under_the_same_id_is_no_stranger_to_themselves(db: Database) -> None:
    ana = enroll(db, "ana@gmail.com")
    spend(db, ana, 30)
    delete(db, ana)
    db.rows(
        "insert into auth.users (id, email, email_confirmed_at)"
        " values (%s, 'an.a@gmail.com', now())",
        ana,
        role=AUTH,
    )
    # What was under way came back when they left; nothing was given a second time.
    assert state(db, ana) == (50, 0)
    assert db.value("select count(*) from public.credit_lots where profile_id = %s", ana) == 1


@pytest.mark.parametrize(
    "address",
    ["", "@", "no-at", "+@x.com", "a@b@c.com", "....@x.com", "ö.ä@bücher.example", "a" * 255],
    ids=lambda address: repr(address)[:20],
)
def test_an_odd_address_stops_no_sign_up(db: Database, address: str) -> None:
    assert credits_of(db, enroll(db, address)) == 50


def test_nobody_but_the_owner_reads_what_is_known(db: Database) -> None:
    ana = enroll(db, "ana@gmail.com")
    said: list[Any] = [
        db.refused(who, f"select * from private.{table}").sqlstate
        for who in (ana, None)
        for table in ("known_addresses", "promo_codes", "promo_redemptions", "code_failures")
    ]
    assert set(said) == {"42501"}
    assert db.call(ana, "select count(*) from public.profiles") == {"count": 1}
