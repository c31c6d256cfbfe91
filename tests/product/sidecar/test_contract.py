"""The typed store against the catalog: each method calls a function that its role may call."""

from __future__ import annotations

import inspect
import re
from typing import get_type_hints

from functions_py import store
from functions_py.store import Store
from tests.support.database import Database

_CALLED = re.compile(r'"(\w+)"')
_GRANTED = """
    select p.proname, p.pronargs, p.proretset
    from pg_proc as p
    where p.pronamespace = 'private'::regnamespace
        and has_function_privilege('thumbsmith_sidecar', p.oid, 'execute')
        and not has_function_privilege('authenticated', p.oid, 'execute')
    order by p.proname
"""
# A report is called with the job and the lease before what it says.
_OF_THE_JOB = 2


def methods() -> dict[str, tuple[str, int]]:
    """Return method and number of arguments by the SQL function that each method calls."""
    found = {}
    for name, method in inspect.getmembers(Store, inspect.iscoroutinefunction):
        if name in Store.__abstractmethods__ or name.startswith("_"):
            continue
        (function,) = _CALLED.findall(inspect.getsource(method).partition("await")[2])
        given = [one for one in get_type_hints(method, vars(store) | EXTRA) if one != "return"]
        is_report = "job" in given
        found[function] = (name, len(given) - is_report + is_report * _OF_THE_JOB)
    return found


EXTRA = {"UUID": object, "Json": dict, "Callable": object}


def test_every_method_calls_a_granted_function_and_every_granted_one_is_called(
    db: Database,
) -> None:
    granted = {row["proname"]: row["pronargs"] for row in db.rows(_GRANTED)}
    called = {function: count for function, (_, count) in methods().items()}
    # Asked once, before anything runs: not by the store.
    del granted["stripe_livemode"]
    assert called == granted


def test_a_function_that_returns_a_table_is_the_claim_alone(db: Database) -> None:
    tables = [row["proname"] for row in db.rows(_GRANTED) if row["proretset"]]
    assert tables == ["claim_jobs"]
