"""What the catalog of a database says about who may touch what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from tests.support.database import Connection
from tests.support.security.access.access import (
    ROLES,
    SIGNED_IN,
    Access,
    Cell,
    Cells,
    Object,
    difference,
    listing,
)

# What hosted Supabase, or its CLI, has made: their privileges are not ours to give.
PLATFORM = [
    *("auth", "cron", "extensions", "graphql_public", "information_schema", "realtime", "storage"),
    *("supabase_migrations", "vault"),
]
OWNER = "postgres"
# Where the catalog tells whose rows somebody reaches; of the others it tells who may at all.
ROW_KINDS = ("tables", "views", "policies")
KINDS = (*ROW_KINDS, "schemas", "sequences", "functions", "types")
SIDECAR = "thumbsmith_sidecar"

OURS = "nspname !~ '^pg_' and nspname <> all (%(platform)s::text[])"
OBJECTS = f"""
with ours as (select n.* from pg_namespace as n where {OURS}),
objects as (
    select 'schemas' as kind, n.nspname::text as name, n.nspowner as owner,
        coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl, null as col, '{{}}'::jsonb as more
    from ours as n
    union all
    select case when c.relkind = 'S' then 'sequences' when c.relkind in ('v', 'm') then 'views'
        else 'tables' end, format('%%s.%%s', n.nspname, c.relname), c.relowner,
        coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char",
            c.relowner)), null,
        jsonb_build_object('has_rls', c.relrowsecurity, 'relkind', c.relkind,
            'is_invoker', coalesce('security_invoker=true' = any (c.reloptions), false))
    from pg_class as c inner join ours as n on c.relnamespace = n.oid
    where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
    union all
    select case when c.relkind in ('v', 'm') then 'views' else 'tables' end,
        format('%%s.%%s', n.nspname, c.relname), c.relowner, a.attacl, a.attname, null
    from pg_attribute as a inner join pg_class as c on a.attrelid = c.oid
    inner join ours as n on c.relnamespace = n.oid
    where a.attacl is not null and c.relkind in ('r', 'p', 'f', 'v', 'm')
    union all
    select 'functions', format('%%s.%%s', n.nspname, p.proname), p.proowner,
        coalesce(p.proacl, acldefault('f', p.proowner)), null,
        jsonb_build_object('is_definer', p.prosecdef, 'schema', n.nspname, 'is_pinned',
            coalesce('search_path=""' = any (p.proconfig), false))
    from pg_proc as p inner join ours as n on p.pronamespace = n.oid
    union all
    select 'types', format('%%s.%%s', n.nspname, t.typname), t.typowner,
        coalesce(t.typacl, acldefault('T', t.typowner)), null, '{{}}'
    from pg_type as t inner join ours as n on t.typnamespace = n.oid
    left join pg_class as c on t.typrelid = c.oid
    where t.typtype in ('d', 'e', 'r', 'm') or c.relkind = 'c'
)
select o.kind, o.name, o.owner::regrole::text as owner, o.more, coalesce((
    select jsonb_agg(array[
        case when x.grantee = 0 then 'public' else x.grantee::regrole::text end,
        lower(x.privilege_type) || coalesce('(' || o.col || ')', '')])
    from aclexplode(o.acl) as x where x.grantee <> o.owner
), '[]') as grants
from objects as o
"""
VALUES = {"platform": PLATFORM}
POLICIES = f"""
select format('%%s.%%s', n.nspname, c.relname) as relation, p.polname as name,
    p.polpermissive as permissive,
    case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
        when 'd' then 'delete' else '*' end as command,
    array(select case when r = 0 then 'public' else r::regrole::text end
        from unnest(p.polroles) as r) as roles,
    pg_get_expr(p.polqual, p.polrelid) as shown, pg_get_expr(p.polwithcheck, p.polrelid) as checked
