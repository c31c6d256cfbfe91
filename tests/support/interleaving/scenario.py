"""A person with credits of every kind, and all that can change them."""

from __future__ import annotations

import uuid
from typing import Any

from tests.support.database import Connection, Database, lift_limits
from tests.support.interleaving.connections import Move

# A person with credits of every kind: earned, bought, disputed, clawed back, about to expire, due,
# held; and with a debt, since a picture was paid from a purchase that was refunded.
SCENARIO = """
create function public.new_scenario(person uuid, friend uuid, patron uuid, spent uuid, plan uuid)
returns void language plpgsql as $$
declare
    v_payment uuid;
    v_disputed uuid;
begin
    insert into auth.users (id, aud, role, email, email_confirmed_at)
    values (person, 'authenticated', 'authenticated', person || '@example.com', now());

    insert into auth.users (id, aud, role, email, email_confirmed_at, raw_user_meta_data)
    select f.id, 'authenticated', 'authenticated', f.id || '@example.com', now(),
        jsonb_build_object('referral', p.referral_code)
    from public.profiles as p
    cross join (values (friend), (patron)) as f (id)
    where p.id = person;

    perform private.apply_payment(patron, 'patron_pack:' || person, 'pack', 'x', 900, 'usd', 5);
    v_payment := private.apply_payment(
        person, 'spent_pack:' || person, 'pack', 'x', 900, 'usd', 30, priority => 10
    );
    perform set_config('request.jwt.claims', json_build_object('sub', person)::text, true);
    perform public.request_generation('thumbnail_premium', 'a cat', spent);
    perform private.apply_payment(person, 'pack:' || person, 'pack', 'x', 1000, 'usd', 40);
    perform private.grant_credits(person, 20, 'operator', 'base:' || person);
    perform private.claw_back_lot(person, l.id, 5, 'scene')
    from public.credit_lots as l where l.grant_key = 'base:' || person;
    perform private.grant_credits(
        person, 12, 'operator', 'soon:' || person, now() + interval '3 days'
    );
    perform private.grant_credits(person, 9, 'operator', 'held:' || person);
    perform private.freeze_lot(person, l.id, 'hold', 'scene')
    from public.credit_lots as l where l.grant_key = 'held:' || person;
    v_disputed := private.apply_payment(
        person, 'disputed_pack:' || person, 'pack', 'x', 1000, 'usd', 40
    );
    perform private.apply_reversal(
        person, v_disputed, v_disputed || ':dispute', 'dispute', 1000, 'open'
    );
    perform private.apply_reversal(
        person, v_payment, v_payment || ':refund', 'refund', 900, 'taken'
    );
    perform private.grant_credits(
        person, 8, 'operator', 'due:' || person, now() - interval '1 hour'
    );
    insert into public.subscriptions (id, profile_id, plan_name, status, is_active)
    values (plan, person, 'monthly_100images', 'active', true);
end $$
"""

# All that is left of it in the end. Ids differ from scene to scene, so their names stand for them.
STATE = """
with named as (
    select
        l.*,
        regexp_replace(
            replace(
                replace(l.grant_key, %(friend)s::text, 'friend'), %(patron)s::text, 'patron'
            ),
            '[0-9a-f]{8}-[0-9a-f-]{27}', 'id', 'g'
        ) as name
    from public.credit_lots as l
    where l.profile_id = %(person)s
)

select jsonb_build_object(
    'credits', p.credits,
    'debt', p.debt,
    'is_deleted', p.deleted_at is not null,
    'lots', (select jsonb_object_agg(n.name, array[
        n.remaining, n.clawed_back, n.owed, (n.frozen_at is not null)::integer,
        round(extract(epoch from n.expires_at - now()) / 86400)
    ]) from named as n),
    'pictures', (select jsonb_agg(g.status order by g.status) from public.generations as g
        where g.profile_id = p.id),
    'payments', (select jsonb_agg(array[m.amount_reversed::text, m.dispute_status]
        order by m.stripe_payment_id) from public.payments as m
        where m.profile_id = p.id),
    'referrals', (select jsonb_agg(r.status order by r.referred_id = %(friend)s)
        from public.referrals as r where r.referrer_id = p.id)
) as state
from public.profiles as p
where p.id = %(person)s
"""


