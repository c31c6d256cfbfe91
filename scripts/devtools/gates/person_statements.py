"""Which statements read or change a person's table without saying whose row they mean.

A statement names the person when each person's table in it has its column of the person equal to a
value that is known before the statement, by itself or by joins on that column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from devtools.gates.sql_functions import Node, statements
from devtools.gates.statement_scope import KNOWN, Column, Scope, Table

_places = count(1)
_STATEMENTS = ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt")


@dataclass(frozen=True)
class Finding:
    """A person's table that a statement reads or changes without naming the person."""

    table: str
    statement: str
    is_locked: bool


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
            names = _output_names(expression["ctequery"], expression.get("aliascolnames"))
            scope.queries[expression["ctename"]] = names, frozenset()
            inner, known = self._statement(expression["ctequery"], scope)
            found += inner
            scope.queries[expression["ctename"]] = names, known
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
        if "on_conflict_clause" in body:
            self._place_conflict(body, scope, own)
        locked = _locked(kind, body, scope)
        text = _text(kind, body)
        found += [
            Finding(table.name, text, place in locked)
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
                names, known = scope.queries[node["relname"]]
                table = Table(node["relname"], names)
                for name in known:
                    scope.equate((place, name), KNOWN)
            else:
                schema, name = node.get("schemaname", "public"), node["relname"]
                # A body of PL/pgSQL arrives with its private schema called public.
                ours = schema in ("public", "private") and self._tables.get(name)
                table = ours or Table(name, frozenset())
            scope.places[alias] = (place, table)
            own.append((place, table))
        else:
            place = next(_places)
            alias = node.get("alias", {}).get("aliasname", f"{place}")
            columns = [one["string"]["sval"] for one in node.get("alias", {}).get("colnames", [])]
            if kind == "range_subselect":
                columns += _output_names(node["subquery"])
                subqueries.append((alias, node["subquery"]))
            else:
                # A function: its value by its alias, or the columns that are listed after it.
                definitions = node.get("coldeflist", [])
                columns += [alias, *(one["column_def"]["colname"] for one in definitions)]
            scope.places[alias] = (place, Table(alias, frozenset(columns)))

    def _place_conflict(self, body: Node, scope: Scope, own: list[tuple[int, Table]]) -> None:
        """Give the row that an insert would change instead its place."""
        clause = body["on_conflict_clause"]
        if clause["action"] != "ONCONFLICT_UPDATE":
            return
        self._place({"range_var": body["relation"]}, scope, own, [])
        place, table = own[-1]
        for element in clause.get("infer", {}).get("index_elems", []):
            # A row with the inserted row's person.
            if table.person and element["index_elem"].get("name") == table.person:
                scope.equate((place, table.person), KNOWN)
        if "where_clause" in clause:
            _equate(clause["where_clause"], scope)

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
    # What an outer join asks of the side it keeps restricts nothing there.
    asked = {"JOIN_LEFT": [join["rarg"]], "JOIN_RIGHT": [join["larg"]], "JOIN_FULL": []}
    sides = asked.get(join.get("jointype", "JOIN_INNER"))
    only = None
    if sides is not None:
        only = {scope.places[alias][0] for side in sides for alias in _aliases(side)}
    if "quals" in join:
        _equate(join["quals"], scope, only)


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
    """Note what a condition, all of it true, says is equal; it may restrict only these places."""
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
            if only is None:
                scope.equate(one, other)
                continue
            pairs = ((one, other), (other, one))
            scope.follows += [(mine, its) for mine, its in pairs if mine[0] in only]


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


def _output_names(query: Node, renamed: list[Node] | None = None) -> frozenset[str]:
    """Return the names of a query's columns, but for those of a star."""
    ((_, body),) = query.items()
    while "larg" in body:
        body = body["larg"]
    names = {one["string"]["sval"] for one in renamed or []}
    for target in body.get("target_list", []) or body.get("returning_list", []):
        node = target["res_target"]
        fields = node.get("val", {}).get("column_ref", {}).get("fields", [{}])
        names.add(node.get("name") or fields[-1].get("string", {}).get("sval", ""))
    return frozenset(names - {""})


def _locked(kind: str, body: Node, scope: Scope) -> set[int]:
    """Return the places of the tables whose rows a statement locks, not those it only reads."""
    if kind == "select_stmt":
        clauses = [one["locking_clause"] for one in body.get("locking_clause", [])]
        lists = [one.get("locked_rels", body.get("from_clause", [])) for one in clauses]
    else:
        lists = [[{"range_var": body["relation"]}]]
    names = {alias for items in lists for item in items for alias in _aliases(item)}
    return {scope.places[name][0] for name in names if name in scope.places}


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
