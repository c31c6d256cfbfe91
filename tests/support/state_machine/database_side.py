"""The database's side of a comparison: one connection, and one transaction for a whole story.

In one transaction the database's clock stands still. So time passes only when it is told to, and
something can be looked at in the very instant in which it ends.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from tests.support.database import Connection, Database, lift_limits, refusal
from tests.support.state_machine.model import RefusedError
from thumbsmith.project import paths

# Once defined, its plan is kept; what is written as a statement is planned each time.
SETUP = """
create function public.seen() returns jsonb language plpgsql stable security invoker as $$
declare
    v_me constant uuid := auth.uid();
begin
    return (
        select jsonb_build_object(
            -- What is due has left the person, whether that is written down already or not.
            'credits', p.credits - l.due,
            'due', l.due,
            'debt', p.debt,
            'adds_up', p.credits = l.remaining and p.credits = e.amount
                and p.debt = l.owed and p.debt = e.debt
                and p.entry_count = e.entries and p.entry_count = e.last_number
                and p.credits = coalesce((
                    select n.balance_after from public.credit_entries as n
                    where n.profile_id = v_me order by n.entry_number desc limit 1
                ), 0),
            'lots', l.lots,
            'summary', jsonb_build_object(
                'available', m.available, 'held', m.held, 'frozen', m.frozen, 'debt', m.debt,
                'expiring_soon', m.expiring_soon,
                'expiring_in', round(extract(epoch from m.expiring_at - now()))
            )
        )
        from public.profiles as p
        cross join (
            select
                coalesce(sum(o.remaining), 0) as remaining,
                coalesce(sum(o.remaining) filter (where o.is_due), 0) as due,
                coalesce(sum(o.owed), 0) as owed,
                coalesce(jsonb_agg(jsonb_build_array(
                    case when o.is_due then 0 else o.remaining end, o.clawed_back, o.owed,
                    round(extract(epoch from o.expires_at - now())), o.frozen_at is not null
                ) order by o.id), '[]') as lots
            from (
                select c.*, c.frozen_at is null and coalesce(c.expires_at <= now(), false) as is_due
                from public.credit_lots as c
                where c.profile_id = v_me
            ) as o
        ) as l
        cross join (
            select
                coalesce(sum(c.amount), 0) as amount,
                coalesce(sum(c.debt), 0) as debt,
                count(*) as entries,
                coalesce(max(c.entry_number), 0) as last_number
            from public.credit_entries as c
            where c.profile_id = v_me
        ) as e
        cross join public.my_credits() as m
        where p.id = v_me
    );
end $$;
grant execute on function public.seen() to authenticated;

create function public.pass_time(seconds bigint) returns void language plpgsql as $$
declare
    v_time constant interval := make_interval(secs => seconds);
begin
    update public.credit_lots set created_at = created_at - v_time,
        expires_at = expires_at - v_time, frozen_at = frozen_at - v_time;
    update public.generations set created_at = created_at - v_time,
        deadline_at = deadline_at - v_time;
    update private.promo_codes set starts_at = starts_at - v_time, ends_at = ends_at - v_time;
    update private.code_failures set failed_at = failed_at - v_time;
    update private.subscription_months set month_start = month_start - v_time,
        month_end = month_end - v_time;
end $$;
"""


class DatabaseSide:
    """Tells the database what happens, and what it says."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cursor = psycopg.ClientCursor(connection, row_factory=tuple_row)

    def begin(self) -> None:
        self.connection.execute("begin")

    def end(self) -> None:
        self.connection.execute("rollback")

    def tell(
        self,
        statement: str,
        *values: Any,
        named: dict[str, Any] | None = None,
        person: uuid.UUID | None = None,
    ) -> Any:
        """Make a move, as this person or as the owner, in one round trip; return what it gives.

        A refusal is raised as the model raises it, also one that the database returned.
        """
        act = _act_as(person) if person else ""
        try:
            # Several statements are one message.
            self.cursor.execute(
                f"savepoint move; {act}{statement}; reset role; release move",
                named or values or None,
            )
        except psycopg.Error as error:
            self.connection.execute("rollback to move")
            said = refusal(error)
            if said.sqlstate is None or said.slug is None or not said.sqlstate.startswith("PT"):
                raise
            raise RefusedError(said.slug) from None
        answer = self._answers()[-1:]
        if answer and isinstance(answer[0], dict) and str(answer[0].get("code")).startswith("PT"):
            raise RefusedError(answer[0]["message"])
        return answer[0] if answer else None

    def see(self, people: list[uuid.UUID]) -> list[dict[str, Any]]:
        """Return what each of them sees of themselves."""
        look = "".join(f"{_act_as(one)}select public.seen(); " for one in people)
        self.cursor.execute(f"{look}reset role")
        return [answer for answer in self._answers() if isinstance(answer, dict)]

    def check(self) -> dict[str, Any]:
        """Ask all that `thumbsmith check` asks, and return what was found."""
        found = {}
        for file in sorted(paths.checks_dir().glob("*.sql")):
            rows = self.connection.execute(file.read_text().encode()).fetchall()
            if rows:
                found[file.stem] = rows
        return found

    def _answers(self) -> list[Any]:
        answers: list[Any] = []
        while True:
            if self.cursor.description:
                row = self.cursor.fetchone()
                answers += row or ()
            if not self.cursor.nextset():
                return answers


def _act_as(person: uuid.UUID) -> str:
    claims = json.dumps({"role": "authenticated", "sub": str(person)})
    return f"set local request.jwt.claims = '{claims}'; set local role authenticated; "


def prepare(db: Database) -> None:
    """Set the rules, and define what a teller uses."""
    lift_limits(db)
    db.rows(
        "update private.settings set max_code_failures_per_hour = 1000000,"
        " referred_bonus_credits = 5 where id"
    )
    db.rows(SETUP)
