"""What migrations really do: each is applied, and PostgreSQL itself tells.

Locks come from `pg_locks`, objects from event triggers, the form of a statement from PostgreSQL's
own grammar (libpg_query). Nothing is guessed from the text of a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import postgast
import psycopg
from google.protobuf.json_format import MessageToDict
from psycopg import sql

# The first line of a file whose statements run by themselves, so that a block may commit.
APART = "-- pg-delta: transaction=false\n"
# Modes that let nobody write, weakest first.
BLOCKING = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
# Held by what takes its time beside everybody else: a validation, a concurrent build.
BESIDE = "ShareUpdateExclusiveLock"
_WRITING = "RowExclusiveLock"
# What belongs to a table: its identity ends with the table's.
PARTS = {"trigger", "policy", "rule", "table constraint"}
# Checking the body of a new function locks its tables as well, and nobody waits for that.
_NO_ROWS = {"create_function_stmt", "alter_function_stmt"}

_TRIGGERS = """
    create schema facts;
    create table facts.commands (tag text, kind text, identity text, is_dropped boolean);
    create function facts.tg__record() returns event_trigger language plpgsql security definer
    set search_path = '' as $$
    begin
        insert into facts.commands
        select c.command_tag, c.object_type, c.object_identity, false
        from pg_event_trigger_ddl_commands() as c;
    end;
    $$;
    create function facts.tg__record_drop() returns event_trigger language plpgsql
    security definer set search_path = '' as $$
    begin
        insert into facts.commands
        select tg_tag, d.object_type, d.object_identity, true
        from pg_event_trigger_dropped_objects() as d
        where d.original;
    end;
    $$;
    grant usage on schema facts to postgres;
    grant select, delete on facts.commands to postgres;
    create event trigger facts_record on ddl_command_end execute function facts.tg__record();
    create event trigger facts_record_drop on sql_drop execute function facts.tg__record_drop();
"""
_LOCKS = """
    select n.nspname || '.' || c.relname, l.mode, c.oid
    from pg_locks as l
    inner join pg_class as c on l.relation = c.oid
    inner join pg_namespace as n on c.relnamespace = n.oid
    where l.pid = pg_backend_pid()
        and l.locktype = 'relation'
        and c.relkind in ('r', 'p', 'v', 'm')
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'facts')
"""
_RELATIONS = "select c.oid from pg_class as c where c.relkind in ('r', 'p', 'v', 'm')"
_TIMEOUTS = """
    select s.name, s.setting::bigint
    from pg_settings as s
    where s.name in ('lock_timeout', 'statement_timeout')
"""


@dataclass(frozen=True)
class Command:
    """A command that an event trigger saw: its tag, the kind and the identity of its object."""

    tag: str
    kind: str
    identity: str
    is_dropped: bool

    @property
    def name(self) -> str:
        """Return the object without the arguments of a function and the table of a part."""
        text = self.identity.partition("(")[0]
        return text.rpartition(" on ")[2] if " on " in text else text


@dataclass
class Statement:
    """A statement, its parse tree, and what it did.

    `locks` are the relations of earlier files that it locked, with their modes. `timeouts` are
    those in force when it ran, in milliseconds; zero is none.
    """

    kind: str
    tree: dict[str, Any]
    locks: dict[str, set[str]] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    timeouts: dict[str, int] = field(default_factory=dict)


@dataclass
class Migration:
    """A file and its statements."""

    name: str
    content: str
    statements: list[Statement]

    @classmethod
    def read(cls, name: str, content: str) -> Migration:
        """Parse a file, which does nothing yet."""
        return cls(name, content, [statement for _, statement in _parsed(content)])

    @property
    def work(self) -> list[Statement]:
        """Return all but the settings."""
        return [one for one in self.statements if one.kind != "variable_set_stmt"]

    @property
    def made(self) -> set[str]:
        """Return the names of what the file makes itself: nobody waits for that."""
        return {
            command.name
            for one in self.statements
            for command in one.commands
            if command.tag.startswith("CREATE ") and command.kind not in PARTS
        }

    @property
    def locked(self) -> dict[str, set[str]]:
        """Return the relations of earlier files that others may wait for, with the modes held."""
        found: dict[str, set[str]] = {}
        for one in self.statements:
            for name, modes in one.locks.items():
                found.setdefault(name, set()).update(modes)
        return found

    @property
    def is_apart(self) -> bool:
        """Return whether its statements run outside of a transaction."""
        return self.content.startswith(APART) or any(map(is_concurrent, self.statements))


def relation(node: dict[str, Any]) -> str:
    """Return the name of a relation in a parse tree, with its schema."""
    return f"{node.get('schemaname', 'public')}.{node['relname']}"


def is_concurrent(statement: Statement) -> bool:
    """Return whether an index is built or dropped beside everybody else's work."""
    concurrent = {"concurrent", "concurrently"}
    options = [one["def_elem"]["defname"] for one in statement.tree.get("params", [])]
    return bool(concurrent & statement.tree.keys()) or bool(concurrent & set(options))


def watch(admin_url: str) -> None:
    """Have a database record what is made and dropped in it, from now on."""
    with psycopg.connect(admin_url) as admin:
        admin.execute(_TRIGGERS)


def applied(url: str, files: Sequence[tuple[str, str]]) -> list[Migration]:
    """Apply files, by name and content, to a watched database, and return what each did."""
    with psycopg.connect(url, autocommit=True) as connection:
        return [apply(connection, name, content) for name, content in files]


def apply(connection: psycopg.Connection, name: str, content: str) -> Migration:
    """Apply one file on an autocommit connection to a watched database, and return what it did."""
    parsed = list(_parsed(content))
    migration = Migration(name, content, [statement for _, statement in parsed])
    before = {row[0] for row in connection.execute(_RELATIONS).fetchall()}
    if migration.is_apart:
        for text, statement in parsed:
            _execute(connection, text, statement, before)
    else:
        with connection.transaction():
            for text, statement in parsed:
                _execute(connection, text, statement, before)
    connection.execute("reset all")
    return migration


def _execute(
    connection: psycopg.Connection, text: str, statement: Statement, before: set[int]
) -> None:
    statement.timeouts = dict(connection.execute(_TIMEOUTS).fetchall())
    held = set(connection.execute(_LOCKS).fetchall())
    connection.execute(sql.SQL(text))
    taken = set(connection.execute(_LOCKS).fetchall()) - held
    for name, mode, oid in taken:
        changes_rows = mode == _WRITING and statement.kind not in _NO_ROWS
        if oid in before and (mode in (*BLOCKING, BESIDE) or changes_rows):
            statement.locks.setdefault(name, set()).add(mode)
    rows = connection.execute(
        "delete from facts.commands returning tag, kind, identity, is_dropped"
    ).fetchall()
    statement.commands = [Command(*row) for row in rows]


def _parsed(content: str) -> Iterator[tuple[str, Statement]]:
    for text in postgast.split(content):
        tree = MessageToDict(postgast.parse(text), preserving_proto_field_name=True)
        for one in tree.get("stmts", []):
            ((kind, node),) = one["stmt"].items()
            yield text, Statement(kind, node)
