"""How many statements the server runs for one transaction, those inside of functions too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from devtools.bench import load, pgbench
from local_stack.postgres import ADMIN

if TYPE_CHECKING:
    from devtools.bench.load import Loaded
    from devtools.bench.scenarios import Scenario
    from local_stack.postgres import Postgres

_TIMES = 20
_CALLS = """
    select sum(s.calls)::bigint
    from extensions.pg_stat_statements as s
    where
        s.dbid = (select d.oid from pg_database as d where d.datname = current_database())
        -- Not what the bench itself asks.
        and s.userid <> current_user::regrole
"""


def of_a_transaction(server: Postgres, loaded: Loaded, scenario: Scenario) -> float:
    """Run a scenario a few times with every statement counted, which no measured run has."""
    role = sql.Identifier(scenario.role)
    with psycopg.connect(server.url(ADMIN, loaded.name), autocommit=True) as admin:
        admin.execute("create extension if not exists pg_stat_statements schema extensions")
        admin.execute(sql.SQL("alter role {} set pg_stat_statements.track = 'all'").format(role))
        try:
            admin.execute("select extensions.pg_stat_statements_reset()")
            pgbench.run(
                server,
                loaded.name,
                loaded.side.scripts / f"{scenario.script}.sql",
                role=scenario.role,
                clients=1,
                length=("-t", _TIMES),
                persons=loaded.persons(is_hot=False),
            )
            row = admin.execute(_CALLS).fetchone()
        finally:
            admin.execute(sql.SQL("alter role {} reset pg_stat_statements.track").format(role))
    load.settle(server, loaded)
    return float((row or (0,))[0]) / _TIMES
