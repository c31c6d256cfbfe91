"""Every statement of a function on a person's table names the person; exceptions say why not."""

from __future__ import annotations

import csv
from pathlib import Path

import postgast
import psycopg

from devtools.gates import table_classes
from devtools.gates.outcome import Findings
from devtools.gates.person_statements import Reader
from devtools.gates.sql_functions import Function, functions
from devtools.gates.statement_scope import Table

EXCEPTIONS = Path(__file__).with_name("person_exceptions.csv")
# The functions that may also lock such rows: many people's at once.
LOCKS = Path(__file__).with_name("lock_exceptions.csv")
# In the place of a table: a function that makes its statements from text.
DYNAMIC = "dynamic"

Exceptions = dict[tuple[str, str], str]


def exceptions(file: Path = EXCEPTIONS) -> Exceptions:
    """Return why a function may read a table without naming the person."""
    with file.open(newline="") as lines:
        return {(row["function"], row["table"]): row["reason"] for row in csv.DictReader(lines)}


def tables(connection: psycopg.Connection) -> dict[str, Table]:
    """Return the tables by their names without schema, which are unique over both of ours."""
    classes = table_classes.read()
    found = {}
    for name, columns in table_classes.columns(connection).items():
        line = classes.get(name)
        person = line.person_column if line and line.name == table_classes.BY_PERSON else None
        found[name.partition(".")[2]] = Table(name, frozenset(columns), person)
    return found


def check(url: str, file: Path = EXCEPTIONS, locks: Path = LOCKS) -> Findings:
    """Read every function of a migrated database."""
    return _compare(url, exceptions(file), exceptions(locks))


def _compare(url: str, allowed: Exceptions, allowed_locks: Exceptions) -> Findings:
    with psycopg.connect(url) as connection:
        reader = Reader(tables(connection))
        found: dict[tuple[str, str], list[str]] = {}
        locked: dict[tuple[str, str], list[str]] = {}
        for function in functions(connection):
            for table, text, is_locked in _unnamed(function, reader):
                found.setdefault((function.name, table), []).append(text)
                if is_locked:
                    locked.setdefault((function.name, table), []).append(text)
    return (
        [
            f"{name}: {text} does not say whose row of {table} it means"
            for (name, table), texts in found.items()
            if (name, table) not in allowed
            for text in texts
        ]
        + [
            f"{name}: {text} locks rows of {table} without saying whose"
            for (name, table), texts in locked.items()
            # What has no exception at all is said above.
            if (name, table) in allowed and (name, table) not in allowed_locks
            for text in texts
        ]
        + [
            f"{name}: the exception for {table} is not needed"
            for listed, needed in ((allowed, found), (allowed_locks, locked))
            for name, table in listed
            if (name, table) not in needed
        ]
        + [
            f"{name}: its exception says no reason"
            for listed in (allowed, allowed_locks)
            for (name, _), why in listed.items()
            if not why
        ]
    )


def _unnamed(function: Function, reader: Reader) -> list[tuple[str, str, bool]]:
    try:
        found = [
            (finding.table, finding.statement, finding.is_locked)
            for text in function.texts()
            for finding in reader.findings(text)
        ]
        if function.is_dynamic:
            found.append((DYNAMIC, "a statement made from text", False))
    except postgast.PgQueryError as error:
        return [(DYNAMIC, f"a body that cannot be read ({error})", False)]
    return found
