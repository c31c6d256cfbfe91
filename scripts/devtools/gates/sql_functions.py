"""The functions of the catalog, and the statements in their bodies.

PostgreSQL's own grammar (libpg_query) reads them; nothing is guessed from their text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import postgast
import psycopg
from google.protobuf.json_format import MessageToDict

Node = dict[str, Any]

_FUNCTIONS = """
    select
        p.oid::regproc::text,
        l.lanname,
        array(
            select array[a.name, format_type(a.type, null)]
            from unnest(
                p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[])
            ) as a (name, type)
        ),
        p.prorettype::regtype::text,
        p.proretset,
        coalesce(p.proargmodes && '{o,b,t}'::"char"[], false),
        -- A body of the standard's form is kept as a tree; libpg_query refuses its text.
        coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
    from pg_proc as p
    inner join pg_language as l on p.prolang = l.oid
    where
        p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and l.lanname in ('sql', 'plpgsql')
    order by p.oid::regprocedure::text
"""
# Execute, a loop over it, and what `return query` and `open` execute.
_DYNAMIC = ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors", "dynquery")
_OF_A_TRIGGER = ("new", "old", "tg_op", "tg_argv", "tg_table_name", "tg_table_schema")


@dataclass(frozen=True)
class Function:
    """A function of the catalog; `arguments` are names and types of all directions.

    Types are as `format_type` has them with an empty search path.
    """

    name: str
    language: str
    arguments: tuple[tuple[str, str], ...]
    returns: str
    returns_set: bool
    has_outputs: bool
    source: str

    def texts(self) -> Iterator[str]:
        """Yield the SQL statements of the body."""
        if self.language == "sql":
            yield self.source
            return
        for query, mode in _expressions(self._tree()):
            # PostgreSQL's RawParseMode: a statement, an expression, else an assignment.
            if mode == 0:
                yield query
            elif mode == 2:
                yield f"select {query}"
            else:
                yield "select " + query.partition("=")[2]

    @property
    def is_dynamic(self) -> bool:
        """Return whether it makes statements from text, which nobody can read before."""
        return self.language == "plpgsql" and any(key in _DYNAMIC for key, _ in walk(self._tree()))

    def _tree(self) -> object:
        return postgast.parse_plpgsql(self._parsable())

    def _parsable(self) -> str:
        """Return the definition as libpg_query takes it, with the same statements.

        It knows no schema but public, no type of ours and no row of a trigger; none of them
        changes how a statement is read.
        """
        arguments = [(name, "record" if "." in kind else kind) for name, kind in self.arguments]
        returns = "record"
        if self.returns == "trigger":
            arguments += [(name, "record") for name in _OF_A_TRIGGER]
        elif self.returns_set:
            returns = "table (of_a_row integer)" if self.has_outputs else "setof record"
        elif self.returns == "void" or self.has_outputs:
            returns = "void"
        header = ", ".join(f"{name} {kind}" for name, kind in arguments)
        name = self.name.rpartition(".")[2]
        source = self.source.replace("private.", "public.")
        return (
            f"create function {name}({header}) returns {returns} language plpgsql as "
            f"$thumbsmith${source}$thumbsmith$"
        )


def functions(connection: psycopg.Connection) -> list[Function]:
    """Return the functions of our schemas."""
    connection.execute("set search_path = ''")
    rows = connection.execute(_FUNCTIONS).fetchall()
    return [
        Function(name, language, tuple((one, kind) for one, kind in arguments), *rest)
        for name, language, arguments, *rest in rows
    ]


def statements(text: str) -> Iterator[Node]:
    """Yield the parse trees of a text of SQL statements."""
    tree = MessageToDict(postgast.parse(text), preserving_proto_field_name=True)
    for one in tree.get("stmts", []):
        yield one["stmt"]


def walk(node: object) -> Iterator[tuple[str, Any]]:
    """Yield every key of a parse tree with its value, outer ones first."""
    if isinstance(node, list):
        for one in node:
            yield from walk(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)


def _expressions(tree: object) -> Iterator[tuple[str, int]]:
    for _, value in walk([tree]):
        if isinstance(value, dict) and isinstance(value.get("query"), str):
            yield value["query"], value.get("parseMode", 0)
