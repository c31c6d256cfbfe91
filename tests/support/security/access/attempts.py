"""Everything there is to try, as everybody who could try it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.database import Connection
from tests.support.security.access.access import ROLES, Access, Cell
from tests.support.security.access.engine import Outcome, Try, quoted
from tests.support.security.populated import PopulatedDatabase

# A role of the platform that nobody grants anything to has what everybody has.
STAND_IN = {"public": "pgbouncer"}
ROWS = ("select", "insert", "update", "delete", "truncate")
# Of a row: whether this try wrote it.
CHANGED = "xmin::text::bigint > current_setting('probe.number')::bigint"
# A bucket that no policy of ours names.
ELSEWHERE = "elsewhere"
TOPICS = {
    "profile:<id>": ("profile:{}", "broadcast"),
    "profile:<id> presence": ("profile:{}", "presence"),
    "anything else": ("anything else", "broadcast"),
}
# The column that says whose row it is, and one to write to, of each relation.
COLUMNS = """
select format('%%s.%%s', n.nspname, c.relname) as name,
    (array_agg(a.attname::text order by a.attnum))[1] as first,
    array_agg(a.attname::text) && array['profile_id', 'referrer_id'] or c.relname = 'profiles'
        as is_personal,
    case when 'profile_id' = any (array_agg(a.attname::text)) then 'profile_id'
        when c.relname = 'profiles' then 'id' else 'referrer_id' end as person
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on a.attrelid = c.oid
where format('%%s.%%s', n.nspname, c.relname) = any (%s) and a.attnum > 0
    and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
group by n.nspname, c.relname
"""
CALLS = """
select format('%%s.%%s', n.nspname, p.proname) as name,
    format('select %%I.%%I(%%s)', n.nspname, p.proname, (
        select string_agg('null::' || format_type(t, null), ', ' order by place)
        from unnest(p.proargtypes) with ordinality as a (t, place)
    )) as statement
