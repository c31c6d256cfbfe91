"""Forms of a statement that change their meaning, or are refused, where rows live on several nodes.

docs/conventions.md says why for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import postgast
import psycopg

from devtools.gates import table_classes
from devtools.gates.named_person import tables
from devtools.gates.outcome import Findings
from devtools.gates.sql_functions import Function, Node, functions, statements, walk
from devtools.gates.statement_scope import Table

# The one function that wakes workers, and the one that tells browsers.
SENDERS = {"pg_notify": "private.wake_worker", "send": "private.tg_generations__broadcast"}

_VOLATILITY = """
    select p.proname, max(case p.provolatile when 'v' then 2 when 's' then 1 else 0 end)
    from pg_proc as p
    where p.pronamespace in (
        'public'::regnamespace, 'private'::regnamespace, 'pg_catalog'::regnamespace,
        'realtime'::regnamespace
    )
    group by p.proname
"""
_OURS = """
    select p.proname
    from pg_proc as p
    where
        p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and p.provolatile = 'v'
"""
_IDENTITIES = """
    select c.relname, a.attname
    from pg_class as c
    inner join pg_attribute as a on c.oid = a.attrelid
    where
        c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        and a.attidentity <> ''
"""
# How the name of a core ends.
CORE = "_for"
# A row is locked in the order of a key, which is no order of time.
_IS_LOCK = "locking_clause"


def check(url: str) -> Findings:
    """Read every function of a migrated database."""
    with psycopg.connect(url) as connection:
        forms = _Forms(
            tables(connection),
            dict(connection.execute(_VOLATILITY).fetchall()),
            {name for (name,) in connection.execute(_OURS).fetchall()},
            set(connection.execute(_IDENTITIES).fetchall()),
            {
                table.partition(".")[2]
                for table, line in table_classes.read().items()
                if line.name == "reference"
            },
        )
        found = functions(connection)
    trees = {function: _trees(function) for function in found}
    cores = _reachable_from_cores(trees)
    return [
        f"{function.name}: {finding}"
        for function in found
        for finding in (
            *forms.of(function, trees[function]),
            *(forms.mixed(trees[function]) if function.name in cores else ()),
        )
    ]


def _trees(function: Function) -> list[Node]:
    try:
        return [tree for text in function.texts() for tree in statements(text)]
    except postgast.PgQueryError:
        return []  # The gate of named persons reports it.


def _reachable_from_cores(trees: Mapping[Function, list[Node]]) -> set[str]:
    """Return the functions that a core calls, itself or through others."""
    calls: dict[str, set[str]] = {}
    for function, ours in trees.items():
        called = {_called(body) for key, body in walk(ours) if key == "func_call"}
        calls.setdefault(function.name, set()).update(f"private.{name}" for name in called)
    waiting = [name for name in calls if name.endswith(CORE)]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += calls.get(name, ())
    return reached


class _Forms:
    def __init__(
        self,
        tables: Mapping[str, Table],
        volatility: Mapping[str, int],
        ours: set[str],
        identities: set[tuple[str, str]],
        reference: set[str],
    ) -> None:
        self._tables = tables
        self._volatility = volatility
        # Ours that change something: what only reads or computes may stand anywhere.
        self._ours = ours
        self._identities = identities
        self._reference = reference

    def mixed(self, trees: list[Node]) -> Iterator[str]:
        """Find statements of a core that read people's tables and reference tables at once."""
        for tree in trees:
            names = {body["relname"] for key, body in walk(tree) if _is_table(key, body)}
            people = {name for name in names if name in self._tables and self._tables[name].person}
            reference = names & self._reference
            if people and reference:
                yield f"reads {min(people)} and {min(reference)} in one statement of a core"

    def of(self, function: Function, trees: list[Node]) -> Iterator[str]:
        """Find the forms that no function may have."""
        rules: list[Callable[[str, Node], Iterator[str]]] = [
            self._side_effects,
            self._in_case,
            self._identity_order,
        ]
        for tree in trees:
            for key, body in walk(tree):
                if key.endswith("_stmt") and isinstance(body, dict):
                    for rule in rules:
                        yield from rule(key, body)
                if key == "notify_stmt" and function.name != SENDERS["pg_notify"]:
                    yield f"notifies, which {SENDERS['pg_notify']} is for"
                if (
                    key == "func_call"
                    and SENDERS.get(_called(body), function.name) != function.name
                ):
                    yield f"calls {_called(body)}, which {SENDERS[_called(body)]} is for"

    def _side_effects(self, kind: str, body: Node) -> Iterator[str]:
        """Find calls that would run once for each row, on the node of the row."""
        # A table within a subquery gives rows as well.
        if kind != "select_stmt" or not any(
            key == "range_var" for key, _ in walk(body.get("from_clause", []))
        ):
            return
        for name in _calls(body.get("target_list", [])):
            if name in self._ours:
                yield f"calls {name} in a select list over a table"

    def _in_case(self, kind: str, body: Node) -> Iterator[str]:
        """Find values that the clock of each node would decide."""
        if kind != "update_stmt":
            return
        for key, node in walk(body.get("target_list", [])):
            if key in ("case_expr", "coalesce_expr"):
                for name in _calls(node):
                    if self._volatility.get(name, 0) > 0:
                        yield f"calls {name} within case or coalesce of an update"
                if any(one == "sqlvalue_function" for one, _ in walk(node)):
                    yield "reads the clock within case or coalesce of an update"

    def _identity_order(self, kind: str, body: Node) -> Iterator[str]:
        """Find an identity as an order of time: a second node counts from elsewhere."""
        if kind != "select_stmt" or _IS_LOCK in body:
            return
        aliases = {
            one.get("alias", {}).get("aliasname", one["relname"]): one["relname"]
            for one in _ranges(body.get("from_clause", []))
        }
        sorted_by: list[str] = []
        for item in body.get("sort_clause", []):
            node = item["sort_by"]["node"]
            if "column_ref" not in node:
                continue
            names = [
                one["string"]["sval"] for one in node["column_ref"]["fields"] if "string" in one
            ]
            alias = names[-2] if len(names) > 1 else next(iter(aliases), "")
            table = aliases.get(alias, "") if len(names) > 1 or len(aliases) == 1 else ""
            is_person = table in self._tables and self._tables[table].person
            if (
                is_person
                and (table, names[-1]) in self._identities
                and not any(name.endswith("_at") for name in sorted_by)
            ):
                yield f"orders {table} by {names[-1]}, which is no order of time"
            sorted_by.append(names[-1])


def _is_table(key: str, body: object) -> bool:
    return key in ("range_var", "relation") and isinstance(body, dict) and "relname" in body


def _ranges(items: object) -> list[Node]:
    """Return the tables of a from clause, not those of subqueries."""
    if isinstance(items, list):
        return [one for item in items for one in _ranges(item)]
    if not isinstance(items, dict):
        return []
    if "range_var" in items:
        return [items["range_var"]]
    if "join_expr" in items:
        join = items["join_expr"]
        return _ranges(join["larg"]) + _ranges(join["rarg"])
    return []


def _calls(node: object) -> Iterator[str]:
    """Yield the functions that an expression calls, not those of its subqueries."""
    if isinstance(node, list):
        for one in node:
            yield from _calls(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "func_call":
                yield _called(value)
            if key != "sub_link":
                yield from _calls(value)


def _called(node: Node) -> str:
    return str(node["funcname"][-1]["string"]["sval"])
