"""The provider is away for minutes: what a person who has ordered gets when it is back.

The clock of these tests is the database's: all instants of the order are moved back minute by
minute, as if time had passed, and the provider's own clock goes on with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.support.end_to_end.outcomes import check_end, order
from tests.support.end_to_end.sidecar_processes import SidecarProcesses
from tests.support.rest import Caller
from tests.support.waiting import eventually
from thumbsmith.project.process import Service, wait_until_ready

HOUR = timedelta(hours=1)
# Replicate's files live for an hour, so a deadline of an hour is the longest that makes sense.
SETTINGS = {
    "generation_deadline": HOUR,
    "submit_unknown_grace": timedelta(seconds=60),
    "submit_find_after": timedelta(seconds=5),
    "first_retry_wait": timedelta(seconds=1),
}
MOVES = [
    "update public.generations set created_at = created_at - %(by)s,"
    " deadline_at = deadline_at - %(by)s where id = %(id)s",
    "update private.generation_attempts set created_at = created_at - %(by)s,"
    " unknown_since = unknown_since - %(by)s where generation_id = %(id)s",
    # A job that is held right now has its lease from the true clock.
    "update private.generation_jobs set due_at = due_at - %(by)s where lease_token is null",
]
IDLE = """
select not exists (
    select from private.generation_jobs
    where dead_at is null and (due_at <= now() or lease_token is not null)
)
"""


@dataclass(frozen=True)
class Outage:
    """How the provider goes away at some point of an order, and how it comes back."""

    world: SidecarProcesses
    person: Caller

    def before_it_is_asked(self) -> str:
        """Go down before the order."""
        self.world.faults(down=True)
        return order(self.person)

    def refusing_connections(self) -> str:
        """Have nobody listen before the order."""
        self.provider.stop()
        return order(self.person)

    def while_it_paints(self) -> str:
        """Go down when it has begun; it goes on painting."""
        generation_id = order(self.person, prompt="[slow:1] a cat")
        self.world.wait(generation_id, "processing")
        self.world.faults(down=True)
        return generation_id

    def before_the_download(self) -> str:
        """Go down when the picture is there and has not been fetched."""
        self.world.faults(drip_seconds=600.0)
        generation_id = order(self.person)
        self.world.wait(generation_id, "storing")
        self.world.faults(down=True, drip_seconds=0.0)
        return generation_id

    def end(self, minutes: int) -> None:
        """Come back, so much later."""
        if self.provider.process is None:
            self.provider.start()
            wait_until_ready([self.provider])
        self.world.faults(down=False, clock_ahead_seconds=minutes * 60)

    @property
    def provider(self) -> Service:
        return self.world.stack.service("replicate")


def pass_time(world: SidecarProcesses, generation_id: str, time: timedelta) -> None:
    """Let time pass, and let the sidecar do what it does then."""
    with world.db.session() as connection:
        for move in MOVES:
            connection.execute(move, {"by": time, "id": generation_id})
        connection.execute("select private.wake_worker()")
    eventually(lambda: world.db.value(IDLE), pause=0.01)
    world.sweep()


BEGINNINGS = (
    Outage.before_it_is_asked,
    Outage.refusing_connections,
    Outage.while_it_paints,
    Outage.before_the_download,
)
# Within the deadline and beyond it; the long tier tries each of all.
ALWAYS = {
    (Outage.before_it_is_asked, 61),
    (Outage.refusing_connections, 10),
    (Outage.while_it_paints, 59),
    (Outage.before_the_download, 61),
}


@pytest.mark.parametrize(
    ("begin", "minutes"),
    [
        pytest.param(
            begin,
            minutes,
            id=f"{begin.__name__}-{minutes}",
            marks=() if (begin, minutes) in ALWAYS else pytest.mark.full,
        )
        for begin in BEGINNINGS
        for minutes in (10, 59, 61)
    ],
)
def test_an_outage_within_the_deadline_ends_with_a_picture_and_a_longer_one_with_the_credits(
    world: SidecarProcesses, person: Caller, begin: Callable[[Outage], str], minutes: int
) -> None:
    outage = Outage(world, person)
    with world.settings(**SETTINGS):
        try:
            generation_id = begin(outage)
            for _ in range(minutes):
                pass_time(world, generation_id, timedelta(minutes=1))
        finally:
            outage.end(minutes)
        # The longest wait between two tries.
        pass_time(world, generation_id, timedelta(seconds=30))
        check_end(world, person, generation_id, "succeeded" if minutes < 60 else "expired")
    assert len(world.made_for(generation_id)) <= 1
