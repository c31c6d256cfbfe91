"""The rest of the economy in plain Python: sign-ups, friends, codes and plans, and the clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.state_machine.model import Lot, ModelAccount, Payment, RefusedError

SIGN_UP = 50
REFERRER = 30
REFERRED = 5
PLAN_PRIORITY = 50


@dataclass(eq=False)
class Member(ModelAccount):
    """Somebody with an address, who may have been brought by a friend."""

    address: str = ""
    is_confirmed: bool = False
    welcome: Lot | None = None
    friend: Member | None = None


@dataclass
class Code:
    """A promotional code: what it gives, how often, and to which addresses it was given."""

    gives: int
    times: int = 1_000_000
    times_each: int = 1
    ends: int | None = None
    lasts: int | None = None
    given: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Plan:
    """What somebody subscribed to, and what was carried out of its last month."""

    owner: Member
    monthly: int
    rollover: str
    cap: int
    months: int = 0
    end: int | None = None
    carried: Lot | None = None
    # The time that lot was given; another means that something extended it.
    carried_until: int | None = None


@dataclass
class ModelState:
    """Everybody, and the time."""

    now: int = 0
    people: list[Member] = field(default_factory=list)
    claims: dict[str, Member] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)

    def pass_time(self, seconds: int) -> None:
        self.now += seconds
        for person in self.people:
            person.expire(self.now)

    def sweep(self) -> None:
        for person in self.people:
            person.sweep(self.now)

    def give(self, person: ModelAccount, lot: Lot) -> Lot:
        """Grant a lot, unless it holds nothing."""
        if lot.amount:
            person.grant(lot, self.now)
        return lot

    def is_known(self, person: Member) -> bool:
        """Return whether somebody else was first with this address."""
        return self.claims.get(person.address, person) is not person

    def sign_up(self, address: str, friend: Member | None) -> Member:
        """Return the gift of a sign-up at once, but not to somebody who is known already."""
        person = Member(address=address)
        self.people.append(person)
        if not self.is_known(person):
            person.friend = friend
            person.welcome = self.give(person, Lot(SIGN_UP))
        return person

    def confirm(self, person: Member) -> None:
        """Claim the address and reward the friend; who turns out to be known loses the gift."""
        person.is_confirmed = True
        self.claims.setdefault(person.address, person)
        if not self.is_known(person):
            if person.friend:
                self.give(person.friend, Lot(REFERRER))
                self.give(person, Lot(REFERRED))
        elif person.welcome:
            person.welcome.claw_back(person.welcome.amount, self.now)

    def operator_grant(self, person: ModelAccount, lot: Lot) -> None:
        if lot.amount <= 0:
            raise RefusedError("amount_not_positive")
        if lot.is_due(self.now):
            raise RefusedError("expiry_not_ahead")
        self.give(person, lot)

    def redeem(self, person: Member, name: str) -> None:
        if not person.is_confirmed:
            raise RefusedError("confirmed_address_required")
        code = self.codes.get(name)
        if code is None:
            raise RefusedError("code_not_found")
        if code.ends is not None and code.ends <= self.now:
            raise RefusedError("code_expired")
        if code.given.count(person.address) >= code.times_each:
            raise RefusedError("code_already_redeemed")
        if len(code.given) >= code.times:
            raise RefusedError("code_exhausted")
        code.given.append(person.address)
        expires = None if code.lasts is None else self.now + code.lasts
        self.give(person, Lot(code.gives, expires=expires))

    def begin_month(self, plan: Plan, start: int, length: int, payment: Payment | None) -> None:
        """Grant a month after the last; what was carried into it ends with it."""
        end = start + length
        last = plan.carried
        if (
            last is not None
            and last.is_spendable(self.now)
            and last.expires is not None
            and last.expires == plan.carried_until
        ):
            last.expires = end
        carried = {"none": 0, "capped": min(plan.cap, plan.monthly), "all": plan.monthly}
        stays = carried[plan.rollover]
        until = end + length if plan.rollover == "capped" else None
        lots = [
            Lot(plan.monthly - stays, PLAN_PRIORITY, end),
            Lot(stays, PLAN_PRIORITY, until),
        ]
        for lot in lots:
            self.give(plan.owner, lot)
        plan.months, plan.end, plan.carried, plan.carried_until = (
            plan.months + 1,
            end,
            lots[1],
            until,
        )
        if payment is not None:
            payment.lots += [lot for lot in lots if lot.amount]
            plan.owner.settle(payment, self.now)
