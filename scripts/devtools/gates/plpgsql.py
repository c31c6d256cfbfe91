"""Every PL/pgSQL function read by plpgsql_check: names, types, volatility, dead code, injection.

PostgreSQL itself looks into a function only when it runs, and only at the branch that is taken.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg

from devtools.gates import debian
from devtools.gates.outcome import Findings
from local_stack import programs as server_programs
from local_stack.paths import CACHE_DIR
from thumbsmith.project.cache import settle

_PACKAGE = "postgresql-17-plpgsql-check"
# A trigger function is checked for each table it is on: NEW has another shape there.
_FUNCTIONS = """
with to_check as (
    select p.oid as function_id, 0 as table_id
    from pg_proc as p
    inner join pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'
    where
        p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and p.prorettype <> 'trigger'::regtype
    union
    select t.tgfoid, t.tgrelid
    from pg_trigger as t
    inner join pg_proc as p on p.oid = t.tgfoid
    where
        p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and not t.tgisinternal
)
select
    c.function_id::regprocedure::text
    || case when c.table_id > 0 then ' on ' || c.table_id::regclass::text else '' end,
    f.lineno,
    f.level || ': ' || f.message || coalesce(' (' || nullif(f.detail, '') || ')', '')
from to_check as c
cross join lateral extensions.plpgsql_check_function_tb(
    c.function_id,
    c.table_id,
    fatal_errors => false,
    security_warnings => true,
    compatibility_warnings => true
) as f
order by 1, 2
"""
_UNUSED = """
select p.oid::regprocedure::text
from pg_proc as p
where
    p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    and p.prorettype = 'trigger'::regtype
    and not exists (select from pg_trigger as t where t.tgfoid = p.oid)
order by 1
"""


def programs() -> Path:
    """Return the folder of PostgreSQL's programs with plpgsql_check among its libraries."""
    package = debian.unpacked(_PACKAGE)
    place = CACHE_DIR / f"postgres-{server_programs.version()}-with-plpgsql-check"
    if not place.exists():
        with tempfile.TemporaryDirectory(prefix=".making-", dir=CACHE_DIR) as made:
            Path(made).chmod(0o755)
            tree = Path(made) / "pginstall"
            shutil.copytree(server_programs.bin_dir().parent, tree, symlinks=True)
            for folder, pattern in (("lib", "*/lib/*.so"), ("share/extension", "*/extension/*")):
                into = next(path for path in tree.rglob(folder) if path.is_dir())
                for file in package.glob(f"usr/**/{pattern}"):
                    shutil.copy(file, into)
            settle(tree, place)
    return place / "bin"


def check(admin_url: str) -> Findings:
    """Check every function and trigger function; the address is a superuser's."""
    with psycopg.connect(admin_url) as connection:
        connection.execute("create extension if not exists plpgsql_check schema extensions")
        # So that names are given with their schemas.
        connection.execute("set search_path = ''")
        found = [
            f"{name} line {line}: {message}"
            for name, line, message in connection.execute(_FUNCTIONS.encode())
        ]
        unused = [name for (name,) in connection.execute(_UNUSED.encode())]
        connection.rollback()
    return found + [
        f"{name}: on no table, so nobody can say what is in its rows" for name in unused
    ]
