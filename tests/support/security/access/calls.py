"""What people say: every function that a browser calls, with ids of their own and of others."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.security.access.engine import Try, quoted
from tests.support.security.populated import PROMO, SPENT, Account, PopulatedDatabase

ABSENT = uuid.UUID("00000000-0000-4000-8000-000000000000")
NEW = "gen_random_uuid()"
# Of two, the second is refused for its haste alone, also when the people of the world have long
# asked for what they have.
ONE_A_MINUTE = (
    "update private.settings set generations_per_minute_max = 1, generations_running_max = null,"
    " generations_per_day_max = null where id"
)
ONE_A_DAY = "update private.settings set generations_per_day_max = 1 where id"
FIRST_PURCHASE = "update private.settings set referral_policy = 'first_purchase' where id"
WORDS = "delete my account"
# What it is called, the statement, and what the superuser does before.
Spoken = tuple[str, str, str]


@dataclass(frozen=True)
class Call:
    """Somebody calls something."""

    who: str
    name: str
    attempt: Try


def all_calls(world: PopulatedDatabase) -> Iterator[Call]:
    """Give every call of everybody."""
    for who, me, victim in (
        ("other", world.other, world.owner),
        ("owner", world.owner, world.guest),
        ("guest", world.guest, world.owner),
    ):
        yield from _calls(who, "authenticated", me.id, me, victim)
        yield from _spoken(who, "authenticated", me.id, _strangers(world))
    yield from _spoken("twin", "authenticated", world.twin, _codes(world.other, world.owner))
    # The token of a deleted account, one without a person in it, and none at all.
    yield from _calls("gone", "authenticated", world.gone, world.other, world.owner)
    yield from _calls("nobody", "authenticated", None, world.other, world.owner)
    yield from _calls("anon", "anon", None, world.other, world.owner)
    yield from _calls("service", "service_role", None, world.other, world.owner)


def _calls(
    who: str, role: str, person: uuid.UUID | None, me: Account, victim: Account
) -> Iterator[Call]:
    everything = [
        *_reading(),
        *_asking(me, victim),
        *_files(me, victim),
        *_codes(me, victim),
        *_buying(me, victim),
        *_leaving(),
    ]
    yield from _spoken(who, role, person, everything)
    for name, place in (("upload", "late.png"), ("upload and climb", "../late.png")):
        upload = Try(
            role,
            "insert into storage.objects (bucket_id, name)"
            f" values ('faces', '{person or me.id}/{place}')",
            person,
            after="select pg_temp.effects()",
        )
        yield Call(who, name, upload)


def _spoken(who: str, role: str, person: uuid.UUID | None, spoken: list[Spoken]) -> Iterator[Call]:
    for name, statement, before in spoken:
        told = f"select coalesce(jsonb_agg(to_jsonb(x)), '[]') from ({statement}) as x"
        attempt = Try(
            role, told, person, reads=True, before=before, after="select pg_temp.effects()"
        )
        yield Call(who, name, attempt)


def _reading() -> list[Spoken]:
    return [
        ("credits", "select * from public.my_credits()", ""),
        ("export", "select public.export_my_data() as said", ""),
        ("export of private rows", "select private.export_private_rows() as said", ""),
        (
            "types of mine",
            "select t.* from public.generations as g"
            " cross join lateral public.generation_types(g) as t",
            "",
        ),
        ("who am I", "select private.signed_in_profile() as said", ""),
        *(
            (f"quote {kind}", f"select * from public.quote_generation('{kind}')", "")
            for kind in ("thumbnail", "thumbnail_premium", "thumbnail_character", "not_for_sale")
        ),
        ("hidden", "select * from public.generation_types where not is_enabled", ""),
    ]


def _asking(me: Account, victim: Account) -> list[Spoken]:
    def ask(kind: str, prompt: str, key: object, face: object = None, more: str = "") -> str:
        given = [quoted(kind), quoted(prompt), str(key), quoted(face) if face else "null"]
        return f"select * from public.request_generation({', '.join(given)}{more})"

    premium, draft = "thumbnail_premium", "thumbnail_draft"
    return [
        ("ask", ask("thumbnail", "a cat", NEW), ""),
        (
            "ask too fast",
            f"{ask(draft, 'one', NEW)} union all {ask(draft, 'two', NEW)}",
            ONE_A_MINUTE,
        ),
        ("ask too often", ask(draft, "one", NEW), ONE_A_DAY),
        ("ask with my face", ask(premium, "a cat", NEW, me.face), ""),
        ("ask and pay", ask("thumbnail", "a cat", NEW, None, ", true"), ""),
        ("ask with a foreign face", ask(premium, "a cat", NEW, victim.face), ""),
        ("ask with an absent face", ask(premium, "a cat", NEW, ABSENT), ""),
        ("ask again", ask(premium, me.mark, quoted(me.key), me.face), ""),
        ("ask with a foreign key", ask(premium, victim.mark, quoted(victim.key)), ""),
        ("cancel mine", f"select * from public.cancel_generation('{me.running}')", ""),
        ("cancel a foreign one", f"select * from public.cancel_generation('{victim.running}')", ""),
        ("cancel an absent one", f"select * from public.cancel_generation('{ABSENT}')", ""),
    ]


def _files(me: Account, victim: Account) -> list[Spoken]:
    def add(path: str) -> str:
        return f"select * from public.add_user_image({quoted(path)})"

    def remove(face: object) -> str:
        return f"select * from public.remove_user_image('{face}')"

    # Whoever made the row, the folder is somebody else's.
    planted = f"""
    insert into storage.objects (bucket_id, name, owner_id)
    values ('faces', '{victim.id}/planted.png', '{me.id}')
    """
    return [
        ("add mine", add(f"{me.id}/spare.png"), ""),
        ("add mine again", add(f"{me.id}/{me.mark}.png"), ""),
        ("add a foreign one", add(f"{victim.id}/spare.png"), ""),
        ("add what somebody put here", add(f"{me.id}/strange.png"), ""),
        ("add what I put there", add(f"{victim.id}/planted.png"), planted),
        ("add an absent one", add(f"{me.id}/absent.png"), ""),
        ("remove mine", remove(me.face), ""),
        ("remove a foreign one", remove(victim.face), ""),
        ("remove an absent one", remove(ABSENT), ""),
    ]


def _codes(me: Account, victim: Account) -> list[Spoken]:
    def bring(code: str) -> str:
        return f"select public.apply_referral_code('{code}') as said"

    redeem = f"select public.redeem_code('{PROMO}') as said"
    return [
        ("redeem", redeem, ""),
        ("redeem again", f"select public.redeem_code('{SPENT}') as said", ""),
        ("redeem nonsense", "select public.redeem_code('NONSENSE') as said", ""),
        ("bring a code", bring(victim.code), ""),
        ("bring a code that pays later", bring(victim.code), FIRST_PURCHASE),
        ("bring my own code", bring(me.code), ""),
        ("bring nonsense", bring("NONSENSE"), ""),
    ]


def _strangers(world: PopulatedDatabase) -> list[Spoken]:
    return [
        (f"bring the code of {whose}", f"select public.apply_referral_code('{code}') as said", "")
        for whose, code in (("a third one", world.patron_code), ("one gone", world.gone_code))
    ]


def _buying(me: Account, victim: Account) -> list[Spoken]:
    def buy(kind: str, item: str, key: object) -> str:
        return f"select * from public.start_checkout('{kind}', '{item}', {key})"

    return [
        ("buy again", buy("pack", "starter", quoted(me.checkout_key)), ""),
        ("buy what is open", buy("pack", "starter", NEW), ""),
        ("buy", buy("pack", "creator", NEW), ""),
        ("buy with a foreign key", buy("pack", "starter", quoted(victim.checkout_key)), ""),
        ("subscribe", buy("subscription", "monthly_100images", NEW), ""),
        ("portal", f"select * from public.start_portal({NEW})", ""),
        ("portal again", f"select * from public.start_portal('{me.id}')", ""),
    ]


def _leaving() -> list[Spoken]:
    return [
        ("leave", f"select public.delete_my_account('{WORDS}') as said", ""),
        ("leave by accident", "select public.delete_my_account('') as said", ""),
    ]
