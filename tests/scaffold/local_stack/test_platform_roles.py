"""The roles, schemas and default privileges are those of a hosted project."""

from __future__ import annotations

import psycopg
import pytest

from local_stack import bootstrap, cluster, databases
from local_stack.postgres import ADMIN, Postgres

# name: login, inherit, createrole, createdb, replication, bypassrls, superuser
ROLES = {
    "supabase_admin": "login inherit createrole createdb replication bypassrls superuser",
    "postgres": "login inherit createrole createdb replication bypassrls",
    "anon": "inherit",
    "authenticated": "inherit",
    "service_role": "inherit bypassrls",
    "authenticator": "login",
    "supabase_auth_admin": "login createrole",
    "supabase_storage_admin": "login createrole",
    "supabase_realtime_admin": "",
    "supabase_functions_admin": "login createrole",
    "supabase_replication_admin": "login inherit replication",
    "supabase_read_only_user": "login inherit bypassrls",
    "supabase_etl_admin": "login inherit replication",
    "dashboard_user": "inherit createrole createdb replication",
    "pgbouncer": "login inherit",
}

SETTINGS = {
    "anon": ["statement_timeout=3s"],
    "authenticated": ["statement_timeout=8s"],
    "authenticator": ["lock_timeout=8s", "statement_timeout=8s"],
    "postgres": ['search_path="\\$user", public, extensions'],
    "supabase_admin": ["log_statement=none", 'search_path="$user", public, auth, extensions'],
    "supabase_auth_admin": [
        "idle_in_transaction_session_timeout=60000",
        "log_statement=none",
        "search_path=auth",
    ],
    "supabase_storage_admin": ["log_statement=none", "search_path=storage"],
}

# member, role, with admin option
MEMBERSHIPS = {
    ("authenticator", "anon", False),
    ("authenticator", "authenticated", False),
    ("authenticator", "service_role", False),
    ("postgres", "anon", True),
    ("postgres", "authenticated", True),
    ("postgres", "authenticator", True),
    ("postgres", "pg_create_subscription", False),
    ("postgres", "pg_monitor", True),
    ("postgres", "pg_read_all_data", True),
    ("postgres", "pg_signal_backend", True),
    ("postgres", "service_role", True),
    ("supabase_etl_admin", "pg_read_all_data", False),
    ("supabase_read_only_user", "pg_read_all_data", False),
    ("supabase_storage_admin", "authenticator", False),
}

# What stands in for supautils: inherited, never to be taken on.
EMULATION = {
    ("postgres", "supabase_auth_admin"),
    ("postgres", "supabase_realtime_admin"),
    ("postgres", "supabase_storage_admin"),
}


def test_every_role_has_exactly_its_attributes(as_admin: psycopg.Connection) -> None:
    rows = as_admin.execute(
        """
        select
            rolname,
            concat_ws(
                ' ',
                case when rolcanlogin then 'login' end,
                case when rolinherit then 'inherit' end,
                case when rolcreaterole then 'createrole' end,
                case when rolcreatedb then 'createdb' end,
                case when rolreplication then 'replication' end,
                case when rolbypassrls then 'bypassrls' end,
                case when rolsuper then 'superuser' end
            )
        from pg_roles
        where rolname !~ '^pg_'
        """
    ).fetchall()
    assert dict(rows) == ROLES


def test_every_role_has_exactly_its_settings(as_admin: psycopg.Connection) -> None:
    rows = as_admin.execute(
        "select rolname, rolconfig from pg_roles where rolconfig is not null"
    ).fetchall()
    assert {name: sorted(settings) for name, settings in rows} == SETTINGS


def test_memberships_are_those_of_hosted_and_the_emulation_of_supautils(
    as_admin: psycopg.Connection,
) -> None:
    rows = as_admin.execute(
        """
        select m.member::regrole::text, m.roleid::regrole::text, m.admin_option, m.set_option
        from pg_auth_members as m
        where m.member::regrole::text !~ '^pg_'
        """
    ).fetchall()
    can_become = {(member, role, admin) for member, role, admin, can_set in rows if can_set}
    only_inherited = {(member, role) for member, role, _, can_set in rows if not can_set}
    assert can_become == MEMBERSHIPS
    assert only_inherited == EMULATION


