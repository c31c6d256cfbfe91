"""The catalog opens what access.txt says, under both defaults of the platform."""

from __future__ import annotations

import pytest

from tests.support.database import Database
from tests.support.security.access.access import FileError, difference, listing, read
from tests.support.security.access.pg_catalog import disagreements, look

SAID = read()
NEW = """
create schema annex;
create table public.thing (id bigint generated always as identity, name text);
create table annex.thing (id bigint generated always as identity);
create view public.things as select id from public.thing;
create function public.do_thing() returns int language sql as 'select 1';
create procedure annex.do_thing() language sql as 'select 1';
create type public.kind as enum ('a');
create domain annex.name as text
"""
# Each takes something from the rules, or gives something away.
FAULTS = {
    "a table without a line": "create table public.thing (id bigint)",
    "a function without a line": "create function private.f() returns int return 1",
    "a line without a table": "drop view public.purchase_uses",
    "a line without a policy": "drop policy plans_select_all on public.plans",
    "a grant too many": "grant select on table private.jobs to service_role",
    "a grant too few": "revoke select on table public.plans from anon",
    "a column to update": "grant update (referral_code) on table public.profiles to authenticated",
    "a grant to everybody": "grant execute on function private.sweep() to public",
    "a grant to somebody new": "grant select on table public.plans to dashboard_user",
    "a schema to make things in": "grant create on schema private to authenticated",
    "a sequence": "grant usage on sequence private.jobs_id_seq to anon",
    "a type": "grant usage on type private.plan_cover to public",
    "no row level security": "alter table private.settings disable row level security",
    "a policy that shows all": "alter policy payments_select_own on public.payments using (true)",
    "a policy for everybody": "alter policy plans_select_all on public.plans to public",
    "a view with its owner's eyes": "alter view public.credit_history reset (security_invoker)",
    "a loose search path": "alter function private.backoff(integer) reset search_path",
    "a search path": "alter function private.backoff(integer) set search_path = 'public'",
    "a definer where all can call": "alter function public.my_credits() security definer",
    "a second function of a name": "create function private.sweep(a int) returns int return 1",
    "a default that gives": "alter default privileges grant select on tables to anon",
    "changes that are sent": "alter publication supabase_realtime add table public.generations",
}


def test_the_catalog_opens_what_the_file_says(migrated: Database) -> None:
    with migrated.session() as connection:
        assert disagreements(SAID, connection) == []
    assert len(SAID.cells) > 150
    assert SAID.size() > 5000


def test_it_opens_the_same_under_the_old_defaults(old_defaults: Database) -> None:
    with old_defaults.session() as connection:
        found = disagreements(SAID, connection)
    # The control: this database does open what is made before the migrations.
    opened = [line for line in found if "public.made_before" in line]
    assert any("select by anon" in line for line in opened)
    assert found == opened


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(migrated: Database, name: str) -> None:
    with migrated.session() as connection, connection.transaction(force_rollback=True):
        connection.execute(FAULTS[name].encode())
        assert disagreements(SAID, connection) != []


@pytest.mark.parametrize("defaults", ["new", "old"])
def test_what_is_made_later_opens_to_nobody(
    migrated: Database, old_defaults: Database, defaults: str
) -> None:
    database = migrated if defaults == "new" else old_defaults
    with database.session() as connection, connection.transaction(force_rollback=True):
        before = look(connection)
        connection.execute(NEW.encode())
        after = look(connection)
        assert len(after.objects - before.objects) == 10
        assert after.grants == before.grants
        # The control: on purpose, it does.
        connection.execute("grant select on table annex.thing to anon")
        assert look(connection).grants != before.grants


def test_the_sidecar_calls_its_functions_and_touches_nothing_else(migrated: Database) -> None:
    mine = {cell for cell in SAID.grants if cell.who == "thumbsmith_sidecar"}
    assert {cell[:3] for cell in mine if cell.kind != "functions"} == {
        ("schemas", "private", "usage")
    }
    assert 0 < len(mine) - 1 <= 20
    (role,) = migrated.rows("select * from pg_roles where rolname = 'thumbsmith_sidecar'")
    powers = ("super", "bypassrls", "createrole", "createdb", "replication", "inherit")
    assert [power for power in powers if role[f"rol{power}"]] == []
    memberships = "select from pg_auth_members where member = %s or (roleid = %s and member <> %s)"
    owner = migrated.value("select oid from pg_roles where rolname = 'postgres'")
    assert migrated.rows(memberships, role["oid"], role["oid"], owner) == []


def test_the_sidecar_reaches_nothing_of_the_platform_either(migrated: Database) -> None:
    reached = """
    select format('%%s.%%s', n.nspname, c.relname)
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where has_schema_privilege(%s, n.oid, 'usage') and n.nspname <> all (%s)
        and case when c.relkind = 'S'
        then has_sequence_privilege(%s, c.oid, 'usage, select, update')
        when c.relkind in ('r', 'p', 'v', 'm', 'f') then has_table_privilege(%s, c.oid,
            'select, insert, update, delete, truncate, references, trigger, maintain')
            or has_any_column_privilege(%s, c.oid, 'select, insert, update, references') end
    union all
    select p.oid::regprocedure::text
    from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
    where has_schema_privilege(%s, n.oid, 'usage') and n.nspname <> all (%s)
        and has_function_privilege(%s, p.oid, 'execute')
    """
    core = ["pg_catalog", "information_schema"]

    def all_of(role: str) -> int:
        values = (role, core, role, role, role, role, core, role)
        return len(migrated.rows(reached, *values))

    assert all_of("thumbsmith_sidecar") == len(
        [c for c in SAID.grants if c.who == "thumbsmith_sidecar" and c.kind == "functions"]
    )
    # The control: other roles do reach tables of the platform.
    assert all_of("service_role") > 10


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[tables]\na  select: nobody", "nobody is called"),
        ("[tables]\na  execute: anon", "not understood"),
        ("[tables]\na  select:", "not understood"),
        ("[chairs]", "no such kind"),
        ("[tables]\na  -\na  -", "listed twice"),
    ],
)
def test_a_line_that_says_nothing_is_refused(text: str, fault: str) -> None:
    with pytest.raises(FileError, match=fault):
        read(text)


def test_a_line_says_who_and_what() -> None:
    said = read("[tables | -]  # all\na\nb  select: anon; update(x) delete: signed-in\n")
    other = read("[tables]\na  -\nc  select: anon")
    assert {str(cell) for cell in said.cells} == {
        "tables b: select by anon",
        *(
            f"tables b: {verb} by {who}"
            for verb in ("update(x)", "delete")
            for who in ("owner", "other", "guest")
        ),
    }
    assert difference(said.cells, said.cells) == []
    assert len(difference(said.cells, other.cells)) == 8
    assert len(listing(said.objects, other.objects)) == 2
