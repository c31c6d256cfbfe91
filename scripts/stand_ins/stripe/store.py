"""Every object that exists, in memory."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.errors import missing
from stand_ins.stripe.object_check import check_object

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]


class Store:
    """Objects by kind and id, in the order of their making; and what Stripe does not show."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, Object]] = defaultdict(dict)
        self._hidden: dict[str, dict[str, Any]] = defaultdict(dict)
        self._kinds: dict[str, str] = {}
        self.touched: dict[str, list[str]] = {}
        self.revision = 0
        """Another number after each change."""

    def put(self, made: Object) -> Object:
        """Keep an object, once it has been judged."""
        check_object(made)
        self.revision += 1
        kind, object_id = made["object"], made["id"]
        self._objects[kind][object_id] = made
        self._kinds[object_id] = kind
        seen = self.touched.setdefault(kind, [])
        if object_id not in seen:
            seen.append(object_id)
        return made

    def get(self, kind: str, object_id: str, param: str = "id") -> Object:
        """Return an object; Stripe's own error when nobody has that id."""
        found = self._objects[kind].get(object_id)
        if found is None:
            raise missing(kind, object_id, param)
        return found

    def find(self, object_id: str) -> Object | None:
        """Return an object of any kind."""
        kind = self._kinds.get(object_id)
        return self._objects[kind].get(object_id) if kind else None

    def all(self, kind: str) -> list[Object]:
        """Return all objects of a kind, oldest first."""
        return list(self._objects[kind].values())

    def matching(self, kind: str, **fields: Any) -> Iterator[Object]:
        """Return the objects of a kind that have these values, oldest first."""
        for one in self.all(kind):
            if all(one.get(name) == value for name, value in fields.items()):
                yield one

    def remove(self, kind: str, object_id: str) -> None:
        """Forget an object."""
        self.revision += 1
        self._objects[kind].pop(object_id, None)
        self._kinds.pop(object_id, None)

    def hidden(self, object_id: str) -> dict[str, Any]:
        """Return what is known about an object beside its public fields; it may be changed."""
        self.revision += 1
        return self._hidden[object_id]

    def kept(self) -> tuple[Any, ...]:
        """Return what has to outlive the process."""
        return dict(self._objects), dict(self._hidden), self._kinds

    def restore(self, kept: tuple[Any, ...]) -> None:
        """Go on with what `kept` returned."""
        objects, hidden, self._kinds = kept
        self._objects = defaultdict(dict, objects)
        self._hidden = defaultdict(dict, hidden)

    def start_watch(self) -> None:
        """Forget which objects were touched so far."""
        self.touched = {}