def test_the_database_belongs_to_postgres_and_public_to_its_owner(
    as_admin: psycopg.Connection,
) -> None:
    owner = as_admin.execute(
        "select datdba::regrole::text from pg_database where datname = current_database()"
    ).fetchone()
    schemas = as_admin.execute(
        "select nspname, nspowner::regrole::text from pg_namespace where nspname !~ '^pg_'"
    ).fetchall()
    admins = ("auth", "cron", "extensions", "graphql_public", "realtime", "storage", "vault")
    assert owner == ("postgres",)
    assert dict(schemas) == {
        "information_schema": ADMIN,
        "public": "pg_database_owner",
        **dict.fromkeys(admins, ADMIN),
    }


def test_postgres_may_pass_on_storage_but_not_auth(as_postgres: psycopg.Connection) -> None:
    def may_pass_on(schema: str) -> bool:
        row = as_postgres.execute(
            "select has_schema_privilege('postgres', %s, 'usage with grant option')", [schema]
        ).fetchone()
        return bool(row and row[0])

    assert may_pass_on("storage")
    assert may_pass_on("realtime")
    assert not may_pass_on("auth")


def test_the_realtime_publication_is_empty_and_takes_a_table_of_postgres(
    as_postgres: psycopg.Connection,
) -> None:
    def tables() -> list[tuple[str]]:
        return as_postgres.execute(
            "select tablename from pg_publication_tables where pubname = 'supabase_realtime'"
        ).fetchall()

    assert tables() == []
    as_postgres.execute("create table public.news (id bigint primary key)")
    as_postgres.execute("alter publication supabase_realtime add table public.news")
    assert tables() == [("news",)]


def test_the_statements_may_run_again(bare_server: Postgres) -> None:
    with databases.cloned(bare_server, "postgres", "again") as url:
        admin_url = bare_server.url(ADMIN, url.rpartition("/")[2].partition("?")[0])
        bootstrap.bootstrap(admin_url)
        bootstrap.bootstrap(admin_url)


def _grants(server: Postgres, old_privileges: bool) -> dict[str, set[str]]:
    """Make one object of each kind as postgres and return what the API roles may do with it."""
    with databases.cloned(server, "postgres", "grants") as url:
        admin_url = server.url(ADMIN, "grants")
        if old_privileges:
            with psycopg.connect(admin_url) as admin:
                admin.execute(bootstrap.OLD_PRIVILEGES_SQL.read_bytes())
        with psycopg.connect(url) as connection:
            connection.execute("create table public.thing (id bigint)")
            connection.execute("create sequence public.counter")
            connection.execute("create function public.f() returns int language sql as 'select 1'")
            rows = connection.execute(
                """
                select 'table', a.grantee::regrole::text, a.privilege_type
                from pg_class as c cross join aclexplode(c.relacl) as a
                where c.oid = 'public.thing'::regclass
                union all
                select 'sequence', a.grantee::regrole::text, a.privilege_type
                from pg_class as c cross join aclexplode(c.relacl) as a
                where c.oid = 'public.counter'::regclass
                union all
                select 'function', a.grantee::regrole::text, a.privilege_type
                from pg_proc as p
                cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
                where p.oid = 'public.f'::regproc
                """
            ).fetchall()
    found: dict[str, set[str]] = {}
    for kind, grantee, privilege in rows:
        if grantee != "postgres":
            found.setdefault(f"{kind} {'public' if grantee == '-' else grantee}", set()).add(
                privilege
            )
    return found


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_new_objects_keep_only_what_hosted_forgets_to_revoke(
    bare_server: Postgres, role: str
) -> None:
    found = _grants(bare_server, old_privileges=False)
    assert found[f"table {role}"] == {"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"}
    assert found[f"sequence {role}"] == {"UPDATE"}
    assert f"function {role}" not in found
    assert found["function public"] == {"EXECUTE"}


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_new_objects_are_open_in_the_old_state(bare_server: Postgres, role: str) -> None:
    found = _grants(bare_server, old_privileges=True)
    assert {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"} <= found[f"table {role}"]
    assert found[f"sequence {role}"] == {"SELECT", "UPDATE", "USAGE"}
    assert found[f"function {role}"] == {"EXECUTE"}
    assert found["function public"] == {"EXECUTE"}


def test_the_cached_cluster_is_named_by_its_sources_and_state() -> None:
    assert cluster.cache_place() != cluster.cache_place(old_privileges=True)
    assert bootstrap.fingerprint() in cluster.cache_place().name
