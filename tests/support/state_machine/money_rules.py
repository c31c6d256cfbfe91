"""The state machine's moves with money: purchases, what goes back of them, holds and plans."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.support.state_machine.everyday_rules import LIVES, ONE, Everyday
from tests.support.state_machine.ledger_machine import Paid, some
from tests.support.state_machine.model import DAY, Lot, Payment
from tests.support.state_machine.model_world import Member, Plan

PAY = (
    "select private.apply_payment(%s, %s, %s, 'test', %s, 'usd', %s,"
    " now() + make_interval(secs => %s), %s)"
)
AMOUNTS = st.sampled_from([1000, 500, 333, 1])
SUBSCRIBE = """
with plan as (
    insert into public.plans (plan_name, title, credits_per_month, price_amount, rollover,
        rollover_cap)
    values (%(name)s, 'A plan', %(monthly)s, 1000, %(rollover)s, %(cap)s)
    returning plan_name
)

insert into public.subscriptions (profile_id, plan_name, status, is_active)
select %(person)s, p.plan_name, 'active', true from plan as p
returning id
"""


class Economy(Everyday):
    """All that can happen to credits."""

    @initialize(
        is_confirmed=st.booleans(),
        packs=st.lists(st.tuples(st.integers(1, 25), LIVES), min_size=1, max_size=3),
        gift=st.integers(1, 60),
    )
    def begin(self, is_confirmed: bool, packs: list[tuple[int, int | None]], gift: int) -> None:
        """Begin with packs bought and spent: otherwise it would take long to get into trouble."""
        self.open(is_confirmed)
        person = self.world.people[0]
        for size, life in packs:
            self.pay(person, "pack", 1000, Lot(size, 10, life), life)
        self.ask(person, "thumbnail_premium")
        self.grant(0, gift, 150, DAY)

    def pay(
        self, person: Member, kind: str, amount: int, lot: Lot | None, life: int | None = None
    ) -> Paid:
        payment = Payment(amount)

        def promised() -> None:
            if lot is not None and lot.amount:
                self.world.give(person, lot)
                payment.lots.append(lot)

        payment_id = self.both(
            f"buy {kind}",
            promised,
            PAY,
            self.id_of(person),
            f"pi_{self.key()}",
            kind,
            amount,
            lot.amount if lot else 0,
            life,
            lot.priority if lot else 100,
            repeatable=True,
        )
        self.payments.append(Paid(payment_id, person, payment))
        return self.payments[-1]

    @rule(
        who=ONE,
        amount=st.sampled_from([1000, 900, 0]),
        size=st.integers(1, 80),
        life=LIVES,
        priority=st.sampled_from([10, 100]),
    )
    def buy(self, who: int, amount: int, size: int, life: int | None, priority: int) -> None:
        expires = None if life is None else self.world.now + life
        person = some(self.world.people, who)
        self.pay(person, "pack", amount, Lot(size, priority, expires), life)

    @precondition(lambda self: self.payments)
    @rule(which=ONE, number=st.integers(1, 2), amount=AMOUNTS, is_taken=st.booleans())
    def refund(self, which: int, number: int, amount: int, is_taken: bool) -> None:
        self.reverse(which, f"refund {number}", "refund", amount, "taken" if is_taken else "undone")

    @precondition(lambda self: self.payments)
    @rule(
        which=ONE,
        number=st.integers(1, 2),
        amount=AMOUNTS,
        status=st.sampled_from(["lost", "open", "won"]),
    )
    def dispute(self, which: int, number: int, amount: int, status: str) -> None:
        self.reverse(which, f"dispute {number}", "dispute", amount, status)

    @precondition(lambda self: self.payments)
    @rule(amount=AMOUNTS, is_taken=st.booleans())
    def refund_all(self, amount: int, is_taken: bool) -> None:
        """Refund what was bought first, or undo that: debts from several purchases meet."""
        for which in range(min(3, len(self.payments))):
            self.refund(which, 1, amount, is_taken)

    def reverse(self, which: int, key: str, kind: str, amount: int, status: str) -> None:
        paid = some(self.payments, which)
        self.both(
            f"{kind} {status}",
            partial(paid.payer.reverse, paid.model, key, (kind, amount, status), self.world.now),
            "select private.apply_reversal(%s, %s, %s, %s, %s, %s)",
            self.id_of(paid.payer),
            paid.id,
            f"{paid.id}:{key}",
            kind,
            amount,
            status,
        )

    @precondition(lambda self: any(lot.source == "operator" for lot in self.all_lots()))
    @rule(which=ONE, part=st.sampled_from([0, 30, 60, 100]))
    def claw_back(self, which: int, part: int) -> None:
        lot = some([one for one in self.all_lots() if one.source == "operator"], which)
        target = lot.amount * part // 100
        self.both(
            "claw_back",
            partial(lot.claw_back, target, self.world.now),
            "select private.claw_back_lot(l.profile_id, l.id, %s, 'a test')"
            " from public.credit_lots as l where l.id = %s",
            target,
            self.lot_id(lot),
        )

    @precondition(lambda self: self.all_lots())
    @rule(which=ONE, is_all=st.booleans(), is_held=st.booleans())
    def hold(self, which: int, is_all: bool, is_held: bool) -> None:
        lot = some(self.all_lots(), which)
        owner = self.owner_of(lot)
        key = self.key()
        lots = owner.lots if is_all else [lot]
        if is_held:
            # Nothing is to be held in an empty lot, unless it is meant by name.
            held = [one for one in lots if one.remaining or not is_all]
            promised = partial(owner.freeze, held, f"operator:{key}")
        else:
            promised = partial(owner.release, lots, _is_operators, self.world.now)
        name = "freeze" if is_held else "release"
        self.both(
            name,
            promised,
            f"select private.operator_{name}(%s, %s, 'test', 'a test', %s)",
            self.id_of(owner),
            None if is_all else self.lot_id(lot),
            key,
            repeatable=True,
        )

    @rule(
        who=ONE,
        monthly=st.integers(1, 60),
        rollover=st.sampled_from(["none", "capped", "all"]),
        cap=st.integers(1, 80),
        days=st.integers(28, 31),
        is_paid=st.booleans(),
    )
    def begin_month(
        self, who: int, monthly: int, rollover: str, cap: int, days: int, is_paid: bool
    ) -> None:
        """Begin the next month of the person's plan, and subscribe first without one."""
        person = some(self.world.people, who)
        if person not in self.plans:
            self.subscribe(person, Plan(person, monthly, rollover, cap))
        subscription, plan = self.plans[person]
        paid = self.pay(person, "subscription", 1000, None) if is_paid else None
        # A second after the last: the start names a month, and here instants move but names stay.
        start = (self.world.now if plan.end is None else plan.end) + 1
        self.both(
            "begin_month",
            partial(self.world.begin_month, plan, start, days * DAY, paid and paid.model),
            "select private.grant_period(%s, %s, now() + make_interval(secs => %s),"
            " now() + make_interval(secs => %s), %s)",
            self.id_of(person),
            subscription,
            start - self.world.now,
            start - self.world.now + days * DAY,
            paid and paid.id,
            repeatable=True,
        )

    def subscribe(self, person: Member, plan: Plan) -> None:
        values = {
            "name": f"plan_{len(self.plans)}",
            "monthly": plan.monthly,
            "rollover": plan.rollover,
            "cap": plan.cap if plan.rollover == "capped" else None,
            "person": self.id_of(person),
        }
        subscription = self.both("subscribe", lambda: None, SUBSCRIBE, named=values)
        self.plans[person] = (subscription, plan)

    def all_lots(self) -> list[Lot]:
        return [lot for person in self.world.people for lot in person.lots]

    def owner_of(self, lot: Lot) -> Member:
        return next(one for one in self.world.people if lot in one.lots)

    def lot_id(self, lot: Lot) -> Any:
        owner = self.owner_of(lot)
        return self.teller.tell(
            "select id from public.credit_lots where profile_id = %s order by id offset %s limit 1",
            self.id_of(owner),
            owner.lots.index(lot),
        )


def _is_operators(key: str) -> bool:
    return key.startswith("operator:")
