"""The typed store against the catalog: each method calls a function that its role may call."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from functions_py import store
from functions_py.store import Job, Store
from tests.support.database import Database

_CALLED = re.compile(r'"(\w+)"')
_GRANTED = """
    select p.proname, array(
        select format_type(a.type, null)
        from unnest(p.proargtypes::oid[]) with ordinality as a (type, position)
        order by a.position
    ) as types, p.proretset
    from pg_proc as p
    where p.pronamespace = 'private'::regnamespace
        and has_function_privilege('thumbsmith_sidecar', p.oid, 'execute')
        and not has_function_privilege('authenticated', p.oid, 'execute')
    order by p.proname
"""
# What psycopg sends for a type of Python, so that PostgreSQL finds the function by it.
_SENT: dict[object, set[str]] = {
    str: {"text"},
    int: {"integer", "bigint"},
    bool: {"boolean"},
    UUID: {"uuid"},
    dict[str, Any]: {"jsonb"},
}
_NAMES = {"UUID": UUID, "Json": dict[str, Any], "Callable": Callable}


def arguments() -> dict[str, list[set[str]]]:
    """Return which types each method sends, by the SQL function that it calls."""
    found = {}
    for name, method in inspect.getmembers(Store, inspect.iscoroutinefunction):
        if name in Store.__abstractmethods__ or name.startswith("_"):
            continue
        (function,) = _CALLED.findall(inspect.getsource(method).partition("await")[2])
        hints = get_type_hints(method, vars(store) | _NAMES)
        del hints["return"]
        found[function] = [sent for hint in hints.values() for sent in _types(hint)]
    return found


def _types(hint: Any) -> list[set[str]]:
    if hint is Job:  # a report names its job by person, number and lease
        return [{"uuid"}, {"bigint"}, {"uuid"}]
    if get_origin(hint) is UnionType:
        (hint,) = set(get_args(hint)) - {NoneType}
    return [_SENT[hint]]


def test_every_method_calls_a_granted_function_and_every_granted_one_is_called(
    db: Database,
) -> None:
    granted = {row["proname"]: row["types"] for row in db.rows(_GRANTED)}
    # Asked once, before anything runs: not by the store.
    del granted["stripe_livemode"]
    called = arguments()
    assert called.keys() == granted.keys()
    for function, sent in called.items():
        wanted = granted[function]
        fits = len(sent) == len(wanted) and all(w in s for s, w in zip(sent, wanted, strict=True))
        assert fits, f"{function}: sends {sent}, takes {wanted}"


def test_a_function_that_returns_a_table_is_the_claim_alone(db: Database) -> None:
    tables = [row["proname"] for row in db.rows(_GRANTED) if row["proretset"]]
    assert tables == ["claim_jobs"]
