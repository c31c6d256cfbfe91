"""Moves a clock and does, in order, everything that falls due on the way."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from stand_ins.stripe.billing import ending, renewing
from stand_ins.stripe.billing.periods import period_of
from stand_ins.stripe.errors import StandInFaultError

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_LIMIT = 100_000
_LIVING = frozenset({"active", "trialing", "past_due", "unpaid"})


def advance(world: World, moment: int, clock: Object | None = None) -> int:
    """Go to a moment on the common clock, or on a test clock; return how many things were due."""
    clock_id = clock["id"] if clock else None
    queue = [
        (due, subject["id"])
        for kind in ("checkout.session", "subscription", "invoice")
        for subject in world.store.all(kind)
        if _clock_of(world, subject) == clock_id and (due := due_at(subject)) is not None
    ]
    heapq.heapify(queue)
    done = 0
    while queue and queue[0][0] <= moment and done < _LIMIT:
        due, subject_id = heapq.heappop(queue)
        subject = world.store.find(subject_id)
        if subject is None or due_at(subject) != due:
            continue
        _set_time(world, due, clock)
        with world.events.at_one_moment():
            _happen(world, subject)
        if due_at(subject) == due:
            raise StandInFaultError(f"Local stand-in: {subject_id} stays due at {due}")
        done += 1
        for again in (subject, world.store.find(subject.get("latest_invoice") or "")):
            following = due_at(again) if again else None
            if again and following is not None:
                heapq.heappush(queue, (following, again["id"]))
    _set_time(world, moment, clock)
    return done


def due_at(subject: Object) -> int | None:
    """Return when something will happen to an object by itself."""
    if subject["object"] == "checkout.session":
        return int(subject["expires_at"]) if subject["status"] == "open" else None
    if subject["object"] == "invoice":
        return subject["next_payment_attempt"] if subject["status"] == "open" else None
    if subject["status"] not in _LIVING:
        return None
    end = period_of(subject)[1]
    return min(end, subject["cancel_at"] or end, _resumes_at(subject) or end)


def _resumes_at(subscription: Object) -> int | None:
    pause = subscription["pause_collection"]
    return pause["resumes_at"] if pause else None


def _happen(world: World, subject: Object) -> None:
    if subject["object"] == "checkout.session":
        expire(world, subject)
    elif subject["object"] == "invoice":
        renewing.pay(world, subject)
    elif _resumes_at(subject) == due_at(subject):
        renewing.go_on_collecting(world, subject)
    elif subject["cancel_at"] is not None and subject["cancel_at"] <= period_of(subject)[1]:
        # The clock runs on while things happen.
        ending.cancel_now(world, subject, moment=subject["cancel_at"])
    else:
        renewing.period_over(world, subject)


def expire(world: World, session: Object) -> None:
    """Close a session that nobody paid."""
    world.change(session, status="expired", url=None)
    world.emit("checkout.session.expired", session)


def _clock_of(world: World, subject: Object) -> str | None:
    customer = world.store.find(subject["customer"] or "")
    return customer.get("test_clock") if customer else None


def _set_time(world: World, moment: int, clock: Object | None) -> None:
    if clock is None:
        world.clock.move_to(moment)
    else:
        clock["frozen_time"] = max(clock["frozen_time"], moment)
