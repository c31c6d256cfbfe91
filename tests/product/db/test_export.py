"""export_my_data: everything of the person who asks, and nothing of anybody else."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.support.database import Connection, Database, put_face, refusal, request, sign_up
from tests.support.files import add_face, put_file
from tests.support.stripe_world import link_all

EXPORT = "select public.export_my_data() as said"
# Every table that shows rows to their person, as the catalog tells.
OWNED = """
select c.relname
from pg_class as c
where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p')
    and (
        exists (
            select
            from pg_attribute as a
            where a.attrelid = c.oid and a.attname = 'profile_id' and not a.attisdropped
        )
        or exists (
            select
            from pg_policy as p
            where p.polrelid = c.oid
                and pg_get_expr(p.polqual, p.polrelid) like '%%auth.uid()%%'
        )
    )
order by c.relname
"""


def export(db: Database, person: uuid.UUID) -> dict[str, Any]:
    return dict(db.call(person, EXPORT)["said"])


def everything(db: Database, mark: str) -> uuid.UUID:
    """Return somebody with rows in every table, all of which say whose they are."""
    person = sign_up(db, data={"referral": f"no-{mark}", "name": f"name-{mark}"})
    code = db.value("select referral_code from public.profiles where id = %s", person)
    sign_up(db, data={"referral": code})
    db.rows("select private.grant_credits(%s, 100, 'operator', %s)", person, f"gift-{mark}")
    db.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active,"
        " stripe_subscription_id) values (%s, 'monthly_unlimited', 'active', true, %s)",
        person,
        f"sub_{mark}",
    )
    db.rows(
        "select private.apply_payment(%s, %s, 'pack', 'starter', 900, 'usd', 100)",
        person,
        f"cs_{mark}",
    )
    face = add_face(db, person, f"face-{mark}.png")
    put_face(db, person, f"spare-{mark}.png")
    put_file(db, "thumbnails", f"{person}/pic-{mark}.png")
    request(db, person, prompt=f"prompt-{mark}", user_image_id=face)
    request(db, person, prompt=f"paid-{mark}", generation_type="thumbnail_premium")
    db.call(person, "select public.start_checkout('pack', 'starter', gen_random_uuid())")
    db.rows(
        "insert into private.stripe_customers (profile_id, customer_id) values (%s, %s)",
        person,
        f"cus_{mark}",
    )
    db.call(person, "select public.redeem_code('LAUNCH')")
    return person


@pytest.fixture
def two(db: Database) -> tuple[uuid.UUID, uuid.UUID]:
    """Return two people who have done everything."""
    link_all(db)
    db.rows("update private.settings set checkout_success_url = 'https://shop.example' where id")
    db.value("select private.create_promo_code('LAUNCH', 20, 'ops', 'a launch')")
    return everything(db, "ana"), everything(db, "ben")


def test_every_table_with_rows_of_a_person_is_in_the_export_whole(
    db: Database, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, _ = two
    owned = [row["relname"] for row in db.rows(OWNED)]
    assert {"profiles", "referrals", "generations", "user_images", "credit_entries"} <= set(owned)
    given = export(db, ana)
    for table in owned:
        # What she sees of the table herself is what she is given.
        seen = db.call(ana, f"select count(*) as n from public.{table}")["n"]
        assert len(given[table]) == seen > 0, table
    rows = {"ana": set(given["generations"][0]), "columns": set()}
    columns = db.rows(
        "select column_name from information_schema.columns"
        " where table_schema = 'public' and table_name = 'generations'"
    )
    assert rows["ana"] == {row["column_name"] for row in columns}


def test_the_export_says_what_is_kept_and_since_when(
    db: Database, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, _ = two
    given = export(db, ana)
    assert {row["prompt"] for row in given["generations"]} == {"prompt-ana", "paid-ana"}
    (photo,) = given["user_images"]
    assert photo["object_path"] == f"{ana}/face-ana.png"
    assert datetime.fromisoformat(photo["consented_at"]) <= datetime.now(UTC)
    assert [(one["bucket"], one["name"].partition("/")[2]) for one in given["files"]] == [
        ("faces", "face-ana.png"),
        ("faces", "spare-ana.png"),
        ("thumbnails", "pic-ana.png"),
    ]
    assert [one["customer_id"] for one in given["stripe_customers"]] == ["cus_ana"]
    assert [one["redemption_number"] for one in given["redemptions"]] == [1]
    assert [one["claimed_at"] is not None for one in given["known_addresses"]] == [True]
    assert {one["side"] for one in given["referrals"]} == {"referred", "referrer"}
    assert given["account"]["id"] == str(ana)
    assert datetime.fromisoformat(given["exported_at"]) <= datetime.now(UTC)


def test_nothing_of_anybody_else_is_in_the_export(
    db: Database, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    ana, ben = two
    for mine, others, mark, foreign in ((ana, ben, "ana", "ben"), (ben, ana, "ben", "ana")):
        text = json.dumps(export(db, mine))
        for word in ("prompt", "paid", "face", "spare", "pic", "no"):
            assert f"{word}-{mark}" in text
            assert f"{word}-{foreign}" not in text
        for word in ("cus", "cs", "sub"):
            assert f"{word}_{mark}" in text
            assert f"{word}_{foreign}" not in text
        assert str(others) not in text
        # Nor whom she brought: each side of a referral has its own part.
        friends = db.rows("select id from public.profiles where id <> %s", mine)
        assert [row["id"] for row in friends if str(row["id"]) in text] == []


def test_a_friend_is_not_told_who_brought_them(db: Database) -> None:
    ana = sign_up(db)
    code = db.value("select referral_code from public.profiles where id = %s", ana)
    ben = sign_up(db, data={"referral": code})
    given = export(db, ben)
    (referral,) = given["referrals"]
    assert (referral["side"], referral["status"], referral["code"]) == (
        "referred",
        "rewarded",
        code,
    )
    assert str(ana) not in json.dumps(given)


def claimed(connection: Connection, person: uuid.UUID, **claims: Any) -> None:
    """Go on as this person with these claims in the token."""
    connection.execute(
        "select set_config('request.jwt.claims', %s, true)",
        (json.dumps({"role": "authenticated", "sub": str(person)} | claims),),
    )


def test_the_address_is_that_of_the_token(db: Database) -> None:
    ana = sign_up(db)
    with db.acting_as("authenticated", ana) as connection:
        claimed(connection, ana, email="ana@example.com", user_metadata={"name": "Ana"})
        row = connection.execute(EXPORT).fetchone()
        assert row is not None
        assert row["said"]["account"] == {
            "id": str(ana),
            "email": "ana@example.com",
            "phone": None,
            "user_metadata": {"name": "Ana"},
        }


def test_a_table_that_is_added_later_is_exported_without_a_further_change(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    db.rows(
        "create table public.diaries (profile_id uuid not null, entry text);"
        " alter table public.diaries enable row level security;"
        " create policy diaries_select_own on public.diaries for select to authenticated"
        " using (profile_id = (select auth.uid())); grant select on public.diaries to authenticated"
    )
    db.rows("insert into public.diaries values (%s, 'hers'), (%s, 'his')", ana, ben)
    assert export(db, ana)["diaries"] == [{"profile_id": str(ana), "entry": "hers"}]


def test_the_export_needs_a_person(db: Database) -> None:
    ana = sign_up(db)
    assert db.refused(None, EXPORT).sqlstate == "42501"
    said = db.refused(uuid.uuid4(), EXPORT)
    assert (said.sqlstate, said.slug) == ("PT401", "not_signed_in")
    with (
        pytest.raises(psycopg.Error) as caught,
        db.acting_as("anon", ana) as connection,
    ):
        connection.execute("select private.export_private_rows()")
    assert refusal(caught.value).sqlstate == "42501"
    assert len(export(db, ana)["profiles"]) == 1


def test_the_export_changes_nothing_and_runs_in_a_read_only_transaction(db: Database) -> None:
    ana = sign_up(db)
    with db.acting_as("authenticated", ana) as connection:
        connection.execute("set transaction read only")
        row = connection.execute(EXPORT).fetchone()
        assert row is not None
        assert row["said"]["account"]["id"] == str(ana)