def lot(key: str) -> str:
    return f"(select id from public.credit_lots where grant_key = '{key}:' || %(person)s)"


def payment(key: str) -> str:
    return f"(select id from public.payments where stripe_payment_id = '{key}:' || %(person)s)"


def reverse(key: str, kind: str, status: str, amount: int) -> str:
    return (
        f"select private.apply_reversal(p.profile_id, p.id, p.id || ':{kind}', '{kind}', {amount},"
        f" '{status}') from public.payments as p"
        f" where p.stripe_payment_id = '{key}:' || %(person)s"
    )


def claw_back(target: int) -> str:
    return f"select private.claw_back_lot(%(person)s, {lot('base')}, {target}, 'a test')"


def ask(generation_type: str) -> str:
    return f"select public.request_generation('{generation_type}', 'a cat', %(asked)s)"


OPERATOR = "'ana', 'a test', "
MOVES = [
    Move(
        "grant",
        "select private.grant_credits(%(person)s, 7, 'operator', 'given:' || %(person)s)",
    ),
    Move("spend", ask("thumbnail_premium"), "person"),
    Move(
        "cancel",
        "select public.cancel_generation(g.id) from public.generations as g"
        " where g.idempotency_key = %(spent)s",
        "person",
    ),
    Move("sweep", "select private.sweep()"),
    Move("freeze", f"select private.freeze_lot(%(person)s, {lot('soon')}, 'ice', 'a test')"),
    Move("release", f"select private.release_lot(%(person)s, {lot('held')}, 'hold')"),
    Move("claw back more", claw_back(17)),
    Move("claw back less", claw_back(2)),
    Move("dispute opened", reverse("pack", "dispute", "open", 1000)),
    Move("dispute lost", reverse("disputed_pack", "dispute", "lost", 600)),
    Move("dispute won", reverse("disputed_pack", "dispute", "won", 1000)),
    Move("refund", reverse("pack", "refund", "taken", 500)),
    Move("refund undone", reverse("spent_pack", "refund", "undone", 900)),
    Move("redeem", "select public.redeem_code('WELCOME')", "person"),
    Move("revoke", f"select private.operator_revoke(%(person)s, 75, {OPERATOR} 'a' || %(person)s)"),
    Move(
        "freeze all",
        f"select private.operator_freeze(%(person)s, null, {OPERATOR} 'b' || %(person)s)",
    ),
    Move(
        "reward",
        "select private.apply_payment(%(friend)s, 'friend_pack:' || %(person)s, 'pack', 'x', 9,"
        " 'usd', 5)",
    ),
    Move("reward reversed", reverse("patron_pack", "refund", "taken", 900)),
    Move(
        "buy",
        "select private.apply_payment(%(person)s, 'new_pack:' || %(person)s, 'pack', 'x', 90,"
        " 'usd', 35)",
    ),
    Move(
        "grant a month",
        "select private.grant_period(%(person)s, %(plan)s, date_trunc('day', now()),"
        " date_trunc('day', now()) + interval '30 days 12 hours')",
    ),
    Move("delete", "delete from auth.users where id = %(person)s"),
]
BY_NAME = {move.name: move for move in MOVES}


def new_scenario(connection: Connection) -> dict[str, Any]:
    """Put a new person into the scene and return the names of everything in it."""
    ids = ["person", "friend", "patron", "spent", "asked", "plan"]
    values: dict[str, Any] = {name: uuid.uuid4() for name in ids}
    connection.execute(
        "select public.new_scenario(%(person)s, %(friend)s, %(patron)s, %(spent)s, %(plan)s)",
        values,
    )
    return values


def prepare(db: Database) -> None:
    """Set the rules that every scene in this database has."""
    lift_limits(db)
    db.rows(
        "update private.settings set sign_up_credits = 0, referral_policy = 'first_purchase'"
        " where id"
    )
    db.rows(SCENARIO)
    db.rows("select private.create_promo_code('WELCOME', 11, 'ana', 'a test')")
