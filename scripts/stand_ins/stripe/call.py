"""One call of the API, as the handlers see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stand_ins.stripe.errors import unserved
from stand_ins.stripe.store import Object
from stand_ins.stripe.world import World


@dataclass(frozen=True)
class Call:
    """The ids in the address and the checked parameters."""

    path: str
    ids: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the one id in the address."""
        return next(iter(self.ids.values()))

    def only(self, *served: str) -> dict[str, Any]:
        """Return the parameters, or refuse one that the stand-in knows and does not do."""
        for name in self.params:
            if name not in served and name != "expand":
                raise unserved(name)
        return {name: value for name, value in self.params.items() if name != "expand"}


Handler = Callable[[World, Call], Object]
Routes = dict[tuple[str, str], Handler]
