"""The credit economy in plain Python: what the database has to agree with, after every step.

Written from the promises, not from the SQL. Time is in seconds since the model began; nothing here
knows of locks, rows or entries. Nor of sweeps of lots: their credits are gone when their time is
over, whether somebody has written that down or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

DAY = 86_400
GRACE = 7 * DAY
DEADLINE = 600


class RefusedError(Exception):
    """The promise is that this is refused, and that nothing has changed."""


@dataclass(eq=False)
class Lot:
    """One grant, and where its credits have gone."""

    amount: int
    priority: int = 100
    expires: int | None = None
    source: str = ""
    remaining: int = field(init=False)
    clawed_back: int = 0
    owed: int = 0
    # Expired or revoked, and the part of that which a claw-back has claimed.
    lost: int = 0
    claimed: int = 0
    # Who repaid its debt and how much, whoever did something for it last at the end.
    payers: dict[Lot, int] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)
    all_holds: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.remaining = self.amount

    def is_due(self, now: int) -> bool:
        return self.expires is not None and self.expires <= now

    def is_spendable(self, now: int) -> bool:
        return self.remaining > 0 and not self.holds and not self.is_due(now)

    def lose(self, credits_lost: int) -> None:
        self.remaining -= credits_lost
        self.lost += credits_lost

    def expire(self, now: int) -> None:
        """Let what is left go, if the time is over and nobody holds it."""
        if self.is_due(now) and not self.holds:
            self.lose(self.remaining)

    def pay(self, debtor: Lot) -> None:
        """Pay as much of another lot's debt as there is."""
        paid = min(self.remaining, debtor.owed)
        if paid:
            self.remaining -= paid
            debtor.owed -= paid
            debtor.payers[self] = debtor.payers.pop(self, 0) + paid

    def receive(self, credits_back: int, now: int) -> None:
        """Take back what came from here; an expired lot gets time, and a debt comes first."""
        if self.is_due(now) and not self.holds:
            self.expires = now + GRACE
        self.remaining += credits_back
        paid = min(self.owed, credits_back)
        if paid:
            self.remaining -= paid
            self.owed -= paid
            self.payers[self] = self.payers.pop(self, 0) + paid

    def claw_back(self, target: int, now: int) -> None:
        """Make this many credits of it taken back in all."""
        if target > self.clawed_back:
            self._take(target - self.clawed_back)
        elif target < self.clawed_back:
            self._give_back(self.clawed_back - target, now)
        self.clawed_back = target

    def _take(self, more: int) -> None:
        taken = min(more, self.remaining)
        # What was lost before is not owed a second time.
        claimed = min(more - taken, self.lost)
        self.remaining -= taken
        self.lost -= claimed
        self.claimed += claimed
        self.owed += more - taken - claimed

    def _give_back(self, left: int, now: int) -> None:
        forgiven = min(left, self.owed)
        self.owed -= forgiven
        left -= forgiven
        for payer, paid in reversed(list(self.payers.items())):
            given = min(left, paid)
            if given:
                del self.payers[payer]
                self.payers[payer] = paid - given
                payer.receive(given, now)
                left -= given
        if left:
            self.receive(left, now)
            lost_again = min(left, self.claimed)
            self.claimed -= lost_again
            self.lose(lost_again)


@dataclass(eq=False)
class Picture:
    """A generation under way or over, and which lots paid for it."""

    cost: int
    deadline: int
    paid: list[tuple[Lot, int]]
    end: str = ""


@dataclass(eq=False)
class Payment:
    """A purchase, its lots, and what was said of refunds and disputes."""

    amount: int
    lots: list[Lot] = field(default_factory=list)
    reversals: dict[str, tuple[str, int, str]] = field(default_factory=dict)


