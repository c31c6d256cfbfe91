"""Everything that could be opened by mistake, one mutant at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.database import Connection
from tests.support.security.access.guards import guards
from tests.support.security.access.pg_catalog import POLICIES, VALUES, parts

ROLES = ("anon", "authenticated", "service_role", "thumbsmith_sidecar", "public")
BROWSERS = ("anon", "authenticated")
OURS = "('public', 'private')"
# What is not granted yet, as the statement that grants it; and what is, with the one that ends it.
MISSING = f"""
select format('grant %%s on %%s %%I.%%I to %%s', v.verb,
        case when c.relkind = 'S' then 'sequence' else 'table' end, n.nspname, c.relname, r.role)
    as statement
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
cross join unnest(%(roles)s::text[]) as r (role)
cross join unnest(case when c.relkind = 'S' then array['usage', 'select', 'update']
    else array['select', 'insert', 'update', 'delete', 'truncate'] end) as v (verb)
where n.nspname in {OURS} and c.relkind in ('r', 'v', 'S') and not exists (
    select from aclexplode(c.relacl) as a
    where lower(a.privilege_type) = v.verb and r.role = a.grantee::regrole::text
)
union all
select format('grant %%s (%%I) on table %%I.%%I to %%s', v.verb, a.attname, n.nspname, c.relname,
    r.role)
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join unnest(%(browsers)s::text[]) as r (role)
cross join unnest(array['select', 'insert', 'update']) as v (verb)
where n.nspname in {OURS} and c.relkind in ('r', 'v') and not exists (
    select from aclexplode(c.relacl) as x
    where lower(x.privilege_type) = v.verb and r.role = x.grantee::regrole::text
)
union all
select format('grant execute on function %%s to %%s', p.oid::regprocedure, r.role)
from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
cross join unnest(%(roles)s::text[]) as r (role)
where n.nspname in {OURS} and not exists (
    select from aclexplode(p.proacl) as a where r.role = a.grantee::regrole::text
)
union all
select format('grant %%s on schema %%I to %%s', v.verb, n.nspname, r.role)
from pg_namespace as n cross join unnest(%(roles)s::text[]) as r (role)
cross join unnest(array['usage', 'create']) as v (verb)
where n.nspname in {OURS} and not exists (
    select from aclexplode(n.nspacl) as a where lower(a.privilege_type) = v.verb
        and r.role = case when a.grantee = 0 then 'public' else a.grantee::regrole::text end
)
"""
GIVEN = f"""
select format('revoke %%s on table %%I.%%I from %%s', a.privilege_type, n.nspname, c.relname,
    a.grantee::regrole) as statement
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid,
    aclexplode(c.relacl) as a
where n.nspname in {OURS} and a.grantee <> c.relowner
union all
select format('revoke execute on function %%s from %%s', p.oid::regprocedure, a.grantee::regrole)
from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid,
    aclexplode(p.proacl) as a
where n.nspname in {OURS} and a.grantee <> p.proowner
"""
FLAGS = f"""
select 'row security' as kind, format('alter table %%I.%%I disable row level security', n.nspname,
        c.relname) as statement,
    exists (select from pg_policy as p where p.polrelid = c.oid
        and pg_get_expr(p.polqual, p.polrelid) <> 'true') as is_seen,
    format('%%s.%%s', n.nspname, c.relname) as name
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname in {OURS} and c.relkind = 'r'
union all
select 'view', format('alter view %%I.%%I set (security_invoker = false)', n.nspname, c.relname),
    n.nspname = 'public', format('%%s.%%s', n.nspname, c.relname)
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname in {OURS} and c.relkind = 'v'
union all
select 'search path', format('alter function %%s reset search_path', p.oid::regprocedure), false, ''
from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
where n.nspname in {OURS}
union all
select 'definer', format('alter function %%s security definer', p.oid::regprocedure), false, ''
from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
where n.nspname = 'public'
"""


@dataclass(frozen=True)
class Mutant:
    """One mistake, as a statement; `is_seen` when data has to show it, not the catalog alone."""

    kind: str
    statement: str
    is_seen: bool = False
    # The relation it is about, where there is one: its rows are looked at first.
    relation: str = ""
    change: str = ""

    @property
    def name(self) -> str:
        """Return what was done, in a line."""
        return f"{self.kind}: {self.change or self.statement}"


def all_mutants(connection: Connection) -> list[Mutant]:
    """Make every mutant that the catalog of this database has room for."""
    connection.execute("set search_path = ''")
    return [*_policies(connection), *_flags(connection), *_grants(connection), *_guards(connection)]


def _policies(connection: Connection) -> Iterator[Mutant]:
    for row in connection.execute(POLICIES, VALUES).fetchall():
        policy = f"policy {row['name']} on {row['relation']}"
        yield Mutant("policy dropped", f"drop {policy}", True, row["relation"])
        yield Mutant("policy for everybody", f"alter {policy} to public", False, row["relation"])
        clause = "with check" if row["command"] == "insert" else "using"
        expression = row["checked"] if row["command"] == "insert" else row["shown"]
        if expression == "true":
            continue
        for weaker in ["true", *_weaker(expression)]:
            changed = f"alter {policy} {clause} ({weaker})"
            yield Mutant("policy changed", changed, True, row["relation"])


def _weaker(expression: str) -> Iterator[str]:
    """Leave one condition out, of those that are joined by AND or by OR."""
    for word in ("AND", "OR"):
        found = parts(expression, word)
        for left_out in found if len(found) > 1 else []:
            yield f" {word} ".join(part for part in found if part is not left_out)


def _flags(connection: Connection) -> Iterator[Mutant]:
    for row in connection.execute(FLAGS.replace("%%", "%")).fetchall():
        # Data does not show a second lock: where nobody may select, or everybody sees all.
        yield Mutant(row["kind"], row["statement"], row["is_seen"], row["name"])


def _grants(connection: Connection) -> Iterator[Mutant]:
    values = {"roles": list(ROLES), "browsers": list(BROWSERS)}
    for row in connection.execute(MISSING, values).fetchall():
        yield Mutant("grant", row["statement"])
    for row in connection.execute(GIVEN.replace("%%", "%")).fetchall():
        yield Mutant("revoke", row["statement"])


def _guards(connection: Connection) -> Iterator[Mutant]:
    for change, statement in guards(connection):
        yield Mutant("guard", statement, change=change)
