"""Rules for migrations beside people at work: each has something to say, and only of the unsafe.

Every file is applied: what it locks and makes is what PostgreSQL says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devtools.gates import facts, live_migrations
from devtools.gates.constraints import never_validated
from devtools.gates.facts import Migration
from local_stack import databases
from local_stack.postgres import ADMIN, Postgres

HEADER = (
    "-- Purpose: a\n-- Touches: {touches}\n-- Locks: {locks}\n-- Rollout: {rollout}\n-- Undo: d\n\n"
)
# What earlier files have made.
EARLIER = """
create schema private;
create type public.e as enum ('a');
create table public.t (id bigint primary key, z bigint, constraint old check (z > 0) not valid);
create table public.u (id bigint primary key);
create table public.t0 (); create table public.t1 (); create table public.t2 ();
create table public.t3 (); create table public.t4 ();
create view public.v as select 1 as one;
create function public.f() returns trigger language plpgsql as $$ begin return new; end $$;
create function private.g(bigint) returns bigint language sql as $$ select 1::bigint $$;
create trigger _0 before insert on public.t for each row execute function public.f();
alter table public.t enable row level security;
create policy old on public.t as permissive for select to authenticated using (true);
create unique index t_z_key on public.t (z);
"""
SHORT = "set lock_timeout = '500ms';\nset statement_timeout = '2s';\n\n"
LONG = "set lock_timeout = '1min';\nset statement_timeout = '1h';\n\n"
TABLE = "create table public.fresh (id bigint, constraint fresh_pkey primary key (id));\n"
POLICY = "create policy p on public.t as permissive for select to authenticated using (true);\n"
OVER = "alter table public.t "
NEW = "alter table public.fresh "
DROP = "drop index concurrently if exists public.t_a_idx;\n"
BUILD = "create index concurrently t_a_idx on public.t (z);\n"
BATCHES = """do $$
declare
    v_last bigint := 0;
begin
    loop
        update public.t as t set z = 1 where t.id in (
            select o.id from public.t as o where o.z is null order by o.id limit 1000
        );
        exit when not found;
        commit;
    end loop;
