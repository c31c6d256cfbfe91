"""The words that a text column takes, read from CHECK constraints and from what views select.

A table lists the words of a column by `column in ('a', 'b')`, or by `case column when 'a' then …
else false end`. A column of a view has the words of the column that it selects; a constant of
another branch of the view is one more word.
"""

from __future__ import annotations

import re
from typing import Any

import postgast
import psycopg
from google.protobuf.json_format import MessageToDict

Words = dict[tuple[str, str], tuple[str, ...]]

_CHECKS = """
    select c.relname, pg_get_constraintdef(o.oid)
    from pg_constraint as o
    inner join pg_class as c on o.conrelid = c.oid
    where o.contype = 'c' and o.connamespace = 'public'::regnamespace
    order by o.conname
"""
_VIEWS = "select viewname, definition from pg_views where schemaname = 'public' order by viewname"
_LISTED = re.compile(r"CHECK \(\((\w+) = ANY \(ARRAY\[([^\]]+)\]\)\)\)")
_CASES = re.compile(r"CHECK \(\s*CASE (\w+)\s(.*)\sELSE false\s+END\)", re.DOTALL)
_WORD = re.compile(r"'(\w+)'::text")
_WHEN = re.compile(r"WHEN '(\w+)'::text THEN")


def read(url: str) -> Words:
    """Return the words of each column of the schema public, by table or view and column."""
    with psycopg.connect(url) as connection:
        checks = connection.execute(_CHECKS).fetchall()
        views = connection.execute(_VIEWS).fetchall()
    found: Words = {}
    for table, definition in checks:
        if listed := _LISTED.fullmatch(definition):
            found[table, listed[1]] = tuple(_WORD.findall(listed[2]))
        elif cases := _CASES.fullmatch(definition):
            found[table, cases[1]] = tuple(_WHEN.findall(cases[2]))
    for view, definition in views:
        found |= _of_view(view, definition, found)
    return found


def _of_view(view: str, definition: str, tables: Words) -> Words:
    parsed = MessageToDict(postgast.parse(definition), preserving_proto_field_name=True)
    branches = list(_branches(parsed["stmts"][0]["stmt"]["select_stmt"]))
    columns = [_selected(branch) for branch in branches]
    found: Words = {}
    for position, name in enumerate(_names(branches[0])):
        words = [_words_of(column[position], tables) for column in columns]
        if any(one is None for one in words):
            continue
        found[view, name] = tuple(word for one in words if one is not None for word in one)
    return {key: words for key, words in found.items() if words}


def _branches(select: dict[str, Any]) -> list[dict[str, Any]]:
    if "larg" in select:
        return [*_branches(select["larg"]), *_branches(select["rarg"])]
    return [select]


def _names(select: dict[str, Any]) -> list[str]:
    targets = [target["res_target"] for target in select["target_list"]]
    return [one.get("name") or _fields(one["val"])[-1] for one in targets]


def _selected(select: dict[str, Any]) -> list[tuple[str, str] | str | None]:
    """Return for each selected value its table and column, its constant word, or nothing."""
    tables = _aliases(select["from_clause"])
    found: list[tuple[str, str] | str | None] = []
    for target in select["target_list"]:
        value = target["res_target"]["val"]
        fields = _fields(value)
        if len(fields) == 2 and fields[0] in tables:
            found.append((tables[fields[0]], fields[1]))
        else:
            found.append(_constant(value))
    return found


def _aliases(sources: list[dict[str, Any]]) -> dict[str, str]:
    found = {}
    for source in sources:
        if table := source.get("range_var"):
            found[table.get("alias", {}).get("aliasname", table["relname"])] = table["relname"]
        elif join := source.get("join_expr"):
            found |= _aliases([join["larg"], join["rarg"]])
    return found


def _fields(value: dict[str, Any]) -> list[str]:
    fields = value.get("column_ref", {}).get("fields", [])
    return [field["string"]["sval"] for field in fields if "string" in field]


def _constant(value: dict[str, Any]) -> str | None:
    constant = value.get("type_cast", {}).get("arg", {}).get("a_const", {})
    word = constant.get("sval", {}).get("sval")
    return None if word is None else str(word)


def _words_of(selected: tuple[str, str] | str | None, tables: Words) -> tuple[str, ...] | None:
    return (selected,) if isinstance(selected, str) else tables.get(selected) if selected else None
