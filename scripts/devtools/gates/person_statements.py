"""Which statements read or change a person's table without saying whose row they mean.

A statement names the person when each person's table in it has its column of the person equal to a
value that is known before the statement, by itself or by joins on that column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from devtools.gates.sql_functions import Node, statements

# A column of one table in one statement: the number of its place in a from clause, and its name.
Column = tuple[int, str]
KNOWN: Column = (0, "")

_places = count(1)
_STATEMENTS = ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt")


@dataclass(frozen=True)
class Table:
    """A table that a statement may read: its columns, and the person's, if it has people's rows."""

    name: str
    columns: frozenset[str]
    person: str | None = None


@dataclass(frozen=True)
class Finding:
    """A person's table that a statement reads or changes without naming the person."""

    table: str
    statement: str
    is_locked: bool


@dataclass
class Scope:
    """What a statement sees: its own tables and those of the statements around it."""

    places: dict[str, tuple[int, Table]] = field(default_factory=dict)
    # Each column's class of equal columns, as a forest.
    parents: dict[Column, Column] = field(default_factory=dict)
    queries: dict[str, frozenset[str]] = field(default_factory=dict)

    def inner(self) -> Scope:
        """Return what a statement inside this one sees."""
        return Scope(dict(self.places), dict(self.parents), dict(self.queries))

    def class_of(self, column: Column) -> Column:
        """Return the column that stands for all that are equal to this one."""
        while column in self.parents:
            column = self.parents[column]
        return column

    def equate(self, left: Column, right: Column) -> None:
        """Note that two columns are equal."""
        left, right = sorted((self.class_of(left), self.class_of(right)))
        if left != right:
            # The smaller one stands for both, and KNOWN is the smallest.
            self.parents[right] = left

    def is_known(self, column: Column) -> bool:
        """Return whether the value is known before the statement."""
        return self.class_of(column) == KNOWN

    def column(self, node: Node) -> Column | None:
        """Return the column that a reference means; None when it is a variable."""
        names = [one["string"]["sval"] for one in node["fields"] if "string" in one]
        if len(names) == 1:
            for place, table in self.places.values():
                if names[0] in table.columns:
                    return place, names[0]
        elif len(names) > 1 and names[-2] in self.places:
            return self.places[names[-2]][0], names[-1]
        return None


