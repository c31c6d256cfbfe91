"""The state machine's everyday: people, their credits, pictures and codes, and time."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.support.state_machine.ledger_machine import Asked, LedgerMachine, some
from tests.support.state_machine.model import DAY, Lot, RefusedError
from tests.support.state_machine.model_world import Code, Member

PEOPLE = 2
PRICES = {"thumbnail": 10, "thumbnail_premium": 30, "thumbnail_draft": 2}
CODES = {
    "ONCE": Code(25),
    "TWICE": Code(12, times=2, times_each=3, lasts=2 * DAY),
    "SOON": Code(40, ends=600),
}
CREATE_CODE = (
    "select private.create_promo_code(%s, %s, 'test', 'a test', %s, %s,"
    " ends_at => now() + make_interval(secs => %s), credits_last => make_interval(secs => %s))"
)
DELIVER = (
    "select private.start_submitting(%(person)s, %(id)s),"
    " private.start_processing(%(person)s, %(id)s), private.start_storing(%(person)s, %(id)s); "
    "select private.finish_generation(%(person)s, %(id)s, 'succeeded',"
    " output_path => 'a/b.webp'); "
    "delete from private.generation_jobs where generation_id = %(id)s"
)
FAIL = (
    "select private.finish_generation(%(person)s, %(id)s, 'failed', 'provider_failed'); "
    "delete from private.generation_jobs where generation_id = %(id)s"
)
# Whole minutes; and with these, many an end is met to the second.
TIMES = st.sampled_from([60, 600, DAY // 2, DAY, 2 * DAY, 7 * DAY, 30 * DAY])
LIVES = st.sampled_from([None, None, 600, DAY, 2 * DAY, 7 * DAY])
# Whom or what of those there are; shrinks to the first.
ONE = st.integers(0, 11)


class Everyday(LedgerMachine):
    """People come, get credits, ask for pictures and get them or not; time passes."""

    def open(self, is_confirmed: bool) -> None:
        for name, code in CODES.items():
            code = replace(code, given=[])
            self.world.codes[name] = code
            self.teller.tell(
                CREATE_CODE, name, code.gives, code.times, code.times_each, code.ends, code.lasts
            )
        self.come("ana", None, is_confirmed)

    def come(self, address: str, friend: Member | None, is_confirmed: bool) -> None:
        user_id = uuid.UUID(self.key())
        code = friend and self.teller.tell(
            "select referral_code from public.profiles where id = %s", self.id_of(friend)
        )

        def promised() -> None:
            self.ids[self.world.sign_up(address, friend)] = user_id

        self.both(
            "sign_up",
            promised,
            "insert into auth.users (id, aud, role, email, raw_user_meta_data)"
            " values (%s, 'authenticated', 'authenticated', %s,"
            " jsonb_strip_nulls(jsonb_build_object('referral', %s)))",
            user_id,
            # Another spelling of the same address belongs to the same person.
            f"{address}+{self.keys}@example.com",
            code,
        )
        if is_confirmed:
            self.admit(self.world.people[-1])

    def admit(self, person: Member) -> None:
        self.both(
            "confirm",
            partial(self.world.confirm, person),
            "update auth.users set email_confirmed_at = now() where id = %s",
            self.id_of(person),
        )

    @precondition(
        lambda self: (
            len(self.world.people) < PEOPLE
            or any(not one.is_confirmed for one in self.world.people)
        )
    )
    @rule(is_same=st.booleans(), is_brought=st.booleans(), is_confirmed=st.booleans())
    def sign_up(self, is_same: bool, is_brought: bool, is_confirmed: bool) -> None:
        """Sign somebody up who may share an address with the first; then confirm the others."""
        if len(self.world.people) < PEOPLE:
            friend = self.world.people[0] if is_brought else None
            self.come("ana" if is_same else "ben", friend, is_confirmed)
        else:
            self.admit(next(one for one in self.world.people if not one.is_confirmed))

    @rule(
        who=ONE,
        amount=st.integers(0, 60),
        priority=st.sampled_from([10, 100, 150]),
        life=LIVES | st.just(0),
    )
    def grant(self, who: int, amount: int, priority: int, life: int | None) -> None:
        person = some(self.world.people, who)
        expires = None if life is None else self.world.now + life
        self.both(
            "grant",
            partial(self.world.operator_grant, person, Lot(amount, priority, expires, "operator")),
            "select private.operator_grant(%s, %s, 'test', 'a test', %s,"
            " now() + make_interval(secs => %s), %s)",
            self.id_of(person),
            amount,
            self.key(),
            life,
            priority,
            repeatable=True,
        )

    @rule(who=ONE, kind=st.sampled_from(list(PRICES)))
    def spend(self, who: int, kind: str) -> None:
        self.ask(some(self.world.people, who), kind)

    def ask(self, person: Member, kind: str) -> None:
        picture = self.both(
            "spend",
            partial(person.spend, PRICES[kind], self.world.now),
            "select (public.request_generation(%s, 'a cat', %s)).id",
            kind,
            self.key(),
            by=person,
            repeatable=True,
        )
        if picture:
            self.pictures.append(Asked(picture, person, person.pictures[-1]))

    @precondition(lambda self: self.pictures)
    @rule(which=ONE, who=ONE, how=st.sampled_from(["canceled", "canceled", "failed", "succeeded"]))
    def end(self, which: int, who: int, how: str) -> None:
        picture = some(self.pictures, which)
        if how == "canceled":
            self.cancel(picture, some(self.world.people, who))
        elif not picture.model.end:
            self.both(
                how,
                partial(picture.owner.end, picture.model, how, self.world.now),
                DELIVER if how == "succeeded" else FAIL,
                named={"person": self.id_of(picture.owner), "id": picture.id},
            )

    def cancel(self, picture: Asked, person: Member) -> None:
        def promised() -> None:
            if picture.owner is not person:
                raise RefusedError("generation_not_found")
            person.cancel(picture.model, self.world.now)

        self.both(
            "cancel",
            promised,
            "select (public.cancel_generation(%s)).status",
            picture.id,
            by=person,
        )

    @rule(who=ONE, amount=st.integers(0, 50))
    def revoke(self, who: int, amount: int) -> None:
        person = some(self.world.people, who)
        self.both(
            "revoke",
            partial(person.revoke, amount, self.world.now),
            "select private.operator_revoke(%s, %s, 'test', 'a test', %s)",
            self.id_of(person),
            amount,
            self.key(),
            repeatable=True,
        )

    @rule(who=ONE, name=st.sampled_from([*CODES, "NEVER"]))
    def redeem(self, who: int, name: str) -> None:
        person = some(self.world.people, who)
        self.both(
            "redeem",
            partial(self.world.redeem, person, name),
            "select public.redeem_code(%s)",
            name,
            by=person,
        )

    @rule(seconds=TIMES, is_swept=st.booleans())
    def wait(self, seconds: int, is_swept: bool) -> None:
        self.both(
            "wait", partial(self.world.pass_time, seconds), "select public.pass_time(%s)", seconds
        )
        if is_swept:
            self.sweep()

    @precondition(lambda self: self.told)
    @rule(which=st.integers(0, 60))
    def tell_again(self, which: int) -> None:
        self.is_sound = False
        some(self.told, which)()
        self.seen["told again"] += 1
        self.compare()
