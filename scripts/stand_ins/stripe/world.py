"""What all parts of the stand-in share."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.clock import Clock
from stand_ins.stripe.events import EventLog
from stand_ins.stripe.faults import Faults
from stand_ins.stripe.ids import new_id
from stand_ins.stripe.minimal import smallest
from stand_ins.stripe.store import Object, Store

if TYPE_CHECKING:
    from stand_ins.stripe.config import StandInConfig


@dataclass
class World:
    """One Stripe account with all that is in it.

    Everything that changes it is an ordinary function: within the one event loop each action
    happens as a whole.
    """

    config: StandInConfig
    store: Store = field(default_factory=Store)
    clock: Clock = field(default_factory=Clock)
    events: EventLog = field(default_factory=EventLog)
    faults: Faults = field(default_factory=Faults)

    def now(self, customer_id: str | None = None) -> int:
        """Return the time, by the test clock of a customer who has one."""
        customer = self.store.find(customer_id) if customer_id else None
        clock_id = customer.get("test_clock") if customer else None
        clock = self.store.find(clock_id) if clock_id else None
        return int(clock["frozen_time"]) if clock else self.clock.now()

    def make(self, kind: str, **values: Any) -> Object:
        """Create an object from the smallest that the specification allows."""
        made = self.build(kind, **values)
        return self.store.put(made)

    def build(self, kind: str, **values: Any) -> Object:
        """Create an object that will live inside another."""
        made = smallest(kind)
        made["id"] = new_id(kind)
        made["object"] = kind
        if "created" in made:
            made["created"] = self.now(values.get("customer"))
        return made | values

    def change(self, subject: Object, **values: Any) -> Object:
        """Change an object; return the old values of the fields that are different now."""
        previous = {
            name: copy.deepcopy(subject.get(name))
            for name, value in values.items()
            if subject.get(name) != value
        }
        subject.update(values)
        self.store.put(subject)
        return previous

    def emit(self, kind: str, subject: Object, previous: Object | None = None) -> None:
        """Record an event about an object as it is now."""
        customer = subject["id"] if subject["object"] == "customer" else subject.get("customer")
        self.events.record(kind, subject, self.now(customer), previous)
