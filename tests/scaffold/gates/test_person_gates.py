"""The gates of persons on a migrated database: nothing found, and each planted fault is."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import named_person, remote_forms, table_classes
from tests.support.database import Database
from thumbsmith.project import paths

FUNCTION = """
create function private.planted(profile_id uuid) returns void language plpgsql as $$
declare
    v record;
begin
    {body}
end;
$$
"""
BODIES = {
    "a row by its id alone": (named_person, "delete from public.user_images where id = v.id;"),
    "a statement made from text": (named_person, "execute 'select 1';"),
    "a loop over a text": (named_person, "for v in execute 'select 1' loop null; end loop;"),
    "a call that changes something, over a table": (
        remote_forms,
        "perform private.lock_profile(g.profile_id) from public.generations as g"
        " where g.profile_id = planted.profile_id;",
    ),
    "a call that changes something, over a subquery": (
        remote_forms,
        "perform private.lock_profile(g.profile_id) from (select o.profile_id"
        " from public.generations as o where o.profile_id = planted.profile_id) as g;",
    ),
    "the clock within case": (
        remote_forms,
        "update public.checkouts as c set finished_at = case when c.url is null then now() end"
        " where c.profile_id = planted.profile_id;",
    ),
    "the clock within coalesce": (
        remote_forms,
        "update public.checkouts as c set finished_at = coalesce(c.finished_at, current_timestamp)"
        " where c.profile_id = planted.profile_id;",
    ),
    "an order by a number that PostgreSQL gave": (
        remote_forms,
        "select l.id into v from public.credit_lots as l"
        " where l.profile_id = planted.profile_id order by l.id limit 1;",
    ),
    "an order by a number, unqualified": (
        remote_forms,
        "select id into v from public.credit_lots"
        " where credit_lots.profile_id = planted.profile_id order by id limit 1;",
    ),
    "a notify past the one function": (remote_forms, "notify x;"),
    "a wake-up past the one function": (remote_forms, "perform pg_notify('x', '');"),
    "a broadcast past the one function": (
        remote_forms,
        "perform realtime.send('{}', 'x', 'profile:x', true);",
    ),
}
GOOD = [
    "update public.checkouts as c set finished_at = now() where c.profile_id = planted.profile_id;",
    "select l.id into v from public.credit_lots as l where l.profile_id = planted.profile_id"
    " order by l.created_at, l.id limit 1;",
    "perform private.lock_profile(planted.profile_id); perform private.wake_worker();",
]
TABLES = {
    "a table without a class": "create table private.planted (id integer)",
    "a person that may be missing": (
        "alter table public.user_images alter column profile_id drop not null"
    ),
    "a table that is gone": "drop table private.code_failures",
    "a path to profiles": (
        "alter table private.promo_codes add column checkout_id uuid references public.checkouts"
    ),
}


def all_of(db: Database) -> list[str]:
    checks = (table_classes.check, named_person.check, remote_forms.check)
    return [finding for check in checks for finding in check(db.url)]


def test_nothing_is_found_in_the_schema_as_it_is(db: Database) -> None:
    assert all_of(db) == []


@pytest.mark.parametrize(("gate", "body"), BODIES.values(), ids=BODIES)
def test_a_planted_function_is_found_by_its_gate(db: Database, gate: object, body: str) -> None:
    db.rows(FUNCTION.format(body=body).replace("%", "%%"))
    found = gate.check(db.url)  # type: ignore[attr-defined]
    assert [line.partition(":")[0] for line in found] == ["private.planted"]


def test_a_core_that_reads_people_and_reference_tables_at_once_is_found(db: Database) -> None:
    mixed = FUNCTION.format(
        body="perform from public.user_images as i cross join private.settings as s"
        " where i.profile_id = planted.profile_id;"
    )
    db.rows(mixed)
    # What no core calls may.
    assert remote_forms.check(db.url) == []
    db.rows(
        "create function private.planted_for(profile_id uuid) returns void language plpgsql as"
        " 'begin perform private.planted(planted_for.profile_id); end'"
    )
    (finding,) = remote_forms.check(db.url)
    assert finding.startswith("private.planted: reads user_images and settings")


@pytest.mark.parametrize("body", GOOD)
def test_a_function_that_keeps_to_the_forms_is_fine(db: Database, body: str) -> None:
    db.rows(FUNCTION.format(body=body))
    assert all_of(db) == []


@pytest.mark.parametrize("change", TABLES.values(), ids=TABLES)
def test_a_table_that_is_not_as_the_file_says_is_found(db: Database, change: str) -> None:
    db.rows(change)
    assert len(table_classes.check(db.url)) == 1


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("public.plans,by nobody,,why", "is no class"),
        ("public.plans,reference,,", "says why"),
        ("public.plans,by person,profile_id,", "has no profile_id"),
        ("public.nothing,global,,why", "a class of no table"),
    ],
)
def test_a_line_that_makes_no_sense_is_found(
    db: Database, tmp_path: Path, line: str, found: str
) -> None:
    lines = paths.table_classes_file().read_text().splitlines()
    kept = [one for one in lines if one.partition(",")[0] != line.partition(",")[0]]
    file = tmp_path / "table_classes.csv"
    file.write_text("\n".join([*kept, line, ""]))
    (finding,) = table_classes.check(db.url, file)
    assert found in finding


def test_a_lock_needs_an_exception_of_its_own(db: Database, tmp_path: Path) -> None:
    db.rows(FUNCTION.format(body="perform from public.user_images as i for update;"))
    file = tmp_path / "exceptions.csv"
    more = "private.planted,public.user_images,why\n"
    file.write_text(named_person.EXCEPTIONS.read_text() + more)
    (finding,) = named_person.check(db.url, file)
    assert "locks rows of public.user_images" in finding
    # Positive control.
    locks = tmp_path / "locks.csv"
    locks.write_text(named_person.LOCKS.read_text() + more)
    assert named_person.check(db.url, file, locks) == []
    locks.write_text(locks.read_text() + "private.wake_worker,public.plans,why\n")
    (finding,) = named_person.check(db.url, file, locks)
    assert "is not needed" in finding


def test_a_body_that_the_parser_cannot_read_is_found(db: Database) -> None:
    db.rows(
        "create function private.planted(profile_id uuid) returns bigint language sql"
        " begin atomic select count(*) from public.user_images; end"
    )
    (finding,) = named_person.check(db.url)
    assert finding.startswith("private.planted: a body that cannot be read")


def test_an_exception_that_is_not_needed_or_says_no_reason_is_found(
    db: Database, tmp_path: Path
) -> None:
    file = tmp_path / "exceptions.csv"
    more = "private.wake_worker,public.plans,why\n"
    file.write_text(named_person.EXCEPTIONS.read_text() + more)
    (finding,) = named_person.check(db.url, file)
    assert "is not needed" in finding
    blank = named_person.EXCEPTIONS.read_text().replace(",A referral code finds the person", ",")
    file.write_text(blank)
    (finding,) = named_person.check(db.url, file)
    assert "no reason" in finding