@dataclass(eq=False)
class ModelAccount:
    """Somebody's credits."""

    lots: list[Lot] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)

    @property
    def credits(self) -> int:
        return sum(lot.remaining for lot in self.lots)

    @property
    def debt(self) -> int:
        return sum(lot.owed for lot in self.lots)

    def summary(self, now: int) -> dict[str, int | None]:
        """Return what my_credits() has to say."""
        free = [lot for lot in self.lots if lot.is_spendable(now)]
        first = min((lot.expires for lot in free if lot.expires is not None), default=None)
        return {
            "available": sum(lot.remaining for lot in free),
            "held": sum(one.cost for one in self.pictures if not one.end),
            "frozen": sum(lot.remaining for lot in self.lots if lot.holds),
            "debt": self.debt,
            "expiring_soon": sum(
                lot.remaining for lot in free if first is not None and lot.expires == first
            ),
            "expiring_in": None if first is None else first - now,
        }

    def grant(self, lot: Lot, now: int) -> None:
        """Add a lot; what is owed is repaid from it first, the oldest debt first."""
        debtors = [one for one in self.lots if one.owed]
        self.lots.append(lot)
        # What is granted late may be over already.
        lot.expire(now)
        for debtor in debtors:
            lot.pay(debtor)

    def burn(self, wanted: int, now: int) -> list[tuple[Lot, int]]:
        """Return which lots are to be burned and by how much, or refuse."""
        burned = []
        for lot in sorted(
            (one for one in self.lots if one.is_spendable(now)),
            key=lambda one: (one.priority, one.expires is None, one.expires or 0),
        ):
            taken = min(lot.remaining, wanted)
            if taken:
                burned.append((lot, taken))
                wanted -= taken
        if wanted:
            raise RefusedError("insufficient_credits")
        return burned

    def spend(self, cost: int, now: int) -> None:
        paid = self.burn(cost, now)
        for lot, taken in paid:
            lot.remaining -= taken
        self.pictures.append(Picture(cost, now + DEADLINE, paid))

    def end(self, picture: Picture, how: str, now: int) -> None:
        """End a picture, once; unless it is there, what was paid for it comes back."""
        if picture.end:
            return
        picture.end = how
        if how != "succeeded":
            for lot, taken in picture.paid:
                lot.receive(taken, now)

    def cancel(self, picture: Picture, now: int) -> None:
        if picture.end not in {"", "canceled"}:
            raise RefusedError("wrong_state")
        self.end(picture, "canceled", now)

    def revoke(self, wanted: int, now: int) -> None:
        if wanted <= 0:
            raise RefusedError("amount_not_positive")
        for lot, taken in self.burn(wanted, now):
            lot.lose(taken)

    def expire(self, now: int) -> None:
        for lot in self.lots:
            lot.expire(now)

    def sweep(self, now: int) -> None:
        """End the pictures whose deadline is over."""
        for picture in self.pictures:
            if picture.deadline <= now:
                self.end(picture, "expired", now)

    def freeze(self, lots: Iterable[Lot], key: str) -> None:
        """Hold lots back; a key holds a lot once in its life."""
        for lot in lots:
            if key not in lot.all_holds:
                lot.all_holds.add(key)
                lot.holds.add(key)

    def release(self, lots: Iterable[Lot], matches: Callable[[str], bool], now: int) -> None:
        """End these holds; a lot whose time ran out meanwhile gets some more."""
        for lot in lots:
            ended = {key for key in lot.holds if matches(key)}
            lot.holds -= ended
            if ended and not lot.holds and lot.is_due(now):
                lot.expires = now + GRACE

    def reverse(self, payment: Payment, key: str, told: tuple[str, int, str], now: int) -> None:
        """Hear of a refund or dispute; a repeat changes nothing, and neither does what is late.

        Late: a dispute that opens after it was told of, a refund that is made after it failed.
        """
        known = payment.reversals.get(key)
        if known is not None and (
            known == told or told[2] == "open" or (known[2], told[2]) == ("undone", "taken")
        ):
            return
        payment.reversals[key] = told
        self.settle(payment, now)

    def settle(self, payment: Payment, now: int) -> None:
        """Make the credits of a payment what its reversals say."""
        gone = sum(
            amount
            for _, amount, status in payment.reversals.values()
            if status in {"taken", "lost"}
        )
        for lot in payment.lots:
            if payment.amount:
                lot.claw_back(lot.amount * min(gone, payment.amount) // payment.amount, now)
        for lot in payment.lots:
            for key, (kind, _, status) in sorted(payment.reversals.items()):
                if kind == "dispute" and status == "open":
                    self.freeze([lot], key)
                elif kind == "dispute":
                    self.release([lot], key.__eq__, now)