from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
where format('%%s.%%s', n.nspname, p.proname) = any (%s)
"""


@dataclass(frozen=True)
class Probe:
    """A cell, how to find out, and what has to be seen for it to be open."""

    cell: Cell
    attempt: Try
    # Rows of theirs before: to have deleted some, there have to be fewer.
    seen: int = 0

    def is_open(self, outcome: Outcome) -> bool:
        """Return whether it could be done."""
        if self.attempt.reads:
            return bool(outcome.said)
        if outcome.error:
            # Whoever meets a constraint has been let through before.
            return not outcome.is_denied
        if self.cell.verb == "update":
            return bool(outcome.after > 0)
        if self.cell.verb == "delete":
            return bool(outcome.after < self.seen)
        return True


@dataclass(frozen=True)
class Attempts:
    """What can be tried in a world; the connection is the superuser's."""

    world: PopulatedDatabase
    connection: Connection
    said: Access

    def people(self) -> Iterator[tuple[str, str, uuid.UUID | None, uuid.UUID]]:
        """Yield who, the role, who is signed in, and whose rows it is about."""
        owner, other, guest = (p.id for p in (self.world.owner, self.world.other, self.world.guest))
        signed_in = {"owner": owner, "other": other, "guest": guest}
        for who, role in ROLES.items():
            about = guest if who == "guest" else owner
            yield who, STAND_IN.get(role, role), signed_in.get(who), about

    def relations(self, only: tuple[str, ...]) -> Iterator[Probe]:
        names = [*self.said.named("tables"), *self.said.named("views")]
        names = [name for name in names if name in only or not only]
        for row in self.connection.execute(COLUMNS, (names,)).fetchall():
            kind = "tables" if ("tables", row["name"]) in self.said.objects else "views"
            for who, role, person, about in self.people():
                count = f"select count(*) from {row['name']} as t where t::text like '%{about}%'"
                if self._value(count) == 0:
                    # Rows that name nobody are nobody's: any will do.
                    count = f"select count(*) from {row['name']} as t where true"
                values = f"({row['person']}) values ({quoted(about)})"
                changed = f"to_jsonb({count.replace('select', '(select', 1)}"
                statements = {
                    "select": count.replace("count(*)", "to_jsonb(count(*))"),
                    "insert": f"insert into {row['name']} "
                    + (values if row["is_personal"] else "default values"),
                    "update": f"update {row['name']} set {row['first']} = {row['first']}",
                    "delete": f"delete from {row['name']}",
                    "truncate": f"truncate {row['name']}",
                }
                afters = {
                    "update": f"select {changed} and t.{CHANGED}))",
                    "delete": f"select {changed}))",
                }
                seen = self._value(count) if kind == "tables" else 0
                for verb in ROWS if kind == "tables" else ROWS[:4]:
                    attempt = Try(
                        role,
                        statements[verb],
                        person,
                        reads=verb == "select",
                        after=afters.get(verb, "") if kind == "tables" else "",
                    )
                    yield Probe(Cell(kind, row["name"], verb, who), attempt, seen)

    def objects(self) -> Iterator[Probe]:
        for bucket in [*self.said.named("buckets"), ELSEWHERE]:
            for who, role, person, about in self.people():
                if bucket == ELSEWHERE and who == "service":
                    continue
                count = (
                    "select to_jsonb(count(*)) from storage.objects"
                    f" where bucket_id = '{bucket}' and name like '{about}/%'"
                )
                values = f"'{bucket}', '{about}/new', '{person or ''}'"
                another = f"""
                insert into storage.buckets (id, name) values ('{ELSEWHERE}', '{ELSEWHERE}');
                insert into storage.objects (bucket_id, name) values ('{ELSEWHERE}', '{about}/a')
                """
                statements = {
                    "select": count,
                    "insert": "insert into storage.objects (bucket_id, name, owner_id)"
                    f" values ({values})",
                    "update": "update storage.objects set name = name",
                    "delete": "delete from storage.objects",
                }
                afters = {
                    "update": f"{count} and {CHANGED}",
                    "delete": count,
                }
                seen = self._value(count) if bucket != ELSEWHERE else 1
                for verb, statement in statements.items():
                    attempt = Try(
                        role,
                        statement,
                        person,
                        reads=verb == "select",
                        before=another if bucket == ELSEWHERE else "",
                        after=afters.get(verb, ""),
                    )
                    yield Probe(Cell("objects", bucket, verb, who), attempt, seen)

    def topics(self) -> Iterator[Probe]:
        for name, (topic, extension) in TOPICS.items():
            for who, role, person, about in self.people():
                of = topic.format(about)
                listen = (
                    "select to_jsonb(count(*)) from realtime.messages"
                    f" where topic = {quoted(of)} and extension = '{extension}'"
                )
                send = (
                    "insert into realtime.messages (topic, extension, event, private)"
                    f" values ({quoted(of)}, '{extension}', 'e', true)"
                )
                for verb, statement in (("listen", listen), ("send", send)):
                    attempt = Try(role, statement, person, of, reads=verb == "listen")
                    yield Probe(Cell("topics", name, verb, who), attempt)

    def functions(self) -> Iterator[Probe]:
        rows = self.connection.execute(CALLS, (self.said.named("functions"),)).fetchall()
        for row in rows:
            yield from self._by_role(
                Cell("functions", row["name"], "execute", ""), row["statement"]
            )

    def sequences(self) -> Iterator[Probe]:
        for name in self.said.named("sequences"):
            looks = f"select last_value from {name}"
            sets = f"select setval('{name}', 1)"
            yield from self._by_role(Cell("sequences", name, "select", ""), looks)
            yield from self._by_role(Cell("sequences", name, "update", ""), sets)

    def schemas(self) -> Iterator[Probe]:
        for name in self.said.named("schemas"):
            makes = f"create table {name}.made ()"
            yield from self._by_role(Cell("schemas", name, "create", ""), makes)

    def _by_role(self, cell: Cell, statement: str) -> Iterator[Probe]:
        for role in sorted(set(ROLES.values())):
            person = self.world.other.id if role == "authenticated" else None
            attempt = Try(STAND_IN.get(role, role), statement, person)
            yield Probe(cell._replace(who=role), attempt)

    def columns(self) -> Iterator[Probe]:
        statement = (
            "select format('%%s.%%s', table_schema, table_name) as name, column_name"
            " from information_schema.columns"
            " where format('%%s.%%s', table_schema, table_name) = any (%s)"
        )
        names = [*self.said.named("tables"), *self.said.named("views")]
        for row in self.connection.execute(statement, (names,)).fetchall():
            name, column = row["name"], row["column_name"]
            read = f"select count({column}) from {name}"
            write = f"update {name} set {column} = {column}"
            for who, role, person, _ in self.people():
                if who in {"other", "guest"}:
                    # The role of the owner, and columns have no policies.
                    continue
                reads = Cell("columns", name, f"select({column})", who)
                writes = Cell("columns", name, f"update({column})", who)
                yield Probe(reads, Try(role, read, person))
                yield Probe(writes, Try(role, write, person))

    def _value(self, statement: str) -> int:
        row = self.connection.execute(statement.encode()).fetchone()
        assert row is not None
        return int(next(iter(row.values())))
