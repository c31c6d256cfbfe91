"""Hostile reading of tables and views, made from what the catalog says of their columns."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.database import Database
from tests.support.security.hostile.shapes import HEADERS, QUERIES, in_url
from tests.support.security.hostile.values import IDS, NASTY, RAW
from tests.support.security.hostile.wire import Call

RELATIONS = """
select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
from pg_class as c inner join pg_attribute as a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
    and a.attnum > 0 and not a.attisdropped
group by c.relname
order by 1
"""
OPERATORS = [
    *("eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch", "is", "in"),
    *("cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "fts", "plfts", "phfts", "wfts"),
    *("isdistinct", "eq(any)", "like(all)", "fts(english)", "fts(nonsense)", "nonsense", ""),
]
VALUES = [
    *(*IDS, *RAW, "null", "true", "unknown", "(1,2)", '("a,b")', "{1,2}", "{", "[1,2)", "(a.*)*b"),
    *("%", "*", "_", "\\", "a\\", "((((", "(?=x)", "[[:<:]]", "a & b", "!", "2026-01-01", "now"),
    *("infinity", "-infinity", "9999999-01-01", "1 day", "0x10", "1_000", "P1Y", "succeeded"),
]
CASTS = [
    *("text", "integer", "uuid", "json", "xml", "regclass", "regrole", "bytea", "date", "money"),
    *("nonsense", "void", "record", "private.settings", "int4range", "bigint[]", "name", "oid"),
]
PIECES = ["->a", "->>a", "->0", "->>-1", "->a->b->>c", "->", "->>", "->>'a'", "->99999999999"]
SUMS = ["count()", "sum()", "max()", "avg()", "nonsense()"]


@dataclass(frozen=True)
class Relation:
    """A table or a view that is served."""

    name: str
    columns: list[str]


def relations(db: Database) -> list[Relation]:
    """Return every table and view of the schema that is served."""
    return [Relation(**row) for row in db.rows(RELATIONS)]


def _columns(relation: Relation) -> st.SearchStrategy[str]:
    return st.sampled_from([*relation.columns, *relation.columns, "nonsense", "*", "ctid", "xmin"])


@st.composite
def _selects(draw: st.DrawFn, relation: Relation, others: list[Relation], depth: int = 0) -> str:
    """Choose columns, cast, summed up or taken apart, and rows of other relations with them."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        column = draw(_columns(relation))
        manner = draw(st.sampled_from(["", "", "cast", "piece", "alias", "sum", "embed", "embed"]))
        if manner == "embed" and depth < 3:
            other = draw(st.sampled_from(others))
            inner = draw(_selects(other, others, depth + 1))
            how = draw(st.sampled_from(["", "", "!inner", "!left", "!nonsense", "!profile_id"]))
            spread = draw(st.sampled_from(["", "", "...", "mine:"]))
            column = f"{spread}{other.name}{how}({inner})"
        elif manner == "cast":
            column += "::" + draw(st.sampled_from(CASTS))
        elif manner == "piece":
            column += draw(st.sampled_from(PIECES))
        elif manner == "alias":
            column = in_url(draw(st.sampled_from(NASTY))) + ":" + column
        elif manner == "sum":
            column += "." + draw(st.sampled_from(SUMS))
        parts.append(column)
    return ",".join(parts)


@st.composite
def _filters(draw: st.DrawFn, relation: Relation) -> tuple[str, str]:
    """Compare a column with something."""
    column = draw(_columns(relation)) + draw(st.sampled_from(["", "", "", *PIECES[:3]]))
    value = draw(st.sampled_from(VALUES) | st.sampled_from(NASTY) | st.text(max_size=20))
    operator = draw(st.sampled_from(OPERATORS))
    if operator == "in" or "(a" in operator:
        around = "({})" if operator == "in" else "{{{}}}"
        value = draw(st.sampled_from([value, around.format(value), around.format(f"{value},1")]))
    negated = draw(st.sampled_from(["", "", "not."]))
    return column, f"{negated}{operator}.{in_url(value)}"


@st.composite
def _conditions(draw: st.DrawFn, relation: Relation) -> str:
    column, value = draw(_filters(relation))
    manner = draw(st.sampled_from(["", "", "", "or", "and", "not.or"]))
    if not manner:
        return f"{column}={value}"
    more = ",".join(f"{c}.{v}" for c, v in draw(st.lists(_filters(relation), max_size=2)))
    return f"{manner}=({column}.{value}{',' if more else ''}{more})"


@st.composite
def _fair(draw: st.DrawFn, relation: Relation) -> list[str]:
    """Ask for rows as an honest client does."""
    column = st.sampled_from(relation.columns)
    ids = [name for name in relation.columns if name == "id" or name.endswith("_id")]
    filters = column.map(lambda name: f"{name}=not.is.null")
    parts: list[str] = draw(st.lists(filters, max_size=1))
    if ids and draw(st.sampled_from([True, False])):
        operator = draw(st.sampled_from(["eq", "neq"]))
        parts.append(f"{draw(st.sampled_from(ids))}={operator}.{draw(st.sampled_from(IDS))}")
    if draw(st.booleans()):
        parts.append(f"select={draw(column)},{draw(column)}")
    return [*parts, f"order={draw(column)}", f"limit={draw(st.integers(1, 99))}"]


@st.composite
def readings(draw: st.DrawFn, relation: Relation, others: list[Relation]) -> Call:
    """Make a request for rows: some are fair, and the others wrong in a way or two."""
    if draw(st.sampled_from([True, False, False])):
        return Call("GET", f"/{relation.name}?{'&'.join(draw(_fair(relation)))}")
    parts: list[str] = []
    if draw(st.booleans()):
        parts.append("select=" + draw(_selects(relation, others)))
    parts += draw(st.lists(_conditions(relation), max_size=2))
    if draw(st.sampled_from([True, False, False])):
        ways = st.sampled_from(["", ".asc", ".desc.nullslast", ".nonsense", "->a", ",id"])
        parts.append(f"order={draw(_columns(relation))}{draw(ways)}")
    if draw(st.sampled_from([True, False, False])):
        name = draw(st.sampled_from(["limit", "offset"]))
        parts.append(f"{name}={draw(st.sampled_from(['0', '1', '-1', '9' * 12, '9' * 30, 'x']))}")
    if draw(st.sampled_from([True, False, False, False])):
        parts.append(draw(st.sampled_from(QUERIES)))
    method = draw(st.sampled_from(["GET"] * 9 + ["HEAD"]))
    headers = draw(st.lists(st.sampled_from(HEADERS), max_size=2))
    return Call(method, f"/{relation.name}?{'&'.join(parts)}", tuple(headers))