from pg_policy as p inner join pg_class as c on p.polrelid = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
where {OURS} or n.nspname in ('storage', 'realtime')
"""
# Which relations a view reads.
BASES = f"""
select distinct format('%%s.%%s', n.nspname, v.relname) as view,
    format('%%s.%%s', m.nspname, b.relname) as base
from pg_class as v inner join pg_namespace as n on v.relnamespace = n.oid
inner join pg_rewrite as w on w.ev_class = v.oid
inner join pg_depend as d on d.objid = w.oid and d.classid = 'pg_rewrite'::regclass
    and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
inner join pg_class as b on d.refobjid = b.oid and b.relkind <> 'S'
inner join pg_namespace as m on b.relnamespace = m.oid
where {OURS.replace("nspname", "n.nspname")}
"""
BUCKETS = "select id from storage.buckets"
MORE = """
select 'a default privilege gives something to ' || case when x.grantee = 0 then 'public'
    else x.grantee::regrole::text end as fault
from pg_default_acl as d, aclexplode(d.defaclacl) as x
where d.defaclrole = 'postgres'::regrole and x.grantee <> d.defaclrole
union all
select 'Realtime sends the changes of ' || p.tablename
from pg_publication_tables as p where p.pubname = 'supabase_realtime'
union all
select 'anybody may read the bucket ' || b.id from storage.buckets as b where b.public
"""

_OWN = re.compile(
    r"\(*(\w+|storage\.foldername\(name\)\)\[1\]|SELECT realtime\.topic\(\) AS topic\)) = "
    r"\(*('profile:'::text \|\| )?[( ]*SELECT auth\.uid\(\) AS uid\)+(::text\)*)?"
)


def parts(expression: str, word: str) -> list[str]:
    """Split an expression at a word that stands outside of all parentheses but the outer ones."""
    inner = expression.strip()
    while inner.startswith("(") and _closes(inner) == len(inner) - 1:
        inner = inner[1:-1].strip()
    found, depth, start = [], 0, 0
    for place, sign in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0 and inner.startswith(f" {word} ", place):
            found.append(inner[start:place])
            start = place + len(word) + 2
    return [part.strip() for part in [*found, inner[start:]]]


def _closes(text: str) -> int:
    depth = 0
    for place, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            return place
    return -1


def shows_own(expression: str) -> bool:
    """Return whether a policy shows people their own rows alone, by its text."""
    return any(
        all(_OWN.fullmatch(branch.replace("( SELECT", "(SELECT")) for branch in parts(part, "OR"))
        for part in parts(expression, "AND")
    )


@dataclass(frozen=True)
class Catalog:
    """All objects of ours, what is granted on them, and what each person reaches by it."""

    objects: frozenset[Object]
    grants: Cells
    reach: Cells
    faults: tuple[str, ...]


def look(connection: Connection) -> Catalog:
    """Read the catalog of a database."""
    # Or the text of a policy leaves out the schemas that are on the path.
    connection.execute("set search_path = ''")
    found = connection.execute(OBJECTS, VALUES).fetchall()
    policies = connection.execute(POLICIES, VALUES).fetchall()
    bases: dict[str, list[str]] = {}
    for row in connection.execute(BASES, VALUES):
        bases.setdefault(row["view"], []).append(row["base"])
    names = [(row["kind"], row["name"]) for row in found if row["more"] is not None]
    names += [("buckets", row["id"]) for row in connection.execute(BUCKETS)]
    faults = [fault for row in found if row["more"] for fault in _faults(row)]
    faults += [f"{kind} {name} is there twice" for kind, name in names if _is_twice(names, name)]
    faults += [row["fault"] for row in connection.execute(MORE)]
    faults += [f"policy {p['name']} is for everybody" for p in policies if "public" in p["roles"]]
    faults += [f"policy {p['name']} is restrictive" for p in policies if not p["permissive"]]
    named = {("policies", f"{p['relation']} {p['name']}") for p in policies}
    given = {
        Cell("policies", f"{p['relation']} {p['name']}", p["command"], role)
        for p in policies
        for role in p["roles"]
    }
    given |= {
        Cell(row["kind"], row["name"], verb, role)
        for row in found
        for role, verb in row["grants"]
        if role != OWNER
    }
    rules = Rules(found, policies, bases)
    reach = {
        Cell(*cell[:3], who)
        for cell in given
        if cell.kind in ROW_KINDS
        for who in rules.reach(cell)
    }
    objects = frozenset(names) | named
    return Catalog(objects, frozenset(given), frozenset(reach), tuple(sorted(faults)))


def disagreements(said: Access, connection: Connection) -> list[str]:
    """Return where the file and the catalog are apart, and what no file may allow."""
    found = look(connection)
    objects = frozenset(one for one in said.objects if one[0] in {*KINDS, "buckets"})
    grants = frozenset(cell for cell in said.grants if cell.kind in KINDS)
    reach = frozenset(cell for cell in said.cells if cell.kind in ROW_KINDS)
    return [
        *listing(objects, found.objects),
        *difference(grants, found.grants),
        *difference(reach, found.reach),
        *found.faults,
    ]


def _is_twice(names: list[Object], name: str) -> bool:
    return sum(one == ("functions", name) for one in names) > 1


def _faults(row: DictRow) -> Iterable[str]:
    more: dict[str, Any] = row["more"]
    name = row["name"]
    if row["owner"] != OWNER and name != "public":
        yield f"{name} belongs to {row['owner']}"
    if row["kind"] == "tables" and not more["has_rls"]:
        yield f"{name} has no row level security"
    if row["kind"] == "views" and not (more["is_invoker"] and more["relkind"] == "v"):
        yield f"{name} does not look with the eyes of its reader"
    if row["kind"] == "functions" and not more["is_pinned"]:
        yield f"{name} has no pinned search path"
    if row["kind"] == "functions" and more["is_definer"] and more["schema"] != "private":
        yield f"{name} is security definer, and not in private"


@dataclass(frozen=True)
class Rules:
    """How grants, policies and views decide together who reaches which rows."""

    found: list[DictRow]
    policies: list[DictRow]
    bases: dict[str, list[str]]

    def reach(self, cell: Cell) -> set[str]:
        """Return which people a grant, or a policy, lets through."""
        if cell.kind == "policies":
            relation, _, name = cell.name.partition(" ")
            (policy,) = (p for p in self.policies if (p["relation"], p["name"]) == (relation, name))
            return _people(policy, cell.who)
        everybody = {who for who, role in ROLES.items() if role == cell.who} or {cell.who}
        if cell.kind in {"tables", "views"} and cell.who != "service_role":
            verb = cell.verb.partition("(")[0]
            return self._rows(cell.name, verb, cell.who, everybody)
        return everybody

    def _rows(self, relation: str, verb: str, role: str, everybody: set[str]) -> set[str]:
        row = next(r for r in self.found if r["name"] == relation and r["more"] is not None)
        if row["kind"] == "views":
            if not row["more"]["is_invoker"]:
                return everybody
            shown = [self._rows(b, "select", role, everybody) for b in self.bases[relation]]
            return everybody.intersection(*shown)
        if not row["more"]["has_rls"] or verb in {"truncate", "references", "trigger", "maintain"}:
            return everybody
        reached: set[str] = set()
        for policy in self.policies:
            meant = {"public", role}.intersection(policy["roles"])
            if policy["relation"] == relation and policy["command"] in {verb, "*"} and meant:
                reached |= _people(policy, role)
        return reached


def _people(policy: DictRow, role: str) -> set[str]:
    everybody = {who for who, one in ROLES.items() if one == role} or {role}
    expression = policy["shown"] or policy["checked"] or "true"
    if not shows_own(expression):
        return everybody
    return everybody & set(SIGNED_IN) - {"other"}
