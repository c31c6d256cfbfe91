"""Try many things as many people in one transaction, and leave nothing behind."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from tests.support.database import Connection

# Many small tables, looked at again and again.
QUICK = """
set local max_parallel_workers_per_gather = 0;
set local jit = off;
set local plan_cache_mode = force_generic_plan
"""
# One round trip for all of it: each try runs in a block that is rolled back.
INSTALL = """
create temporary table if not exists started (number integer);
create or replace function pg_temp.probe(tries jsonb)
returns jsonb
language plpgsql
as $probe$
declare
    v_try jsonb;
    v_said jsonb;
    v_after jsonb;
    v_detail text;
    v_number text;
    v_all jsonb[] := '{}';
begin
    for v_try in select t.value from jsonb_array_elements(tries) as t (value) loop
        begin
            if v_try ? 'before' then
                execute v_try ->> 'before';
            end if;
            -- What is written or locked after this has a later number.
            insert into pg_temp.started values (1) returning xmin::text into v_number;
            perform
                set_config('probe.number', v_number, true),
                set_config('storage.allow_delete_query', 'true', true),
                set_config('request.jwt.claims', coalesce(v_try ->> 'claims', ''), true),
                set_config('realtime.topic', coalesce(v_try ->> 'topic', ''), true),
                set_config('role', v_try ->> 'role', true);
            -- A block with an exception of its own has a number of its own.
            begin
                if (v_try ->> 'reads')::boolean then
                    execute v_try ->> 'statement' into v_said;
                else
                    execute v_try ->> 'statement';
                    v_said := null;
                end if;
            exception
                when sqlstate 'PRB02' then
                    null;
            end;
            perform set_config('role', 'none', true);
            v_after := null;
            if v_try ? 'after' then
                execute v_try ->> 'after' into v_after;
            end if;
            raise exception using
                errcode = 'PRB01',
                message = jsonb_build_object('said', v_said, 'after', v_after)::text;
        exception
            when sqlstate 'PRB01' then
                v_all := v_all || sqlerrm::jsonb;
            when others then
                get stacked diagnostics v_detail = pg_exception_detail;
                v_all := v_all || jsonb_build_object(
                    'error', sqlstate, 'message', sqlerrm, 'detail', v_detail
                );
        end;
    end loop;
    return to_jsonb(v_all);
end
$probe$
"""

# To write to a column that writes itself, and to a view that does not say how.
IMPOSSIBLE = ("428C9", "55000")
Claims = dict[str, Any] | str


@dataclass(frozen=True)
class Try:
    """One statement of somebody; what `before` and `after` do is done by the superuser."""

    role: str
    statement: str
    person: uuid.UUID | None = None
    topic: str = ""
    reads: bool = False
    before: str = ""
    after: str = ""
    # What the token says beside or instead of this; as a text, all that it says.
    claims: Claims = field(default_factory=dict, hash=False)

    def as_json(self) -> dict[str, Any]:
        """Write it as the function takes it."""
        claims: Any = {"role": self.role} | ({"sub": str(self.person)} if self.person else {})
        said = self.claims if isinstance(self.claims, str) else json.dumps(claims | self.claims)
        given = {"before": self.before, "after": self.after}
        return {
            "role": self.role,
            "statement": self.statement,
            "claims": said,
            "topic": self.topic,
            "reads": self.reads,
        } | {name: statement for name, statement in given.items() if statement}


@dataclass(frozen=True)
class Outcome:
    """What came of it: an answer and what was seen afterwards, or an error."""

    said: Any = None
    after: Any = None
    error: str = ""
    message: str = ""
    detail: str = ""

    @property
    def is_denied(self) -> bool:
        """Return whether a privilege or a policy refused it, or it can be done by nobody."""
        return self.error in {"42501", *IMPOSSIBLE}


def run(connection: Connection, tries: Sequence[Try], remark: str = "") -> list[Outcome]:
    """Try them one after the other, in the transaction that is open as the superuser.

    The remark is part of the query that all of them can see.
    """
    connection.execute(QUICK)
    connection.execute(INSTALL)
    given = json.dumps([one.as_json() for one in tries])
    query = f"select pg_temp.probe(%s::jsonb) as said /* {remark} */"
    row = connection.execute(query.encode(), (given,)).fetchone()
    assert row is not None
    return [Outcome(**outcome) for outcome in row["said"]]


def quoted(text: object) -> str:
    """Write a text into a statement."""
    return sql.Literal(str(text)).as_string()
