"""The migrations end in the same privileges, whatever the platform's defaults were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from local_stack import cluster
from local_stack.migrate import migrate as apply_migrations
from local_stack.postgres import Postgres

GRANTED = """
select c.oid::regclass::text as object, c.relacl::text as acl
from pg_class as c
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'v', 'm', 'S', 'p')
union all
select p.oid::regprocedure::text, p.proacl::text
from pg_proc as p
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
order by 1
"""
MAY_TOUCH = """
select r.rolname
from pg_roles as r
where r.rolname in ('anon', 'authenticated', 'service_role')
    and (
        has_table_privilege(r.rolname, 'public.probe', 'select, insert, update, delete, truncate')
        or has_function_privilege(r.rolname, 'public.probe()', 'execute')
    )
order by 1
"""


@dataclass(frozen=True)
class Privileges:
    """Who may touch what is made before and after the migrations, and what they granted."""

    before: list[str]
    after: list[str]
    granted: list[tuple[str, str]]


def migrate(folder: Path, *, old_privileges: bool) -> Privileges:
    server = Postgres(folder / "data", folder / "log", settings={"fsync": "off"})
    cluster.initialize(server, old_privileges=old_privileges)
    with server, psycopg.connect(server.url(), autocommit=True) as connection:

        def may_touch_a_new_object() -> list[str]:
            connection.execute("create table public.probe (id integer primary key)")
            connection.execute(
                "create function public.probe() returns int language sql as 'select 1'"
            )
            roles = [str(row[0]) for row in connection.execute(MAY_TOUCH)]
            connection.execute("drop table public.probe; drop function public.probe()")
            return roles

        before = may_touch_a_new_object()
        apply_migrations(server.url())
        granted = [(str(name), str(acl)) for name, acl in connection.execute(GRANTED)]
        return Privileges(before, may_touch_a_new_object(), granted)


def test_the_migrations_open_the_same_under_both_defaults_of_the_platform(tmp_path: Path) -> None:
    new, old = (migrate(tmp_path / name, old_privileges=name == "old") for name in ("new", "old"))
    # The control: before, both left something to the API roles.
    assert new.before == old.before == ["anon", "authenticated", "service_role"]
    assert new.after == old.after == []
    assert len(new.granted) > 50
    assert new.granted == old.granted
