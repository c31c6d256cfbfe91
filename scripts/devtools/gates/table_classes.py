"""Whose rows each table holds: sql/table_classes.csv, and whether the tables are like that."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import psycopg

from devtools.gates.outcome import Findings
from thumbsmith.project import paths

BY_PERSON = "by person"
CLASSES = (BY_PERSON, "reference", "global", "per node")

_COLUMNS = """
    select
        c.relnamespace::regnamespace::text || '.' || c.relname,
        c.relkind in ('r', 'p'),
        a.attname,
        a.attnotnull
    from pg_class as c
    inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
    where
        c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        and c.relkind in ('r', 'p', 'v')
        and not c.relispartition
"""
# Tables that lead to profiles by foreign keys, directly or through others.
_PATHS = """
    with recursive bound as (
        select k.conrelid as id
        from pg_constraint as k
        where k.contype = 'f' and k.confrelid = 'public.profiles'::regclass
        union
        select k.conrelid
        from bound as l
        inner join pg_constraint as k on k.contype = 'f' and k.confrelid = l.id
    )

    select c.relnamespace::regnamespace::text || '.' || c.relname
    from bound as l
    inner join pg_class as c on l.id = c.oid
    order by 1
"""


@dataclass(frozen=True)
class TableClass:
    """A line of the file: the person's column of a table by person, or why it is not one."""

    table: str
    name: str
    person_column: str
    reason: str


def read(file: Path | None = None) -> dict[str, TableClass]:
    """Return the lines by table."""
    with (file or paths.table_classes_file()).open(newline="") as lines:
        rows = [
            TableClass(row["table"], row["class"], row["person_column"], row["reason"])
            for row in csv.DictReader(lines)
        ]
    return {row.table: row for row in rows}


def columns(connection: psycopg.Connection) -> dict[str, dict[str, bool]]:
    """Return the columns of each table and view, and whether each is not null."""
    found: dict[str, dict[str, bool]] = {}
    for table, _, column, is_required in connection.execute(_COLUMNS).fetchall():
        found.setdefault(table, {})[column] = is_required
    return found


def check(url: str, file: Path | None = None) -> Findings:
    """Compare the file with a migrated database."""
    classes = read(file)
    with psycopg.connect(url) as connection:
        rows = connection.execute(_COLUMNS).fetchall()
        required = {(table, column) for table, _, column, is_required in rows if is_required}
        tables = {table for table, is_table, _, _ in rows if is_table}
        leading = [table for (table,) in connection.execute(_PATHS).fetchall()]
    found = [f"{name}: a table without a class" for name in sorted(tables - classes.keys())]
    found += [f"{name}: a class of no table" for name in sorted(classes.keys() - tables)]
    for name, line in classes.items():
        if line.name not in CLASSES:
            found.append(f"{name}: {line.name} is no class")
        elif line.name != BY_PERSON and (line.person_column or not line.reason):
            found.append(f"{name}: says why it is not by person, and names no column of one")
        elif (
            line.name == BY_PERSON and name in tables and (name, line.person_column) not in required
        ):
            found.append(f"{name}: has no {line.person_column or 'person'} that is not null")
    # A row that nobody may own yet says so by a null.
    named = {table for table, _, column, _ in rows if column == "profile_id"}
    return found + [
        f"{name}: leads to profiles by its foreign keys, and has no profile_id"
        for name in leading
        if name in classes and classes[name].name != BY_PERSON and name not in named
    ]
