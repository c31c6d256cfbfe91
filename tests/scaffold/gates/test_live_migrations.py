"""Rules for migrations beside people at work: each has something to say, and only of the unsafe."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import live_migrations
from devtools.gates.constraints import never_validated
from devtools.gates.statements import split
from devtools.gates.touching import Migration

HEADER = "-- Purpose: a\n-- Touches: b\n-- Locks: c\n-- Rollout: {rollout}\n-- Undo: d\n\n"
SHORT = "set lock_timeout = '500ms';\nset statement_timeout = '2s';\n\n"
LONG = "set lock_timeout = '1min';\nset statement_timeout = '1h';\n\n"
TABLE = "create table public.t (id bigint, constraint t_pkey primary key (id));\n"
POLICY = "create policy p on public.t as permissive for select to authenticated using (true);\n"
OVER = "alter table public.t "
DROP = "drop index concurrently if exists public.t_a_idx;\n"
BUILD = "create index concurrently t_a_idx on public.t (a);\n"
BATCHES = """do $$
declare
    v_last bigint := 0;
begin
    loop
        update public.t as t set a = 1 where t.id in (
            select o.id from public.t as o where o.a is null order by o.id limit 1000
        );
        exit when not found;
        commit;
    end loop;
end;
$$;
"""


def found_in(
    body: str, rollout: str = "pre", name: str = "20270101000000_alter_t.sql"
) -> list[str]:
    apart = live_migrations.APART if body.startswith(live_migrations.APART) else ""
    content = apart + HEADER.format(rollout=rollout) + body.removeprefix(apart)
    return list(live_migrations.findings(Migration.read(name, content)))


def check(found: list[str], finding: str | None) -> None:
    if finding is None:
        assert found == []
    else:
        assert found
        assert all(finding in one for one in found)


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        # Who makes new things locks nobody out.
        (TABLE, None),
        (TABLE + "create index t_a_idx on public.t (a);", None),
        (TABLE + "alter table public.t enable row level security;", None),
        ("create function private.f() returns void as $$ drop table x $$;", None),
        ("-- alter table public.t\nselect 'alter table public.t';", None),
        # Who touches what was there before does, and so does a policy, on any table.
        (f"{OVER}add column a bigint;", "locks public.t"),
        (TABLE + POLICY, "locks public.t"),
        ("create trigger _1 after update of a on auth.users execute function f();",
         "locks auth.users"),
        ("create or replace trigger _1 before insert on public.t execute function f();",
         "locks public.t"),
        ("create or replace view public.v as select 1;", "locks public.v"),
        ("drop trigger _1 on auth.users;", "locks auth.users"),
        ("create table public.u (t_id bigint references public.t (id));", "locks public.t"),
        ("update public.t as t set a = 1;", "locks public.t"),
        ("do $$ begin alter table public.t drop constraint c; end $$;", "locks public.t"),
        ("lock table public.t;", "locks public.t"),
    ],
)  # fmt: skip
def test_a_file_that_locks_says_first_how_long(body: str, finding: str | None) -> None:
    check(found_in(body), finding)
    assert found_in(SHORT + body) == []


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (f"{OVER}validate constraint c;", None),
        (f"{OVER}validate constraint c;{OVER}add column a bigint;", "these are two files"),
        ("".join(f"lock table public.t{number};" for number in range(4)), None),
        ("".join(f"lock table public.t{number};" for number in range(5)), "locks 5 tables"),
    ],
)
def test_what_is_held_is_not_held_for_something_else(body: str, finding: str | None) -> None:
    check(found_in(SHORT + body), finding)


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        (SHORT, None),
        ("set lock_timeout to '500ms';\nset statement_timeout = 2000;\n", None),
        (SHORT.replace("500ms", "2s"), "lock_timeout is at most 500 ms, not 2000"),
        (SHORT.replace("'2s'", "'1min'"), "statement_timeout is at most 2000 ms, not 60000"),
        (SHORT.replace("500ms", "0"), "does not begin with `set lock_timeout"),
        (SHORT.splitlines()[0], "does not begin with `set statement_timeout"),
        (f"select 1;\n{SHORT}", "does not begin with"),
    ],
)
def test_a_lock_is_short(settings: str, finding: str | None) -> None:
    check(found_in(f"{settings}\n{OVER}add column a bigint;"), finding)


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (LONG + DROP + BUILD, None),
        (LONG + DROP + BUILD.replace("create index", "create unique index"), None),
        (LONG + DROP, None),
        (DROP + BUILD, "takes its time, and does not begin with"),
        (LONG + BUILD, "drop index concurrently if exists"),
        (LONG + DROP.replace("t_a", "t_b") + BUILD, "a leftover of the same"),
        (LONG + DROP + BUILD + "select 1;", "and nothing else"),
        (LONG + DROP + BUILD + BUILD, "and nothing else"),
        (LONG + "reindex index concurrently public.t_a_idx;", "and nothing else"),
        (SHORT + "create index t_a_idx on public.t (a);", "built concurrently"),
    ],
)
def test_an_index_is_built_alone(body: str, finding: str | None) -> None:
    check(found_in(body), finding)


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (SHORT + POLICY + "comment on policy p on public.t is 'x';", None),
        (SHORT + "drop policy p on public.t;" + POLICY, None),
        (SHORT + TABLE + POLICY, None),
        (SHORT + POLICY + "grant select on public.t to authenticated;", None),
        (SHORT + POLICY + "create function f() as $$$$;", "policies alone"),
        (SHORT + POLICY + f"{OVER}add column a bigint;", "policies alone"),
        (SHORT + POLICY + "\n" * 100, "at most 100"),
    ],
)
def test_policies_stand_alone(body: str, finding: str | None) -> None:
    check(found_in(body), finding)


@pytest.mark.parametrize(
    "body",
    [
        f"{OVER}drop column a;",
        f"{OVER}rename column a to b;",
        f"{OVER}alter column a type text;",
        f"{OVER}alter column a set not null;",
        "drop table public.t;",
        "drop function private.f(bigint);",
        "revoke select on table public.t from authenticated;",
        "alter type public.e rename value 'a' to 'b';",
    ],
)
def test_what_takes_something_away_comes_after_the_code(body: str) -> None:
    check(found_in(SHORT + body), "Rollout is post, or pre with a reason")
    assert found_in(SHORT + body, "post.") == []
    assert found_in(SHORT + body, "pre: nobody has used it yet.") == []


def test_a_rollout_is_before_or_after_the_code() -> None:
    check(found_in(TABLE, "soon"), "begins with pre or post")
    assert found_in(TABLE, "pre.") == []
    # What the file itself made was nobody's.
    assert found_in(SHORT + TABLE + "revoke all on table public.t from public;") == []


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (f"{OVER}add constraint c check (a > 0) not valid;", None),
        (f"{OVER}add constraint c foreign key (a) references public.u (id) not valid;", None),
        (f"{OVER}validate constraint c;", None),
        (f"{OVER}add constraint c unique using index t_a_idx;", None),
        (TABLE + f"{OVER}add constraint c check (a in (1, 2));", None),
        (f"{OVER}add constraint c check (a in (1, 2));", "added not valid"),
        (f"{OVER}add column b bigint, add constraint c check (a > 0);", "added not valid"),
        (f"{OVER}add constraint c foreign key (a) references public.u (id);", "added not valid"),
        (f"{OVER}add foreign key (a) references public.u (id);", "added not valid"),
        (f"{OVER}add column u_id bigint references public.u (id);", "by itself"),
        (f"{OVER}add constraint c unique (a);", "using index"),
        (
            f"{OVER}add constraint c check (a > 0) not valid;{OVER}validate constraint c;",
            "two files",
        ),
    ],
)
def test_a_constraint_looks_at_no_row_while_it_locks(body: str, finding: str | None) -> None:
    check(found_in(SHORT + body), finding)


def test_what_is_added_not_valid_is_validated_later() -> None:
    add = Migration.read("1_a.sql", f"{OVER}add constraint c check (a > 0) not valid;")
    validate = Migration.read("2_b.sql", f"{OVER}validate constraint c;")
    assert list(never_validated([add, validate])) == []
    for files in ([add], [validate, add]):
        assert list(never_validated(files)) == ["1_a.sql: no later file validates c"]


@pytest.mark.parametrize(
    ("body", "name", "finding"),
    [
        (f"{OVER}add column a bigint default 1;", "add", None),
        (f"{OVER}add column a bigint;update public.t as t set a = 1;", "add", "file of its own"),
        (f"{OVER}add column a bigint;do $$ begin update public.t set a = 1; end $$;", "add",
         "file of its own"),
        (live_migrations.APART + LONG + BATCHES, "backfill", None),
        (live_migrations.APART + LONG + BATCHES, "fix", "only a backfill"),
        (live_migrations.APART + BATCHES, "backfill", "does not begin with"),
        (BATCHES, "backfill", "under the first line"),
        (live_migrations.APART + LONG + BATCHES + BATCHES, "backfill", "is one block"),
        (live_migrations.APART + LONG + BATCHES.replace("commit;", ""), "backfill", "by batches"),
        (live_migrations.APART + LONG + BATCHES.replace("limit 1000", ""), "backfill",
         "by batches"),
    ],
)  # fmt: skip
def test_rows_are_filled_apart_and_in_batches(body: str, name: str, finding: str | None) -> None:
    settings = "" if live_migrations.APART in body else SHORT
    check(found_in(settings + body, name=f"20270101000000_{name}_t_a.sql"), finding)


def test_every_migration_of_a_folder_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "1_a.sql").write_text(HEADER.format(rollout="pre") + TABLE)
    assert live_migrations.check(tmp_path) == []
    (folder / "2_b.sql").write_text(
        HEADER.format(rollout="pre") + f"{OVER}add constraint c check (a > 0) not valid;"
    )
    assert live_migrations.check(tmp_path) == [
        "2_b.sql: locks public.t, and does not begin with `set lock_timeout = …`",
        "2_b.sql: locks public.t, and does not begin with `set statement_timeout = …`",
        "2_b.sql: no later file validates c",
    ]


def test_statements_are_taken_apart() -> None:
    content = "-- a; b\nSelect ';' /* ; */ as x;\n do $x$ one; two $x$; set a = 'b'"
    first, second, third = split(content)
    assert first.text == "select ';' as x"
    assert first.code == "select '' as x"
    assert (second.code, second.body) == ("do $$", " one; two ")
    assert third.text == "set a = 'b'"
