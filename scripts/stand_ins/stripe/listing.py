"""Lists as Stripe gives them: newest first, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.errors import invalid, missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stand_ins.stripe.call import Call
    from stand_ins.stripe.store import Object

_DEFAULT_LIMIT, _MAX_LIMIT = 10, 100
_COMPARED = {
    "gt": lambda have, want: have > want,
    "gte": lambda have, want: have >= want,
    "lt": lambda have, want: have < want,
    "lte": lambda have, want: have <= want,
}


def newest_first(call: Call, oldest_first: Iterable[Object], **filters: Any) -> Object:
    """Return the page that a call asks for, of the objects that have the given values."""
    found = [
        one
        for one in oldest_first
        if all(want is None or one.get(name) == want for name, want in filters.items())
        and _in_time(one, call.params.get("created"))
    ]
    return page(call, found[::-1])


def page(call: Call, rows: list[Object]) -> Object:
    """Cut the page out of rows in their final order."""
    limit = call.params.get("limit", _DEFAULT_LIMIT)
    if not 1 <= limit <= _MAX_LIMIT:
        message = f"Invalid integer: must be between 1 and {_MAX_LIMIT}"
        raise invalid(message, "limit", "parameter_invalid_integer", stored=False)
    ids = [row["id"] for row in rows]
    if (before := call.params.get("ending_before")) is not None:
        end = _position(ids, before, "ending_before")
        start = max(0, end - limit)
        return as_list(call.path, rows[start:end], has_more=start > 0)
    after = call.params.get("starting_after")
    start = 0 if after is None else _position(ids, after, "starting_after") + 1
    return as_list(call.path, rows[start : start + limit], has_more=start + limit < len(rows))


def as_list(url: str, rows: list[Object], *, has_more: bool = False) -> Object:
    """Wrap rows into a list object."""
    return {"object": "list", "data": rows, "has_more": has_more, "url": url}


def _position(ids: list[str], wanted: str, param: str) -> int:
    if wanted not in ids:
        raise missing("object", wanted, param)
    return ids.index(wanted)


def _in_time(one: Object, created: dict[str, int] | int | None) -> bool:
    if created is None:
        return True
    if isinstance(created, int):
        return bool(one["created"] == created)
    return all(_COMPARED[name](one["created"], want) for name, want in created.items())
