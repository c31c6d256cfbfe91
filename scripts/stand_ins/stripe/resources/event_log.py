"""Events as the API shows them, of both generations."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.errors import invalid, missing
from stand_ins.stripe.listing import newest_first

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.events import EventRecord
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_MAX_TYPES = 20
_PAGE_SIZE = 20


def retrieve(world: World, call: Call) -> Object:
    """GET /v1/events/{id}."""
    return _find(world, call.id, "snapshot").as_snapshot()


def _find(world: World, event_id: str, shape: str) -> EventRecord:
    found = world.events.records.get(event_id)
    if found is None or getattr(found, shape)["id"] != event_id:
        raise missing("event", event_id)
    return found


def listing(world: World, call: Call) -> Object:
    """GET /v1/events: of the last thirty days."""
    given = call.only(
        *("created", "delivery_success", "ending_before", "limit", "starting_after"),
        *("type", "types"),
    )
    if "type" in given and "types" in given:
        raise invalid("You may only specify one of these parameters: type, types.", "type")
    wanted = given.get("types") or ([given["type"]] if "type" in given else None)
    if wanted and len(wanted) > _MAX_TYPES:
        raise invalid(f"At most {_MAX_TYPES} types can be given.", "types")
    success = given.get("delivery_success")
    rows = [
        record.as_snapshot()
        for record in world.events.recent(world.clock.now())
        if (wanted is None or any(_fits(record, kind) for kind in wanted))
        and (success is None or record.delivered == success)
    ]
    return newest_first(call, rows)


def _fits(record: EventRecord, wanted: str) -> bool:
    kind: str = record.snapshot["type"]
    return kind == wanted or (wanted.endswith("*") and kind.startswith(wanted[:-1]))


def retrieve_thin(world: World, call: Call) -> Object:
    """GET /v2/core/events/{id}."""
    return _find(world, call.id, "thin").thin


def list_thin(world: World, call: Call) -> Object:
    """GET /v2/core/events."""
    given = call.only("created", "limit", "object_id", "page", "types")
    rows = [
        record.thin
        for record in reversed(world.events.recent(world.clock.now()))
        if _thin_fits(record.thin, given)
    ]
    limit, page = given.get("limit", _PAGE_SIZE), given.get("page", "0")
    if not 1 <= limit <= 100 or not page.isdecimal():
        raise invalid("Invalid page.", "page")
    start = int(page)
    following = start + limit
    address = f"{call.path}?limit={limit}&page={following}"
    return {
        "data": rows[start:following],
        "next_page_url": address if following < len(rows) else None,
        "previous_page_url": None,
    }


def _thin_fits(thin: Object, given: dict[str, Any]) -> bool:
    if "object_id" in given and thin["related_object"]["id"] != given["object_id"]:
        return False
    if "types" in given and thin["type"] not in given["types"]:
        return False
    have = datetime.fromisoformat(thin["created"])
    for name, text in given.get("created", {}).items():
        want = datetime.fromisoformat(text)
        if not {"gt": have > want, "gte": have >= want, "lt": have < want}.get(name, have <= want):
            return False
    return True


ROUTES: Routes = {
    ("get", "/v1/events"): listing,
    ("get", "/v1/events/{id}"): retrieve,
    ("get", "/v2/core/events"): list_thin,
    ("get", "/v2/core/events/{id}"): retrieve_thin,
}
