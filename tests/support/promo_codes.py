"""Promotional codes: create one, redeem one."""

from __future__ import annotations

import uuid
from typing import Any

from tests.support.database import Database

CODE = "SUMMERSALE"


def create(db: Database, code: str | None = CODE, worth: int = 10, **limits: Any) -> uuid.UUID:
    """Make a code and return its id."""
    extra = "".join(f", {name} => %s" for name in limits)
    db.rows(
        f"select private.create_promo_code(%s, %s, 'Olga', 'launch'{extra})",
        code,
        worth,
        *limits.values(),
    )
    made: uuid.UUID = db.value("select id from private.promo_codes order by id desc limit 1")
    return made


def redeem(db: Database, person: uuid.UUID, code: str | None = CODE) -> dict[str, Any]:
    """Redeem a code and return the answer."""
    return dict(db.call(person, "select public.redeem_code(%s) as answer", code)["answer"])
