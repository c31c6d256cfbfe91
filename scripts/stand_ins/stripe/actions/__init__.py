"""What people and their banks do: POST /_actions/{action} with a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.actions import buying, reversing, subscribing
from stand_ins.stripe.actions.params import ActionParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from stand_ins.stripe.world import World

    Action = Callable[[World, ActionParams], None]

ACTIONS: dict[str, Action] = {
    action.__name__: action
    for action in (
        *(buying.pay, buying.settle, buying.abandon),
        *(subscribing.card, subscribing.renew, subscribing.recover, subscribing.cancel),
        *(subscribing.keep, subscribing.change_plan, subscribing.pause, subscribing.resume),
        *(subscribing.end_trial, subscribing.pay_invoice),
        *(reversing.refund, reversing.refund_outcome),
        *(reversing.dispute, reversing.dispute_outcome),
    )
}


def act(world: World, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Do one thing as a person; tell which objects it touched and which events it made."""
    world.store.start_watch()
    world.events.watched.clear()
    with world.events.at_one_moment():
        ACTIONS[name](world, ActionParams(given))
    return {
        "touched": world.store.touched,
        "events": [
            {"id": one.snapshot["id"], "thin_id": one.thin["id"], "type": one.snapshot["type"]}
            for one in world.events.watched
        ],
    }