end;
$$;
"""


@pytest.fixture(scope="module")
def watched(server: Postgres) -> Iterator[psycopg.Connection]:
    """Yield a database that earlier files have filled, and that records what later ones do."""
    with databases.cloned(server, "postgres", "watched") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(EARLIER)
        facts.watch(server.url(ADMIN, "watched"))
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


def found_in(
    watched: psycopg.Connection,
    body: str,
    rollout: str = "pre",
    name: str = "20270101000000_alter_t.sql",
) -> list[str]:
    """Apply a file, take it back, and return the findings but for those on its header."""
    apart = facts.APART if body.startswith(facts.APART) else ""
    header = HEADER.format(rollout=rollout, touches="x", locks="none")
    migration = Migration.read(name, apart + header + body.removeprefix(apart))
    if migration.is_apart:
        applied = facts.apply(watched, name, migration.content)
        watched.execute("drop index if exists public.t_a_idx")
        watched.execute("delete from facts.commands")
    else:
        with watched.transaction(force_rollback=True):
            applied = facts.apply(watched, name, migration.content)
    found = live_migrations.of_one(applied)
    return [one for one in found if "Touches" not in one and "Locks" not in one]


def check(found: list[str], finding: str | None) -> None:
    if finding is None:
        assert found == []
    else:
        assert found
        assert all(finding in one for one in found)


CASES = pytest.mark.parametrize


@CASES(
    ("body", "finding"),
    [
        # Who makes new things locks nobody out.
        (TABLE, None),
        (TABLE + "create index fresh_id_idx on public.fresh (id);", None),
        (TABLE + f"{NEW}enable row level security;", None),
        ("create function private.h() returns void language sql as $$ delete from public.t $$;",
         None),
        ("-- alter table public.t\nselect 'alter table public.t';", None),
        # Who touches what was there before does, and so does a policy, on any table.
        (f"{OVER}add column a bigint;", "locks public.t"),
        (POLICY, "locks public.t"),
        ("create trigger _1 after update of z on public.t execute function public.f();",
         "locks public.t"),
        ("create or replace trigger _1 before insert on public.t execute function public.f();",
         "locks public.t"),
        ("create or replace view public.v as select 2 as one;", "locks public.v"),
        ("drop trigger _0 on public.t;", "locks public.t"),
        ("create table public.w (t_id bigint references public.t (id));", "locks public.t"),
        ("update public.t as t set z = 1;", "locks public.t"),
        ("do $$ begin alter table public.t drop constraint old; end $$;", "locks public.t"),
        # However it is put: no text was looked for.
        ("do $$ begin execute 'alter table public' || '.t drop constraint old'; end $$;",
         "locks public.t"),
        ("lock table public.t;", "locks public.t"),
    ],
)  # fmt: skip
def test_a_file_that_locks_says_first_how_long(
    watched: psycopg.Connection, body: str, finding: str | None
) -> None:
    check(found_in(watched, body, "post."), finding)
    assert found_in(watched, SHORT + body, "post.") == []


@CASES(
    ("body", "finding"),
    [
        (f"{OVER}validate constraint old;", None),
        (f"{OVER}validate constraint old;{OVER}add column a bigint;", "these are two files"),
        ("".join(f"lock table public.t{number};" for number in range(4)), None),
        ("".join(f"lock table public.t{number};" for number in range(5)), "locks 5 tables"),
    ],
)
def test_what_is_held_is_not_held_for_something_else(
    watched: psycopg.Connection, body: str, finding: str | None
) -> None:
    check(found_in(watched, SHORT + body), finding)


@CASES(
    ("settings", "finding"),
    [
        (SHORT, None),
        ("set lock_timeout to '500ms';\nset statement_timeout = 2000;\n", None),
        (SHORT.replace("500ms", "2s"), "lock_timeout is at most 500 ms, not 2000"),
        (SHORT.replace("'2s'", "'1min'"), "statement_timeout is at most 2000 ms, not 60000"),
        (SHORT.replace("500ms", "0"), "does not begin with `set lock_timeout"),
        (SHORT.splitlines()[0], "does not begin with `set statement_timeout"),
        (f"lock table public.t;\n{SHORT}", "does not begin with"),
    ],
)
def test_a_lock_is_short(watched: psycopg.Connection, settings: str, finding: str | None) -> None:
    check(found_in(watched, f"{settings}\n{OVER}add column a bigint;"), finding)


@CASES(
    ("body", "finding"),
    [
        (LONG + DROP + BUILD, None),
        (LONG + DROP + BUILD.replace("create index", "create unique index"), None),
        (LONG + DROP, None),
        (DROP + BUILD, "takes its time, and does not begin with"),
        (LONG + BUILD, "drop index concurrently if exists"),
        (LONG + DROP.replace("t_a", "t_b") + BUILD, "a leftover of the same"),
        (LONG + DROP + BUILD + "select 1;", "and nothing else"),
        (LONG + DROP + BUILD + BUILD.replace("t_a_idx", "if not exists t_a_idx"),
         "and nothing else"),
        (LONG + "reindex index concurrently public.t_z_key;", "and nothing else"),
        (SHORT + "create index t_a_idx on public.t (z);", "built concurrently"),
    ],
)  # fmt: skip
def test_an_index_is_built_alone(
    watched: psycopg.Connection, body: str, finding: str | None
) -> None:
    check(found_in(watched, body), finding)


@CASES(
    ("body", "finding"),
    [
        (SHORT + POLICY + "comment on policy p on public.t is 'x';", None),
        (SHORT + "drop policy old on public.t;" + POLICY, None),
        (SHORT + TABLE + POLICY.replace("public.t ", "public.fresh "), None),
        (SHORT + POLICY + "grant select on public.t to authenticated;", None),
        (SHORT + POLICY + "create function public.h() returns int return 1;", "policies alone"),
        (SHORT + POLICY + f"{OVER}add column a bigint;", "policies alone"),
        (SHORT + POLICY + "\n" * 100, "at most 100"),
    ],
)
def test_policies_stand_alone(watched: psycopg.Connection, body: str, finding: str | None) -> None:
    check(found_in(watched, body, "post."), finding)


@CASES(
    "body",
    [
        f"{OVER}drop column z;",
        f"{OVER}rename column z to b;",
        f"{OVER}alter column z type text using '';".replace("z type", "id type"),
        f"{OVER}alter column z set not null;",
        "drop table public.u;",
        "drop function private.g(bigint);",
        "revoke select on table public.t from authenticated;",
        "alter type public.e rename value 'a' to 'b';",
        "do $$ begin drop function private.g(bigint); end $$;",
    ],
)
def test_what_takes_something_away_comes_after_the_code(
    watched: psycopg.Connection, body: str
) -> None:
    check(found_in(watched, SHORT + body), "Rollout is post, or pre with a reason")
    assert found_in(watched, SHORT + body, "post.") == []
    assert found_in(watched, SHORT + body, "pre: nobody has used it yet.") == []


def test_a_rollout_is_before_or_after_the_code(watched: psycopg.Connection) -> None:
    check(found_in(watched, TABLE, "soon"), "begins with pre or post")
    assert found_in(watched, TABLE, "pre.") == []
    # What the file itself made was nobody's.
    revoked = "revoke all on table public.fresh from public;"
    assert found_in(watched, SHORT + TABLE + revoked) == []


@CASES(
    ("body", "finding"),
    [
        (f"{OVER}add constraint c check (z > 0) not valid;", None),
        (f"{OVER}add constraint c foreign key (z) references public.u (id) not valid;", None),
        (f"{OVER}validate constraint old;", None),
        (f"{OVER}add constraint c unique using index t_z_key;", None),
        (TABLE + f"{NEW}add constraint c check (id in (1, 2));", None),
        (f"{OVER}add constraint c check (z in (1, 2));", "added not valid"),
        (f"{OVER}add column b bigint, add constraint c check (z > 0);", "added not valid"),
        (f"{OVER}add constraint c foreign key (z) references public.u (id);", "added not valid"),
        (f"{OVER}add foreign key (z) references public.u (id);", "added not valid"),
        (f"{OVER}add column u_id bigint references public.u (id);", "by itself"),
        (f"{OVER}add constraint c unique (z);", "using index"),
        (
            f"{OVER}add constraint c check (z > 0) not valid;{OVER}validate constraint c;",
            "two files",
        ),
    ],
)
def test_a_constraint_looks_at_no_row_while_it_locks(
    watched: psycopg.Connection, body: str, finding: str | None
) -> None:
    check(found_in(watched, SHORT + body), finding)


def test_what_is_added_not_valid_is_validated_later() -> None:
    add = Migration.read("1_a.sql", f"{OVER}add constraint c check (a > 0) not valid;")
    validate = Migration.read("2_b.sql", f"{OVER}validate constraint c;")
    assert list(never_validated([add, validate])) == []
    for files in ([add], [validate, add]):
        assert list(never_validated(files)) == ["1_a.sql: no later file validates c"]


@CASES(
    ("body", "name", "finding"),
    [
        (f"{OVER}add column a bigint default 1;", "add", None),
        (f"{OVER}add column a bigint;update public.t as t set a = 1;", "add", "file of its own"),
        (f"{OVER}add column a bigint;do $$ begin update public.t set a = 1; end $$;", "add",
         "file of its own"),
        (facts.APART + LONG + BATCHES, "backfill", None),
        (facts.APART + LONG + BATCHES, "fix", "only a backfill"),
        (facts.APART + BATCHES, "backfill", "does not begin with"),
        (BATCHES.replace("commit;", "null; -- commit;"), "backfill", "under the first line"),
        (facts.APART + LONG + BATCHES + BATCHES, "backfill", "is one block"),
        (facts.APART + LONG + BATCHES.replace("commit;", ""), "backfill", "by batches"),
        (facts.APART + LONG + BATCHES.replace("limit 1000", ""), "backfill", "by batches"),
    ],
)  # fmt: skip
def test_rows_are_filled_apart_and_in_batches(
    watched: psycopg.Connection, body: str, name: str, finding: str | None
) -> None:
    settings = "" if facts.APART in body else SHORT
    check(found_in(watched, settings + body, name=f"20270101000000_{name}_t_a.sql"), finding)


@CASES(
    ("touches", "locks", "body", "finding"),
    [
        ("table public.fresh", "none", TABLE, None),
        ("table public.t", "access exclusive on public.t", f"{OVER}add column a bigint;", None),
        ("rows of public.t", "none", "insert into public.t (id) values (1);", None),
        ("function private.g*", "none", "alter function private.g(bigint) stable;", None),
        ("a table", "none", TABLE, "touches public.fresh, and Touches does not say so"),
        ("table public.fresh, public.u", "none", TABLE,
         "Touches names public.u, which the file leaves alone"),
        ("table public.t", "none", f"{OVER}add column a bigint;",
         "locks public.t in access exclusive, and Locks does not say so"),
        ("table public.t", "share on public.t", f"{OVER}add column a bigint;",
         "locks public.t in access exclusive, and Locks does not say so"),
        ("table public.fresh", "share on public.u", TABLE,
         "Locks names public.u, which nobody has to wait for"),
    ],
)  # fmt: skip
def test_the_header_says_what_the_file_did(
    watched: psycopg.Connection, touches: str, locks: str, body: str, finding: str | None
) -> None:
    content = HEADER.format(rollout="pre", touches=touches, locks=locks) + SHORT + body
    with watched.transaction(force_rollback=True):
        applied = facts.apply(watched, "20270101000000_alter_t.sql", content)
    check(list(live_migrations.of_one(applied)), finding)


def test_every_migration_of_a_folder_is_read(server: Postgres, tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    first = HEADER.format(rollout="pre", touches="table public.fresh", locks="none") + TABLE
    (folder / "1_a.sql").write_text(first)
    assert live_migrations.check(server, tmp_path, platform="postgres") == []
    locks = "access exclusive on public.fresh"
    (folder / "2_b.sql").write_text(
        HEADER.format(rollout="pre", touches="table public.fresh", locks=locks)
        + f"{NEW}add constraint c check (id > 0) not valid;"
    )
    assert live_migrations.check(server, tmp_path, platform="postgres") == [
        "2_b.sql: locks public.fresh, and does not begin with `set lock_timeout = …`",
        "2_b.sql: locks public.fresh, and does not begin with `set statement_timeout = …`",
        "2_b.sql: no later file validates c",
    ]