class Reader:
    """Reads statements with the tables that there are."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        """Take the tables by their names with schema."""
        self._tables = tables

    def findings(self, text: str) -> list[Finding]:
        """Return what a text of SQL statements does not say."""
        return [
            finding
            for statement in statements(text)
            for finding in self._statement(statement, Scope())[0]
        ]

    def _statement(self, node: Node, outer: Scope) -> tuple[list[Finding], frozenset[str]]:
        """Return the findings of a statement and its output columns that hold the known person."""
        ((kind, body),) = node.items()
        if kind not in _STATEMENTS:
            return self._inside(body, outer), frozenset()
        return self._of_query(kind, body, outer)

    def _of_query(
        self, kind: str, body: Node, outer: Scope
    ) -> tuple[list[Finding], frozenset[str]]:
        scope = outer.inner()
        found: list[Finding] = []
        for one in body.get("with_clause", {}).get("ctes", []):
            expression = one["common_table_expr"]
            scope.queries[expression["ctename"]] = frozenset()
            inner, known = self._statement(expression["ctequery"], scope)
            found += inner
            scope.queries[expression["ctename"]] = known
        if "larg" in body:
            left, known = self._of_query(kind, body["larg"], scope)
            right, known_right = self._of_query(kind, body["rarg"], scope)
            return found + left + right, known & known_right

        items = list(body.get("from_clause", [])) + list(body.get("using_clause", []))
        if kind in ("update_stmt", "delete_stmt", "merge_stmt"):
            items.insert(0, {"range_var": body["relation"]})
        if "source_relation" in body:
            items.append(body["source_relation"])
        own: list[tuple[int, Table]] = []
        subqueries: list[tuple[str, Node]] = []
        for item in items:
            self._place(item, scope, own, subqueries)
        conditions = [body[key] for key in ("where_clause", "join_condition") if key in body]
        for item in items:
            _equate_joined(item, scope)
        for condition in conditions:
            _equate(condition, scope)
        for alias, query in subqueries:
            inner, known = self._statement(query, scope)
            found += inner
            for name in known:
                scope.equate((scope.places[alias][0], name), KNOWN)
        is_locked = kind != "select_stmt" or "locking_clause" in body
        text = _text(kind, body)
        found += [
            Finding(table.name, text, is_locked)
            for place, table in own
            if table.person and not scope.is_known((place, table.person))
        ]
        rest = {key: value for key, value in body.items() if key not in ("with_clause",)}
        found += self._inside(rest, scope)
        return found, _known_outputs(body, scope)

    def _place(
        self,
        item: Node,
        scope: Scope,
        own: list[tuple[int, Table]],
        subqueries: list[tuple[str, Node]],
    ) -> None:
        """Give each table of a from clause its place."""
        ((kind, node),) = item.items()
        if kind == "join_expr":
            self._place(node["larg"], scope, own, subqueries)
            self._place(node["rarg"], scope, own, subqueries)
        elif kind == "range_var":
            alias = node.get("alias", {}).get("aliasname", node["relname"])
            place = next(_places)
            if "schemaname" not in node and node["relname"] in scope.queries:
                table = Table(node["relname"], frozenset())
                for name in scope.queries[node["relname"]]:
                    scope.equate((place, name), KNOWN)
            else:
                schema, name = node.get("schemaname", "public"), node["relname"]
                # A body of PL/pgSQL arrives with its private schema called public.
                ours = schema in ("public", "private") and self._tables.get(name)
                table = ours or Table(name, frozenset())
            scope.places[alias] = (place, table)
            own.append((place, table))
        elif "alias" in node:
            alias = node["alias"]["aliasname"]
            scope.places[alias] = (next(_places), Table(alias, frozenset()))
            if kind == "range_subselect":
                subqueries.append((alias, node["subquery"]))

    def _inside(self, node: object, scope: Scope) -> list[Finding]:
        """Return the findings of the statements inside an expression."""
        if isinstance(node, list):
            return [finding for one in node for finding in self._inside(one, scope)]
        if not isinstance(node, dict):
            return []
        found: list[Finding] = []
        for key, value in node.items():
            if key == "range_subselect":
                continue
            if key in _STATEMENTS:
                found += self._of_query(key, value, scope)[0]
            else:
                found += self._inside(value, scope)
        return found


def _equate_joined(item: Node, scope: Scope) -> None:
    """Note what the joins of a from clause say is equal."""
    if "join_expr" not in item:
        return
    join = item["join_expr"]
    _equate_joined(join["larg"], scope)
    _equate_joined(join["rarg"], scope)
    outer = join.get("jointype", "JOIN_INNER") != "JOIN_INNER"
    # What an outer join asks of the side it keeps restricts nothing there.
    right = {scope.places[alias][0] for alias in _aliases(join["rarg"])} if outer else None
    if "quals" in join:
        _equate(join["quals"], scope, right)


def _aliases(item: Node) -> Iterator[str]:
    ((kind, node),) = item.items()
    if kind == "join_expr":
        yield from _aliases(node["larg"])
        yield from _aliases(node["rarg"])
    elif "alias" in node:
        yield node["alias"]["aliasname"]
    elif kind == "range_var":
        yield node["relname"]


def _equate(condition: Node, scope: Scope, only: set[int] | None = None) -> None:
    """Note what a condition, all of it true, says is equal; of constants only for these places."""
    ((kind, node),) = condition.items()
    if kind == "bool_expr" and node["boolop"] == "AND_EXPR":
        for one in node["args"]:
            _equate(one, scope, only)
    elif kind == "a_expr" and _is_equality(node):
        lefts, rights = _row(node["lexpr"]), _row(node["rexpr"])
        for left, right in zip(lefts, rights, strict=False):
            one, other = _value(left, scope), _value(right, scope)
            if one is None or other is None:
                continue
            if KNOWN in (one, other) and only is not None and not {one[0], other[0]} & only:
                continue
            scope.equate(one, other)


def _is_equality(node: Node) -> bool:
    is_operator = node.get("kind") in ("AEXPR_OP", "AEXPR_NOT_DISTINCT")
    return is_operator and node["name"][-1]["string"]["sval"] == "="


def _row(node: Node) -> list[Node]:
    return node["row_expr"]["args"] if "row_expr" in node else [node]


def _value(node: Node, scope: Scope) -> Column | None:
    """Return the column that an expression is, KNOWN for a known value, None for neither."""
    if "column_ref" in node:
        return scope.column(node["column_ref"]) or KNOWN
    if "type_cast" in node:
        return _value(node["type_cast"]["arg"], scope)
    return KNOWN if _reads_no_row(node, scope) else None


def _reads_no_row(node: object, scope: Scope) -> bool:
    if isinstance(node, list):
        return all(_reads_no_row(one, scope) for one in node)
    if not isinstance(node, dict):
        return True
    if "column_ref" in node:
        return scope.column(node["column_ref"]) is None
    return "from_clause" not in node and all(_reads_no_row(one, scope) for one in node.values())


def _known_outputs(body: Node, scope: Scope) -> frozenset[str]:
    """Return the names of the output columns whose value is known before the statement."""
    names = set()
    for target in body.get("target_list", []) or body.get("returning_list", []):
        node = target.get("res_target", {})
        value = node.get("val", {})
        if "column_ref" not in value:
            continue
        fields = value["column_ref"]["fields"]
        column = scope.column(value["column_ref"])
        if "a_star" in fields[-1]:
            names |= {
                name
                for alias, (place, _) in scope.places.items()
                if len(fields) == 1 or fields[-2]["string"]["sval"] == alias
                for (at, name) in list(scope.parents)
                if at == place and scope.is_known((at, name))
            }
        elif column is None or scope.is_known(column):
            names.add(node.get("name", fields[-1].get("string", {}).get("sval", "")))
    return frozenset(names)


def _text(kind: str, body: Node) -> str:
    """Return a short name of a statement: its verb and its tables."""
    names = sorted(set(_relations(body)))
    return f"{kind.removesuffix('_stmt')} on {', '.join(names)}"


def _relations(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _relations(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            if (key == "relation" and "relname" in value) or key == "range_var":
                yield value["relname"]
            elif key not in ("target_list", "where_clause"):
                yield from _relations(value)
