"""What people are told and what changes when they call what they may call, with ids of others too.

A person is told the same whether somebody else has rows or not: so each answer is compared with
the one of the untouched database, together with the rows that were written, locked or deleted, and
whose they were.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from local_stack.postgres import ADMIN
from tests.support.database import Connection
from tests.support.security.access.calls import all_calls
from tests.support.security.access.engine import Claims, Outcome, run
from tests.support.security.populated import PopulatedDatabase

TABLES = """
select format('%s.%s', n.nspname, c.relname) as name
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
where (n.nspname in ('public', 'private') or c.oid = 'storage.objects'::regclass)
    and c.relkind = 'r'
order by 1
"""
UNSTABLE = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|\+00| UTC|Z)?"), "<time>"),
    (re.compile(r'"((?:\w+_)?id|entry_number)": \d+'), r'"\1": <number>'),
    (re.compile(r'\d+(?= seconds)|(?<=Retry-After\\": \\")\d+'), "<seconds>"),
]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Transcript:
    """What each call came to, written so that two runs are alike."""

    said: dict[str, str]
    outcomes: dict[str, Outcome]


@dataclass(frozen=True)
class Sessions:
    """Everybody of a world calls everything."""

    world: PopulatedDatabase

    def played(self, *only: str, remark: str = "") -> Transcript:
        """Play in the database as it is."""
        with (
            self.world.db.session(ADMIN) as connection,
            connection.transaction(force_rollback=True),
        ):
            return self.play(connection, *only, remark=remark)

    def play(
        self, connection: Connection, *only: str, remark: str = "", claims: Claims | None = None
    ) -> Transcript:
        """Call all of it, or what these people do, in a superuser's transaction; nothing stays.

        With claims, their token says these too, or only these.
        """
        connection.execute(_effects(connection, self.world))
        connection.execute("set local lock_timeout = '20ms'")
        calls = [call for call in all_calls(self.world) if call.who in only or not only]
        tries = [call.attempt for call in calls]
        if claims is not None:
            tries = [replace(one, claims=claims) for one in tries]
        outcomes = run(connection, tries, remark)
        names = [f"{call.who}: {call.name}" for call in calls]
        written = {name: self._written(out) for name, out in zip(names, outcomes, strict=True)}
        return Transcript(written, dict(zip(names, outcomes, strict=True)))

    def _written(self, outcome: Outcome) -> str:
        text = json.dumps(in_order(outcome.__dict__), sort_keys=True)
        seen: dict[str, str] = {}
        for name in ("owner", "other", "guest"):
            for part, value in getattr(self.world, name).__dict__.items():
                seen.setdefault(str(value), f"<{name} {part}>")
        for pattern, word in UNSTABLE:
            text = pattern.sub(word, text)
        return UUID.sub(lambda m: seen.setdefault(m[0], f"<uuid {len(seen)}>"), text)


def in_order(value: Any) -> Any:
    """Put lists into an order of their own: rows come in any."""
    if isinstance(value, dict):
        return {name: in_order(part) for name, part in value.items()}
    if isinstance(value, list):
        return sorted(map(in_order, value), key=lambda v: _stable(json.dumps(v, sort_keys=True)))
    return value


def _stable(text: str) -> str:
    for pattern, word in UNSTABLE:
        text = pattern.sub(word, text)
    return UUID.sub("", text)


def _effects(connection: Connection, world: PopulatedDatabase) -> str:
    """Make the function that says which rows a call wrote, locked or deleted, and whose."""
    names = [row["name"] for row in connection.execute(TABLES)]
    people = {name: getattr(world, name).id for name in ("owner", "other", "guest")}
    parts = []
    for name in names:
        row = connection.execute(sql.SQL("select count(*) from {}").format(_table(name))).fetchone()
        assert row is not None
        whose = ", ".join(
            f"'{who}', count(*) filter (where is_touched and said like '%{person}%')"
            for who, person in people.items()
        )
        kinds = "jsonb_agg(job order by job) filter (where is_written)"
        has_kinds = name in ("private.generation_jobs", "private.jobs")
        jobs = kinds if has_kinds else "null::jsonb"
        job = "t.kind" if has_kinds else "''"
        parts.append(f"""
        select '{name}' as relation, jsonb_build_object(
            'written', count(*) filter (where is_written),
            'touched', count(*) filter (where is_touched), {whose},
            'more', count(*) - {row["count"]}, 'jobs', {jobs}
        ) as effects,
        count(*) filter (where is_touched) > 0 or count(*) <> {row["count"]} as has_effects
        from (
            select
                {job} as job,
                t.xmin::text::bigint > v_number as is_written,
                greatest(t.xmin::text::bigint, t.xmax::text::bigint) > v_number as is_touched,
                case when greatest(t.xmin::text::bigint, t.xmax::text::bigint) > v_number
                    then t::text end as said
            from {name} as t
        ) as t
        """)
    return f"""
    create or replace function pg_temp.effects() returns jsonb language plpgsql as $effects$
    declare
        v_number constant bigint := current_setting('probe.number')::bigint;
    begin
        return (
            select jsonb_object_agg(e.relation, e.effects) from ({" union all ".join(parts)}) as e
            where e.has_effects
        );
    end
    $effects$
    """


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))
