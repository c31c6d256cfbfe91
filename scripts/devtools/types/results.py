"""Results: which columns of a composite type may be null, and what a JSON result looks like.

PostgreSQL keeps neither fact, so the comments do. A column of a composite type that may be null
says so in its comment. A function that returns JSON writes its type, in TypeScript with double
quotes, after the word Returns.
"""

from __future__ import annotations

import re

import psycopg

_COLUMNS = """
    select c.relname, a.attname, coalesce(col_description(c.oid, a.attnum), '')
    from pg_class as c
    inner join pg_attribute as a on c.oid = a.attrelid
    where c.relkind = 'c' and c.relnamespace = 'public'::regnamespace and a.attnum > 0
"""
_FUNCTIONS = """
    select p.proname, coalesce(obj_description(p.oid, 'pg_proc'), '')
    from pg_proc as p
    where p.pronamespace = 'public'::regnamespace and p.prorettype = 'jsonb'::regtype
    order by p.proname
"""
_NULL = re.compile(r"\bnull\b", re.IGNORECASE)
_RETURNS = re.compile(r"\bReturns\s+(\{.+?\})(?=[.:;]|\s*$)", re.DOTALL)


def never_null(url: str) -> set[tuple[str, str]]:
    """Return type and column of what is never null."""
    with psycopg.connect(url) as connection:
        columns = connection.execute(_COLUMNS).fetchall()
    return {(name, column) for name, column, comment in columns if not _NULL.search(comment)}


def of_json(url: str) -> dict[str, str]:
    """Return the TypeScript of the result of each function that returns JSON, by its name.

    Raises LookupError for a function whose comment does not say it.
    """
    with psycopg.connect(url) as connection:
        functions = connection.execute(_FUNCTIONS).fetchall()
    found = {name: _RETURNS.search(comment) for name, comment in functions}
    if silent := [name for name, said in found.items() if said is None]:
        raise LookupError(f"the comment must say `Returns {{…}}.`: {', '.join(silent)}")
    return {name: " ".join(said[1].split()) for name, said in found.items() if said}
